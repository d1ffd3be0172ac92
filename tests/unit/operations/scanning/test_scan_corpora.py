"""Corpora, tools and prompts in a scan: what the policy can then ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from policy_builders import ANNE, BERT, NOW, World, policy_of

from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind
from aibom.operations.scanning.scan import scan, scan_bom
from aibom.policy.context import Context
from aibom.policy.document import Tier
from aibom.policy.engine import evaluate
from aibom.verdict import Result
from tests.catalog_world import put

META = {"file_path": "/home/somebody/docs/a.txt", "last_modified_date": "2026-01-02"}
STORE = {
    "docstore/data": {"n": {"__data__": {"text": "hunter2", "metadata": META}}},
    "docstore/ref_doc_info": {"d": {"node_ids": ["n"], "metadata": META}},
}
SERVERS = {
    "mcpServers": {
        "mail": {"command": "npx", "args": ["-y", "mail"], "env": {"KEY": "hunter2"}}
    }
}
FILES = {
    "storage/docstore.json": json.dumps(STORE),
    ".mcp.json": json.dumps(SERVERS),
    "system_prompt.md": "You are kind.",
    "app.txt": "x",
}


def results_of(graph: Graph, rule: dict[str, Any]) -> tuple[Result, ...]:
    world = World()
    world.trust(
        {"match": {"type": "huggingface", "namespace": "acme"}},
        name="docs",
    )
    context = Context(
        graph,
        str(graph.root),
        EvidenceSet((), frozenset(), True),
        world.policy_data(),
        NOW,
    )
    rule = {"id": "rule", "select": {"scope": "artifact-and-ancestors"}, **rule}
    return evaluate(context, policy_of(rule), Tier.HIGH)


def test_a_project(tmp_path: Path) -> None:
    done = scan(put(tmp_path, FILES))
    graph = done.graph
    needed = {
        (graph.nodes[edge.target].kind, edge.role)
        for edge in graph.edges
        if (edge.source, edge.relation.value) == (graph.root, "requires")
    }
    assert done.root.kind == Kind.SYSTEM
    assert needed == {(Kind.SERVICE, "tool"), (Kind.GUIDELINE, "prompt")}
    text = scan_bom(done, spec_version="1.7", output=None).decode()
    assert "hunter2" not in text
    assert "somebody" not in text
    assert "pkg:npm/mail" in text
    assert "tool-not-pinned" in text


def test_what_went_into_an_index_is_asked_for(tmp_path: Path) -> None:
    graph = scan(put(tmp_path, FILES)).graph
    settings = {"list": "docs", "reviewers": [BERT], "writers": [ANNE]}
    rule = {"check": "corpus-source", "settings": settings}
    answers = {
        graph.nodes[result.node].label: (result.status.value, result.reason)
        for result in results_of(graph, rule)
    }
    assert answers["documents of storage/docstore.json"] == (
        "unknown",
        "digest-missing",
    )
