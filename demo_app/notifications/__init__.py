"""Notifications: the feed that carries them, in one process or across many."""
