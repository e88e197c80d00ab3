"""What the application serves: an endpoint a path."""
