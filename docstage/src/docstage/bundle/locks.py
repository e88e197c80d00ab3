"""Locks between the processes that work in one checkout.

They are `flock`s, which the kernel releases however a process ends. A child process that inherits a lock's descriptor
keeps the lock until it has ended, too.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

_PAUSE: Final = 0.1
"""How long to wait before a lock that is taken is tried again, in seconds."""


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Generator[int]:
    """Hold the lock of this file, which is made if need be; its descriptor.

    `waiting` is called if another process holds it, before waiting for that. Raises `OSError`.
    """
    descriptor = _open(path)
    try:
        if not _lock(descriptor, fcntl.LOCK_EX):
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@asynccontextmanager
async def alocked(
    path: Path, waiting: Callable[[], None], *, shared: bool = False
) -> AsyncGenerator[int]:
    """The same in an event loop, and with others that take it as `shared`, if that is given."""
    descriptor = _open(path)
    try:
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        if not _lock(descriptor, how):
            waiting()
            while not _lock(descriptor, how):  # noqa: ASYNC110 - another process sets no event here
                await asyncio.sleep(_PAUSE)
        yield descriptor
    finally:
        os.close(descriptor)


class Held:
    """A folder that `delete_unheld` of any process leaves alone until `release`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def release(self) -> None:
        """Let the folder be deleted."""
        os.close(self._descriptor)


def hold(path: Path) -> Held | None:
    """Hold the folder at `path`, or the one that a symbolic link there points to. None if there is no folder."""
    while True:
        try:
            folder = path.resolve(strict=True)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, NotADirectoryError):
            return None
        with suppress(
            OSError
        ):  # on a file system without locks, nobody else holds or deletes either
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        if _is_at(folder, descriptor):
            return Held(folder, descriptor)
        os.close(descriptor)


def delete_unheld(folder: Path, delete: Callable[[Path], None]) -> None:
    """Call `delete` with `folder`, unless a process holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _lock(descriptor, fcntl.LOCK_EX):
            delete(folder)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)


def _lock(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the open folder is still the one of that name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
