"""Small lineages with the evidence for them, and one question put to one check.

A :class:`World` is told of things and steps; whatever it is told of a step also stands
in that step's signed record, unless the record is left out or refused. A :class:`Case`
is one named row of a table: a world, the question, the answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aibom.digest import Digest, File
from aibom.lineage.build import GraphBuilder
from aibom.lineage.evidence import Audit, Evidence, EvidenceSet, Measurement, Signer
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Origin
from aibom.policy.context import Context
from aibom.policy.data import (
    PolicyData,
    read_accepted_roots,
    read_advisories,
    read_trusted_sources,
)
from aibom.policy.document import Policy, read_policy
from aibom.policy.engine import evaluate
from aibom.policy.suppliers import read_suppliers
from aibom.statement import AUDIT_V1, PROVENANCE_V1, REFERENCE_V01
from aibom.verdict import Result, Tier

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
COMMIT = "4f0c" * 10
ACME = f"pkg:huggingface/acme/reviews@{COMMIT}"

ANNE = "person:acme-2026:" + "a" * 32
BERT = "person:acme-2026:" + "b" * 32
CARL = "person:acme-2026:" + "c" * 32
STRANGER = "person:other-2026:" + "a" * 32

RELEASE = Signer("acme-release", "release", "org:acme")
PIPELINE = Signer("acme-pipeline", "pipeline", "software:builder")
AUDITOR = Signer("dora", "auditor", "person:acme-2026:" + "d" * 32)


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def digest(name: str) -> Digest:
    return Digest("tree", sha(name))


@dataclass
class World:
    """A lineage in the making. Digests are made from names."""

    root: str = ""
    evidence: list[Callable[[Graph], Evidence]] = field(default_factory=list)
    recomputed: set[Digest] = field(default_factory=set)
    bytes_checked: bool = True
    unresolved: set[str] = field(default_factory=set)
    sources: Any = None
    roots: list[dict[str, Any]] = field(default_factory=list)
    advisories: Any = None
    suppliers: Any = None
    now: datetime = NOW
    build: GraphBuilder = field(default_factory=lambda: GraphBuilder(Origin("bom")))

    def entity(
        self, kind: Kind, name: str, files: Iterable[str] = (), **facts: str | None
    ) -> str:
        listed = tuple(File(f, 1, Digest("file", sha(f))) for f in sorted(files))
        return self.build.entity(kind, digest(name), listed, name=name, **facts)

    def data(self, name: str = "reviews", **facts: Any) -> str:
        return self.entity(Kind.DATASET, name, **facts)

    def model(self, name: str = "sentiment", **facts: Any) -> str:
        return self.entity(Kind.MODEL, name, **facts)

    def accept(self, name: str, expires: str = "2027-01-01", **more: str) -> None:
        reason = {"reason": "public data", "approved_by": "Ada", "expires": expires}
        self.roots.append({"digest": str(digest(name)), **reason, **more})

    def step(
        self,
        kind: str,
        output: str,
        uses: Mapping[str, str] | None = None,
        by: Iterable[tuple[str, str]] = (),
        signer: Signer | None = PIPELINE,
        recorded: bool = True,
        source: str | None = None,
        nth: int = 1,
        **facts: str,
    ) -> str:
        """``uses`` is role → entity, ``by`` holds pairs of role and party."""
        record = GraphBuilder(Origin("step-record"))
        payload = sha(f"{kind} {output}" + "again" * (nth - 1))
        for build in (self.build, record):
            name = build.step(payload, kind, facts)
            for role, entity in (uses or {}).items():
                again(build, entity)
                build.used(name, entity, role, {"source": source} if source else None)
            again(build, output)
            build.generated(name, output)
            for role, party in by:
                build.performed_by(name, build.party(party), role)
        if recorded:
            own = frozenset({name, output})
            self.say(PROVENANCE_V1, output, signer, record.graph(), own)
        return name

    def say(
        self,
        predicate: str,
        about: str,
        signer: Signer | None,
        graph: Graph | None = None,
        own: frozenset[str] = frozenset(),
        audit: Audit | None = None,
    ) -> None:
        """A statement about an entity; without a signer it is a stranger's."""
        number = len(self.evidence)
        _, form, value = about.split(":")
        subject = ("it", Digest("tree" if form == "tree" else "file", value))

        def statement(whole: Graph) -> Evidence:
            return Evidence(
                sha(f"{predicate} {about} {number}"),
                predicate,
                (subject,),
                f"evidence/{number}.sigstore.json",
                signer,
                None if signer else "signer-not-allowed",
                graph or (whole if own else None),
                own,
                audit,
            )

        self.evidence.append(statement)

    def bom(self, about: str, signer: Signer | None = RELEASE) -> None:
        self.say(REFERENCE_V01, about, signer, None, frozenset({about}))

    def audit(
        self,
        about: str,
        numbers: Iterable[Measurement] = (),
        signer: Signer | None = AUDITOR,
        type: str = "label-consistency",
        on: datetime = NOW,
    ) -> None:
        found = Audit(type, on, "stats", tuple(numbers))
        self.say(AUDIT_V1, about, signer, audit=found)

    def advise(self, expires: str = "2027-01-01", **affects: Any) -> None:
        """One advisory: ``since``, ``until`` are its window, the rest its targets."""
        window = {k: affects.pop(k) for k in ("since", "until") if k in affects}
        told = {"id": "A-1", "summary": "labels flipped", "published": "2026-11-01"}
        listed = [{**told, **window, "affects": affects}] if affects else []
        self.advisories = {
            "apiVersion": "aibom/advisories/v1",
            "sequence": 1,
            "expires": expires,
            "advisories": listed,
        }

    def trust(self, *entries: Mapping[str, Any], name: str = "approved") -> None:
        common = {"trust": "trusted", "reason": "known", "approved_by": "Ada"}
        listed = [{**common, "expires": "2027-01-01", **entry} for entry in entries]
        self.sources = {
            "apiVersion": "aibom/trusted-sources/v1",
            "lists": {name: listed},
        }

    def supply(self, *records: Mapping[str, Any], own: Iterable[str] = ()) -> None:
        """Records of suppliers, each with what is the same in most of them."""
        common = {
            "status": "approved",
            "owner": "org:Acme purchasing",
            "agreement": "Contract 1",
            "reviewed_on": "2026-06-01",
            "approved_by": "Ada",
            "expires": "2027-01-01",
        }
        self.suppliers = {
            "apiVersion": "aibom/suppliers/v1",
            "own": list(own),
            "suppliers": [{**common, **record} for record in records],
        }

    def policy_data(self) -> PolicyData:
        roots = {"apiVersion": "aibom/accepted-roots/v1", "roots": self.roots}
        return PolicyData(
            sources=self.sources and read_trusted_sources(self.sources, "sources"),
            roots=read_accepted_roots(roots, "roots"),
            advisories=self.advisories and read_advisories(self.advisories, "adv"),
            suppliers=self.suppliers and read_suppliers(self.suppliers, "suppliers"),
        )

    def context(self) -> Context:
        graph = self.build.graph()
        found = EvidenceSet(
            tuple(make(graph) for make in self.evidence),
            frozenset(self.recomputed),
            self.bytes_checked,
            frozenset(self.unresolved),
        )
        return Context(graph, self.root, found, self.policy_data(), self.now)


