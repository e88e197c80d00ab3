"""Checks, at startup, the hooks and settings that a subclass overrides.

Otherwise a subclass that uses one of these names for something else would silently replace a hook or a setting.
"""

import inspect
from collections.abc import Awaitable, Callable
from types import FunctionType
from typing import ClassVar, cast, get_args, get_origin, get_type_hints

import msgspec

from jero.annotations import show
from jero.errors import WiringError


def require_hooks(instance: object, base: type) -> None:
    """Raises `WiringError` if an attribute of `instance` does not fit the one of `base` that it overrides.

    A method must accept the arguments that the base's method requires, and be a coroutine function if the base's is. A
    class variable must have its annotated type.
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
        f"{type(instance).__name__}.{name} is {found}, but overrides `{base.__name__}.{name}`: write it as `{kind}"
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
        return (
            True  # a plain function that returns an awaitable is awaited like a coroutine function
        )
    return inspect.iscoroutinefunction(own) == inspect.iscoroutinefunction(given)


def _require_value(instance: object, base: type, name: str, annotation: object) -> None:
    given: object = getattr(instance, name)
    try:
        msgspec.convert(given, annotation)
    except msgspec.ValidationError:
        raise WiringError(
            f"{type(instance).__name__}.{name} is {given!r}, but {base.__name__} expects {show(annotation)}: correct"
            " it, or rename it if it is something else"
        ) from None
