"""`BaseApp`: the ASGI application. What it serves, what it opens and closes, and its lifespan."""

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
    """An ASGI 3 application. Subclass it and say in `_wire` what it serves:

        class App(BaseApp):
            async def _wire(self) -> None:
                self._include_endpoint(OrdersEndpoint())

        app = App()

    It is wired when the server starts it (lifespan), and a failure there keeps the server from starting, with the
    `WiringError`'s text as the reason. Under a server without lifespan it is wired on the first request.
    """

    ends_streams_on_signals: ClassVar[bool] = True
    """Whether open streams are brought to their end as soon as SIGINT or SIGTERM asks the process to stop.

    Servers wait for open responses before they tell an application to shut down, so a stream without an end would
    keep them waiting for ever. The server's own handling of the signal follows as ever. Only in the main thread.
    """

    shutdown_timeout: ClassVar[float] = 10.0
    """How long teardown may take at shutdown before a stream is given up, and how long closing each resource may
    take before it is cancelled, in seconds."""

    max_body: ClassVar[int | None] = 1_048_576
    """The largest body that is held in memory, and the longest line of one that is read line by line, in bytes;
    `None` for any. An endpoint can have its own."""

    body_timeout: ClassVar[float | None] = 30.0
    """How long a body may take to arrive before it is given up with a 408, in seconds; `None` for ever. One that is
    read as it comes may be silent for that long. An endpoint can have its own."""

    custom_types: ClassVar[CustomTypes] = ()
    """What is sent and read for classes that msgspec does not know, wherever they stand: in responses, items, events,
    bodies, parameters, headers and the members of problems."""

    __jero__: Assembly
    """All that the framework keeps in an application, whose other names belong to its subclasses."""

    async def _wire(self) -> None:
        """Include everything the application serves. Runs once a start, in the event loop that will serve."""

    def _include_endpoint(
        self, endpoint: Endpoint, *, authenticator: Authenticator[object] | None = None
    ) -> None:
        """Serve `endpoint` under its path; with an authenticator, only to users that it knows. Raises `WiringError`.

        A handler that is marked with `@operation(is_public=True)` is served to everybody.
        """
        _wiring(self, "_include_endpoint").include("", endpoint, authenticator)

    def _include_endpoints(
        self,
        prefix: str,
        *endpoints: Endpoint,
        authenticator: Authenticator[object] | None = None,
    ) -> None:
        """Serve each endpoint under `prefix` and its path, where the path `/` is the prefix itself.

        Path parameters in the prefix belong to each path. Raises `WiringError`.
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
        """Let another ASGI application serve everything under `path` that no endpoint does, WebSockets included.

        Under `/` it serves all that nothing else does. Where two are mounted above a path, the longer of theirs counts.
        It finds `path` added to its `root_path`, as
        ASGI has it. Its lifespan runs within this application's: it is started after `_wire`, a failure there keeps
        the server from starting, and it is stopped after the last stream has ended and before what was entered is
        closed. Under a server without lifespan it has none. Raises `WiringError`.
        """
        assembly, name = _wiring(self, "_mount"), type(self).__name__
        require_template(path, f"{name}._mount")
        if "{" in path or (path.endswith("/") and path != "/"):
            raise WiringError(
                f"{name} mounts under {path!r}: write it without path parameters and without a `/` at its end"
            )
        require_asgi(app, f"{name} mounts under {path!r}")
        if not assembly.dispatcher.mounts.add(path, app):
            raise WiringError(f"{name} mounts two applications under {path!r}: move one of them")

    def _include_openapi(  # noqa: PLR0913 - what a document says of an API
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
        license: License | None = None,  # noqa: A002 - what OpenAPI calls it
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
        """Open a resource for as long as the application runs: a pool, a client.

        Resources are closed in reverse after the last stream has ended, also when starting up fails half-way. They
        are opened and closed in one task. Under a server without lifespan they are never closed. Raises `WiringError`
        for what is no asynchronous context manager.
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
        """Put an ASGI middleware around everything that is served, inside of those that were put before."""
        assembly, name = _wiring(self, "_wrap"), f"{type(self).__name__}._wrap"
        require_middleware(middleware, args, kwargs, name)

        def wrap(app: ASGIApp) -> ASGIApp:
            wrapped = middleware(app, *args, **kwargs)
            require_asgi(wrapped, f"{name}: the middleware returns")
            return wrapped

        assembly.middleware.append(wrap)

    def _map_error[E: Exception](self, kind: type[E], to: Callable[[E], HTTPError]) -> None:
        """Answer errors of this kind, from handlers and from streams before their first item, with what `to` makes.

        The nearest class of an error's own bases counts. Raises `WiringError` for a kind that is mapped already.
        """
        assembly = _wiring(self, "_map_error")
        require_mapping(kind, to, f"{assembly.name}._map_error")
        if not assembly.dispatcher.map_error(kind, to):
            raise WiringError(f"{assembly.name} maps {kind.__name__} twice: leave one of them out")

    def lifespan(self, _outer: object = None, /) -> AbstractAsyncContextManager[None]:
        """Runs this application's lifespan, for an outer application that mounts it and runs none for what it mounts:

            outer = Starlette(routes=[Mount("/api", app=api)], lifespan=api.lifespan)

        Entering it wires the application and opens its resources; leaving it ends open streams, waits until they are
        torn down, and closes the resources. Raises `WiringError`, and whatever `_wire` raises. jero's own `_mount` runs
        the lifespans of what it mounts by itself.
        """
        self.__jero__ = Assembly(self, BaseApp)
        return self.__jero__.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        kind: str = scope["type"]
        if kind == "lifespan":
            # What is kept there may belong to one event loop, so each start has its own.
            self.__jero__ = Assembly(self, BaseApp)
            await self.__jero__.live(receive, send)
        elif kind in {"http", "websocket"}:
            assembly = assembly_of(self)
            if not assembly.is_wired:
                await assembly.start()
            await assembly.serve(scope, receive, send)
        else:
            raise ValueError(f"jero does not serve ASGI connections of the type {kind!r}")


def assembly_of(app: BaseApp) -> Assembly:
    """What an application is made of at present."""
    if not hasattr(app, "__jero__"):
        app.__jero__ = Assembly(app, BaseApp)
    return app.__jero__


def _wiring(app: BaseApp, method: str) -> Assembly:
    """What `app` is made of, for a method that may be called in `_wire` only. Raises `WiringError` elsewhere."""
    assembly = assembly_of(app)
    assembly.require_wiring(method)
    return assembly