def again(build: GraphBuilder, name: str) -> None:
    """Mention a node without saying anything of it."""
    build._add(name, Kind(name.partition(":")[0]), {})


def number(
    value: float,
    samples: int = 100,
    metric: str = "overlap-disagreement",
    **slices: str,
) -> Measurement:
    return Measurement(metric, value, samples, None, tuple(sorted(slices.items())))


def policy_of(*rules: Mapping[str, Any], **top: Any) -> Policy:
    head = {"apiVersion": "aibom/policy/v1", "name": "test", "version": "1"}
    return read_policy({**head, **top, "rules": list(rules)}, "policy.yaml")


@dataclass(frozen=True)
class Case:
    """``arrange`` fills a world and returns the node that is asked about."""

    arrange: Callable[[World], str]
    status: str
    reason: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    minimum: str = "attested"

    def answer(self, check: str) -> Result:
        """What the check says of the node, through the engine."""
        world = World()
        node = self.arrange(world)
        world.root = world.root or node
        rule = {
            "id": "rule",
            "check": check,
            "select": {"scope": "artifact-and-ancestors"},
            "settings": dict(self.settings),
            "minimum_assurance": self.minimum,
        }
        results = evaluate(world.context(), policy_of(rule), Tier.HIGH)
        return next(result for result in results if result.node == node)


def verify(check: str, case: Case) -> Result:
    """Ask, compare, and hand the result back for whatever else a test looks at."""
    result = case.answer(check)
    assert (result.status.value, result.reason) == (case.status, case.reason), result
    return result
