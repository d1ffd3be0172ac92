"""Coverage: every element of a profile, answered for every node that it is about.

===================  ================================================================
verified             checked in this run: computed from the bytes, or a signature that
                     itself is the answer, such as that of the one who is named
signed-claim         a signer who is allowed to speak of this thing states it
claim                somebody writes it
unknown-declared     somebody writes that it is not known, which is an answer
absent               nobody says anything, or there is nothing to say it of
not-applicable       the element is not about this document; a reason says why
===================  ================================================================

Two ratios are made of these, over all that applies: *answered* (not absent) and
*verified*, the latter split in "by bytes" and "by signature". There are no weights and
there is no single number. What cannot be carried by CycloneDX or our graph stays
absent: it has to be asked for on another way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import attrgetter

from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node
from aibom.report.completeness.found import Found, Place, Worth
from aibom.report.completeness.makers import asks_who
from aibom.report.completeness.present import Present, may_find, present
from aibom.report.completeness.probes import look
from aibom.report.completeness.profile import (
    AppliesTo,
    Asked,
    Probe,
    ProbeKind,
    Profile,
    Rule,
    Way,
)
from aibom.report.completeness.subject import Subject

__all__ = [
    "Answer",
    "Coverage",
    "GroupCount",
    "Missing",
    "Ratio",
    "State",
    "Tally",
    "coverage",
    "tally",
]


class State(StrEnum):
    """What an element's answer for one node comes to, best first."""

    VERIFIED = "verified"
    SIGNED_CLAIM = "signed-claim"
    CLAIM = "claim"
    UNKNOWN = "unknown-declared"
    ABSENT = "absent"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Answer:
    """One element, answered for one node (or the document, where ``node`` is empty).

    ``by`` is ``bytes`` or ``signature`` where it is verified. ``basis`` says where the
    answer was found or why there is none; ``conflict`` what disagrees with it.
    """

    element: Asked
    node: str
    label: str
    state: State
    by: str = ""
    basis: str = ""
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class Ratio:
    """So many of so many. Never shown as one number without the other."""

    part: int
    of: int

    def __str__(self) -> str:
        return f"{self.part} of {self.of}"


