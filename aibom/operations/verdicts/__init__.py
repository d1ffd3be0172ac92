"""Verdicts as signed statements, and relying on them."""

from __future__ import annotations

__all__: list[str] = []
