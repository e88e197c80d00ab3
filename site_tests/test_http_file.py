import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.events import Request
from playground.http_file import HTTPFileError, NamedRequest, parse


def test_requests_are_read_with_their_names_headers_and_bodies() -> None:
    text = """
### List
# a comment
GET http://127.0.0.1:8000/orders?open=1 HTTP/1.1
Accept: application/json
# another
X-Empty:

### Add
POST http://127.0.0.1:8000/orders
Content-Type: application/json

{
  "item": "tea"
}

"""
    assert parse(text) == (
        NamedRequest(
            "List",
            Request("GET", "/orders?open=1", (("Accept", "application/json"), ("X-Empty", ""))),
        ),
        NamedRequest(
            "Add",
            Request(
                "POST",
                "/orders",
                (("Content-Type", "application/json"),),
                b'{\n  "item": "tea"\n}',
            ),
        ),
    )


def test_a_request_without_name_or_method_is_a_get_named_after_itself() -> None:
    assert parse("http://127.0.0.1:8000") == (NamedRequest("GET /", Request("GET", "/")),)


def test_disconnect_after_is_read_from_a_comment() -> None:
    (request,) = parse("### Leave\n// @disconnect-after 1.5\nGET /\n")
    assert request.disconnect_after == 1.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FETCH /orders", "is no request line"),
        ("GET", "'GET' is no URL"),
        ("GET localhost:8000/orders", "'localhost:8000/orders' is no URL"),
        ("GET http://[", "'http://\\[' is no URL"),
        ("GET /\nno header", "is no header"),
        ("### A\nGET /\n### A\nGET /", "two requests are named 'A'"),
        ("# @disconnect-after soon\nGET /", "takes a number of seconds, and 'soon' is none"),
        ("# @disconnect-after -1\nGET /", "takes a number of seconds, and '-1' is none"),
        ("# @disconnect-after nan\nGET /", "takes a number of seconds, and 'nan' is none"),
        ("# @disconnect-after: 1\nGET /", "takes a number of seconds, and ': 1' is none"),
        ("GET /\n# @disconnect-after 1", "belongs before the request line"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_was_found(text: str, message: str) -> None:
    with pytest.raises(HTTPFileError, match=message):
        parse(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(HTTPFileError):
        assert all(request.name for request in parse(text))
