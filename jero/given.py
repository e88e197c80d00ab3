"""Checks the arguments of an application's methods when they are called. Every function here raises `WiringError`."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import cast

from jero.errors import HTTPError, WiringError


def require_asgi(app: object, name: str) -> None:
    """Require an ASGI 3.0 application. `name` starts the message: the caller and what it does."""
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
        fix = "it takes one argument, as ASGI 2 applications do: expected an ASGI 3 application, which takes three"
    else:
        fix = "expected an ASGI application, which is called with `scope`, `receive` and `send`"
    raise WiringError(f"{name} {_show(app)}: {fix}")


def require_middleware(
    middleware: object, args: Sequence[object], kwargs: Mapping[str, object], name: str
) -> None:
    """Require a middleware that can be called with an ASGI application and these arguments."""
    shown = _show(middleware)
    if not callable(middleware):
        raise WiringError(
            f"{name} got {shown}: expected a middleware class or function, which is called with the application"
        )
    if inspect.iscoroutinefunction(middleware):
        raise WiringError(
            f"{name} got {shown}, a coroutine function: write it as a `def` that takes an application and returns one"
        )
    if _takes(middleware, None, *args, **kwargs):
        return
    if not inspect.isroutine(middleware) and not isinstance(middleware, type):
        kind = type(middleware).__name__
        raise WiringError(
            f"{name} got {shown}, an instance: pass the class, followed by its arguments, as in"
            f" `{name.rpartition('.')[2]}({kind}, …)`"
        )
    taken = ", ".join(["app", *(repr(each) for each in args), *(f"{key}=…" for key in kwargs)])
    raise WiringError(
        f"{name} calls {shown} with ({taken}), but it takes {inspect.signature(middleware)}: pass `_wrap` the arguments"
        " that follow the application"
    )


def require_mapping(kind: object, to: object, name: str) -> None:
    """Require a class of errors, and a function that returns an `HTTPError` for one of them."""
    if not isinstance(kind, type):
        raise WiringError(f"{name} got {_show(kind)}: expected an exception class")
    if not issubclass(kind, Exception):
        raise WiringError(
            f"{name} got {kind.__name__}, which is not a subclass of `Exception`, so it is never answered: map a"
            " subclass"
        )
    fix = _fix_mapping(to)
    if fix:
        raise WiringError(f"{name} maps {kind.__name__} to {_show(to)}: {fix}")


def _fix_mapping(to: object) -> str:
    if isinstance(to, HTTPError):
        return f"each request needs its own error: pass a function, `lambda error: {type(to).__name__}(…)`"
    if not callable(to) or not _takes(to, None):
        return "expected a function that takes the error and returns an `HTTPError`"
    if inspect.iscoroutinefunction(to):
        return "it is a coroutine function: write it as a plain `def`"
    if getattr(to, "__init__", None) is HTTPError.__init__:
        called = getattr(to, "__name__", "NotFoundError")
        return f"the error itself would become the detail: pass a function, `lambda error: {called}(…)`"
    return ""


def require_resource(resource: object, name: str) -> None:
    """Require an asynchronous context manager."""
    if isinstance(resource, AbstractAsyncContextManager):
        return
    called = getattr(resource, "__name__", "it")
    if isinstance(resource, AbstractContextManager):
        fix = "it is a plain context manager: wrap it in an `@asynccontextmanager` function"
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
        fix = "expected an asynchronous context manager"
    raise WiringError(f"{name} got {resource!r}: {fix}")


def _takes(call: Callable[..., object], *args: object, **kwargs: object) -> bool:
    try:
        signature = inspect.signature(call)
    except ValueError:  # written in C, without a signature
        return True
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _show(given: object) -> str:
    named = cast("str | None", getattr(given, "__qualname__", None))
    return named or f"{given!r}"
