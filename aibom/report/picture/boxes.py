"""How large each drawn thing is: its lines of text, its shape, the parties beside it.

Everything is measured from the upper left corner of the shape itself; room above it (an
open end) and to the right (parties) belongs to the box as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from aibom.report.picture.labels import fit, text_width
from aibom.report.picture.model import STATED_RELATION, Party, PictureNode

__all__ = ["ENDS", "HEAD", "LABEL", "SMALL", "TINY", "Box", "PartyBox", "box_of"]

#: Font sizes, and the height of a line of each.
LABEL, SMALL, TINY = 13.0, 11.0, 10.0
LABEL_LINE, SMALL_LINE = 16.0, 14.0
#: Room above a shape for the sign of an open end.
HEAD = 26.0
#: What is written there, this far from the middle of the shape.
ENDS = {"open": "? unknown beyond", "accepted": "ends by decision"}
_STUB = 7.0
#: Names are bold, which is wider.
_BOLD = 1.1
_PAD = 8.0
_WIDTHS = {"step": 120.0, "party": 176.0, STATED_RELATION: 148.0}
_WIDTH = 190.0
_PARTY_WIDTH = 136.0
_PARTY_HEIGHT = 34.0
_PARTY_GAP = 5.0
_BESIDE = 11.0
#: Shapes whose outline leaves less room for text: extra on each side, and above.
_SIDES = {"service": 10.0, "party": 6.0, "model": 3.0, "system": 6.0}
_ABOVE = {"dataset": 6.0}
_BELOW = {"dataset": 3.0, "guideline": 6.0}


@dataclass(frozen=True, slots=True)
class PartyBox:
    """A pill beside a shape, relative to it."""

    party: Party
    x: float
    y: float
    width: float
    height: float
    label: str
    word: str


@dataclass(frozen=True, slots=True)
class Box:
    """A shape of ``width`` by ``height`` in a box that is ``right`` wide, ``low`` high.

    ``text_top`` is where the first line of text begins.
    """

    node: PictureNode
    width: float
    height: float
    right: float
    low: float
    label: tuple[str, ...]
    words: tuple[str, ...]
    parties: tuple[PartyBox, ...]
    text_top: float


def box_of(node: PictureNode) -> Box:
    """Measure one node; every line of its text fits into its shape."""
    kind = node.kind
    width = _WIDTHS.get(kind, _WIDTH)
    room = width - 2 * (_PAD + _SIDES.get(kind, 0.0))
    label = fit(node.label, room / _BOLD, LABEL)
    words = tuple(
        line
        for word in node.words
        for line in fit(word, room, SMALL, 3 if node.folded else 1)
    )
    above = _PAD + _ABOVE.get(kind, 0.0)
    text = len(label) * LABEL_LINE + len(words) * SMALL_LINE
    height = above + text + _PAD + _BELOW.get(kind, 0.0)
    parties = _party_boxes(node, width)
    end = width / 2 + _STUB + text_width(ENDS[node.ends], TINY) if node.ends else 0.0
    right = max([width, end, *(pill.x + pill.width for pill in parties)])
    low = max([height, *(pill.y + pill.height for pill in parties)])
    # A fold looks like a stack: its other outlines stand out by this much.
    stack = 8.0 if node.folded else 0.0
    return Box(
        node,
        width,
        height,
        max(right, width + stack),
        max(low, height + stack),
        label,
        words,
        parties,
        above,
    )


def _party_boxes(node: PictureNode, width: float) -> tuple[PartyBox, ...]:
    stack = 8.0 if node.folded else 0.0
    boxes = []
    for index, party in enumerate(node.parties):
        word = party.role or "party"
        if len(party.members) == 1:
            word = f"{word} · {_level(party)}"
        room = _PARTY_WIDTH - 18
        boxes.append(
            PartyBox(
                party,
                width + stack + _BESIDE,
                index * (_PARTY_HEIGHT + _PARTY_GAP),
                _PARTY_WIDTH,
                _PARTY_HEIGHT,
                fit(party.label.removeprefix("person:"), room / _BOLD, SMALL, 1)[0],
                fit(word, room, TINY, 1)[0],
            )
        )
    return tuple(boxes)


def _level(party: Party) -> str:
    return "≠" if party.level == "contradicted" else party.level
