"""What the unmodified ``sigstore`` command attests verifies here.

``sigstore attest`` knows SLSA provenance, which our step records are. It writes the
statement anew from our predicate, so that the bytes are not ours; what they say is,
except for the annotations of subjects.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sigstore_clients import ALICE, MODES

from aibom.attest.bundle import parse_bundle
from aibom.attest.signers import AllowedSigner, read_signers
from aibom.attest.verify import Identified, identify
from aibom.errors import DocumentInvalid
from aibom.operations.evidence import collect
from aibom.recording import record
from aibom.statement import PROVENANCE_V1, Statement
from aibom.testing.sigstore import LocalSigstore


def sigstore(config: Path, *arguments: str | Path) -> None:
    """Run the command; nothing but the trust configuration is given to it."""
    command = [sys.executable, "-m", "sigstore", "--trust-config", str(config)]
    done = subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def signers(local: LocalSigstore, **changes: Any) -> tuple[AllowedSigner, ...]:
    entry = {
        "name": "alice",
        "role": "pipeline",
        "identity": {"identity": ALICE, "issuer": local.url, "trust_root": "local"},
        "predicates": ["step-record"],
        "namespaces": ["*"],
        **changes,
    }
    document = {
        "apiVersion": "aibom/signers/v1",
        "trust_roots": [{"name": "local", "file": "root.json"}],
        "signers": [entry],
    }
    root = local.trusted_root().encode()
    return read_signers(document, "signers.yaml", lambda _: root)


@pytest.fixture
def attested(
    local_sigstore: LocalSigstore, tmp_path: Path, request: pytest.FixtureRequest
) -> tuple[Path, Statement]:
    """A step that we recorded and the command signed; its folder and our statement."""
    (tmp_path / "in.txt").write_text("words")
    output = tmp_path / "weights.bin"
    steps = tmp_path / "steps"
    with record("train", steps=steps, code=None) as step:
        step.input("training-data", tmp_path / "in.txt", name="in.txt")
        step.output(output)
        output.write_bytes(b"weights")
    assert step.record is not None
    ours = Statement.parse(step.record.read_bytes(), "ours")
    (tmp_path / "predicate.json").write_text(json.dumps(dict(ours.predicate)))
    (tmp_path / "trust.json").write_text(
        local_sigstore.trust_config(**MODES[request.param])
    )
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    token = local_sigstore.identity_token(ALICE)
    sigstore(
        *(tmp_path / "trust.json", "attest", "--identity-token", token),
        *("--predicate", tmp_path / "predicate.json"),
        *("--predicate-type", PROVENANCE_V1),
        *("--bundle", evidence / "step.sigstore.json", output),
    )
    return evidence, ours


def identified(evidence: Path, allowed: tuple[AllowedSigner, ...]) -> Identified:
    bundle = parse_bundle((evidence / "step.sigstore.json").read_bytes(), "theirs")
    return identify(bundle, allowed, datetime.now(UTC))


@pytest.mark.parametrize("attested", ["v1-tsa", "v2-tsa"], indirect=True)
def test_what_the_command_attests_verifies(
    local_sigstore: LocalSigstore, attested: tuple[Path, Statement]
) -> None:
    evidence, ours = attested
    found = identified(evidence, signers(local_sigstore))
    assert (found.refusal, found.signer is not None) == (None, True)
    assert found.signed_at is not None
    assert found.who.startswith(ALICE)
    assert found.statement.payload != ours.payload
    assert dict(found.statement.predicate) == dict(ours.predicate)
    assert [s.content() for s in found.statement.subjects] == [
        s.content() for s in ours.subjects
    ]


@pytest.mark.parametrize("attested", ["v1-tsa"], indirect=True)
@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"predicates": ["bom"]}, "predicate-not-allowed"),
        (
            {"identity": {"identity": "eve@example.org"}},
            "identity-not-allowed",
        ),
    ],
)
def test_it_counts_only_for_whom_it_may(
    local_sigstore: LocalSigstore,
    attested: tuple[Path, Statement],
    changes: dict[str, Any],
    refusal: str,
) -> None:
    if "identity" in changes:
        whose = {"issuer": local_sigstore.url, "trust_root": "local"}
        changes = {"identity": {**changes["identity"], **whose}}
    found = identified(attested[0], signers(local_sigstore, **changes))
    assert found.refusal == refusal


@pytest.mark.parametrize("attested", ["v1-tsa"], indirect=True)
def test_as_a_step_record_it_lacks_what_the_command_left_out(
    local_sigstore: LocalSigstore, attested: tuple[Path, Statement]
) -> None:
    """It keeps no annotations of subjects, and a kind is not guessed."""
    with pytest.raises(DocumentInvalid, match="aibom:kind"):
        collect([attested[0]], signers(local_sigstore), datetime.now(UTC))
