"""What a picture shows, in words, for who cannot see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from aibom.lineage.graph import Graph
from aibom.report.picture.labels import apart
from aibom.report.picture.model import (
    LEVEL_WORDS,
    LEVELS,
    STATED_RELATION,
    PictureNode,
)
from aibom.report.picture.units import Levels, Units
from aibom.report.text import escape

__all__ = ["KINDS", "NUMBERED", "counted", "description_of"]

#: Paths that are numbered A, B, C; further ones are thick lines only.
NUMBERED = 5
#: One of a kind, and several.
KINDS = {
    "dataset": ("dataset", "datasets"),
    "model": ("model", "models"),
    "code": ("code", "pieces of code"),
    "guideline": ("guideline", "guidelines"),
    "report": ("report", "reports"),
    "service": ("service", "services"),
    "system": ("system", "systems"),
    "step": ("step", "steps"),
    "party": ("party", "parties"),
    STATED_RELATION: ("stated relation", "stated relations"),
}
_ENDS = {"open": "nothing is known beyond", "accepted": "ends here by decision"}


def counted(kind: str, count: int) -> str:
    """``1 dataset``, ``37 datasets``."""
    return f"{count:,} {KINDS[kind][count != 1]}"


def description_of(
    graph: Graph,
    levels: Levels,
    nodes: Sequence[PictureNode],
    paths: Sequence[Sequence[str]],
    units: Units,
    alarms: Mapping[str, Sequence[str]],
) -> str:
    """What the eye would see, for who cannot."""
    kinds = Counter(node.kind.value for node in graph.nodes.values())
    told = Counter(levels.nodes.get(name, "claimed") for name in graph.nodes)
    ends = Counter(unit.ends for unit in units.by_id.values())
    hidden = sum(node.folded for node in nodes)
    said = [
        "It flows from top to bottom, from what was there first to the artifact",
        ", ".join(counted(kind, kinds[kind]) for kind in sorted(kinds)) or "nothing",
        ", ".join(f"{told[n]:,} {LEVEL_WORDS[n]}" for n in LEVELS if told[n]),
        *(f"At {ends[end]:,}, {_ENDS[end]}" for end in _ENDS if ends[end]),
        f"{hidden:,} of the drawn boxes stand for several" if hidden else "",
        *_alarms(graph, alarms),
        *(_path_in_words(graph, path) for path in paths[:NUMBERED]),
        _further(len(paths) - NUMBERED),
    ]
    return ". ".join(part for part in said if part) + "."


def _further(left: int) -> str:
    if left == 1:
        return "1 more blocking path has no number"
    return f"{left:,} more blocking paths have no numbers" if left > 0 else ""


def _alarms(graph: Graph, alarms: Mapping[str, Sequence[str]]) -> list[str]:
    names = [name for name in sorted(alarms) if name in graph.nodes]
    told = [
        f"{apart(escape(graph.nodes[name].label, 60))}: {', '.join(alarms[name])}"
        for name in names[:NUMBERED]
    ]
    left = len(names) - len(told)
    return [*told, f"{left:,} more with findings"] if left else told


def _path_in_words(graph: Graph, path: Sequence[str]) -> str:
    labels = [apart(escape(graph.nodes[name].label, 60)) for name in path]
    if len(labels) > 12:
        labels = [*labels[:6], "…", *labels[-5:]]
    return f"Blocking path: {' ← '.join(labels)}"
