"""A BOM inside a statement must be the BOM beside it, as every reader parses it."""

from __future__ import annotations

from aibom.attest.bom_statement import BomSubject
from aibom.errors import VerificationFailed
from aibom.statement import parse_json, to_json

__all__ = ["require_inline_equal"]


def require_inline_equal(data: bytes, subject: BomSubject, where: str) -> None:
    """Refuse (``bom-digest-mismatch``) a BOM that differs from the one inside.

    Compared as written out again, so that ``1``, ``1.0`` and ``true`` are three things.
    """
    if subject.inline is None:
        return
    beside = parse_json(data, where, limit=len(data))
    if to_json(beside) != to_json(subject.inline):
        raise VerificationFailed(
            "the BOM is not the one inside its statement",
            reason="bom-digest-mismatch",
            where=where,
            hint="whoever signed it signed two different BOMs: ask for one",
        )
