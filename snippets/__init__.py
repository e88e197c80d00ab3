"""The examples of the documentation: each module is one, and each can be run, tested and edited on its own."""
