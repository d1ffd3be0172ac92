"""A folder of bytes as a lineage node: its tree digest and every file in it.

It supplies digests, sizes and paths. It does not look inside files: names, licences and
base models in a card or config are other catalogers' facts.
"""

from __future__ import annotations

from aibom.digest import Content
from aibom.lineage.identity import entity_id
from aibom.lineage.nodes import Kind, Node, Origin

__all__ = ["artifact_node"]


def artifact_node(kind: Kind, content: Content) -> Node:
    """The node of a hashed folder. ``files`` is empty for a single file."""
    origin = Origin("artifact-folder", content.digest.value)
    files = content.files if content.digest.form == "tree" else ()
    return Node(
        (),
        frozenset({origin}),
        id=entity_id(kind, content.digest),
        kind=kind,
        files=files,
    )
