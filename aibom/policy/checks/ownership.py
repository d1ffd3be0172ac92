"""Somebody answers for it: an owner is named, and is one whom you know.

What it checks: the parties that steps which generated the node, or statements about
itself, name in the role `owner`. With `owners`, each of them must be on that list,
letter by letter; without, any person or organisation will do (`types`). With `at_most`,
there may not be more than that many: for what many own, nobody answers.

Why it matters: after an incident somebody must decide, withdraw and repair. A dataset
of nobody is changed by anybody.

Passes: an owner is named, as well assured as the rule asks, and every one is as asked
(`owner-known`).

Fails: an owner is not on the list (`owner-not-listed`), or is of another type of party,
such as software (`owner-not-answerable`).

Unknown: nobody is named (`owner-missing`), or owners are only claimed
(`assurance-too-low`); more are named than `at_most` (`owners-too-many`).

Not applicable: ancestors at which lineage ends by decision (`accepted-root`): whoever
accepted one answers for that.

What to do: name the owner where it is made (`--by owner=…`); where somebody else owns
it now, record that, or correct the list.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from aibom.errors import AibomError
from aibom.lineage.assurance import Level
from aibom.lineage.identity import parse_party
from aibom.lineage.nodes import ENTITY_KINDS, Node
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.duties import Holder, holders

__all__ = ["CHECK", "Settings"]

_TYPES = ("person", "org", "software")


@dataclass(frozen=True, slots=True)
class Settings:
    """Who may own it."""

    owners: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Party ids of all who may own it; none: anybody."},
    )
    types: tuple[str, ...] = field(
        default=("person", "org"),
        metadata={
            "doc": "Which types of party can answer for it: person, org, software.",
            "choices": _TYPES,
        },
    )
    at_most: int | None = field(
        default=None,
        metadata={"doc": "How many owners there may be at most.", "minimum": 1},
    )

    def __post_init__(self) -> None:
        if not self.types:
            raise ValueError("types is an empty list: nobody could own it")
        for text in self.owners:
            try:
                kind = parse_party(text).type
            except AibomError as error:
                raise ValueError(error.message) from error
            if kind not in self.types:
                raise ValueError(f"{text!r} is of a type that types leaves out")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst of its owners decides."""
    if context.is_decided_root(node.id) and not context.is_artifact(node.id):
        return not_applicable("accepted-root")
    expected = _expected(settings, minimum)
    found = list(holders(context, node.id, ("owner",)))
    if not found:
        text = "nobody is named as owner"
        return unknown("owner-missing", expected=expected, actual=text)
    refused = _refused(found, settings)
    if refused is not None:
        return replace(refused, expected=expected)
    named = sorted({str(owner.party) for owner in found})
    text = f"owner {', '.join(named)}"
    worth = max((owner.worth for owner in found), key=lambda worth: worth.level)
    if settings.at_most is not None and len(named) > settings.at_most:
        return unknown("owners-too-many", expected=expected, actual=text)
    if worth.level < minimum:
        return unknown(
            "assurance-too-low", expected=expected, actual=text, assurance=worth
        )
    return passes("owner-known", expected=expected, actual=text, assurance=worth)


def _refused(found: list[Holder], settings: Settings) -> Outcome | None:
    others = [owner for owner in found if _type(owner) not in settings.types]
    if others:
        return fails("owner-not-answerable", **_told(others))
    if settings.owners:
        others = [owner for owner in found if owner.party not in settings.owners]
    return fails("owner-not-listed", **_told(others)) if others else None


def _told(others: list[Holder]) -> dict[str, Any]:
    """The first of them; an exception is for all of these, and not for one more."""
    first, named = others[0], sorted({str(owner.party) for owner in others})
    return {
        "actual": f"owner {first.party}",
        "assurance": first.worth,
        "beyond": first.hops,
        "term": " ".join(named),
    }


def _type(owner: Holder) -> str:
    try:
        return parse_party(owner.party or "").type
    except AibomError:
        return ""


def _expected(settings: Settings, minimum: Level) -> str:
    who = "one of the listed owners" if settings.owners else " or ".join(settings.types)
    most = f", at most {settings.at_most}" if settings.at_most else ""
    return f"owned by {who}{most}, {minimum.word}"


CHECK = Check("ownership", Settings, evaluate, ENTITY_KINDS)
