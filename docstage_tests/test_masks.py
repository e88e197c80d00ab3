"""What changes from run to run has a name in recordings."""

import sys
from pathlib import Path

import pytest
from docstage.run.events import Chunk, Crash, End, Log, Start
from docstage.snippet.masks import KNOWN, MaskError, Masks
from docstage.snippet.project import Config, ConfigError, Project
from docstage.snippet.recording import recorded
from docstage.snippet.transcript import dump, load

ALL = Masks(KNOWN)

UUID = "0d3f6c1e-0f0b-4a39-8f5e-2f1c7c1f3a10"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f'"{UUID}"', '"⟨uuid⟩"'),
        (UUID.upper(), "⟨uuid⟩"),
        ("at 2026-01-31T12:00:00.5+01:00.", "at ⟨time⟩."),
        ("2026-01-31 12:00:00,123", "⟨time⟩"),
        ("Sat, 31 Jan 2026 12:00:00 GMT", "⟨time⟩"),
        ("12:00:00.123456 done", "⟨time⟩ done"),
        ("<object at 0x7f0a1b2c3d4e>", "<object at ⟨address⟩>"),
        ("open('/tmp/x1/a.txt')", "open('⟨path⟩')"),
    ],
)
def test_what_changes_is_masked(text: str, masked: str) -> None:
    assert ALL.text(text) == masked


@pytest.mark.parametrize("text", ["10:30", "2026-01-31", "0xff", "a/tmp/b", "/api/home/x", "1.5"])
def test_what_stays_is_kept(text: str) -> None:
    assert ALL.text(text) == text


def test_all_that_a_run_shows_is_masked() -> None:
    start = Start(0, 200, (("content-length", "36"), ("x-id", UUID)))
    events = [start, Chunk(0, UUID.encode()), Log(0, "stdout", UUID), Crash(0, "request", UUID)]
    masked = Masks(["uuid"]).events([*events, End(0, complete=True)])
    assert masked == [
        Start(0, 200, (("content-length", "⟨length⟩"), ("x-id", "⟨uuid⟩"))),
        Chunk(0, "⟨uuid⟩".encode()),
        Log(0, "stdout", "⟨uuid⟩"),
        Crash(0, "request", "⟨uuid⟩"),
        End(0, complete=True),
    ]
    assert dump(load(dump({"one": masked}))) == dump({"one": masked})


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    events = [Start(0, 200, (("content-length", "3"),)), Chunk(0, b"\xff\x00\xfe")]
    assert ALL.events(events) == events


def test_a_recording_is_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / f"masked_{tmp_path.name}"
    package.mkdir()
    (package / "one.http").write_text("GET http://127.0.0.1:8000/\n")
    (package / "one.py").write_text(
        "import time\n\n\nasync def app(scope, receive, send):\n"
        "    took = f'took {time.perf_counter()} s'.encode()\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': took})\n"
    )
    config = Config(snippets=(package.name,), mask={"duration": r"\d+\.\d+(?= s)"})
    project = Project(tmp_path, config)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert "took ⟨duration⟩ s" in recorded(project, "one")
    assert recorded(project, "one") == recorded(project, "one")


def test_a_mask_that_is_unknown_or_invalid_is_named(tmp_path: Path) -> None:
    with pytest.raises(MaskError, match="no mask 'guid'; known are: uuid, time, address, path"):
        Masks(["guid"])
    with pytest.raises(ConfigError, match=r"pyproject\.toml: .* the mask 'x' is not a regular"):
        Project(tmp_path, Config(mask={"x": "("})).masks()
