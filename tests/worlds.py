"""A small signed world, made by the product itself in a fraction of a second.

::

    items, guideline ─ label (two labelers) ─ labels ─┐
    corpus ─ train ─ base (own BOM, own signer) ──────┴─ fine-tune ─ model (BOM, bundle)

Every step is recorded and signed, both audits are there, and the verifier's folder asks
for everything that its policy asks for, which is the pack ``baseline`` and the rules of
``tier-high`` about labels and tests: untouched, the gate says yes. The
clock stands still, and keys are made once per process. Tests change a copy, in one way.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.attest.keys import PrivateKey, generate, load_private
from aibom.attest.signers import AllowedSigner
from aibom.attest.signing import KeySigner
from aibom.bom.decode import decode
from aibom.bom.encode import encode, to_bytes
from aibom.digest import BOM_NAME, BUNDLE_NAME, hash_path
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation
from aibom.operations.assemble import assemble
from aibom.operations.audit import record_audit
from aibom.operations.gate import Options, check, gate
from aibom.operations.policies.folder import lock_folder
from aibom.operations.run import record_signer
from aibom.operations.signing.sign import sign_artifact
from aibom.operations.verify import Verified, load_signers, verify
from aibom.reading import parse_yaml
from aibom.recording import record
from aibom.resources import policy_path
from aibom.statement import Resource, Statement, to_json
from aibom.verdict import Verdict

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STARTED = 1_700_000_000
COMMIT = "4f0c" * 10
ANNE = "person:acme-2026:" + "a" * 32
BERT = "person:acme-2026:" + "b" * 32
AUDITOR = "person:acme-2026:" + "d" * 32
EXPIRES = "2027-05-01"
BASE_SOURCE = f"pkg:generic/acme/base@{COMMIT}"
MODEL = "acme/models/reader"

#: role → predicates and namespaces; ``lab`` may say everything, of its own things only.
ROLES: Mapping[str, tuple[list[str], list[str]]] = {
    "data": (["step-record"], ["acme/data/*"]),
    "base": (["step-record", "bom"], ["acme/models/base"]),
    "pipeline": (["step-record"], ["acme/models/*"]),
    "release": (["bom"], ["acme/models/*"]),
    "auditor": (["audit"], ["acme/data/*", "acme/models/*"]),
    "lab": (["step-record", "bom", "audit"], ["acme/lab-*"]),
}


@cache
def key(role: str) -> PrivateKey:
    """The key of a role; those that are not in ROLES are strangers."""
    private, _ = generate("ed25519" if role == "auditor" else "p256", None)
    return load_private(private, None, role)


def signing(role: str) -> KeySigner:
    """What signs with the key of a role."""
    return KeySigner(key(role))


@dataclass(frozen=True)
class World:
    """A world on disk, below ``root``."""

    root: Path

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def evidence(self) -> Path:
        return self.root / "evidence"

    @property
    def verifier(self) -> Path:
        return self.root / "verifier"

    @property
    def bom(self) -> Path:
        return self.model / BOM_NAME

    @property
    def bundle(self) -> Path:
        return self.model / BUNDLE_NAME

    def copy(self, to: Path) -> World:
        shutil.copytree(self.root, to)
        return World(to)

    def signers(self) -> tuple[AllowedSigner, ...]:
        return load_signers(self.verifier / "signers.yaml", self.model)

    def verify(self, depth: int | None = None, now: datetime = NOW) -> Verified:
        return verify(self.model, self.signers(), [self.evidence], now, depth=depth)

    def gate(self, now: datetime = NOW, **options: Any) -> Verdict:
        asked = {"evidence": (self.evidence,), **options}
        return gate(self.model, self.verifier, Options(**asked), now)

    def check(self, now: datetime = NOW, **options: Any) -> Verdict:
        asked = {"evidence": (self.evidence,), **options}
        return check(self.bom, self.verifier, Options(**asked), now)

    def graph(self, path: Path | None = None) -> Graph:
        """The lineage in a BOM, the model's unless told otherwise."""
        return decode(json.loads((path or self.bom).read_bytes()), "")

    def node(self, name: str) -> Node:
        """The one node of the model's BOM that has this name, label or kind of step."""
        return named(self.graph(), name)

    def rewrite(self, edit: Callable[[Graph], Graph], signer: str = "release") -> None:
        """Edit the model's BOM as somebody who has a key, and sign it again."""
        self.bom.write_bytes(to_bytes(encode(edit(self.graph()))))
        sign_artifact(self.model, signing(signer))

    def sign_statement(
        self, edit: Callable[[dict[str, Any]], object], signer: str = "release"
    ) -> None:
        """Edit the statement in the model's bundle, and sign the result."""
        document = json.loads(parse_bundle(self.bundle.read_bytes(), "").payload)
        edit(document)
        bundle = make_bundle(to_json(document), key(signer))
        self.bundle.write_bytes(to_json(bundle))

    def record_of(self, step: str) -> Path:
        """The file in the evidence with the record of the one step of this kind."""
        name = self.node(step).id.removeprefix("step:")
        return self.evidence / "records" / f"{name}.sigstore.json"

    def resign(self, path: Path, signer: str) -> None:
        """Put another's signature on what a bundle holds."""
        payload = parse_bundle(path.read_bytes(), "").payload
        path.write_bytes(to_json(make_bundle(payload, key(signer))))

    def add_statement(self, payload: bytes, signer: str | None) -> Path:
        digest = Statement.parse(payload, "").payload_digest
        if signer is None:
            path = self.evidence / f"{digest}.statement.json"
            path.write_bytes(payload)
            return path
        path = self.evidence / f"{signer}-{digest}.sigstore.json"
        path.write_bytes(to_json(make_bundle(payload, key(signer))))
        return path

    def lock(self) -> None:
        lock_folder(self.verifier)

    def edit_yaml(
        self,
        name: str,
        edit: Callable[[dict[str, Any]], object],
        *,
        lock: bool = True,
    ) -> None:
        """Edit a file of the verifier's folder, which is JSON, and lock it again."""
        path = self.verifier / name
        document = json.loads(path.read_text())
        edit(document)
        path.write_text(json.dumps(document))
        if lock:
            self.lock()

    def files(self) -> dict[str, bytes]:
        """Every file and its bytes."""
        paths = [path for path in self.root.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.root)): path.read_bytes() for path in paths}


