"""The verdict as CycloneDX declarations (1.6 and 1.7): claims, evidence, conformance.

The policy is a standard with its rules as requirements; the one attestation maps each
to the claims about nodes that the rule made. A pass is a claim, a finding is a counter
claim, and what is not applicable is neither.

- *conformance* is 1 where every node passes and 0 where one fails, excepted or not; it
  has no score where the worst is unknown or an error: that cannot be told.
- *confidence* is by the weakest assurance of what was compared: verified 1, attested
  0.75, claimed 0.5, else 0; no score where nothing was compared.

The document is a BOM of its own that names the artifact; it is not signed, and says
nothing of who ran the tool: the assessor is the tool. A supplier's reader should ask
for the signed verdict.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from aibom.report.parts import (
    LONG,
    Where,
    by_severity,
    exception_of,
    exception_reason,
    json_bytes,
    rules,
    stop,
    worst,
)
from aibom.report.text import escape
from aibom.verdict import Result, Status, Verdict

__all__ = ["MAX_CLAIMS", "declarations"]

#: Claims of one document; findings come first.
MAX_CLAIMS = 20_000

_CONFIDENCE = {"verified": 1, "attested": 0.75, "claimed": 0.5}
_TYPES = {
    "model": "machine-learning-model",
    "dataset": "data",
    "system": "application",
}
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def declarations(verdict: Verdict, where: Where, spec_version: str = "1.6") -> bytes:
    """A CycloneDX document with ``declarations``; same verdict, same bytes.

    ``spec_version`` is 1.6 or 1.7; both have the same block.
    """
    asked = [one for one in verdict.results if one.status is not Status.NOT_APPLICABLE]
    listed = by_severity(asked)
    findings = [one for one in listed if one.is_finding]
    passes = [one for one in listed if not one.is_finding]
    shown = [*findings, *passes][:MAX_CLAIMS]
    targets = _targets(shown)
    numbers = {id(one): number for number, one in enumerate(shown, 1)}
    requirements = {rule: f"rule-{n}" for n, rule in enumerate(rules(asked), 1)}
    mapped = [
        _mapped(verdict, group, requirements[rule], numbers)
        for rule, group in rules(asked).items()
    ]
    when = _created(verdict)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": spec_version,
        "version": 1,
        "metadata": _metadata(verdict, where, when),
        "definitions": {"standards": [_standard(verdict, requirements)]},
        "declarations": {
            "assessors": [{"bom-ref": "assessor", "organization": _tool(verdict)}],
            "attestations": [
                {
                    "summary": _summary(verdict, len(asked), len(shown)),
                    "assessor": "assessor",
                    "map": mapped,
                }
            ],
            "claims": [
                _claim(number, one, targets[one.node])
                for number, one in enumerate(shown, 1)
            ],
            "evidence": [
                _evidence(number, one, when) for number, one in enumerate(shown, 1)
            ],
            "targets": {"components": _components(shown, targets)},
        },
    }
    return json_bytes(document)


# ── what is decided about, by what ────────────────────


def _created(verdict: Verdict) -> str:
    """The effective time, where it is one that the schema takes."""
    time = verdict.effective_time
    return time if _DATE.fullmatch(time) else ""


def _tool(verdict: Verdict) -> dict[str, str]:
    return {"name": escape(verdict.tool) or "aibom"}


def _metadata(verdict: Verdict, where: Where, when: str) -> dict[str, Any]:
    tool, _, version = escape(verdict.tool).partition(" ")
    application = {"type": "application", "name": tool or "aibom"}
    if version:
        application["version"] = version
    kinds = {one.path[0].kind for one in verdict.results if one.path}
    kind = _TYPES.get(kinds.pop(), "file") if len(kinds) == 1 else "file"
    facts = {
        "artifact": verdict.artifact,
        "bom": where.path,
        "decision": verdict.decision.value,
        "dry-run": str(verdict.dry_run).lower(),
        "policy-digest": verdict.inputs.policy_digest,
        "report-only": str(verdict.report_only).lower(),
        "tier": verdict.tier.value,
    }
    return {
        **({"timestamp": when} if when else {}),
        "tools": {"components": [application]},
        "component": {
            "type": kind,
            "bom-ref": "artifact",
            "name": escape(verdict.artifact_name) or "the artifact",
            "properties": _properties("aibom:verdict:", facts),
        },
    }


def _properties(prefix: str, facts: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"name": f"{prefix}{name}", "value": escape(value, LONG)}
        for name, value in facts.items()
        if value
    ]


def _standard(verdict: Verdict, requirements: dict[str, str]) -> dict[str, Any]:
    grouped = rules(verdict.results)
    standard: dict[str, Any] = {
        "bom-ref": "policy",
        "name": escape(verdict.inputs.policy) or "policy",
        "requirements": [
            _requirement(reference, grouped[rule])
            for rule, reference in requirements.items()
        ],
    }
    if verdict.inputs.policy_version:
        standard["version"] = escape(verdict.inputs.policy_version)
    return standard


def _requirement(reference: str, group: Sequence[Result]) -> dict[str, Any]:
    first = group[0]
    facts = {"check": first.check, "mode": first.mode.value}
    facts["severity"] = worst(group).value
    for framework, names in sorted(first.maps.items()):
        facts[f"supports:{escape(framework)}"] = ", ".join(names)
    return {
        "bom-ref": reference,
        "identifier": escape(first.rule),
        "text": escape(first.why or first.expected or first.check, LONG),
        "properties": _properties("aibom:rule:", facts),
    }


# ── claims ────────────────────


def _targets(shown: Sequence[Result]) -> dict[str, str]:
    """References by node; numbers, since two ids may look the same when escaped."""
    nodes = sorted({one.node for one in shown})
    return {node: f"target-{number}" for number, node in enumerate(nodes, 1)}


def _components(
    shown: Sequence[Result], targets: dict[str, str]
) -> list[dict[str, Any]]:
    found = {one.node: one for one in reversed(shown)}
    return [
        {
            "type": _TYPES.get(_kind(found[node]), "file"),
            "bom-ref": reference,
            "name": escape(found[node].label) or escape(node) or "unnamed",
            "properties": _properties("aibom:", {"node": node}),
        }
        for node, reference in targets.items()
    ]


def _kind(result: Result) -> str:
    return next((hop.kind for hop in result.path if hop.node == result.node), "")


def _claim(number: int, result: Result, target: str) -> dict[str, Any]:
    expected = f": {escape(result.expected, LONG)}" if result.expected else ""
    told = f"{result.status.value} ({escape(result.reason)})"
    if result.actual:
        told += f": {escape(result.actual, LONG)}"
    key = "counterEvidence" if result.is_finding else "evidence"
    return {
        "bom-ref": f"claim-{number}",
        "target": target,
        "predicate": f"{escape(result.rule)}{expected}",
        "reasoning": told,
        key: [f"evidence-{number}"],
    }


def _evidence(number: int, result: Result, when: str) -> dict[str, Any]:
    told = result.basis or result.actual or result.reason
    evidence: dict[str, Any] = {
        "bom-ref": f"evidence-{number}",
        "propertyName": escape(result.check),
        "description": escape(told, LONG),
        "data": [
            {"name": escape(name), "contents": {"url": _reference(name)}}
            for name in result.evidence
        ],
    }
    return {**evidence, "created": when} if when else evidence


def _reference(name: str) -> str:
    return quote(name.encode("utf-8", "surrogatepass"), safe="/")


# ── conformance ────────────────────


def _mapped(
    verdict: Verdict,
    group: Sequence[Result],
    reference: str,
    numbers: dict[int, int],
) -> dict[str, Any]:
    held = [one for one in group if id(one) in numbers]
    return {
        "requirement": reference,
        "claims": [f"claim-{numbers[id(o)]}" for o in held if not o.is_finding],
        "counterClaims": [f"claim-{numbers[id(o)]}" for o in held if o.is_finding],
        "conformance": _conformance(verdict, group),
        "confidence": _confidence(group),
    }


def _conformance(verdict: Verdict, group: Sequence[Result]) -> dict[str, Any]:
    statuses = [one.status for one in group]
    counts = [
        f"{statuses.count(status):,} {status.value}"
        for status in Status
        if statuses.count(status)
    ]
    notes = sorted({exception_reason(verdict, o) for o in group if exception_of(o)})
    told = {"rationale": "; ".join([", ".join(counts), *notes[:10]])}
    if Status.FAIL in statuses:
        return {"score": 0, **told}
    doubt = Status.UNKNOWN in statuses or Status.ERROR in statuses
    return told if doubt else {"score": 1, **told}


def _confidence(group: Sequence[Result]) -> dict[str, Any]:
    levels = sorted({one.assurance for one in group if one.assurance})
    if not levels:
        return {"rationale": "no assurance was compared"}
    weakest = min(levels, key=lambda level: (_CONFIDENCE.get(level, 0), level))
    told = f"the weakest of what was compared is {escape(weakest)}"
    return {"score": _CONFIDENCE.get(weakest, 0), "rationale": told}


def _summary(verdict: Verdict, asked: int, shown: int) -> str:
    told = (
        f"{verdict.decision.value} ({escape(verdict.reason)}), tier "
        f"{verdict.tier.value}, not signed"
    )
    stopped = stop(verdict)
    if stopped:
        place = f"{escape(stopped.where, LONG)}: " if stopped.where else ""
        told += f"; {escape(stopped.reason)}: {place}{escape(stopped.message, LONG)}"
    if verdict.dry_run:
        told += "; dry run: the bytes of the artifact were not read"
    if verdict.report_only:
        told += "; report only"
    if shown < asked:
        told += f"; {shown:,} of {asked:,} claims are listed, findings first"
    return told
