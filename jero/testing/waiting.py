"""How long the end of an application's call is waited for."""

import asyncio

from anyio import CancelScope


async def wait_returned(task: asyncio.Task[None], patience: float) -> bool:
    """Wait until `task` is done, and cancel it after `patience` seconds. Whether it returned by itself.

    It is done when this returns or raises. A cancel scope of anyio that is cancelled does not cut the wait short, so
    that teardown runs to its end there, too; `Task.cancel` does, and then cancels `task` and waits for that.
    """
    is_returned = False
    with CancelScope(shield=True):
        try:
            await asyncio.wait((task,), timeout=patience)
        finally:
            is_returned = task.done()
            if not is_returned:
                task.cancel()
                await asyncio.wait((task,))
    return is_returned
