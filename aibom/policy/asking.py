"""Whether a rule about certain kinds of steps asks anything of a node at all.

A kind of step is a word that a record chose. So a mere claim that such a step made the
node is enough to ask; to be spared, the steps that made it must be known well enough.
"""

from __future__ import annotations

from collections.abc import Collection

from aibom.lineage.assurance import Level
from aibom.lineage.nodes import Node
from aibom.policy.context import Context, Outcome, not_applicable, unknown

__all__ = ["spared"]


def spared(
    context: Context, node: Node, only_steps: Collection[str], minimum: Level
) -> Outcome | None:
    """Why a rule for outputs of ``only_steps`` leaves the node out; None: it asks.

    Unknown where it is not known, at least ``minimum``, which steps generated the node.
    Without any kinds of steps nothing is spared.
    """
    if not only_steps:
        return None
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    if any(context.generating_steps(node.id, kind) for kind in only_steps):
        return None
    kinds = context.step_kinds(node.id, minimum)
    if kinds is None:
        return unknown(
            "lineage-open",
            expected=f"the step that generated it, {minimum.word}",
            actual="nothing tells well enough how it was made",
        )
    return not_applicable("no-such-step", actual=f"made by: {', '.join(sorted(kinds))}")
