"""The clause index of a dossier: each point of a profile, and the files behind it.

It says what was found, for reading along the points. It never says that a duty applies,
or is met. Pure: files are named, not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aibom.lineage.evidence import Evidence, EvidenceSet
from aibom.lineage.graph import Graph
from aibom.operations.dossiers.clauses import rows_for
from aibom.operations.dossiers.supplied import SIGNED
from aibom.report.completeness.coverage import Answer, Coverage, State
from aibom.report.text import escape

__all__ = ["INDEX_VERSION", "Given", "index_document", "index_text"]

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
_UNREAD = "No program has read them; that they are here says nothing of what they say."


@dataclass(frozen=True, slots=True)
class Given:
    """What lies beside the evidence: words of suppliers, and whence it all is.

    ``answers`` and ``documents`` are those of :mod:`.supplied`, ``statements`` the
    entries for the files that they are in. ``folders`` are (path in the dossier, name,
    number of files).
    """

    answers: tuple[Mapping[str, Any], ...] = ()
    documents: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[str, ...] = ()
    statements: tuple[Mapping[str, Any], ...] = ()
    folders: tuple[tuple[str, str, int], ...] = ()


def index_document(
    found: Coverage,
    graph: Graph,
    evidence: EvidenceSet,
    paths: Mapping[str, str],
    given: Given,
) -> dict[str, Any]:
    """The index as JSON; ``paths`` are those of evidence in the dossier, by location.

    A statement stands behind an answer if it is about the same thing. It need not be
    what the answer was found in: the file says what it says. What suppliers answered
    stands beside a point, by its number in ``supplied``, and changes nothing of what
    was found.
    """
    profile = found.profile
    points = [_point(one, graph, evidence, paths) for one in found.answers]
    supplied = [dict(one, points=[]) for one in given.answers]
    for number, one in enumerate(supplied):
        for row in rows_for(one["question"], one["node"], found.answers):
            points[row]["supplied"].append(number)
            one["points"].append(points[row]["id"])
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
        "points": points,
        "supplied": supplied,
        "documents": list(given.documents),
        "problems": list(given.problems),
        "folders": [
            {"path": place, "name": name, "files": files}
            for place, name, files in given.folders
        ],
        "statements": [*_statements(evidence, paths), *given.statements],
    }


def _statements(
    evidence: EvidenceSet, paths: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for item in sorted(evidence.items, key=lambda item: (item.location, item.id)):
        if item.location in paths:
            yield {
                "path": paths[item.location],
                "signer": item.signer.name if item.signer else None,
                "refusal": item.refusal,
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
        "supplied": [],
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
        for number in point["supplied"]:
            lines += _answer(document["supplied"][number], "  ")
    return "\n".join([*lines, *_beside(document)]) + "\n"


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


def _beside(document: Mapping[str, Any]) -> Iterator[str]:
    """What belongs to no point: other answers, documents, where files came from."""
    rest = [one for one in document["supplied"] if not one["points"]]
    if rest:
        yield from ("", "## What suppliers answered to other questions", "")
    for one in rest:
        yield from _answer(one, "")
    if document["documents"]:
        yield from ("", "## Documents that were handed over", "", _UNREAD, "")
    for one in document["documents"]:
        yield from _document(one)
    if document["problems"]:
        yield from ("", "## Statements of suppliers that could not be used", "")
    yield from (f"- {_line(text)}" for text in document["problems"])
    if document["folders"]:
        yield from ("", "## Where the evidence came from", "")
    for one in document["folders"]:
        name = _line(one["name"])
        yield f"- `{one['path']}/`: the folder {name}, {one['files']:,} files"


def _answer(one: Mapping[str, Any], indent: str) -> Iterator[str]:
    said = "; exactly: ".join(_line(t) for t in (one["answer"], one["exact"]) if t)
    who, about = _line(one["from"]), _line(one["about"])
    yield (
        f"{indent}- {_worth(one)}: {who} answered on {one['received']}, about {about}, "
        f"*{_line(one['asks'] or one['question'])}*: {said or '(nothing)'}"
    )
    if one["lapsed"]:
        yield f"{indent}  - it held until {one['validUntil']}, which has passed"
    if one["notYet"]:
        yield f"{indent}  - it holds from {one['since']} on only"
    for text in one["conflicts"]:
        yield f"{indent}  - conflicts with: {_line(text)}"
    yield f"{indent}  - `{one['file']}`"
    for support in one["support"]:
        yield f"{indent}  - named as support: {_place(support)}"


def _document(one: Mapping[str, Any]) -> Iterator[str]:
    when = f" on {one['received']}" if one["received"] else ""
    yield (
        f"- {_worth(one)}: {_line(one['from'])} handed over{when}, about "
        f"{_line(one['about'])}: {_place(one)}"
    )
    yield f"  - `{one['file']}`"


def _worth(one: Mapping[str, Any]) -> str:
    if one["status"] == SIGNED:
        return f"**signed statement** of {_line(one['signer'])}"
    why = one["refusal"]
    how = "unsigned" if why == "signature-absent" else f"not believed: {_line(why)}"
    return f"**claim**, {how}"


def _place(one: Mapping[str, Any]) -> str:
    places = ", ".join(f"`{path}`" for path in one["files"]) or "not in this dossier"
    return f"{_line(one['name'])} (sha256:{one['sha256']}), {places}"


def _line(text: str) -> str:
    """One line in which nothing is Markdown or HTML."""
    shown = escape(text, _LONGEST)
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|!" else c for c in shown)
