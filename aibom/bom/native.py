"""Which facts stand in CycloneDX fields of their own, and in which.

=================  ==========================================================
fact               CycloneDX
=================  ==========================================================
``name``           ``name`` (the first of several)
``revision``       ``version`` (when there is one, of at most 1,024 characters)
``source``         ``purl`` (the first that is a valid package URL)
``licence``        ``licenses[0].license.name`` (when there is one)
``description``    ``description`` (when there is one)
``location``       ``externalReferences[type=distribution].url`` (plain http(s))
``upstream-bom``   ``externalReferences[type=bom]`` with url (BOM-Link) and SHA-256
``label``          ``workflows[].name``
``started``        ``workflows[].timeStart`` (a UTC time to the second)
``finished``       ``workflows[].timeEnd`` (a UTC time not before the start)
``parameter.*``    ``workflows[].inputs[].parameters``
``env.*``          ``workflows[].inputs[].environmentVars``
=================  ==========================================================

A value that does not fit its field (contradicted, unknown, malformed) is written as a
property instead, so that nothing is lost and nothing is bent to fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aibom.lineage.nodes import Facts, Kind, Node, State

__all__ = [
    "COMPONENT_TYPES",
    "DATA_TYPES",
    "TASK_TYPES",
    "Pairs",
    "component_fields",
    "is_service_element",
    "read_component_fields",
    "read_step_fields",
    "split_link",
    "step_fields",
    "task_type",
]

Pairs = frozenset[tuple[str, str]]

#: CycloneDX component types; ``aibom:kind`` says which of our kinds it is.
COMPONENT_TYPES = {
    Kind.MODEL: "machine-learning-model",
    Kind.DATASET: "data",
    Kind.GUIDELINE: "data",
    Kind.REPORT: "data",
    Kind.CODE: "application",
    Kind.SYSTEM: "application",
    Kind.SERVICE: "application",
    Kind.PARTY: "application",
}
#: The type of ``component.data``, for the kinds that have one.
DATA_TYPES = {
    Kind.DATASET: "dataset",
    Kind.GUIDELINE: "definition",
    Kind.REPORT: "other",
}
#: The nearest task type for a kind of step, where it is not ``build``.
TASK_TYPES = {
    "evaluate": "test",
    "merge": "merge",
    "collect": "copy",
    "split": "copy",
    "review": "review",
    "filter": "clean",
    "deduplicate": "clean",
}
#: Characters of a ``version``, by the schema.
_MAX_VERSION = 1024
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/+-]*)?")
_LINK = re.compile(
    r"(?P<link>urn:cdx:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[1-9][0-9]*)"
    r"@sha256:(?P<digest>[0-9a-f]{64})"
)
_TIME = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}Z")


def task_type(step: Node) -> str:
    """The CycloneDX task type of a step; there is none for training or labelling."""
    kinds = step.values("step")
    return TASK_TYPES.get(kinds[0], "build") if kinds else "other"


def split_link(text: str) -> tuple[str, str] | None:
    """Split ``urn:cdx:…/1@sha256:…`` into BOM-Link and hex digest; None for others."""
    match = _LINK.fullmatch(text)
    return (match["link"], match["digest"]) if match else None


def component_fields(node: Node) -> tuple[dict[str, Any], Pairs]:
    """The CycloneDX fields of a component or service, and the facts they hold.

    ``name`` is required there: a node without one is written under its id, which
    reading takes for "no name". A service has no ``purl``; its source is a property.
    """
    fields: dict[str, Any] = {"name": node.id}
    native: set[tuple[str, str]] = set()
    names = [name for name in node.values("name") if name and name != node.id]
    if names:
        fields["name"] = names[0]
        native.add(("name", names[0]))
    for fact, key in (("revision", "version"), ("description", "description")):
        value = _single(node, fact)
        if value and not (key == "version" and len(value) > _MAX_VERSION):
            fields[key] = value
            native.add((fact, value))
    source = next((text for text in node.values("source") if _is_purl(text)), None)
    if source and not is_service_element(node):
        fields["purl"] = source
        native.add(("source", source))
    licence = _single(node, "licence")
    if licence:
        fields["licenses"] = [{"license": {"name": licence}}]
        native.add(("licence", licence))
    references, held = _references(node)
    if references:
        fields["externalReferences"] = references
    return fields, frozenset(native | held)


def is_service_element(node: Node) -> bool:
    """Whether a node is written under ``services``.

    CycloneDX services have neither hashes nor parts, so a service whose bytes are known
    is written as a component, like every other thing that has bytes.
    """
    return node.kind is Kind.SERVICE and node.digest is None and not node.files


def _single(node: Facts, name: str) -> str | None:
    return node.value(name) if node.state(name) is State.KNOWN else None


def _is_purl(text: str) -> bool:
    from packageurl import PackageURL

    try:
        PackageURL.from_string(text)
    except ValueError:
        return False
    return True


def _references(node: Node) -> tuple[list[dict[str, Any]], set[tuple[str, str]]]:
    references: list[dict[str, Any]] = []
    held: set[tuple[str, str]] = set()
    for text in node.values("location"):
        if _URL.fullmatch(text):
            references.append({"type": "distribution", "url": text})
            held.add(("location", text))
    for text in node.values("upstream-bom"):
        parts = split_link(text)
        if parts:
            hashes = [{"alg": "SHA-256", "content": parts[1]}]
            references.append({"type": "bom", "url": parts[0], "hashes": hashes})
            held.add(("upstream-bom", text))
    return references, held


def read_component_fields(element: Mapping[str, Any], ref: str) -> Pairs:
    """The facts that stand in a component's or service's own fields."""
    native: set[tuple[str, str]] = set()
    if element.get("name") and element["name"] != ref:
        native.add(("name", element["name"]))
    for fact, key in (("revision", "version"), ("description", "description")):
        if element.get(key):
            native.add((fact, element[key]))
    if element.get("purl"):
        native.add(("source", element["purl"]))
    for item in element.get("licenses", ()):
        licence = item.get("license", {})
        text = item.get("expression") or licence.get("id") or licence.get("name")
        if text:
            native.add(("licence", text))
    for item in element.get("externalReferences", ()):
        if item.get("type") == "distribution":
            native.add(("location", item["url"]))
        elif item.get("type") == "bom":
            for digest in item.get("hashes", ()):
                if digest.get("alg") == "SHA-256":
                    native.add(
                        ("upstream-bom", f"{item['url']}@sha256:{digest['content']}")
                    )
    return frozenset(native)


def step_fields(step: Node) -> tuple[dict[str, Any], list[dict[str, Any]], Pairs]:
    """The fields of a workflow, its parameter inputs, and the facts they hold."""
    fields: dict[str, Any] = {}
    native: set[tuple[str, str]] = set()
    label = _single(step, "label")
    if label:
        fields["name"] = label
        native.add(("label", label))
    started, finished = (_time(step, name) for name in ("started", "finished"))
    if started:
        fields["timeStart"] = started
        native.add(("started", started))
    if finished and not (started and finished < started):
        fields["timeEnd"] = finished
        native.add(("finished", finished))
    inputs = []
    for prefix, key in (("parameter.", "parameters"), ("env.", "environmentVars")):
        pairs = [
            (fact.field, fact.value)
            for fact in step.facts
            if fact.field.startswith(prefix) and fact.value is not None
        ]
        if pairs:
            listed = [{"name": n.removeprefix(prefix), "value": v} for n, v in pairs]
            inputs.append({key: listed})
            native.update(pairs)
    return fields, inputs, frozenset(native)


def _time(step: Node, name: str) -> str | None:
    """The time, where it is one that every validator agrees on."""
    value = _single(step, name)
    if value is None or not _TIME.fullmatch(value):
        return None
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return None
    return value


def read_step_fields(workflow: Mapping[str, Any]) -> Pairs:
    """The facts that stand in a workflow's own fields and parameter inputs."""
    native: set[tuple[str, str]] = set()
    for fact, key in (
        ("label", "name"),
        ("started", "timeStart"),
        ("finished", "timeEnd"),
    ):
        if workflow.get(key):
            native.add((fact, workflow[key]))
    for item in workflow.get("inputs", ()):
        for prefix, key in (("parameter.", "parameters"), ("env.", "environmentVars")):
            for pair in item.get(key, ()):
                if isinstance(pair, dict):
                    native.add(
                        (f"{prefix}{pair.get('name', '')}", pair.get("value", ""))
                    )
    return frozenset(native)
