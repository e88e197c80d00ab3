"""Header fields as RFC 9110 reads them."""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jero.fields import combine, elements, lines_of, weights

blanks = st.text(" \t", max_size=2)
tokens = st.text("!#$%&'*+-.^_`|~09azAZ/=;:", min_size=1)
quoted = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF)).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
tags = st.tuples(
    st.sampled_from(["", "W/"]),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f')),
).map(lambda tag: f'{tag[0]}"{tag[1]}"')
cookies = st.text("!#$%&'()*+-./:<=>?@[]^_`{|}~,09azAZ", min_size=1)
links = st.text("/?#&=,;:%az", min_size=1).map('<{0}>; title="a, b"'.format)


def test_the_lines_of_a_field_are_kept_in_their_order() -> None:
    headers = [(b"a", b"1"), (b"b", b"2"), (b"a", b"\xff")]
    assert lines_of({"headers": headers}) == {"a": ["1", "\xff"], "b": ["2"]}


@pytest.mark.parametrize(
    ("name", "lines", "value"),
    [
        ("accept", ["a", "b"], "a, b"),
        ("cookie", ["a=1", "b=2", "c=3"], "a=1; b=2; c=3"),
        ("x-cookie", ["a=1", "b=2"], "a=1, b=2"),
        ("cookie", ["a=1"], "a=1"),
        ("cookie", [""], ""),
    ],
)
def test_lines_are_combined_as_their_field_has_it(name: str, lines: list[str], value: str) -> None:
    assert combine(name, lines) == value


@given(st.lists(st.tuples(st.text("abc", min_size=1), st.text("xyz09", min_size=1)), min_size=1))
def test_cookies_are_the_same_on_one_line_and_on_many(pairs: list[tuple[str, str]]) -> None:
    lines = [f"{name}={value}" for name, value in pairs]
    assert combine("cookie", lines) == combine("cookie", ["; ".join(lines)])
    read = SimpleCookie(combine("cookie", lines))
    assert {name: each.value for name, each in read.items()} == dict(pairs)


@pytest.mark.parametrize(
    ("name", "strategy", "separator"),
    [
        ("accept", tokens | quoted, ","),
        ("x-any", st.builds("{0};p={1}".format, tokens, quoted), ","),
        ("if-match", tags, ","),
        ("if-none-match", tags, ","),
        ("cookie", cookies, ";"),
        ("link", links, ","),
    ],
)
@given(data=st.data())
def test_a_list_is_read_as_it_was_written(
    name: str, strategy: st.SearchStrategy[str], separator: str, data: st.DataObject
) -> None:
    values = data.draw(st.lists(strategy))
    lines, line = list[str](), ""
    for value in values:
        line += data.draw(blanks) + value + data.draw(blanks)
        if data.draw(st.booleans()):
            lines.append(line)
            line = ""
        else:
            line += separator * data.draw(st.integers(1, 3))
    assert elements(name, [*lines, line]) == values


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("if-none-match", '"a,b", "c"', ['"a,b"', '"c"']),
        ("if-none-match", r'"a\", W/"b,\"', [r'"a\"', r'W/"b,\"']),
        ("if-none-match", "*", ["*"]),
        ("x-any", r'"a\",b", c', [r'"a\",b"', "c"]),
        ("accept", 'text/html;x="a,b";q=0.8, */*', ['text/html;x="a,b";q=0.8', "*/*"]),
        ("x-any", '"never, ended', ['"never, ended']),
        ("x-any", 'a, "never, ended\\', ["a", '"never, ended\\']),
        ("link", '<a,b>; rel="next", <never, ended', ['<a,b>; rel="next"', "<never, ended"]),
        ("x-any", "a < b, c > d", ["a < b", "c > d"]),
        ("cookie", 'a="1,2"; b=3', ['a="1,2"', "b=3"]),
        ("x-any", ", ,\t,", []),
        ("x-any", "", []),
    ],
)
def test_separators_within_quotes_do_not_count(name: str, line: str, expected: list[str]) -> None:
    assert elements(name, [line]) == expected


@pytest.mark.parametrize("name", ["x-any", "if-none-match", "link", "cookie"])
@given(lines=st.lists(st.text()))
def test_any_text_has_elements_without_blanks_around_them(name: str, lines: list[str]) -> None:
    for element in elements(name, lines):
        assert element
        assert element == element.strip(" \t")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["gzip, br;q=0.5"], {"gzip": 1, "br": 0.5}),
        (["GZip ; Q=0.25", "*;q=0"], {"gzip": 0.25, "*": 0}),
        (['text/html;x="q=0.1;q=0";q=0.8'], {"text/html": 0.8}),
        (["a;q=1.001, b;q=-1, c;q=, d;q=nan, e;q=1.000"], {"a": 0, "b": 0, "c": 0, "d": 0, "e": 1}),
        (["; ;", "br, ;"], {"br": 1}),
    ],
)
def test_a_weight_counts_only_if_it_is_valid(lines: list[str], expected: dict[str, float]) -> None:
    assert weights("accept", lines) == expected


@given(lines=st.lists(st.text()))
def test_any_text_has_weights_between_nothing_and_one(lines: list[str]) -> None:
    assert all(0 <= weight <= 1 for weight in weights("accept", lines).values())
