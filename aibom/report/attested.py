"""A signed verdict as CycloneDX declarations (1.6 and 1.7): one claim, with its proof.

The assessor is the verifier, not this program. What it requires is one requirement, its
policy at a digest and tier; the claim is that the artifact meets it (a counter claim,
where the decision is another), and the evidence is the signed bundle itself, whole, so
that a reader can check the signature and need not believe who wrote the document.

- *conformance* is 1 where the decision is ``allowed`` and the run was no report-only
  one, else 0.
- *confidence* has no score: a summary does not say what was compared.

Nothing is verified here, and nothing is said of the rules: the summary names none.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from aibom.report.text import escape
from aibom.verdict import Decision

__all__ = ["SignedVerdict", "attested_declarations"]

_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_TARGET = "target-1"
#: What a URI is made of beside letters and digits; all else is written as percent.
_IRI = "%:/?#@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class SignedVerdict:
    """What a signed verdict says, and whose signature is on it.

    ``artifact`` is the digest with its form; ``signer`` is what the reader of the
    verdict calls whoever signed it, ``verifier`` the URI that it speaks as; ``bundle``
    are the bytes that were verified.
    """

    name: str
    artifact: str
    verifier: str
    signer: str
    decision: Decision
    reason: str
    tier: str
    policy_uri: str
    policy_digest: str
    report_only: bool
    verified_at: datetime
    expires: datetime | None
    bundle: bytes

    @property
    def holds(self) -> bool:
        """Whether it says that the artifact may be used."""
        return self.decision is Decision.ALLOWED and not self.report_only


def attested_declarations(verdict: SignedVerdict, node: str) -> dict[str, Any]:
    """A document that :func:`aibom.bom.declared.with_declarations` takes.

    ``node`` is the name of the artifact in the BOM that it is for. Same verdict, same
    document.
    """
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "file",
                "bom-ref": "artifact",
                "name": escape(verdict.name) or "the artifact",
                "properties": [_property("verdict:artifact", verdict.artifact)],
            }
        },
        "definitions": {"standards": [_standard(verdict)]},
        "declarations": {
            "assessors": [
                {
                    "bom-ref": "assessor",
                    "organization": {
                        "name": escape(verdict.signer) or "the verifier",
                        "url": [_uri(verdict.verifier)],
                    },
                }
            ],
            "attestations": [_attestation(verdict)],
            "claims": [_claim(verdict)],
            "evidence": [_evidence(verdict)],
            "targets": {
                "components": [
                    {
                        "type": "file",
                        "bom-ref": _TARGET,
                        "name": escape(verdict.name) or "the artifact",
                        "properties": [_property("node", node)],
                    }
                ]
            },
        },
    }


def _uri(text: str) -> str:
    return quote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", text), safe=_IRI)


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": f"aibom:{name}", "value": value}


def _standard(verdict: SignedVerdict) -> dict[str, Any]:
    return {
        "bom-ref": "policy",
        "name": escape(verdict.policy_uri) or "policy",
        "version": verdict.policy_digest,
        "requirements": [
            {
                "bom-ref": "rule-1",
                "identifier": f"tier-{verdict.tier}",
                "text": f"The policy {verdict.policy_digest} allows the artifact at "
                f"tier {verdict.tier}",
            }
        ],
    }


def _told(verdict: SignedVerdict) -> str:
    told = f"{verdict.decision.value} ({escape(verdict.reason)}), tier {verdict.tier}"
    return f"{told}; report only" if verdict.report_only else told


def _attestation(verdict: SignedVerdict) -> dict[str, Any]:
    held = verdict.holds
    return {
        "summary": f"{_told(verdict)}, signed by {escape(verdict.signer)} as "
        f"{escape(verdict.verifier)}",
        "assessor": "assessor",
        "map": [
            {
                "requirement": "rule-1",
                "claims": ["claim-1"] if held else [],
                "counterClaims": [] if held else ["claim-1"],
                "conformance": {"score": int(held), "rationale": _told(verdict)},
                "confidence": {
                    "rationale": "the signed summary does not say what was compared"
                },
            }
        ],
    }


def _claim(verdict: SignedVerdict) -> dict[str, Any]:
    return {
        "bom-ref": "claim-1",
        "target": _TARGET,
        "predicate": f"is allowed by the policy {verdict.policy_digest}",
        "reasoning": _told(verdict),
        "evidence" if verdict.holds else "counterEvidence": ["evidence-1"],
    }


def _evidence(verdict: SignedVerdict) -> dict[str, Any]:
    digest = hashlib.sha256(verdict.bundle).hexdigest()
    expires = verdict.expires
    return {
        "bom-ref": "evidence-1",
        "propertyName": "slsa-verification-summary",
        "description": f"The signed verdict, whole (sha256:{digest}). Check it with: "
        "aibom verify DIR --verdict FILE --signers FILE",
        "data": [
            {
                "name": "verification summary",
                "contents": {
                    "attachment": {
                        "contentType": _BUNDLE,
                        "encoding": "base64",
                        "content": base64.b64encode(verdict.bundle).decode("ascii"),
                    }
                },
            }
        ],
        "created": _time(verdict.verified_at),
        **({"expires": _time(expires)} if expires is not None else {}),
        "author": {"name": escape(verdict.signer) or "the verifier"},
    }


def _time(when: datetime) -> str:
    return when.astimezone(UTC).strftime(_TIME)
