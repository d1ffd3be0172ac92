"""What a verification established, in words and counts, for people to read."""

from __future__ import annotations

from aibom.operations.verify import Verified
from aibom.report.verified import Summary

__all__ = ["summary_of"]


def summary_of(verified: Verified) -> Summary:
    """The summary that ``aibom verify`` draws."""
    steps, recorded = verified.steps()
    root = verified.graph.nodes[verified.root]
    return Summary(
        name=verified.name or root.label,
        digest=str(root.digest),
        signer=verified.signer.name if verified.signer else "nobody",
        role=verified.signer.role if verified.signer else "",
        ancestors=verified.ancestors,
        upstream=verified.upstream,
        steps=steps,
        steps_recorded=recorded,
        housekeeping=verified.housekeeping,
        not_believed=tuple(
            (item.location, item.refusal)
            for item in verified.evidence.items
            if item.refusal is not None
        ),
        warnings=verified.warnings,
    )
