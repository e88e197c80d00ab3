"""The first snippet of a project, with its requests, and the page that shows it."""

from typing import Final

NAME: Final = "hello"

REQUESTS: Final = """\
### Say hello

GET http://127.0.0.1:8000/hello/Ada

### Count to three

GET http://127.0.0.1:8000/count
"""

PAGE: Final = """\
# Live examples

Choose a request and run it. The output below it is recorded, and `docstage check` compares it with a new run.

```live
{name}
```

Show a part of the module, and begin with another request:

```live
{name}:count
request: Count to three
```
"""

INDEX: Final = """\
# {title}

See the [live examples]({page}).
"""

_FASTAPI: Final = '''\
"""A greeting, and numbers that arrive one by one."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/hello/{name}")
async def hello(name: str) -> dict[str, str]:
    return {"hello": name}


# --8<-- [start:count]
async def numbers() -> AsyncIterator[str]:
    for number in (1, 2, 3):
        await asyncio.sleep(0.3)
        yield f"{number}\\n"


@app.get("/count")
async def count() -> StreamingResponse:
    return StreamingResponse(numbers(), media_type="text/plain")
# --8<-- [end:count]
'''

_STARLETTE: Final = '''\
"""A greeting, and numbers that arrive one by one."""

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route


async def hello(request: Request) -> JSONResponse:
    return JSONResponse({"hello": request.path_params["name"]})


# --8<-- [start:count]
async def numbers() -> AsyncIterator[str]:
    for number in (1, 2, 3):
        await asyncio.sleep(0.3)
        yield f"{number}\\n"


async def count(request: Request) -> StreamingResponse:
    return StreamingResponse(numbers(), media_type="text/plain")
# --8<-- [end:count]


app = Starlette(routes=[Route("/hello/{name}", hello), Route("/count", count)])
'''

_PLAIN: Final = '''\
"""A greeting, and numbers that arrive one by one."""

import asyncio


async def app(scope, receive, send):
    """An ASGI application. Any framework's will do."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["path"].startswith("/hello/"):
        name = scope["path"].removeprefix("/hello/")
        await send({"type": "http.response.body", "body": f"Hello, {name}!\\n".encode()})
        return
    # --8<-- [start:count]
    for number in (1, 2, 3):
        await asyncio.sleep(0.3)
        body = f"{number}\\n".encode()
        await send({"type": "http.response.body", "body": body, "more_body": True})
    # --8<-- [end:count]
    await send({"type": "http.response.body", "body": b""})
'''

MODULES: Final = {"fastapi": _FASTAPI, "starlette": _STARLETTE, "": _PLAIN}
"""The module by framework; without one, plain ASGI."""
