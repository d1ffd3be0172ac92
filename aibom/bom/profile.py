"""The level ``profile``: what we write, and what a gate accepts as a BOM of ours.

A document in our profile says everything twice for other tools' sake: exactly, and as
derived views. The check reads the exact part, writes it again, and compares: whatever the
document shows that its own lineage does not say is a problem. Parts that we never write
(annotations, vulnerabilities, further metadata) are left alone.

Judgements written into a document (an assurance level, a tier) are *notices*: they are
reported, and change nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from aibom.bom import properties as names
from aibom.bom.decode import decode, is_profiled
from aibom.bom.encode import SPEC_VERSIONS, encode
from aibom.bom.problem import Problem
from aibom.digest import manifest_digest
from aibom.errors import AibomError
from aibom.lineage.graph import Graph, contradictions, find_cycles
from aibom.lineage.nodes import Node

__all__ = ["notices", "profile_problems"]

_LIMIT = 50
#: Keys that stand for "nothing" when we leave them out, so that another's must be a problem.
_OURS = frozenset(
    {
        "components",
        "services",
        "dependencies",
        "compositions",
        "formulation",
        "pedigree",
        "modelCard",
        "hashes",
        "data",
        "inputs",
        "outputs",
        "workflows",
        "dependsOn",
    }
)
#: Keys whose values depend on who wrote the document and when, not on its lineage.
_FREE = frozenset({"serialNumber", "tools", "timestamp", "version", "$schema"})


def profile_problems(document: Mapping[str, Any], digest: str) -> tuple[Problem, ...]:
    """Problems at the level ``profile`` of a document that is valid at ``schema``."""
    if not is_profiled(document):
        return (
            _problem(
                "profile-missing",
                "/metadata/properties",
                f"the document does not say {names.PROFILE} = {names.PROFILE_VERSION}",
                "it was not written by aibom; it can be read as claims (assemble --with)",
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
        return (_problem(error.reason, error.where or "", error.message, error.hint),)
    found = [*_graph_problems(graph), *_differences(expected, document)]
    return tuple(sorted(found)[:_LIMIT])


def _problem(
    reason: str, pointer: str, message: str, hint: str | None = None
) -> Problem:
    return Problem("profile", reason, pointer, message, hint)


def _graph_problems(graph: Graph) -> Iterator[Problem]:
    for cycle in find_cycles(graph):
        labels = " ← ".join(graph.nodes[name].label for name in cycle)
        yield _problem("lineage-cycle", "/formulation", f"its own ancestor: {labels}")
    root = graph.nodes[str(graph.root)]
    if root.digest is None:
        yield _problem(
            "root-undigested", "/metadata/component", "has no content digest"
        )
    for node in graph.nodes.values():
        if node.files and node.digest is not None:
            yield from _manifest(
                node, "/metadata/component" if node is root else node.id
            )


def _manifest(node: Node, pointer: str) -> Iterator[Problem]:
    try:
        computed = manifest_digest(
            (file.path, file.digest.value) for file in node.files
        )
    except AibomError as error:
        yield _problem("manifest-mismatch", pointer, error.message)
        return
    if computed != node.digest:
        yield _problem(
            "manifest-mismatch",
            pointer,
            f"its files make {computed}, not {node.digest}",
        )


def _differences(
    expected: Mapping[str, Any], actual: Mapping[str, Any]
) -> list[Problem]:
    """Where the document shows something else than its own lineage gives."""
    return [
        _problem(
            "dependencies-view-mismatch"
            if pointer.startswith("/dependencies")
            else "view-mismatch",
            pointer,
            message,
            "write the BOM again from its lineage; the derived views are not for editing",
        )
        for pointer, message in itertools.islice(_compare(expected, actual, ""), _LIMIT)
    ]


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
        if key in _FREE and pointer in ("", "/metadata"):
            continue
        if key not in actual:
            yield f"{pointer}/{key}", "is missing; the lineage gives it"
        elif key == "properties":
            yield from _compare_properties(value, actual[key], f"{pointer}/{key}")
        else:
            yield from _compare(value, actual[key], f"{pointer}/{key}")
    for key in actual.keys() - expected.keys():
        if key in _OURS:
            yield f"{pointer}/{key}", "is not given by the lineage"


def _compare_properties(
    expected: list[dict[str, str]], actual: list[dict[str, str]], pointer: str
) -> Iterator[tuple[str, str]]:
    there = {(item.get("name"), item.get("value")) for item in actual}
    for item in expected:
        if item["name"] == names.REPRODUCIBLE:
            continue
        if (item["name"], item["value"]) not in there:
            yield pointer, f"the property {item['name']} is not what the lineage gives"


def _compare_lists(
    expected: list[Any], actual: list[Any], pointer: str
) -> Iterator[tuple[str, str]]:
    if len(expected) != len(actual):
        yield pointer, f"has {len(actual)} entries; the lineage gives {len(expected)}"
        return
    pairs = zip(sorted(expected, key=_order), sorted(actual, key=_order), strict=True)
    for index, (one, other) in enumerate(pairs):
        yield from _compare(one, other, f"{pointer}/{index}")


def _order(item: Any) -> tuple[str, str]:
    """An order that does not depend on keys which another tool may have added."""
    if not isinstance(item, dict):
        return ("", str(item))
    head = str(item.get("bom-ref") or item.get("ref") or "")
    resource = item.get("resource")
    if isinstance(resource, dict):
        head = str(resource.get("ref"))
    listed = sorted(
        f"{p.get('name')}={p.get('value')}"
        for p in item.get("properties", ())
        if str(p.get("name")).startswith("aibom:")
        and not str(p.get("name")).startswith(names.JUDGEMENTS)
    )
    return (head or str(item.get("name", "")), "\n".join(listed))


def notices(document: Mapping[str, Any], digest: str) -> tuple[str, ...]:
    """What a reader should know although it makes nothing invalid, sorted.

    Stored judgements, and facts on which origins disagree.
    """
    found = {
        f"{name}: a judgement written into a BOM counts for nothing"
        for name in _property_names(document)
        if name.startswith(names.JUDGEMENTS)
    }
    try:
        graph = decode(document, digest)
    except AibomError:
        return tuple(sorted(found))
    for item in contradictions(graph):
        label = (
            graph.nodes[item.subject].label
            if item.subject in graph.nodes
            else item.subject
        )
        found.add(
            f"{label}: sources disagree on {item.field}: {' / '.join(item.values)}"
        )
    return tuple(sorted(found))


def _property_names(document: Any) -> Iterator[str]:
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            for item in value.get("properties", ()) if isinstance(value, dict) else ():
                if isinstance(item, dict) and isinstance(item.get("name"), str):
                    yield item["name"]
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
