"""Code that a reader typed, or followed a link to, reaches nothing of the site: the attacks, and that they fail."""

import json
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Locator

from site_tests.blocks import block, edit, expect_state, press, row

REACHES = {
    "js.caches": "[str(key) for key in await js.caches.keys()]",
    "js.self.caches": "await js.self.caches.open('docstage /jero/')",
    "js.globalThis.caches": "await js.globalThis.caches.has('docstage /jero/')",
    "js.indexedDB": "await opened(js.indexedDB.open('x'))",
    "js.fetch of a page": "await (await js.fetch(ROOT)).text()",
    "js.fetch of a page, no-cors": "readable(await js.fetch(ROOT, mode='no-cors'))",
    "js.XMLHttpRequest": "requested(js.XMLHttpRequest.new())",
    "pyodide.http.pyfetch": "await (await pyodide.http.pyfetch(ROOT)).text()",
    "pyodide.http.open_url": "pyodide.http.open_url(ROOT).read()",
    "pyodide.code.run_js": "[str(key) for key in await pyodide.code.run_js('caches.keys()')]",
    "pyodide_js": "[str(key) for key in await pyodide_js.runPython('import js; js.caches').keys()]",
    "js.eval": "[str(key) for key in await js.eval('caches.keys()')]",
    "js.Function": "await js.Function.new('return this')().caches.keys()",
    "constructor of a function": "await js.fetch.constructor('return this')().caches.keys()",
    "import()": "await pyodide.code.run_js(f'import({json.dumps(ROOT + SCRIPT)})')",
    "importScripts": "js.importScripts(ROOT + SCRIPT)",
    "a worker of its own": "await started(js.Worker.new(ROOT + SCRIPT))",
    "navigator.serviceWorker": "await js.navigator.serviceWorker.register(ROOT + 'live-worker.js')",
    "navigator.storage": "await js.navigator.storage.getDirectory()",
    "navigator.locks": "await js.navigator.locks.query()",
    "localStorage": "js.localStorage.length",
    "document.cookie": "js.document.cookie",
    "cookieStore": "await js.cookieStore.getAll()",
}
"""Ways to the storage and the files of the site's origin, as expressions of Python."""

ATTACK = """
import asyncio, json
import js, pyodide.code, pyodide.http, pyodide_js
from pyodide.ffi import create_proxy

ROOT = {root!r}
SCRIPT = "assets/site.js"

def opened(request):
    done = asyncio.get_running_loop().create_future()
    request.onsuccess = create_proxy(lambda _: done.set_result("opened"))
    request.onerror = create_proxy(lambda _: done.set_exception(OSError(str(request.error))))
    return done

def started(worker):
    done = asyncio.get_running_loop().create_future()
    worker.onerror = create_proxy(lambda _: done.set_exception(OSError("the worker did not start")))
    worker.onmessage = create_proxy(lambda _: done.set_result("started"))
    asyncio.get_running_loop().call_later(3, lambda: done.done() or done.set_result("started, it seems"))
    return done

def readable(response):
    if response.type == "opaque":
        raise OSError("opaque")
    return response.status

def requested(request):
    request.open("GET", ROOT, False)
    request.send()
    return request.responseText

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        reached = {expression}
    except BaseException as error:
        answer = {{"refused": type(error).__name__ + ": " + str(error)[:200]}}
    else:
        answer = {{"reached": str(reached)[:200]}}
    answer["origin"] = str(js.self.origin)
    headers = [(b"content-type", b"application/x-ndjson")]
    await send({{"type": "http.response.start", "status": 200, "headers": headers}})
    await send({{"type": "http.response.body", "body": json.dumps(answer).encode() + b"\\n"}})
"""


@pytest.fixture(scope="module")
def where(chromium: Browser, static_url: str) -> Generator[Locator]:
    """A block of a site that has something to lose: a cookie, and files that are kept for later visits."""
    # What is refused is an error in the console.
    context = chromium.new_context()
    page = context.new_page()
    page.goto(static_url + "streaming/")
    page.evaluate("document.cookie = 'secret=1'; localStorage.setItem('secret', 1)")
    where = block(page, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "closed")
    yield where
    context.close()


def answer(where: Locator) -> dict[str, str]:
    """The JSON that the edited code sent."""
    press(where, "Run")
    expect_state(where, "closed", "failed", "stopped")
    return json.loads(row(where, "ndjson").locator(".live-text").inner_text())


@pytest.mark.parametrize("expression", REACHES.values(), ids=REACHES)
def test_edited_code_reaches_no_storage_and_no_file_of_the_site(
    where: Locator, static_url: str, expression: str
) -> None:
    edit(where, ATTACK.format(root=static_url, expression=expression))
    came = answer(where)
    assert came["origin"] == "null"
    assert "reached" not in came, came
    press(where, "Reset")
