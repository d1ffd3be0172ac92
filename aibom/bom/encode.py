"""Lineage → CycloneDX, document first: the plain JSON document is the BOM.

Things are components (services without bytes are services), processes are
``formulation`` workflows, parties are organisations and contacts under
``declarations.targets``. Exact typed edges live in workflow inputs and outputs and in
``aibom:`` properties. The views that other tools look at (``dependencies``,
``pedigree.ancestors``, ``modelCard`` datasets, ``compositions``) are derived from the
same graph by :mod:`aibom.bom.views` and marked as such.

The same graph gives the same document to the byte: array order comes from ids, the
serial number from the content, and there is no clock. ``docs/bom-profile.md`` lists
every mapping.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

import aibom
from aibom.bom import properties as names
from aibom.bom.facts import Origins, fact_properties
from aibom.bom.native import (
    COMPONENT_TYPES,
    DATA_TYPES,
    component_fields,
    is_service_element,
    step_fields,
    task_type,
)
from aibom.bom.properties import PLAIN_RELATIONS, canonical, prop
from aibom.bom.views import Views, is_person_or_organization
from aibom.digest import File
from aibom.errors import DocumentInvalid, UsageError
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import ROOT_KINDS, Edge, Kind, Node, Relation
from aibom.statement import BASE_URI

__all__ = ["SPEC_VERSIONS", "encode", "serial_number", "to_bytes"]

SPEC_VERSIONS = ("1.6", "1.7")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, BASE_URI)

_PEDIGREE = (Relation.DERIVED_FROM, Relation.REVISION_OF)


def to_bytes(document: dict[str, Any]) -> bytes:
    """The document as it is written to disk: indented, UTF-8, a newline at the end."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def encode(
    graph: Graph, *, spec_version: str = "1.6", timestamp: str | None = None
) -> dict[str, Any]:
    """Write a graph with a root as a CycloneDX document.

    ``timestamp`` (RFC 3339 with a zone) is left out when None: two runs then agree.
    The document is not validated here: ``aibom.operations.write_bom`` does that.

    Raises :class:`~aibom.errors.UsageError` for a version not in :data:`SPEC_VERSIONS`,
    and :class:`~aibom.errors.DocumentInvalid`: ``root-missing`` when the graph has no
    root, ``root-kind-unsupported`` when it is no model, dataset or system (rules go by
    kinds: weights that are called code would be asked nothing), ``text-not-unicode``
    for a text with a lone surrogate, which no file can hold.
    """
    if spec_version not in SPEC_VERSIONS:
        raise UsageError(
            f"BOMs are written in CycloneDX {' or '.join(SPEC_VERSIONS)}, "
            f"not {spec_version}",
            reason="spec-version-unsupported",
            hint="leave --spec-version out, or make it one of these",
        )
    if graph.root is None:
        raise DocumentInvalid(
            "a BOM is about one model, dataset or system; the graph names none",
            reason="root-missing",
        )
    if graph.nodes[graph.root].kind not in ROOT_KINDS:
        raise DocumentInvalid(
            "a BOM is about a model, a dataset or a system, not a "
            f"{graph.nodes[graph.root].kind}",
            reason="root-kind-unsupported",
            hint="record the step that makes it again, with --output PATH,kind=model",
        )
    return _Encoder(graph).document(spec_version, timestamp)


