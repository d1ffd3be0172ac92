"""What shapes and lines mean, drawn below a picture."""

from __future__ import annotations

from aibom.report.picture.labels import fit, text_width
from aibom.report.picture.model import Picture
from aibom.report.picture.shapes import number, outline, ways_of

__all__ = ["LEGEND_WIDTH", "legend"]

#: The room that a legend takes where a drawing needs less.
LEGEND_WIDTH = 468.0
_SAMPLE, _LINE, _NEXT = 34.0, 24.0, 14.0
_KINDS = (
    *("model", "dataset", "code", "guideline", "report", "service", "system"),
    *("step", "party"),
)
_LINES = (
    ("verified", "proved: recomputed from bytes (verified)"),
    ("attested", "signed by who may say it (attested)"),
    ("claimed", "stated: somebody says so (claimed)"),
    ("unknown", "unknown, or no digest"),
    ("contradicted", "≠ contradicted: sources disagree"),
    (
        "path",
        "broad band: the path that blocks. Follow its numbers from the artifact (1) "
        "up to what the finding is about",
    ),
    ("alarm", "what failed here: an audit, an advisory, a rule"),
    ("open", "nothing is known beyond"),
    ("accepted", "ends here by decision"),
    ("fold", "several of a kind, folded"),
)


def legend(
    picture: Picture, top: float, width: float, margin: float
) -> tuple[str, float]:
    """The legend as an element from ``top`` down, and how high it is.

    It explains a blocking path and failures where there are any.
    """
    parts = [
        f'<g class="legend" aria-hidden="true"><path class="open stop" d="'
        f'M{ways_of(margin, top)}H{number(width - margin)}"/>'
    ]
    x, y = margin, top + 22
    unused = _unused(picture)
    entries = [(kind, kind) for kind in _KINDS]
    entries += [entry for entry in _LINES if entry[0] not in unused]
    for name, told in entries:
        lines = fit(told, width - 2 * margin - _SAMPLE - 8, 11.0, 4)
        room = _SAMPLE + 8 + max(text_width(line, 11.0) for line in lines) + 18
        if x > margin and (x + room > width - margin + 18 or len(lines) > 1):
            x, y = margin, y + _LINE
        parts.append(_sample(name, x, y))
        for index, line in enumerate(lines):
            parts.append(
                f'<text class="small" x="{number(x + _SAMPLE + 8)}" '
                f'y="{number(y + 4 + index * _NEXT)}">{line}</text>'
            )
        x, y = x + room, y + (len(lines) - 1) * _NEXT
    return "".join([*parts, "</g>"]), y - top + margin


def _unused(picture: Picture) -> set[str]:
    failed = any(
        node.alarms or any(party.alarms for party in node.parties)
        for node in picture.nodes
    )
    return {
        *(() if any(node.on_path for node in picture.nodes) else ("path",)),
        *(() if failed else ("alarm",)),
    }


def _sample(name: str, x: float, y: float) -> str:
    if name in _KINDS:
        data = outline(name, x, y - 9, _SAMPLE, 18)
        if name == "model":
            data = f"M{ways_of(x + 5, y - 9)}h24l5 5v8l-5 5h-24l-5 -5v-8z"
        return f'<g class="{name}"><path class="shape" d="{data}"/></g>'
    line = f"M{ways_of(x, y)}h{number(_SAMPLE)}"
    if name == "path":
        return (
            f'<path class="band" d="{line}"/><path class="edge onpath" d="{line}"/>'
            f'<path class="badge" d="{outline("party", x, y - 9, 18, 18)}"/>'
            f'<text class="number" text-anchor="middle" x="{number(x + 9)}" '
            f'y="{number(y + 4)}">1</text>'
        )
    if name == "alarm":
        return (
            f'<text class="small alarm" text-anchor="middle" '
            f'x="{number(x + _SAMPLE / 2)}" y="{number(y + 4)}">✖</text>'
        )
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
