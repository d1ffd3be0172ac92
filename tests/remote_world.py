"""Repositories on a hub of the test's own, and what a scan of them says, in short.

``acme/base?`` is the thing that somebody names, ``acme/base`` what was found in the
repository of that name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aibom.lineage.nodes import Node, Relation
from aibom.operations.scanning.remote import ScannedRemote, scan_remote
from aibom.operations.scanning.scan import scan_bom
from aibom.operations.validate import load_bom
from aibom.sources.hub import HubSource
from aibom.sources.reference import Reference
from aibom.sources.remote import RemoteFile, Resolved
from aibom.testing.hub import LocalHub, Repository

CONFIG = json.dumps({"model_type": "bert", "architectures": ["BertModel"]})
OWN_ROLES = frozenset({"part", "data"})


def card(**metadata: Any) -> str:
    return f"---\n{json.dumps(metadata)}\n---\n# A card\n"


def model(hub: LocalHub, name: str, weights: str = "", **metadata: Any) -> Repository:
    """A model with weights in LFS; gives its repository, at the commit just made."""
    repository = hub.model(name)
    files = {
        "README.md": card(**metadata),
        "config.json": CONFIG,
        "model.safetensors": weights or f"weights of {name}",
    }
    repository.commit(files, lfs={"model.safetensors"})
    return repository


def dataset(hub: LocalHub, name: str, **metadata: Any) -> Repository:
    repository = hub.dataset(name)
    rows = {"README.md": card(**metadata), "train.parquet": f"rows of {name}"}
    repository.commit(rows, lfs={"train.parquet"})
    return repository


def head(repository: Repository) -> str:
    return repository.branches()["main"]


def run(hub: LocalHub, text: str, depth: int = 9, **options: Any) -> ScannedRemote:
    def opened(_: Reference) -> HubSource:
        return HubSource(endpoint=hub.url, sleep=lambda _: None)

    return scan_remote(Reference.parse(text), opened, depth=depth, **options)


def called(done: ScannedRemote, node: Node) -> str:
    return node.label + ("" if node.value("repository-id") else "?")


def comes_from(done: ScannedRemote) -> set[tuple[str, str, str]]:
    """(what, role, from what), without files."""
    nodes = done.graph.nodes
    return {
        (called(done, nodes[e.source]), e.role, called(done, nodes[e.target]))
        for e in done.graph.edges
        if e.relation is Relation.DERIVED_FROM and e.role not in OWN_ROLES
    }


def visited(done: ScannedRemote) -> list[tuple[str, str | None, int]]:
    return [(v.resolved.name, v.resolved.commit, v.depth) for v in done.visited]


def unknown(done: ScannedRemote) -> set[tuple[str, str]]:
    """Findings of the walk itself: (reference, reason)."""
    return {
        (f.path, f.code)
        for f in done.findings
        if f.cataloger == "hub" and f.code != "source-not-told"
    }


def here(done: ScannedRemote) -> str:
    """The first reference, at its commit."""
    return str(done.visited[0].resolved.pinned)


def unread(done: ScannedRemote) -> set[tuple[str, str]]:
    return {(f.path, f.code) for f in done.findings if f.unread}


def require_in_bom(done: ScannedRemote) -> None:
    """Whatever could not be followed stands in the BOM, which can be read back."""
    data = scan_bom(done, spec_version="1.6", output=None)
    bom = load_bom(data, "scan", "references")
    root = bom.graph.nodes[str(bom.graph.root)]
    for path, code in unknown(done):
        assert code in ", ".join(root.values(f"unread.{path}"))
    assert bom.graph == done.graph


@dataclass(frozen=True)
class Bucket:
    """A source that states sizes and no digests, as an object store does."""

    files: Mapping[str, bytes]
    unsure: tuple[str, ...] = ()

    def resolve(self, reference: Reference) -> Resolved:
        listed = (RemoteFile(name, len(data)) for name, data in self.files.items())
        return Resolved(
            reference,
            tuple(sorted(listed)),
            "online",
            "s3://b",
            "s3://b/model",
            unsure=self.unsure,
        )

    def read(self, resolved: Resolved, file: RemoteFile, limit: int) -> bytes:
        return self.files[file.path]

    def download(self, *_: Any) -> None:
        raise AssertionError("nothing is downloaded")
