"""``waivers.yaml``: exceptions as somebody wrote them down, and who may.

Everything but ``term`` must be given: an exception has a reason, a ticket, somebody who
asked and somebody else who agreed, and an end. What each is worth is judged in
:mod:`aibom.policy.exceptions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aibom.digest import Digest
from aibom.errors import AibomError
from aibom.lineage.identity import parse_party
from aibom.reading import Reader
from aibom.verdict import Tier

__all__ = [
    "ExceptionEntry",
    "ExceptionRules",
    "Waivers",
    "read_exception_rules",
    "read_waivers",
]


@dataclass(frozen=True, slots=True)
class ExceptionEntry:
    """One entry of ``waivers.yaml``; every field but ``term`` must be given."""

    id: str
    rule: str
    subject: Digest
    reason_code: str
    term: str
    reason: str
    ticket: str
    requested_by: str
    approved_by: str
    approved_on: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Waivers:
    """The entries of one file, and the role of the allowed signer who signed it.

    ``signed_by`` is None where nobody who is allowed did.
    """

    entries: tuple[ExceptionEntry, ...]
    signed_by: str | None = None
    party: str | None = None
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExceptionRules:
    """What a policy says of exceptions: who signs them, and how long they may last."""

    roles: tuple[str, ...]
    max_days: Mapping[Tier, int]


def read_exception_rules(top: Reader) -> ExceptionRules | None:
    """The policy's ``exceptions``; None where it has none, and so allows none."""
    if not top.has("exceptions"):
        top.raw("exceptions", None)
        return None
    entry = top.reader("exceptions")
    roles = entry.texts("roles") or ()
    if not roles:
        entry.problem("names no role: nobody could sign an exception", "roles")
    days = entry.reader("max_days")
    limits = {tier: days.integer(tier.value) for tier in Tier}
    for tier, limit in limits.items():
        if limit is not None and limit < 1:
            days.problem("must be 1 or more", tier.value)
    known = [limit for limit in limits.values() if limit is not None]
    if known != sorted(known):
        days.problem("lasts longer in a higher tier than in a lower one", "high")
    days.close()
    entry.close()
    return ExceptionRules(roles, {tier: limit or 0 for tier, limit in limits.items()})


def read_waivers(value: Any, where: str) -> tuple[ExceptionEntry, ...]:
    """Read a parsed ``waivers.yaml``; raises ``PolicyInvalid`` with every problem.

    A date that cannot be read is one of them: an exception never lasts for ever.
    """
    top = Reader(value, where)
    if top.text("apiVersion") not in (None, "aibom/waivers/v1"):
        top.problem("is not 'aibom/waivers/v1'", "apiVersion")
    found = [_entry(entry) for entry in top.readers("waivers")]
    entries = tuple(entry for entry in found if entry)
    ids = [entry.id for entry in entries]
    keys = [_key(entry) for entry in entries]
    for what, listed in (("id", ids), ("rule, subject, reason_code and term", keys)):
        if len(set(listed)) != len(listed):
            top.problem(f"two exceptions have one {what}", "waivers")
    top.finish()
    return entries


def _entry(entry: Reader) -> ExceptionEntry | None:
    before = len(entry.problems)
    texts = {
        name: entry.text(name)
        for name in ("id", "rule", "reason_code", "reason", "ticket")
    }
    texts["term"] = entry.text("term", "")
    parties = {name: _party(entry, name) for name in ("requested_by", "approved_by")}
    subject = _digest(entry)
    times = {name: entry.time(name) for name in ("approved_on", "expires")}
    if None not in times.values() and times["expires"] <= times["approved_on"]:
        entry.problem("is not after approved_on", "expires")
    entry.close()
    if len(entry.problems) > before or subject is None:
        return None
    return ExceptionEntry(subject=subject, **texts, **parties, **times)


def _party(entry: Reader, name: str) -> Any:
    text = entry.text(name)
    if isinstance(text, str):
        try:
            parse_party(text)
        except AibomError as error:
            entry.problem(error.message, name)
    return text


def _digest(entry: Reader) -> Digest | None:
    text = entry.text("subject")
    if not isinstance(text, str):
        return None
    try:
        return Digest.parse(text)
    except AibomError as error:
        entry.problem(f"{error.message}; a name or tag is no subject", "subject")
        return None


def _key(entry: ExceptionEntry) -> tuple[str, Digest, str, str]:
    return entry.rule, entry.subject, entry.reason_code, entry.term
