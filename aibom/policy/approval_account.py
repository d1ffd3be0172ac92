"""Who approved a thing, person by person: who counts and until when, who does not, why.

Words only: whether there are enough is decided in :mod:`aibom.policy.checks.approvals`.
Everybody who may approve is told of, as far as a line can hold it; of those who said
nothing of these bytes, what they did say of others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from aibom.digest import Digest
from aibom.errors import UsageError
from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.evidence import Evidence
from aibom.lineage.identity import parse_party
from aibom.lineage.nodes import Node
from aibom.policy.approving import Word
from aibom.policy.context import Context
from aibom.policy.duties import Holder, may_be_one

__all__ = ["Account", "listed"]

#: People that one line tells of.
_SHOWN = 5
_SIGNERS = "signers.yaml"
_NOTHING = Assurance(Level.MISSING, "")


def listed(told: Sequence[str], between: str = ", ") -> str:
    """The first few, and how many more there are."""
    more = len(told) - _SHOWN
    shown = [*told[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]
    return between.join(shown)


@dataclass(frozen=True, slots=True)
class Account:
    """All that there is to tell of the approvals of one node.

    ``counting`` are the words that are in force, ``words`` also those that lapsed;
    ``approvers`` the parties that may approve, ``roles`` what they sign as.
    """

    context: Context
    node: Node
    approvers: Sequence[str]
    roles: Collection[str]
    counting: Sequence[Holder]
    words: Sequence[Word]
    authors: Sequence[Holder]

    def people(self) -> str:
        """A sentence for everybody who may approve, those who did first."""
        told = []
        silent = []
        for party in sorted(self._parties(), key=self._rank):
            if state := self._state(party):
                told.append(f"{self.name(party)}: {state}.")
            else:
                silent.append(self.name(party))
        if told:
            told = [listed(told, " ")]
        if silent:
            told.append(f"Not approved by {listed(silent)}.")
        return " ".join([*told, *self._refused()])

    def name(self, party: str) -> str:
        """The name in ``signers.yaml``, else a short form of the id."""
        held = (*self.counting, *(word.holder for word in self.words))
        names = {h.signer for h in held if h.party == party and h.signer}
        if not names:
            names = {i.signer.name for i in self._signed_by(party) if i.signer}
        return min(names) if names else _short(party)

    def missing(self) -> list[str]:
        """The names of those who did not approve it, and could."""
        found = []
        for party in self._parties():
            held = self._held(party)
            if not held and _is_person(party) and not self._author_of(party):
                found.append(self.name(party))
        return found

    def lapsed(self, reason: str) -> list[str]:
        """The names of those whose approval does not count for this reason."""
        parties = {w.holder.party for w in self.words if w.lapse == reason}
        return sorted(self.name(party) for party in parties if party)

    def apart(self) -> tuple[list[str], list[str]]:
        """Who cannot be compared with whom, and what to do about each, in words."""
        told: list[str] = []
        todo: list[str] = []
        key = self._registrar()
        for author in self.authors:
            unlike = [h for h in self.counting if may_be_one(h, author) is None]
            if not unlike:
                continue
            names = ", ".join(sorted({self.name(h.party or "") for h in unlike}))
            told.append(f"{names}: not to be compared with {_author(author)}")
            todo.append(_comparable(author, key))
        keys = {_key(holder.party) for holder in self.counting} - {""}
        if len(keys) > 1:
            told.append(f"approvers under different registrars' keys: {_all(keys)}")
            todo.append(
                f"name all approvers under one registrar's key, in {_SIGNERS} and in "
                "the rule"
            )
        return list(dict.fromkeys(told)), list(dict.fromkeys(todo))

    def _parties(self) -> list[str]:
        return list(dict.fromkeys(self.approvers))

    def _held(self, party: str) -> list[Holder]:
        return [holder for holder in self.counting if holder.party == party]

    def _rank(self, party: str) -> int:
        if self._held(party):
            return 0
        return 1 if any(word.holder.party == party for word in self.words) else 2

    def _author_of(self, party: str) -> Holder | None:
        """The author who is this person: by their own words, or by the party alone."""
        as_party = Holder(self.node.id, "", party, "", (), _NOTHING)
        held = self._held(party) or [as_party]
        for author in self.authors:
            if any(may_be_one(holder, author) is True for holder in held):
                return author
        return None

    def _state(self, party: str) -> str:
        held = self._held(party)
        words = [word for word in self.words if word.holder.party == party]
        if held:
            return self._of_holder(party, held, words)
        if words:
            return " and ".join(dict.fromkeys(word.told for word in words))
        if not _is_person(party):
            return "is no person, so nobody in particular"
        return self._elsewhere(party)

    def _of_holder(
        self, party: str, held: Sequence[Holder], words: Sequence[Word]
    ) -> str:
        author = self._author_of(party)
        if author is not None:
            exact = any(_is_exactly(holder, author) for holder in held)
            return f"{'' if exact else 'may have '}made it, as {_made_as(author)}"
        if not _is_person(party):
            return "is no person, so nobody in particular"
        told = [word.told for word in words if word.lapse is None]
        if told:
            return max(told)
        first = held[0]
        how = f"signed as {first.duty}" if first.signer else f"named as {first.duty}"
        return f"counts ({how})"

    def _elsewhere(self, party: str) -> str:
        """An approval by this person of something else, or in another role."""
        found = [item for item in self._signed_by(party) if item.approval]
        of_it = [i for i in found if self.node.digest in i.digests]
        if of_it and of_it[0].signer:
            asked = f"as {_all(self.roles)}" if self.roles else "by being named"
            return f"approved it as {of_it[0].signer.role}, not {asked}"
        others = [i for i in found if i.signer and i.signer.role in self.roles]
        return f"approved other bytes ({self._others(others)})" if others else ""

    def _signed_by(self, party: str) -> Sequence[Evidence]:
        return self.context.once("approval-signers", _by_party).get(party, ())

    def _others(self, items: Sequence[Evidence]) -> str:
        """What else was approved: by its label where it stands in this lineage."""
        nodes = self.context.once("approval-digests", _by_digest)
        above = self.context.walk.parents if self._is_artifact() else {}
        told = []
        for digest in sorted({d for item in items for d in item.digests}, key=str):
            node = nodes.get(digest)
            what = "the ancestor " if node and node.id in above else ""
            what += f"{node.label} " if node else ""
            told.append(f"{what}{str(digest).partition(':')[0]}:{digest.value[:12]}…")
        return listed(told)

    def _is_artifact(self) -> bool:
        return self.context.is_artifact(self.node.id)

    def _refused(self) -> list[str]:
        """Approvals of these bytes that verification let nobody stand behind."""
        found = [
            f"{item.refusal} ({item.location})"
            for item in self.context.evidence.about(self.node.digest)
            if item.approval and item.signer is None
        ]
        return [f"Refused: {listed(sorted(found))}."] if found else []

    def _registrar(self) -> str:
        keys = [_key(party) for party in self.approvers]
        return next((key for key in keys if key), "KEYID")


def _by_party(context: Context) -> Mapping[str, list[Evidence]]:
    found: dict[str, list[Evidence]] = {}
    for item in context.evidence.items:
        if item.signer is not None and item.signer.party is not None:
            found.setdefault(item.signer.party, []).append(item)
    return found


def _by_digest(context: Context) -> Mapping[Digest, Node]:
    nodes = context.graph.nodes.values()
    return {node.digest: node for node in nodes if node.digest is not None}


def _author(author: Holder) -> str:
    """An author in words, and whose word that is where it is nobody's we know."""
    who = author.named
    if author.signer:
        who += f" ({author.party or f'no party in {_SIGNERS}'})"
    return who if author.worth.level >= Level.ATTESTED else f"{who} (as claimed)"


def _made_as(author: Holder) -> str:
    """In which part somebody had a hand in it, and by whose word where by no signer."""
    part = f"{author.duty} {author.signer}".rstrip()
    return part if author.worth.level >= Level.ATTESTED else f"{part} (as claimed)"


def _comparable(author: Holder, key: str) -> str:
    """What makes an author somebody whom people can be compared with."""
    if author.signer:
        return (
            f"in {_SIGNERS}, write the person behind {author.signer} as "
            f"`party: person:{key}:…` (`aibom party id`)"
        )
    return f"have {author.party} recorded as a person under the key {key}"


def _is_exactly(one: Holder, other: Holder) -> bool:
    """Whether two are known to be one, not only by a name that is compared loosely."""
    if one.signer and one.signer == other.signer:
        return True
    return one.party == other.party and _is_person(one.party or "")


def _key(party: str | None) -> str:
    try:
        return parse_party(party or "").key or ""
    except UsageError:
        return ""


def _is_person(party: str) -> bool:
    return bool(_key(party))


def _short(party: str) -> str:
    head, _, value = party.rpartition(":")
    return f"{head}:{value[:12]}…" if _is_person(party) else party


def _all(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
