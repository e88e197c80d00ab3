"""`Endpoint`: a class for each path, with a method for each HTTP method; and `operation`, the settings of a handler."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from msgspec import Struct

from jero.errors import HTTPError, WiringError
from jero.routing import parameter_name


class Endpoint:
    """Serves one path.

    A subclass declares its path and defines `get`, `post`, `put`, `patch` or `delete` as coroutine functions. Their
    annotations declare the arguments and the response. jero answers `HEAD` and `OPTIONS` itself.

        class OrderEndpoint(Endpoint, path="/orders/{order_id}"):
            async def get(self, path: OrderPath) -> Order: ...

    Whole segments of the path can be parameters. Handlers take them as `path`, a Struct with a field for each. Write
    the path without percent-encoding. `/orders` and `/orders/` are different paths.

    One instance serves all requests, so pass its dependencies to its `__init__`. Handlers are checked when the
    application is wired, and mistakes raise `WiringError`.
    """

    path: ClassVar[str]

    max_body: ClassVar[int | None]
    """The largest body, in bytes; `None` for no limit. By default the application's limit; a streamed body, which does
    not use memory, is not limited by default."""

    body_timeout: ClassVar[float | None]
    """How long a body can take to arrive, in seconds; `None` for no limit. By default the application's."""

    is_documented: ClassVar[bool] = True
    """Whether the endpoint is in the application's OpenAPI document. Undocumented endpoints are served as usual."""

    def __init_subclass__(cls, *, path: str | None = None) -> None:
        super().__init_subclass__()
        if path is not None:
            require_template(path, cls.__name__)
            cls.path = path


def require_template(path: str, name: str) -> None:
    """Raises `WiringError` for an invalid path. `name` starts the message."""
    if not str(path).startswith("/") or any(char in path for char in "?#% "):
        raise WiringError(
            f"{name}: {path!r} is not a valid path: expected one that starts with `/`, without query, fragment, spaces"
            " or percent-encoding, such as '/orders'"
        )
    names = [parameter_name(each) for each in path.split("/") if "{" in each or "}" in each]
    for each in names:
        if each is None or not each.isidentifier():
            raise WiringError(
                f"{name}: {path!r} has an invalid path parameter: write it as a whole segment with the name of a field,"
                " as in '/orders/{order_id}'; the field's type converts the value"
            )
    if len(set(names)) < len(names):
        raise WiringError(
            f"{name}: {path!r} has two path parameters with the same name: rename one of them"
        )


class Operation(Struct, frozen=True):
    """The settings of a handler, as declared with `@operation`."""

    status_code: int | None = None
    errors: tuple[type[HTTPError], ...] = ()
    operation_id: str | None = None
    tags: tuple[str, ...] = ()
    is_deprecated: bool = False
    is_public: bool = False
    is_documented: bool = True

    @staticmethod
    def of(handler: Callable[..., object]) -> "Operation":
        """The settings of a handler; the defaults if it is not decorated."""
        return getattr(handler, "__jero_operation__", _NOTHING)


_NOTHING = Operation()


def operation[Handler: Callable[..., object]](  # noqa: PLR0913 - all settings of a handler, by name
    *,
    status_code: int | None = None,
    errors: Sequence[type[HTTPError]] = (),
    operation_id: str | None = None,
    tags: Sequence[str] = (),
    is_deprecated: bool = False,
    is_public: bool = False,
    is_documented: bool = True,
) -> Callable[[Handler], Handler]:
    """Declare settings of a handler that its types cannot express. They are in the OpenAPI document.

        @operation(status_code=201, errors=[SoldOutError])
        async def post(self, json: NewOrder) -> Order: ...

    `status_code` is the default status of the response; a response that sets its own overrides it. `errors` lists the
    `HTTPError` classes that the handler raises. `operation_id` and `tags` default to names derived from the method and
    its class. `is_public=True` serves the handler without authentication, even if its endpoint is included with an
    authenticator. `is_documented=False` leaves it out of the document. Raises `ValueError` for an error status, and
    `TypeError` for arguments of another type, such as an error that is not a subclass of `HTTPError`.
    """
    if status_code is not None and not isinstance(status_code, int):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
        raise TypeError(f"status_code is {status_code!r}: expected an int, such as 201")
    if status_code is not None and not 200 <= status_code <= 399:
        raise ValueError(f"{status_code} is not a success status: list its error in `errors`")
    for name, several in (("errors", errors), ("tags", tags)):
        if isinstance(several, str | type):
            raise TypeError(f"{name} is {several!r}: expected a list, as in `{name}=[…]`")
    for error in errors:
        if not isinstance(error, type) or not issubclass(error, HTTPError):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
            raise TypeError(
                f"{error!r} is not a subclass of `HTTPError`: list the class, not an instance"
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
