"""Streaming: how items become bytes, how a stream is opened and closed, and the one loop that sends it."""
