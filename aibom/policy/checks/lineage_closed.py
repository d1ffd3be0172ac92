"""Nothing in the lineage is left open.

What it checks: every step that generated the node, all the way up, has a record signed
by an allowed signer that agrees with the BOM, and every root is accepted by decision in
`accepted-roots.yaml`. Code and guidelines must be pinned. `derived-from` without a step
never closes anything.

Why it matters: a rule about "every dataset" says nothing if there may be a dataset that
nobody mentions. The other rules are only as good as this one.

Passes: every step above the node is on record (`steps-recorded`), it is pinned code or
guideline (`pinned-by-digest`, `pinned-by-commit`), or it is itself a root accepted by
decision (`accepted-root`).

Fails: never; an open lineage is not known to be bad.

Unknown: something is open, and the path leads to it. A step has no record
(`step-record-absent`) or none that an allowed signer signed (`step-record-untrusted`);
nothing says where a root comes from (`root-not-accepted`), or its acceptance has
expired (`accepted-root-expired`); a BOM that it links is not in the evidence
(`upstream-bom-missing`); it was derived, but no step says how
(`derived-without-step`), maybe from something open itself (`upstream-open`); code is
not pinned (`code-not-pinned`); inputs of a step are known less well than asked
(`inputs-only-declared`), changed under it (`input-changed-while-running`), or are none
that anything could be learned from (`step-without-inputs`); something is its own
ancestor (`lineage-cycle`).

What to do: put the missing step record into the evidence folder, record the step with
`aibom run`, or decide to accept the root, with a reason and an expiry.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.closure import ClosureState
from aibom.lineage.nodes import ENTITY_KINDS, Node
from aibom.policy.context import Check, Context, Outcome, passes, unknown

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How well the inputs of each step must be known."""

    inputs_known: str = field(
        default="declared",
        metadata={
            "doc": "The least a step record must say of how its inputs are known: "
            "declared by the user, observed (file opens seen), or isolated (nothing "
            "else could be reached).",
            "choices": ("declared", "observed", "isolated"),
        },
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; an open one names the nearest cause and leads to it."""
    closure = (
        context.closure
        if settings.inputs_known == "declared"
        else context.closure_with(settings.inputs_known)
    )
    own = closure[node.id]
    expected = "every step recorded and signed, every root accepted by decision"
    if own.state is not ClosureState.OPEN:
        return passes(own.reason, expected=expected, actual=own.detail or own.reason)
    walk = context.graph.upstream(node.id)
    causes = [
        name
        for name in (node.id, *walk.reached)
        if closure[name].state is ClosureState.OPEN and closure[name].cause
    ]
    nearest = causes[0] if causes else node.id
    cause = closure[nearest]
    more = f"; {len(causes) - 1} more open ends" if len(causes) > 1 else ""
    label = context.node(nearest).label
    return unknown(
        cause.reason,
        expected=expected,
        actual=f"{label}: {cause.detail or cause.reason}{more}",
        assurance=Assurance(Level.MISSING, cause.detail or cause.reason),
        # All of them: an exception for one open end is not one for the next.
        term=" ".join(sorted(f"{closure[name].reason}:{name}" for name in causes)),
        beyond=() if nearest == node.id else walk.path(nearest)[1],
    )


CHECK = Check("lineage-closed", Settings, evaluate, ENTITY_KINDS)
