"""`BaseApp`: the ASGI application, with its endpoints, resources, middleware and lifespan."""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Concatenate

from jero.asgi import ASGIApp, Receive, Scope, Send
from jero.assembly import Assembly
from jero.authentication import Authenticator
from jero.custom_types import CustomTypes
from jero.endpoint import Endpoint, require_template
from jero.errors import HTTPError, WiringError
from jero.given import require_asgi, require_mapping, require_middleware, require_resource
from jero.openapi.about import About, Contact, License, Server
from jero.openapi.operations import Version
from jero.openapi.serving import Publication, require_servable


class BaseApp:
    """An ASGI 3 application. Subclass it, and include its endpoints in `_wire`:

        class App(BaseApp):
            async def _wire(self) -> None:
                self._include_endpoint(OrdersEndpoint())

        app = App()

    It is wired when the server starts it (ASGI lifespan). An error there, such as a `WiringError`, is reported by the
    server and keeps it from starting. Under a server without lifespan the application is wired on the first request.
    """

    ends_streams_on_signals: ClassVar[bool] = True
    """Whether to end open streams as soon as the process gets SIGINT or SIGTERM.

    Servers wait for open responses before they start the application's shutdown, so an endless stream would keep them
    from stopping. The server's own signal handler runs afterwards. Only in the main thread.
    """

    shutdown_timeout: ClassVar[float] = 10.0
    """How long, in seconds, the teardown of streams can take at shutdown before they are abandoned, and closing each
    resource before it is cancelled."""

    max_body: ClassVar[int | None] = 1_048_576
    """The largest body held in memory, and the longest line of an NDJSON body, in bytes; `None` for no limit. An
    endpoint can set its own."""

    body_timeout: ClassVar[float | None] = 30.0
    """How long, in seconds, a body can take to arrive before the request is answered with a 408; `None` for no limit.
    For a body that is streamed, the longest pause between two chunks. An endpoint can set its own."""

    custom_types: ClassVar[CustomTypes] = ()
    """The JSON form of classes that msgspec does not support: in responses, items, events, bodies, parameters, headers
    and members of problem details."""

    __jero__: Assembly
    """The only attribute that jero sets on an application. All other names are free for subclasses."""

    async def _wire(self) -> None:
        """Include everything the application serves. Runs once for each start, in the event loop that serves it."""

    def _include_endpoint(
        self, endpoint: Endpoint, *, authenticator: Authenticator[object] | None = None
    ) -> None:
        """Serve `endpoint` under its path; with an authenticator, only to authenticated users. Raises `WiringError`.

        A handler marked with `@operation(is_public=True)` does not need authentication.
        """
        _wiring(self, "_include_endpoint").include("", endpoint, authenticator)

    def _include_endpoints(
        self,
        prefix: str,
        *endpoints: Endpoint,
        authenticator: Authenticator[object] | None = None,
    ) -> None:
        """Serve each endpoint under `prefix` followed by its path. The path `/` means the prefix itself.

        Path parameters in the prefix are part of each path. Raises `WiringError`.
        """
        assembly = _wiring(self, "_include_endpoints")
        require_template(prefix, f"{type(self).__name__}._include_endpoints")
        if prefix.endswith("/"):
            raise WiringError(
                f"{type(self).__name__} includes endpoints under {prefix!r}: leave out the `/` at its end"
            )
        for endpoint in endpoints:
            assembly.include(prefix, endpoint, authenticator)

    def _mount(self, path: str, app: ASGIApp) -> None:
        """Mount another ASGI application: it serves everything under `path` that no endpoint does, WebSockets included.

        If several mounts match a path, the longest wins; a mount at `/` serves everything else. `path` is added to the
        `root_path` of the mounted application's scope (ASGI HTTP). Its lifespan runs within this application's: it is
        started after `_wire`, an error there keeps the server from starting, and it is shut down after the last stream
        has ended and before resources are closed. Under a server without lifespan it has none. Raises `WiringError`.
        """
        assembly, name = _wiring(self, "_mount"), type(self).__name__
        require_template(path, f"{name}._mount")
        if "{" in path or (path.endswith("/") and path != "/"):
            raise WiringError(
                f"{name} mounts under {path!r}: write the path without parameters and without a trailing `/`"
            )
        require_asgi(app, f"{name} mounts under {path!r}")
        if not assembly.dispatcher.mounts.add(path, app):
            raise WiringError(f"{name} mounts two applications under {path!r}: move one of them")

    def _include_openapi(  # noqa: PLR0913 - the members of an OpenAPI document
        self,
        path: str = "/openapi.json",
        *,
        viewer: str | None = None,
        title: str | None = None,
        version: str = "0.1.0",
        description: str | None = None,
        openapi: Version = "3.2",
        servers: Sequence[Server] = (),
        contact: Contact | None = None,
        license: License | None = None,  # noqa: A002 - its name in OpenAPI
    ) -> None:
        """Serve the OpenAPI document of all endpoints, also of those included later.

        It is made when wiring ends, so what cannot be documented keeps the application from starting. By default the
        API is called what the application's class is, and described by its docstring. `version` is the API's own.
        `openapi="3.1"` is for tools that do not read 3.2, in which alone the items of a stream have a place of their
        own. `viewer="/docs"` serves a page there that shows the document, and needs `jero[viewer]`. `servers`,
        `contact` and `license` are dictionaries as OpenAPI has them, such as `{"url": "https://api.example.com"}` and
        `{"name": "Apache 2.0", "identifier": "Apache-2.0"}`. Mounted applications are not documented, nor are endpoints
        and operations with `is_documented = False`. Raises `WiringError`.
        """
        assembly, own = _wiring(self, "_include_openapi"), About.of(self)
        about = About(
            title or own.title,
            version,
            own.description if description is None else description,
            openapi,
            servers,
            contact,
            license,
        )
        publication = Publication(path, viewer, about)
        require_servable(publication, f"{type(self).__name__}._include_openapi")
        assembly.publications.append(publication)

    def _enter[T](self, resource: AbstractAsyncContextManager[T]) -> Coroutine[object, object, T]:
        """Open a resource, such as a connection pool, and close it when the application shuts down.

        Resources are closed in reverse order after the last stream has ended, and also if startup fails. They are
        opened and closed in the same task. Under a server without lifespan they are never closed. Raises `WiringError`
        if `resource` is not an asynchronous context manager.
        """
        assembly = _wiring(self, "_enter")
        require_resource(resource, f"{assembly.name}._enter")
        return assembly.enter(resource)

    def _wrap[**P](
        self,
        middleware: Callable[Concatenate[ASGIApp, P], ASGIApp],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Wrap everything the application serves in an ASGI middleware, inside those that were added before."""
        assembly, name = _wiring(self, "_wrap"), f"{type(self).__name__}._wrap"
        require_middleware(middleware, args, kwargs, name)

        def wrap(app: ASGIApp) -> ASGIApp:
            wrapped = middleware(app, *args, **kwargs)
            require_asgi(wrapped, f"{name}: the middleware returns")
            return wrapped

        assembly.middleware.append(wrap)

    def _map_error[E: Exception](self, kind: type[E], to: Callable[[E], HTTPError]) -> None:
        """Answer exceptions of class `kind` with the `HTTPError` that `to` returns.

        Applies to handlers, and to streams before their first item. If several mapped classes match an exception, the
        nearest of its bases wins. Raises `WiringError` for a class that is already mapped.
        """
        assembly = _wiring(self, "_map_error")
        require_mapping(kind, to, f"{assembly.name}._map_error")
        if not assembly.dispatcher.map_error(kind, to):
            raise WiringError(
                f"{assembly.name} maps {kind.__name__} twice: remove one of the mappings"
            )

    def lifespan(self, _outer: object = None, /) -> AbstractAsyncContextManager[None]:
        """Runs this application's lifespan inside an outer application that does not run those of its mounts:

            outer = Starlette(routes=[Mount("/api", app=api)], lifespan=api.lifespan)

        Entering it wires the application and opens its resources. Leaving it ends open streams, waits until they are
        torn down, and closes the resources. Raises `WiringError`, and any error of `_wire`. Not needed with jero's own
        `_mount`, which runs the lifespans of mounted applications.
        """
        self.__jero__ = Assembly(self, BaseApp)
        return self.__jero__.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3.0)."""
        kind: str = scope["type"]
        if kind == "lifespan":
            # Its contents can belong to one event loop, so each start has its own.
            self.__jero__ = Assembly(self, BaseApp)
            await self.__jero__.live(receive, send)
        elif kind in {"http", "websocket"}:
            assembly = assembly_of(self)
            if not assembly.is_wired:
                await assembly.start()
            await assembly.serve(scope, receive, send)
        else:
            raise ValueError(f"jero does not support ASGI connections of the type {kind!r}")


def assembly_of(app: BaseApp) -> Assembly:
    """The current assembly of an application."""
    if not hasattr(app, "__jero__"):
        app.__jero__ = Assembly(app, BaseApp)
    return app.__jero__


def _wiring(app: BaseApp, method: str) -> Assembly:
    """The assembly of `app`, for a method that can only be called in `_wire`. Raises `WiringError` elsewhere."""
    assembly = assembly_of(app)
    assembly.require_wiring(method)
    return assembly
