"""An expression of the policy's own holds.

What it checks: a condition in CEL (https://github.com/google/cel-spec), asked of each
selected node: `"apache-2.0" in node.licence()`. It is for what no check of ours covers.
Names, types and literals are checked when the policy is loaded, and a policy with an
expression does not load without the extra `expressions`. `node` is the node, `artifact`
what the gate decides about, `now` the effective time. Of a node one asks `.id()`,
`.kind()`, `.digest()`, `.names()`, `.sources()`, `.licence()`, `.facts("field")`,
`.has_source("pkg:oci/acme")`, `.only_sources(["pkg:oci/acme"])`, `.assurance("field")`,
`.ancestors()`, `.steps()` and `.parties("labeler")`; the last three give nodes. Texts
that these take are written out. Lists are empty where nothing is on record. An
expression that breaks, or does too much, is an error result; it blocks in deny mode.

Why it matters: every organisation has a rule that nobody else has. Written down here it
is evaluated with the same graph, evidence and limits as all others.

Passes: the expression is true (`expression-true`), and the weakest fact that was asked
for is assured well enough. With `||`, what stands right of a side that is true is not
asked for.

Fails: the expression is false (`expression-false`).

Unknown: a field of `unknown_if_missing` is not on record (`field-missing`). The
expression is true, but rests on a fact that is missing or not assured well enough
(`assurance-too-low`), or on ancestors, steps or parties where lineage is open
(`lineage-open`).

What to do: read the expression and what was found. If something is not on record,
record it, or have it signed by somebody who may speak of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.nodes import ENTITY_KINDS, Node, State
from aibom.policy.context import Check, Context, Outcome, fails, passes, unknown
from aibom.verdict import Status

# The engine and all about it is loaded where a policy has an expression.
if TYPE_CHECKING:
    from aibom.policy.expressions import Answer, Program

__all__ = ["CHECK", "Settings"]

_MOST_TOLD = 3


# Without slots: the compiled program is kept, and is no setting.
@dataclass(frozen=True)
class Settings:
    """The condition, and when it cannot be asked."""

    expression: str = field(metadata={"doc": "The condition, in CEL."})
    message: str | None = field(
        default=None,
        metadata={"doc": "What is expected, in words; else the expression itself."},
    )
    unknown_if_missing: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Facts without which the answer is unknown, never fail."},
    )

    def __post_init__(self) -> None:
        from aibom.policy.expression_review import check_field

        wrong = [check_field(name) for name in self.unknown_if_missing]
        problems = [problem for problem in wrong if problem]
        if problems:
            raise ValueError(f"unknown_if_missing: {'; '.join(problems)}")
        _ = self.program  # here, so that what is wrong with it is a load error

    @cached_property
    def program(self) -> Program:
        """The expression, checked and compiled."""
        from aibom.policy.expressions import compile_expression

        return compile_expression(self.expression)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What whoever wrote the expression should know."""
        return self.program.warnings


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node."""
    expected = settings.message or settings.expression
    missing = [
        name for name in settings.unknown_if_missing if _is_missing(context, node, name)
    ]
    if missing:
        return unknown(
            "field-missing",
            expected=expected,
            actual=f"not on record: {', '.join(missing)}",
        )
    answer = settings.program.evaluate(context, node.id)
    if answer.holds is None:
        return _broke(answer, expected)
    if answer.holds and answer.open_at is not None:
        label = context.node(answer.open_at).label
        return unknown(
            "lineage-open",
            expected=expected,
            actual=f"true of what is known, but the lineage of {label} is open",
        )
    tell = passes if answer.holds else fails
    reason = "expression-true" if answer.holds else "expression-false"
    return tell(
        reason,
        expected=expected,
        actual=_found(context, answer),
        assurance=_worth(context, answer),
    )


def _is_missing(context: Context, node: Node, name: str) -> bool:
    if name == "source":
        return not context.sources_of(node.id)
    return node.state(name) in (State.MISSING, State.UNKNOWN)


def _broke(answer: Answer, expected: str) -> Outcome:
    reason = "expression-over-budget" if answer.over_budget else "expression-broke"
    return Outcome(Status.ERROR, reason, expected=expected, actual=answer.detail)


def _found(context: Context, answer: Answer) -> str:
    """What was found, weakest first, as far as it fits."""
    told = sorted(answer.asked, key=lambda item: item.assurance.level)
    words = [
        f"{context.node(item.node).label}: {item.field} "
        + (", ".join(item.values) or item.assurance.level.word)
        for item in told[:_MOST_TOLD]
    ]
    more = len(told) - _MOST_TOLD
    return "; ".join(words) + (f"; {more} more" if more > 0 else "")


def _worth(context: Context, answer: Answer) -> Assurance | None:
    weakest = answer.weakest
    if weakest is None:
        return None
    label = context.node(weakest.node).label
    basis = f"{label}: {weakest.field}: {weakest.assurance.basis}"
    return Assurance(weakest.assurance.level, basis)


CHECK = Check("expression", Settings, evaluate, ENTITY_KINDS)
