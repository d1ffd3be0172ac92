"""What somebody might do to a released model, each on a copy, and the gate's answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from company import Company
from pipeline import Base, collect_records, fine_tune, release
from shell import Shell

from aibom.bom.decode import decode
from aibom.bom.encode import encode, to_bytes
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Relation

__all__ = ["ATTACKS", "Attack", "World"]


@dataclass(frozen=True)
class World:
    """Everything an attack may touch: a copy of the release, evidence and verifier."""

    shell: Shell
    company: Company
    base: Base
    model: Path
    evidence: Path
    verifier: Path

    def at(self, path: Path) -> Path:
        """Where a path of the demo lies on disk."""
        return self.shell.folder / path


@dataclass(frozen=True)
class Attack:
    """One thing that goes wrong: what, how, and the exit and reason it must get."""

    name: str
    exit_code: int
    reason: str
    apply: Callable[[World], Path | None]


def _flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x01
    path.write_bytes(bytes(data))


def _weights(world: World) -> None:
    path = world.at(world.model) / "model.safetensors"
    _flip(path, path.stat().st_size // 2)


def _upstream_bom(world: World) -> None:
    path = world.at(world.evidence) / "base" / "aibom.cdx.json"
    _flip(path, path.stat().st_size // 2)


def _no_audit(world: World) -> None:
    shutil.rmtree(world.at(world.evidence) / "audits" / "model")


def _parents_audit(world: World) -> None:
    _no_audit(world)
    source = world.at(world.base.audits)
    shutil.copytree(source, world.at(world.evidence) / "audits" / "base")


def _branch(world: World) -> Path:
    """Fine-tune again from the base at ``main``, recorded and signed exactly so."""
    folder = world.model.parent
    fine_tune(world.shell, world.company, folder, "main", "model-from-main")
    release(world.shell, world.company, folder, "model-from-main")
    collect_records(world.shell, folder / "records-of-model-from-main", world.evidence)
    return folder / "model-from-main"


def _stranger(world: World) -> None:
    world.shell.aibom("sign", world.model, "--key", world.company.key("stranger"))


def _dataset_left_out(world: World) -> None:
    """Cut the labelled set out of the BOM, and have the release key sign the rest."""
    path = world.at(world.model) / "aibom.cdx.json"
    graph = decode(json.loads(path.read_bytes()), "")
    labels = next(
        name
        for name, node in graph.nodes.items()
        if "acme/data/digits-labels" in node.values("name")
    )
    kept = [
        edge
        for edge in graph.edges
        if not (edge.relation is Relation.USED and edge.target == labels)
    ]
    cut = Graph.of(graph.nodes.values(), kept, graph.root)
    reached = {str(cut.root), *cut.upstream(str(cut.root)).reached}
    rest = Graph.of(
        (node for name, node in cut.nodes.items() if name in reached),
        (edge for edge in cut.edges if {edge.source, edge.target} <= reached),
        cut.root,
    )
    path.write_bytes(to_bytes(encode(rest)))
    world.shell.aibom("sign", world.model, "--key", world.company.key("release"))


def _advisory(world: World) -> None:
    """A labeler turns out to have lied: name them in the advisories, sequence 2."""
    path = world.at(world.verifier) / "advisories.yaml"
    today = datetime.now(UTC).date().isoformat()
    text = path.read_text().replace("sequence: 1", "sequence: 2")
    entry = {
        "id": "ACME-2026-001",
        "summary": "This labeler sold flipped labels.",
        "published": today,
        "affects": {"parties": [world.company.labelers[1]]},
    }
    path.write_text(
        text.replace("advisories: []", f"advisories: [{json.dumps(entry)}]")
    )


ATTACKS = (
    Attack("a byte of the weights changed", 11, "digest-mismatch", _weights),
    Attack(
        "a byte of the base's BOM changed", 11, "bom-digest-mismatch", _upstream_bom
    ),
    Attack("the audit of the model removed", 3, "audit-missing", _no_audit),
    Attack("only the base was audited", 3, "audit-of-ancestor", _parents_audit),
    Attack("the base taken at a branch name", 10, "revision-not-pinned", _branch),
    Attack("the BOM signed by a stranger", 11, "signer-not-allowed", _stranger),
    Attack(
        "a dataset cut out, signed again", 11, "step-record-mismatch", _dataset_left_out
    ),
    Attack("an advisory on a labeler", 10, "tainted-ancestor", _advisory),
)
