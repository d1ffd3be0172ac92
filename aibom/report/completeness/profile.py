"""Completeness profiles: which elements a list asks for, and what can answer each.

A profile is dated data (``policies/profiles/*.yaml``, in the form of
``schemas/profile-1.json``). Ids are those of the list; titles and questions are in our
own words. That an element is answered does not say that the answer is true, nor that
whoever wrote the list would be content with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aibom.reading import Reader
from aibom.report.completeness.places import is_path

__all__ = [
    "API_VERSION",
    "WORDS",
    "AppliesTo",
    "Asked",
    "Obligation",
    "Probe",
    "ProbeKind",
    "Profile",
    "Role",
    "Rule",
    "Way",
    "read_profile",
]

API_VERSION = "aibom/profile/v1"
READ_IN = ("primary", "copy", "excerpt")
_ID = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*")
_DATED = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_URL = re.compile(r"https://\S+")
_WORD = re.compile(r"[a-z][a-z0-9-]*")
_FIELD = re.compile(r"[a-z][a-z0-9-]*(\.([A-Za-z0-9-]+|\*))?")
_PROPERTY = re.compile(r"\S{1,200}")


class Role(StrEnum):
    """What kind of text a profile comes from."""

    LAW = "law"
    VOLUNTARY = "voluntary"
    DRAFT = "draft"
    COMMUNITY = "community"


class AppliesTo(StrEnum):
    """Of what an element is asked.

    ``subject`` is the document's main component; ``component`` is every thing in it.
    ``main-model`` is the subject where that is a model, else the models it is made of.
    """

    DOCUMENT = "document"
    SUBJECT = "subject"
    MAIN_MODEL = "main-model"
    MODEL = "model"
    DATASET = "dataset"
    COMPONENT = "component"


class Obligation(StrEnum):
    """How the list itself marks an element, as far as that was read."""

    LISTED = "listed"
    REQUIRED = "required"
    IF_EXISTS = "if-exists"
    OPTIONAL = "optional"


class Way(StrEnum):
    """How an answer could be verified at all; ``text`` is not at all.

    ``signature`` is for what a signature itself shows: that it is there, when, and that
    whoever is named as maker or author is the one that signed. All else that somebody
    states stays a claim when it is signed, and is then a signed one.
    """

    BYTES = "bytes"
    REGISTRY = "registry"
    SIGNATURE = "signature"
    TEXT = "text"


class Rule(StrEnum):
    """Whether one probe is enough, or the weakest of all counts."""

    ANY = "any"
    ALL = "all"


class ProbeKind(StrEnum):
    """The closed vocabulary of places where an answer is looked for."""

    DOCUMENT = "document"  # a path in the document
    COMPONENT = "component"  # a path in the node's component or service
    COMPONENT_TYPE = "component-type"  # a component of this type in the document
    PROPERTY = "property"  # a property of the node, its model card, or the metadata
    REFERENCE = "reference"  # an external reference of this type
    FACT = "fact"  # a fact of the node
    DIGEST = "digest"  # content | sha-512 | files
    EDGE = "edge"  # a question to the graph
    STEP = "step"  # a step of this kind made it; any
    UPSTREAM_STEP = "upstream-step"  # a step of this kind anywhere behind it
    STEP_FACT = "step-fact"  # a fact of a step that made it
    PARTY = "party"  # a party in this role; any
    EVIDENCE = "evidence"  # what this run checked
    AUDIT = "audit"  # an audit of this type, of exactly these bytes; any
    NONE = "none"  # nothing in CycloneDX or our graph carries it; says why


@dataclass(frozen=True, slots=True)
class Probe:
    """One place where an answer may be: a kind, and which one of that kind."""

    kind: ProbeKind
    argument: str

    def __str__(self) -> str:
        return f"{self.kind} {self.argument}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One element of a profile. ``ask`` is the question for whoever has to answer."""

    id: str
    group: str
    title: str
    applies_to: AppliesTo
    where: tuple[Probe, ...]
    verify: frozenset[Way]
    ask: str
    rule: Rule = Rule.ANY
    obligation: Obligation = Obligation.LISTED
    note: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One edition of a list, as it was on the day ``as_of``.

    ``total`` is how many elements the list has; where it is more than are known here
    the profile is partial, and says so wherever it is shown.
    """

    id: str
    title: str
    edition: str
    dated: str
    publisher: str
    url: str
    role: Role
    status_note: str
    as_of: str
    read_in: str
    total: int
    groups: Mapping[str, str]
    elements: tuple[Asked, ...]
    notes: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether the list has elements that are not known here."""
        return len(self.elements) < self.total


