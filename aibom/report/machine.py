"""Verdicts as JSON: the source of truth that every other rendering is made from."""

from __future__ import annotations

import json

from aibom.verdict import Verdict

__all__ = ["verdict_json"]


def verdict_json(verdict: Verdict) -> str:
    """The verdict in the form of ``schemas/verdict-1.json``, sorted and indented."""
    return (
        json.dumps(verdict.to_document(), indent=2, sort_keys=True, ensure_ascii=False)
        + "\n"
    )
