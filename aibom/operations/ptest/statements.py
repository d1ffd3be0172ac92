"""Statements that a policy test declares: BOMs, audits, verdicts, approvals.

Each is what a gate would have after it read and verified a signed file. What a reader
would refuse there (a number without a sample, a time without a zone) is refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aibom.attest.summary_statement import SUMMARY_V1
from aibom.lineage.evidence import Approval, Audit, UpstreamVerdict
from aibom.operations.ptest import parts
from aibom.operations.ptest.names import Names
from aibom.operations.ptest.said import Item
from aibom.reading import Reader, suggest
from aibom.statement import (
    APPROVAL_V1,
    AUDIT_V1,
    OMS_V1,
    PROVENANCE_V1,
    REFERENCE_V01,
)
from aibom.verdict import Tier

__all__ = ["SECTIONS"]

_PREDICATES = {"bom": REFERENCE_V01, "model-signature": OMS_V1}
#: What says more than that it was signed has a section of its own.
_ELSEWHERE = {
    "approval": "approvals",
    APPROVAL_V1: "approvals",
    "audit": "audits",
    AUDIT_V1: "audits",
    "step-record": "steps",
    PROVENANCE_V1: "steps",
    "verdict": "verdicts",
    SUMMARY_V1: "verdicts",
}


def _statement(name: str, entry: Reader, names: Names) -> Item | None:
    """One that says nothing but whom and what it is about."""
    word = entry.text("predicate")
    about = names.node(entry, entry.text("about"), "about")
    signer = names.signer(entry)
    entry.close()
    if not isinstance(word, str) or about is None:
        return None
    if word in _ELSEWHERE:
        entry.problem(f"describe it under {_ELSEWHERE[word]}", "predicate")
    elif word not in _PREDICATES and "://" not in word:
        entry.problem(f"unknown {word!r}{suggest(word, _PREDICATES)}", "predicate")
    own = frozenset({about}) if word == "bom" else frozenset[str]()
    place, kind = f"statements/{name}", _PREDICATES.get(word, word)
    return Item(place, kind, names.subject(about), signer, own)


def _audit(name: str, entry: Reader, names: Names) -> Item | None:
    about = names.node(entry, entry.text("about"), "about")
    kind, on = entry.text("type"), entry.time("examined_on")
    tool = entry.text("tool", "a tool")
    numbers = [parts.measurement(m) for m in entry.readers("measurements")]
    signer = names.signer(entry)
    entry.close()
    if about is None or kind is None or on is None:
        return None
    found = Audit(kind, on, tool, tuple(n for n in numbers if n is not None))
    subject = names.subject(about)
    return Item(f"audits/{name}", AUDIT_V1, subject, signer, audit=found)


def _verdict(name: str, entry: Reader, names: Names) -> Item | None:
    """One of another verifier, as whom its signer is declared to speak."""
    about = names.node(entry, entry.text("about"), "about")
    signer = names.signer(entry)
    found = _upstream(entry)
    entry.close()
    if about is None or found is None:
        return None
    subject = names.subject(about)
    return Item(f"verdicts/{name}", SUMMARY_V1, subject, signer, verdict=found)


def _upstream(entry: Reader) -> UpstreamVerdict | None:
    """What is left out is as in a verdict that allows, of now, without an end."""
    before = len(entry.problems)
    verifier, made = entry.text("verifier"), entry.time("verified_at")
    passed = entry.flag("passed", True)
    reason = entry.text("reason", "allowed" if passed else "denied")
    tier = entry.choice("tier", list(Tier), Tier.HIGH.value)
    report_only = entry.flag("report_only", False)
    policy = parts.policy_digest(entry)
    effective = entry.time("effective_time", made)
    expires = entry.time("expires", None)
    sequence = entry.integer("advisories", None)
    if isinstance(sequence, int) and sequence < 1:
        entry.problem("must be 1 or more", "advisories")
    if len(entry.problems) > before:
        return None
    return UpstreamVerdict(
        *(verifier, passed, reason, Tier(tier), report_only, policy),
        *(made, effective, expires, sequence),
    )


def _approval(name: str, entry: Reader, names: Names) -> Item | None:
    """Somebody's yes. ``@NAME`` is the id by which advisories withdraw it."""
    if name in names.ids:
        entry.problem("a node or a step has this id as well")
        return None
    before = len(entry.problems)
    about = names.node(entry, entry.text("about"), "about")
    signer = names.signer(entry)
    tier = entry.choice("tier", list(Tier), Tier.HIGH.value)
    made, expires = entry.time("approved_at"), entry.time("expires")
    ticket, reason = entry.text("ticket", "a ticket"), entry.text("reason", None)
    entry.close()
    if made is not None and expires is not None and expires <= made:
        entry.problem("is not after approved_at", "expires")
    if about is None or len(entry.problems) > before:
        return None
    place = f"approvals/{name}"
    names.approvals[name] = f"sha256:{parts.sha(place)}"
    found = Approval(Tier(tier), expires, made, ticket, reason)
    return Item(place, APPROVAL_V1, names.subject(about), signer, approval=found)


#: Sections of a lineage that hold statements, with what reads each entry.
SECTIONS: Mapping[str, Callable[[str, Reader, Names], Item | None]] = {
    "statements": _statement,
    "audits": _audit,
    "verdicts": _verdict,
    "approvals": _approval,
}
