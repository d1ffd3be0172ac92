"""Whatever enters the lineage from outside comes from a source on a list.

What it checks: every source stated for the node, compared field by field (type,
namespace, name, revision, and the repository where it is not the type's own) with a
named list in `trusted-sources.yaml`. Trusted entries are compared letter by letter and
count until they expire. Blocked ones are compared without regard to case, win over any
trusted one, and never expire into trust.

Why it matters: a poisoned dataset usually arrives by the front door, from somebody who
was allowed to publish it. Who may supply learning inputs is a decision, made before the
inputs.

Passes: every stated source is trusted, and at least one is as well assured as asked
(`source-trusted`).

Fails: a source is blocked (`source-blocked`), is not on the list
(`source-not-trusted`), or its entry has expired (`source-approval-expired`).

Unknown: nothing states a source, and it is not known, well enough, that a step
generated the node (`source-missing`); the source is only claimed (`assurance-too-low`);
the policy's data has no list of that name (`source-list-missing`).

Not applicable: nodes that a step generated and that were not taken from elsewhere
(`generated-by-a-step`); with `named: ignore-above-roots`, what is only named above
accepted roots, unless it is blocked (`only-named`); with `artifact: ignore`, the
artifact itself (`artifact-not-asked`).

What to do: mirror the input from a trusted source, or decide to trust this one, with a
reason and an expiry. A mirror, or a hub of your own, needs its `repository_url` in the
entry, and what a card names needs an entry without one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import Level
from aibom.lineage.nodes import Kind, Node
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.data import Source, SourceEntry, parse_source
from aibom.policy.named import NAMED_ADVICE, is_named_above_roots
from aibom.policy.sources import SourceMatch
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]

_WORST_FIRST = ("source-blocked", "source-not-trusted", "source-approval-expired")


@dataclass(frozen=True, slots=True)
class Settings:
    """Which list of trusted sources applies."""

    list: str = field(metadata={"doc": "Name of a list in `trusted-sources.yaml`."})
    named: str = field(
        default="ask",
        metadata={
            "doc": "Whether to ask about what is only named, as a base model on a "
            "card: no recorded step used it, nothing needs it at run time, and nobody "
            "has its bytes. `ignore-above-roots` does not, where it stands only above "
            "roots that were accepted; what is blocked is found there too.",
            "choices": ("ask", "ignore-above-roots"),
        },
    )
    artifact: str = field(
        default="ask",
        metadata={
            "doc": "Whether to ask about the artifact itself. `ignore` is for a rule "
            "about what it came from, beside another one that asks about the artifact: "
            "with the scope `ancestors` alone, an artifact of which nothing more is "
            "told would be unknown.",
            "choices": ("ask", "ignore"),
        },
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst of its sources decides."""
    if settings.artifact == "ignore" and context.is_artifact(node.id):
        return not_applicable("artifact-not-asked")
    entries = (context.data.sources or {}).get(settings.list)
    found = _answer(context, node, settings, minimum, entries)
    if (
        found.status in (Status.FAIL, Status.UNKNOWN)
        and found.reason not in ("source-blocked", "source-list-missing")
        and settings.named == "ignore-above-roots"
        and is_named_above_roots(context, node.id)
    ):
        return not_applicable("only-named")
    return found


def _answer(
    context: Context,
    node: Node,
    settings: Settings,
    minimum: Level,
    entries: Sequence[SourceEntry] | None,
) -> Outcome:
    """The answer for a node, whoever names it."""
    sources = context.sources_of(node.id)
    expected = f"a source on the list {settings.list!r}"
    if not sources:
        if context.is_generated(node.id, minimum):
            return not_applicable("generated-by-a-step")
        return unknown(
            "source-missing",
            expected=expected,
            actual="nothing says where it is from",
            advice=_named_advice(context, node),
        )
    if entries is None:
        return unknown(
            "source-list-missing", expected=expected, actual="there is no such list"
        )
    refusals = [(_refusal(context, text, entries), text, a) for text, a in sources]
    for reason in _WORST_FIRST:
        for refusal, text, assurance in refusals:
            if refusal == reason:
                return fails(
                    reason,
                    expected=expected,
                    actual=text,
                    assurance=assurance,
                    advice=_advice(context, node, reason, text, entries),
                )
    text, assurance = max(sources, key=lambda item: (item[1].level, item[0]))
    if assurance.level < minimum:
        return unknown(
            "assurance-too-low",
            expected=f"a source that is {minimum.word}",
            actual=f"{text} is {assurance.level.word}",
            assurance=assurance,
        )
    return passes("source-trusted", expected=expected, actual=text, assurance=assurance)


def _advice(
    context: Context,
    node: Node,
    reason: str,
    text: str,
    entries: Iterable[SourceEntry],
) -> str:
    """What to do, where what the rule says of all of them would not help."""
    if reason != "source-not-trusted":
        return ""
    return _registry_advice(text, entries) or _named_advice(context, node)


def _named_advice(context: Context, node: Node) -> str:
    return NAMED_ADVICE if context.is_only_named(node.id) else ""


def _registry_advice(text: str, entries: Iterable[SourceEntry]) -> str:
    """Why an entry that looks right is not: it is about another registry."""
    source = parse_source(text)
    if source is None or not any(
        entry.trust == "trusted" and _but_for_place(entry.match, source)
        for entry in entries
    ):
        return ""
    if not source.locations:
        return (
            "The entry for this name has a `repository_url`, and the source names no "
            "hub but the public one, as cards and caches do. If that is whom you mean, "
            "write an entry without it as well."
        )
    taken_from = ", ".join(sorted(source.locations))
    return (
        "The entry for this name is about another hub: without `repository_url` it is "
        f"the public one, and this was taken from {taken_from}. Only if you decided "
        "about that hub, write an entry for it, with exactly this as `repository_url` "
        "in `match`."
    )


def _but_for_place(match: SourceMatch, source: Source) -> bool:
    """Whether an entry would match, were it about the source's registry."""
    bare = replace(source, locations=frozenset())
    return replace(match, repository_url=None).matches(bare)


def _refusal(context: Context, text: str, entries: Iterable[SourceEntry]) -> str | None:
    """Why this source does not count as trusted; None when it does."""
    source = parse_source(text)
    if source is None:
        return "source-not-trusted"
    if any(e.trust == "blocked" and e.match.may_mean(source) for e in entries):
        return "source-blocked"
    trusting = [e for e in entries if e.trust == "trusted" and e.match.matches(source)]
    if any(context.now < entry.expires for entry in trusting):
        return None
    return "source-approval-expired" if trusting else "source-not-trusted"


CHECK = Check(
    "trusted-source",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET}),
    needs=("trusted-sources.yaml",),
)
