"""Approvals as statements: ``https://w3id.org/aibom/approval/v1``, there and back.

The predicate is that of ``schemas/approval-1.json``. The one subject is what was
approved, by exact digest: nobody approves what is made of it later. The id of an
approval is the SHA-256 of its statement, which holds a random number: two people who
say the same at once have two approvals, and one can be withdrawn without the other.

Whether an approval counts, still, and for what, is not told here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from aibom.digest import Digest
from aibom.errors import DocumentInvalid
from aibom.lineage.evidence import Approval
from aibom.reading import Reader
from aibom.statement import APPROVAL_V1, FORM, Resource, Statement
from aibom.verdict import Tier

__all__ = [
    "MAX_REASON",
    "MAX_TICKET",
    "approval_id",
    "approval_statement",
    "read_approval",
]

#: Characters; both are for people, who are pointed to the rest by them.
MAX_TICKET, MAX_REASON = 200, 2000

_NONCE = re.compile(r"[0-9a-f]{32}")


def approval_statement(
    name: str, digest: Digest, approval: Approval, nonce: str
) -> Statement:
    """Make the statement for one approved thing.

    ``name`` is what the lineage calls it; ``nonce`` are 32 random hex digits. Times are
    written in whole seconds of UTC; both must have a zone.
    """
    if None in (approval.approved_at.tzinfo, approval.expires.tzinfo):
        raise ValueError("the times of an approval have a zone")
    predicate = {
        "tier": approval.tier.value,
        "approvedAt": _written(approval.approved_at),
        "expires": _written(approval.expires),
        "ticket": approval.ticket,
        "nonce": nonce,
    }
    if approval.why is not None:
        predicate["reason"] = approval.why
    return Statement.build([Resource.subject(name, digest)], APPROVAL_V1, predicate)


def approval_id(statement: Statement) -> str:
    """What an approval is withdrawn by: ``sha256:`` and the digest of its payload."""
    return f"sha256:{statement.payload_digest}"


def read_approval(statement: Statement, where: str) -> Approval:
    """Read an approval back, strictly.

    Raises :class:`~aibom.errors.DocumentInvalid` (``approval-malformed``) with every
    problem: also for more than one subject, or one whose digest could be read in two
    ways.
    """
    top = Reader(dict(statement.predicate), where)
    tier = top.choice("tier", [tier.value for tier in Tier])
    approved_at, expires = top.time("approvedAt"), top.time("expires")
    if approved_at and expires and expires <= approved_at:
        top.problem("is not after approvedAt", "expires")
    ticket = _short(top, "ticket", top.text("ticket"), MAX_TICKET)
    why = _short(top, "reason", top.text("reason", None), MAX_REASON)
    nonce = top.text("nonce")
    if isinstance(nonce, str) and not _NONCE.fullmatch(nonce):
        top.problem("is not 32 hex digits in lower case", "nonce")
    if not _is_one_digest(statement):
        top.problem("an approval is of exactly one sha256, of a file or a folder")
    top.finish(
        DocumentInvalid,
        "approval-malformed",
        hint="ask the approver for a new one, made by aibom approve",
    )
    return Approval(Tier(tier), expires, approved_at, str(ticket), why)


def _is_one_digest(statement: Statement) -> bool:
    if len(statement.subjects) != 1:
        return False
    (subject,) = statement.subjects
    return (
        set(subject.digest) == {"sha256"}
        and bool(subject.name)
        and subject.annotations.get(FORM, "tree") == "tree"
    )


def _short(top: Reader, key: str, text: str | None, most: int) -> str | None:
    if text is not None and len(text) > most:
        top.problem(f"is longer than {most:,} characters", key)
    return text


def _written(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
