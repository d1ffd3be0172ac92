"""A made-up lineage with the evidence for it, for ``benchmarks/policy.py``.

A third of the nodes in each of three shapes: chains of revisions, models trained on
many labelled data sets, and diamonds of filters and merges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aibom.digest import Digest
from aibom.lineage.build import GraphBuilder
from aibom.lineage.evidence import Audit, Evidence, EvidenceSet, Measurement, Signer
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Origin, Relation
from aibom.policy.data import (
    PolicyData,
    read_accepted_roots,
    read_advisories,
    read_trusted_sources,
)
from aibom.statement import AUDIT_V1, PROVENANCE_V1, REFERENCE_V01

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CHAIN = 500  # revisions in a chain at most; the paths have two hops for each
FAN = 20  # labelled data sets that a model is trained on
DIAMONDS = 8  # one after the other
LABELERS = 200

PIPELINE = Signer("acme-pipeline", "pipeline", "software:builder")
RELEASE = Signer("acme-release", "release", "org:acme")
AUDITOR = Signer("dora", "auditor", "org:auditors")
LABELS, HOLDOUT = "label-consistency", "holdout-test"
LICENCE = "Apache-2.0"
BUILDER = "https://ci.acme.example/train"
STEP = {
    "started": "2026-11-01T08:00:00Z",
    "finished": "2026-11-01T09:00:00Z",
    "builder": BUILDER,
    "inputs": "observed",
}


def sha(text: str) -> str:
    """A digest for a name."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(entity: str) -> Digest:
    """The digest in the id of an entity, all of which are folders here."""
    return Digest("tree", entity.rpartition(":")[2])


# ── the lineage ──────────────


@dataclass
class World:
    """A lineage in the making, with a signed record for every step."""

    size: int
    build: GraphBuilder = field(default_factory=lambda: GraphBuilder(Origin("bom")))
    evidence: list[Evidence] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    roots: list[str] = field(default_factory=list)
    nodes: int = 0

    def entity(self, kind: Kind, **facts: str) -> str:
        """An entity, named and digested by its number."""
        self.nodes += 1
        name = f"acme/{kind}-{self.nodes}"
        stated = {"name": name, "licence": LICENCE, **facts}
        made = self.build.entity(kind, Digest("tree", sha(name)), **stated)
        self.names[made] = name
        return made

    def collected(self) -> str:
        """Data from a repository of its own; every tenth only claims to be."""
        number = len(self.roots)
        revision = sha(f"revision {number}")[:40]
        source = f"pkg:huggingface/acme/data-{number}@{revision}"
        claims = {"source": source} if number % 10 == 0 else {}
        data = self.entity(Kind.DATASET, **claims)
        self.roots.append(data)
        if not claims:
            self.sources[data] = source
        return data

    def step(
        self, kind: str, output: str, uses: Mapping[str, Sequence[str]], by: str = ""
    ) -> None:
        """A step in the graph, and the same again in its record."""
        self.nodes += 1
        payload = sha(f"step {self.nodes}")
        record = GraphBuilder(Origin("step-record"))
        for entity in (output, *(each for used in uses.values() for each in used)):
            name, around = self.names[entity], Kind(entity.partition(":")[0])
            record.entity(around, digest_of(entity), name=name, licence=LICENCE)
        for build in (self.build, record):
            step = build.step(payload, kind, STEP)
            build.generated(step, output)
            for role, entities in uses.items():
                for entity in entities:
                    source = self.sources.get(entity)
                    build.used(step, entity, role, {"source": source} if source else {})
            if by:
                build.performed_by(step, build.party(by), "labeler")
        own = frozenset({step, output})
        self.say(PROVENANCE_V1, output, PIPELINE, graph=record.graph(), own=own)

    def say(self, predicate: str, about: str, signer: Signer, **details: Any) -> None:
        """A trusted statement about an entity."""
        number = len(self.evidence)
        subjects = (("it", digest_of(about)),)
        where = f"evidence/{number}.sigstore.json"
        name = sha(f"statement {number}")
        self.evidence.append(
            Evidence(name, predicate, subjects, where, signer, **details)
        )

    def audit(
        self, about: str, kind: str, metric: str, value: float, by: str = ""
    ) -> None:
        """An audit: one number for the whole, and one for the labeler's share."""
        numbers = [Measurement(metric, value, 1000)]
        if by:
            share = (("labeler", by),)
            numbers.append(Measurement(metric, value, 500, None, share))
        found = Audit(kind, NOW, "stats", tuple(numbers))
        self.say(AUDIT_V1, about, AUDITOR, audit=found)


