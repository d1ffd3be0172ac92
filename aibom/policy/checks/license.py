"""Every learning input states a licence that the policy allows.

What it checks: the node's `licence`, read as an SPDX expression. Of `AND`, every part
must be acceptable; of `OR`, one. With `allow`, only what is listed is acceptable; an
entry does not stand for itself with an exception (`WITH`). With `deny`, whatever is
listed is not, nor is it with an exception or as "or later"; `deny` wins. With neither,
any licence will do, as long as one is stated. Ids are compared without regard to case,
and not looked up: a policy names the ids that it means.

Why it matters: a model inherits the terms of what it learned from. Terms that nobody
wrote down are found out when it is too late to retrain.

Passes: the stated licence is acceptable (`licence-accepted`).

Fails: no choice that the expression leaves is free of a denied licence
(`licence-denied`), or of one that is not on the list (`licence-not-allowed`); the node
states that it has no licence, `NONE` (`licence-none`). With `unknown: fail`: the
licence is declared unknown (`licence-unknown`).

Unknown: nothing states a licence (`licence-missing`); it is declared unknown, also as
`NOASSERTION`, `unknown` or `other` (`licence-unknown`); what is stated is no SPDX
expression (`licence-not-spdx`); sources disagree (`contradicted`); the licence is not
as well assured as the rule asks (`assurance-too-low`).

Not applicable: nodes that a step generated, that were not taken from elsewhere and
state no licence of their own; their inputs are asked instead (`generated-by-a-step`).
That never spares the artifact itself, nor anything with `generated: true`.

What to do: state the licence in the BOM of the thing, as an SPDX id or expression
(`LicenseRef-…` for terms of your own), and have its owner sign it. After a failure,
choose another input, or have the terms accepted and list them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import Level, fact_assurance
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node, State
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.spdx import Licence, Verdict, judge, parse_expression, parse_licence

__all__ = ["CHECK", "Settings"]

#: What stands for "nobody knows" in the fields of others; SPDX, and model hubs.
_UNKNOWN = frozenset({"noassertion", "unknown", "other"})
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """Which licences are acceptable."""

    allow: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "SPDX ids that are acceptable; none: whatever is not denied."},
    )
    deny: tuple[str, ...] = field(
        default=(), metadata={"doc": "SPDX ids that are not acceptable."}
    )
    unknown: str = field(
        default="unknown",
        metadata={
            "doc": "What a licence that is declared unknown counts as.",
            "choices": ("unknown", "fail"),
        },
    )
    generated: bool = field(
        default=False,
        metadata={"doc": "Whether what a step generated must state one as well."},
    )

    def __post_init__(self) -> None:
        for name in (*self.allow, *self.deny):
            if parse_licence(name) is None:
                raise ValueError(
                    f"{name!r} is not one SPDX licence, such as Apache-2.0 or "
                    "GPL-2.0-only WITH Classpath-exception-2.0"
                )

    @property
    def allowed(self) -> tuple[Licence, ...] | None:
        """The list of what is acceptable; None when there is none."""
        return _parsed(self.allow) if self.allow else None

    @property
    def expected(self) -> str:
        """What is asked, in words."""
        one_of = f"one of {', '.join(self.allow)}" if self.allow else "a stated licence"
        return f"{one_of}, not {', '.join(self.deny)}" if self.deny else one_of


def _parsed(names: tuple[str, ...]) -> tuple[Licence, ...]:
    found = (parse_licence(name) for name in names)
    return tuple(licence for licence in found if licence is not None)


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node, from its licence fact alone."""
    return replace(
        _answer(context, node, settings, minimum), expected=settings.expected
    )


def _answer(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    state = node.state("licence")
    worth = fact_assurance(node, "licence", context.evidence)
    if worth.level is Level.CONTRADICTED:
        stated = _short(" / ".join(node.values("licence")))
        return unknown(
            "contradicted", actual=f"{stated}: {worth.basis}", assurance=worth
        )
    if state is State.MISSING:
        if _is_our_own(context, node, settings, minimum):
            return not_applicable("generated-by-a-step")
        return unknown("licence-missing", actual="nothing states a licence")
    text = (node.value("licence") or "").strip()
    if state is State.UNKNOWN or text.lower() in _UNKNOWN:
        answer = fails if settings.unknown == "fail" else unknown
        return answer("licence-unknown", actual="declared as unknown", assurance=worth)
    if text.upper() == "NONE":
        return fails("licence-none", actual="states that it has none", assurance=worth)
    key = ("license", settings, text)
    verdict = context.once(key, lambda _: _judged(settings, text))
    if verdict is None:
        return unknown("licence-not-spdx", actual=_short(text), assurance=worth)
    if verdict is Verdict.ALLOWED:
        return passes("licence-accepted", actual=_short(text), assurance=worth)
    denied = verdict is Verdict.DENIED
    reason = "licence-denied" if denied else "licence-not-allowed"
    return fails(reason, actual=_short(text), assurance=worth)


def _judged(settings: Settings, text: str) -> Verdict | None:
    """The same for every node that states this text; None where it is not SPDX."""
    expression = parse_expression(text)
    if expression is None:
        return None
    return judge(expression, settings.allowed, _parsed(settings.deny))


def _is_our_own(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> bool:
    """Whether it was made here of other things, so that theirs are the terms."""
    return not (
        settings.generated
        or context.is_artifact(node.id)
        or context.sources_of(node.id)
        or not context.is_generated(node.id, minimum)
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


CHECK = Check(
    "license", Settings, evaluate, ENTITY_KINDS - {Kind.REPORT, Kind.GUIDELINE}
)
