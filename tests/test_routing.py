from jero.routing import Router, allowed


def test_a_path_is_found_only_as_it_was_added() -> None:
    router = Router[int]()
    router.add("/orders", {"GET": 1})
    assert (router.find("/orders"), router.find("/orders/")) == ({"GET": 1}, None)


def test_a_path_is_added_only_once() -> None:
    router = Router[int]()
    router.add("/orders", {"GET": 1})
    assert not router.add("/orders", {"GET": 2})
    assert router.find("/orders") == {"GET": 1}


def test_head_is_allowed_where_get_is() -> None:
    assert allowed({"GET": 1}) == "GET, HEAD, OPTIONS"
    assert allowed({"POST": 1}) == "OPTIONS, POST"
