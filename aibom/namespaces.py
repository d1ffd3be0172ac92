"""Names such as ``acme/lab-7`` and the patterns that namespaces are written as.

A name is split at ``/``; a pattern is compared segment by segment, letter by letter. ``*``
stands for any run of characters inside one segment, and ``**`` as a whole last segment for
any number of segments. Nothing else is special, and nothing crosses a ``/``, so ``acme/*``
matches neither ``acme`` nor ``acme-evil/x`` nor ``acme/a/b``.
"""

from __future__ import annotations

import re

__all__ = ["name_matches"]


def name_matches(pattern: str, name: str) -> bool:
    """Whether the whole name matches the whole pattern."""
    wanted, found = pattern.split("/"), name.split("/")
    if wanted[-1] == "**":
        wanted = wanted[:-1]
        if len(found) <= len(wanted):
            return False
        found = found[: len(wanted)]
    return len(wanted) == len(found) and all(
        _segment(one, other) for one, other in zip(wanted, found, strict=True)
    )


def _segment(pattern: str, text: str) -> bool:
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch("[^/]*".join(parts), text, re.DOTALL) is not None
