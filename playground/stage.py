"""A module brought to life: imported once, its `app` started once, ready to be asked many times."""

import asyncio
import importlib
import importlib.util
import linecache
import sys
import traceback
from types import ModuleType
from typing import Literal, cast

from playground.asgi import ASGIApp, Lifespan, StartupFailedError


class StageError(Exception):
    """The module could not be imported, or its app could not be started. The cause, if any, is chained."""

    def __init__(self, stage: Literal["import", "startup"], message: str) -> None:
        super().__init__(message)
        self.stage: Literal["import", "startup"] = stage


class Stage:
    """The app of one module, from import to lifespan shutdown.

    `module` is a dotted name. With `source`, that text is run in the module's place, as if the file held it: it
    takes the module's name, and its lines show in tracebacks. Close one stage of a module before the next opens.
    """

    def __init__(self, module: str, source: str | None = None) -> None:
        self.module = module
        self.source = source
        self.file = module.replace(".", "/") + ".py"
        self._app: ASGIApp | None = None
        self._lifespan: Lifespan | None = None
        self._starting = asyncio.Lock()

    async def app(self) -> ASGIApp:
        """The app, imported and started. Raises `StageError`; the next call then tries again."""
        async with self._starting:
            if self._app is None:
                app = self._import()
                lifespan = Lifespan(app)
                try:
                    await lifespan.start()
                except StartupFailedError as error:
                    raise StageError("startup", str(error) or "The app refused to start.") from None
                self._app, self._lifespan = app, lifespan
        return self._app

    async def aclose(self, patience: float = 5.0) -> None:
        """Shut the app down, waiting at most `patience` seconds, and forget edited source."""
        async with self._starting:
            if self._lifespan is not None:
                await self._lifespan.stop(patience)
            self._app = self._lifespan = None
            if self.source is not None:
                sys.modules.pop(self.module, None)
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

    def _owns(self, filename: str | None) -> bool:
        return filename is not None and filename.replace("\\", "/").endswith(self.file)

    def _import(self) -> ASGIApp:
        try:
            module = (
                importlib.import_module(self.module)
                if self.source is None
                else self._execute(self.source)
            )
        except (Exception, SystemExit) as error:
            summary = traceback.format_exception_only(error)[-1].strip()
            raise StageError("import", summary) from error
        app: object = getattr(module, "app", None)
        if not callable(app):
            message = (
                f"{self.module} has no `app`: give the module an ASGI application of that name."
            )
            raise StageError("import", message)
        return cast("ASGIApp", app)

    def _execute(self, source: str) -> ModuleType:
        spec = importlib.util.spec_from_loader(self.module, loader=None, origin=self.file)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        module.__file__ = self.file
        if "." in self.module:
            importlib.import_module(self.module.rpartition(".")[0])
        # No modification time: linecache then never looks for the file on disk.
        linecache.cache[self.file] = (
            len(source),
            None,
            source.splitlines(keepends=True),
            self.file,
        )
        sys.modules[self.module] = module
        try:
            exec(compile(source, self.file, "exec"), module.__dict__)  # noqa: S102 - running the reader's text is the point
        except BaseException:
            sys.modules.pop(self.module, None)
            raise
        return module
