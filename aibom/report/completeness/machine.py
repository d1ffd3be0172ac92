"""Coverage for programs: JSON, the same bytes for the same answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aibom.report.completeness.coverage import Answer, Coverage, Missing
from aibom.report.completeness.profile import Profile

__all__ = ["API_VERSION", "coverage_document"]

API_VERSION = "aibom/coverage/v1"


def coverage_document(
    found: Iterable[Coverage], digest: str, spec_version: str, *, valid: bool
) -> dict[str, Any]:
    """All coverages of one BOM as a JSON document; it holds no score."""
    return {
        "apiVersion": API_VERSION,
        "bom": {
            "digest": f"sha256:{digest}",
            "specVersion": spec_version,
            "valid": valid,
        },
        "profiles": [_coverage(one) for one in found],
    }


def _coverage(found: Coverage) -> dict[str, Any]:
    return {
        "profile": _profile(found.profile),
        "answered": {"part": found.answered.part, "of": found.answered.of},
        "verified": {
            "part": found.verified.part,
            "of": found.verified.of,
            "byBytes": found.by_bytes,
            "bySignature": found.by_signature,
        },
        "groups": [
            {
                "id": group.id,
                "title": group.title,
                "counts": {state.value: count for state, count in group.counts},
            }
            for group in found.groups()
        ],
        "answers": [_answer(answer) for answer in found.answers],
        "missing": [_missing(one) for one in found.missing()],
    }


def _profile(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "title": profile.title,
        "edition": profile.edition,
        "dated": profile.dated,
        "publisher": profile.publisher,
        "url": profile.url,
        "role": profile.role.value,
        "statusNote": profile.status_note,
        "asOf": profile.as_of,
        "readIn": profile.read_in,
        "elementsKnown": len(profile.elements),
        "elementsTotal": profile.total,
        "notes": list(profile.notes),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    told = {
        "element": answer.element.id,
        "title": answer.element.title,
        "obligation": answer.element.obligation.value,
        "node": answer.node,
        "label": answer.label,
        "state": answer.state.value,
        "basis": answer.basis,
    }
    if answer.by:
        told["by"] = answer.by
    if answer.conflict:
        told["conflict"] = answer.conflict
    return told


def _missing(missing: Missing) -> dict[str, Any]:
    return {
        "element": missing.element.id,
        "title": missing.element.title,
        "obligation": missing.element.obligation.value,
        "ask": missing.ask,
        "for": list(missing.nodes),
        "of": missing.of,
        "carried": missing.carried,
    }
