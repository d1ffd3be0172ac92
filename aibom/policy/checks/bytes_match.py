"""The bytes on disk are the bytes the BOM names.

What it checks: the artifact's content digest, recomputed from its files in this run, is
the one it is identified by. A difference never reaches this check: verification stops
with `digest-mismatch`, `file-missing` or `file-extra` (exit 11) before any rule is
evaluated.

Why it matters: everything else that is known is known about a digest. If other bytes
are deployed, nothing is known.

Passes: every file was hashed in this run and the digest agrees (`bytes-match`).

Fails: never by itself; see above.

Unknown: a gate ran without hashing the artifact (`bytes-not-hashed`).

Not applicable: a dry run (`aibom check`), which reads no artifact bytes
(`bytes-not-read`), and nodes other than the artifact (`not-the-artifact`).

What to do: fetch the artifact again from where it was released; never re-sign it.
"""

from __future__ import annotations

from dataclasses import dataclass

from aibom.lineage.assurance import Level, existence_assurance
from aibom.lineage.nodes import ENTITY_KINDS, Node
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    not_applicable,
    passes,
    unknown,
)

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """This check has no settings."""


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for the artifact; other nodes' bytes are not there to be hashed."""
    if not context.evidence.bytes_checked:
        return not_applicable("bytes-not-read")
    if not context.is_artifact(node.id):
        return not_applicable("not-the-artifact")
    assurance = existence_assurance(node, context.evidence)
    if assurance.level is Level.VERIFIED:
        return passes("bytes-match", actual=str(node.digest), assurance=assurance)
    return unknown(
        "bytes-not-hashed",
        expected=f"bytes hashed in this run to {node.digest}",
        actual="the artifact was not hashed",
        advice="Gate the artifact itself (`aibom gate`), so that its bytes are read. "
        "Nothing says that they were changed.",
        assurance=assurance,
    )


CHECK = Check("bytes-match", Settings, evaluate, ENTITY_KINDS)
