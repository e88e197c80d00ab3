"""How long the end of an application's call is waited for, also where a cancel scope of anyio is cancelled."""

import asyncio

from anyio import CancelScope

from jero import lifespan


async def wait_returned(task: asyncio.Task[None], timeout: float) -> bool:  # noqa: ASYNC109 - see there
    """Wait until `task` is done, and cancel it after `timeout` seconds. Whether it returned by itself.

    It is done when this returns or raises. A cancel scope of anyio that is cancelled does not cut the wait short, so
    that teardown runs to its end there, too; `Task.cancel` does, and then cancels `task` and waits for that.
    """
    is_returned = False
    with CancelScope(shield=True):
        is_returned = await lifespan.wait_returned(task, timeout)
    return is_returned  # noqa: RET504 - to a type checker, a scope may swallow what is raised in it