@dataclass(frozen=True, slots=True)
class GroupCount:
    """How many answers of a group of elements are in each state, in State's order."""

    id: str
    title: str
    counts: tuple[tuple[State, int], ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """An element that is absent for at least one node, and what to ask.

    ``nodes`` are those it is absent for, by label; ``of`` is for how many it was asked.
    ``carried`` is False where nothing in CycloneDX could have answered it.
    """

    element: Asked
    nodes: tuple[str, ...]
    of: int
    carried: bool

    @property
    def ask(self) -> str:
        """The question for whoever has to answer."""
        return self.element.ask


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a document answers of one profile. Nothing here says that it is enough."""

    profile: Profile
    answers: tuple[Answer, ...]

    @property
    def applicable(self) -> int:
        """How many answers there could be."""
        return sum(a.state is not State.NOT_APPLICABLE for a in self.answers)

    @property
    def answered(self) -> Ratio:
        """All that is not absent, a declared unknown included."""
        no = self.count(State.ABSENT)
        return Ratio(self.applicable - no, self.applicable)

    @property
    def verified(self) -> Ratio:
        """What was checked in this run."""
        return Ratio(self.count(State.VERIFIED), self.applicable)

    @property
    def by_bytes(self) -> int:
        """How many of the verified answers were computed from bytes."""
        return sum(answer.by == "bytes" for answer in self.answers)

    @property
    def by_signature(self) -> int:
        """How many of the verified answers are a signature that was checked."""
        return sum(answer.by == "signature" for answer in self.answers)

    @property
    def conflicts(self) -> tuple[Answer, ...]:
        """The answers with which another source disagrees."""
        return tuple(answer for answer in self.answers if answer.conflict)

    def count(self, state: State) -> int:
        """How many answers are in this state."""
        return sum(answer.state is state for answer in self.answers)

    def groups(self) -> tuple[GroupCount, ...]:
        """Counts by group, in the profile's order."""
        counted: dict[str, dict[State, int]] = {
            group: dict.fromkeys(State, 0) for group in self.profile.groups
        }
        for answer in self.answers:
            counted[answer.element.group][answer.state] += 1
        return tuple(
            GroupCount(group, self.profile.groups[group], tuple(counts.items()))
            for group, counts in counted.items()
        )

    def missing(self) -> tuple[Missing, ...]:
        """What to ask for, in the profile's order."""
        asked: dict[str, list[Answer]] = {}
        for answer in self.answers:
            asked.setdefault(answer.element.id, []).append(answer)
        found = []
        for answers in asked.values():
            absent = [a for a in answers if a.state is State.ABSENT]
            if absent:
                element = absent[0].element
                labels = tuple(a.label for a in absent)
                found.append(Missing(element, labels, len(answers), _carried(element)))
        return tuple(found)


def coverage(profile: Profile, subject: Subject) -> Coverage:
    """Measure one document against one profile; pure, and never raises.

    What an answer is worth comes from ``subject.evidence``, ``signer`` and ``valid``
    alone. Same profile, same subject: same answers in the same order.
    """
    asking = _Asking(subject)
    answers: list[Answer] = []
    for element in profile.elements:
        answers.extend(asking.answers(element))
    return Coverage(profile, tuple(answers))


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of a :class:`Coverage`, without its answers."""

    applicable: int
    answered: int
    by_bytes: int
    by_signature: int


def tally(profile: Profile, subject: Subject) -> Tally:
    """The counts alone, at less cost: what nobody says need not be listed."""
    asking = _Asking(subject)
    counts: Counter[tuple[State, str]] = Counter()
    for element in profile.elements:
        counts.update(asking.judged(element))
    applicable = sum(n for (s, _), n in counts.items() if s is not State.NOT_APPLICABLE)
    absent = sum(n for (state, _), n in counts.items() if state is State.ABSENT)
    return Tally(
        applicable,
        applicable - absent,
        sum(n for (_, by), n in counts.items() if by == "bytes"),
        sum(n for (_, by), n in counts.items() if by == "signature"),
    )


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place with its label, what it has at all, and whether anybody signed for it."""

    place: Place
    node: str
    label: str
    has: Present | None
    signed: bool


class _Asking:
    """What is looked up once for all elements of a profile."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.spots: dict[str, _Spot] = {}
        self.asked: dict[AppliesTo, tuple[_Spot, ...]] = {}
        self.alike: dict[Present | None, Present | None] = {}

    def answers(self, element: Asked) -> Iterator[Answer]:
        """One element, answered for everything that it is asked of."""
        spots = self._asked(element.applies_to)
        plans = _plans(element, spots)
        for spot in spots:
            yield _answer(element, spot, plans[spot.has])
        if not spots:
            yield _of_nothing(element, self.subject)

    def judged(self, element: Asked) -> Iterator[tuple[State, str]]:
        """The state of each answer, and by what it is verified, without the answer."""
        spots = self._asked(element.applies_to)
        if not spots:
            yield _of_nothing(element, self.subject).state, ""
        plans = _plans(element, spots)
        for spot in spots:
            plan = plans[spot.has]
            if not plan:
                yield State.ABSENT, ""
                continue
            found = _looked(element, spot, plan)
            yield _state(_chosen(element, found), element)

    def _asked(self, applies: AppliesTo) -> tuple[_Spot, ...]:
        if applies not in self.asked:
            self.asked[applies] = self._spots(applies)
        return self.asked[applies]

    def _spots(self, applies: AppliesTo) -> tuple[_Spot, ...]:
        if applies is AppliesTo.DOCUMENT:
            return (self._spot(None),)
        return tuple(self._spot(node) for node in _nodes(applies, self.subject))

    def _spot(self, node: Node | None) -> _Spot:
        key = "" if node is None else node.id
        if key not in self.spots:
            place = Place.of(self.subject, node)
            label = "the document" if node is None else node.label
            # What is equal is one object, which then need not be compared.
            has = present(place)
            has = self.alike.setdefault(has, has)
            self.spots[key] = _Spot(place, key, label, has, bool(place.signers))
        return self.spots[key]


def _nodes(applies: AppliesTo, subject: Subject) -> tuple[Node, ...]:
    if applies is AppliesTo.SUBJECT:
        return (subject.root,) if subject.root is not None else ()
    if applies is AppliesTo.MAIN_MODEL:
        return _main_models(subject)
    kinds = {
        AppliesTo.MODEL: frozenset({Kind.MODEL}),
        AppliesTo.DATASET: frozenset({Kind.DATASET}),
    }.get(applies, ENTITY_KINDS)
    return tuple(node for node in subject.nodes() if node.kind in kinds)


def _main_models(subject: Subject) -> tuple[Node, ...]:
    """The subject, if it is a model; else those it needs, else all there are."""
    models = _nodes(AppliesTo.MODEL, subject)
    root = subject.root
    if root is None or root.kind is Kind.DATASET:
        return models if root is None else ()
    if root.kind is Kind.MODEL:
        return (root,)
    direct = {hop.to for hop in subject.graph.up(root.id)}
    return tuple(node for node in models if node.id in direct) or models


def _of_nothing(element: Asked, subject: Subject) -> Answer:
    """What is asked of things that the document does not name.

    Leaving them out must not look better than naming them, so it is absent. Only a
    document about data needs no model.
    """
    root = subject.root
    about_data = root is not None and root.kind is Kind.DATASET
    label = "the document" if root is None else root.label
    of_model = element.applies_to in (AppliesTo.MODEL, AppliesTo.MAIN_MODEL)
    if of_model and about_data:
        told = "the document is about a dataset, and not about a model"
        return Answer(element, "", label, State.NOT_APPLICABLE, basis=told)
    wanted = "model" if of_model else element.applies_to
    told = f"the document names no {wanted}"
    if element.applies_to is AppliesTo.SUBJECT:
        told = "the document does not say what it is about"
    return Answer(element, "", label, State.ABSENT, basis=told)


def _plans(
    element: Asked, spots: Sequence[_Spot]
) -> dict[Present | None, tuple[Probe, ...]]:
    """What to look with, by what places have: those that have the same are alike."""
    return {has: _plan(element, has) for has in {spot.has for spot in spots}}


def _plan(element: Asked, has: Present | None) -> tuple[Probe, ...]:
    """Of an element's probes those to look with: none where nothing can be found."""
    looks = tuple(probe for probe in element.where if may_find(probe, has))
    # The weakest of all counts what finds nothing, and a reason for it may be given.
    whole = element.rule is Rule.ALL or any(p.kind is ProbeKind.NONE for p in looks)
    return element.where if looks and whole else looks


def _answer(element: Asked, spot: _Spot, plan: Sequence[Probe]) -> Answer:
    if not plan:
        return Answer(element, spot.node, spot.label, State.ABSENT, "", _NOBODY)
    found = _looked(element, spot, plan)
    chosen = _chosen(element, found)
    state, by = _state(chosen, element)
    return Answer(
        element,
        spot.node,
        spot.label,
        state,
        by,
        chosen.basis if chosen.basis else _NOBODY,
        next((one.conflict for one in found if one.conflict), ""),
    )


def _chosen(element: Asked, found: Sequence[Found]) -> Found:
    """The best of what is found, or the weakest where all of it is asked for."""
    choose = max if element.rule is Rule.ANY else min
    return found[0] if len(found) == 1 else choose(found, key=_WORTH)


def _looked(element: Asked, spot: _Spot, plan: Sequence[Probe]) -> list[Found]:
    """What each probe finds, but for what could be no better than what is found."""
    whole = element.rule is Rule.ALL or spot.signed
    found: list[Found] = []
    claimed = False
    for probe in plan:
        if claimed and not whole and probe.kind in _WRITTEN:
            continue
        found.append(_counted(look(spot.place, probe), probe, element))
        claimed = claimed or found[-1].worth >= Worth.CLAIM
    return found


#: What nobody signed is a claim at best where it is written.
_WRITTEN = frozenset(
    {
        *(ProbeKind.DOCUMENT, ProbeKind.COMPONENT, ProbeKind.COMPONENT_TYPE),
        *(ProbeKind.PROPERTY, ProbeKind.REFERENCE),
    }
)
_WORTH = attrgetter("worth")
_NOBODY = "no source says anything"
_STATES = {Worth.CLAIM: State.CLAIM, Worth.UNKNOWN: State.UNKNOWN}


def _counted(found: Found, probe: Probe, element: Asked) -> Found:
    """A signature where somebody's name is asked for: it names who answers for it.

    That is an answer to who made a document, and a signed claim until the document says
    the same. Who signs for a thing need not have made it, so there it is none.
    """
    if probe.kind is not ProbeKind.EVIDENCE or not asks_who(element):
        return found
    if probe.argument == "owner":
        return Found()
    return replace(found, worth=min(found.worth, Worth.SIGNED))


def _state(found: Found, element: Asked) -> tuple[State, str]:
    """What a worth comes to: verified only in a way in which this can be verified."""
    worth = found.worth
    if worth is Worth.BYTES and Way.BYTES in element.verify:
        return State.VERIFIED, "bytes"
    if worth is Worth.SIGNATURE and Way.SIGNATURE in element.verify:
        return State.VERIFIED, "signature"
    if worth >= Worth.SIGNED:
        return State.SIGNED_CLAIM, ""
    return _STATES.get(worth, State.ABSENT), ""


def _carried(element: Asked) -> bool:
    return any(probe.kind is not ProbeKind.NONE for probe in element.where)
