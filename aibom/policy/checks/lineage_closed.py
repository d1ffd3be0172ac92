"""Nothing in the lineage is left open.

What it checks: every step that generated the node, all the way up, has a record signed
by an allowed signer that agrees with the BOM, and every root is accepted by decision in
`accepted-roots.yaml`. Code and guidelines must be pinned. `derived-from` without a step
never closes anything.

Why it matters: a rule about "every dataset" says nothing if there may be a dataset that
nobody mentions. The other rules are only as good as this one.

Passes: every step above the node is on record (`steps-recorded`), it is pinned code or
guideline (`pinned-by-digest`, `pinned-by-commit`), or it is itself a root accepted by
decision (`accepted-root`). With `accepted_roots: data-only`, lineage ends by decision
only at what is a dataset, and is one in `accepted-roots.yaml` too (`kind: dataset`):
every model in it was made by steps on record.

Fails: never; an open lineage is not known to be bad.

Unknown: something is open, and the path leads to it. A step has no record
(`step-record-absent`) or none that an allowed signer signed (`step-record-untrusted`);
nothing says where a root comes from (`root-not-accepted`), or its acceptance has
expired (`accepted-root-expired`), or is not for data alone, as the rule asks
(`accepted-root-refused`); a BOM that it links is not in the evidence
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

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.closure import Closure, ClosureState, close
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node
from aibom.policy.context import Check, Context, Outcome, passes, unknown

__all__ = ["CHECK", "Settings"]

_RECORDED = "every step recorded and signed, every root accepted by decision"
#: Of the other reasons, what the rule says is right.
_ADVICE = MappingProxyType(
    {
        "code-not-pinned": "Commit or ignore what is not committed (`git status`; "
        "{label}), so that the code has a full commit id, and rerun the step.",
        "step-record-untrusted": "There is a record of {label}, but nobody who may "
        "signed it: if you trust its signer, write it into signers.yaml, for "
        "step-record and this name (`aibom signers add`); else have it signed by one "
        "who may.",
        "accepted-root-expired": "Look at {label} again; if it may still be used, give "
        "its entry in accepted-roots.yaml a new `expires`.",
        "upstream-bom-missing": "Get the signed BOM of {label}, and put it into the "
        "evidence.",
        "inputs-only-declared": "Rerun {label} so that its inputs are known as well as "
        "the rule asks; what is declared alone cannot be improved afterwards.",
        "input-changed-while-running": "Rerun the step while nothing writes to "
        "{label}.",
        "step-without-inputs": "Record {label} again, with the data or model that it "
        "learned from.",
        "lineage-cycle": "Find the record that is wrong: nothing can be made from what "
        "is made from it. Record that step again ({label}).",
    }
)
_EXPECTED = MappingProxyType(
    {"allowed": _RECORDED, "data-only": f"{_RECORDED}, and all of these are data"}
)


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
    accepted_roots: str = field(
        default="allowed",
        metadata={
            "doc": "Where lineage may end by decision: at all accepted roots (allowed) "
            "or only at datasets that have kind: dataset there (data-only).",
            "choices": ("allowed", "data-only"),
        },
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; an open one names the nearest cause and leads to it."""
    decided = context.closure_with(settings.inputs_known)
    closure = decided
    if settings.accepted_roots == "data-only":
        key = ("lineage-closed", settings.inputs_known)
        closure = context.once(key, lambda c: _on_data_only(c, settings.inputs_known))
    own = closure[node.id]
    expected = _EXPECTED[settings.accepted_roots]
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
    if decided[nearest].state is ClosureState.ACCEPTED:
        cause = Closure(cause.state, "accepted-root-refused", decided[nearest].detail)
    count = len(causes) - 1
    more = f"; {count} more open end{'s' if count > 1 else ''}" if count > 0 else ""
    label = context.node(nearest).label
    return unknown(
        cause.reason,
        expected=expected,
        actual=f"{label}: {cause.detail or cause.reason}{more}",
        assurance=Assurance(Level.MISSING, cause.detail or cause.reason),
        # All of them: an exception for one open end is not one for the next.
        term=" ".join(sorted(f"{closure[name].reason}:{name}" for name in causes)),
        beyond=() if nearest == node.id else walk.path(nearest)[1],
        advice=_advice(cause.reason, label),
    )


def _advice(reason: str, label: str) -> str:
    """What to do where it is not to find a record, or to accept a root."""
    text = _ADVICE.get(reason, "")
    return text.format(label=label) if text else ""


def _on_data_only(context: Context, inputs_known: str) -> Mapping[str, Closure]:
    """Closure where lineage may end by decision at data only.

    The decision has to say so: a document chooses what it calls a thing.
    """
    data = {
        node.digest
        for node in context.graph.nodes.values()
        if node.kind is Kind.DATASET
    }
    others = {
        node.digest
        for node in context.graph.nodes.values()
        if node.kind is not Kind.DATASET
    }
    roots = {
        digest: root
        for digest, root in (context.data.roots or {}).items()
        if root.kind == Kind.DATASET.value and digest in data - others
    }
    return close(context.graph, context.evidence, roots, context.now, inputs_known)


CHECK = Check("lineage-closed", Settings, evaluate, ENTITY_KINDS)
