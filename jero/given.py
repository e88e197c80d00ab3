"""Checks what an application's methods are given, where it is given. Every function here raises `WiringError`."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import cast

from jero.errors import HTTPError, WiringError


def require_asgi(app: object, name: str) -> None:
    """Refuse what cannot be called as an ASGI 3.0 application. `name` says who is given it and how."""
    if callable(app) and _takes(app, None, None, None):
        return
    if isinstance(app, type):
        fix = f"it is a class, so create an instance: `{app.__name__}(…)`"
    elif inspect.iscoroutine(app):
        app.close()
        fix = "it is a coroutine: `await` it, or leave out the call"
    elif callable(app) and _takes(app, None, None):
        fix = "it takes two arguments, as WSGI applications do: wrap it, for example in `a2wsgi.WSGIMiddleware`"
    elif callable(app) and _takes(app, None):
        fix = "it takes one argument, as ASGI 2 applications do: expected one of ASGI 3, which takes three"
    else:
        fix = "expected an ASGI application, which is called with `scope`, `receive` and `send`"
    raise WiringError(f"{name} {_show(app)}: {fix}")


def require_middleware(
    middleware: object, args: Sequence[object], kwargs: Mapping[str, object], name: str
) -> None:
    """Refuse what cannot be called with an ASGI application and these arguments."""
    shown = _show(middleware)
    if not callable(middleware):
        raise WiringError(
            f"{name} is given {shown}: expected a middleware class or function, which is called with the application"
        )
    if inspect.iscoroutinefunction(middleware):
        raise WiringError(
            f"{name} is given {shown}, a coroutine function: write it as a `def` that takes an application and returns"
            " one"
        )
    if _takes(middleware, None, *args, **kwargs):
        return
    if not inspect.isroutine(middleware) and not isinstance(middleware, type):
        kind = type(middleware).__name__
        raise WiringError(
            f"{name} is given {shown}, an instance: give the class, and its arguments after it, as in"
            f" `{name.rpartition('.')[2]}({kind}, …)`"
        )
    taken = ", ".join(["app", *(repr(each) for each in args), *(f"{key}=…" for key in kwargs)])
    raise WiringError(
        f"{name} calls {shown} with ({taken}), and it takes {inspect.signature(middleware)}: give `_wrap` the arguments"
        " that it takes after the application"
    )


def require_mapping(kind: object, to: object, name: str) -> None:
    """Refuse what does not map a class of errors to an `HTTPError`."""
    if not isinstance(kind, type):
        raise WiringError(f"{name} is given {_show(kind)}: expected a class of exceptions")
    if not issubclass(kind, Exception):
        raise WiringError(
            f"{name} is given {kind.__name__}, which is not an `Exception`, so it is never answered: name one that is"
        )
    fix = _fix_mapping(to)
    if fix:
        raise WiringError(f"{name} maps {kind.__name__} to {_show(to)}: {fix}")


def _fix_mapping(to: object) -> str:
    if isinstance(to, HTTPError):
        return f"every request needs an error of its own: give a function, `lambda error: {type(to).__name__}(…)`"
    if not callable(to) or not _takes(to, None):
        return "expected a function that takes the error and returns an `HTTPError`"
    if inspect.iscoroutinefunction(to):
        return "it is a coroutine function: write it as a plain `def`"
    if getattr(to, "__init__", None) is HTTPError.__init__:
        called = getattr(to, "__name__", "NotFoundError")
        return f"its detail would be the error itself: give a function, `lambda error: {called}(…)`"
    return ""


def require_resource(resource: object, name: str) -> None:
    """Refuse what cannot be entered with `async with`."""
    if isinstance(resource, AbstractAsyncContextManager):
        return
    called = getattr(resource, "__name__", "it")
    if isinstance(resource, AbstractContextManager):
        fix = "it is entered with a plain `with`: enter it within an `@asynccontextmanager` function, and give that"
    elif inspect.iscoroutine(resource):
        called = resource.__name__
        resource.close()
        fix = f"it is a coroutine: `await` it first, as in `self._enter(await {called}())`"
    elif inspect.isasyncgen(resource):
        fix = f"decorate `{resource.__name__}` with `@asynccontextmanager`"
    elif inspect.isgenerator(resource):
        fix = f"write `{resource.__name__}` as an `async def`, and decorate it with `@asynccontextmanager`"
    elif callable(resource):
        fix = f"call it, as in `await self._enter({called}())`"
    else:
        fix = "expected what can be entered with `async with`"
    raise WiringError(f"{name} is given {resource!r}: {fix}")


def _takes(call: Callable[..., object], *args: object, **kwargs: object) -> bool:
    try:
        signature = inspect.signature(call)
    except ValueError:  # written in C, without one
        return True
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _show(given: object) -> str:
    named = cast("str | None", getattr(given, "__qualname__", None))
    return named or f"{given!r}"
