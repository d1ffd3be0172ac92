"""Which elements of a profile a supplier's answer to a question belongs to.

A profile says where it looks for the answer to an element (probes); a question of the
catalogue asks in words for the same. The table says for which probes an answer is such
a word, so that it works for every profile. It is for finding things: an answer beside
a point does not say that the point is answered by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from aibom.report.completeness.coverage import Answer
from aibom.report.completeness.profile import Probe, ProbeKind

__all__ = ["ANSWERED", "rows_for"]

_BASE = "edge base-model"
_LABELS = "upstream-step label"
_RECORD = "evidence step-record"
_KNOWN_BAD = "document vulnerabilities[].id"

#: Question → probes of profiles. None where no profile asks for that.
ANSWERED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "identity.version": ("fact version", "fact revision"),
        "identity.supplier": ("component supplier.name", "party supplier"),
        "identity.digest": ("digest content",),
        "data-provenance.sources": (
            "edge sources",
            "edge training-data",
            "fact source-datasets",
        ),
        "data-provenance.exact-bytes": ("digest content",),
        "data-provenance.collector": ("party collector", "step collect"),
        "data-provenance.dates": ("fact provenance.generation-period",),
        "data-provenance.method": ("step collect", "upstream-step filter"),
        "data-provenance.geography": ("fact provenance.origin",),
        "labelling-governance.labelers": (_LABELS,),
        "labelling-governance.guideline": (_LABELS,),
        "labelling-governance.label-audit": (_LABELS, "audit label-consistency"),
        "labelling-governance.review": (_LABELS, "upstream-step review"),
        "retraining-control.process": ("step any", "step train"),
        "retraining-control.authority": (),
        "retraining-control.cause": (),
        "retraining-control.release-approval": (),
        "model-supply-chain.base-models": (_BASE,),
        "model-supply-chain.pinned": (_BASE,),
        "model-supply-chain.exact-bytes": (_BASE, "digest content"),
        "model-supply-chain.vouched": (_BASE,),
        "model-supply-chain.closed-lineage": (_RECORD,),
        "model-supply-chain.known-bad": (_KNOWN_BAD,),
        "anomaly-detection.backdoor-test": ("audit any", "reference adversary-model"),
        "anomaly-detection.data-screening": (
            "upstream-step filter",
            "upstream-step deduplicate",
        ),
        "anomaly-detection.evaluation": (
            "component modelCard.quantitativeAnalysis.performanceMetrics[].value",
            "fact metrics",
        ),
        "anomaly-detection.monitoring": (),
        "anomaly-detection.robust-training": (
            "document declarations.claims[].predicate",
        ),
        "integrity.bom-signature": (
            "evidence document-signature",
            "document signature",
        ),
        "integrity.builder": ("step any",),
        "integrity.formats": ("digest files",),
        "licences.terms": ("fact licence",),
        "privacy.personal-data": (
            "fact rai.personalSensitiveInformation",
            "fact use.classification",
        ),
        "privacy.consent": (),
        "privacy.customer-data": ("document services[].data[].classification",),
        "rollback.previous-version": (),
        "rollback.target-proved": (),
        "rollback.data-versions": (),
        "incident-evidence.contact": (
            "reference security-contact",
            "reference rfc-9116",
        ),
        "incident-evidence.notification": ("reference security-contact",),
        "incident-evidence.traceable": (_RECORD,),
        "incident-evidence.history": (_KNOWN_BAD,),
    }
)
#: Probes that look beyond the thing that is asked about.
_WIDE = frozenset({ProbeKind.EDGE, ProbeKind.UPSTREAM_STEP, ProbeKind.DOCUMENT})


def rows_for(question: str, node: str, rows: Iterable[Answer]) -> tuple[int, ...]:
    """The numbers of the rows of a coverage that an answer about a node belongs to.

    That is the row of the same thing; and where a profile asks of the product for
    something that lies upstream of it, such as labelling, its first row.
    """
    wanted = frozenset(ANSWERED.get(question, ()))
    by_element: dict[str, list[tuple[int, Answer]]] = {}
    for number, row in enumerate(rows):
        by_element.setdefault(row.element.id, []).append((number, row))
    found: list[int] = []
    for numbered in by_element.values():
        probes = [p for p in numbered[0][1].element.where if str(p) in wanted]
        if probes:
            found += _of_element(node, numbered, probes)
    return tuple(found)


def _of_element(
    node: str, rows: list[tuple[int, Answer]], probes: Iterable[Probe]
) -> list[int]:
    own = [number for number, row in rows if row.node == node]
    wide = any(probe.kind in _WIDE for probe in probes)
    return own or ([rows[0][0]] if wide else [])
