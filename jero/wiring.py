"""Start-up: reads each handler's types once and compiles from them how it is called and how it is answered.

Everything that cannot work is found here, as a `WiringError`; nothing of it is left to the request path.
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
"""The methods whose requests' bodies mean nothing (RFC 9110 § 9.3.1, § 9.3.5)."""

_ELSEWHERE: Final[Mapping[str, Sequence[str]]] = {
    "json": ("body", "data", "payload", "item"),
    "content": ("raw", "stream", "file"),
    "params": ("query", "query_params", "q"),
    "headers": ("header", "cookies"),
    "user": ("current_user", "auth", "token"),
}
"""What the arguments of a handler are called in other frameworks."""

_NULLABLE: Final = ("json", "last_event_id")
"""The arguments that are `None` where the request has nothing for them, if their type allows that."""

type Bind = Callable[[Scope, Receive], Awaitable[tuple[Mapping[str, object], Receive]]]
"""Finds the arguments of a handler, and gives what is left to receive with them. Raises `HTTPError`."""


class Handler(Struct, frozen=True):
    """What a handler takes and gives, as its class and its types say."""

    name: str
    """Class and method."""

    endpoint: Endpoint
    path: str
    """The whole template."""

    method: str
    call: Callable[..., Awaitable[object]]
    arguments: Mapping[str, object]
    """The type of each argument, by name."""

    returned: Returned
    operation: Operation
    authenticator: Authenticator[object] | None


class Route(Struct, frozen=True):
    """One handler, compiled: how its arguments are found, itself, and how what it returns is sent.

    `respond` raises only while nothing of the response is sent.
    """

    handler: Handler
    bind: Bind | None
    call: Callable[..., Awaitable[object]]
    respond: Respond


class Site(Struct, frozen=True):
    """Where an endpoint is included: under which path, and what the application has for all of them."""

    path: str
    limits: Limits
    authenticator: Authenticator[object] | None
    streams: OpenStreams
    codec: Codec


def compile_endpoint(endpoint: Endpoint, site: Site) -> Mapping[str, Route]:
    """The routes of `endpoint`, by method. Raises `WiringError`."""
    name = type(endpoint).__name__
    if own := [method for method in ("head", "options") if hasattr(endpoint, method)]:
        raise WiringError(f"{name} defines `{own[0]}`, which is answered for it: remove the method")
    routes = {
        method.upper(): _compile(f"{name}.{method}", method, endpoint, site)
        for method in METHODS
        if hasattr(endpoint, method)
    }
    if not routes:
        raise WiringError(
            f"{name} serves nothing: define one of {', '.join(METHODS)} as `async def`"
        )
    return routes


def _compile(name: str, method: str, endpoint: Endpoint, site: Site) -> Route:
    call: Callable[..., Awaitable[object]] = getattr(endpoint, method)
    if not inspect.iscoroutinefunction(call):
        raise WiringError(
            f"{name} is no coroutine function: write it as `async def {method}(self)`, and if it streams let it"
            " return a streaming response that is given a generator"
        )
    try:
        hints = hints_of(endpoint, method)
    except Exception as error:
        raise WiringError(f"{name} has an annotation that cannot be read: {error}") from error
    if "return" not in hints:
        raise WiringError(
            f"{name} does not say what it returns: annotate it, as in `-> list[Order]`"
        )
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
        f"{name} has the type variable {variables[0]}, and nothing says what it stands for: inherit from"
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
        raise WiringError(f"{name} takes arguments by position only: they are given by name")
    if unknown := [parameter for parameter in parameters if parameter not in ARGUMENTS]:
        *others, last = (f"`{each}`" for each in ARGUMENTS)
        raise WiringError(
            f"{name} takes `{unknown[0]}`: a handler can take {', '.join(others)} and {last}, and nothing else."
            f" {_fix_unknown(unknown[0], in_path)}"
        )
    for parameter in parameters:
        argument = ARGUMENTS[parameter]
        if parameter not in hints or not argument.is_fit(hints[parameter]):
            raise WiringError(
                f"{name} takes `{parameter}` with a type that it cannot have: {argument.mend}"
            )
        if parameter != "content" and (declared := media_type_of(hints[parameter])):
            raise WiringError(
                f"{name} takes `{parameter}` as {declared}: only `content` can have a media type"
            )
        _require_usable(name, signature.parameters[parameter], hints[parameter])
    bodies = [parameter for parameter in parameters if ARGUMENTS[parameter].is_body]
    if len(bodies) > 1:
        raise WiringError(f"{name} takes {' and '.join(bodies)}: a request has one body, take one")
    if bodies and method in _BODILESS:
        raise WiringError(
            f"{name} takes `{bodies[0]}`: the body of a {method.upper()} means nothing (RFC 9110 § 9.3). Take `params`"
            " instead, or rename the method"
        )
    return {parameter: hints[parameter] for parameter in ARGUMENTS if parameter in parameters}


def _require_usable(name: str, parameter: inspect.Parameter, annotation: object) -> None:
    """Refuse what `parameter` says beside its type, if handlers are never called that way. Raises `WiringError`."""
    taken, default = parameter.name, cast("object", parameter.default)
    starred: dict[object, str] = {
        parameter.VAR_POSITIONAL: "*",
        parameter.VAR_KEYWORD: "**",
    }
    stars = starred.get(parameter.kind)
    if stars:
        raise WiringError(
            f"{name} takes `{stars}{taken}`, and arguments are passed by name: write it as `{taken}`"
        )
    is_none_by_default = default is None and types.NoneType in parts_of(annotation)
    if default is parameter.empty or is_none_by_default:
        return
    if taken in _NULLABLE:
        fix = "annotate it as one that may be `None`, and replace the `None` in the handler"
    elif taken == "user":
        fix = "let the authenticator return it instead"
    elif is_struct(annotation):
        fix = f"give the fields of {show(annotation)} defaults instead"
    else:
        fix = "replace an empty body in the handler"
    raise WiringError(
        f"{name} takes `{taken}` with the default {default!r}, which would never be used: remove the default, and {fix}"
    )


def _fix_unknown(name: str, in_path: Sequence[str]) -> str:
    """What to take in place of an argument that there is not, by what it is called elsewhere."""
    if name in in_path:
        return f"Path parameters are in `path`, a Struct with the field `{name}`"
    for argument, names in _ELSEWHERE.items():
        if name in names:
            return f"Take `{argument}` instead"
    if name in {"request", "req", "scope"}:
        return "There is no object of the request: take the parts of it that you need"
    return f"If `{name}` is of the query string, it is a field of `params`"


def _compile_bind(handler: Handler, site: Site) -> Bind | None:
    name, in_path = handler.name, path_parameters(site.path)
    if in_path and "path" not in handler.arguments:
        raise WiringError(
            f"{name} does not take the parameters of its path {site.path!r}: let it take `path`, a Struct with the"
            f" fields {', '.join(in_path)}"
        )
    context = Context(in_path, site.limits, handler.authenticator, site.codec)
    readers: dict[str, Read] = {}
    for argument, annotation in handler.arguments.items():
        try:
            readers[argument] = ARGUMENTS[argument].compile(annotation, context)
        except (TypeError, ValueError) as error:
            raise WiringError(f"{name} takes `{argument}`, which cannot work: {error}") from error
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
    """The body is read while the response is sent, so both share its messages."""

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
