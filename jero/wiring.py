"""Startup: reads each handler's types once, and compiles how it is called and how its result is sent.

Mistakes are found here and raised as `WiringError`, so the request path need not check for them.
"""

import inspect
import types
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, cast

from msgspec import Struct

from jero.annotations import is_struct, parts_of, show
from jero.asgi import Receive, Scope
from jero.authentication import Authenticator
from jero.binding import ARGUMENTS, Context, Read, is_upload, read_user
from jero.body import Limits, Upload
from jero.custom_types import Codec
from jero.endpoint import Endpoint, Operation
from jero.errors import WiringError
from jero.generics import free_variables, hints_of
from jero.media_types import media_type_of
from jero.returns import Returned, read_returned
from jero.routing import path_parameters
from jero.sending import Respond, compile_respond
from jero.streaming.open import OpenStreams

METHODS: Final = ("get", "post", "put", "patch", "delete")

_BODILESS: Final = ("get", "delete")
"""The methods whose request bodies have no defined meaning (RFC 9110 § 9.3.1, § 9.3.5)."""

_OTHER_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "json": ("body", "data", "payload", "item"),
    "content": ("raw", "stream", "file"),
    "params": ("query", "query_params", "q"),
    "headers": ("header", "cookies"),
    "user": ("current_user", "auth", "token"),
}
"""The names that other frameworks use for the arguments of a handler."""

_NULLABLE: Final = ("json", "last_event_id")
"""The arguments that are `None` when the request has no value for them, if their type allows `None`."""

type Bind = Callable[[Scope, Receive], Awaitable[tuple[Mapping[str, object], Receive]]]
"""Reads the arguments of a handler; returns them and the `receive` to use from then on. Raises `HTTPError`."""


class Handler(Struct, frozen=True):
    """The signature of a handler: its arguments, its result and its settings, as declared."""

    name: str
    """Class and method, as in `OrdersEndpoint.get`."""

    endpoint: Endpoint
    path: str
    """The path template, prefixes included."""

    method: str
    call: Callable[..., Awaitable[object]]
    arguments: Mapping[str, object]
    """The type of each argument, by name."""

    returned: Returned
    operation: Operation
    authenticator: Authenticator[object] | None


class Route(Struct, frozen=True):
    """A compiled handler: `bind` reads its arguments, `call` is the method, and `respond` sends its result.

    `respond` raises only before any part of the response has been sent.
    """

    handler: Handler
    bind: Bind | None
    call: Callable[..., Awaitable[object]]
    respond: Respond


class Site(Struct, frozen=True):
    """Where an endpoint is included: its path, and the application's settings for all endpoints."""

    path: str
    limits: Limits
    authenticator: Authenticator[object] | None
    streams: OpenStreams
    codec: Codec


def compile_endpoint(endpoint: Endpoint, site: Site) -> Mapping[str, Route]:
    """The routes of `endpoint`, by method. Raises `WiringError`."""
    name = type(endpoint).__name__
    if own := [method for method in ("head", "options") if hasattr(endpoint, method)]:
        raise WiringError(
            f"{name} defines `{own[0]}`, which jero answers itself: remove the method"
        )
    routes = {
        method.upper(): _compile(f"{name}.{method}", method, endpoint, site)
        for method in METHODS
        if hasattr(endpoint, method)
    }
    if not routes:
        raise WiringError(
            f"{name} has no handler: define one of {', '.join(METHODS)} as `async def`"
        )
    return routes


def _compile(name: str, method: str, endpoint: Endpoint, site: Site) -> Route:
    call: Callable[..., Awaitable[object]] = getattr(endpoint, method)
    if not inspect.iscoroutinefunction(call):
        raise WiringError(
            f"{name} is not a coroutine function: write it as `async def {method}(self)`; to stream, return a streaming"
            " response whose `stream` is a generator"
        )
    try:
        hints = hints_of(endpoint, method)
    except Exception as error:
        raise WiringError(f"{name} has an annotation that cannot be evaluated: {error}") from error
    if "return" not in hints:
        raise WiringError(f"{name} has no return annotation: add one, as in `-> list[Order]`")
    _require_concrete(name, endpoint, hints)
    returned = read_returned(name, method, hints.pop("return"), site.codec)
    operation = Operation.of(call)
    if operation.status_code is not None:
        try:
            returned.kind.require_status(operation.status_code)
        except ValueError as error:
            shown = show(returned.content if returned.is_bare else returned.kind)
            raise WiringError(
                f"{name} declares the status {operation.status_code} and returns {shown}: {error}"
            ) from None
    authenticator = None if operation.is_public else site.authenticator
    arguments = _read_arguments(name, method, call, hints, path_parameters(site.path))
    handler = Handler(
        name=name,
        endpoint=endpoint,
        path=site.path,
        method=method.upper(),
        call=call,
        arguments=arguments,
        returned=returned,
        operation=operation,
        authenticator=authenticator,
    )
    return Route(
        handler=handler,
        bind=_compile_bind(handler, site),
        call=call,
        respond=compile_respond(name, returned, operation.status_code, site.streams, site.codec),
    )


def _require_concrete(name: str, endpoint: Endpoint, hints: Mapping[str, object]) -> None:
    variables = [each for hint in hints.values() for each in free_variables(hint)]
    if not variables:
        return
    bases = type(endpoint).__mro__
    generic = next((each for each in bases if getattr(each, "__parameters__", ())), bases[0])
    raise WiringError(
        f"{name} has the type variable {variables[0]}, which is not bound to a type: inherit from"
        f" `{generic.__name__}[…]`, as in `class Orders({generic.__name__}[Order], path='/orders')`"
    )


