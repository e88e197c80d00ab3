"""What a documentation page makes of an example: the `live` fence, its rows, and what goes beside the pages."""
