"""What a policy would have to say for these BOMs: proposed, and decided by nobody yet.

A draft is read off documents, which are claims. So each entry lacks what makes it a
decision: ``approved_by`` and ``expires`` are left empty, and a folder with such an
entry cannot be loaded, by a gate or otherwise, until somebody has filled them in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aibom.bom.parse import read_bytes
from aibom.digest import BOM_NAME
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node, Relation
from aibom.operations.place import bundle_beside
from aibom.operations.validate import load_bom
from aibom.policy.sources import Source, SourceMatch, parse_source

__all__ = ["Draft", "draft"]

_DECIDE = ("approved_by", "expires")


@dataclass(frozen=True, slots=True)
class Draft:
    """Entries for the verifier's folder, as texts to paste; by file, in order."""

    sources: tuple[str, ...]
    roots: tuple[str, ...]
    signers: tuple[str, ...]

    def text(self) -> str:
        """All of it, with what to do in each place."""
        parts = (
            ("trusted-sources.yaml, under lists: approved:", self.sources),
            ("accepted-roots.yaml, under roots:", self.roots),
        )
        lines = []
        for where, entries in parts:
            lines += [f"# {where}", *(entries or ("# nothing",)), ""]
        lines += ["# signers.yaml, by:", *(self.signers or ("# nothing",))]
        return "\n".join(lines) + "\n"


def draft(paths: Iterable[Path]) -> Draft:
    """Read BOMs, or folders with one, and propose; nothing is verified or written.

    Proposed are each source that something was taken from, each entity that nothing
    explains (a lineage ends there), and a command for each bundle beside a BOM. Raises
    what reading a BOM raises.
    """
    sources: dict[SourceMatch, str] = {}
    roots: dict[str, None] = {}
    signers: dict[str, None] = {}
    for given in paths:
        path = given / BOM_NAME if given.is_dir() else given
        graph = load_bom(read_bytes(path), str(path), "references").graph
        for source in _sources(graph):
            match = SourceMatch(source.type, source.namespace, source.name, None)
            sources.setdefault(match, _source_entry(source))
        roots.update(dict.fromkeys(_roots(graph)))
        bundle = bundle_beside(path)
        if bundle.exists():
            signers[_command(bundle)] = None
    return Draft(tuple(sorted(sources.values())), tuple(sorted(roots)), tuple(signers))


def _sources(graph: Graph) -> Iterator[Source]:
    for node in graph.nodes.values():
        found = list(node.values("source"))
        for edge in graph.edges_into(node.id, Relation.USED):
            found.extend(edge.values("source"))
        for text in found:
            source = parse_source(text)
            if source is not None:
                yield source


def _source_entry(source: Source) -> str:
    match = {"type": source.type, "namespace": source.namespace, "name": source.name}
    shown = {key: value for key, value in match.items() if value}
    return _entry({"match": shown, "trust": "trusted"}, f"from {source.text}")


def _roots(graph: Graph) -> Iterator[str]:
    for name in graph.upstream(str(graph.root)).reached:
        node = graph.nodes[name]
        if node.kind in ENTITY_KINDS - {Kind.CODE} and _is_open(graph, node):
            yield _entry({"digest": str(node.digest)}, f"{node.kind} {node.label}")


def _is_open(graph: Graph, node: Node) -> bool:
    """Whether nothing says where it comes from, so that somebody has to decide."""
    explained = graph.generating_steps(node.id) or node.values("upstream-bom")
    return node.digest is not None and not explained


def _entry(members: dict[str, object], comment: str) -> str:
    """A YAML entry in JSON's notation, which no text of a document can break out of."""
    shown = "".join(c if c.isprintable() else "?" for c in comment)
    lines = [f"# {shown}"]
    texts = [f"{key}: {json.dumps(value)}" for key, value in members.items()]
    texts += ["reason:", *(f"{key}:" for key in _DECIDE)]
    lines += [f"- {texts[0]}", *(f"  {text}" for text in texts[1:])]
    return "\n".join(lines)


def _command(bundle: Path) -> str:
    return (
        f"#   aibom signers add --from {json.dumps(str(bundle))} --to signers.yaml "
        "--role … --namespace …"
    )
