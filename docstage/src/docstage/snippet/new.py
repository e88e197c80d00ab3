"""Creates a new snippet: a working module, requests for it, and their recorded output."""

import importlib
import keyword
from string import Template
from typing import Final

from docstage.snippet import transcript
from docstage.snippet.catalogue import Catalogue, Snippet
from docstage.snippet.recording import record

_MODULE: Final = Template('''\
"""Say in a sentence what this shows."""

import asyncio


async def app(scope, receive, send):
    """An ASGI application. Any framework's will do."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/x-ndjson")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    # --8<-- [start:stream]
    for number in (1, 2, 3):
        await asyncio.sleep(0.3)
        line = b'{"number": %d}\\n' % number
        await send({"type": "http.response.body", "body": line, "more_body": True})
    # --8<-- [end:stream]
    await send({"type": "http.response.body", "body": b""})
''')

_REQUESTS: Final = Template("""\
### Read to the end

GET http://127.0.0.1:8000/${path}

### Disconnect after one item
# @disconnect-after 0.5

GET http://127.0.0.1:8000/${path}
""")

TEMPLATE: Final = "new.py.template"
"""A file of this name in the package's folder takes the place of the module above, with `${title}` and `${path}`."""


def create(name: str, catalogue: Catalogue) -> Snippet:
    """Write the three files of the snippet `name`, and its package if that does not exist yet.

    Raises `ValueError` for a name that is not `group.name` in lower case, and where one of the files is there already.
    """
    words = name.split(".")
    if len(words) < 2 or not all(map(_is_name, words)):
        raise ValueError(
            f"{name!r} is not a valid snippet name: expected a group and a name in lower case, such as"
            " 'streaming.my_example'"
        )
    package = catalogue.packages[0]
    module = package.folder.joinpath(*words).with_suffix(".py")
    files = [module.with_suffix(suffix) for suffix in (".py", ".http", ".transcript")]
    if there := [file.name for file in files if file.exists()]:
        raise ValueError(f"{there[0]} already exists: choose another name, or delete it")

    module.parent.mkdir(parents=True, exist_ok=True)
    group = module.parent / "__init__.py"
    if not group.exists():
        group.write_text(f'"""Examples of {words[-2].replace("_", " ")}."""\n', "utf-8")
    words_of_title = words[-1].split("_")
    title = "".join(word.capitalize() for word in words_of_title)
    path = "-".join(filter(None, words_of_title))
    template = package.folder / TEMPLATE
    text = Template(template.read_text("utf-8")) if template.is_file() else _MODULE
    module.write_text(text.substitute(title=title, path=path), "utf-8")
    module.with_suffix(".http").write_text(_REQUESTS.substitute(path=path), "utf-8")
    importlib.invalidate_caches()
    name = catalogue.name(package, ".".join(words))
    snippet = catalogue.get(name)
    snippet.transcript_path.write_text(transcript.dump(record(snippet)), "utf-8")
    return catalogue.get(name)


def _is_name(word: str) -> bool:
    is_plain = word.isascii() and word.islower() and word[0].isalpha()
    return is_plain and word.isidentifier() and not keyword.iskeyword(word)