def chained(world: World) -> str:
    """Data, revised again and again: the longest paths."""
    data = world.collected()
    for _ in range(min(CHAIN, world.size // 8)):
        revised = world.entity(Kind.DATASET)
        world.step("filter", revised, {"input": [data]})
        data = revised
    return data


def fanned(world: World) -> str:
    """A model trained on many data sets, each labelled by somebody and audited."""
    labelled = []
    for _ in range(FAN):
        raw, data = world.collected(), world.entity(Kind.DATASET)
        labeler = f"org:labels-{world.nodes % LABELERS}"
        world.step("label", data, {"input": [raw]}, labeler)
        world.audit(data, LABELS, "overlap-disagreement", 0.1, labeler)
        labelled.append(data)
    model = world.entity(Kind.MODEL)
    world.step("train", model, {"training-data": labelled})
    world.audit(model, HOLDOUT, "accuracy", 0.95)
    return model


def diamonds(world: World) -> str:
    """Data that are taken apart and put together again: many ways to one place."""
    data = world.collected()
    for _ in range(DIAMONDS):
        sides = [world.entity(Kind.DATASET) for _ in range(2)]
        for side in sides:
            world.step("filter", side, {"input": [data]})
        data = world.entity(Kind.DATASET)
        world.step("merge", data, {"input": sides})
    return data


def lineage(size: int) -> tuple[Graph, str, EvidenceSet, PolicyData]:
    """A third of the nodes in each shape, and the model that learned from it all."""
    world = World(size)
    tips = []
    made = {chained: 0, fanned: 0, diamonds: 0}
    while world.nodes < size:
        shape = min(made, key=lambda each: made[each])
        before = world.nodes
        tips.append(shape(world))
        made[shape] += world.nodes - before
    root, code = world.entity(Kind.MODEL), world.entity(Kind.CODE)
    world.step("train", root, {"training-data": tips, "code": [code]})
    world.say(REFERENCE_V01, root, RELEASE, own=frozenset({root}))
    world.audit(root, HOLDOUT, "accuracy", 0.95)
    evidence = EvidenceSet(tuple(world.evidence), frozenset({digest_of(root)}), True)
    return world.build.graph(), root, evidence, policy_data(world.roots)


def revisions(
    count: int, *, flawed: bool
) -> tuple[Graph, str, EvidenceSet, PolicyData]:
    """A chain of so many revisions, two hops for each: as deep as a lineage gets.

    Flawed, its far end is named by an advisory, and comes from a name at one version
    that was made as some bytes and used as others.
    """
    world = World(count)
    data = world.collected()
    bad = [data] if flawed else []
    if flawed:
        data = swapped(world, data)
    for _ in range(count):
        revised = world.entity(Kind.DATASET)
        world.step("filter", revised, {"input": [data]})
        data = revised
    evidence = EvidenceSet(tuple(world.evidence), frozenset({digest_of(data)}), True)
    found = policy_data(world.roots, "tree-sha256", bad)
    return world.build.graph(), data, evidence, found


def swapped(world: World, data: str) -> str:
    """Data made by one step of bytes that the step before it did not make."""
    build, name = world.build, "acme/swapped"
    version = {"name": name, "revision": sha("one")}
    made, used = (
        build.entity(Kind.DATASET, Digest("tree", sha(text)), **version)
        for text in ("made", "used")
    )
    first, then = (build.step(sha(text), "filter", STEP) for text in ("first", "then"))
    build.used(first, data, "input")
    build.edge(first, Relation.GENERATED, made, facts={"name": name})
    build.used(then, made, "input")
    build.used(then, used, "input")
    after = world.entity(Kind.DATASET)
    build.generated(then, after)
    return after


def policy_data(
    roots: Iterable[str], form: str = "sha256", bad: Iterable[str] = ()
) -> PolicyData:
    """Twenty sources, of which one is used, all roots accepted, fifty advisories.

    These name digests of a ``form`` that nothing has, and one more the ``bad``.
    """
    common = {"reason": "known", "approved_by": "Ada", "expires": "2027-01-01"}
    dated = {
        "approved_on": "2026-06-01",
        "owner": "org:acme",
        "owner_since": "2020-01-01",
    }
    sources = [
        {"match": {"type": "huggingface", "namespace": name}, "trust": "trusted"}
        | common
        | dated
        for name in ("acme", *(f"other-{number}" for number in range(19)))
    ]
    accepted = [{"digest": str(digest_of(root)), **common} for root in roots]
    advisories = [
        {
            "id": f"A-{number}",
            "summary": "labels flipped",
            "published": "2026-11-01",
            "affects": {
                "digests": [f"{form}:{sha(f'bad {number}')}"],
                "parties": [f"org:bad-{number}"],
                "sources": [{"type": "huggingface", "namespace": f"bad-{number}"}],
            },
        }
        for number in range(50)
    ]
    advisories += [
        {
            "id": f"B-{number}",
            "summary": "poisoned",
            "published": "2026-11-01",
            "affects": {"digests": [str(digest_of(each))]},
        }
        for number, each in enumerate(bad)
    ]
    return PolicyData(
        read_trusted_sources(
            {"apiVersion": "aibom/trusted-sources/v1", "lists": {"approved": sources}},
            "trusted-sources.yaml",
        ),
        read_accepted_roots(
            {"apiVersion": "aibom/accepted-roots/v1", "roots": accepted},
            "accepted-roots.yaml",
        ),
        read_advisories(
            {
                "apiVersion": "aibom/advisories/v1",
                "sequence": 1,
                "expires": "2027-01-01",
                "advisories": advisories,
            },
            "advisories.yaml",
        ),
    )
