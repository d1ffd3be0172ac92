"""Level ``references``: what must agree within a document, and no schema can say.

Names are given once (``bom-ref``), and every reference leads to one of them or, as a
BOM-Link, to another document. Digests have the length of their algorithm, purls can be
read, times run forward (:mod:`aibom.bom.values`). None of it asks whether a statement
is true, and cycles among dependencies are allowed here.

One walk collects names, and the few objects that there is something to check about; one
pass over those checks them. Any JSON object can be given, valid against the schema or
not: what has not the expected type is left to that level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any

from aibom.bom.collector import collector_paused
from aibom.bom.problem import Problem, more_problems, shorten
from aibom.bom.values import VALUE_KEYS, value_problems
from aibom.bom.walk import Place, Site, pointer_of, walk

__all__ = ["MAX_PROBLEMS", "REFERENCE_KEYS", "reference_problems"]

MAX_PROBLEMS = 200

#: Problems beyond those kept that are still looked for, to say how many there are.
_MOST_COUNTED = 10_000

_ANYWHERE: frozenset[str] = frozenset()

#: Members that hold a reference or a list of them, and the owners that make them one;
#: CycloneDX uses ``evidence`` or ``dependencies`` for objects too. A test compares this
#: with the ``refLinkType`` members of the schemas.
REFERENCE_KEYS: Mapping[str, frozenset[str]] = {
    "ref": _ANYWHERE,
    "dependsOn": _ANYWHERE,
    "provides": _ANYWHERE,
    "assemblies": frozenset({"compositions"}),
    "dependencies": frozenset({"compositions"}),
    "vulnerabilities": frozenset({"compositions"}),
    "subjects": frozenset({"annotations"}),
    "tools": frozenset({"identity"}),
    "assessor": frozenset({"attestations"}),
    "requirement": frozenset({"map"}),
    "claims": frozenset({"map"}),
    "counterClaims": frozenset({"map"}),
    "mitigationStrategies": frozenset({"conformance", "claims"}),
    "target": frozenset({"claims"}),
    "evidence": frozenset({"claims"}),
    "counterEvidence": frozenset({"claims"}),
    "parent": frozenset({"requirements"}),
    "requirements": frozenset({"levels"}),
    "attributedTo": frozenset({"citations"}),
    "process": frozenset({"citations"}),
    "members": frozenset({"patents"}),
    "patentRefs": frozenset({"patentAssertions"}),
    "asserter": frozenset({"patentAssertions"}),
    "signatureAlgorithmRef": frozenset({"certificateProperties"}),
    "subjectPublicKeyRef": frozenset({"certificateProperties"}),
    "algorithmRef": frozenset({"relatedCryptoMaterialProperties", "securedBy"}),
    "algorithms": frozenset({"cipherSuites"}),
    "algorithm": frozenset({"encr", "prf", "integ", "ke", "auth"}),
    "encr": frozenset({"ikev2TransformTypes"}),
    "prf": frozenset({"ikev2TransformTypes"}),
    "integ": frozenset({"ikev2TransformTypes"}),
    "ke": frozenset({"ikev2TransformTypes"}),
    "auth": frozenset({"ikev2TransformTypes"}),
    "cryptoRefArray": frozenset({"protocolProperties"}),
}

_DEPENDENCY_LISTS = ("dependencies", "taskDependencies", "runtimeTopology")
_URL_KEYS = ("url", "source", "destination")
_CHECKED_KEYS = frozenset(
    {*REFERENCE_KEYS, *_DEPENDENCY_LISTS, *_URL_KEYS, *VALUE_KEYS}
)

_BOM_LINK_INTRO = "urn:cdx:"
_HEX = "[0-9a-f]"
_BOM_LINK = re.compile(
    rf"urn:cdx:{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
    r"/[1-9][0-9]*(?P<element>#.+)?",
    re.DOTALL,
)


def reference_problems(
    document: dict[str, Any], duplicate_keys: Iterable[str] = ()
) -> tuple[Problem, ...]:
    """What is wrong in a document and no schema can see, sorted by JSON pointer.

    ``duplicate_keys`` are the pointers that :func:`aibom.bom.parse.parse` gives. At
    most 200 problems, the first to be found, and then one with the reason
    ``problems-not-shown``; time and memory are linear in the document.

    Reasons: ``duplicate-key``, ``ref-duplicate``, ``ref-dangling``,
    ``bom-link-malformed``, ``dependency-duplicate``, ``dependency-on-itself``, and
    those of :func:`aibom.bom.values.value_problems`.
    """
    with collector_paused():
        problems = _problems(document, duplicate_keys)
        kept = list(islice(problems, MAX_PROBLEMS))
        beyond = sum(1 for _ in islice(problems, _MOST_COUNTED))
    ordered = sorted(kept, key=attrgetter("pointer", "reason", "message"))
    if beyond:
        at_least = "at least " if beyond == _MOST_COUNTED else ""
        ordered.append(
            more_problems("references", f"{at_least}{beyond:,} more problems")
        )
    return tuple(ordered)


def _problems(
    document: dict[str, Any], duplicate_keys: Iterable[str]
) -> Iterator[Problem]:
    yield from map(_duplicate_key, duplicate_keys)
    names, repeated, sites = _collect(document)
    for name, place in repeated:
        yield _duplicate_name(name, place, names[name])
    for site in sites:
        yield from _site_problems(site, names)


def _collect(
    document: dict[str, Any],
) -> tuple[dict[str, Place], list[tuple[str, Place]], list[Site]]:
    """Names with the place of the first that has it, those repeated, what to check."""
    names: dict[str, Place] = {}
    repeated: list[tuple[str, Place]] = []
    sites: list[Site] = []
    for members, owner, place in walk(document):
        name = members.get("bom-ref")
        if isinstance(name, str) and names.setdefault(name, place) is not place:
            repeated.append((name, place))
        if not _CHECKED_KEYS.isdisjoint(members):
            sites.append(Site(members, owner, place))
    return names, repeated, sites


def _site_problems(site: Site, names: Mapping[str, Place]) -> Iterator[Problem]:
    yield from _dangling(site, names)
    yield from _linked_urls(site)
    yield from _dependencies(site)
    yield from value_problems(site)


def _duplicate_key(pointer: str) -> Problem:
    message = "the key stands twice in one object; readers disagree on which one counts"
    return Problem("references", "duplicate-key", pointer, message)


def _duplicate_name(name: str, place: Place, first: Place) -> Problem:
    elsewhere = pointer_of(first) or "the document"
    return Problem(
        "references",
        "ref-duplicate",
        pointer_of(place, "bom-ref"),
        f"{_shown(name)} is already the bom-ref of {elsewhere}",
        "a bom-ref names one thing in a document",
    )


def _dangling(site: Site, names: Mapping[str, Place]) -> Iterator[Problem]:
    for key, member in site.members.items():
        owners = REFERENCE_KEYS.get(key)
        if owners is None or (owners and site.owner not in owners):
            continue
        for steps, value in _texts(key, member):
            if value.startswith(_BOM_LINK_INTRO):
                yield from _bom_link(site, steps, value, element=True)
            elif value not in names:
                yield Problem(
                    "references",
                    "ref-dangling",
                    site.pointer(*steps),
                    f"nothing in this document has the bom-ref {_shown(value)}",
                    "name a bom-ref of this document, or write a BOM-Link to another",
                )


def _texts(key: str, value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield (key,), value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield (key, index), item


def _linked_urls(site: Site) -> Iterator[Problem]:
    for key in _URL_KEYS:
        for steps, value in _texts(key, site.members.get(key)):
            if value.startswith(_BOM_LINK_INTRO):
                yield from _bom_link(site, steps, value, element=False)


def _bom_link(
    site: Site, steps: tuple[str | int, ...], value: str, *, element: bool
) -> Iterator[Problem]:
    match = _BOM_LINK.fullmatch(value)
    if match and (match["element"] or not element):
        return
    yield Problem(
        "references",
        "bom-link-malformed",
        site.pointer(*steps),
        f"{_shown(value)} is no BOM-Link{' to an element' if element else ''}",
        "urn:cdx:<serial number>/<version>#<bom-ref>",
    )


def _dependencies(site: Site) -> Iterator[Problem]:
    for key in _DEPENDENCY_LISTS:
        entries = site.members.get(key)
        seen: set[str] = set()
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            ref = entry.get("ref") if isinstance(entry, dict) else None
            if not isinstance(ref, str):
                continue
            if ref in seen:
                message = f"{_shown(ref)} has an entry already; there may be one"
                pointer = site.pointer(key, index, "ref")
                yield Problem("references", "dependency-duplicate", pointer, message)
            seen.add(ref)
            for steps, on in _texts("dependsOn", entry.get("dependsOn")):
                if on == ref:
                    message = f"{_shown(ref)} depends on itself"
                    pointer = site.pointer(key, index, *steps)
                    yield Problem(
                        "references", "dependency-on-itself", pointer, message
                    )


def _shown(text: str) -> str:
    return repr(shorten(text, 120))
