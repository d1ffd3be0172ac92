"""Verdicts as JSON: the source of truth that every other rendering is made from."""

from __future__ import annotations

import json

from aibom.verdict import Verdict

__all__ = ["verdict_json"]


def verdict_json(verdict: Verdict) -> bytes:
    """The verdict in the form of ``schemas/verdict-1.json``, sorted, indented, UTF-8.

    A file name that is not Unicode stands as the lone surrogates Python reads it as,
    escaped, as JSON allows.
    """
    text = json.dumps(
        verdict.to_document(), indent=2, sort_keys=True, ensure_ascii=False
    )
    # A runner that reads a job's output obeys this anywhere in it.
    safe = text.replace("##[", "#\\u0023[")
    return f"{safe}\n".encode("utf-8", "backslashreplace")
