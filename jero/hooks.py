"""What a subclass may replace of a base class, checked when the application starts.

Otherwise a name that a subclass uses for something of its own would silently replace a hook or a setting.
"""

import inspect
from collections.abc import Awaitable, Callable
from types import FunctionType
from typing import ClassVar, cast, get_args, get_origin, get_type_hints

import msgspec

from jero.annotations import show
from jero.errors import WiringError


def require_hooks(instance: object, base: type) -> None:
    """Raises `WiringError` if `instance` has an attribute that `base` has, too, but of another kind.

    Its methods must take the arguments that the base's require, and be coroutine functions where the base's are. Its
    class variables must have their annotated types.
    """
    for name, own in vars(base).items():
        if isinstance(own, FunctionType) and not name.startswith("__"):
            _require_method(instance, base, own)
    for name, annotation in get_type_hints(base).items():
        if get_origin(annotation) is ClassVar and hasattr(instance, name):
            _require_value(instance, base, name, get_args(annotation)[0])


def _require_method(instance: object, base: type, own: FunctionType) -> None:
    name = own.__name__
    given = cast("object", getattr(instance, name))
    if getattr(given, "__func__", None) is own:
        return
    if not callable(given):
        found = f"a {type(given).__name__}"
    elif not _takes_alike(own, given):
        found = f"a function of ({', '.join(inspect.signature(given).parameters)})"
    elif not _is_awaited_alike(own, given):
        found = f"{'' if inspect.iscoroutinefunction(given) else 'not '}a coroutine function"
    else:
        return
    kind = "async def" if inspect.iscoroutinefunction(own) else "def"
    raise WiringError(
        f"{type(instance).__name__}.{name} is {found}, and would replace `{base.__name__}.{name}`: write it as `{kind}"
        f" {name}({', '.join(inspect.signature(own).parameters)})`, or rename it if it is something else"
    )


def _takes_alike(own: FunctionType, given: Callable[..., object]) -> bool:
    _, *parameters = inspect.signature(own).parameters.values()
    required = [each for each in parameters if each.default is each.empty]
    positional = [None for each in required if each.kind is each.POSITIONAL_OR_KEYWORD]
    try:
        inspect.signature(given).bind(*positional)
    except TypeError:
        return False
    return True


def _is_awaited_alike(own: FunctionType, given: Callable[..., object]) -> bool:
    returned = own.__annotations__["return"]
    kind: object = get_origin(returned) or returned
    if isinstance(kind, type) and issubclass(kind, Awaitable):
        return True  # a plain function and a coroutine function are awaited alike
    return inspect.iscoroutinefunction(own) == inspect.iscoroutinefunction(given)


def _require_value(instance: object, base: type, name: str, annotation: object) -> None:
    given: object = getattr(instance, name)
    try:
        msgspec.convert(given, annotation)
    except msgspec.ValidationError:
        raise WiringError(
            f"{type(instance).__name__}.{name} is {given!r}, and {base.__name__} reads it as {show(annotation)}:"
            " correct it, or rename it if it is something else"
        ) from None
