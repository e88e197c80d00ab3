import gzip
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct

from jero import BaseApp, Endpoint
from jero.asgi import Message, Scope, Send
from jero.openapi import serving
from jero.testing import LifespanError
from tests.support.documents import client_of, fetch
from tests.support.shop import app


class Cup(Struct):
    size: int


class CupEndpoint(Endpoint, path="/docs"):
    async def get(self) -> Cup:
        return Cup(1)


class Viewed(BaseApp):
    async def _wire(self) -> None:
        self._include_openapi(viewer="/docs", title="<b>Tea & Co")


def get(target: str, app: BaseApp = app, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with client_of(app) as client:
        return client.get(target, headers=given)


async def get_viewer(send: Send) -> None:
    """Request the viewer's script, message by message."""

    async def receive() -> Message:
        raise NotImplementedError

    scope: Scope = {"type": "http", "method": "GET", "path": "/docs/viewer.js", "headers": []}
    await Viewed()(scope, receive, send)


def install_viewer(script: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `script` be what `jero[viewer]` has installed."""
    package = folder / "jero_viewer"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "viewer.js.gz").write_bytes(gzip.compress(script))
    monkeypatch.delitem(sys.modules, "jero_viewer", raising=False)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])


@pytest.fixture
def viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    script = b"function Scalar() {}" * 100
    install_viewer(script, tmp_path, monkeypatch)
    return script


def test_the_document_is_served_as_json() -> None:
    assert get("/openapi.json").headers["content-type"] == "application/json"


def test_a_file_that_the_client_has_cached_is_not_sent_again() -> None:
    again = get("/openapi.json", if_none_match=f'"other", {get("/openapi.json").headers["etag"]}')
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("form", ["{0}", 'W/"a,b", {0}', "{1}", '"a\\", {1}', "*"])
def test_a_file_is_recognized_by_its_tag_in_any_form(form: str) -> None:
    tag = get("/openapi.json").headers["etag"]
    assert get("/openapi.json", if_none_match=form.format(tag, tag[2:])).status_code == 304


@pytest.mark.parametrize("form", ["'*'", '"*"', "{2}", '"a, {2}"'])
def test_a_file_is_not_recognized_by_anything_else(form: str) -> None:
    tag = get("/openapi.json").headers["etag"]
    asked = form.format(tag, tag[2:], tag[3:-1])
    assert get("/openapi.json", if_none_match=asked).status_code == 200


def test_a_changed_file_is_sent() -> None:
    assert get("/openapi.json", if_none_match='W/"older"').status_code == 200


def test_head_is_answered_without_the_document() -> None:
    with client_of(app) as client:
        answer = client.head("/openapi.json")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.usefixtures("viewer")
def test_the_page_loads_only_what_the_application_serves() -> None:
    policy = get("/docs", Viewed()).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")


@pytest.mark.usefixtures("viewer")
def test_the_page_finds_its_files_wherever_the_application_is_mounted() -> None:
    class Outer(BaseApp):
        async def _wire(self) -> None:
            self._mount("/inner", Viewed())

    with client_of(Outer()) as client:
        page = client.get("/inner/docs")
    assert 'data-document="openapi.json"' in page.text
    assert '<script src="docs/start.js">' in page.text


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, br", "gzip"),
        ("br;q=1, gzip;q=0.5", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip; q=0.00", None),
        ("gzip;q=0.001", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("*", "gzip"),
        ("*;q=0, identity", None),
        ("gzip;q=0, *", None),
        ("gzip;q=high", None),
        ('br;p="a,gzip"', None),
    ],
)
def test_the_viewer_is_sent_compressed_to_clients_that_accept_it(
    viewer: bytes, accepted: str, encoding: str | None
) -> None:
    answer = get("/docs/viewer.js", Viewed(), accept_encoding=accepted)
    assert (answer.headers.get("content-encoding"), answer.content) == (encoding, viewer)


def test_the_viewer_is_unpacked_once_for_all_clients_without_gzip(
    viewer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked: list[bytes] = []

    def decompress(data: bytes) -> bytes:
        unpacked.append(data)
        return viewer

    monkeypatch.setattr(serving.gzip, "decompress", decompress)
    with client_of(Viewed()) as client:
        answers = [
            client.request(method, "/docs/viewer.js", headers={"accept-encoding": "identity"})
            for method in ("GET", "GET", "HEAD", "GET")
        ]
    assert [answer.content for answer in answers] == [viewer, viewer, b"", viewer]
    assert len(unpacked) == 1


@pytest.mark.anyio
async def test_a_large_file_is_sent_in_chunks_that_wait_for_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = bytes(range(256)) * 1_000
    install_viewer(script, tmp_path, monkeypatch)
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await get_viewer(send)
    start, *parts = sent
    assert (b"content-length", b"256000") in start["headers"]
    assert [part["more_body"] for part in parts] == [True, True, True, False]
    assert b"".join(part["body"] for part in parts) == script
    assert max(len(part["body"]) for part in parts) == 65_536


def test_a_viewer_that_is_not_installed_is_a_wiring_error_that_names_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "jero_viewer", None)
    told = (
        r"Viewed\._include_openapi\(viewer='/docs'\) needs the package jero-viewer, which is not"
        r" installed: install `jero\[viewer\]`, or leave `viewer` out"
    )
    with pytest.raises(LifespanError, match=told):
        get("/docs", Viewed())


def test_a_viewer_whose_script_was_not_fetched_is_a_wiring_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_viewer(b"", tmp_path, monkeypatch)
    (tmp_path / "jero_viewer/viewer.js.gz").unlink()
    with pytest.raises(LifespanError, match=r"without its script, viewer\.js\.gz: run `python"):
        get("/docs", Viewed())


def test_the_document_needs_no_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jero_viewer", None)
    assert get("/openapi.json").status_code == 200
    assert get("/docs").status_code == 404


@pytest.mark.usefixtures("viewer")
def test_a_title_is_text_and_not_markup() -> None:
    assert "<title>&lt;b&gt;Tea &amp; Co</title>" in get("/docs", Viewed()).text


@pytest.mark.usefixtures("viewer")
def test_a_page_where_an_endpoint_is_is_a_wiring_error() -> None:
    class App(Viewed):
        async def _wire(self) -> None:
            await super()._wire()
            self._include_endpoint(CupEndpoint())

    with pytest.raises(LifespanError, match="'/docs' is already served by CupEndpoint"):
        fetch(App())


@pytest.mark.parametrize(
    ("path", "openapi", "told"),
    [
        ("openapi.json", "3.2", "'openapi.json' is not a valid path"),
        ("/{api}.json", "3.2", "has an invalid path parameter"),
        ("/{api}/openapi.json", "3.2", "has a path parameter"),
        ("/openapi.json", "3.0", "OpenAPI '3.0' is not supported: use one of 3.1, 3.2"),
    ],
)
def test_an_invalid_path_for_the_document_is_a_wiring_error(
    path: str, openapi: str, told: str
) -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_openapi(path, openapi=openapi)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - what is tested

    with pytest.raises(LifespanError, match=f"App._include_openapi.*{told}"):
        fetch(App())


@pytest.mark.anyio
async def test_a_client_that_disconnects_during_a_large_file_is_not_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    install_viewer(bytes(range(256)) * 1_000, tmp_path, monkeypatch)
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 2:
            raise OSError("gone")

    await get_viewer(send)
    assert len(sent) == 2
    assert caplog.records == []
