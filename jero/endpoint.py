"""An endpoint: one class a path, one method a verb."""

from typing import ClassVar

from jero.errors import WiringError


class Endpoint:
    """What is served under one path.

    A subclass names its path and defines `get`, `post`, `put`, `patch` or `delete` as coroutine functions. What
    each of them returns is told by its return annotation: a Struct or a list of Structs is sent as JSON, and a
    streaming response as what it is. `HEAD` and `OPTIONS` are answered for it.

        class OrdersEndpoint(Endpoint, path="/orders"):
            async def get(self) -> list[Order]: ...

    An endpoint is made once and serves every request, so what it needs comes through its `__init__`. Handlers are
    read when the application is wired; what cannot work there is a `WiringError`.
    """

    path: ClassVar[str]

    def __init_subclass__(cls, *, path: str | None = None) -> None:
        super().__init_subclass__()
        if path is None:
            return
        if not path.startswith("/") or any(char in path for char in "?#{} "):
            mend = (
                "paths are served as they are, there are no path parameters"
                if "{" in path
                else "expected one that begins with `/`, without query, fragment or blanks, such as '/orders'"
            )
            raise WiringError(f"{cls.__name__}: {path!r} is no path: {mend}")
        cls.path = path
