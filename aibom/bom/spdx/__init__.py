"""Lineage → SPDX 3.0.1 in JSON-LD, with a list of what SPDX cannot carry.

Writing only. :func:`aibom.bom.spdx.document.to_spdx` makes the document, and
:func:`aibom.bom.spdx.check.checked_bytes` reads it back with the official bindings
(extra ``spdx``) before anybody gets to see it.
"""

from __future__ import annotations

__all__: list[str] = []
