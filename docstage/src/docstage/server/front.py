"""What the reader's browser talks to: the site, the news of its notices, and the worker behind its proxy."""

import logging
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http import HTTPMethod

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp
from typing_extensions import override

from docstage.run.runner import Limits
from docstage.server.builds import BuildNotices, Builds
from docstage.server.guards import SameOrigin
from docstage.server.supervisor import Supervisor


class Configuration(msgspec.Struct, frozen=True):
    """What a page asks first: whether there is a server to run snippets, and what they may take there."""

    limits: Limits
    server: bool = True


def application(
    site: ASGIApp, notices: BuildNotices, proxy: ASGIApp, limits: Limits, hosts: list[str]
) -> ASGIApp:
    """The whole of what is served, to those who ask for one of `hosts`."""
    configuration = msgspec.json.encode(Configuration(limits))

    async def configure(_: Request) -> Response:
        # Replaces the static file of that name, by which a page on a static host knows that there is no server.
        headers = {"cache-control": "no-store"}
        return Response(configuration, media_type="application/json", headers=headers)

    return Starlette(
        routes=[
            Route("/assets/live/config.json", configure, methods=[HTTPMethod.GET]),
            Route("/live/builds", Builds(notices)),
            Route("/live/{path:path}", proxy),
            Mount("/", site),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
            Middleware(SameOrigin),
        ],
    )


class Server(uvicorn.Server):
    """uvicorn, which at shutdown waits for its streams: here they are brought to their end first."""

    def __init__(
        self,
        app: ASGIApp,
        notices: BuildNotices,
        supervisor: Supervisor,
        started_serving: Callable[[], None],
    ) -> None:
        self._started_serving = started_serving
        self._notices = notices
        self._supervisor = supervisor
        super().__init__(
            uvicorn.Config(
                app,
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )

    @contextmanager
    @override
    def capture_signals(self) -> Generator[None]:
        # `serve` answers signals, and cleans up after the server has stopped.
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started_serving()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # What is cut off from here on is cut off on purpose: nothing to report.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._notices.close()
        await self._supervisor.stop()
        await super().shutdown(sockets)
