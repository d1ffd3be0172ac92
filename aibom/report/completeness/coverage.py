"""Coverage: every element of a profile, answered for every node that it is about.

===================  ================================================================
verified             checked in this run, from the bytes or as a signature
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

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node
from aibom.report.completeness.found import Found, Place, Worth
from aibom.report.completeness.probes import look
from aibom.report.completeness.profile import (
    AppliesTo,
    Asked,
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
    "coverage",
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
    places: dict[str, Place] = {}
    answers: list[Answer] = []
    for element in profile.elements:
        answers.extend(_answers(element, subject, places))
    return Coverage(profile, tuple(answers))


def _answers(
    element: Asked, subject: Subject, places: dict[str, Place]
) -> Iterator[Answer]:
    if element.applies_to is AppliesTo.DOCUMENT:
        yield _answer(element, _place(None, subject, places), "the document")
        return
    nodes = _nodes(element.applies_to, subject)
    for node in nodes:
        yield _answer(element, _place(node, subject, places), node.label)
    if not nodes:
        yield _of_nothing(element, subject)


def _place(node: Node | None, subject: Subject, places: dict[str, Place]) -> Place:
    key = node.id if node is not None else ""
    if key not in places:
        places[key] = Place.of(subject, node)
    return places[key]


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


def _answer(element: Asked, place: Place, label: str) -> Answer:
    found = [look(place, probe) for probe in element.where]
    choose = max if element.rule is Rule.ANY else min
    chosen = choose(found, key=lambda one: one.worth)
    state, by = _state(chosen, element)
    return Answer(
        element,
        place.node.id if place.node is not None else "",
        label,
        state,
        by,
        chosen.basis if chosen.basis else "no source says anything",
        next((one.conflict for one in found if one.conflict), ""),
    )


def _state(found: Found, element: Asked) -> tuple[State, str]:
    """What a worth comes to: verified only in a way in which this can be verified."""
    worth = found.worth
    if worth is Worth.BYTES and Way.BYTES in element.verify:
        return State.VERIFIED, "bytes"
    if worth is Worth.SIGNATURE and Way.SIGNATURE in element.verify:
        return State.VERIFIED, "signature"
    if worth >= Worth.SIGNED:
        return State.SIGNED_CLAIM, ""
    state = {Worth.CLAIM: State.CLAIM, Worth.UNKNOWN: State.UNKNOWN}
    return state.get(worth, State.ABSENT), ""


def _carried(element: Asked) -> bool:
    return any(probe.kind is not ProbeKind.NONE for probe in element.where)
