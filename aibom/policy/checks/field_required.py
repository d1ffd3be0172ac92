"""The facts that a rule lists are stated about the node, and well enough.

What it checks: for every listed field, that somebody states a value, that nobody states
another, and how well the value is assured. A source also counts where it stands on the
`used` edge of a step that took the bytes from there. A blank, or a placeholder such as
`TBD`, is no value.

Why it matters: what is not written down at the start cannot be asked for later. A
report with gaps that somebody admits is worth more than one without.

Passes: every listed field has a value, as well assured as the rule asks; with
`unknown: accept`, or is declared unknown by a statement that is as well assured
(`fields-present`).

Fails: with `unknown: fail`: a field is declared unknown (`field-unknown`).

Unknown: nothing states a field (`field-missing`); it is declared unknown
(`field-unknown`); sources disagree (`contradicted`); a value is stated, but not as well
assured as the rule asks (`assurance-too-low`).

What to do: state the facts in the BOM of the thing, and have its owner sign it; where
nobody can know, declare the field unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from aibom.lineage.assurance import Assurance, Level, fact_assurance
from aibom.lineage.nodes import ENTITY_KINDS, MULTI_VALUED, Node, State
from aibom.policy.context import Check, Context, Outcome, fails, passes, unknown
from aibom.reading import suggest

__all__ = ["CHECK", "FIELDS", "Settings"]

#: The fields of entities that readers and step records of ours can carry.
FIELDS = (
    "commit",
    "description",
    "dirty",
    "licence",
    "location",
    "name",
    "revision",
    "source",
    "upstream-bom",
)
_OWN = re.compile(r"[a-z][a-z0-9-]*")
_UNKNOWN = frozenset({"unknown", "noassertion"})
_PLACEHOLDERS = frozenset({"", "-", "?", "n/a", "none", "null", "tba", "tbd", "todo"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Which facts must be there."""

    fields: tuple[str, ...] = field(
        metadata={"doc": f"Fields that must have a value: {', '.join(FIELDS)}."}
    )
    own_fields: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Further fields, which only your own BOMs have."},
    )
    unknown: str = field(
        default="unknown",
        metadata={
            "doc": "What a field that is declared unknown counts as.",
            "choices": ("unknown", "accept", "fail"),
        },
    )

    def __post_init__(self) -> None:
        for name in self.fields:
            if name not in FIELDS:
                raise ValueError(
                    f"unknown field {name!r}{suggest(name, FIELDS)} (a field of your "
                    "own BOMs goes into own_fields)"
                )
        for name in self.own_fields:
            if not _OWN.fullmatch(name):
                raise ValueError(f"{name!r} is not a field name (kebab-case)")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst of the listed fields decides."""
    names = sorted({*settings.fields, *settings.own_fields})
    worths = {name: _worth(context, node, name, settings) for name in names}
    worst = min(names, key=lambda name: (worths[name].level, name))
    worth = worths[worst]
    expected = f"stated, {minimum.word}: {', '.join(names)}"
    details = {"expected": expected, "assurance": worth}
    if worth.level is Level.CONTRADICTED:
        return unknown("contradicted", actual=f"{worst}: {worth.basis}", **details)
    declared = sorted(n for n in names if worths[n].level is Level.UNKNOWN)
    if declared and settings.unknown == "fail":
        text = f"declared unknown: {', '.join(declared)}"
        return fails("field-unknown", actual=text, **details)
    if worth.level is Level.MISSING:
        lacking = sorted(n for n in names if worths[n].level is Level.MISSING)
        text = f"nothing states: {', '.join(lacking)}"
        return unknown("field-missing", actual=text, **details)
    if declared:
        text = f"declared unknown: {', '.join(declared)}"
        return unknown("field-unknown", actual=text, **details)
    text = f"{worst} is {worth.level.word}"
    return passes("fields-present", actual=text, **details)


def _worth(context: Context, node: Node, name: str, settings: Settings) -> Assurance:
    """What the field is worth; of several values that may stand together, the best."""
    values = [value for value in node.values(name) if _is_value(value)]
    stated = [fact_assurance(node, name, context.evidence, v) for v in values]
    if name == "source":
        sources = context.sources_of(node.id)
        stated = [worth for value, worth in sources if _is_value(value)]
    if name not in MULTI_VALUED:
        overall = fact_assurance(node, name, context.evidence)
        if overall.level is Level.CONTRADICTED:
            return overall
    if stated:
        return max(stated, key=lambda worth: worth.level)
    if _declared_unknown(node, name):
        if settings.unknown == "accept":
            return _worth_of_unknown(context, node, name)
        return Assurance(Level.UNKNOWN, "declared as unknown")
    return Assurance(Level.MISSING, "no source says anything")


def _is_value(text: str) -> bool:
    return text.strip().lower() not in _PLACEHOLDERS | _UNKNOWN


def _declared_unknown(facts: Node, name: str) -> bool:
    words = [value.strip().lower() for value in facts.values(name)]
    return facts.state(name) is State.UNKNOWN or any(w in _UNKNOWN for w in words)


def _worth_of_unknown(context: Context, node: Node, name: str) -> Assurance:
    """How well it is assured *that somebody declares it unknown*."""
    for item in context.evidence.owning(node.id):
        stated = item.graph.nodes.get(node.id) if item.graph else None
        if stated is None or stated.state(name) is State.MISSING:
            continue
        if not _declared_unknown(stated, name):
            basis = f"{item.location} says {', '.join(stated.values(name))}"
            return Assurance(Level.CONTRADICTED, basis)
        return Assurance(Level.ATTESTED, f"declared unknown by {item.location}")
    return Assurance(Level.CLAIMED, "declared unknown, not attested")


CHECK = Check("field-required", Settings, evaluate, ENTITY_KINDS)
