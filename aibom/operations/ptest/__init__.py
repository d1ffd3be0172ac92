"""Tests of policies: read, set up as worlds, run, and compared."""

from __future__ import annotations

__all__: list[str] = []
