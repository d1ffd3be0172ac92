"""How large each drawn thing is: its lines of text, its shape, the parties beside it.

Everything is measured from the upper left corner of the shape itself; room above it (an
open end) and to the right (parties) belongs to the box as well. A mark never lies over
a text: where there is one, the text begins below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aibom.report.picture.labels import fit, text_width
from aibom.report.picture.model import (
    LEVEL_WORDS,
    STATED_RELATION,
    Party,
    Picture,
    PictureNode,
)
from aibom.report.picture.names import told_apart

__all__ = [
    "BADGE",
    "BESIDE_END",
    "ENDS",
    "HEAD",
    "LABEL",
    "NARROW",
    "PAPER",
    "SMALL",
    "TINY",
    "WIDE",
    "Box",
    "Form",
    "PartyBox",
    "badge_width",
    "box_of",
    "boxes_of",
]

#: Font sizes, and the height of a line of each.
LABEL, SMALL, TINY = 13.0, 11.0, 10.0
LABEL_LINE, SMALL_LINE, TINY_LINE = 16.0, 14.0, 13.0
#: Room above a shape for the sign of an open end.
HEAD = 26.0
#: What is written there, this far from the middle of the shape.
ENDS = {"open": "? unknown beyond", "accepted": "ends by decision"}
BESIDE_END = 13.0
#: Half the height of a mark.
BADGE = 9.0
#: Names are bold, which is wider.
_BOLD = 1.1
_PAD = 8.0
_WIDTHS = {"step": 120.0, "party": 176.0, STATED_RELATION: 148.0}
_WIDTH = 190.0
_PARTY_WIDTH = 148.0
_PARTY_GAP = 5.0
_BESIDE = 11.0
_INDENT = 34.0
#: Shapes whose outline leaves less room for text: extra on each side, and above.
_SIDES = {"service": 10.0, "party": 6.0, "model": 3.0, "system": 6.0}
_ABOVE = {"dataset": 6.0}
_BELOW = {"dataset": 3.0, "guideline": 6.0}


@dataclass(frozen=True, slots=True)
class Form:
    """What a drawing is for. Rows are cut to ``width``.

    With ``box`` each shape is that wide and has its row to itself, parties stand below
    it, and edges run in lanes on the left.
    """

    name: str
    width: float
    margin: float = 24.0
    box: float = 0.0


#: A screen with room; paper of A4 at its own size; a phone.
WIDE = Form("wide", 1120.0)
PAPER = Form("paper", 640.0, 12.0)
NARROW = Form("narrow", 340.0, 10.0, 250.0)


@dataclass(frozen=True, slots=True)
class PartyBox:
    """A pill beside a shape, relative to it; ``lines`` are (text, style, baseline)."""

    party: Party
    x: float
    y: float
    width: float
    height: float
    label: str
    word: str
    lines: tuple[tuple[str, str, float], ...]
    badge: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A shape of ``width`` by ``height`` in a box that is ``right`` wide, ``low`` high.

    ``text_top`` is where the first line of text begins. ``alarms`` are what failed
    here, ``tell`` what tells it from others of that label. ``badge`` is the left end
    and the middle of its marks.
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
    alarms: tuple[str, ...] = ()
    badge: tuple[float, float] = (0.0, 0.0)
    tell: str = ""


def boxes_of(picture: Picture, form: Form = WIDE) -> Mapping[str, Box]:
    """Every node measured, with what tells apart those that would look the same."""
    boxes = {node.id: box_of(node, form) for node in picture.nodes}
    shown: dict[str, tuple[str, ...]] = {}
    for name, box in boxes.items():
        if box.node.named:
            shown[name] = box.label
        for pill in box.parties:
            if len(pill.party.members) == 1:
                shown[pill.party.id] = (pill.label,)
    told = told_apart(shown)
    for name, box in boxes.items() if told else ():
        if name in told or any(pill.party.id in told for pill in box.parties):
            boxes[name] = box_of(box.node, form, told)
    return boxes


def badge_width(text: str) -> float:
    """How wide the pill around a mark has to be."""
    return max(18.0, text_width(text, 11.0) + 9.0)


def box_of(
    node: PictureNode, form: Form = WIDE, told: Mapping[str, str] | None = None
) -> Box:
    """Measure one node; every line of its text fits into its shape."""
    kind, told = node.kind, told or {}
    width = form.box or _WIDTHS.get(kind, _WIDTH)
    marks = _marks_width(node.marks)
    width = max(width, marks + 2 * _PAD)
    room = width - 2 * (_PAD + _SIDES.get(kind, 0.0))
    label = fit(node.label, room / _BOLD, LABEL)
    tell = told.get(node.id, "") if node.named else ""
    words = tuple(
        line
        for word in (*([tell] if tell else ()), *node.words)
        for line in fit(word, room, SMALL, 3 if node.folded else 1)
    )
    alarms = tuple(
        line for word in node.alarms for line in fit(word, room / _BOLD, SMALL, 3)
    )
    above = _PAD + _ABOVE.get(kind, 0.0)
    badge = (-BADGE, 0.0)
    if len(node.marks) > 1:
        badge = ((width - marks) / 2, above + BADGE)
        above += 2 * BADGE + 4.0
    elif node.marks:
        badge = (width - marks - _PAD, 0.0) if form.box else badge
        above = max(above, BADGE + 3.0)
    text = len(label) * LABEL_LINE + (len(words) + len(alarms)) * SMALL_LINE
    height = above + text + _PAD + _BELOW.get(kind, 0.0)
    # A fold looks like a stack: its other outlines stand out by this much.
    stack = 8.0 if node.folded else 0.0
    parties = _party_boxes(node, (width, height, stack), form, told)
    end = (
        width / 2 + BESIDE_END + text_width(ENDS[node.ends], TINY) if node.ends else 0.0
    )
    right = max([width + stack, end, *(pill.x + pill.width for pill in parties)])
    low = max([height + stack, *(pill.y + pill.height for pill in parties)])
    return Box(
        *(node, width, height, right, low, label, words, parties, above),
        *(alarms, badge, tell),
    )


def _marks_width(marks: tuple[str, ...]) -> float:
    return sum(badge_width(mark) + 2.0 for mark in marks) - 2.0 if marks else 0.0


def _party_boxes(
    node: PictureNode,
    shape: tuple[float, float, float],
    form: Form,
    told: Mapping[str, str],
) -> tuple[PartyBox, ...]:
    width, height, stack = shape
    x = _INDENT if form.box else width + stack + _BESIDE
    y = height + stack + _PARTY_GAP if form.box else 0.0
    boxes: list[PartyBox] = []
    for party in node.parties:
        if len(party.marks) == 1 and (boxes or form.box):
            y += BADGE - 2.0
        room = max(_PARTY_WIDTH, _marks_width(party.marks) + 2 * _PAD)
        boxes.append(
            _party_box(party, (x, y), form.box - x if form.box else room, told)
        )
        y += boxes[-1].height + _PARTY_GAP
    return tuple(boxes)


def _party_box(
    party: Party,
    place: tuple[float, float],
    width: float,
    told: Mapping[str, str],
) -> PartyBox:
    word = party.role or "party"
    if len(party.members) == 1:
        word = f"{word} · {_level(party)}"
    room = width - 18
    label = fit(party.label, room / _BOLD, SMALL, 1)[0]
    tell = told.get(party.id, "") if len(party.members) == 1 else ""
    small = [tell] if tell else []
    small.append(fit(word, room, TINY, 1)[0])
    top, badge = 0.0, (0.0, 0.0)
    if len(party.marks) == 1:
        top, badge = 7.0, (width - _marks_width(party.marks) - 3.0, 0.0)
    elif party.marks:
        top = 2 * BADGE + 2.0
        badge = ((width - _marks_width(party.marks)) / 2, BADGE + 3.0)
    lines = [(label, "small name", top + 14.0)]
    for text in small:
        lines.append((text, "tiny", lines[-1][2] + TINY_LINE))
    for alarm in party.alarms:
        for text in fit(alarm, room / _BOLD, TINY, 2):
            lines.append((text, "tiny alarm", lines[-1][2] + TINY_LINE))
    height = lines[-1][2] + 7.0
    return PartyBox(
        *(party, *place, width, height, label, small[-1], tuple(lines), badge)
    )


def _level(party: Party) -> str:
    return "≠" if party.level == "contradicted" else LEVEL_WORDS[party.level]
