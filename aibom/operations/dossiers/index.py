"""The clause index of a dossier: each point of a profile, and the files behind it.

It says what was found, for reading along the points. It never says that a duty applies,
or is met. Pure: files are named, not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aibom.lineage.evidence import Evidence, EvidenceSet
from aibom.lineage.graph import Graph
from aibom.report.completeness.coverage import Answer, Coverage, State
from aibom.report.text import escape

__all__ = ["INDEX_VERSION", "index_document", "index_text"]

INDEX_VERSION = "aibom/dossier-index/v1"

_WORDS = {
    State.VERIFIED: "checked",
    State.SIGNED_CLAIM: "stated and signed",
    State.CLAIM: "stated, by nobody who signed it",
    State.UNKNOWN: "declared unknown",
    State.ABSENT: "not provided",
    State.NOT_APPLICABLE: "not asked here",
}
_BY = {"bytes": " against the bytes", "signature": ", as a signature"}
_BOM = "artifact/aibom.cdx.json"
_LONGEST = 500


def index_document(
    found: Coverage,
    graph: Graph,
    evidence: EvidenceSet,
    paths: Mapping[str, str],
) -> dict[str, Any]:
    """The index as JSON; ``paths`` are those of evidence in the dossier, by location.

    A statement stands behind an answer if it is about the same thing. It need not be
    what the answer was found in: the file says what it says.
    """
    profile = found.profile
    return {
        "apiVersion": INDEX_VERSION,
        "profile": {
            "id": profile.id,
            "title": profile.title,
            "edition": profile.edition,
            "url": profile.url,
            "note": profile.status_note,
        },
        "answered": {"part": found.answered.part, "of": found.answered.of},
        "checked": {"part": found.verified.part, "of": found.verified.of},
        "points": [_point(one, graph, evidence, paths) for one in found.answers],
        "statements": [
            {
                "path": paths[item.location],
                "signer": item.signer.name if item.signer else None,
                "refusal": item.refusal,
            }
            for item in sorted(evidence.items, key=lambda item: item.location)
            if item.location in paths
        ],
    }


def _point(
    answer: Answer,
    graph: Graph,
    evidence: EvidenceSet,
    paths: Mapping[str, str],
) -> dict[str, Any]:
    node = graph.nodes.get(answer.node)
    digest = node.digest if node is not None else None

    def about(item: Evidence) -> bool:
        return answer.node in item.own or (digest and digest in item.digests) or False

    silent = answer.state in (State.ABSENT, State.NOT_APPLICABLE)
    behind = {
        paths[item.location]
        for item in evidence.items
        if item.location in paths and answer.node and about(item)
    }
    return {
        "id": answer.element.id,
        "title": answer.element.title,
        "about": answer.label,
        "state": answer.state.value,
        "by": answer.by,
        "basis": answer.basis,
        "conflict": answer.conflict,
        "files": [] if silent else sorted({_BOM, *behind}),
        "ask": answer.element.ask if silent else "",
    }


def index_text(document: Mapping[str, Any]) -> str:
    """The same for people, in Markdown; what strangers wrote is escaped."""
    profile = document["profile"]
    lines = [
        f"# {_line(profile['title'])}",
        "",
        f"Edition {_line(profile['edition'])}, {_line(profile['url'])}",
        "",
        _line(profile["note"]),
        "",
        f"Answered: {document['answered']['part']} of {document['answered']['of']}. "
        f"Checked when this was made: {document['checked']['part']} of "
        f"{document['checked']['of']}.",
        "This is an index for reading along. It does not say that a duty applies, nor "
        "that it is met.",
    ]
    last = ""
    for point in document["points"]:
        if point["id"] != last:
            lines += ["", f"## {_line(point['id'])} {_line(point['title'])}", ""]
        last = point["id"]
        lines += _told(point)
    return "\n".join(lines) + "\n"


def _told(point: Mapping[str, Any]) -> list[str]:
    state = State(point["state"])
    words = _WORDS[state] + (
        _BY.get(point["by"], "") if state is State.VERIFIED else ""
    )
    lines = [f"- **{_line(point['about'])}**: {words}. {_line(point['basis'])}"]
    if point["conflict"]:
        lines.append(f"  - conflicts with: {_line(point['conflict'])}")
    if point["ask"]:
        lines.append(f"  - ask: {_line(point['ask'])}")
    lines += [f"  - `{path}`" for path in point["files"]]
    return lines


def _line(text: str) -> str:
    """One line in which nothing is Markdown or HTML."""
    shown = escape(text, _LONGEST)
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|!" else c for c in shown)
