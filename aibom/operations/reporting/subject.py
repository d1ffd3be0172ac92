"""What completeness is counted of: made in one way, for reports and for coverage.

One BOM, with the same evidence and signers, has the same numbers wherever it is
counted.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from aibom.lineage.evidence import EvidenceSet, Signer
from aibom.lineage.graph import Graph
from aibom.report.completeness.places import at_pointer
from aibom.report.completeness.subject import Subject
from aibom.report.diligence.material import File

__all__ = ["subject_of"]


def subject_of(
    document: Mapping[str, Any],
    graph: Graph,
    file: File,
    evidence: EvidenceSet,
    *,
    listed: Iterable[str],
    signer: Signer | None,
    signed_at: datetime | None,
    now: datetime,
) -> Subject:
    """The subject; ``document`` itself is left as it is.

    What breaks the format is blank in it, and for an invalid document no signature
    counts. ``listed`` are the nodes that the document itself names. ``signer`` is the
    allowed one who stands behind exactly this document, beside it or in the evidence,
    as verification found out; ``signed_at``, told only with one, is a time that an
    authority vouches for.
    """
    if file.problems:
        document = _without(document, [pointer for pointer, _, _ in file.problems])
        evidence = replace(evidence, items=())
        signer = None
    return Subject(
        document,
        graph,
        file.digest,
        evidence,
        signer=signer,
        signed_at=None if signer is None else signed_at,
        valid=not file.problems,
        listed=frozenset(listed),
        now=now,
    )


def _without(document: Mapping[str, Any], pointers: list[str]) -> dict[str, Any]:
    """A copy, in which what problems are about is blank."""
    left = copy.deepcopy(dict(document))
    for pointer in pointers:
        _leave_out(left, pointer)
    return left


def _leave_out(document: dict[str, Any], pointer: str) -> None:
    """Blank the one text or number that a problem is about: it is no answer.

    A problem of a whole object or list leaves the rest of it as it stands.
    """
    above, _, name = pointer.rpartition("/")
    holder, value = at_pointer(document, above), at_pointer(document, pointer)
    if value is None or isinstance(value, (dict, list)):
        return
    if isinstance(holder, dict):
        holder[name.replace("~1", "/").replace("~0", "~")] = None
    elif isinstance(holder, list):
        holder[int(name)] = None
