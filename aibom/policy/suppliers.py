"""The verifier's record of suppliers: ``suppliers.yaml``, typed.

Who supplies what is decided by people, reviewed now and then, and written down here.
Nothing in it is taken from the documents that are judged. What approves is compared
letter by letter, what suspends without regard to case: a look-alike must not get a
record, and a suspended supplier must not escape by writing a letter large.

Documents arrive parsed; nothing is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aibom.errors import AibomError, UsageError
from aibom.lineage.carry import CARRYING_ROLES
from aibom.lineage.identity import may_be_same_party, parse_party
from aibom.lineage.nodes import ENTITY_KINDS
from aibom.policy.sources import Source, SourceMatch, read_match
from aibom.reading import Reader, suggest

__all__ = ["SERVES", "STATUSES", "Supplier", "Suppliers", "read_suppliers"]

API_VERSION = "aibom/suppliers/v1"
STATUSES = ("approved", "suspended")
#: What a record may be limited to: kinds of things, and roles in making them.
SERVES = tuple(sorted({*(kind.value for kind in ENTITY_KINDS), *CARRYING_ROLES}))


@dataclass(frozen=True, slots=True)
class Supplier:
    """One record: an organisation, where it publishes, and what was decided about it.

    ``owner`` is the party inside that answers for the relation, ``agreement`` a
    reference to the contract, ``reviewed_on`` the day somebody last looked at it.
    ``serves`` limits the record to kinds and roles; empty: anything.
    """

    supplier: str
    matches: tuple[SourceMatch, ...]
    status: str
    owner: str
    agreement: str
    reviewed_on: datetime
    approved_by: str
    expires: datetime
    serves: tuple[str, ...] = ()

    def is_for(self, party: str) -> bool:
        """Whether it records exactly this party."""
        return self.supplier == party

    def may_be_for(self, party: str) -> bool:
        """Whether the party may be this supplier, however it is spelt."""
        try:
            return may_be_same_party(self.supplier, party) is True
        except UsageError:
            return False

    def is_source(self, source: Source | None) -> bool:
        """Whether the source is one of this supplier's."""
        return source is not None and any(m.matches(source) for m in self.matches)

    def may_be_source(self, source: Source | None) -> bool:
        """Whether the source may be one of this supplier's, without regard to case."""
        return source is not None and any(m.may_mean(source) for m in self.matches)


@dataclass(frozen=True, slots=True)
class Suppliers:
    """All records, and the organisations that are the verifier's own."""

    records: tuple[Supplier, ...] = ()
    own: frozenset[str] = frozenset()


def read_suppliers(value: Any, where: str) -> Suppliers:
    """Read ``suppliers.yaml``; :class:`~aibom.errors.PolicyInvalid` for what is wrong.

    Two records of one supplier are refused: which of them counts would be a guess.
    """
    top = Reader(value, where)
    stated = top.text("apiVersion")
    if isinstance(stated, str) and stated != API_VERSION:
        top.problem(f"is {stated!r}, not {API_VERSION!r}", "apiVersion")
    own = top.texts("own", ()) or ()
    for text in own:
        _organisation(top, text, "own")
    records = tuple(_record(entry) for entry in top.readers("suppliers"))
    names = [record.supplier for record in records]
    for twice in sorted({str(name) for name in names if names.count(name) > 1}):
        top.problem(f"{twice!r} has two records", "suppliers")
    for both in sorted(set(own) & {name for name in names if name}):
        top.problem(f"{both!r} is its own supplier", "own")
    top.finish()
    return Suppliers(records, frozenset(own))


def _record(entry: Reader) -> Supplier:
    supplier = entry.text("supplier")
    _organisation(entry, supplier, "supplier")
    owner = entry.text("owner")
    _party(entry, owner, "owner")
    serves: tuple[str, ...] = entry.texts("serves", ()) or ()
    for word in serves:
        if word not in SERVES:
            entry.problem(f"unknown {word!r}{suggest(word, SERVES)}", "serves")
    if entry.has("serves") and not serves:
        entry.problem("is empty; leave it out to mean anything", "serves")
    record = Supplier(
        supplier,
        tuple(read_match(match) for match in entry.readers("matches", ())),
        entry.choice("status", STATUSES),
        owner,
        entry.text("agreement"),
        entry.time("reviewed_on"),
        entry.text("approved_by"),
        entry.time("expires"),
        serves,
    )
    entry.close()
    return record


def _organisation(reader: Reader, text: Any, key: str) -> None:
    if isinstance(text, str) and _party(reader, text, key) not in (None, "org"):
        reader.problem(f"{text!r} is not an organisation (org:NAME)", key)


def _party(reader: Reader, text: Any, key: str) -> str | None:
    """The type of a party; None where it is none, which is noted."""
    if not isinstance(text, str):
        return None
    try:
        return parse_party(text).type
    except AibomError as error:
        reader.problem(error.message, key)
        return None
