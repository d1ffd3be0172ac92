"""Whoever did the one thing did not do the other.

What it checks: the persons, organisations and programs behind two lists of duties are
different. A duty is a role that the steps which generated the node, or the node itself,
name parties in (`labeler`, `reviewer`, `approver`, `writer`, …), or who signed: the
node's BOM (`bom-signer`), the records of the steps that generated it
(`step-record-signer`), audits of this digest (`audit-signer`), its model signature
(`model-signer`). Who stands behind a signer is said in `signers.yaml`. Names are
compared however they are spelt. With `upstream`, the second list is also looked for in
everything the node comes from, up to accepted roots: the reviewer of the last step is
then compared with all labelers before. With `only_steps`, nodes made by steps of other
kinds are not asked.

Why it matters: whoever both makes and approves a thing needs nobody's help to put
poison into it.

Passes: both duties have holders, and each of the one is known to be another party than
each of the other (`duties-separate`).

Fails: two of them are, or may be by their names, the same party, or the same key signed
(`same-party`); the path leads to it. A claim is enough to fail.

Unknown: nobody is on record for one of the two, or nobody who counts signed the record
of a step (`duty-unfilled`); `signers.yaml` does not say who stands behind a signer
(`signer-unidentified`); they cannot be compared, such as a person and an organisation,
or people under different registrars' keys (`party-not-comparable`); who they are is
less well assured than the rule asks (`assurance-too-low`). With `only_steps`: it is not
known, well enough, which kind of step generated the node (`lineage-open`).

Not applicable: ancestors at which lineage ends by decision (`accepted-root`); with
`only_steps`, nodes that steps of other kinds generated (`no-such-step`).

What to do: have the second thing done by somebody else and recorded (`--by
reviewer=…`), and give every signer in `signers.yaml` its `party`. Never make up a
second name for one person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

from aibom.lineage.assurance import Level
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import ENTITY_KINDS, Node
from aibom.policy.asking import spared, undecided_lineage
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
from aibom.policy.duties import (
    DUTIES,
    Holder,
    holders,
    may_be_one,
    unrecorded_step,
)

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Which duties must not meet in one hand."""

    one: tuple[str, ...] = field(
        metadata={"doc": "Duties of the one side.", "choices": DUTIES}
    )
    other: tuple[str, ...] = field(
        metadata={"doc": "Duties of the other side.", "choices": DUTIES}
    )
    upstream: bool = field(
        default=False,
        metadata={"doc": "Look for the other side also in all the node comes from."},
    )
    only_steps: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Kinds of steps whose outputs are asked; none: every node.",
            "choices": STEP_KINDS,
        },
    )

    def __post_init__(self) -> None:
        both = sorted(set(self.one) & set(self.other))
        if both:
            raise ValueError(
                f"{both[0]!r} is on both sides: nobody differs from itself"
            )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node: any two who may be one fail, then what keeps it unknown."""
    if context.is_decided_root(node.id) and not context.is_artifact(node.id):
        return not_applicable("accepted-root")
    needless = spared(context, node, settings.only_steps, minimum)
    if needless is not None:
        return needless
    one = list(holders(context, node.id, settings.one))
    other = list(_others(context, node, settings))
    expected = f"{_listed(settings.one)} another party than {_listed(settings.other)}"
    for left, right in product(one, other):
        if may_be_one(left, right):
            return fails(
                "same-party",
                expected=expected,
                actual=f"{left.named} may be {right.named}",
                beyond=_path(context, node, left, right),
                evidence=_locations((left, right)),
            )
    gap = _unfilled(context, node, settings, one, other)
    if gap is not None:
        hops, text = gap
        return unknown("duty-unfilled", expected=expected, actual=text, beyond=hops)
    return _compared(context, node, one, other, expected)


def _others(context: Context, node: Node, settings: Settings) -> Iterable[Holder]:
    yield from holders(context, node.id, settings.other)
    if settings.upstream:
        for name in undecided_lineage(context, node.id).reached:
            entity = context.node(name).kind in ENTITY_KINDS
            if entity and not context.is_decided_root(name):
                yield from holders(context, name, settings.other)


def _path(context: Context, node: Node, left: Holder, right: Holder) -> tuple[Hop, ...]:
    """The way to the second of two, or to the first where the graph has none."""
    if right.about != node.id:
        # Only now: in deep lineage, a path to each holder costs far too much.
        walk = undecided_lineage(context, node.id)
        return (*walk.path(right.about)[1], *right.hops)
    return right.hops or left.hops


def _unfilled(
    context: Context,
    node: Node,
    settings: Settings,
    one: list[Holder],
    other: list[Holder],
) -> tuple[tuple[Hop, ...], str] | None:
    """Where somebody is missing who would have to be compared."""
    hops = unrecorded_step(context, node.id, (*settings.one, *settings.other))
    if hops:
        label = context.node(hops[-1].to).label
        return hops, f"no allowed signer stands behind the step {label}"
    for duties, found in ((settings.one, one), (settings.other, other)):
        if not found:
            return (), f"no {_listed(duties)} is on record"
    return None


def _compared(
    context: Context, node: Node, one: list[Holder], other: list[Holder], expected: str
) -> Outcome:
    """Passed when each is known to differ from each; nobody here is known to be one."""
    everybody = [*one, *other]
    for holder in everybody:
        if holder.party is None:
            return unknown(
                "signer-unidentified",
                expected=expected,
                actual=f"signers.yaml does not say who stands behind {holder.signer}",
                evidence=_locations((holder,)),
            )
    for left, right in product(one, other):
        if may_be_one(left, right) is None:
            return unknown(
                "party-not-comparable",
                expected=expected,
                actual=f"{left.named} cannot be compared with {right.named}",
                beyond=_path(context, node, left, right),
            )
    return passes(
        "duties-separate",
        expected=expected,
        actual=f"{len(one)} and {len(other)}, all different",
        assurance=min((h.worth for h in everybody), key=lambda worth: worth.level),
        evidence=_locations(everybody),
    )


def _listed(duties: tuple[str, ...]) -> str:
    return " or ".join(duties)


def _locations(found: Iterable[Holder]) -> tuple[str, ...]:
    return tuple(holder.location for holder in found if holder.location)


CHECK = Check("separation-of-duty", Settings, evaluate, ENTITY_KINDS)