class _Encoder:
    """What every part of one document needs: the graph, origins, derived views."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.origins = Origins.of((*graph.nodes.values(), *graph.edges))
        self.views = Views(graph)

    def document(self, spec_version: str, timestamp: str | None) -> dict[str, Any]:
        nodes = self.graph.nodes.values()
        root = str(self.graph.root)
        components = [
            self._component(node)
            for node in nodes
            if node.id != root and _is_component(node)
        ]
        services = [self._service(node) for node in nodes if is_service_element(node)]
        body: dict[str, Any] = {"metadata": self._metadata(root, timestamp)}
        if components:
            body["components"] = components
        if services:
            body["services"] = services
        body["dependencies"] = self.views.dependencies()
        compositions = self.views.compositions()
        if compositions:
            body["compositions"] = compositions
        workflows = [self._workflow(node) for node in nodes if node.kind is Kind.STEP]
        if workflows:
            body["formulation"] = [{"workflows": workflows}]
        organizations = self.views.organizations()
        if organizations:
            body["declarations"] = {"targets": {"organizations": organizations}}
        return {
            "$schema": f"http://cyclonedx.org/schema/bom-{spec_version}.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": spec_version,
            "serialNumber": serial_number({"specVersion": spec_version, **body}),
            "version": 1,
            **body,
        }

    def _metadata(self, root: str, timestamp: str | None) -> dict[str, Any]:
        metadata: dict[str, Any] = {}
        if timestamp is not None:
            metadata["timestamp"] = timestamp
        tool = {"type": "application", "name": "aibom", "version": aibom.__version__}
        metadata["tools"] = {"components": [tool]}
        metadata["component"] = self._component(self.graph.nodes[root])
        listed = [
            prop(names.PROFILE, names.PROFILE_VERSION),
            prop(names.DEPENDENCIES, "derived-view"),
            *self.origins.properties(),
            *(
                prop(f"{names.EXTRA}{key}", canonical(self.graph.extra[key]))
                for key in sorted(self.graph.extra)
            ),
            *self._parties(),
        ]
        if timestamp is None:
            listed.insert(0, prop(names.REPRODUCIBLE, "true"))
        metadata["properties"] = listed
        return metadata

    def _component(self, node: Node) -> dict[str, Any]:
        fields, native = component_fields(node)
        component: dict[str, Any] = {
            "type": COMPONENT_TYPES[node.kind],
            "bom-ref": node.id,
            **fields,
        }
        listed = [prop(names.KIND, node.kind.value)]
        if node.digest is not None and node.digest.form == "file":
            component["hashes"] = [{"alg": "SHA-256", "content": node.digest.value}]
        elif node.digest is not None:
            listed.append(prop(names.TREE, node.digest.value))
        pedigree = self._pedigree(node)
        if pedigree:
            component["pedigree"] = {"ancestors": pedigree}
        if node.files:
            by_path = sorted(node.files, key=lambda file: file.path)
            component["components"] = [_file(file) for file in by_path]
        datasets = self.views.training_data(node.id)
        if datasets:
            component["modelCard"] = {
                "modelParameters": {"datasets": [{"ref": ref} for ref in datasets]},
                "properties": [prop(names.VIEW, "derived")],
            }
        if node.kind in DATA_TYPES:
            component["data"] = [{"type": DATA_TYPES[node.kind]}]
        listed += fact_properties(node, self.origins, native)
        component["properties"] = listed + self._plain_edges(node)
        return component

    def _service(self, node: Node) -> dict[str, Any]:
        fields, native = component_fields(node)
        listed = [prop(names.KIND, node.kind.value)]
        listed += fact_properties(node, self.origins, native)
        return {
            "bom-ref": node.id,
            **fields,
            "properties": listed + self._plain_edges(node),
        }

    def _pedigree(self, node: Node) -> list[dict[str, Any]]:
        """Exact ancestors, one stub per edge, and the derived view of base models."""
        stubs = []
        for relation in _PEDIGREE:
            for edge in self.graph.edges_from(node.id, relation):
                listed = [
                    prop(names.RELATION, relation.value),
                    prop(names.REF, edge.target),
                ]
                if edge.role:
                    listed.append(prop(names.ROLE, edge.role))
                listed += fact_properties(edge, self.origins)
                stubs.append(self._stub(edge.target, listed))
        for ref in self.views.base_models(node.id):
            stubs.append(
                self._stub(ref, [prop(names.VIEW, "derived"), prop(names.REF, ref)])
            )
        return stubs

    def _stub(self, ref: str, listed: list[dict[str, str]]) -> dict[str, Any]:
        """An inline ancestor: pedigree takes components, not references."""
        node = self.graph.nodes[ref]
        fields, _ = component_fields(node)
        stub: dict[str, Any] = {"type": COMPONENT_TYPES[node.kind]}
        for key in ("name", "version", "purl"):
            if key in fields:
                stub[key] = fields[key]
        return {**stub, "properties": listed}

    def _plain_edges(self, node: Node) -> list[dict[str, str]]:
        """Edges that CycloneDX has only properties for."""
        listed = []
        for name, relation in PLAIN_RELATIONS.items():
            if relation in _PEDIGREE and not is_service_element(node):
                continue
            for edge in self.graph.edges_from(node.id, relation):
                listed.append(
                    prop(f"{name}:{edge.role}" if edge.role else name, edge.target)
                )
                if edge.facts or edge.extra or edge.origins != node.origins:
                    listed.append(prop(names.EDGE, canonical(self._edge(edge))))
        return listed

    def _edge(self, edge: Edge) -> dict[str, Any]:
        return {
            "relation": edge.relation.value,
            "role": edge.role,
            "target": edge.target,
            "properties": fact_properties(edge, self.origins),
        }

    def _workflow(self, step: Node) -> dict[str, Any]:
        fields, inputs, native = step_fields(step)
        workflow: dict[str, Any] = {
            "bom-ref": step.id,
            "uid": str(uuid.uuid5(_NAMESPACE, step.id)),
            **fields,
            "taskTypes": [task_type(step)],
        }
        for edge in self.graph.edges_from(step.id, Relation.USED):
            inputs.append(
                {"resource": {"ref": edge.target}, **self._edge_properties(edge)}
            )
        if inputs:
            workflow["inputs"] = inputs
        outputs = [
            {
                "type": "artifact",
                "resource": {"ref": edge.target},
                **self._edge_properties(edge),
            }
            for edge in self.graph.edges_from(step.id, Relation.GENERATED)
        ]
        if outputs:
            workflow["outputs"] = outputs
        listed = [prop(names.KIND, step.kind.value)]
        listed += fact_properties(step, self.origins, native)
        workflow["properties"] = listed + self._plain_edges(step)
        return workflow

    def _edge_properties(self, edge: Edge) -> dict[str, Any]:
        listed = [prop(names.ROLE, edge.role)] if edge.role else []
        return {"properties": listed + fact_properties(edge, self.origins)}

    def _parties(self) -> list[dict[str, str]]:
        """Facts of people and organisations: CycloneDX gives those no properties."""
        return [
            prop(
                names.PARTY,
                canonical(
                    {
                        "ref": node.id,
                        "properties": fact_properties(node, self.origins),
                    }
                ),
            )
            for node in self.graph.nodes.values()
            if is_person_or_organization(node)
        ]


def serial_number(content: dict[str, Any]) -> str:
    """A UUID that is a function of the content, so that it changes with it.

    ``content`` is the document without ``$schema``, ``bomFormat``, ``serialNumber`` and
    ``version``. Raises :class:`~aibom.errors.DocumentInvalid` (``text-not-unicode``).
    """
    try:
        data = canonical(content).encode("utf-8")
    except UnicodeEncodeError:
        raise DocumentInvalid(
            "a text holds a lone surrogate, which is no character",
            reason="text-not-unicode",
        ) from None
    return uuid.uuid5(_NAMESPACE, hashlib.sha256(data).hexdigest()).urn


def _is_component(node: Node) -> bool:
    if node.kind is Kind.STEP or is_service_element(node):
        return False
    return not is_person_or_organization(node)


def _file(file: File) -> dict[str, Any]:
    return {
        "type": "file",
        "name": file.path,
        "hashes": [{"alg": "SHA-256", "content": file.digest.value}],
        "properties": [prop(names.SIZE, str(file.size))],
    }
