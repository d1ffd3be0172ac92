"""A picture as a Mermaid flowchart, as Git forges draw it within Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aibom.report.picture.labels import anchor, told_plainly
from aibom.report.picture.model import LEVEL_WORDS, Party, Picture, PictureNode
from aibom.report.picture.names import told_in_text
from aibom.report.text import escape

__all__ = ["draw_mermaid"]

#: What may stand in a quoted label as it is; the rest is written by its number.
_PLAIN = re.compile(r"[^A-Za-z0-9 .,/()+=-]")
#: Words that Mermaid has been seen to take for its own, even within labels, and the
#: starts of links that it makes of plain text.
_BARE = re.compile(r"(?i)\b(https?|www|mailto|javascript)\b")
_SHAPES = {
    "model": ("{{", "}}"),
    "dataset": ("[(", ")]"),
    "code": ("[", "]"),
    "guideline": (">", "]"),
    "report": ("[", "]"),
    "service": ("[/", "/]"),
    "system": ("[[", "]]"),
    "step": ("(", ")"),
    "party": ("([", "])"),
}
_LINKS = {
    "verified": "==>",
    "attested": "-->",
    "claimed": "-.->",
    "unknown": "-.->",
    "missing": "-.->",
    "contradicted": "--x",
}
_OUTLINES = {
    "verified": "stroke-width:3px",
    "attested": "stroke-width:1.5px",
    "claimed": "stroke-width:1.5px,stroke-dasharray:7 3",
    "unknown": "stroke-width:1.5px,stroke-dasharray:2 3",
    "missing": "stroke-width:1.5px,stroke-dasharray:2 3",
    "contradicted": "stroke-width:5px",
}


def draw_mermaid(picture: Picture) -> str:
    """The picture as a flowchart; names in it are texts and nothing else.

    Line styles are fewer than in the SVG: words on the edges say the rest.
    """
    lines = ["flowchart TB", f"  accTitle: {_plain_line(picture.title)}"]
    told = told_in_text(picture, 200)
    for node in picture.nodes:
        lines.append(_node(node, told))
        lines += [line for party in node.parties for line in _party(node, party, told)]
    thick = []
    for count, edge in enumerate(picture.edges):
        link = "==>" if edge.on_path else _LINKS[edge.level]
        word = _word(edge.level, link)
        lines.append(f"  n{anchor(edge.upper)} {link}{word} n{anchor(edge.lower)}")
        thick += [count] if edge.on_path else []
    for level, style in _OUTLINES.items():
        lines.append(f"  classDef {level} {style}")
    lines.append("  classDef blocking stroke:#a8071a,stroke-width:4px")
    if thick:
        places = ",".join(map(str, _linked(picture, thick)))
        lines.append(f"  linkStyle {places} stroke:#a8071a,stroke-width:4px")
    return "\n".join(lines) + "\n"


def _linked(picture: Picture, thick: list[int]) -> list[int]:
    """Links are counted as they are written; those to parties stand before."""
    before = sum(len(node.parties) for node in picture.nodes)
    return [before + index for index in thick]


def _node(node: PictureNode, told: Mapping[str, str]) -> str:
    left, right = _SHAPES.get(node.kind, ("[", "]"))
    words = [*_tell(told, node.id), *node.alarms, *node.words]
    if node.ends:
        ends = {"open": "? unknown beyond", "accepted": "ends here by decision"}
        words.append(ends[node.ends])
    if node.marks:
        words.append(f"blocking path: {', '.join(node.marks)}")
    if node.root:
        words.append("the artifact")
    label = _label(node.label, *words)
    style = "blocking" if node.on_path else node.level
    return f"  n{anchor(node.id)}{left}{label}{right}:::{style}"


def _party(node: PictureNode, party: Party, told: Mapping[str, str]) -> tuple[str, str]:
    name = f"n{anchor(f'{node.id} {party.id}')}"
    label = _label(
        *(party.label, *_tell(told, party.id), *party.alarms),
        f"{party.role or 'party'} · {LEVEL_WORDS[party.level]}",
    )
    style = "blocking" if party.on_path else party.level
    link = "===" if party.on_path else "-.-"
    return f"  {name}([{label}]):::{style}", f"  {name} {link} n{anchor(node.id)}"


def _tell(told: Mapping[str, str], name: str) -> list[str]:
    return [told[name]] if name in told else []


def _word(level: str, link: str) -> str:
    if level in ("attested", "claimed") and link != "==>":
        return ""
    return f"|{_label(LEVEL_WORDS[level])}|"


def _label(*lines: str) -> str:
    """A quoted label: everything but letters, digits and a few signs by its number."""
    return '"' + "<br/>".join(_escaped(line) for line in lines) + '"'


def _escaped(text: str) -> str:
    shown = _PLAIN.sub(lambda found: f"#{ord(found[0])};", escape(text, 200))
    return _BARE.sub(lambda found: f"#{ord(found[0][0])};{found[0][1:]}", shown)


def _plain_line(text: str) -> str:
    """A line outside of quotes: no sign in it that could begin anything."""
    kept = re.sub(r"[^\w .,/-]", " ", escape(told_plainly(text), 120))
    return " ".join(kept.split()) or "Lineage"
