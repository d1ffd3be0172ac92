"""Nodes → SPDX elements: packages, builds, agents, files and licences.

What SPDX demands and nobody said is left out and told; the two exceptions are places
for which the model itself has a way to say nothing (``datasetType`` ``noAssertion``,
``NoAssertionLicense``), which are written and told as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aibom.bom import properties as names
from aibom.bom.losses import Loss, LossKind
from aibom.bom.spdx.facts import extension_facts, package_members, step_members
from aibom.bom.spdx.licences import declared_licence
from aibom.bom.spdx.names import (
    PURPOSES,
    TYPES,
    Ids,
    Pairs,
    element,
    extension,
    hash_of,
    sha256_hash,
)
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Node, Relation
from aibom.statement import STEP_BUILD_TYPE

__all__ = ["Elements", "attributed_natively"]

_MANDATORY = {
    "ai_AIPackage": (
        "releaseTime",
        "suppliedBy",
        "software_downloadLocation",
        "software_packageVersion",
    ),
    "dataset_DatasetPackage": (
        "builtTime",
        "originatedBy",
        "releaseTime",
        "software_downloadLocation",
    ),
}
_AGENTS = {
    "person": "Person",
    "org": "Organization",
    "software": "SoftwareAgent",
}
#: Roles of those from whom a thing "originally came".
_ORIGINATORS = frozenset({"collector", "writer"})


def attributed_natively(graph: Graph, node: Node) -> dict[str, list[Edge]]:
    """``suppliedBy`` and ``originatedBy``, with the edges that they stand for.

    An artifact has at most one supplier, and a dataset one origin: where there are
    more, none is chosen, and all of them are relationships.
    """
    edges = graph.edges_from(node.id, Relation.ATTRIBUTED_TO)
    suppliers = [edge for edge in edges if edge.role == "supplier"]
    originators = [edge for edge in edges if edge.role in _ORIGINATORS]
    found: dict[str, list[Edge]] = {}
    if len(suppliers) == 1:
        found["suppliedBy"] = suppliers
    several = len({edge.target for edge in originators}) > 1
    if originators and not (several and node.kind is Kind.DATASET):
        found["originatedBy"] = originators
    return found


class Elements:
    """Makes the elements of one graph, and notes what each of them loses."""

    def __init__(
        self,
        graph: Graph,
        ids: Ids,
        hashes: Mapping[str, Sequence[tuple[str, str]]],
    ) -> None:
        self.graph = graph
        self.ids = ids
        self.hashes = hashes
        self.losses: list[Loss] = []
        #: Profiles of which some element lacks what they demand.
        self.unmet: set[str] = set()

    def of(self, node: Node) -> Iterator[dict[str, Any]]:
        """The element of a node, and those of its files with what contains them."""
        if node.kind is Kind.STEP:
            yield self._build(node)
        elif node.kind is Kind.PARTY:
            yield self._agent(node)
        else:
            yield self._package(node)
            yield from self._files(node)

    def _note(self, kind: LossKind, field: str, where: str, detail: str = "") -> None:
        self.losses.append(Loss(kind, field, where, detail))

    # ── things ────────────────────

    def _package(self, node: Node) -> dict[str, Any]:
        members, native = package_members(node)
        kind = TYPES.get(node.kind, "software_Package")
        if node.kind in PURPOSES:
            members["software_primaryPurpose"] = PURPOSES[node.kind]
        if kind == "software_Package":
            detail = f"a {node.kind} is a software package in SPDX"
            self._note(LossKind.APPROXIMATED, "kind", node.id, detail)
        for member, edges in attributed_natively(self.graph, node).items():
            found = sorted({self.ids.of(edge.target) for edge in edges})
            members[member] = found[0] if member == "suppliedBy" else found
        built = self._built(node)
        if built:
            members["builtTime"] = built
        if node.kind is Kind.DATASET:
            members["dataset_datasetType"] = ["noAssertion"]
        native |= {("licence", text) for text in _written_licence(node)}
        members.update(self._identified(node, native))
        self._mandatory(kind, node, members)
        return element(kind, self.ids.of(node.id), **members)

    def _identified(
        self, node: Node, native: frozenset[tuple[str, str]]
    ) -> dict[str, Any]:
        """Hash of a file; the digest of a folder has no class in SPDX."""
        pairs: Pairs = [(names.KIND, node.kind.value)]
        members: dict[str, Any] = {}
        hashes = [hash_of(*one) for one in sorted(set(self.hashes.get(node.id, ())))]
        if node.digest is not None and node.digest.form == "file":
            hashes.insert(0, sha256_hash(node.digest.value))
        if hashes:
            members["verifiedUsing"] = hashes
        if node.digest is not None and node.digest.form == "tree":
            pairs.append((names.TREE, node.digest.value))
            detail = "the digest of a folder; SPDX has hashes of files only"
            self._note(LossKind.EXTENSION_ONLY, "digest.tree", node.id, detail)
        found, losses = extension_facts(node, node.id, native)
        self.losses += losses
        return {**members, **extension([*pairs, *found])}

    def _built(self, node: Node) -> str | None:
        """When the one step that made it ended, where that is said."""
        if node.kind not in TYPES:
            return None
        steps = self.graph.generating_steps(node.id)
        if len(steps) != 1:
            return None
        members, _ = step_members(self.graph.nodes[steps[0]])
        ended = members.get("build_buildEndTime")
        return None if ended is None else str(ended)

    def _mandatory(self, kind: str, node: Node, members: dict[str, Any]) -> None:
        profile = kind.partition("_")[0]
        for member in _MANDATORY.get(kind, ()):
            if member not in members:
                self.unmet.add(profile)
                detail = "SPDX demands it; it is not known here, and left out"
                self._note(LossKind.MANDATORY_UNKNOWN, member, node.id, detail)
        if kind == "dataset_DatasetPackage":
            detail = "SPDX demands it; written as noAssertion"
            field = "dataset_datasetType"
            self._note(LossKind.MANDATORY_UNKNOWN, field, node.id, detail)

    def _files(self, node: Node) -> Iterator[dict[str, Any]]:
        if not node.files:
            return
        iris = []
        for file in sorted(node.files, key=lambda file: file.path):
            iri = self.ids.hashed("file", node.id, file.path)
            iris.append(iri)
            yield element(
                "software_File",
                iri,
                name=file.path,
                verifiedUsing=[sha256_hash(file.digest.value)],
            )
        yield element(
            "Relationship",
            self.ids.hashed("relationship", node.id, "contains"),
            relationshipType="contains",
            to=iris,
            # Files that no digest covers may lie there as well.
            completeness="noAssertion",
            **{"from": self.ids.of(node.id)},
        )
        size = Loss(LossKind.NOT_CARRIED, "file-size", node.id, "", len(iris))
        self.losses.append(size)

    # ── processes and agents ────────────────────

    def _build(self, step: Node) -> dict[str, Any]:
        members, native = step_members(step)
        kinds = step.values("step")
        members["build_buildType"] = STEP_BUILD_TYPE
        members["build_buildId"] = step.id
        pairs: Pairs = [(names.KIND, step.kind.value)]
        if kinds:
            # Told by the extension below; SPDX has no vocabulary for steps.
            detail = "every step is a build in SPDX"
            self._note(LossKind.APPROXIMATED, "step", step.id, detail)
        found, losses = extension_facts(step, step.id, native)
        self.losses += losses
        members.update(extension([*pairs, *found]))
        return element("build_Build", self.ids.of(step.id), **members)

    def _agent(self, party: Node) -> dict[str, Any]:
        text = party.id.removeprefix("party:")
        head, _, rest = text.partition(":")
        if head == "person":
            return self._person(party, rest)
        native = frozenset(
            {
                ("type", head),
                *(("name", value) for value in party.values("name")[:1]),
            }
        )
        pairs, losses = extension_facts(party, party.id, native)
        self.losses += losses
        return element(
            _AGENTS.get(head, "Agent"),
            self.ids.of(party.id),
            name=party.label,
            **extension(pairs),
        )

    def _person(self, party: Node, pseudonym: str) -> dict[str, Any]:
        """A person is a pseudonym, and nothing else that somebody wrote beside it."""
        for fact in party.facts:
            if (fact.field, fact.value) in (("type", "person"), ("name", pseudonym)):
                continue
            detail = "of people, the pseudonym alone is exported"
            self._note(LossKind.NOT_CARRIED, fact.field, party.id, detail)
        _, losses = extension_facts(party, party.id)
        self.losses += [loss for loss in losses if loss.kind is LossKind.NOT_CARRIED]
        return element("Person", self.ids.of(party.id), name=pseudonym)


def _written_licence(node: Node) -> tuple[str, ...]:
    """The licence, where the expression is written exactly as it was stated."""
    declared = declared_licence(node)
    return (declared,) if declared and declared == node.value("licence") else ()
