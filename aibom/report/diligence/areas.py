"""The seven headings of the first page, and what to ask the supplier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aibom.report.diligence.catalogue import Catalogue
from aibom.report.diligence.model import Answer, Area, Status, combined

__all__ = ["area", "strengthening", "with_request"]

#: Signers who are named in a heading.
_SHOWN = 3
_EXPLAIN = (
    "Say how this came about, correct it, and show the same again for the corrected "
    "version."
)
#: Failures that a request tells with their numbers; the others stand in the report.
_FAILURES = 3


def area(catalogue: Catalogue, area_id: str, answers: dict[str, Answer]) -> Area:
    """One heading of the first page from the answers below it."""
    text = next(one for one in catalogue.areas if one.id == area_id)
    own = [answers[q.id] for q in catalogue.questions if q.area == area_id]
    asked = [one for one in own if one.status is not Status.NOT_APPLICABLE]
    good = [one for one in asked if one.status.is_answer]
    status = _area_status(asked, good)
    signers = sorted({s for one in good for s in one.signers})
    who = status.words
    if status is Status.MISSING and good:
        who = f"mostly {status.words}"
    if status is Status.SIGNED and signers:
        who = f"{status.words} by {', '.join(signers[:_SHOWN])}"
    lead = answers[text.lead]
    shown = lead if lead.given or not good else good[0]
    if conflicting := [one for one in asked if one.status is Status.CONFLICTING]:
        shown = conflicting[0]
    next_one = _next(own)
    return Area(
        text.id,
        text.title,
        text.asks,
        status,
        who,
        shown.answer,
        len(good),
        len(asked),
        _asked_next(next_one) if next_one else "",
        next_one.id if next_one else "",
        tuple(one.id for one in own),
        tuple(dict.fromkeys(note for one in own for note in one.failed)),
    )


def _area_status(asked: Sequence[Answer], good: Sequence[Answer]) -> Status:
    """The weakest of what is answered; not provided where less than half of it is."""
    if any(one.status is Status.CONFLICTING for one in asked):
        return Status.CONFLICTING
    if not asked:
        return Status.NOT_APPLICABLE
    if 2 * len(good) < len(asked):
        return Status.MISSING
    return combined(one.status for one in good)


def _next(own: Sequence[Answer]) -> Answer | None:
    """What to ask first: what is wrong, what conflicts, is missing, merely stated."""
    wrong = sorted(
        (one for one in own if one.failed), key=lambda one: not one.failed[0].blocks
    )
    if wrong:
        return wrong[0]
    for wanted in (Status.CONFLICTING, Status.MISSING, Status.STATED):
        for one in own:
            if one.status is wanted and one.request:
                return one
    return None


def _asked_next(one: Answer) -> str:
    """The request; what is wrong stands right above it in a heading."""
    return f"{_EXPLAIN} {one.request}" if one.failed else strengthening(one)


def strengthening(one: Answer) -> str:
    """The text of a request: about what is wrong, is missing, or is merely stated."""
    if one.failed:
        return f"{_about_failure(one)} {one.request}".strip()
    if one.status is Status.CONFLICTING:
        return f"Your sources disagree ({one.answer}) Which is right? {one.request}"
    # What the reader's own files say has no source, and nobody stated it.
    if one.status is Status.STATED and one.sources:
        return (
            "So far this is only stated: provide it as a statement signed by whoever "
            f"answers for it, bound to the digest. {one.request}"
        )
    return one.request


def _about_failure(one: Answer) -> str:
    """A supplier can only answer for what is told with its numbers."""
    told = [note.told for note in one.failed[:_FAILURES]]
    left = len(one.wrong) - len({note.node for note in one.failed[:_FAILURES]})
    more = f" (and {left:,} more things)" if left > 0 else ""
    return f"This does not hold: {'. '.join(told)}{more}. {_EXPLAIN}"


def with_request(one: Answer) -> Answer:
    """The answer with the whole text of its request."""
    return replace(one, request=strengthening(one)) if one.request else one