def _called(node: Node) -> set[str]:
    return {*node.values("name"), *node.values("label"), *node.values("step")}


def make_world(root: Path) -> World:
    """Make the whole world in an empty folder."""
    world = World(root)
    _put(root / "raw/items.jsonl", '{"text": "good"}\n{"text": "bad"}\n')
    _put(root / "raw/corpus.txt", "once upon a time\n")
    _put(root / "guideline.md", "Be fair.\n")
    label(world)
    train_base(world)
    fine_tune(world)
    _audits(world)
    _release(world)
    _verifier(world)
    return world


def step_options(world: World, steps: str, role: str | None) -> dict[str, Any]:
    """Options for ``record``: the clock stands still and nothing is taken from here."""
    ticks = itertools.count(STARTED)
    return {
        "steps": world.root / steps,
        "code": None,
        "environment": (),
        "clock": lambda: float(next(ticks)),
        "signer": record_signer(signing(role)) if role else None,
    }


def raw_data(name: str) -> dict[str, str]:
    source = f"pkg:generic/acme/{name}@{COMMIT}"
    return {"name": f"acme/data/{name}", "source": source}


def label(world: World) -> None:
    options = step_options(world, "evidence/records", "data")
    with record("label", **options) as step:
        step.input("items", world.root / "raw/items.jsonl", **raw_data("items"))
        step.input("guideline", world.root / "guideline.md")
        for who in (ANNE, BERT):
            step.party("labeler", who)
        step.output(world.root / "labels", name="acme/data/labels")
        _put(world.root / "labels/labels.jsonl", '{"text": "good", "label": 1}\n')


def train_base(world: World) -> None:
    options = step_options(world, "evidence/records", "base")
    with record("train", **options) as step:
        step.input("training-data", world.root / "raw/corpus.txt", **raw_data("corpus"))
        step.output(world.root / "base", name="acme/models/base")
        _put(world.root / "base/weights.bin", "base weights")
    assemble(world.root / "base", [world.evidence / "records"])
    sign_artifact(world.root / "base", signing("base"))
    for name in (BOM_NAME, BUNDLE_NAME):
        target = world.evidence / "base" / name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(world.root / "base" / name, target)


def fine_tune(world: World, output: str = "model", weights: str = "tuned") -> None:
    options = step_options(world, "evidence/records", "pipeline")
    with record("fine-tune", label=f"tune {output}", **options) as step:
        base = {"name": "acme/models/base", "source": BASE_SOURCE}
        step.input("base-model", world.root / "base", **base)
        step.input("training-data", world.root / "labels", name="acme/data/labels")
        step.parameter("learning-rate", 0.5)
        step.output(world.root / output, name=MODEL)
        _put(world.root / output / "weights.bin", weights)
        _put(world.root / output / "config/config.json", "{}\n")


def _release(world: World) -> None:
    base = world.root / "base" / BOM_NAME
    assemble(world.model, [world.evidence / "records"], boms=[base])
    sign_artifact(world.model, signing("release"))


def measured(metric: str, count: int, samples: int, **slices: str) -> dict[str, Any]:
    found: dict[str, Any] = {"metric": metric, "count": count, "samples": samples}
    return {**found, "slice": slices} if slices else found


def write_report(
    path: Path, type: str, measurements: Iterable[Mapping[str, Any]]
) -> Path:
    document = {
        "apiVersion": "aibom/audit-report/v1",
        "type": type,
        "tool": {"name": "ruler", "version": "1"},
        "measurements": list(measurements),
    }
    return _put(path, json.dumps(document))