#: The words that some probes take; others take a text of a certain form.
WORDS: Mapping[ProbeKind, frozenset[str]] = {
    ProbeKind.DIGEST: frozenset({"content", "sha-512", "files"}),
    ProbeKind.EDGE: frozenset(
        {
            *("base-model", "training-data", "evaluation-data", "sources"),
            *("used-by", "requires", "software", "any"),
        }
    ),
    ProbeKind.EVIDENCE: frozenset(
        {"document-signature", "document-time", "schema-valid", "owner", "step-record"}
    ),
}
_FORMS: Mapping[ProbeKind, Callable[[str], object]] = {
    ProbeKind.DOCUMENT: is_path,
    ProbeKind.COMPONENT: is_path,
    ProbeKind.COMPONENT_TYPE: _WORD.fullmatch,
    ProbeKind.PROPERTY: _PROPERTY.fullmatch,
    ProbeKind.REFERENCE: _WORD.fullmatch,
    ProbeKind.FACT: _FIELD.fullmatch,
    ProbeKind.STEP: _WORD.fullmatch,
    ProbeKind.UPSTREAM_STEP: _WORD.fullmatch,
    ProbeKind.STEP_FACT: _FIELD.fullmatch,
    ProbeKind.PARTY: _WORD.fullmatch,
    ProbeKind.AUDIT: _WORD.fullmatch,
}
_OF_DOCUMENT = frozenset(
    {
        *(ProbeKind.DOCUMENT, ProbeKind.COMPONENT_TYPE, ProbeKind.PROPERTY),
        *(ProbeKind.REFERENCE, ProbeKind.EVIDENCE, ProbeKind.NONE),
    }
)
_MAIN = (AppliesTo.SUBJECT, AppliesTo.MAIN_MODEL)
_BYTES = frozenset(
    {
        Probe(ProbeKind.DIGEST, "content"),
        Probe(ProbeKind.DIGEST, "files"),
        Probe(ProbeKind.EVIDENCE, "schema-valid"),
    }
)


def read_profile(value: Any, where: str) -> Profile:
    """Read one profile, which is parsed YAML.

    Raises :class:`~aibom.errors.PolicyInvalid` (``policy-invalid``) with every problem.
    """
    top = Reader(value, where)
    if top.text("apiVersion") not in (None, API_VERSION):
        top.problem(f"is not {API_VERSION!r}", "apiVersion")
    groups = top.reader("groups")
    elements = top.readers("elements")
    found = Profile(
        id=_matching(top, "id", _ID, "an id"),
        title=top.text("title"),
        edition=top.text("edition"),
        dated=_matching(top, "dated", _DATED, "a year, a month or a day"),
        publisher=top.text("publisher"),
        url=_matching(top, "url", _URL, "an address with https"),
        role=_one_of(top, "role", Role, Role.COMMUNITY),
        status_note=top.text("status_note"),
        as_of=_matching(top, "as_of", _DAY, "a day such as 2026-11-20"),
        read_in=top.choice("read_in", READ_IN),
        total=top.integer("elements_total") or 0,
        groups={name: groups.text(name) for name in groups.keys()},  # noqa: SIM118
        elements=tuple(_element(entry) for entry in elements),
        notes=top.texts("notes", ()) or (),
    )
    _check(found, top)
    top.finish()
    return found


