"""The browser of the site's tests, for the viewer."""

from site_tests.conftest import chromium, page

__all__ = ["chromium", "page"]
