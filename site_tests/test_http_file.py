import base64
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from docstage.run.events import Request
from docstage.snippet.http_file import HTTPFileError, NamedRequest, parse
from hypothesis import given
from hypothesis import strategies as st


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
        ("FETCH /orders", "line 1: 'FETCH /orders' is not a request line"),
        ("GET", "'GET' is not a request line"),
        ("localhost:8000/orders", "'localhost:8000/orders' is not a URL"),
        ("GET ftp://127.0.0.1/", "'ftp://127.0.0.1/' is not a URL"),
        ("GET http://[", "'http://\\[' is not a URL"),
        ("GET /\nno header", "line 2: 'no header' is not a header"),
        ("### A\nGET /\n### A\nGET /", "two requests are named 'A'"),
        ("# @disconnect-after soon\nGET /", "takes a number of seconds, not 'soon'"),
        ("# @disconnect-after -1\nGET /", "takes a number of seconds, not '-1'"),
        ("# @disconnect-after nan\nGET /", "takes a number of seconds, not 'nan'"),
        ("# @disconnect-after: 1\nGET /", "takes a number of seconds, not ': 1'"),
        ("GET /\n# @disconnect-after 1", "line 2: .* move it above the request line"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_was_found(text: str, message: str) -> None:
    with pytest.raises(HTTPFileError, match=message):
        parse(text)


def test_what_editors_write_around_a_request_is_read(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_bytes(b'{"caf\xc3\xa9": 1}\n')
    text = """\ufeff@base = http://localhost:8000
@path={{base}}/rows

### First
# @no-redirect
get {{ path }}
    ?page=2
    &q=two words
    &city=Zürich HTTP/1.1
Authorization: Basic user pass:word
X-Long: one
    two

> {%
    client.test("ok", () => {});
%}

### Second
post localhost:8000/rows
Content-Type: application/json

< ./rows.json

>> ./saved.json
<> 2026-01-01.200.json

### Third
# @disconnect-after 1
QUERY {{path}}
Content-Type: application/x-www-form-urlencoded

a = 1 &
b = two words
&c=3

> ./check.js
"""
    encoded = base64.b64encode(b"user:pass:word").decode()
    assert parse(text.replace("\n", "\r\n"), tmp_path) == (
        NamedRequest(
            "First",
            Request(
                "GET",
                "/rows?page=2&q=two%20words&city=Z%C3%BCrich",
                (("Authorization", f"Basic {encoded}"), ("X-Long", "one two")),
            ),
        ),
        NamedRequest(
            "Second",
            Request(
                "POST",
                "/rows",
                (("Content-Type", "application/json"),),
                b'{"caf\xc3\xa9": 1}\n',
            ),
        ),
        NamedRequest(
            "Third",
            Request(
                "QUERY",
                "/rows",
                (("Content-Type", "application/x-www-form-urlencoded"),),
                b"a=1&b=two%20words&c=3",
            ),
            1.0,
        ),
    )


def test_a_request_is_named_by_a_comment_where_its_separator_has_no_name() -> None:
    (request,) = parse("# @name login\nGET /\n")
    assert request.name == "login"


def test_a_file_within_a_body_may_use_variables(tmp_path: Path) -> None:
    (tmp_path / "row.json").write_text('{"id": {{id}}}')
    (request,) = parse("@id = 7\nPOST /\n\n[\n<@ ./row.json\n]\n", tmp_path)
    assert request.request.body == b'[\n{"id": 7}\n]'


def test_the_lines_of_a_multipart_body_end_as_the_format_demands(tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(b"\x00\n\xff")
    text = "POST /\nContent-Type: multipart/form-data; boundary=b\n\n--b\n\n< photo\n--b--\n"
    (request,) = parse(text, tmp_path)
    assert request.request.body == b"--b\r\n\r\n\x00\n\xff\r\n--b--"


def test_a_quotation_is_not_taken_for_what_an_editor_does_with_the_response() -> None:
    (request,) = parse("POST /\n\n> so it is said\n>> and said again\n")
    assert request.request.body == b"> so it is said\n>> and said again"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nGET {{base}}/", "line 2: the variable 'base' is not defined"),
        ("GET /\n\n{{$guid}}", r"line 3: the variable '\$guid' changes with every run"),
        ("@a = 1\n@a = 2\nGET /", "line 2: the variable 'a' is defined twice"),
        ("< {%\n%}\nGET /", "line 1: scripts before a request are not supported"),
        ("GET /\n\n> {%\n\n", "line 3: the script has no end"),
        ("GET /\n\n> a.js\nmore", "line 4: 'more' comes after what an editor does"),
        ("POST /\n\n< ./absent.json", r"line 3: '\./absent\.json' cannot be read: .*No such file"),
        ("POST /\n\n<@latin1 ./absent", "line 3: .* cannot be read"),
        ("POST /\nX-Request-Type: GraphQL\n\n{}", "GraphQL requests are not supported"),
        ("GRAPHQL /", "line 1: 'GRAPHQL /' is not a request line"),
        ("curl http://127.0.0.1/", "is not a request line"),
        (
            "GET /\nAuthorization: Digest user secret",
            "line 2: Digest credentials are not supported",
        ),
        ("@x =\n{{x}}", "line 2: '' is not a request line"),
    ],
)
def test_what_is_not_read_is_named_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(HTTPFileError, match=message):
        parse(text, tmp_path)


def test_variables_that_grow_without_end_are_refused() -> None:
    definitions = [f"@v0 = {'x' * 1000}"]
    definitions += [
        f"@v{n} = {'{{v' + str(n - 1) + '}}'}{'{{v' + str(n - 1) + '}}'}" for n in range(1, 64)
    ]
    with pytest.raises(HTTPFileError, match=r"line \d+: the variables come to more than 1048576"):
        parse("\n".join([*definitions, "GET /"]))


NAMES = st.text("abcXYZ-_", min_size=1)
VALUES = st.text(st.characters(codec="ascii", min_codepoint=33, exclude_characters="{}"))
BODY_LINES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n{}<>#"))
REQUESTS = st.builds(
    NamedRequest,
    st.text("abc äö", min_size=1).map(str.strip).filter(bool),
    st.builds(
        Request,
        st.sampled_from(["GET", "POST", "QUERY", "DELETE"]),
        st.text("ab/?&=%20", max_size=20).map(lambda text: f"/{text.lstrip('/')}"),
        st.lists(st.tuples(NAMES, VALUES.filter(lambda text: not text[:1].isspace()))).map(tuple),
        st.lists(BODY_LINES).map(lambda lines: "\n".join(lines).strip("\n").encode()),
    ),
    st.none() | st.floats(0, 100),
)


@given(
    st.lists(REQUESTS, unique_by=lambda named: named.name, max_size=5),
    st.sampled_from([str.upper, str.lower]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_down_is_read_back(
    requests: list[NamedRequest], case: Callable[[str], str], line_end: str
) -> None:
    parts: list[str] = []
    for named in requests:
        method, target = named.request.method, named.request.target
        leaves = (
            ""
            if named.disconnect_after is None
            else f"# @disconnect-after {named.disconnect_after!r}\n"
        )
        headers = "".join(f"{name}: {value}\n" for name, value in named.request.headers)
        line = f"{case(method)} http://127.0.0.1:8000{target}"
        parts.append(
            f"### {named.name}\n{leaves}{line}\n{headers}\n{named.request.body.decode()}\n"
        )
    text = "\n".join(parts)
    assert parse(text.replace("\n", line_end)) == tuple(requests)


LINES = st.sampled_from(
    [
        "### A",
        "### B",
        "GET /",
        "post {{a}}",
        "@a = /x",
        "@b = {{a}}{{a}}",
        "A: b",
        "  ?c",
        "< f",
        "> {%",
        "%}",
        ">> f",
    ]
)


@given(st.lists(LINES).map("\n".join))
def test_any_sequence_of_what_editors_write_is_read_or_refused_with_its_line(text: str) -> None:
    with contextlib.suppress(HTTPFileError):
        parse(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(HTTPFileError):
        assert all(request.name for request in parse(text))
