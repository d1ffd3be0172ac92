"""What checks that ask about the steps which made a node have in common.

Whether a rule about certain kinds of steps asks anything of a node at all; how far up
it looks; and which answer counts where each of several steps has its own.

A kind of step is a word that a record chose. So a mere claim that such a step made the
node is enough to ask; to be spared, the steps that made it must be known well enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from aibom.lineage.assurance import Level
from aibom.lineage.graph import Walk
from aibom.lineage.nodes import Edge, Node, Relation
from aibom.policy.context import Context, Outcome, not_applicable, unknown
from aibom.verdict import Status

__all__ = ["spared", "undecided_lineage", "worst"]


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


def worst(answers: Iterable[Outcome]) -> Outcome:
    """The answer that counts: a fail, else an unknown, else the least assured pass.

    Among equals the first. There must be at least one.
    """
    order = (Status.FAIL, Status.UNKNOWN, Status.PASS)

    def rank(answer: Outcome) -> tuple[int, int]:
        level = answer.assurance.level if answer.assurance else Level.CONTRADICTED
        return order.index(answer.status), level

    return min(answers, key=rank)


def undecided_lineage(context: Context, start: str) -> Walk:
    """All upstream of a node, up to and with the roots at which lineage ends.

    What stands above a root that somebody accepted is that decision's business.
    """

    def goes_on(edge: Edge) -> bool:
        generated = edge.relation is Relation.GENERATED
        return not context.is_decided_root(edge.target if generated else edge.source)

    return context.graph.upstream(start, goes_on)
