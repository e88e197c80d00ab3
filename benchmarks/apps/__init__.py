"""One module a peer, each an ASGI application `app` with the routes of `benchmarks.data`, written as the peer's own
documentation would have it. Where a peer has no form of its own for a line of JSON or an event, or for reading lines,
it is made by hand with msgspec.

    GET /ndjson/ready, /ndjson/suspended, /short, /endless, /first    trades as NDJSON
    GET /records                                                      records as NDJSON
    GET /sse/ready, /sse/suspended, /sse/retry, /fan_out, /idle       trades as events with a name and an id
    GET /tokens, /paced                                               tokens as events
    GET /chunks      chunks of bytes
    GET /json        one trade
    POST /upload     trades as NDJSON; answers with their totals
    POST /body       an order; answers with the totals of its trades, or with 400 or 422 if it is invalid
"""
