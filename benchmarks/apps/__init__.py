"""One module a peer, each an ASGI application `app` with the same routes, written as the peer's own documentation
would have it. Where a peer has no form of its own for a line of JSON or an event, it is made by hand with msgspec.

    /ndjson/ready      40,000 items that are there            /first    one item, then 5 ms of silence
    /ndjson/suspended  … each after a turn of the event loop  /idle     one event, then silence
    /sse/ready         40,000 events that are there           /endless  items that are there, for ever
    /sse/suspended     … each after a turn of the event loop  /short    three items
    /chunks            10,000 chunks of 4 KiB                 /json     one item, whole
"""
