"""httpx and its successor httpx2, which have the same interface. A transport serves the clients of both.

Both are imported here only, and one of them is enough. For type checkers, both always exist: they treat names of a
missing library as `Any`.
"""

import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import httpx
    import httpx2

    type Request = httpx.Request | httpx2.Request

    # Their methods take and return what is of their own library. Both subclasses overload them.
    class AsyncTransport(httpx.AsyncBaseTransport, httpx2.AsyncBaseTransport):  # type: ignore[misc]
        """What both libraries take for a transport of an `AsyncClient`."""

    class SyncTransport(httpx.BaseTransport, httpx2.BaseTransport):  # type: ignore[misc]
        """What both libraries take for a transport of a `Client`."""


NAMES: Final = ("httpx", "httpx2")


class StreamedResponse(Protocol):
    """A response that is being streamed: `httpx.Response`, `httpx2.Response`, or any other of their shape."""

    @property
    def status_code(self) -> int:
        """The status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, whatever the case of their names."""
        ...

    def iter_bytes(self) -> Iterator[bytes]:
        """The body, decoded from its content coding."""
        ...


class AsyncStreamedResponse(Protocol):
    """A response that is being streamed to an asynchronous client (see `StreamedResponse`)."""

    @property
    def status_code(self) -> int:
        """The status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, whatever the case of their names."""
        ...

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The body, decoded from its content coding."""
        ...


class Library:
    """One of the two libraries: what the transports need of it, typed as that of httpx."""

    def __init__(self, module: ModuleType) -> None:
        self.response: type[httpx.Response] = module.Response
        self.byte_stream: type[httpx.ByteStream] = module.ByteStream
        self.protocol_error: type[httpx.RemoteProtocolError] = module.RemoteProtocolError
        self.async_stream: Callable[[AsyncBody], httpx.AsyncByteStream] = type(
            "AsyncStream", (_AsyncStream, module.AsyncByteStream), {}
        )
        self.sync_stream: Callable[[SyncBody], httpx.SyncByteStream] = type(
            "SyncStream", (_SyncStream, module.SyncByteStream), {}
        )


class AsyncBody(Protocol):
    """The body of a response to an asynchronous client."""

    def chunks(self) -> AsyncGenerator[bytes]:
        """Each chunk, as soon as it is there."""
        ...

    async def close(self) -> None:
        """Leave."""
        ...


class SyncBody(Protocol):
    """The body of a response to a client without async."""

    def chunks(self) -> Generator[bytes]:
        """Each chunk, as soon as it is there."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


class _AsyncStream:
    def __init__(self, body: AsyncBody) -> None:
        self._body = body

    def __aiter__(self) -> AsyncGenerator[bytes]:
        return self._body.chunks()

    async def aclose(self) -> None:
        await self._body.close()


class _SyncStream:
    def __init__(self, body: SyncBody) -> None:
        self._body = body

    def __iter__(self) -> Generator[bytes]:
        return self._body.chunks()

    def close(self) -> None:
        self._body.close()


def _installed() -> dict[str, ModuleType]:
    found: dict[str, ModuleType] = {}
    for name in NAMES:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name != name:
                raise
        else:
            found[module.__name__] = module  # the same for both where one is an alias of the other
    if not found:
        raise ModuleNotFoundError(
            "jero.testing needs httpx2 or httpx: install `jero[testing-httpx2]` or `jero[testing]`"
        )
    return found


_modules: Final = _installed()
_libraries: Final = {name: Library(module) for name, module in _modules.items()}

if not TYPE_CHECKING:
    AsyncTransport = type(
        "AsyncTransport", tuple(module.AsyncBaseTransport for module in _modules.values()), {}
    )
    SyncTransport = type(
        "SyncTransport", tuple(module.BaseTransport for module in _modules.values()), {}
    )


def library_of(request: "Request") -> Library:
    """The library that `request` is of. Raises `TypeError` for a request of neither."""
    for base in type(request).__mro__:
        if (library := _libraries.get(base.__module__.partition(".")[0])) is not None:
            return library
    given: type[Any] = type(request)
    raise TypeError(
        f"expected a request of {' or '.join(_libraries)}, and this is a {given.__module__}.{given.__qualname__}"
    )
