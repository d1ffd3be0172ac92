"""The probes by kind: each looks in one kind of place, and says what is found there.

A probe never raises for what a document holds, and takes no document's word for what
something is worth: that comes from the evidence of this run alone. Of several facts or
edges the best counts, and a disagreement is told beside it, so that taking one away
never makes an answer better and adding evidence never makes it worse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aibom.report.completeness import document_probes, fact_probes, lineage_probes
from aibom.report.completeness.found import Found, Place
from aibom.report.completeness.profile import Probe, ProbeKind

__all__ = ["look"]


def look(place: Place, probe: Probe) -> Found:
    """What is found at one place; never raises."""
    if probe.kind is ProbeKind.NONE:
        return Found(basis=probe.argument)
    return _LOOKS[probe.kind](place, probe.argument)


_LOOKS: Mapping[ProbeKind, Callable[[Place, str], Found]] = {
    ProbeKind.DOCUMENT: document_probes.at_document,
    ProbeKind.COMPONENT: document_probes.at_component,
    ProbeKind.COMPONENT_TYPE: document_probes.component_type,
    ProbeKind.PROPERTY: document_probes.property_of,
    ProbeKind.REFERENCE: document_probes.reference,
    ProbeKind.FACT: fact_probes.fact,
    ProbeKind.STEP_FACT: fact_probes.step_fact,
    ProbeKind.DIGEST: fact_probes.digest,
    ProbeKind.EVIDENCE: fact_probes.checked,
    ProbeKind.AUDIT: fact_probes.audit,
    ProbeKind.EDGE: lineage_probes.edge,
    ProbeKind.STEP: lineage_probes.step,
    ProbeKind.UPSTREAM_STEP: lineage_probes.upstream_step,
    ProbeKind.PARTY: lineage_probes.party,
}
