"""Examples of the Logging and observability page."""
