"""The front of the embedded server: who may ask, and how the site is served."""

from collections.abc import Generator

import httpx
import pytest

from site_tests.serving import job, options, served


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[httpx.Client]:
    site = tmp_path_factory.mktemp("site")
    live = site / "assets" / "live"
    live.mkdir(parents=True)
    (site / "index.html").write_text("<h1>Home</h1>")
    (site / "404.html").write_text("<h1>Nothing here</h1>")
    (site / "page").mkdir()
    (site / "page" / "index.html").write_text("<h1>Page</h1>")
    policy = "script-src 'self' 'sha256-x'; frame-ancestors 'none'\n"
    (site / "content-security-policy.txt").write_text(policy)
    (live / "config.json").write_text('{"server": false}')
    for name in ("a.js", "a.mjs", "a.wasm", "a.whl", "a.zip"):
        (live / name).write_bytes(b"")
    with served(options(site)) as client:
        yield client


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_loopback_names_are_answered(client: httpx.Client, host: str) -> None:
    for value in (host, f"{host}:8000"):
        assert client.get("/", headers={"host": value}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil", "::1", "[::2]", ""]
)
@pytest.mark.parametrize("path", ["/", "/live/health", "/live/builds"])
def test_a_foreign_host_is_refused(client: httpx.Client, host: str, path: str) -> None:
    assert client.get(path, headers={"host": host}).status_code == 400


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
@pytest.mark.parametrize("path", ["/live/runs", "/live/disconnect", "/live/app/echo/"])
def test_a_page_of_a_foreign_origin_is_refused(
    client: httpx.Client, origin: str, path: str
) -> None:
    answer = client.post(path, json=job("echo"), headers={"origin": origin})

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_page_of_the_same_origin_may_run(client: httpx.Client) -> None:
    origin = str(client.base_url).rstrip("/")
    answer = client.post("/live/runs", json=job("echo"), headers={"origin": origin})

    assert answer.status_code == 200


def test_pages_are_served_by_their_folders(client: httpx.Client) -> None:
    assert client.get("/page/").text == "<h1>Page</h1>"
    assert client.get("/page").headers["location"].endswith("/page/")


def test_the_sites_own_page_answers_for_what_is_missing(client: httpx.Client) -> None:
    answer = client.get("/missing/")

    assert answer.status_code == 404
    assert answer.text == "<h1>Nothing here</h1>"


def test_the_configuration_says_that_there_is_a_server(client: httpx.Client) -> None:
    answer = client.get("/assets/live/config.json")

    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "server": True,
        "limits": {"seconds": 30.0, "events": 2_000, "bytes": 1_048_576, "grace": 5.0},
    }


def test_a_file_is_asked_about_each_time_and_sent_once(client: httpx.Client) -> None:
    first = client.get("/")
    again = client.get("/", headers={"if-none-match": first.headers["etag"]})

    assert first.headers["cache-control"] == "no-cache"
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.wasm", "application/wasm"),
        ("a.whl", "application/octet-stream"),
        ("a.zip", "application/zip"),
    ],
)
def test_a_file_has_the_type_that_browsers_expect(
    client: httpx.Client, name: str, media_type: str
) -> None:
    assert client.get(f"/assets/live/{name}").headers["content-type"] == media_type


@pytest.mark.parametrize("path", ["/../serving.py", "/%2e%2e/serving.py", "//etc/passwd"])
def test_nothing_outside_the_site_is_served(client: httpx.Client, path: str) -> None:
    request = client.build_request("GET", "/")
    request.extensions["target"] = path.encode()

    assert client.send(request).status_code == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/live/app/echo/", "/live/builds", "/live/health"])
def test_a_get_of_a_foreign_sites_page_reaches_no_snippet(
    client: httpx.Client, site: str, path: str
) -> None:
    answer = client.get(path, headers={"sec-fetch-site": site, "sec-fetch-mode": "no-cors"})

    assert answer.status_code == 403
    assert "open the page on this server" in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers", [{}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin"}]
)
def test_a_reader_and_a_tool_may_get_what_a_snippet_serves(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    assert client.get("/live/app/echo/", headers=headers).status_code == 418


def test_a_link_of_another_site_leads_to_a_page(client: httpx.Client) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/page/", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/missing/", "/assets/live/a.js"])
def test_a_file_comes_with_the_sites_policy_and_is_never_sniffed(
    client: httpx.Client, path: str
) -> None:
    headers = client.get(path).headers

    assert headers["content-security-policy"] == (
        "script-src 'self' blob: 'sha256-x'; frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
