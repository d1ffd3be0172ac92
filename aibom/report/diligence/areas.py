"""The seven headings of the first page, and what to ask the supplier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aibom.report.diligence.catalogue import Catalogue
from aibom.report.diligence.model import Answer, Area, Status, combined
from aibom.verdict import Status as Outcome

__all__ = ["area", "strengthening", "with_request"]

#: Signers who are named in a heading.
_SHOWN = 3


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
        strengthening(next_one) if next_one else "",
        next_one.id if next_one else "",
        tuple(one.id for one in own),
        tuple(
            sorted(
                {
                    f"{note.rule}: {note.reason}"
                    for one in own
                    for note in one.rules
                    if note.status == Outcome.FAIL.value
                }
            )
        ),
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
    """What to ask first: what conflicts, what is missing, what is merely stated."""
    for wanted in (Status.CONFLICTING, Status.MISSING, Status.STATED):
        for one in own:
            if one.status is wanted and one.request:
                return one
    return None


def strengthening(one: Answer) -> str:
    """The text of a request: for what is missing, or for proof of what is stated."""
    if one.status is Status.CONFLICTING:
        return f"Your sources disagree ({one.answer}) Which is right? {one.request}"
    if one.status is Status.STATED:
        return (
            "You state this; provide it as a statement signed by whoever answers for "
            f"it, bound to the digest. {one.request}"
        )
    return one.request


def with_request(one: Answer) -> Answer:
    """The answer with the whole text of its request."""
    return replace(one, request=strengthening(one)) if one.request else one
