"""What a conversion could not carry over: one value for each loss, and how they count.

Two documents that say less than the one they were made from look alike, whatever was
lost. So each conversion hands back, beside its bytes, what it left behind. A loss is
about one field of one thing; where many of a kind stand together (the sizes of a
folder's files) it is one loss with a count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aibom.bom.problem import shorten

__all__ = [
    "API_VERSION",
    "Loss",
    "LossKind",
    "counts",
    "losses_document",
    "sorted_losses",
]

API_VERSION = "aibom/losses/v1"

_MAX_DETAIL = 300


class LossKind(StrEnum):
    """Why something of the input cannot be found in the output as it was."""

    NOT_READ = "not-read"  # stands in the input; was not, or could not be, read
    NOT_CARRIED = "not-carried"  # the target has no place for it
    EXTENSION_ONLY = "extension-only"  # there, under a name that only we know
    APPROXIMATED = "approximated"  # written as the nearest thing that there is
    CHANGED = "changed"  # written differently, so that it does no harm
    MANDATORY_UNKNOWN = "mandatory-unknown"  # the target demands it; not known here


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """One loss: its kind, the field, where (a node's id or a JSON pointer), and why.

    ``field`` is a name of ours, or for ``mandatory-unknown`` the target's. ``where``
    and ``detail`` may quote documents: whoever prints them escapes them.
    """

    kind: LossKind
    field: str
    where: str
    detail: str = ""
    count: int = 1


def sorted_losses(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """Each loss once, in an order that depends on nothing but what they say."""
    return tuple(sorted(set(losses)))


def counts(losses: Iterable[Loss]) -> dict[str, int]:
    """How much of each kind was lost, kinds without a loss left out, sorted."""
    found: Counter[str] = Counter()
    for loss in losses:
        found[loss.kind.value] += loss.count
    return dict(sorted(found.items()))


def losses_document(
    losses: Iterable[Loss], *, source: str, target: str, output: str
) -> dict[str, Any]:
    """The losses as JSON-ready values (``schemas/losses-1.json``).

    ``source`` and ``output`` are the SHA-256 of the bytes read and written.
    """
    listed = sorted_losses(losses)
    return {
        "apiVersion": API_VERSION,
        "input": {"sha256": source},
        "output": {"sha256": output, "format": target},
        "counts": counts(listed),
        "losses": [
            {
                "kind": loss.kind.value,
                "field": shorten(loss.field),
                "where": shorten(loss.where),
                "count": loss.count,
                **(
                    {"detail": shorten(loss.detail, _MAX_DETAIL)} if loss.detail else {}
                ),
            }
            for loss in listed
        ],
    }
