import pytest
from hypothesis import given
from hypothesis import strategies as st

from jero.routing import Match, MatchedRoute, Router, allowed, split


def router_of(*templates: str) -> Router[str]:
    router = Router[str]()
    for template in templates:
        assert router.add(template, {"GET": template})
    return router


def match(router: Router[str], path: str) -> tuple[str, tuple[str, ...]] | None:
    found = router.match(path.split("/"))
    return None if found is None else (found.methods["GET"], found.values)


def test_a_path_without_slots_is_found_only_as_it_was_added() -> None:
    router = router_of("/orders")
    found = Match(MatchedRoute("/orders"), {"GET": "/orders"})
    assert (router.find("/orders"), router.find("/orders/")) == (found, None)


@pytest.mark.parametrize(
    ("first", "second"), [("/orders", "/orders"), ("/orders/{order_id}", "/orders/{name}")]
)
def test_templates_for_the_same_paths_are_added_only_once(first: str, second: str) -> None:
    router = router_of(first)
    assert not router.add(second, {"GET": second})


def test_a_slot_takes_one_segment() -> None:
    router = router_of("/orders/{order_id}/items/{number}")
    assert match(router, "/orders/a/items/7") == ("/orders/{order_id}/items/{number}", ("a", "7"))
    assert match(router, "/orders/a/items") is None
    assert match(router, "/orders/a/b/items/7") is None


def test_a_slot_takes_no_empty_segment() -> None:
    assert match(router_of("/orders/{order_id}"), "/orders/") is None


def test_a_named_segment_goes_before_a_slot() -> None:
    router = router_of("/orders/{order_id}", "/orders/latest")
    assert match(router, "/orders/latest") == ("/orders/latest", ())
    assert match(router, "/orders/7") == ("/orders/{order_id}", ("7",))


def test_a_slot_is_tried_where_a_named_segment_leads_nowhere() -> None:
    router = router_of("/{kind}/latest", "/orders/first")
    assert match(router, "/orders/latest") == ("/{kind}/latest", ("orders",))


def test_segments_are_decoded_one_by_one() -> None:
    assert split("/a%2Fb/%C3%BC+/") == ["", "a/b", "ü+", ""]


def test_a_path_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        split("/%ff")


segments = st.text(min_size=1).filter(lambda text: not set(text) & set("/{}"))


@given(st.lists(segments, min_size=1, max_size=5))
def test_any_path_is_found_under_its_own_template(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    assert match(router_of(path), path) == (path, ())


@given(st.lists(segments, min_size=1, max_size=5))
def test_slots_give_back_any_segments(parts: list[str]) -> None:
    template = "".join(f"/{{slot_{number}}}" for number in range(len(parts)))
    assert match(router_of(template), "/" + "/".join(parts)) == (template, tuple(parts))


def test_head_is_allowed_where_get_is() -> None:
    assert allowed({"GET": 1}) == "GET, HEAD, OPTIONS"
    assert allowed({"POST": 1}) == "OPTIONS, POST"
