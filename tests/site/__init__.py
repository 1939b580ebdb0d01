"""A real web site on 127.0.0.1 for tests to browse: `Site` serves it, `pages` says what it serves."""

from tests.site.server import Hit, Site

__all__ = ["Hit", "Site"]
