"""What shapes and lines mean, drawn below a picture."""

from __future__ import annotations

from aibom.report.picture.labels import text_width
from aibom.report.picture.layout import MARGIN
from aibom.report.picture.shapes import number, outline, ways_of

__all__ = ["LEGEND_WIDTH", "legend"]

#: The narrowest room a legend can do with.
LEGEND_WIDTH = 420.0
_SAMPLE, _LINE = 34.0, 24.0
_KINDS = (
    *("model", "dataset", "code", "guideline", "report", "service", "system"),
    *("step", "party"),
)
_LINES = (
    ("verified", "verified: recomputed from bytes"),
    ("attested", "attested: signed by who may say it"),
    ("claimed", "claimed: somebody says so"),
    ("unknown", "unknown, or no digest"),
    ("contradicted", "≠ contradicted: sources disagree"),
    ("path", "blocking path, numbered from the artifact"),
    ("open", "nothing is known beyond"),
    ("accepted", "ends here by decision"),
    ("fold", "several of a kind, folded"),
)


def legend(top: float, width: float) -> tuple[str, float]:
    """The legend as an element from ``top`` down, and how high it is."""
    parts = [
        f'<g class="legend" aria-hidden="true"><path class="open stop" d="'
        f'M{ways_of(MARGIN, top)}H{number(width - MARGIN)}"/>'
    ]
    x, y = MARGIN, top + 22
    entries = [(kind, kind) for kind in _KINDS] + list(_LINES)
    for name, told in entries:
        room = _SAMPLE + 8 + text_width(told, 11.0) + 18
        if x + room > width - MARGIN + 18 and x > MARGIN:
            x, y = MARGIN, y + _LINE
        parts.append(_sample(name, x, y))
        parts.append(
            f'<text class="small" x="{number(x + _SAMPLE + 8)}" '
            f'y="{number(y + 4)}">{told}</text>'
        )
        x += room
    return "".join([*parts, "</g>"]), y - top + MARGIN


def _sample(name: str, x: float, y: float) -> str:
    if name in _KINDS:
        data = outline(name, x, y - 9, _SAMPLE, 18)
        if name == "model":
            data = f"M{ways_of(x + 5, y - 9)}h24l5 5v8l-5 5h-24l-5 -5v-8z"
        return f'<g class="{name}"><path class="shape" d="{data}"/></g>'
    line = f"M{ways_of(x, y)}h{number(_SAMPLE)}"
    if name == "path":
        return f'<path class="edge onpath" d="{line}"/>'
    if name == "open":
        return f'<path class="open" d="{line}"/>'
    if name == "accepted":
        return (
            f'<path class="open stop" d="M{ways_of(x + 17, y + 8)}v-14'
            f'M{ways_of(x + 8, y - 6)}h18"/>'
        )
    if name == "fold":
        stack = (outline("", x + s, y - 8 + s, _SAMPLE - 6, 12) for s in (6, 3, 0))
        return "".join(f'<path class="shape" d="{data}"/>' for data in stack)
    inner = f'<path class="inner" d="{line}"/>' if name == "contradicted" else ""
    return f'<path class="edge {name}" d="{line}"/>{inner}'
