"""What a built site needs to run Python in the reader's browser: scripts, wheels, bytecode, licences."""
