"""Signed verdicts put into a BOM: what an end of validity makes of them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from worlds import NOW, World, key, signing

from aibom.operations.convert import convert
from aibom.operations.verdicts.declared import Believed
from aibom.operations.verdicts.files import write_attested

VERIFIER = "https://acme.example/gate"
DAY = timedelta(days=1)


def believed(folder: Path, now: datetime) -> Believed:
    """The gate's verdicts, as of a time."""
    entry = {
        "name": "acme gate",
        "role": "verifier",
        "public_key": key("verifier").public.pem,
        "predicates": ["verdict"],
        "namespaces": ["acme/models/*"],
        "verifier_id": VERIFIER,
    }
    path = folder / "gates.yaml"
    path.write_text(json.dumps({"apiVersion": "aibom/signers/v1", "signers": [entry]}))
    return Believed(path, now)


#: name → for how long it holds, when it is put in, the score, and what is told
TIMES = {
    "for ever": (None, NOW + 700 * DAY, 1, "tier high"),
    "still": (DAY, NOW + DAY / 2, 1, "; expires at "),
    "no longer": (DAY, NOW + 700 * DAY, 0, "; expired at "),
}


@pytest.mark.parametrize(
    ("valid_for", "now", "score", "told"), TIMES.values(), ids=TIMES
)
def test_a_verdict_that_has_expired_is_a_counter_claim(
    world: World,
    tmp_path: Path,
    valid_for: timedelta | None,
    now: datetime,
    score: int,
    told: str,
) -> None:
    signed = tmp_path / "v.json"
    write_attested(
        world.gate(),
        world.model,
        signed,
        signing("verifier"),
        verifier_id=VERIFIER,
        verified_at=NOW,
        valid_for=valid_for,
    )
    done = convert(
        world.bom,
        "cyclonedx-1.7",
        created=NOW,
        declarations=signed,
        believed=believed(tmp_path, now),
    )
    block = json.loads(done.data)["declarations"]
    (mapped,) = block["attestations"][0]["map"]
    assert mapped["conformance"]["score"] == score
    assert told in mapped["conformance"]["rationale"]
    assert len(mapped["claims" if score else "counterClaims"]) == 1
    (claim,) = block["claims"]
    assert ("evidence" in claim) is bool(score)
