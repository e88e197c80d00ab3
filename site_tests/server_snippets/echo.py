"""Answers with what it was asked, as its server tells it."""

import json

from docstage.run.asgi import Receive, Scope, Send


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    body = b""
    while (message := await receive()).get("body"):
        body += message["body"]
        if not message["more_body"]:
            break
    told = {name: scope[name] for name in ("method", "path", "root_path")}
    told["raw_path"] = scope["raw_path"].decode()
    told["query"] = scope["query_string"].decode()
    told["headers"] = {name.decode(): value.decode() for name, value in scope["headers"]}
    told["body"] = body.decode()
    headers = [(b"x-snippet", b"echo"), (b"x-snippet", b"again"), (b"connection", b"x-hop")]
    headers.append((b"x-hop", b"for the neighbour"))
    await send({"type": "http.response.start", "status": 418, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})
