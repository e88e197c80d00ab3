"""What `python -m jero` prints of the snippets' applications."""

import json
from pathlib import Path

import pytest

from jero.__main__ import main
from tests.support.root import ROOT
from tests.support.validate import check

SNIPPETS = sorted((ROOT / "snippets/streaming").glob("[!_]*.py"))


@pytest.mark.parametrize("openapi", ["3.2", "3.1"])
@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda path: path.stem)
def test_the_document_of_every_streaming_snippet_is_valid(
    snippet: Path, openapi: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = f"snippets.streaming.{snippet.stem}:app"
    assert main(["openapi", module, "--openapi", openapi]) == 0
    check(json.loads(capsys.readouterr().out))


def test_the_guide_shows_what_routes_prints(capsys: pytest.CaptureFixture[str]) -> None:
    main(["routes", "snippets.start.first:app"])
    guide = (ROOT / "docs/guide/openapi.md").read_text()
    assert f"``` text\n{capsys.readouterr().out}```" in guide
