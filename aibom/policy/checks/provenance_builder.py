"""It was made by a builder on the list, as a trusted record of each step says.

What it checks: every step that generated the node has a record, signed by an allowed
signer in one of `signer_roles`, that names as its builder (SLSA's
`runDetails.builder.id`) one of `builders`, letter by letter. The record must say of the
step's inputs that they are known at least as well as `inputs` asks. With `only_steps`,
nodes made by steps of other kinds are not asked.

Why it matters: what ran on somebody's laptop, or in a pipeline that others may change,
may have had more put into it than anybody wrote down. A builder's name is only as good
as its signer: anybody can write one, so the two are asked together.

Passes: all of that holds for every step (`builder-allowed`). This is no SLSA level: a
record states none, and one is not made up from a builder's name. List only builders
whose level you have looked up.

Fails: a trusted record names another builder (`builder-not-allowed`), or is signed in
other roles only (`signer-role-not-allowed`).

Unknown: a step has no record (`step-record-absent`), or none that an allowed signer
signed (`step-record-untrusted`); no builder is named (`builder-missing`), or sources
disagree on it (`contradicted`); inputs are known less well than asked
(`inputs-only-declared`); nothing tells well enough how the node was made
(`lineage-open`); that this step made it, or its builder, is less well assured than the
rule asks (`assurance-too-low`).

Not applicable: accepted roots, for which a decision stands in (`accepted-root`); with
`only_steps`, nodes that steps of other kinds generated (`no-such-step`).

What to do: run the step in the pipeline that is on the list, with its own key and
`builder=` in `aibom.record`; do not put the laptop on the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    fact_assurance,
)
from aibom.lineage.evidence import Evidence
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import Kind, Node, Relation, State
from aibom.policy.asking import spared, worst
from aibom.policy.context import (
    STEP_KINDS,
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.statement import PROVENANCE_V1

__all__ = ["CHECK", "Settings"]

_INPUTS = ("declared", "observed", "isolated")


@dataclass(frozen=True, slots=True)
class Settings:
    """Which builders, vouched for by whom, and how well inputs must be known."""

    builders: tuple[str, ...] = field(
        metadata={"doc": "Ids (URIs) of the builders that may make it."}
    )
    signer_roles: tuple[str, ...] = field(
        metadata={"doc": "Roles of signers.yaml that may speak for these builders."}
    )
    inputs: str = field(
        default="declared",
        metadata={
            "doc": "The least a step record must say of how its inputs are known.",
            "choices": _INPUTS,
        },
    )
    only_steps: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Kinds of steps whose outputs are asked; none: every node.",
            "choices": STEP_KINDS,
        },
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst of the steps that generated it decides."""
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    needless = spared(context, node, settings.only_steps, minimum)
    if needless is not None:
        return needless
    expected = f"made by {' or '.join(settings.builders)}"
    hops = [
        h for h in context.graph.up(node.id) if h.edge.relation is Relation.GENERATED
    ]
    if not hops:
        return unknown(
            "lineage-open", expected=expected, actual="nothing tells how it was made"
        )
    answer = worst(_of_step(context, hop, settings) for hop in hops)
    return replace(answer, expected=answer.expected or expected)


def _of_step(context: Context, hop: Hop, settings: Settings) -> Outcome:
    """Answer for one step: who signed its record, what it says, what that is worth."""
    step = context.node(hop.to)
    records = context.evidence.owning(step.id)
    signed = [item for item in records if item.predicate_type == PROVENANCE_V1]
    answer = (
        _not_recorded(context, step, signed)
        or _not_by_role(settings, signed)
        or _not_built(step, settings)
        or _inputs_not_known(step, settings)
    )
    if answer is None:
        answer = passes(
            "builder-allowed",
            actual=f"{step.label}: {step.value('builder')}",
            assurance=_worth(context, hop, step, settings),
        )
    locations = tuple(item.location for item in signed)
    return replace(answer, beyond=(hop,), evidence=locations)


def _not_recorded(
    context: Context, step: Node, signed: Sequence[Evidence]
) -> Outcome | None:
    if signed:
        return None
    refusals = {
        item.refusal or "unsigned"
        for item in context.evidence.records_of(step.id)
        if item.predicate_type == PROVENANCE_V1
    }
    if refusals:
        told = (
            f"the record of {step.label} does not count: {', '.join(sorted(refusals))}"
        )
        return unknown("step-record-untrusted", actual=told)
    return unknown("step-record-absent", actual=f"{step.label} has no signed record")


def _not_by_role(settings: Settings, signed: Sequence[Evidence]) -> Outcome | None:
    signers = [item.signer for item in signed if item.signer]
    if any(signer.role in settings.signer_roles for signer in signers):
        return None
    names = sorted({f"{signer.name} ({signer.role})" for signer in signers})
    return fails(
        "signer-role-not-allowed",
        expected=f"a record signed by {' or '.join(settings.signer_roles)}",
        actual=f"signed by {', '.join(names)}",
    )


def _not_built(step: Node, settings: Settings) -> Outcome | None:
    state, named = step.state("builder"), step.values("builder")
    if state is State.CONTRADICTED:
        return unknown("contradicted", actual=f"{step.label}: {' / '.join(named)}")
    if state is not State.KNOWN:
        return unknown("builder-missing", actual=f"{step.label} names no builder")
    if named[0] not in settings.builders:
        return fails("builder-not-allowed", actual=f"{step.label}: {named[0]}")
    return None


def _inputs_not_known(step: Node, settings: Settings) -> Outcome | None:
    stated = step.value("inputs") or _INPUTS[0]
    if stated in _INPUTS and _INPUTS.index(stated) >= _INPUTS.index(settings.inputs):
        return None
    return unknown(
        "inputs-only-declared",
        expected=f"inputs that are {settings.inputs}",
        actual=f"the inputs of {step.label} are {stated}",
    )


def _worth(context: Context, hop: Hop, step: Node, settings: Settings) -> Assurance:
    """The least of what is known: that the step made it, by whom, and from what."""
    found = [
        edge_assurance(hop.edge, context.evidence),
        fact_assurance(step, "builder", context.evidence),
    ]
    if settings.inputs != _INPUTS[0]:
        found.append(fact_assurance(step, "inputs", context.evidence))
    return min(found, key=lambda worth: worth.level)


CHECK = Check(
    "provenance-builder",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM}),
)