def _audits(world: World) -> None:
    rate = "overlap-disagreement"
    labels = write_report(
        world.root / "reports/labels.json",
        "label-consistency",
        [measured(rate, 1, 40, labeler=who) for who in (ANNE, BERT)],
    )
    audit(world, labels, world.root / "labels", "acme/data/labels", Kind.DATASET)
    accuracy = [measured("accuracy", 590, 600)]
    model = write_report(world.root / "reports/model.json", "holdout-test", accuracy)
    audit(world, model, world.model, MODEL, Kind.MODEL)


def audit(
    world: World,
    report: Path,
    subject: Path,
    name: str,
    kind: Kind,
    signer: str = "auditor",
) -> Path:
    return record_audit(
        report,
        subject,
        name=name,
        kind=kind,
        examined_on=NOW - timedelta(days=1),
        output=world.evidence / "audits",
        signer=signing(signer),
    )


def signers_document(roles: Iterable[str] = ROLES) -> dict[str, Any]:
    entries = [
        {
            "name": f"acme {role}",
            "role": role,
            "party": AUDITOR if role == "auditor" else f"org:Acme {role}",
            "public_key": key(role).public.pem,
            "predicates": ROLES[role][0],
            "namespaces": ROLES[role][1],
        }
        for role in roles
    ]
    return {"apiVersion": "aibom/signers/v1", "signers": entries}


#: Rules of ``tier-high`` that the small world has the evidence for.
_ASKED = {"labelers-unknown", "labels-unaudited", "model-untested"}


def _tier_high() -> list[dict[str, Any]]:
    path = policy_path("tier-high.yaml")
    rules: list[dict[str, Any]] = parse_yaml(path.read_bytes(), path.name)["rules"]
    return rules


def _verifier(world: World) -> None:
    decided = {"reason": "known", "approved_by": "org:Acme", "expires": EXPIRES}
    roots = [world.root / "raw/items.jsonl", world.root / "raw/corpus.txt"]
    files = {
        "signers.yaml": signers_document(),
        "accepted-roots.yaml": {
            "apiVersion": "aibom/accepted-roots/v1",
            "roots": [{"digest": str(hash_path(p).digest), **decided} for p in roots],
        },
        "trusted-sources.yaml": {
            "apiVersion": "aibom/trusted-sources/v1",
            "lists": {
                "approved": [
                    {
                        "match": {"type": "generic", "namespace": "acme"},
                        "trust": "trusted",
                        **decided,
                    }
                ]
            },
        },
        "advisories.yaml": {
            "apiVersion": "aibom/advisories/v1",
            "sequence": 3,
            "expires": EXPIRES,
            "advisories": [],
        },
    }
    policy = {
        "apiVersion": "aibom/policy/v1",
        "name": "acme",
        "version": "1",
        "extends": ["builtin:baseline@1"],
        "data": sorted(files),
        "rules": [rule for rule in _tier_high() if rule["id"] in _ASKED],
        "tiers": [{"match": {"name": "acme/models/toy-*"}, "tier": "low"}],
    }
    for name, document in {"policy.yaml": policy, **files}.items():
        _put(world.verifier / name, json.dumps(document, indent=1))
    world.lock()


def payload_of(path: Path) -> bytes:
    """The statement in a bundle."""
    return parse_bundle(path.read_bytes(), str(path)).payload


def _put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# What somebody with a key might do to a graph.


def named(graph: Graph, name: str) -> Node:
    """The one node with this name or kind of step."""
    (node,) = [node for node in graph.nodes.values() if name in _called(node)]
    return node


def without_edges(graph: Graph, gone: Callable[[Edge], bool]) -> Graph:
    """Take edges out, and everything that nothing leads to any more."""
    kept = [edge for edge in graph.edges if not gone(edge)]
    cut = Graph.of(graph.nodes.values(), kept, graph.root)
    reached = {str(cut.root), *cut.upstream(str(cut.root)).reached}
    nodes = [node for name, node in cut.nodes.items() if name in reached]
    edges = [edge for edge in cut.edges if {edge.source, edge.target} <= reached]
    return Graph.of(nodes, edges, graph.root)


def with_parts(
    graph: Graph, nodes: Iterable[Node] = (), edges: Iterable[Edge] = ()
) -> Graph:
    return Graph.of((*graph.nodes.values(), *nodes), (*graph.edges, *edges), graph.root)


def with_fact(graph: Graph, name: str, field: str, value: str | None) -> Graph:
    """One more fact on a node; a fact of the same field stays beside it."""
    fact = Fact(field, value, frozenset({Origin("editor")}))
    node = graph.nodes[name]
    return with_parts(graph, [replace(node, facts=(fact,))])


def map_edges(graph: Graph, change: Callable[[Edge], Edge]) -> Graph:
    return Graph.of(graph.nodes.values(), map(change, graph.edges), graph.root)


def an_edge(source: str, relation: Relation, target: str, role: str = "") -> Edge:
    origins = frozenset({Origin("editor")})
    return Edge((), origins, source=source, relation=relation, target=target, role=role)


def subject(name: str, path: Path, kind: str) -> dict[str, Any]:
    """A subject of a statement about what lies at ``path``."""
    notes = {"aibom:kind": kind}
    return Resource.subject(name, hash_path(path).digest, **notes).to_document()
