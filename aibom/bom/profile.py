"""The level ``profile``: what we write, and what a gate accepts as a BOM of ours.

A document in our profile says everything twice for other tools' sake: exactly, and as
derived views. The check reads the exact part, writes it again, and compares: whatever
the document shows that its own lineage does not say is a problem. Parts that we never
write (annotations, vulnerabilities, further metadata) are left alone, and so is the
order of arrays.

Judgements written into a document (an assurance level, a tier) are *notices*: they are
reported, and change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any

from aibom.bom import properties as names
from aibom.bom.decode import decode, is_profiled
from aibom.bom.encode import SPEC_VERSIONS, encode
from aibom.bom.problem import Problem, more_problems, shorten
from aibom.bom.walk import walk
from aibom.digest import Digest, manifest_digest
from aibom.errors import AibomError
from aibom.lineage.graph import Graph, disagreements, find_cycles
from aibom.lineage.nodes import Node

__all__ = ["notices", "profile_problems"]

_LIMIT = 50
#: Where we write none of these, there is none: another's would be a claim about lineage
#: that other tools see and we do not.
_OURS = frozenset(
    {
        *("components", "services", "dependencies", "compositions", "organizations"),
        *("ancestors", "descendants", "variants", "datasets", "hashes", "data"),
        *("formulation", "workflows", "inputs", "outputs", "tasks"),
        *("resourceReferences", "dependsOn"),
    }
)
#: Objects that may be there for other reasons, but not with one of ours in them.
_CONTAINERS = frozenset(
    {"pedigree", "modelCard", "modelParameters", "declarations", "targets"}
)
#: Top-level and metadata members that depend on who wrote the document and when.
_FREE = frozenset({"serialNumber", "tools", "timestamp", "version", "$schema"})
#: External references that are read as facts; others are left alone.
_READ_REFERENCES = ("distribution", "bom")
#: What tells the entries of one array apart, whatever other tools have added to them.
_HEADS = ("bom-ref", "ref", "name", "url", "value", "alg", "content", "type")
_UNNAMED = frozenset({"parameters", "environmentVars"})
_MARKS = (names.RELATION, names.REF, names.ROLE, names.VIEW)
_HINT = "write the BOM again from its lineage; the derived views are not for editing"


def profile_problems(document: Mapping[str, Any], digest: str) -> tuple[Problem, ...]:
    """Problems at the level ``profile``, sorted; at most 50, and then one that says so.

    The document is valid at the levels ``schema`` and ``references``; ``digest`` is the
    SHA-256 of its bytes. Reasons: ``profile-missing``, ``spec-version-unsupported``,
    those of :func:`aibom.bom.decode.decode`, ``lineage-cycle``, ``root-undigested``,
    ``manifest-mismatch``, ``dependencies-view-mismatch``, ``view-mismatch``.
    """
    if not is_profiled(document):
        return (
            _problem(
                "profile-missing",
                "/metadata/properties",
                f"the document does not say {names.PROFILE} = {names.PROFILE_VERSION}",
                "it was not written by aibom; it can be read as claims: aibom assemble "
                "--with",
            ),
        )
    if document.get("specVersion") not in SPEC_VERSIONS:
        return (
            _problem(
                "spec-version-unsupported",
                "/specVersion",
                f"our profile is written in {' or '.join(SPEC_VERSIONS)}",
            ),
        )
    try:
        graph = decode(document, digest)
        expected = encode(graph, spec_version=document["specVersion"])
    except AibomError as error:
        return (_unreadable(error),)
    found = [*_graph_problems(graph, _places(document)), *_views(expected, document)]
    listed = sorted(found, key=attrgetter("pointer", "reason", "message"))
    if len(listed) > _LIMIT:
        beyond = f"at least {len(listed) - _LIMIT:,} more problems"
        return (*listed[:_LIMIT], more_problems("profile", beyond))
    return tuple(listed)


def _problem(
    reason: str, pointer: str, message: str, hint: str | None = None
) -> Problem:
    return Problem("profile", reason, pointer, shorten(message), hint)


def _unreadable(error: AibomError) -> Problem:
    """What stopped the reader; where that is no place in the document, in words."""
    where = error.where or ""
    if where.startswith("/"):
        return _problem(error.reason, where, error.message, error.hint)
    return _problem(error.reason, "", str(error), error.hint)


def _places(document: Mapping[str, Any]) -> dict[str, str]:
    """The JSON pointers of the components that may have files, by bom-ref."""
    places = {document["metadata"]["component"]["bom-ref"]: "/metadata/component"}
    for index, component in enumerate(document.get("components", ())):
        places[component["bom-ref"]] = f"/components/{index}"
    return places


def _graph_problems(graph: Graph, places: Mapping[str, str]) -> Iterator[Problem]:
    for cycle in find_cycles(graph):
        labels = " ← ".join(graph.nodes[name].label for name in cycle)
        yield _problem("lineage-cycle", "", f"its own ancestor: {labels}")
    if graph.nodes[str(graph.root)].digest is None:
        message = "the main component has no content digest"
        yield _problem("root-undigested", "/metadata/component", message)
    for node in graph.nodes.values():
        if node.files and node.digest is not None:
            yield from _manifest(node, node.digest, places[node.id])


def _manifest(node: Node, digest: Digest, pointer: str) -> Iterator[Problem]:
    pointer = f"{pointer}/components"
    try:
        computed = manifest_digest(
            (file.path, file.digest.value) for file in node.files
        )
    except AibomError as error:
        yield _problem("manifest-mismatch", pointer, str(error))
        return
    if computed != digest:
        message = f"the files make {computed}, not {digest}"
        yield _problem("manifest-mismatch", pointer, message)


def _views(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[Problem]:
    """Where the document shows something else than its own lineage gives."""
    for pointer, message in islice(_compare(expected, actual, ""), _LIMIT + 1):
        in_dependencies = pointer.startswith("/dependencies")
        reason = "dependencies-view-mismatch" if in_dependencies else "view-mismatch"
        yield _problem(reason, pointer, message, _HINT)


def _compare(expected: Any, actual: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        yield from _compare_objects(expected, actual, pointer)
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _compare_lists(expected, actual, pointer)
    elif expected != actual:
        yield pointer, "is not what the lineage gives"


def _compare_objects(
    expected: Mapping[str, Any], actual: Mapping[str, Any], pointer: str
) -> Iterator[tuple[str, str]]:
    for key, value in expected.items():
        here = f"{pointer}/{key}"
        if key in _FREE and pointer in ("", "/metadata"):
            continue
        if key not in actual:
            yield here, "is missing; the lineage gives it"
        elif key == "properties":
            yield from _compare_properties(value, actual[key], here)
        else:
            yield from _compare(value, actual[key], here)
    for key in sorted(actual.keys() - expected.keys()):
        here = f"{pointer}/{key}"
        if key in _OURS:
            yield here, "is not given by the lineage"
        elif key in _CONTAINERS:
            yield from _compare({}, actual[key], here)
        elif key == "properties":
            yield from _compare_properties([], actual[key], here)


def _compare_properties(
    expected: list[dict[str, str]], actual: list[dict[str, str]], pointer: str
) -> Iterator[tuple[str, str]]:
    """Those of ours are the same; those of others, and judgements, do not count."""
    given = {(item["name"], item["value"]) for item in expected}
    given.discard((names.REPRODUCIBLE, "true"))
    there = {(item.get("name", ""), item.get("value", "")) for item in actual}
    for name, _ in sorted(given - there):
        yield pointer, f"the property {name} is not what the lineage gives"
    for name, _ in sorted(there - given):
        if name.startswith(names.PREFIX) and not name.startswith(names.JUDGEMENTS):
            yield pointer, f"the property {shorten(name, 80)} is not from the lineage"


def _compare_lists(
    expected: list[Any], actual: list[Any], pointer: str
) -> Iterator[tuple[str, str]]:
    entries = list(enumerate(actual))
    if pointer.endswith("/externalReferences"):
        entries = [(n, item) for n, item in entries if item["type"] in _READ_REFERENCES]
    if len(expected) != len(entries):
        yield pointer, f"has {len(entries)} entries; the lineage gives {len(expected)}"
        return
    ordered = sorted(entries, key=lambda entry: _order(entry[1]))
    for one, (index, other) in zip(sorted(expected, key=_order), ordered, strict=True):
        yield from _compare(one, other, f"{pointer}/{index}")


def _order(item: Any) -> tuple[str, ...]:
    """An order that does not depend on members which another tool may have added."""
    if not isinstance(item, dict):
        return (str(item),)
    named = item
    if "resource" in item:
        named = item["resource"]
    elif "contact" in item:
        named = item["contact"][0] if item["contact"] else {}
    heads = (str(named.get(key, "")) for key in _HEADS)
    marks = (value for mark in _MARKS for value in ("", *names.values_of(item, mark)))
    return (*heads, *marks, *sorted(item.keys() & _UNNAMED))


def notices(
    document: Mapping[str, Any], digest: str, graph: Graph | None = None
) -> tuple[str, ...]:
    """What a reader should know although it makes nothing invalid, sorted.

    Stored judgements, and facts on which origins disagree. ``graph`` is the document's
    lineage, where it was decoded already.
    """
    found = {
        f"{shorten(name, 80)}: a judgement written into a BOM counts for nothing"
        for name in _property_names(document)
        if name.startswith(names.JUDGEMENTS)
    }
    if graph is None:
        try:
            graph = decode(document, digest)
        except AibomError:
            return tuple(sorted(found))
    return tuple(sorted({*found, *disagreements(graph)}))


def _property_names(document: Mapping[str, Any]) -> Iterator[str]:
    for members, owner, _ in walk(dict(document)):
        if owner == "properties" and isinstance(members.get("name"), str):
            yield members["name"]
