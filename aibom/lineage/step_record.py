"""Step records: SLSA provenance v1 statements as lineage, and compared with lineage.

A record of ours has ``buildType`` ``https://w3id.org/aibom/step/v1``; ``subject`` are
the outputs, ``resolvedDependencies`` the inputs. :func:`step_fragment` turns one into a
small graph of the step with what touches it; :func:`step_mismatches` compares that with
what a BOM says of the same step, in both directions.

A record is trusted about the step and its outputs. What it says of its inputs is who
used which bytes in which role, taken from where: facts of the *step*, so they sit on
the edges.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aibom.digest import Digest
from aibom.errors import AibomError, DocumentInvalid
from aibom.lineage.build import GraphBuilder
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Origin, Relation
from aibom.statement import PROVENANCE_V1, STEP_BUILD_TYPE, Resource, Statement

__all__ = ["Fragment", "is_step_record", "step_fragment", "step_mismatches"]

_INPUTS = "resolvedDependencies"
#: Kinds that closure judges by their pin alone, so nothing else may be called so.
_PINNED_KINDS = frozenset({Kind.CODE.value, Kind.GUIDELINE.value})

#: One edge of a step, without who says so: relation, target, role, facts.
_Said = tuple[str, str, str, frozenset[tuple[str, str | None]]]


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

    Raises :class:`~aibom.errors.DocumentInvalid` (``step-record-malformed``) when a
    part is missing or of the wrong shape; nothing is guessed.
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
        statement.payload_digest,
        _word(external["step"], "step"),
        _step_facts(definition, details),
    )
    inputs = [
        _add_input(build, step, Resource.from_document(item, f"{_INPUTS}/{index}"))
        for index, item in enumerate(definition.get(_INPUTS, []))
    ]
    outputs = [_add_output(build, step, subject) for subject in statement.subjects]
    for party in external.get("parties", []):
        role = _word(party["role"], "a party's role")
        build.performed_by(step, build.party(_word(party["id"], "a party's id")), role)
    return Fragment(
        build.graph(), step, tuple(sorted(set(outputs))), tuple(sorted(set(inputs)))
    )


def _word(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{what} is not a text: {repr(value)[:100]}")
    return value


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
    facts["builder"] = _word(details["builder"]["id"], "the builder's id")
    return facts


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(", ", ": ")
    )


def _kind(resource: Resource) -> Kind:
    kind = Kind(resource.annotations["aibom:kind"])
    if kind not in ENTITY_KINDS:
        raise ValueError(f"{kind} is not a kind of entity")
    return kind


def _add_output(build: GraphBuilder, step: str, subject: Resource) -> str:
    content = subject.content()
    if content is None:
        raise ValueError("a subject has no SHA-256")
    name = _word(subject.name, "a subject's name")
    entity = build.entity(_kind(subject), content, name=name)
    # On the edge as well, where the record protects it: whose namespace an output is in
    # must not depend on what a BOM calls it.
    build.edge(step, Relation.GENERATED, entity, facts={"name": name})
    return entity


def _add_input(build: GraphBuilder, step: str, resource: Resource) -> str:
    kind, content, notes = _kind(resource), resource.content(), resource.annotations
    facts: dict[str, str | None] = {}
    edge: dict[str, str | None] = {}
    if resource.name is not None:
        # What a consumer calls it is the step's word, not a name of the thing.
        (facts if content is None else edge)["name"] = resource.name
    if kind is Kind.CODE and "gitCommit" in resource.digest:
        facts["commit"] = resource.digest["gitCommit"]
        dirty = notes.get("aibom:dirty")
        facts["dirty"] = None if dirty is None else _text(dirty)
    if resource.uri is not None:
        facts["source"] = edge["source"] = resource.uri
    for note in ("revision", "changed-while-running", "digest-after"):
        if f"aibom:{note}" in notes:
            edge[note] = _text(notes[f"aibom:{note}"])
    if content is None and "commit" not in facts:
        raise ValueError(f"the input {resource.name!r} has no digest")
    entity = _entity(build, kind, content, facts)
    role = _word(notes["aibom:role"], "an input's role")
    if (kind.value in _PINNED_KINDS or role in _PINNED_KINDS) and role != kind.value:
        raise ValueError(f"the role {role!r} and the kind {kind} contradict each other")
    build.used(step, entity, role, edge)
    return entity


def _entity(
    build: GraphBuilder,
    kind: Kind,
    content: Digest | None,
    facts: dict[str, str | None],
) -> str:
    keywords = {name.replace("-", "_"): value for name, value in facts.items()}
    return build.entity(kind, content, (), **keywords)


def step_mismatches(graph: Graph, record: Fragment) -> tuple[str, ...]:
    """How what ``graph`` says of a step differs from its record; empty when they agree.

    Compared as sets, in both directions: inputs by (form, digest, role) with the facts
    of the edge, outputs by (form, digest, name), parties by (id, role), and the step's
    own facts. Origins are not compared. The step must be in ``graph``, else KeyError.
    """
    said, recorded = _edges(graph, record.step), _edges(record.graph, record.step)
    differences = [
        f"the BOM leaves out: {text}" for text in _sorted_texts(recorded - said)
    ]
    differences += [
        f"the record does not have: {text}" for text in _sorted_texts(said - recorded)
    ]
    ours = {(f.field, f.value) for f in graph.nodes[record.step].facts}
    theirs = {(f.field, f.value) for f in record.graph.nodes[record.step].facts}
    fields = sorted({name for name, _ in ours ^ theirs})
    return (*differences, *(f"the step's {name} differs" for name in fields))


def _edges(graph: Graph, step: str) -> set[_Said]:
    relations = (Relation.USED, Relation.GENERATED, Relation.PERFORMED_BY)
    return {
        (
            edge.relation.value,
            edge.target,
            edge.role,
            frozenset((fact.field, fact.value) for fact in edge.facts),
        )
        for relation in relations
        for edge in graph.edges_from(step, relation)
    }


def _sorted_texts(edges: Iterable[_Said]) -> list[str]:
    return sorted(_written(*edge) for edge in edges)


def _written(
    relation: str, target: str, role: str, facts: frozenset[tuple[str, str | None]]
) -> str:
    role = f" as {role}" if role else ""
    listed = sorted(
        f" {name}={'unknown' if value is None else repr(value)}"
        for name, value in facts
    )
    return f"{relation} {target}{role}{''.join(listed)}"
