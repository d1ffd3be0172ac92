"""Outlines: one shape for each kind, so that kinds are told apart without colour."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from aibom.report.picture.layout import Point

__all__ = ["curve", "number", "outline", "square", "ways_of"]

_BEND = 0.5
_DIP = 26.0


def number(value: float) -> str:
    """A coordinate, to a tenth: no more digits than can be seen."""
    text = f"{value:.1f}"
    return (
        text.removesuffix(".0").replace("-0", "0")
        if text in ("-0.0",)
        else (text.removesuffix(".0"))
    )


def ways_of(*values: float) -> str:
    """Coordinates with spaces between."""
    return " ".join(number(value) for value in values)


def outline(kind: str, x: float, y: float, w: float, h: float) -> str:
    """The path data of a kind's outline in a rectangle."""
    draw = _OUTLINES.get(kind, _rectangle)
    return draw(x, y, w, h)


def _rectangle(x: float, y: float, w: float, h: float) -> str:
    return f"M{ways_of(x, y)}h{number(w)}v{number(h)}h{number(-w)}z"


def _model(x: float, y: float, w: float, h: float) -> str:
    cut = 10.0
    return (
        f"M{ways_of(x + cut, y)}h{number(w - 2 * cut)}l{ways_of(cut, cut)}"
        f"v{number(h - 2 * cut)}l{ways_of(-cut, cut)}h{number(2 * cut - w)}"
        f"l{ways_of(-cut, -cut)}v{number(2 * cut - h)}z"
    )


def _dataset(x: float, y: float, w: float, h: float) -> str:
    """A drum."""
    r = 6.0
    half = number(w / 2)
    side = number(h - 2 * r)
    return (
        f"M{ways_of(x, y + r)}a{half} {number(r)} 0 0 1 {number(w)} 0v{side}"
        f"a{half} {number(r)} 0 0 1 {number(-w)} 0z"
        f"M{ways_of(x, y + r)}a{half} {number(r)} 0 0 0 {number(w)} 0"
    )


def _code(x: float, y: float, w: float, h: float) -> str:
    """A sheet with a folded corner."""
    fold = 12.0
    return (
        f"M{ways_of(x, y)}h{number(w - fold)}l{ways_of(fold, fold)}"
        f"v{number(h - fold)}h{number(-w)}z"
        f"M{ways_of(x + w - fold, y)}v{number(fold)}h{number(fold)}"
    )


def _guideline(x: float, y: float, w: float, h: float) -> str:
    """A sheet that is torn off in a wave."""
    low, q = h - 5.0, w / 4
    return (
        f"M{ways_of(x, y)}h{number(w)}v{number(low)}"
        f"q{ways_of(-q, -10, -2 * q, 0)}t{ways_of(-2 * q, 0)}z"
    )


def _report(x: float, y: float, w: float, h: float) -> str:
    """A sheet with a tab."""
    tab = min(34.0, w / 2)
    return (
        f"M{ways_of(x, y + 5)}h10v-5h{number(tab)}v5h{number(w - tab - 10)}"
        f"v{number(h - 5)}h{number(-w)}z"
    )


def _service(x: float, y: float, w: float, h: float) -> str:
    lean = 12.0
    return (
        f"M{ways_of(x + lean, y)}h{number(w - lean)}l{ways_of(-lean, h)}"
        f"h{number(lean - w)}z"
    )


def _system(x: float, y: float, w: float, h: float) -> str:
    """A frame with bars at its sides."""
    return (
        _rectangle(x, y, w, h) + f"M{ways_of(x + 6, y)}v{number(h)}"
        f"M{ways_of(x + w - 6, y)}v{number(h)}"
    )


def _round(x: float, y: float, w: float, h: float, r: float) -> str:
    arc = f"a{number(r)} {number(r)} 0 0 1"
    return (
        f"M{ways_of(x + r, y)}h{number(w - 2 * r)}{arc} {ways_of(r, r)}"
        f"v{number(h - 2 * r)}{arc} {ways_of(-r, r)}h{number(2 * r - w)}"
        f"{arc} {ways_of(-r, -r)}v{number(2 * r - h)}{arc} {ways_of(r, -r)}z"
    )


def _step(x: float, y: float, w: float, h: float) -> str:
    return _round(x, y, w, h, 11.0)


def _party(x: float, y: float, w: float, h: float) -> str:
    return _round(x, y, w, h, h / 2)


_OUTLINES = {
    "model": _model,
    "dataset": _dataset,
    "code": _code,
    "guideline": _guideline,
    "report": _report,
    "service": _service,
    "system": _system,
    "step": _step,
    "party": _party,
}


def curve(points: Sequence[Point]) -> str:
    """Path data through points: straight where one lies below the other, else bent."""
    data = [f"M{ways_of(*points[0])}"]
    for (x, y), (to, below) in pairwise(points):
        if y == below:
            data.append(f"C{ways_of(x, y + _DIP, to, y + _DIP, to, below)}")
        elif x == to:
            data.append(f"V{number(below)}")
        else:
            turn = (below - y) * _BEND
            data.append(f"C{ways_of(x, y + turn, to, below - turn, to, below)}")
    return "".join(data)


def square(points: Sequence[Point]) -> str:
    """Path data of straight pieces, level or upright."""
    data = [f"M{ways_of(*points[0])}"]
    for (_, y), (to, below) in pairwise(points):
        data.append(f"H{number(to)}" if y == below else f"V{number(below)}")
    return "".join(data)
