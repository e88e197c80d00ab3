"""An endpoint: one class a path, one method a verb. And what a method says of itself beside its types."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from msgspec import Struct

from jero.errors import HTTPError, WiringError
from jero.routing import parameter_name


class Endpoint:
    """What is served under one path.

    A subclass names its path and defines `get`, `post`, `put`, `patch` or `delete` as coroutine functions. What
    each of them takes and returns is told by its annotations. `HEAD` and `OPTIONS` are answered for it.

        class OrderEndpoint(Endpoint, path="/orders/{order_id}"):
            async def get(self, path: OrderPath) -> Order: ...

    Whole segments of the path can be parameters. They are given as `path`, a Struct that has a field for each. A path
    is written as it reads, without percent-encoding; `/orders` and `/orders/` are two paths.

    An endpoint is made once and serves every request, so what it needs comes through its `__init__`. Handlers are
    read when the application is wired; what cannot work there is a `WiringError`.
    """

    path: ClassVar[str]

    max_body: ClassVar[int | None]
    """The largest body that is read, in bytes; `None` for any. By default the application's, and a body that is read
    as it comes, which takes no memory, may be of any size."""

    body_timeout: ClassVar[float | None]
    """How long a body may take to arrive, in seconds; `None` for ever. By default the application's."""

    is_documented: ClassVar[bool] = True
    """Whether the endpoint is in the application's OpenAPI document. Undocumented endpoints are served as usual."""

    def __init_subclass__(cls, *, path: str | None = None) -> None:
        super().__init_subclass__()
        if path is not None:
            require_template(path, cls.__name__)
            cls.path = path


def require_template(path: str, name: str) -> None:
    """Raises `WiringError` for a path that cannot be served, on behalf of who has it."""
    if not str(path).startswith("/") or any(char in path for char in "?#% "):
        raise WiringError(
            f"{name}: {path!r} is not a valid path: expected one that begins with `/`, without query, fragment, blanks"
            " or percent-encoding, such as '/orders'"
        )
    names = [parameter_name(each) for each in path.split("/") if "{" in each or "}" in each]
    for each in names:
        if each is None or not each.isidentifier():
            raise WiringError(
                f"{name}: {path!r} has an invalid path parameter: write it as a whole segment with the name of a field,"
                " as in '/orders/{order_id}'; the field's type converts it"
            )
    if len(set(names)) < len(names):
        raise WiringError(
            f"{name}: {path!r} has two path parameters of the same name: rename one of them"
        )


class Operation(Struct, frozen=True):
    """What a handler says of itself beside its types."""

    status_code: int | None = None
    errors: tuple[type[HTTPError], ...] = ()
    operation_id: str | None = None
    tags: tuple[str, ...] = ()
    is_deprecated: bool = False
    is_public: bool = False
    is_documented: bool = True

    @staticmethod
    def of(handler: Callable[..., object]) -> "Operation":
        """What the handler says, which may be nothing."""
        return getattr(handler, "__jero_operation__", _NOTHING)


_NOTHING = Operation()


def operation[Handler: Callable[..., object]](  # noqa: PLR0913 - all that can be said of one, said once
    *,
    status_code: int | None = None,
    errors: Sequence[type[HTTPError]] = (),
    operation_id: str | None = None,
    tags: Sequence[str] = (),
    is_deprecated: bool = False,
    is_public: bool = False,
    is_documented: bool = True,
) -> Callable[[Handler], Handler]:
    """Say of a handler what its types cannot. All of it is in its OpenAPI document.

        @operation(status_code=201, errors=[SoldOutError])
        async def post(self, json: NewOrder) -> Order: ...

    `status_code` is the status of what it returns, unless a response that it returns has one of its own. `errors` are
    those it raises. `operation_id` and `tags` are by default made from the names of the method and its class. One that
    `is_public` is served to everybody, also where its endpoint is included with an authenticator.
    `is_documented=False` leaves it out of the document. Raises `ValueError` for a status that says that something went
    wrong, and `TypeError` for an error that is no class of `HTTPError` and for
    arguments of another type.
    """
    if status_code is not None and not isinstance(status_code, int):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
        raise TypeError(f"status_code is {status_code!r}: expected an int, such as 201")
    if status_code is not None and not 200 <= status_code <= 399:
        raise ValueError(
            f"{status_code} is not the status of a success: name its error in `errors`"
        )
    for name, several in (("errors", errors), ("tags", tags)):
        if isinstance(several, str | type):
            raise TypeError(f"{name} is {several!r}: expected a list, as in `{name}=[…]`")
    for error in errors:
        if not isinstance(error, type) or not issubclass(error, HTTPError):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
            raise TypeError(
                f"{error!r} is not a class of `HTTPError`: name the class, not one of it"
            )
    said = Operation(
        status_code,
        tuple(errors),
        operation_id,
        tuple(tags),
        is_deprecated,
        is_public,
        is_documented,
    )

    def mark(handler: Handler) -> Handler:
        handler.__jero_operation__ = said  # type: ignore[attr-defined]
        return handler

    return mark
