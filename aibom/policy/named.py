"""What a document only names, where a decision has already ended the lineage.

A card names its bases, and a BOM that is added to the evidence brings what it names.
Nobody has the bytes of those, and no step used them. Above a root of which somebody has
decided that nothing more needs to be known, they change nothing that was decided.

What a step used or made, what is needed at run time and what has a digest is never
only named, wherever it stands; and what stands beside or below such a root, the
verifier has decided nothing about. So nobody is asked less for naming something than
for recording it.
"""

from __future__ import annotations

from aibom.policy.asking import undecided_lineage
from aibom.policy.context import Context

__all__ = ["NAMED_ADVICE", "is_named_above_roots"]

#: What to do about something that is only named, and that a rule asks about.
NAMED_ADVICE = (
    "A document only names it, and nothing here was taken from it. Record the step "
    "that used it (`aibom run`), or decide in accepted-roots.yaml that lineage may end "
    "at what names it; a rule with `named: ignore-above-roots` then asks no more of "
    "it. Leaving the document out hides the name, and makes nothing more certain."
)


def is_named_above_roots(context: Context, name: str) -> bool:
    """Whether a node is only named, and only above roots that were accepted."""
    if not context.is_only_named(name):
        return False
    return name not in context.once("undecided-lineage", _undecided)


def _undecided(context: Context) -> frozenset[str]:
    return frozenset(undecided_lineage(context, context.root).reached)
