"""The import gate: resolve, lock, fetch into quarantine, decide, promote."""

from __future__ import annotations

__all__: list[str] = []
