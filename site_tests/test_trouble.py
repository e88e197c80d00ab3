"""Whatever goes wrong in a block is said there, with what to do, and stays there."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Locator, Page, Worker, expect

from site_tests.blocks import TIMEOUT, block, edit, expect_state, output, press, row, shown
from site_tests.conftest import fresh_page
from site_tests.panel import choose, open_panel, write_body
from site_tests.project import PROJECT
from site_tests.tab import Tab

SOURCE = PROJECT.catalogue().get("streaming.ndjson").source
RAW = """\
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/x-ndjson")]})
"""


@pytest.fixture
def where(page: Page, static_url: str) -> Locator:
    page.goto(static_url + "streaming/")
    return block(page, "streaming.ndjson")


@pytest.fixture
def shared(tab: Tab) -> Locator:
    """The same block in a page that is shared."""
    return tab.block("streaming/", "streaming.ndjson")


def status(where: Locator) -> Locator:
    return where.get_by_role("status").last


# The reader's code.

BROKEN = {
    "syntax": (SOURCE.replace("yield order", "yield (order"), "'(' was never closed"),
    "import": ("import nothing_of_this_name\n", "No module named 'nothing_of_this_name'"),
    "no app": ("x = 1\n", "app"),
    "exit": ("import sys\nsys.exit(3)\n", "The code called `sys.exit`"),
    "a missing file": ("open('rows.csv')\n", "put it beside the example in the repository"),
    "WSGI": ("def app(environ, start_response): ...\n", "a2wsgi.WSGIMiddleware(app)"),
    "wiring": (SOURCE.replace("-> NDJSONStreamingResponse[Order]", ""), "OrdersEndpoint"),
    "set-up": (
        SOURCE.replace(
            "    async def _wire",
            "    async def _wire(self) -> None:\n        raise OSError('no database')\n\n    async def _other",
        ),
        "no database",
    ),
    "stream": (SOURCE.replace("yield order", "yield 1 / 0"), "division by zero"),
    "teardown": (
        SOURCE.replace(
            "            yield order",
            "            yield order\n        raise OSError('not closed')",
        ),
        "not closed",
    ),
}


@pytest.mark.parametrize(("source", "expected"), BROKEN.values(), ids=BROKEN)
def test_an_exception_is_shown_wherever_it_is_raised_and_other_blocks_go_on(
    shared: Locator, source: str, expected: str
) -> None:
    where = shared
    page = where.page
    other = block(page, "streaming.sse")
    edit(where, source)
    press(where, "Run")
    press(other, "Run")
    expect_state(where, "failed")
    expect(status(where)).to_contain_text("Failed after")
    expect(where.locator(".live-panel")).to_contain_text(expected)
    expect_state(other, "closed")
    press(where, "Reset")
    press(where, "Run")
    expect_state(where, "closed")


def test_edited_code_reads_files_beside_its_module(shared: Locator) -> None:
    where = shared
    beside = (
        "from pathlib import Path\nprint(Path(__file__).with_name('lifecycle.py').read_text())\n"
    )
    edit(where, beside + SOURCE)
    press(where, "Run")
    expect_state(where, "closed")
    expect(row(where, "stdout", "import").first).to_be_visible()


# Much of it.


def test_of_a_flood_the_newest_rows_are_shown_and_the_rest_is_counted(shared: Locator) -> None:
    where = shared
    edit(
        where,
        RAW
        + """\
    for number in range(1_500):
        await send({"type": "http.response.body", "body": b"%d\\n" % number, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
""",
    )
    press(where, "Run")
    expect(row(where, "end")).to_be_visible(timeout=TIMEOUT)
    expect(where.locator(".live-notice")).to_have_text(
        "Showing the newest 1,000 rows; 502 earlier rows are hidden."
    )
    assert output(where).locator(".live-row").count() == 1_000
    expect(row(where, "ndjson").last).to_contain_text("1499")
    # Nor is it read aloud.
    expect(output(where)).to_have_attribute("aria-live", "off")
    press(where, "Reset")
    press(where, "Run")
    expect_state(where, "closed")
    expect(output(where)).not_to_have_attribute("aria-live", "off")


DRAWN = """where => {
    window.drawn = {"live-row": 0, "line": 0};
    window.requestAnimationFrame = () => 0;
    const note = node => {
        if (node.matches?.(".live-row")) drawn["live-row"] += 1;
        if (node.matches?.("line")) drawn["line"] += 1;
    };
    new MutationObserver(records => records.forEach(record => record.addedNodes.forEach(note)))
        .observe(where, {childList: true, subtree: true});
}"""


@pytest.mark.parametrize("lines", [5_000, 100_000])
def test_only_the_rows_that_are_shown_are_drawn_however_many_one_chunk_makes(
    page: Page, static_url: str, lines: int
) -> None:
    page.goto(static_url + "streaming/")
    where = block(page, "streaming.ndjson")
    chunk = f"b''.join(b'%d\\n' % number for number in range({lines}))"
    edit(where, f"{RAW}    await send({{'type': 'http.response.body', 'body': {chunk}}})\n")
    where.evaluate(DRAWN)
    press(where, "Run")
    expect_state(where, "closed")
    assert where.page.evaluate("drawn")["live-row"] <= 1_000
    # Those of the status, all lines, and the end, and the reader's own.
    assert where.page.evaluate("drawn")["line"] <= 4
    expect(where.locator(".live-notice")).to_contain_text(f"{lines - 998:,} earlier rows")
    expect(where.locator(".live-phases").first).to_contain_text(f"{lines:,} items")


def test_rows_at_as_many_times_share_the_ticks_that_a_strip_has_room_for(where: Locator) -> None:
    edit(
        where,
        RAW
        + """\
    for number in range(1_900):
        await send({"type": "http.response.body", "body": b"%d\\n" % number, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
""",
    )
    press(where, "Run")
    expect_state(where, "closed")
    assert where.locator(".live-strip line").count() <= 801
    expect(where.locator(".live-phases").first).to_contain_text("1,900 items")


def test_stop_can_be_pressed_while_a_hundred_thousand_rows_of_one_chunk_are_read(
    where: Locator,
) -> None:
    edit(
        where,
        RAW
        + """\
    import asyncio
    await send({"type": "http.response.body", "body": b"\\n" * 100_000, "more_body": True})
    await asyncio.Event().wait()
""",
    )
    # Clicked from within the page as soon as rows are left out, so while the rest of the chunk is still to be read.
    where.evaluate(
        """where => {
            const stop = [...where.querySelectorAll("button")].find(one => one.textContent === "Stop");
            const timer = setInterval(() => {
                if (!where.querySelector(".live-notice")) return;
                window.pressedAt = where.querySelector(".live-notice").textContent;
                stop.click();
                clearInterval(timer);
            });
        }"""
    )
    press(where, "Run")
    expect_state(where, "stopped", "failed")
    final = where.locator(".live-notice").inner_text()
    assert "1,000 rows; 99,0" in final
    assert where.page.evaluate("pressedAt") != final


def test_of_an_event_with_many_fields_the_first_are_shown_and_the_rest_is_counted(
    where: Locator,
) -> None:
    source = RAW.replace("application/x-ndjson", "text/event-stream")
    body = "b'a\\n' * 100_000 + b'\\n'"
    edit(where, f"{source}    await send({{'type': 'http.response.body', 'body': {body}}})\n")
    press(where, "Run")
    expect_state(where, "closed")
    expect(row(where, "sse")).to_contain_text("99,900 more fields")
    assert row(where, "sse").locator(".live-field").count() == 100


def test_a_flood_without_end_is_cut_off_and_it_is_said(where: Locator) -> None:
    endless = SOURCE.replace("for order in ORDERS", "for order in ORDERS * 10_000")
    edit(where, endless.replace("asyncio.sleep(0.3)", "asyncio.sleep(0)"))
    press(where, "Run")
    expect(row(where, "limit", "2,000 events")).to_be_visible(timeout=TIMEOUT)
    expect_state(where, "stopped")
    expect(status(where)).to_contain_text("A limit was exceeded")


def test_a_huge_item_is_cut_in_each_view_and_its_size_is_said(where: Locator) -> None:
    edit(
        where,
        RAW
        + """\
    await send({"type": "http.response.body", "body": b'"' + b"x" * 900_000 + b'"\\n'})
""",
    )
    press(where, "Run")
    expect_state(where, "closed")
    item = row(where, "ndjson").locator(".live-text")
    assert len(item.inner_text()) < 10_000
    expect(row(where, "ndjson")).to_contain_text("900,002 characters")
    where.get_by_role("tab", name="Raw bytes").click()
    expect(where.locator(".live-raw")).to_contain_text("more bytes not shown")


# Stop.

STUBBORN = {
    "a loop without await": "    while True: pass\n",
    "an app that waits": "    import asyncio\n    await asyncio.Event().wait()\n",
    "an app that swallows": """\
    import asyncio
    while True:
        await send({"type": "http.response.body", "body": b"1\\n", "more_body": True})
        try:
            await asyncio.sleep(0.05)
        except BaseException:
            pass
""",
}


@pytest.mark.parametrize("body", STUBBORN.values(), ids=STUBBORN)
def test_stop_is_answered_within_a_second_whatever_the_app_does(where: Locator, body: str) -> None:
    press(where, "Run")
    expect_state(where, "closed")
    edit(where, RAW + body)
    press(where, "Run")
    expect_state(where, "running")
    waited: float = where.evaluate(
        """async where => {
            const began = performance.now();
            [...where.querySelectorAll("button")].find(one => one.textContent === "Stop").click();
            const isAnswered = () => where.querySelector('[data-kind="disconnect"], [data-kind="crash"]');
            while (!isAnswered()) await new Promise(requestAnimationFrame);
            return (performance.now() - began) / 1000;
        }"""
    )
    print(f"Stop was answered after {waited:.2f} s")
    assert waited < 2, "a second, and as much again for a busy machine"


# The end of Python itself.

IMPORTS = "import asyncio, functools, js, msgspec, os, sys\n"
FOREVER = "; await asyncio.Event().wait()"
DEATHS = {
    "os._exit": ("os._exit(3)", "status 3"),
    "os.abort": ("os.abort()", "Python crashed"),
    "deeply nested JSON": (
        "msgspec.json.decode(b'[' * 100_000 + b']' * 100_000)",
        "how deeply data is nested",
    ),
    "recursion in C": (
        "sys.setrecursionlimit(10**9); repr(functools.reduce(lambda x, _: [x], range(200_000), []))",
        "limit recursion",
    ),
    "os._exit from a timer": (
        "asyncio.get_running_loop().call_later(0.2, os._exit, 4)" + FOREVER,
        "status 4",
    ),
    "a worker that closes": ("js.close()" + FOREVER, "blocked the event loop"),
    "an uncaught error in JavaScript": (
        "js.setTimeout(js.Function.new('throw new Error(`boom`)'), 0)" + FOREVER,
        "boom",
    ),
    "no more memory": (
        "[bytearray(100_000_000) for _ in range(1_000_000_000)]",
        "Running out of memory",
    ),
}


@pytest.mark.parametrize(("body", "expected"), DEATHS.values(), ids=DEATHS)
def test_when_python_dies_the_block_says_how_and_runs_again(
    page_with_errors: Page, static_url: str, body: str, expected: str
) -> None:
    page_with_errors.goto(static_url + "streaming/")
    where = block(page_with_errors, "streaming.ndjson")
    edit(where, f"{IMPORTS}{RAW}    {body}\n")
    press(where, "Run")
    expect_state(where, "failed")
    expect(status(where)).to_contain_text(expected)
    expect(row(where, "crash")).to_contain_text("restarted")
    press(where, "Reset")
    press(where, "Run")
    expect_state(where, "closed")


def test_python_that_died_after_a_run_is_replaced_before_the_next(
    page_with_errors: Page, static_url: str
) -> None:
    page = page_with_errors
    workers: list[Worker] = []
    page.on("worker", lambda worker: workers.append(worker))  # noqa: PLW0108 - it wants a function that it can mark
    page.goto(static_url + "streaming/")
    where, other = block(page, "streaming.ndjson"), block(page, "streaming.sse")
    edit(
        where,
        RAW
        + "    import asyncio, os\n    asyncio.get_running_loop().call_later(0.2, os._exit, 4)\n"
        + "    await send({'type': 'http.response.body'})\n",
    )
    press(where, "Run")
    expect_state(where, "closed")
    while len(workers) < 2:
        page.wait_for_event("worker")
    press(other, "Run")
    expect_state(other, "closed", "failed")
    expect(other).to_have_attribute("data-state", "closed")


def test_a_request_can_be_too_deep_for_python_and_the_block_goes_on(
    page_with_errors: Page, static_url: str
) -> None:
    page_with_errors.goto(static_url + "getting-started/")
    where = block(page_with_errors, "start.first")
    choose(where, "Another cup")
    open_panel(where)
    deep = "[" * 100_000 + "]" * 100_000
    write_body(where, f'{{"drink":"x","size":10,"zzz":{deep}}}')
    press(where, "Run")
    expect_state(where, "failed")
    expect(row(where, "crash")).to_contain_text("Python crashed")
    press(where, "Reset")
    press(where, "Run")
    expect_state(where, "closed")


# What the page needs.


@pytest.fixture
def page_with_errors(chromium: Browser) -> Generator[Page]:
    """A page of which errors in the console are expected."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


REFUSED = """
for (const name of ["compile", "compileStreaming"]) {
    WebAssembly[name] = async () => { throw new WebAssembly.CompileError("refused"); };
}
"""


def test_where_webassembly_is_refused_the_block_says_what_to_do(
    page: Page, static_url: str
) -> None:
    page.add_init_script(REFUSED)
    page.goto(static_url + "streaming/")
    where = block(page, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "failed")
    expect(status(where)).to_contain_text(
        "allow WebAssembly for this site, or use a current browser"
    )


LACKS = {
    "modules": "const Real = Worker; Worker = class extends Real { constructor(url) { super(url); } }",
    "workers": "delete window.Worker",
    "the right to start workers": "Worker = class { constructor() { throw new Error('denied'); } }",
    "WebAssembly": "delete window.WebAssembly",
}


@pytest.mark.parametrize("lack", LACKS.values(), ids=LACKS)
def test_in_a_browser_that_cannot_run_python_it_is_said_at_once(
    page: Page, static_url: str, lack: str
) -> None:
    page.add_init_script(lack)
    page.goto(static_url + "streaming/")
    where = block(page, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "failed")
    expect(status(where)).to_contain_text("This browser cannot run Python")
    expect(status(where)).to_contain_text("To run the example, use a current browser.")


def test_a_browser_that_cannot_run_python_runs_examples_on_the_server(
    page: Page, server_url: str
) -> None:
    page.add_init_script(LACKS["modules"])
    page.goto(server_url + "streaming/")
    where = block(page, "streaming.ndjson")
    where.get_by_label("This browser").check()
    press(where, "Run")
    expect_state(where, "failed")
    expect(status(where)).to_contain_text("or choose “Server” beside Run")
    where.get_by_label("Server").check()
    press(where, "Run")
    expect_state(where, "closed")


MUTE = "Worker = class extends EventTarget { constructor(_, {type}) { super(); } postMessage() {} terminate() {} }"


def test_of_a_worker_that_does_not_answer_it_is_said_within_a_second_and_run_ends(
    page: Page, static_url: str
) -> None:
    page.clock.install()
    page.add_init_script(MUTE)
    page.goto(static_url + "streaming/")
    where = block(page, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "loading")
    page.clock.run_for(1_000)
    expect(status(where)).to_contain_text("If this continues, use a current browser.")
    expect_state(where, "loading")
    page.clock.run_for(30_000)
    expect_state(where, "failed")
    expect(status(where)).to_contain_text("Python does not respond in this browser.")


def test_a_worker_whose_script_does_not_arrive_is_an_error_with_what_to_do(
    page_with_errors: Page, static_url: str
) -> None:
    page = page_with_errors
    page.route("**/worker-*.js", lambda route: route.abort("blockedbyclient"))
    page.goto(static_url + "streaming/")
    where = block(page, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "failed")
    expect(status(where)).to_contain_text("Check the connection and press Run again")


def test_a_host_without_a_media_type_for_webassembly_will_do(page: Page, static_url: str) -> None:
    page.route(
        "**/*.wasm",
        lambda route: route.fulfill(body=route.fetch().body(), content_type="text/plain"),
    )
    page.goto(static_url + "streaming/")
    where = block(page, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "closed")


def test_without_a_network_it_is_said_and_the_recording_can_still_be_read(
    page_with_errors: Page, static_url: str
) -> None:
    page = page_with_errors
    page.goto(static_url + "streaming/")
    where = block(page, "streaming.ndjson")
    recorded = shown(where)
    page.context.set_offline(True)
    press(where, "Run")
    expect_state(where, "failed")
    expect(status(where)).to_contain_text("Check the network and press Run again")
    press(where, "Reset")
    assert shown(where) == recorded


def test_a_file_that_is_missing_on_the_host_is_named(
    page_with_errors: Page, static_url: str
) -> None:
    page = page_with_errors
    page.route("**/*.wasm", lambda route: route.fulfill(status=404))
    page.goto(static_url + "streaming/")
    where = block(page, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "failed")
    expect(status(where)).to_contain_text(re.compile(r"pyodide\.asm\.wasm was not found \(404\)"))


def test_without_the_editor_it_is_said_and_the_block_goes_on(
    page_with_errors: Page, static_url: str
) -> None:
    page = page_with_errors
    page.route(re.compile("/editor-"), lambda route: route.abort())
    page.goto(static_url + "streaming/")
    where = block(page, "streaming.ndjson")
    press(where, "Edit")
    expect(status(where)).to_contain_text("The editor could not be loaded")
    press(where, "Run")
    expect_state(where, "closed")


def test_a_page_whose_script_does_not_load_still_reads_well(
    chromium: Browser, static_url: str
) -> None:
    with fresh_page(chromium) as page:
        page.route(
            "**/live.js?v=*", lambda route: route.fulfill(content_type="text/javascript", body="")
        )
        page.goto(static_url + "streaming/")
        expect(block(page, "streaming.ndjson").locator(".live-row").first).to_be_visible()
