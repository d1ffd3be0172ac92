"""The time of an evaluation may not lie before what it is evaluated on was signed.

A time that the caller chooses (``--effective-time``), or a clock that runs behind,
would otherwise make an audit that failed since then disappear: it would merely be
refused as one from the future, and an older one would do.

Only what an authority of a trust root vouches for counts, and only for statements that
would be believed if the time were right: whoever can put a bundle into an evidence
folder must not be able to stop a gate with it.
"""

from __future__ import annotations

from datetime import datetime

from aibom.attest.bom_statement import BOM_PREDICATES
from aibom.attest.verify import Identified
from aibom.errors import UsageError
from aibom.statement import OMS_V1

__all__ = ["require_not_before"]


def require_not_before(found: Identified, now: datetime, where: str) -> None:
    """Refuse a time before this was signed, if its signer may say this.

    Raises :class:`~aibom.errors.UsageError` (``effective-time-before-evidence``, exit
    2). A little less than the trusted time is within what clocks differ by
    (:func:`~aibom.attest.verify.identify`). Says nothing of anything else that is wrong
    with the statement.
    """
    if found.refusal != "signed-in-future" or not _would_be_believed(found):
        return
    signed = f"{found.signed_at:%Y-%m-%dT%H:%M:%SZ}"
    raise UsageError(
        f"was signed at {signed}, after {now:%Y-%m-%dT%H:%M:%SZ}, which is asked about",
        reason="effective-time-before-evidence",
        where=where,
        hint="leave out --effective-time, or ask about a later one; if there is none, "
        "the clock of this machine is behind",
    )


def _would_be_believed(found: Identified) -> bool:
    signer, when = found.signer, found.signed_at
    if signer is None or when is None:
        return False
    may_say = found.statement.predicate_type in signer.predicates
    return (
        may_say and signer.is_valid_at(when) and all(map(signer.may_name, _of(found)))
    )


def _of(found: Identified) -> list[str]:
    """The names of what a statement is about; those of its files are no names."""
    statement = found.statement
    if statement.predicate_type == OMS_V1:
        return []
    is_bom = statement.predicate_type in BOM_PREDICATES
    return [
        subject.name or ""
        for subject in statement.subjects
        if not is_bom or "aibom:kind" in subject.annotations
    ]
