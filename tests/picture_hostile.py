"""Names that would be something else than names, if a drawing let them."""

from __future__ import annotations

from builders import a_node, an_edge

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Relation

__all__ = ["HOSTILE", "hostile"]

HOSTILE = {
    "script": "</title></text></script><script>alert(1)</script>",
    "attribute": '" onload="alert(1)',
    "single quotes": "' onload='alert(1)",
    "entity": "&lt;b&gt; &nbsp; &#x3c;",
    "comment": "--><!-- x --",
    "cdata": "]]><x/>",
    "bidi": "acme/\u202egnp.exe\u2066",
    "control": "a\x00b\x1b[31m\nc\x0bd",
    "surrogate": "a\ud800b",
    "not a character": "a\uffffb",
    "ten thousand": "n" * 10_000,
    "address": "https://evil.example/x.png",
    "css": "</style><style>*{background:url(https://evil.example)}",
    "dot": '\\" ]; evil [label="x\\N\\l',
    "backslash at the end": "acme\\",
    "mermaid": '"]:::evil; click n "javascript:alert(1)" %%{init: {}}%%',
    "markdown in mermaid": "`**bold** [x](javascript:alert(1))`",
    "a line of its own": "x\nend\nsubgraph evil",
}


def hostile(name: str) -> Graph:
    """A small lineage in which everything is called so."""
    root = a_node(Kind.MODEL, "root", {"name": name, "licence": name})
    step = a_node(Kind.STEP, "step", {"step": name})
    data = a_node(Kind.DATASET, "data", {"name": name, "source": name})
    edges = [
        an_edge(step, Relation.GENERATED, root),
        an_edge(step, Relation.USED, data, "training-data", {"revision": name}),
        an_edge(root, Relation.DERIVED_FROM, data, "distilled"),
    ]
    return Graph.of([root, step, data], edges, root.id)
