"""Questions to a supplier, and what comes back."""

from __future__ import annotations

__all__: list[str] = []
