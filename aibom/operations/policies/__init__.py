"""The verifier's folder: start it, read it, lock it, compare it."""

from __future__ import annotations

__all__: list[str] = []
