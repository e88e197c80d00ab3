"""What a lifespan leaves for requests."""

import asyncio
from pathlib import Path

import pytest
from docstage.run.events import Chunk, Request
from docstage.run.runner import run_on
from docstage.run.stage import Stage

SOURCE = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["names"] = ["ada"]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return
    scope["state"]["own"] = scope["state"].get("own", 0) + 1
    scope["state"]["names"].append(str(scope["state"]["own"]))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": " ".join(scope["state"]["names"]).encode()})
"""


def test_each_request_gets_a_shallow_copy_of_the_lifespans_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keeps_state.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))  # pyright: ignore[reportUnknownMemberType] - pytest leaves it untyped

    async def ask_twice() -> list[bytes]:
        stage = Stage("keeps_state")
        bodies: list[bytes] = []
        for _ in range(2):
            async with run_on(stage, Request("GET", "/")) as run:
                bodies += [event.body async for event in run if isinstance(event, Chunk)]
        await stage.aclose()
        return bodies

    assert asyncio.run(ask_twice()) == [b"ada 1", b"ada 1 1"]
