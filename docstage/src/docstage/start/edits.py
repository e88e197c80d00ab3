"""Adds lines to `mkdocs.yml`, `pyproject.toml` and `.gitignore`, and leaves all other text of them as it is.

Each function takes a file's text and returns the new one. What cannot be done by adding lines raises `EditError`, whose
message says what to add by hand.
"""

import re
import tomllib
from typing import Any, Final, cast

import mkdocs.utils.yaml

PLUGIN: Final = "docstage"

_PLUGINS: Final = re.compile(r"^plugins:[ \t]*(?P<flow>\[.*\])?[ \t]*(?:#.*)?$", re.MULTILINE)
_ITEM: Final = re.compile(
    r"(?:^[ \t]*(?:#.*)?\n)*^(?P<indent>[ \t]*)(?P<kind>- |[\w-]+:)", re.MULTILINE
)
_PYTEST: Final = re.compile(r"^\[tool\.pytest\.ini_options\][ \t]*(?:#.*)?\n", re.MULTILINE)


class EditError(ValueError):
    """The file cannot be edited by adding lines. The message says what to add by hand."""


def with_plugin(text: str) -> str:
    """`mkdocs.yml` with the plugin in its list."""
    before = read_yaml(text)
    if has_plugin(before):
        return text
    if "plugins" not in before:
        # A list replaces the default, which is the search.
        after = f"{_ended(text)}\nplugins:\n  - search\n  - {PLUGIN}\n"
        expected: object = ["search", PLUGIN]
    else:
        after = _inserted(text)
        old = cast("dict[str, object] | list[object]", before["plugins"] or [])
        expected = {**old, PLUGIN: {}} if isinstance(old, dict) else [*old, PLUGIN]
    hint = f"add `- {PLUGIN}` to `plugins:` in mkdocs.yml by hand, and run this again"
    try:
        edited = read_yaml(after)
    except EditError:
        raise EditError(hint) from None
    if "INHERIT" in before or not _is_same(edited.pop("plugins", None), expected):
        raise EditError(hint)
    if edited != {key: value for key, value in before.items() if key != "plugins"}:
        raise EditError(hint)
    return after


def has_plugin(settings: dict[str, Any]) -> bool:
    """Whether the plugin is configured."""
    plugins = cast("list[object] | dict[str, object]", settings.get("plugins") or [])
    return any(each == PLUGIN or (isinstance(each, dict) and PLUGIN in each) for each in plugins)


def read_yaml(text: str) -> dict[str, Any]:
    """The settings of a `mkdocs.yml`. Raises `EditError`."""
    try:
        settings: Any = mkdocs.utils.yaml.yaml_load(text)  # pyright: ignore[reportUnknownMemberType] - it has no types
    except Exception as error:  # noqa: BLE001 - of many kinds, a tag's constructor among them
        raise EditError(f"mkdocs.yml is not valid YAML: {error}") from None
    if not isinstance(settings, dict) or not settings:
        raise EditError("mkdocs.yml has no settings: expected `site_name: …` at least")
    return cast("dict[str, Any]", settings)


def with_table(text: str, table: str) -> str:
    """`pyproject.toml` with another table at its end."""
    before, after = _toml(text), f"{_ended(text)}\n{table}" if text.strip() else table
    if _without_docstage(_toml(after)) != before:
        raise EditError(f"add this to pyproject.toml by hand, and run this again:\n{table}")
    return after


def with_pytest_option(text: str) -> str:
    """`pyproject.toml` with `--docstage` in pytest's options. Unchanged if pytest has options there already."""
    options = _toml(text).get("tool", {}).get("pytest", {})
    if not options:
        return f'{_ended(text)}\n[tool.pytest.ini_options]\naddopts = ["--docstage"]\n'
    if list(options) != ["ini_options"] or "addopts" in options["ini_options"]:
        return text
    after = _PYTEST.sub(lambda found: found[0] + 'addopts = ["--docstage"]\n', text, count=1)
    try:
        _toml(after)
    except EditError:
        return text
    return after


def with_ignored(text: str, paths: list[str]) -> str:
    """`.gitignore` with these paths."""
    lines = {line.strip().strip("/") for line in text.splitlines()}
    missing = [path for path in paths if path.strip("/") not in lines]
    return "".join([_ended(text), *(f"{path}\n" for path in missing)]) if missing else text


def _inserted(text: str) -> str:
    found = _PLUGINS.search(text)
    if found is None:
        return text
    if flow := found["flow"]:
        inside = flow[1:-1].strip().removesuffix(",")
        new = f"[{inside}, {PLUGIN}]" if inside else f"[{PLUGIN}]"
        return text[: found.start("flow")] + new + text[found.end("flow") :]
    item = _ITEM.match(text, found.end() + 1)
    if item is None:
        return text
    indent = item["indent"]
    at = _end_of_block(text, item.end(), indent, is_list=item["kind"] == "- ")
    line = f"{indent}- {PLUGIN}\n" if item["kind"] == "- " else f"{indent}{PLUGIN}: {{}}\n"
    head = text[:at]
    return f"{_ended(head)}{line}{text[at:]}"


def _end_of_block(text: str, start: int, indent: str, *, is_list: bool) -> int:
    """Where the block of this indent ends: after its last line that is neither blank nor a comment."""
    end = at = start
    is_first = True
    for line in text[start:].splitlines(keepends=True):
        at += len(line)
        bare = line.strip()
        if not is_first and bare and not bare.startswith("#"):
            margin = line[: len(line) - len(line.lstrip())]
            is_item = line.startswith(f"{indent}- ") if is_list else len(margin) >= len(indent) > 0
            if not is_item and len(margin) <= len(indent):
                break
        if is_first or (bare and not bare.startswith("#")):
            end = at
        is_first = False
    return end


def _is_same(plugins: object, expected: object) -> bool:
    if isinstance(plugins, dict) and isinstance(expected, dict):
        return list(cast("dict[str, object]", plugins)) == list(cast("dict[str, object]", expected))
    return plugins == expected


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EditError(f"pyproject.toml is not valid TOML: {error}") from None


def _without_docstage(settings: dict[str, Any]) -> dict[str, Any]:
    tools = {key: value for key, value in settings.get("tool", {}).items() if key != "docstage"}
    rest = {key: value for key, value in settings.items() if key != "tool"}
    return {**rest, "tool": tools} if tools else rest


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
