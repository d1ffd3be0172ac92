"""A picture of a lineage, as frozen values: what is drawn, before anybody draws it.

A picture knows nothing of coordinates, colours or formats. Texts in it are as the
documents wrote them: each drawing escapes them for its own format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "LEVELS",
    "LEVEL_WORDS",
    "SEVERAL",
    "STATED_RELATION",
    "Party",
    "Picture",
    "PictureEdge",
    "PictureNode",
    "worst",
]

#: Assurance, the best first; what is worth least decides how a fold is drawn.
LEVELS = ("verified", "attested", "claimed", "unknown", "missing", "contradicted")

#: How a drawing and its legend say each level: as reports do, for people.
LEVEL_WORDS: Mapping[str, str] = {
    "verified": "proved",
    "attested": "signed",
    "claimed": "stated",
    "unknown": "unknown",
    "missing": "no digest",
    "contradicted": "≠ contradicted",
}

#: Kinds of drawn nodes that are no kind of a graph's node: a stretch of lineage folded
#: into one, and the words on an edge between two things (no step is known).
SEVERAL = "several"
STATED_RELATION = "relation"


def worst(levels: tuple[str, ...]) -> str:
    """The level that is worth least; ``claimed`` of none."""
    return max(levels, key=LEVELS.index, default="claimed")


@dataclass(frozen=True, slots=True)
class Party:
    """A party beside what it had a part in; ``members`` are ids of graph nodes."""

    id: str
    label: str
    role: str
    level: str = "claimed"
    marks: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    on_path: bool = False
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PictureNode:
    """One drawn thing. ``members`` are the graph's nodes that it stands for.

    ``words`` are the small lines below the label. ``marks`` number its places on the
    blocking paths, ``alarms`` are words for what failed here. ``ends`` says why nothing
    is drawn before it: ``""`` where that is no question, ``open`` where nothing is
    known beyond, ``accepted`` where lineage ends by somebody's decision.
    """

    id: str
    kind: str
    label: str
    words: tuple[str, ...] = ()
    level: str = "claimed"
    marks: tuple[str, ...] = ()
    ends: str = ""
    root: bool = False
    highlighted: bool = False
    on_path: bool = False
    members: tuple[str, ...] = ()
    parties: tuple[Party, ...] = ()
    alarms: tuple[str, ...] = ()

    @property
    def named(self) -> bool:
        """Whether its label is the name of one thing, and no count of several."""
        return bool(self.members) and not self.folded

    @property
    def folded(self) -> bool:
        """Whether it stands for several things."""
        return len(self.members) > 1 or self.kind == SEVERAL


@dataclass(frozen=True, slots=True)
class PictureEdge:
    """What flows from ``upper`` to ``lower``; ``count`` edges of the graph."""

    upper: str
    lower: str
    level: str = "claimed"
    on_path: bool = False
    arrow: bool = True
    count: int = 1
    told: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is drawn: nodes by id, sorted edges, and what is folded.

    ``groups`` maps the id of each fold to the ids of the graph's nodes in it. ``title``
    and ``description`` say in words what the eye would see. ``paths`` are the ids of
    the graph's nodes along each blocking path that is numbered.
    """

    title: str
    description: str
    nodes: tuple[PictureNode, ...]
    edges: tuple[PictureEdge, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    paths: tuple[tuple[str, ...], ...] = ()
    root: str | None = None
