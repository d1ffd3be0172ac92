"""A signed verdict as CycloneDX declarations (1.6 and 1.7): one claim, with its proof.

The assessor is the verifier, not this program. What it requires is one requirement, its
policy at a digest and tier; the claim is that the artifact meets it (a counter claim,
where the decision is another), and the evidence is the signed bundle itself, whole, so
that a reader can check the signature and need not believe who wrote the document.

- *conformance* is 1 where the decision is ``allowed``, the run was no report-only one,
  and the verdict has not expired when the declarations are made, else 0. Until when it
  holds stands in the rationale.
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

    def has_expired(self, now: datetime) -> bool:
        """Whether its end of validity has come."""
        return self.expires is not None and self.expires <= now

    def holds(self, now: datetime) -> bool:
        """Whether it says that the artifact may be used, and still does."""
        allowed = self.decision is Decision.ALLOWED and not self.report_only
        return allowed and not self.has_expired(now)


def attested_declarations(
    verdict: SignedVerdict, node: str, now: datetime
) -> dict[str, Any]:
    """A document that :func:`aibom.bom.declared.with_declarations` takes.

    ``node`` is the name of the artifact in the BOM that it is for; ``now`` is the time
    as of which an expired verdict counts for nothing. Same verdict, same document,
    until it expires.
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
            "attestations": [_attestation(verdict, now)],
            "claims": [_claim(verdict, now)],
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


def _told(verdict: SignedVerdict, now: datetime) -> str:
    told = f"{verdict.decision.value} ({escape(verdict.reason)}), tier {verdict.tier}"
    if verdict.report_only:
        told += "; report only"
    if verdict.expires is not None:
        word = "expired at" if verdict.has_expired(now) else "expires at"
        told += f"; {word} {_time(verdict.expires)}"
    return told


def _attestation(verdict: SignedVerdict, now: datetime) -> dict[str, Any]:
    held, told = verdict.holds(now), _told(verdict, now)
    return {
        "summary": f"{told}, signed by {escape(verdict.signer)} as "
        f"{escape(verdict.verifier)}",
        "assessor": "assessor",
        "map": [
            {
                "requirement": "rule-1",
                "claims": ["claim-1"] if held else [],
                "counterClaims": [] if held else ["claim-1"],
                "conformance": {"score": int(held), "rationale": told},
                "confidence": {
                    "rationale": "the signed summary does not say what was compared"
                },
            }
        ],
    }


def _claim(verdict: SignedVerdict, now: datetime) -> dict[str, Any]:
    return {
        "bom-ref": "claim-1",
        "target": _TARGET,
        "predicate": f"is allowed by the policy {verdict.policy_digest}",
        "reasoning": _told(verdict, now),
        "evidence" if verdict.holds(now) else "counterEvidence": ["evidence-1"],
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
