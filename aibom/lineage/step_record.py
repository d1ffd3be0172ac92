"""Step records: SLSA provenance v1 statements as lineage, and compared with lineage.

A record of ours has ``buildType`` ``https://w3id.org/aibom/step/v1``; ``subject`` are the
outputs, ``resolvedDependencies`` the inputs. :func:`step_fragment` turns one into a small
graph of the step with what touches it; :func:`step_mismatches` compares that with what a
BOM says of the same step, in both directions.

A record is trusted about the step and its outputs. What it says of its inputs is who used
which bytes in which role, taken from where: facts of the *step*, so they sit on the edges.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aibom.digest import Digest
from aibom.errors import AibomError, DocumentInvalid
from aibom.lineage.build import GraphBuilder
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id
from aibom.lineage.nodes import ENTITY_KINDS, Edge, Kind, Origin, Relation
from aibom.statement import PROVENANCE_V1, STEP_BUILD_TYPE, Resource, Statement

__all__ = ["Fragment", "is_step_record", "step_fragment", "step_mismatches"]


@dataclass(frozen=True, slots=True)
class Fragment:
    """One step with its edges: the graph, the step's id, and the ids of its outputs."""

    graph: Graph
    step: str
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]

    @property
    def own(self) -> frozenset[str]:
        """What the record's signer is believed about: the step and its outputs."""
        return frozenset({self.step, *self.outputs})


def is_step_record(statement: Statement) -> bool:
    """Whether the statement is SLSA provenance of our build type."""
    definition = statement.predicate.get("buildDefinition")
    return (
        statement.predicate_type == PROVENANCE_V1
        and isinstance(definition, dict)
        and definition.get("buildType") == STEP_BUILD_TYPE
    )


def step_fragment(statement: Statement, where: str) -> Fragment:
    """Read a step record of ours into a graph.

    Raises :class:`~aibom.errors.DocumentInvalid` (``step-record-malformed``) when a part is
    missing or of the wrong shape; nothing is guessed.
    """
    try:
        return _read(statement)
    except (KeyError, TypeError, ValueError, AttributeError, AibomError) as error:
        raise DocumentInvalid(
            f"not a step record that can be read: {_explain(error)}",
            reason="step-record-malformed",
            where=where,
        ) from error


def _explain(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing"
    return str(error)


def _read(statement: Statement) -> Fragment:
    definition = statement.predicate["buildDefinition"]
    external = definition["externalParameters"]
    details = statement.predicate["runDetails"]
    build = GraphBuilder(Origin("step-record", statement.payload_digest))
    step = build.step(
        statement.payload_digest, str(external["step"]), _step_facts(definition, details)
    )
    inputs = [
        _add_input(build, step, Resource.from_document(item, f"resolvedDependencies/{index}"))
        for index, item in enumerate(definition.get("resolvedDependencies", []))
    ]
    outputs = [_add_output(build, step, subject) for subject in statement.subjects]
    for party in external.get("parties", []):
        build.performed_by(step, build.party(party["id"]), party["role"])
    return Fragment(
        build.graph(), step, tuple(sorted(set(outputs))), tuple(sorted(set(inputs)))
    )


def _step_facts(
    definition: Mapping[str, Any], details: Mapping[str, Any]
) -> dict[str, str | None]:
    external = definition["externalParameters"]
    facts: dict[str, str | None] = {
        name: _text(external[name])
        for name in ("label", "command", "inputs", "recheck")
        if name in external
    }
    for name, value in external.get("parameters", {}).items():
        facts[f"parameter.{name}"] = _text(value)
    environment = definition.get("internalParameters", {}).get("environment", {})
    for name, value in environment.items():
        facts[f"env.{name}"] = _text(value)
    metadata = details.get("metadata", {})
    for ours, theirs in (("started", "startedOn"), ("finished", "finishedOn")):
        if theirs in metadata:
            facts[ours] = _text(metadata[theirs])
    facts["builder"] = _text(details["builder"]["id"])
    return facts


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(", ", ": "))


def _kind(resource: Resource) -> Kind:
    kind = Kind(resource.annotations["aibom:kind"])
    if kind not in ENTITY_KINDS:
        raise ValueError(f"{kind} is not a kind of entity")
    return kind


def _add_output(build: GraphBuilder, step: str, subject: Resource) -> str:
    content = subject.content()
    if content is None:
        raise ValueError("a subject has no SHA-256")
    entity = build.entity(_kind(subject), content, name=str(subject.name))
    build.generated(step, entity)
    return entity


def _add_input(build: GraphBuilder, step: str, resource: Resource) -> str:
    kind, content = _kind(resource), resource.content()
    facts: dict[str, str | None] = {}
    if resource.name is not None:
        facts["name"] = resource.name
    source = resource.uri
    edge: dict[str, str | None] = {}
    if kind is Kind.CODE and "gitCommit" in resource.digest:
        facts["commit"] = resource.digest["gitCommit"]
        if "aibom:dirty" in resource.annotations:
            facts["dirty"] = _text(resource.annotations["aibom:dirty"])
    if source is not None:
        facts["source"] = source
        edge["source"] = source
    for note in ("changed-while-running", "digest-after"):
        if f"aibom:{note}" in resource.annotations:
            edge[note] = _text(resource.annotations[f"aibom:{note}"])
    if content is None and "commit" not in facts:
        raise ValueError(f"the input {resource.name!r} has no digest")
    entity = _entity(build, kind, content, facts)
    build.used(step, entity, str(resource.annotations["aibom:role"]), edge)
    return entity


def _entity(
    build: GraphBuilder, kind: Kind, content: Digest | None, facts: dict[str, str | None]
) -> str:
    keywords = {name.replace("-", "_"): value for name, value in facts.items()}
    return build.entity(kind, content, (), **keywords)


def step_mismatches(graph: Graph, record: Fragment) -> tuple[str, ...]:
    """How what ``graph`` says of a step differs from its record; empty when they agree.

    Compared as sets, in both directions: inputs by (form, digest, role) with the facts of
    the edge, outputs by (form, digest), parties by (id, role), and the step's own facts.
    Origins are not compared.
    """
    said, recorded = _edges(graph, record.step), _edges(record.graph, record.step)
    differences = [f"the BOM leaves out: {text}" for text in sorted(recorded - said)]
    differences += [f"the record does not have: {text}" for text in sorted(said - recorded)]
    ours = {(f.field, f.value) for f in graph.nodes[record.step].facts}
    theirs = {(f.field, f.value) for f in record.graph.nodes[record.step].facts}
    differences += [f"the step's {name} differs" for name in sorted({n for n, _ in ours ^ theirs})]
    return tuple(differences)


def _edges(graph: Graph, step: str) -> set[str]:
    relations = (Relation.USED, Relation.GENERATED, Relation.PERFORMED_BY)
    return {
        _written(graph, edge)
        for relation in relations
        for edge in graph.edges_from(step, relation)
    }


def _written(graph: Graph, edge: Edge) -> str:
    target = graph.nodes[edge.target]
    name = entity_id(target.kind, target.digest) if target.digest else target.id
    facts = "".join(
        f" {fact.field}={fact.value}" for fact in sorted(edge.facts, key=lambda f: f.key)
    )
    role = f" as {edge.role}" if edge.role else ""
    return f"{edge.relation} {name}{role}{facts}"
