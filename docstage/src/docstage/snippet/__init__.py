"""Examples as files: a module, the requests for it, and the recording of what they returned."""
