"""What suppliers stated, for the index of a dossier: answers by clause, and documents.

An answer is a claim of whom it names, or that signer's own statement; which of both is
told with it, as :mod:`aibom.operations.suppliers.answers` finds it out. Nothing of it
counts as an answer of the profile, and no rule asks it. Pure: files are named, not
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aibom.digest import Digest
from aibom.lineage.nodes import Node
from aibom.operations.suppliers.answers import (
    About,
    Supplied,
    SuppliedFiles,
    SupplierAnswer,
    answers_of,
)
from aibom.operations.suppliers.compare import about_node, by_key
from aibom.operations.suppliers.conflicts import contradictions
from aibom.operations.suppliers.questions import thing
from aibom.report.diligence.material import Material

__all__ = ["CLAIM", "SIGNED", "Said", "documents", "supplied_answers"]

#: Of an answer, in characters; the statement has all of it.
_LONGEST = 2_000
CLAIM, SIGNED = "claim", "signed-statement"


@dataclass(frozen=True, slots=True)
class Said:
    """What suppliers stated, beside the material that it is compared with.

    ``asks`` are the questions in words, by id; ``files`` the paths in the dossier of
    evidence files, by SHA-256 in hex.
    """

    supplied: SuppliedFiles
    material: Material
    asks: Mapping[str, str]
    files: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Thing:
    node: Node | None
    about: About
    label: str


def supplied_answers(said: Said) -> list[dict[str, Any]]:
    """The answers, in a fixed order: what, by whom, worth what.

    Of several answers of one party to one question the latest is told. ``node`` is
    empty for an answer about something that is not in the lineage.
    """
    entries = [
        _entry(one, found, said)
        for found, items in _things(said)
        for one in answers_of(items, found.about, said.material.now)
    ]
    return sorted(
        entries,
        key=lambda one: (one["question"], one["about"], one["from"], one["file"]),
    )


def documents(said: Said) -> list[dict[str, Any]]:
    """Every document that somebody handed over, and where it lies, if it is there."""
    labels = {
        str(node.digest): node.label
        for _, node in sorted(said.material.graph.nodes.items(), reverse=True)
        if node.digest is not None
    }
    found = []
    for item in said.supplied.items:
        if (one := item.document) is None:
            continue
        signer = item.signer.signer.name if item.signer else None
        found.append(
            {
                "name": one.name,
                "mediaType": one.media_type,
                "size": one.size,
                "sha256": one.digest,
                "files": list(said.files.get(one.digest, ())),
                "about": labels.get(one.subject, one.subject_name),
                "aboutDigest": one.subject,
                "from": one.by,
                "received": _day(one.received),
                "status": SIGNED if signer else CLAIM,
                "signer": signer,
                "refusal": item.refusal,
                "file": item.location,
            }
        )
    return sorted(found, key=lambda one: (one["from"], one["name"], one["file"]))


def _things(said: Said) -> Iterator[tuple[_Thing, list[Supplied]]]:
    """Each thing that is answered about, with the statements about it, cut to that."""
    nodes: dict[str, list[Node]] = {}
    for _, node in sorted(said.material.graph.nodes.items()):
        nodes.setdefault(thing(node).key, []).append(node)
    for key, items in sorted(by_key(said.supplied).items()):
        for node in nodes.get(key, ()):
            about = about_node(node, said.material.graph)
            yield _Thing(node, about, node.label), items
        if key not in nodes:
            given = items[0].answers
            assert given is not None  # by_key takes no others
            one = given.answers[0].about
            digest = Digest.parse(one.digest) if one.digest else None
            yield _Thing(None, About(one.node, digest, ()), one.name), items


def _entry(one: SupplierAnswer, about: _Thing, said: Said) -> dict[str, Any]:
    node = about.node
    against = contradictions(one, node, said.material) if node else ()
    return {
        "question": one.question,
        "asks": said.asks.get(one.question, ""),
        "node": node.id if node else "",
        "about": about.label,
        "from": one.by,
        "received": _day(one.received),
        "since": _day(one.since),
        "validUntil": _day(one.valid_until),
        "lapsed": one.lapsed,
        "notYet": one.not_yet,
        "status": SIGNED if one.signed_by else CLAIM,
        "signer": one.signed_by,
        "refusal": one.refusal,
        "answer": one.text if len(one.text) <= _LONGEST else one.text[:_LONGEST] + "…",
        "exact": one.exact,
        "conflicts": [*one.conflicts, *against],
        "support": [
            {
                "name": name,
                "sha256": digest,
                "files": list(said.files.get(digest, ())),
            }
            for name, digest in one.evidence
        ],
        "file": one.location,
    }


def _day(time: datetime | None) -> str | None:
    return None if time is None else f"{time:%Y-%m-%d}"