def _check(profile: Profile, top: Reader) -> None:
    seen: set[str] = set()
    for element in profile.elements:
        if element.id in seen:
            top.problem(f"{element.id} stands twice", "elements")
        seen.add(element.id)
        if element.group not in profile.groups:
            top.problem(f"{element.id} is in no group: {element.group!r}", "elements")
    if not 0 < len(profile.elements) <= profile.total:
        told = f"{len(profile.elements)} of {profile.total}"
        top.problem(f"cannot hold {told} elements", "elements_total")


def _element(entry: Reader) -> Asked:
    applies = _one_of(entry, "applies_to", AppliesTo, AppliesTo.SUBJECT)
    ways = entry.texts("verify") or ()
    if not ways:
        entry.problem("names no way; say text, if there is none", "verify")
    for way in ways:
        if way not in set(Way):
            entry.problem(f"{way!r} is not one of: {', '.join(Way)}", "verify")
    probes = tuple(_probe(reader, applies) for reader in entry.readers("where"))
    if not probes:
        entry.problem("names no place; say none, and why", "where")
    if any(_of_bytes(probe) for probe in probes) and Way.BYTES not in ways:
        entry.problem("has a probe of bytes, so bytes must be among them", "verify")
    found = Asked(
        id=entry.text("id"),
        group=entry.text("group"),
        title=entry.text("title"),
        applies_to=applies,
        where=tuple(probe for probe in probes if probe is not None),
        verify=frozenset(Way(way) for way in ways if way in set(Way)),
        ask=entry.text("ask"),
        rule=_one_of(entry, "rule", Rule, Rule.ANY, optional=True),
        obligation=_one_of(
            entry, "obligation", Obligation, Obligation.LISTED, optional=True
        ),
        note=entry.text("note", ""),
    )
    entry.close()
    return found


def _probe(reader: Reader, applies: AppliesTo) -> Probe | None:
    names = reader.keys()
    if len(names) != 1 or names[0] not in set(ProbeKind):
        reader.problem(f"is not one of: {', '.join(ProbeKind)}")
        return None
    kind, argument = ProbeKind(names[0]), reader.text(names[0])
    if not isinstance(argument, str):
        return None
    known, form = WORDS.get(kind), _FORMS.get(kind)
    if known is not None and argument not in known:
        reader.problem(f"{argument!r} is not one of: {', '.join(sorted(known))}")
    if form is not None and not form(argument):
        reader.problem(f"{argument!r} does not fit a probe of the kind {kind}")
    _check_use(reader, kind, applies)
    return Probe(kind, argument)


def _check_use(reader: Reader, kind: ProbeKind, applies: AppliesTo) -> None:
    if applies is AppliesTo.DOCUMENT and kind not in _OF_DOCUMENT:
        reader.problem(f"{kind} is not asked of a document")
    about_one = applies in (AppliesTo.DOCUMENT, *_MAIN)
    of_all = kind in (ProbeKind.DOCUMENT, ProbeKind.COMPONENT_TYPE)
    if of_all and not about_one:
        reader.problem("a place in the document says nothing of one node")
    if kind is ProbeKind.UPSTREAM_STEP and applies not in _MAIN:
        reader.problem(f"{kind} is asked of the subject or main model alone")


def _of_bytes(probe: Probe | None) -> bool:
    """Whether a probe can find an answer that was computed from bytes."""
    return probe is not None and probe in _BYTES


def _matching(reader: Reader, key: str, form: re.Pattern[str], words: str) -> Any:
    text = reader.text(key)
    if isinstance(text, str) and not form.fullmatch(text):
        reader.problem(f"{text!r} is not {words}", key)
    return text


def _one_of(
    reader: Reader, key: str, words: Any, default: Any, *, optional: bool = False
) -> Any:
    found = reader.choice(key, list(words), *([default] if optional else []))
    return default if found is None else words(found)
