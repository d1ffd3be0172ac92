"""One signed archive of all that can be shown about an artifact."""

from __future__ import annotations

__all__: list[str] = []
