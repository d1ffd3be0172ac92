"""A picture for Graphviz (the DOT language), which then does its own layout."""

from __future__ import annotations

from collections.abc import Mapping

from aibom.report.picture.labels import anchor, told_plainly
from aibom.report.picture.model import LEVEL_WORDS, Party, Picture, PictureNode
from aibom.report.picture.names import told_in_text
from aibom.report.text import escape

__all__ = ["draw_dot"]

_SHAPES = {
    "model": "octagon",
    "dataset": "cylinder",
    "code": "note",
    "guideline": "folder",
    "report": "tab",
    "service": "parallelogram",
    "system": "component",
    "party": "oval",
    "relation": "plaintext",
}
_STYLES = {
    "verified": "solid",
    "attested": "solid",
    "claimed": "dashed",
    "unknown": "dotted",
    "missing": "dotted",
    "contradicted": "bold",
}


def draw_dot(picture: Picture) -> str:
    """The picture as a directed graph; names in it are texts and nothing else."""
    lines = [
        "digraph lineage {",
        "  rankdir=TB;",
        f"  label={_text(told_plainly(picture.title))};",
        '  node [fontname="sans-serif" fontsize=12];',
    ]
    told = told_in_text(picture, 200)
    for node in picture.nodes:
        lines.append(_node(node, told))
        for party in node.parties:
            lines.append(_party(node, party, told))
    for edge in picture.edges:
        style = _style(edge.level, edge.on_path)
        arrow = "" if edge.arrow else " arrowhead=none"
        ends = f"n{anchor(edge.upper)} -> n{anchor(edge.lower)}"
        said = edge.told if edge.level == "contradicted" else ""
        label = f" label={_text(said)}" if said else ""
        lines.append(f"  {ends} [{style}{arrow}{label} tooltip={_text(edge.told)}];")
    return "\n".join([*lines, "}"]) + "\n"


def _node(node: PictureNode, told: Mapping[str, str]) -> str:
    shape = _SHAPES.get(node.kind, "box")
    words = [*_tell(told, node.id), *node.alarms, *node.words]
    if node.ends:
        ends = {"open": "? unknown beyond", "accepted": "ends here by decision"}
        words.append(ends[node.ends])
    if node.marks:
        words.append(f"blocking path: {', '.join(node.marks)}")
    if node.root:
        words.append("the artifact")
    label = _text(node.label, *words)
    style = _style(node.level, node.on_path, node.kind == "step")
    more = " peripheries=2" if node.folded or node.level == "contradicted" else ""
    return f"  n{anchor(node.id)} [shape={shape} {style}{more} label={label}];"


def _party(node: PictureNode, party: Party, told: Mapping[str, str]) -> str:
    name = f"n{anchor(f'{node.id} {party.id}')}"
    style = _style(party.level, party.on_path)
    label = _text(
        *(party.label, *_tell(told, party.id), *party.alarms),
        f"{party.role or 'party'} · {LEVEL_WORDS[party.level]}",
    )
    return (
        f"  {name} [shape=oval {style} label={label}];\n"
        f"  {name} -> n{anchor(node.id)} [{style} arrowhead=none];"
    )


def _tell(told: Mapping[str, str], name: str) -> list[str]:
    return [told[name]] if name in told else []


def _style(level: str, on_path: bool, rounded: bool = False) -> str:
    style = _STYLES[level] + (",rounded" if rounded else "")
    width = 4 if on_path else 2.5 if level == "verified" else 1.2
    colour = ' color="#a8071a"' if on_path else ""
    return f'style="{style}" penwidth={width}{colour}'


def _text(*lines: str) -> str:
    """A quoted string: no escape sequence, entity or quote of it means anything."""
    return '"' + "\\n".join(_escaped(line) for line in lines) + '"'


def _escaped(text: str) -> str:
    shown = escape(text, 200)
    for character, instead in (("\\", "\\\\"), ('"', '\\"'), ("&", "&amp;")):
        shown = shown.replace(character, instead)
    return shown
