"""What makes a snippet run: the same way in a page, on the embedded server, in a test and in a shell."""
