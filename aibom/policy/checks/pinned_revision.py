"""Whatever was taken from elsewhere was taken at a fixed revision, with its digest.

What it checks: every source stated for the node. For repositories (Hugging Face, GitHub
and the like) the revision must be a full commit id, 40 or 64 hex digits. For package
registries that never change a version once published (PyPI, npm, crates.io, Maven,
RubyGems, NuGet), an exact version does. In both cases the node must have a content
digest as well: a commit id is only as good as the server that resolves it.

Why it matters: a branch or a tag is whatever somebody points it at tomorrow.

Passes: every stated source is at a fixed revision (`pinned`).

Fails: a source names a branch, a tag, a short hash, a range of versions, a version at
another registry than the type's own, or no revision at all (`revision-not-pinned`); the
node has no content digest (`digest-missing`).

Unknown: nothing states a source, and it is not known, well enough, that a step
generated the node (`source-missing`); the source is stated, but not as well assured as
the rule asks (`assurance-too-low`); sources disagree about the revision
(`contradicted`).

Not applicable: nodes that a step generated and that were not taken from elsewhere
(`generated-by-a-step`); what is only named, where `named` says so (`only-named`).

What to do: resolve the branch to a commit, fetch that, and record the step again with
`PATH,source=pkg:…@COMMIT`. What a document only names has no bytes to pin: record the
step that used it, or accept what names it as a root.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from aibom.lineage.assurance import Level
from aibom.lineage.closure import is_full_commit
from aibom.lineage.nodes import Kind, Node, State
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.data import Source, parse_source
from aibom.policy.named import NAMED_ADVICE, is_named_above_roots

__all__ = ["CHECK", "IMMUTABLE_REGISTRIES", "Settings"]

#: purl types whose registries refuse to replace the bytes of a published version.
IMMUTABLE_REGISTRIES = frozenset({"pypi", "npm", "cargo", "maven", "gem", "nuget"})
_EXACT = re.compile(r"v?[0-9][0-9A-Za-z.+_-]*")


@dataclass(frozen=True, slots=True)
class Settings:
    """What counts as taken from elsewhere."""

    named: str = field(
        default="fail",
        metadata={
            "doc": "What it counts as that something is only named, as a base model "
            "on a card: no recorded step used it, nothing needs it at run time, and "
            "nobody has its bytes. `ignore-above-roots` asks nothing of it where it "
            "stands only above roots that were accepted.",
            "choices": ("fail", "ignore", "ignore-above-roots"),
        },
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node, from every source stated for it."""
    if _is_ignored(context, node, settings):
        return not_applicable("only-named")
    if node.state("revision") is State.CONTRADICTED:
        stated = ", ".join(node.values("revision"))
        return unknown("contradicted", expected="one revision", actual=stated)
    sources = context.sources_of(node.id)
    if not sources:
        if context.is_generated(node.id, minimum):
            return not_applicable("generated-by-a-step")
        return unknown(
            "source-missing",
            expected="a source at a full commit id or an exact version",
            actual="nothing says where it was taken from",
            advice=NAMED_ADVICE if context.is_only_named(node.id) else "",
        )
    if node.digest is None:
        return fails(
            "digest-missing",
            expected="a content digest",
            actual="none",
            advice=NAMED_ADVICE if context.is_only_named(node.id) else "",
        )
    for text, assurance in sources:
        if not _is_fixed(parse_source(text)):
            return fails(
                "revision-not-pinned",
                expected="a full commit id, or an exact version at a package registry",
                actual=text,
                assurance=assurance,
            )
    text, assurance = max(sources, key=lambda item: (item[1].level, item[0]))
    if assurance.level < minimum:
        return unknown(
            "assurance-too-low",
            expected=f"a revision that is {minimum.word}",
            actual=f"{text} is {assurance.level.word}",
            assurance=assurance,
        )
    return passes("pinned", actual=text, assurance=assurance)


def _is_ignored(context: Context, node: Node, settings: Settings) -> bool:
    """Whether nothing is asked of something that is only named."""
    if settings.named == "ignore-above-roots":
        return is_named_above_roots(context, node.id)
    return settings.named == "ignore" and context.is_only_named(node.id)


def _is_fixed(source: Source | None) -> bool:
    if source is None or not source.revision:
        return False
    if source.type in IMMUTABLE_REGISTRIES and not source.locations:
        exact = _EXACT.fullmatch(source.revision)
        return exact is not None and not source.revision.upper().endswith("-SNAPSHOT")
    return is_full_commit(source.revision)


CHECK = Check(
    "pinned-revision", Settings, evaluate, frozenset({Kind.MODEL, Kind.DATASET})
)
