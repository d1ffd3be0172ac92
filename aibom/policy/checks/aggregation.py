"""Each federated round says how it put its contributions together, capped, from whom.

What it checks: of a node that a `federated-round` step generated, or any step that
names a `participant`: the round's record is signed in one of `signer_roles`; its
parameter `rule_parameter` is one of `rules`, letter by letter; its parameter
`cap_parameter` is a number above 0 and at most `max_contribution`; and everybody who
took part, in any role but auditor, reviewer, approver or owner, is one of
`participants`, by party id, letter by letter, and they are `minimum_participants` or
more.

Why it matters: in plain averaging one participant with a large enough update replaces
the model. A robust rule helps against few, a cap against one; neither helps when nobody
knows who took part.

Passes: all of that holds for every round that generated it (`aggregation-allowed`).
What the aggregator did with the numbers is its own word: the record is signed, not
repeated.

Fails: the rule is none of `rules` (`aggregation-rule-not-allowed`); the cap is too
large (`contribution-over-cap`); somebody took part who is not allowed
(`participant-not-allowed`), a claim being enough; a signed record names too few
(`participants-too-few`); the record is signed in other roles only
(`signer-role-not-allowed`).

Unknown: a round has no record (`step-record-absent`), or none that counts
(`step-record-untrusted`); it does not state its rule in one way
(`aggregation-rule-missing`), or no cap that is a number above 0
(`contribution-cap-missing`); some of it is less well assured than the rule asks
(`assurance-too-low`); it is not known, well enough, which kind of step generated the
node (`lineage-open`).

Not applicable: nodes that other steps generated (`no-such-step`), and accepted roots
(`accepted-root`).

What to do: have the aggregator record each round with its rule, cap and participants
(`--param aggregation=…`, `--param contribution-cap=…`, `--by participant=…`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import Level
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import Kind, Node, Relation, State
from aibom.policy.asking import spared, worst
from aibom.policy.context import Check, Context, Outcome, fails, passes, unknown
from aibom.policy.step_records import (
    hands_in,
    not_one_of,
    not_signed,
    party_of,
    step_worth,
)

__all__ = ["CHECK", "Settings"]

_ROUND = "federated-round"
#: A decimal number; -1, inf and nan are ways of saying that there is no cap.
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Settings:
    """Which rules, how much of each, from whom."""

    rules: tuple[str, ...] = field(
        metadata={"doc": "Aggregation rules that may be used, as records name them."}
    )
    participants: tuple[str, ...] = field(
        metadata={"doc": "Party ids of all who may take part, aggregator included."}
    )
    signer_roles: tuple[str, ...] = field(
        metadata={"doc": "Roles of signers.yaml that may sign a round's record."}
    )
    max_contribution: float = field(
        metadata={"doc": "The largest cap per participant, in your own unit."}
    )
    minimum_participants: int = field(
        default=1,
        metadata={"doc": "The least that take part in each round.", "minimum": 1},
    )
    rule_parameter: str = field(
        default="aggregation",
        metadata={"doc": "The parameter of the step that names its rule."},
    )
    cap_parameter: str = field(
        default="contribution-cap",
        metadata={"doc": "The parameter of the step that states its cap."},
    )

    def __post_init__(self) -> None:
        if self.max_contribution <= 0:
            raise ValueError("max_contribution is not above 0: no cap could pass")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst of the rounds that generated it decides."""
    rounds = _rounds(context, node)
    needless = spared(context, node, (_ROUND,), minimum)
    # A round by another name is asked as well, unless a decision stands in for it.
    if needless is not None and (not rounds or context.is_decided_root(node.id)):
        return needless
    expected = (
        f"{' or '.join(settings.rules)}, at most {settings.max_contribution:g} of each "
        "participant, all of them allowed"
    )
    answer = worst(_of_round(context, hop, settings) for hop in rounds)
    return replace(answer, expected=expected)


def _rounds(context: Context, node: Node) -> list[Hop]:
    return [
        hop
        for hop in context.graph.up(node.id)
        if hop.edge.relation is Relation.GENERATED
        and (
            _ROUND in context.node(hop.to).values("step")
            or context.parties_of(hop.to, "participant")
        )
    ]


def _of_round(context: Context, made: Hop, settings: Settings) -> Outcome:
    step = context.node(made.to)
    answers = [
        _not_allowed(context, step, settings),
        not_signed(context, step, settings.signer_roles),
        not_one_of(step, settings.rule_parameter, settings.rules, "aggregation-rule"),
        _not_capped(step, settings),
        _too_few(context, step, settings),
    ]
    wrong = [answer for answer in answers if answer is not None]
    if wrong:
        answer = worst(wrong)
        return replace(answer, beyond=(made, *answer.beyond))
    hands = hands_in(context, step.id)
    fields = [
        f"parameter.{settings.rule_parameter}",
        f"parameter.{settings.cap_parameter}",
    ]
    return passes(
        "aggregation-allowed",
        actual=f"{step.value(fields[0])}, {len(hands)} took part",
        assurance=step_worth(context, made, fields, hands),
    )


def _not_allowed(context: Context, step: Node, settings: Settings) -> Outcome | None:
    for hop in hands_in(context, step.id):
        if party_of(hop) not in settings.participants:
            text = f"{party_of(hop)} is a {hop.edge.role} of {step.label}"
            return fails("participant-not-allowed", actual=text, beyond=(hop,))
    return None


def _too_few(context: Context, step: Node, settings: Settings) -> Outcome | None:
    parties = {hop.to for hop in context.parties_of(step.id, "participant")}
    enough = len(parties) >= settings.minimum_participants
    # Where nobody vouches for the record, there may be more than somebody says.
    if enough or not context.evidence.owning(step.id):
        return None
    text = f"{step.label} names {len(parties)} participants"
    return fails("participants-too-few", actual=text)


def _not_capped(step: Node, settings: Settings) -> Outcome | None:
    name = settings.cap_parameter
    text = step.value(f"parameter.{name}")
    known = step.state(f"parameter.{name}") is State.KNOWN
    number = float(text) if known and text and _NUMBER.fullmatch(text) else 0.0
    if number <= 0:
        told = f"{step.label} states for {name}: {text or 'nothing, or several things'}"
        return unknown("contribution-cap-missing", actual=told)
    if number > settings.max_contribution:
        told = f"{step.label} caps each at {number:g}"
        return fails("contribution-over-cap", actual=told)
    return None


CHECK = Check(
    "aggregation",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM}),
)
