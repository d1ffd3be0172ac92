"""The browser for the tests here; see ``tests/chromium.py`` for where it is missing."""

from __future__ import annotations

from chromium import browser

__all__ = ["browser"]
