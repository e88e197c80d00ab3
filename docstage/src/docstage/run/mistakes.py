"""Common mistakes in an example, and how to fix each. It knows ASGI and Python, and no framework."""

import inspect
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

from docstage.run.no_threads import NO_THREAD

BROWSER: Final = sys.platform == "emscripten"

_NOT_AWAITABLE: Final = re.compile(
    r"object \w+ can't be (?:used in 'await' expression|awaited)|'\w+' object can't be awaited"
)


def of_app(app: object) -> str:
    """Why `app` cannot be called as ASGI 3 has it, and what to do; empty if it can, as far as its signature says."""
    try:
        # What a decorator wraps says nothing of how the wrapper is called.
        signature = inspect.signature(app, follow_wrapped=False)  # pyright: ignore[reportArgumentType] - raises TypeError if it is not callable
    except (TypeError, ValueError):
        return ""

    def takes(count: int) -> bool:
        try:
            signature.bind(*range(count))
        except TypeError:
            return False
        return True

    if isinstance(app, type) and takes(0):
        return f"`app` is a class: create an instance, as in `app = {app.__name__}()`."
    if takes(3):
        return ""
    if takes(2) and not isinstance(app, type):
        return (
            "`app` takes two arguments, as WSGI applications do, and an example is an ASGI application: "
            "wrap it, for example with `app = a2wsgi.WSGIMiddleware(app)`."
        )
    if takes(1):
        return (
            "`app` takes the scope only, as ASGI 2 applications do, and an example is an ASGI 3 application: "
            "wrap it with `app = asgiref.compatibility.guarantee_single_callable(app)`."
        )
    if takes(0):
        name = getattr(app, "__name__", "app")
        name = "create_app" if name == "app" else name
        return f"`app` is a function without arguments: if it creates the application, write `app = {name}()`."
    return f"`app{signature}` cannot be called with `(scope, receive, send)`, as ASGI applications are."


def of_error(error: BaseException, file: str) -> str:
    """What to do about `error`, raised by the module in `file`; empty if that is not known."""
    return next(filter(None, (_advice(each, file) for each in _chain(error))), "")


def with_advice(message: str, advice: str) -> str:
    """Both, as one text."""
    return f"{message.rstrip('.')}. {advice}" if advice else message


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that it was raised from or that are grouped in it, each once."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, BaseExceptionGroup):
            waiting.extend(cast("BaseExceptionGroup", each).exceptions)
        if each.__cause__ is not None:
            waiting.append(each.__cause__)


def _advice(error: BaseException, file: str) -> str:
    match error:
        case SystemExit():
            return (
                "The code called `sys.exit`, and examples share their process: "
                "raise another exception, or exit below `if __name__ == '__main__':`."
            )
        case RuntimeError() if BROWSER and "can't start new thread" in str(error):
            return f"{NO_THREAD}."
        case OSError() if BROWSER and "does not support processes" in str(error):
            return (
                "Python in the browser cannot start processes: "
                "download the example as a project and run it on your machine."
            )
        case RuntimeError() if "running event loop" in str(error) and "asyncio.run" in str(error):
            return (
                "The event loop that serves `app` is running already: "
                "start servers and event loops of your own below `if __name__ == '__main__':`."
            )
        case TypeError() if _NOT_AWAITABLE.search(str(error)) and _is_of_the_call(error):
            return "Calling `app` did not return an awaitable: declare it with `async def`, and without `yield`."
        case FileNotFoundError(filename=str() | bytes() as name):
            return _advice_on_file(Path(os.fsdecode(name)), file)
        case _:
            return ""


def _is_of_the_call(error: BaseException) -> bool:
    """Whether it was raised where the app is called, and not in anything of the app's."""
    return error.__traceback__ is not None and error.__traceback__.tb_next is None


def _advice_on_file(path: Path, file: str) -> str:
    beside = Path(file).parent
    if not path.is_absolute():
        for folder in (beside, *beside.parents[:3]):
            if (folder / path).exists():
                found = os.path.relpath(folder / path, beside)
                return (
                    "Relative paths start at the working directory, not at the example: "
                    f"open `Path(__file__).parent / {found!r}`."
                )
    if not BROWSER:
        return ""
    return (
        "In the browser there are no files but those of the examples: "
        "put it beside the example in the repository, or write it first."
    )
