"""The same stream in another framework and in jero."""
