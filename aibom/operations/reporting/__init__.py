"""Reports about a BOM: due diligence, and how complete it is."""

from __future__ import annotations

__all__: list[str] = []
