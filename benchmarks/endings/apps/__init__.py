"""The same rows behind each framework, streamed as its own documentation has it: `/{kind}` is `stream.rows(kind)`."""
