"""A module brought to life: imported once, its `app` started once, ready to be asked many times."""

import asyncio
import importlib
import importlib.util
import linecache
import sys
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from io import StringIO
from types import ModuleType
from typing import Any, Final, Literal, cast

from docstage.run import mistakes
from docstage.run.asgi import ASGIApp, Lifespan, StartupFailedError

TIMEOUT: Final = 1.0
"""Seconds that an app may take to return when its start-up was cancelled."""


class StageError(Exception):
    """The module could not be imported, or its app could not be started. The cause, if any, is chained."""

    def __init__(self, phase: Literal["import", "startup"], message: str) -> None:
        super().__init__(message)
        self.phase: Literal["import", "startup"] = phase


def summary(error: BaseException) -> str:
    """`Type: message`, as Python prints it below a traceback, less the notes."""
    told = traceback.TracebackException.from_exception(error)
    told.__notes__ = []
    return list(told.format_exception_only())[-1].strip()


class Stage:
    """The app of one module, from import to lifespan shutdown.

    `module` is a dotted name. With `source`, that text is run in the module's place, as if the file held it: it
    takes the module's name, and its lines show in tracebacks. Close one stage of a module before the next opens;
    what was closed stays so.

    `names` are those that the application may have in the module; the first that is there is taken. One that ends in
    `()` is a function without arguments, which returns it.
    """

    def __init__(
        self, module: str, source: str | None = None, names: Sequence[str] = ("app",)
    ) -> None:
        self.module = module
        self.source = source
        self._names = names
        self.file = module.replace(".", "/") + ".py"
        self._origin: str | None = None
        self._is_closed = False
        self._forget = ExitStack()
        self._app: ASGIApp | None = None
        self._lifespan: Lifespan | None = None
        self._starting = asyncio.Lock()

    async def app(self) -> ASGIApp:
        """The app, imported and started. Raises `StageError`; the next call then tries again."""
        async with self._starting:
            if self._is_closed:
                raise StageError("startup", "The app was shut down before the request.")
            if self._app is None:
                self._app = await self._start(self._import())
            return self._app

    def state(self) -> dict[str, Any]:
        """What the app's lifespan left for requests: a shallow copy, for one of them (ASGI lifespan, "state")."""
        return {} if self._lifespan is None else self._lifespan.state.copy()

    async def _start(self, app: ASGIApp) -> ASGIApp:
        lifespan = self._lifespan = Lifespan(app)
        try:
            await lifespan.start()
        except BaseException as error:
            await lifespan.cancel(TIMEOUT)
            if not isinstance(error, StartupFailedError):
                raise
            if error.__cause__ is None:
                raise StageError("startup", _refusal(str(error))) from None
            message = f"The app could not be started: {self.explain(error.__cause__)}"
            raise StageError("startup", message) from error.__cause__
        return app

    async def aclose(self, grace: float = 5.0) -> None:
        """Shut the app down, waiting at most `grace` seconds, and forget edited source."""
        self._is_closed = True
        if self._lifespan is not None:
            await self._lifespan.stop(grace)  # a start-up that hangs, too
        async with self._starting:
            self._app = self._lifespan = None
            self._forget.close()
            if self.source is not None:
                linecache.cache.pop(self.file, None)

    def line_of(self, error: BaseException) -> int | None:
        """The innermost line of this module that `error` came through, if it did."""
        if isinstance(error, SyntaxError) and self._owns(error.filename):
            return error.lineno
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if self._owns(frame.filename)
        ]
        return lines[-1] if lines else None

    def explain(self, error: BaseException) -> str:
        """`summary`, and what to do about it if that is known."""
        return mistakes.with_advice(summary(error), self.advice(error))

    def advice(self, error: BaseException) -> str:
        """What to do about `error`; empty if that is not known."""
        return mistakes.of_error(error, self._origin or self.file)

    def _owns(self, filename: str | None) -> bool:
        return filename == self.file

    def _import(self) -> ASGIApp:
        try:
            self._origin = self._origin or _origin(self.module)
            module = self._load() if self.source is None else self._execute(self.source)
            app = self._find_app(module)
        except StageError:
            raise
        except BaseException as error:
            raise StageError("import", self.explain(error)) from error
        if mistake := mistakes.of_app(app):
            raise StageError("import", mistake)
        return cast("ASGIApp", app)

    def _find_app(self, module: ModuleType) -> object:
        for name in self._names:
            found = getattr(module, name.removesuffix("()"), None)
            if not callable(found):
                continue
            if not name.endswith("()"):
                return found
            if callable(app := found()):
                return app
            message = f"`{name}` returned {app!r}: expected an ASGI application."
            raise StageError("import", message)
        names = " or ".join(f"`{name}`" for name in self._names)
        message = f"{self.module} has no {names}: give the module an ASGI application of that name."
        raise StageError("import", message)

    def _load(self) -> ModuleType:
        self.file = self._origin or self.file
        return importlib.import_module(self.module)

    def _execute(self, source: str) -> ModuleType:
        spec = importlib.util.spec_from_loader(self.module, loader=None, origin=self.file)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        # Where the module's own file is, so that edited code finds what lies beside it.
        module.__file__ = self._origin or self.file
        # No modification time: linecache then never looks for the file on disk.
        linecache.cache[self.file] = (
            len(source),
            None,
            # As Python numbers them: `splitlines` would also split at form feeds.
            StringIO(source, newline=None).readlines(),
            self.file,
        )
        self._place(module)
        try:
            exec(compile(source, self.file, "exec"), module.__dict__)  # noqa: S102 - running the reader's text is the point
        except BaseException:
            self._forget.close()
            raise
        return module

    def _place(self, module: ModuleType) -> None:
        """Let every way to import the module find this one, until it is forgotten."""
        package, _, name = self.module.rpartition(".")
        if package:
            parent = importlib.import_module(package)
            if name in vars(parent):
                self._forget.callback(setattr, parent, name, getattr(parent, name))
            else:
                self._forget.callback(delattr, parent, name)
            setattr(parent, name, module)
        sys.modules[self.module] = module
        self._forget.callback(sys.modules.pop, self.module, None)


def _origin(module: str) -> str | None:
    """The file that the module is in, if there is one."""
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # its package
        return None
    return spec.origin if spec is not None else None


def _refusal(message: str) -> str:
    """What an app said that refused to start: of a traceback, as Starlette sends it, the last line."""
    lines = message.strip().splitlines()
    if lines and lines[0].startswith("Traceback "):
        return f"The app could not be started: {lines[-1]}"
    return message or "The app refused to start."
