"""Mounted applications: which one serves a path, and their lifespans."""

from collections.abc import AsyncGenerator, ItemsView
from contextlib import AsyncExitStack, asynccontextmanager

from jero.asgi import ASGIApp, Scope, path_below
from jero.errors import NotFoundError
from jero.lifespan import Lifespan, LifespanError
from jero.routing import MountedRoute


class Mounts:
    """The mounted applications, by path."""

    def __init__(self) -> None:
        self._apps: dict[str, ASGIApp] = {}
        self._states: dict[str, dict[str, object]] = {}

    def __len__(self) -> int:
        return len(self._apps)

    def add(self, path: str, app: ASGIApp) -> bool:
        """Mount `app` at `path`. False, without a change, if the path is taken."""
        if path in self._apps:
            return False
        self._apps[path] = app
        return True

    def items(self) -> ItemsView[str, ASGIApp]:
        """Each path and its application."""
        return self._apps.items()

    def find(self, scope: Scope) -> tuple[ASGIApp, Scope] | None:
        """The application with the longest matching path, and its scope for this connection, or `None`."""
        path = path_below(scope)
        # Only `/` ends with a slash, and it matches every path.
        roots = [root for root in self._apps if f"{path}/".startswith(f"{root.rstrip('/')}/")]
        if not roots:
            return None
        root = max(roots, key=len)
        outer_root: str = scope.get("root_path", "").rstrip("/")
        inner = {**scope, "root_path": outer_root + root.rstrip("/")}
        inner.pop("route", None)
        scope["route"] = MountedRoute(root, outer_root, inner)
        if root in self._states:
            inner["state"] = scope.get("state", {}) | self._states[root]
        return self._apps[root], inner

    def require(self, scope: Scope) -> tuple[ASGIApp, Scope]:
        """Like `find`, but raises `NotFoundError` if no path matches."""
        found = self.find(scope)
        if found is None:
            raise NotFoundError(f"Nothing is served under {scope['path']}")
        return found

    @asynccontextmanager
    async def live(self) -> AsyncGenerator[None]:
        """Run all lifespans: start them in order, and stop them in reverse order.

        An application that is mounted twice is started once. Raises `LifespanError`, which names the path, and any
        other exception of an application while it is stopped; the others are stopped nevertheless.
        """
        states: dict[int, dict[str, object]] = {}
        async with AsyncExitStack() as stack:
            for path, app in self._apps.items():
                if id(app) not in states:
                    lifespan = await _start(path, app)
                    stack.push_async_callback(_stop, path, lifespan)
                    states[id(app)] = lifespan.state
                self._states[path] = states[id(app)]
            yield


async def _start(path: str, app: ASGIApp) -> Lifespan:
    lifespan = Lifespan(app)
    try:
        await lifespan.start()
    except LifespanError as error:
        raise _named("startup", path, error) from error
    except BaseException:
        await lifespan.abandon()
        raise
    return lifespan


async def _stop(path: str, lifespan: Lifespan) -> None:
    try:
        await lifespan.stop()
    except LifespanError as error:
        raise _named("shutdown", path, error) from error


def _named(phase: str, path: str, error: LifespanError) -> LifespanError:
    return LifespanError(f"{phase} of the application mounted under {path!r} failed: {error}")
