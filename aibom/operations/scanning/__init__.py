"""What a place says of itself, here or at a hub, as claims in a lineage."""

from __future__ import annotations

__all__: list[str] = []
