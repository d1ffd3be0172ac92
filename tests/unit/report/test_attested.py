"""A signed verdict as declarations: who says it, what, and with which proof."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aibom.bom.references import reference_problems
from aibom.bom.schema import schema_problems
from aibom.report.attested import SignedVerdict, attested_declarations
from aibom.verdict import Decision

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
YES = SignedVerdict(
    name="acme/m",
    artifact="tree:" + "a" * 64,
    verifier="https://acme.example/gate",
    signer="acme gate",
    decision=Decision.ALLOWED,
    reason="allowed",
    tier="high",
    policy_uri="https://acme.example/policy",
    policy_digest="sha256:" + "b" * 64,
    report_only=False,
    verified_at=NOW,
    expires=None,
    bundle=b"{}",
)
#: name → a verdict, and whether it says that the artifact may be used
VERDICTS = {
    "yes": (YES, True),
    "no": (replace(YES, decision=Decision.DENIED), False),
    "undecided": (replace(YES, decision=Decision.UNDECIDED), False),
    "report-only": (replace(YES, report_only=True), False),
    "ends": (replace(YES, expires=datetime(2026, 2, 1, tzinfo=UTC)), True),
    "hostile": (
        replace(
            YES,
            name="\u202e" + "x" * 10_000,
            signer="\x1b[31m\0",
            reason="a\nb",
            policy_uri="<script>",
            verifier='x:<>"{}|\\^`[%zz',
        ),
        True,
    ),
    "empty": (replace(YES, name="", signer="", policy_uri=""), True),
}


@pytest.mark.parametrize(("verdict", "held"), VERDICTS.values(), ids=VERDICTS)
def test_a_verdict_is_one_claim_with_the_bundle_as_its_proof(
    verdict: SignedVerdict, held: bool
) -> None:
    document = attested_declarations(verdict, "model:x")
    assert schema_problems(document) == ()
    assert reference_problems(document) == ()
    block = document["declarations"]
    (claim,), (proof,) = block["claims"], block["evidence"]
    assert ("evidence" in claim, "counterEvidence" in claim) == (held, not held)
    (mapped,) = block["attestations"][0]["map"]
    assert (bool(mapped["claims"]), bool(mapped["counterClaims"])) == (held, not held)
    assert mapped["conformance"]["score"] == int(held)
    assert "score" not in mapped["confidence"]
    assert proof["created"] == "2026-01-31T08:00:00Z"
    assert ("expires" in proof) == (verdict.expires is not None)


def test_the_proof_is_the_bundle_to_the_byte() -> None:
    data = b'{"a": "\xc3\xa4"}\n'
    document: Any = attested_declarations(replace(YES, bundle=data), "model:x")
    (entry,) = document["declarations"]["evidence"][0]["data"]
    content = entry["contents"]["attachment"]["content"]
    assert base64.b64decode(content) == data
