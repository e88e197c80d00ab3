"""`serve`: the embedded server from start to Ctrl-C."""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from msgspec import Struct

from docstage.bundle.locks import hold
from docstage.server.builds import BuildNotices, Built, Failed
from docstage.server.console import announce, report
from docstage.server.front import Server, application
from docstage.server.guards import allowed_hosts
from docstage.server.proxy import Proxy
from docstage.server.rebuild import Builder, BuildError
from docstage.server.signals import cancel_at_signals
from docstage.server.site import Site
from docstage.server.supervisor import Supervisor, Timeouts
from docstage.snippet.project import Project


class ServeError(Exception):
    """The server cannot start. The message is one sentence that says why, and what to do."""


class Options(Struct, frozen=True, kw_only=True):
    """What is served, and where.

    `names` are further names that readers may call the server by. The site in `site` (default: the project's) is built
    first unless it is of what the sources are now, and again whenever they change; without `build` it is served as it
    is.
    """

    project: Project
    host: str = "127.0.0.1"
    port: int = 8000
    names: tuple[str, ...] = ()
    site: Path | None = None
    build: bool = True
    bundle: bool = True
    timeouts: Timeouts = Timeouts()


def serve(options: Options) -> int:
    """Serve until Ctrl-C, SIGTERM or SIGHUP. Returns the process's exit status: 1 if the server could not start."""

    async def main() -> None:
        cancel_at_signals()
        await run(options, lambda url: announce(f"Serving {url} (Ctrl-C to stop)"))

    try:
        asyncio.run(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0
    except ServeError as error:
        report(str(error))
        return 1
    return 0


async def run(options: Options, started: Callable[[str], None]) -> None:
    """Serve until cancelled, and call `started` with the URL once requests are answered. Raises `ServeError`."""
    with _listen(options.host, options.port) as listener:
        project = options.project
        config = project.config
        folder = options.site or project.root / config.site
        builder = Builder(project, folder, bundle=options.bundle)
        if options.build and not builder.is_current():
            await _build_first(builder)
        held = hold(folder)
        if held is None or not (held.path / "index.html").is_file():
            raise ServeError(f"There is no site in {folder}: build it first.")
        site, notices = Site(held), BuildNotices()
        async with Supervisor(project, options.timeouts) as supervisor, AsyncExitStack() as stack:
            stack.callback(site.close)
            proxy = await stack.enter_async_context(
                Proxy(supervisor, config.server.body, options.timeouts.request)
            )
            hosts = allowed_hosts(options.host, options.names)
            app = application(site, notices, proxy, config.limits, hosts)
            url = _url(options.host, listener)
            server = Server(app, notices, supervisor, lambda: started(url))
            async with asyncio.TaskGroup() as group:
                if options.build:
                    group.create_task(_follow_edits(builder, site, notices, supervisor))
                serving = group.create_task(server.serve([listener]))
                try:
                    await asyncio.shield(serving)
                finally:
                    server.should_exit = True
                    await serving


async def _build_first(builder: Builder) -> None:
    report("Building the site …")
    try:
        (await builder.build(is_shown=True)).release()
    except BuildError as error:
        raise ServeError(f"{error}\nThe site could not be built.") from None


async def _follow_edits(
    builder: Builder, site: Site, notices: BuildNotices, supervisor: Supervisor
) -> None:
    """Whenever sources change, restart the worker, rebuild the site, and notify the open pages."""
    changed: asyncio.Queue[set[Path]] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        group.create_task(builder.watch(changed))
        while True:
            paths = await changed.get()
            while not changed.empty():
                paths |= changed.get_nowait()
            if not await asyncio.to_thread(builder.has_news):
                continue
            if not paths or any(path.suffix == ".py" for path in paths):
                supervisor.replace()
            try:
                site.show(await builder.build())
            except BuildError as error:
                report(f"{error}\nThe site could not be built. The previous build is still served.")
                notices.publish(Failed(str(error)))
            else:
                report("The site was rebuilt.")
                notices.publish(Built(builder.builds))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            reason = "is taken: stop what uses it, or choose another with --port"
        else:
            reason = f"cannot be used: {error}"
        raise ServeError(f"Port {port} of {host} {reason}.") from None


def _url(host: str, listener: socket.socket) -> str:
    port: int = listener.getsockname()[1]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - asked for in so many words
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
