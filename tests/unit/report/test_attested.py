"""A signed verdict as declarations: who says it, what, and with which proof."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
    "ends-now": (replace(YES, expires=NOW), False),
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
    document = attested_declarations(verdict, "model:x", NOW)
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


END = NOW + timedelta(days=1)
#: name → its end, the time of asking, what is told of it, and whether it holds
ENDS = {
    "never": (None, NOW + timedelta(days=9999), "), tier high", True),
    "later": (END, NOW, "; expires at 2026-02-01T08:00:00Z", True),
    "now": (END, END, "; expired at 2026-02-01T08:00:00Z", False),
    "long-ago": (
        END,
        END.replace(year=2029),
        "; expired at 2026-02-01T08:00:00Z",
        False,
    ),
}


@pytest.mark.parametrize(("expires", "now", "told", "held"), ENDS.values(), ids=ENDS)
def test_until_when_it_holds_is_told(
    expires: datetime | None, now: datetime, told: str, held: bool
) -> None:
    document = attested_declarations(replace(YES, expires=expires), "model:x", now)
    assert reference_problems(document) == ()
    block = document["declarations"]
    (attestation,), (claim,) = block["attestations"], block["claims"]
    (mapped,) = attestation["map"]
    rationale = mapped["conformance"]["rationale"]
    assert rationale.endswith(told)
    assert claim["reasoning"] == rationale
    assert attestation["summary"].startswith(rationale)
    assert mapped["conformance"]["score"] == int(held)
    assert (bool(mapped["claims"]), bool(mapped["counterClaims"])) == (held, not held)
    assert "evidence" in claim if held else "counterEvidence" in claim


def test_the_proof_is_the_bundle_to_the_byte() -> None:
    data = b'{"a": "\xc3\xa4"}\n'
    document: Any = attested_declarations(replace(YES, bundle=data), "model:x", NOW)
    (entry,) = document["declarations"]["evidence"][0]["data"]
    content = entry["contents"]["attachment"]["content"]
    assert base64.b64decode(content) == data
