"""Makes a new snippet: a module that works, a request for it, and the recording of what comes of that."""

import importlib
import keyword
from string import Template
from typing import Final

from playground.snippet import transcript
from playground.snippet.catalogue import Catalogue, Snippet
from playground.snippet.recording import record

_MODULE: Final = Template('''\
"""Say in a sentence what this shows."""

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


class Item(Struct):
    number: int


# --8<-- [start:stream]
class ${title}Endpoint(Endpoint, path="/${path}"):
    async def get(self) -> NDJSONStreamingResponse[Item]:
        return NDJSONStreamingResponse(stream=self._items())

    async def _items(self) -> AsyncIterator[Item]:
        for number in (1, 2, 3):
            await asyncio.sleep(0.3)
            yield Item(number)


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(${title}Endpoint())


app = App()
''')

_REQUESTS: Final = Template("""\
### Read to the end

GET http://127.0.0.1:8000/${path}

### Leave after one item
# @disconnect-after 0.5

GET http://127.0.0.1:8000/${path}
""")


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
    module = catalogue.root.joinpath(catalogue.package, *words).with_suffix(".py")
    files = [module.with_suffix(suffix) for suffix in (".py", ".http", ".transcript")]
    if there := [file.name for file in files if file.exists()]:
        raise ValueError(f"{there[0]} already exists: choose another name, or delete it")

    module.parent.mkdir(parents=True, exist_ok=True)
    package = module.parent / "__init__.py"
    if not package.exists():
        package.write_text(f'"""Examples of {words[-2].replace("_", " ")}."""\n', "utf-8")
    words_of_title = words[-1].split("_")
    title = "".join(word.capitalize() for word in words_of_title)
    path = "-".join(filter(None, words_of_title))
    module.write_text(_MODULE.substitute(title=title, path=path), "utf-8")
    module.with_suffix(".http").write_text(_REQUESTS.substitute(path=path), "utf-8")
    importlib.invalidate_caches()
    snippet = catalogue.get(name)
    snippet.transcript_path.write_text(transcript.dump(record(snippet)), "utf-8")
    return catalogue.get(name)


def _is_name(word: str) -> bool:
    is_plain = word.isascii() and word.islower() and word[0].isalpha()
    return is_plain and word.isidentifier() and not keyword.iskeyword(word)
