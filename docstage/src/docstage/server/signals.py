"""The signals that end a process in order."""

import asyncio
import signal


def cancel_at_signals() -> None:
    """Cancel the current task at SIGTERM, and at SIGHUP, as asyncio does at Ctrl-C.

    SIGHUP comes when the terminal is closed. A process that ignores it (`nohup`) goes on ignoring it.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, task.cancel)
