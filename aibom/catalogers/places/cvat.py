"""CVAT: annotations as XML 1.1 ("CVAT for images", "CVAT for video").

The format names no annotator of a shape, only to whom the task was assigned. So the
assignee performed the labelling as far as anybody says, the annotations are nobody's,
and both stand there.

Expat reads the file as a stream. A document with a DTD is not read: entities, which a
few bytes of it could blow up, stand in nothing else.

Source: CVAT "XML annotation format", version 1.1; cvat-ai/cvat discussion 7779.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.label_texts import utc_text
from aibom.catalogers.labels import LABEL_FINDINGS, Tally
from aibom.catalogers.notes import Notes
from aibom.lineage.nodes import Relation

__all__ = ["CATALOGER"]

_CHUNK = 64 * 1024
#: Between two events; an attribute or a text that is longer is not read.
_MAX_TOKEN = 1024 * 1024
_MAX_DEPTH = 32
_MAX_TEXT = 1000
_MAX_PEOPLE = 100
_HEAD = 4096
_SHAPES = frozenset(
    {
        *("box", "cuboid", "ellipse", "mask", "points", "polygon", "polyline"),
        *("skeleton", "tag"),
    }
)
_SOURCES = frozenset({"manual", "auto", "semi-auto", "file"})


def _wants(path: str, form: str) -> bool:
    return path.lower().endswith(".xml")


class _Refused(Exception):
    """The file is not read on; the text is a finding's code."""


class _Reader:
    """Handles the events of one document."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.path: list[str] = []
        self.people: dict[str, set[str]] = {"assignee": set(), "owner": set()}
        self.told: dict[str, set[str]] = {}
        self.sources: dict[str, int] = {}
        self.fed = 0
        self.is_cvat = False
        self._text = ""

    def parser(self) -> Any:
        """An Expat parser that calls back here."""
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        return parser

    def _doctype(self, *_: Any) -> None:
        raise _Refused("xml-dtd")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.fed, self._text = 0, ""
        if not self.path:
            if name != "annotations":
                raise _Refused("cvat-malformed")
            self.is_cvat = True
        self.path.append(name)
        if len(self.path) > _MAX_DEPTH:
            raise _Refused("document-too-deep")
        if self._is_annotation(name):
            self._count(attributes)

    def _is_annotation(self, name: str) -> bool:
        """A shape of an image, or a track: its shapes are one thing that moves."""
        above = self.path[1:-1]
        return (name == "track" and not above) or (
            name in _SHAPES and (above == ["image"] or (name == "tag" and not above))
        )

    def _count(self, attributes: dict[str, str]) -> None:
        label = attributes.get("label")
        self.tally.add(None, [label] if label else [])
        source = attributes.get("source", "")
        if source in _SOURCES:
            self.sources[source] = self.sources.get(source, 0) + 1

    def _end(self, name: str) -> None:
        self.fed = 0
        if self.path[1:2] == ["meta"]:
            self._meta(self.path[2:], self._text.strip())
        self.path.pop()
        self._text = ""

    def _meta(self, path: list[str], text: str) -> None:
        role = path[-2] if path[-1:] == ["username"] and len(path) > 1 else ""
        people = self.people.get(role)
        if text and people is not None and len(people) <= _MAX_PEOPLE:
            people.add(text)
        is_task = path[:1] in (["task"], ["job"], ["project"]) and len(path) == 2
        if text and is_task and path[-1] in ("created", "updated", "name"):
            told = self.told.setdefault(path[-1], set())
            if len(told) < _MAX_PEOPLE:
                told.add(text)

    def _data(self, text: str) -> None:
        self.fed = 0
        if len(self._text) < _MAX_TEXT:
            self._text += text[:_MAX_TEXT]


def _read(notes: Notes) -> None:
    with notes.place.open(notes.path) as stream:
        if b"<annotations" not in stream.read(_HEAD):
            return
        stream.seek(0)
        reader = _Reader()
        parser = reader.parser()
        try:
            while data := stream.read(_CHUNK):
                reader.fed += len(data)
                parser.Parse(data, False)
                if reader.fed > _MAX_TOKEN:
                    raise _Refused("document-too-large")
            parser.Parse(b"", True)
        except _Refused as refused:
            notes.skip(str(refused))
        except (expat.ExpatError, ValueError, LookupError) as error:
            notes.skip("xml-malformed", "", str(error))
    if reader.is_cvat:
        _write(notes, reader)


def _write(notes: Notes, reader: _Reader) -> None:
    facts: dict[str, str | None] = {
        f"annotations-{source}": str(count) for source, count in reader.sources.items()
    }
    for key, values in reader.told.items():
        exact = values if key == "name" else set(map(utc_text, values)) - {None}
        if len(exact) == 1:
            facts[key] = next(iter(exact))
        elif not exact:
            notes.odd("date-unclear", "", key)
    _, step = reader.tally.write(notes, facts)
    if reader.sources.get("auto"):
        notes.odd("model-unnamed", "", f"{reader.sources['auto']:,} made automatically")
    for role, part in (("assignee", "labeler"), ("owner", "owner")):
        people = reader.people[role]
        if len(people) > _MAX_PEOPLE:
            notes.skip("labelers-too-many", "", f"more than {_MAX_PEOPLE}")
            continue
        for name in sorted(people):
            party = notes.person(name)
            if party is None:
                notes.skip("labelers-not-named", "", role)
                break
            stated: dict[str, str | None] = {"stated-as": role}
            notes.edge(step, Relation.PERFORMED_BY, party, part, "", stated)


CATALOGER = Cataloger(
    id="cvat",
    title="CVAT annotations (XML 1.1)",
    wants=_wants,
    read=_read,
    supplies=(
        "to whom the task or its jobs were assigned, and who owns it, under pseudonyms",
        "annotations by class, and how many were drawn by hand or automatically",
        "when the task was created and last changed",
    ),
    cannot=(
        "tell who drew which shape: the format does not have it",
        "tell which model drew what was drawn automatically",
    ),
    findings={
        **LABEL_FINDINGS,
        "cvat-malformed": "XML with annotations that is not CVAT's; nothing is known",
        "document-too-deep": "nested deeper than is read; what follows is not known",
        "document-too-large": "a text or an attribute larger than is read; what "
        "follows is not known",
        "xml-dtd": "has a DTD, which can blow up; nothing in it is known",
        "xml-malformed": "not XML from there on; what follows is not known",
    },
)
