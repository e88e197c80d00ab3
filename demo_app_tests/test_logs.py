"""A record is a line of JSON, and a request is logged when its response is over."""

import logging
from typing import Any

import msgspec
import pytest

from demo_app.logs import JSONFormatter
from demo_app_tests.serving import client_of

pytestmark = pytest.mark.anyio


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What was logged of requests, without what others in this process log at the same time."""
    return [record for record in caplog.records if record.name == "demo_app.requests"]


def formatted(record: logging.LogRecord) -> dict[str, Any]:
    line = JSONFormatter().format(record)
    assert "\n" not in line
    return msgspec.json.decode(line)


async def test_what_is_given_as_extra_is_a_member() -> None:
    fields = {"msg": "hello", "levelname": "INFO", "name": "a.b", "order": 7}
    entry = formatted(logging.makeLogRecord(fields))
    entry.pop("time")
    assert entry == {"level": "INFO", "logger": "a.b", "message": "hello", "order": 7}


async def test_a_traceback_stays_on_the_records_line() -> None:
    error = ValueError("two\nlines")
    entry = formatted(logging.makeLogRecord({"exc_info": (ValueError, error, None)}))
    assert entry["exception"] == "ValueError: two\nlines"


async def test_a_stream_that_its_reader_left_is_logged_as_not_whole(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "demo_app.requests")
    async with client_of() as client, client.stream("GET", "/notifications"):
        pass
    fields = vars(logged(caplog)[-1])
    assert (fields["path"], fields["status"], fields["is_whole"]) == ("/notifications", 200, False)


async def test_a_question_in_a_query_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "demo_app.requests")
    async with client_of() as client:
        await client.get("/health", params={"question": "hidden"})
    [record] = logged(caplog)
    assert "/health" in record.getMessage()
    assert "hidden" not in str(vars(record))


async def test_a_request_is_logged_under_the_id_that_the_proxy_gave_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "demo_app.requests")
    async with client_of() as client:
        await client.get("/health", headers={"x-request-id": "abc123"})
    assert vars(logged(caplog)[-1])["request_id"] == "abc123"
