"""An endpoint that notes what it is given, and requests whose bodies come in pieces."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from inspect import Parameter, Signature
from typing import Any

from jero import EmptyResponse, Endpoint
from jero.testing import VirtualClock


class Echo(Endpoint):
    """Notes its argument."""

    def __init__(self) -> None:
        self.given: list[object] = []


def echo_of(argument: str, annotation: object, path: str = "/", method: str = "get") -> Echo:
    """An endpoint whose only handler takes `argument`, annotated so."""

    async def handle(self: Echo, **arguments: object) -> EmptyResponse:
        self.given += arguments.values()
        return EmptyResponse()

    taken = [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)]
    taken.append(Parameter(argument, Parameter.KEYWORD_ONLY))
    typed: Any = handle
    typed.__signature__ = Signature(taken)
    typed.__annotations__ = {argument: annotation, "return": EmptyResponse}
    return type("Echoing", (Echo,), {method: handle}, path=path)()


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to, on a clock of its own."""
    return asyncio.run(work, loop_factory=VirtualClock)


type Piece = bytes | float | Callable[[], Awaitable[object]]


async def pieces(chunks: Iterable[Piece], sent: list[bytes] | None = None) -> AsyncIterator[bytes]:
    """A body that comes in these chunks; a number is a pause, in seconds, and a function is waited for."""
    for chunk in chunks:
        if isinstance(chunk, bytes):
            if sent is not None:
                sent.append(chunk)
            yield chunk
        elif isinstance(chunk, float | int):
            await asyncio.sleep(chunk)
        else:
            await chunk()