def _read_arguments(
    name: str,
    method: str,
    call: Callable[..., object],
    hints: Mapping[str, object],
    in_path: Sequence[str],
) -> Mapping[str, object]:
    signature = inspect.signature(call)
    parameters = list(signature.parameters)
    if any(each.kind is each.POSITIONAL_ONLY for each in signature.parameters.values()):
        raise WiringError(
            f"{name} has positional-only arguments, but arguments are passed by name: remove the `/`"
        )
    if unknown := [parameter for parameter in parameters if parameter not in ARGUMENTS]:
        *others, last = (f"`{each}`" for each in ARGUMENTS)
        raise WiringError(
            f"{name} has an unknown argument `{unknown[0]}`: a handler can take {', '.join(others)} and {last}."
            f" {_fix_unknown(unknown[0], in_path)}"
        )
    for parameter in parameters:
        argument = ARGUMENTS[parameter]
        if parameter not in hints or not argument.is_fit(hints[parameter]):
            raise WiringError(
                f"{name} takes `{parameter}` with a missing or unsupported type: {argument.fix}"
            )
        if parameter != "content" and (declared := media_type_of(hints[parameter])):
            raise WiringError(
                f"{name} takes `{parameter}` as {declared}: only `content` can have a media type"
            )
        _require_usable(name, signature.parameters[parameter], hints[parameter])
    bodies = [parameter for parameter in parameters if ARGUMENTS[parameter].is_body]
    if len(bodies) > 1:
        raise WiringError(
            f"{name} takes {' and '.join(bodies)}: a request has only one body, so take one"
        )
    if bodies and method in _BODILESS:
        raise WiringError(
            f"{name} takes `{bodies[0]}`, but the body of a {method.upper()} has no meaning (RFC 9110 § 9.3): take"
            " `params` instead, or rename the method"
        )
    return {parameter: hints[parameter] for parameter in ARGUMENTS if parameter in parameters}


def _require_usable(name: str, parameter: inspect.Parameter, annotation: object) -> None:
    """Raises `WiringError` for `*args`, `**kwargs` and defaults that would never be used."""
    taken, default = parameter.name, cast("object", parameter.default)
    starred: dict[object, str] = {
        parameter.VAR_POSITIONAL: "*",
        parameter.VAR_KEYWORD: "**",
    }
    stars = starred.get(parameter.kind)
    if stars:
        raise WiringError(
            f"{name} takes `{stars}{taken}`, but arguments are passed by name: write it as `{taken}`"
        )
    is_none_by_default = default is None and types.NoneType in parts_of(annotation)
    if default is parameter.empty or is_none_by_default:
        return
    if taken in _NULLABLE:
        fix = "allow `None` in its annotation, and replace the `None` in the handler"
    elif taken == "user":
        fix = "return it from the authenticator instead"
    elif is_struct(annotation):
        fix = f"give the fields of {show(annotation)} defaults instead"
    else:
        fix = "handle an empty body in the handler"
    raise WiringError(
        f"{name} takes `{taken}` with the default {default!r}, which would never be used: remove the default, and {fix}"
    )


def _fix_unknown(name: str, in_path: Sequence[str]) -> str:
    """How to fix an unknown argument, guessed from its name."""
    if name in in_path:
        return f"Path parameters are in `path`, a Struct with the field `{name}`"
    for argument, names in _OTHER_NAMES.items():
        if name in names:
            return f"Take `{argument}` instead"
    if name in {"request", "req", "scope"}:
        return "There is no request object: take the parts of the request that you need"
    return f"For a query parameter `{name}`, take `params`, a Struct with that field"


def _compile_bind(handler: Handler, site: Site) -> Bind | None:
    name, in_path = handler.name, path_parameters(site.path)
    if in_path and "path" not in handler.arguments:
        raise WiringError(
            f"{name} does not take the parameters of its path {site.path!r}: add an argument `path`, a Struct with the"
            f" fields {', '.join(in_path)}"
        )
    context = Context(in_path, site.limits, handler.authenticator, site.codec)
    readers: dict[str, Read] = {}
    for argument, annotation in handler.arguments.items():
        try:
            readers[argument] = ARGUMENTS[argument].compile(annotation, context)
        except (TypeError, ValueError) as error:
            raise WiringError(f"{name} has an invalid argument `{argument}`: {error}") from error
    bind = _bind(readers) if readers else None
    if bind is not None and any(is_upload(*each) for each in handler.arguments.items()):
        bind = _bind_upload(bind)
    if handler.authenticator is not None and "user" not in readers:
        bind = _bind_guarded(read_user(handler.authenticator), bind or _bind({}))
    return bind


def _bind(readers: Mapping[str, Read]) -> Bind:
    async def bind(scope: Scope, receive: Receive) -> tuple[Mapping[str, object], Receive]:
        return {name: await read(scope, receive) for name, read in readers.items()}, receive

    return bind


def _bind_upload(bind: Bind) -> Bind:
    """The handler reads the body while the response is sent, so both share the messages of `receive`."""

    async def bind_upload(scope: Scope, receive: Receive) -> tuple[Mapping[str, object], Receive]:
        upload = Upload(receive)
        arguments, _ = await bind(scope, upload.read)
        return arguments, upload.watch

    return bind_upload


def _bind_guarded(authenticate: Read, bind: Bind) -> Bind:
    async def bind_guarded(scope: Scope, receive: Receive) -> tuple[Mapping[str, object], Receive]:
        await authenticate(scope, receive)
        return await bind(scope, receive)

    return bind_guarded
