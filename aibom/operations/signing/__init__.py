"""Who signs, and what: BOMs, records, in which form."""

from __future__ import annotations

__all__: list[str] = []
