"""Verdicts on disk: what is signed after a gate, and who may rely on it for what."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from worlds import MODEL, NOW, World, key, signing

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.attest.signers import AllowedSigner, read_signers
from aibom.attest.signing import KeySigner
from aibom.attest.summary_statement import SUMMARY_V1, Summary, read_summary
from aibom.digest import hash_path
from aibom.errors import AibomError, VerificationFailed
from aibom.operations.verdicts.files import (
    newest_sequence,
    verify_verdict,
    write_attested,
)
from aibom.operations.verdicts.verdicts import Demand
from aibom.statement import Resource, Statement, to_json
from aibom.verdict import Decision, Tier, Verdict

VERIFIER = "https://acme.example/gate"
DAY = timedelta(days=1)


def attest(
    verdict: Verdict,
    artifact: Path,
    output: Path,
    *,
    role: str = "verifier",
    verified_at: datetime = NOW,
    verifier_id: str = VERIFIER,
    valid_for: timedelta | None = None,
) -> Path:
    write_attested(
        verdict,
        artifact,
        output,
        signing(role),
        verifier_id=verifier_id,
        verified_at=verified_at,
        valid_for=valid_for,
    )
    return output


def said(path: Path) -> Summary:
    bundle = parse_bundle(path.read_bytes(), str(path))
    return read_summary(Statement.parse(bundle.payload, str(path)), str(path))


def signers(**members: Any) -> tuple[AllowedSigner, ...]:
    entry = {
        "name": "acme gate",
        "role": "verifier",
        "public_key": key("verifier").public.pem,
        "predicates": ["verdict"],
        "namespaces": ["acme/models/*"],
        "verifier_id": VERIFIER,
        **members,
    }
    listed = {key: value for key, value in entry.items() if value is not None}
    document = {"apiVersion": "aibom/signers/v1", "signers": [listed]}
    return read_signers(document, "signers.yaml")


# ── what is signed ────────────────────


def test_a_yes(world: World, tmp_path: Path) -> None:
    path = attest(world.gate(), world.model, tmp_path / "v.json")
    found = said(path)
    assert (found.passed, found.decision, found.exit_code) == (
        True,
        Decision.ALLOWED,
        0,
    )
    assert (found.name, found.artifact) == (MODEL, hash_path(world.model).digest)
    assert (found.verifier_id, found.verified_at) == (VERIFIER, NOW)
    assert (found.tier, found.report_only, found.expires) == (Tier.HIGH, False, None)
    assert found.advisories_sequence == 3


def test_an_end_that_was_asked_for(world: World, tmp_path: Path) -> None:
    path = attest(world.gate(), world.model, tmp_path / "v.json", valid_for=DAY)
    assert said(path).expires == NOW + DAY


def unreadable(world: World) -> None:
    world.bundle.write_bytes(b"{}")


def unsigned(world: World) -> None:
    world.bundle.unlink()


def poisoned(world: World) -> None:
    (world.model / "weights.bin").write_bytes(b"other weights")


def unaudited(world: World) -> None:
    for path in (world.evidence / "audits").iterdir():
        path.unlink()


#: name → what is done to the world
NOES: dict[str, Callable[[World], None]] = {
    "no audit": unaudited,
    "no signature": unsigned,
    "no bundle": unreadable,
    "other bytes": poisoned,
}


@pytest.mark.parametrize("change", NOES.values(), ids=NOES)
@pytest.mark.parametrize("report_only", [False, True], ids=["gate", "report-only"])
def test_a_no_is_signed_for_the_bytes_that_are_there(
    world: World, tmp_path: Path, change: Callable[[World], None], report_only: bool
) -> None:
    change(world)
    verdict = world.gate(report_only=report_only)
    assert verdict.decision is not Decision.ALLOWED
    path = attest(verdict, world.model, tmp_path / "v.json")
    found = said(path)
    assert not found.passed
    assert (found.decision, found.reason) == (verdict.decision, verdict.reason)
    assert found.exit_code == verdict.exit_code
    assert found.report_only is report_only
    assert found.artifact == hash_path(world.model).digest
    demand = Demand(found.policy_digest, Tier.LOW, DAY, None)
    with pytest.raises(AibomError) as refused:
        verify_verdict(world.model, path, signers(namespaces=["**"]), demand, NOW)
    expected = "verdict-report-only" if report_only else "verdict-not-passed"
    assert (refused.value.reason, refused.value.exit_code) == (expected, 11)


def test_what_nobody_named_is_called_like_its_folder(
    world: World, tmp_path: Path
) -> None:
    unsigned(world)
    found = said(attest(world.gate(), world.model, tmp_path / "v.json"))
    assert found.name == "model"


#: name → (what is different, reason, exit code)
UNSIGNABLE: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a dry run": ({"dry_run": True}, {}, "verdict-dry-run"),
    "no URI": ({}, {"verifier_id": "acme gate"}, "verifier-id-unusable"),
    "an empty verifier": ({}, {"verifier_id": ""}, "verifier-id-unusable"),
    "no name": ({"artifact_name": "../x"}, {}, "verdict-name-unusable"),
    "an end that has come": ({}, {"valid_for": timedelta(0)}, "verdict-expired"),
}


@pytest.mark.parametrize(
    ("members", "how", "reason"), UNSIGNABLE.values(), ids=UNSIGNABLE
)
def test_what_cannot_be_signed_leaves_nothing(
    world: World,
    tmp_path: Path,
    members: dict[str, Any],
    how: dict[str, Any],
    reason: str,
) -> None:
    output = tmp_path / "v.json"
    with pytest.raises(AibomError) as refused:
        attest(replace(world.gate(), **members), world.model, output, **how)
    assert (refused.value.reason, refused.value.exit_code) == (reason, 2)
    assert not output.exists()


def test_a_signer_that_fails_leaves_nothing(world: World, tmp_path: Path) -> None:
    def refuses(_: bytes) -> bytes:
        raise AibomError("out of order", reason="service-failed")

    output = tmp_path / "v.json"
    with pytest.raises(AibomError) as refused:
        write_attested(
            world.gate(),
            world.model,
            output,
            KeySigner(key("verifier"), refuses),
            verifier_id=VERIFIER,
            verified_at=NOW,
        )
    assert refused.value.reason == "service-failed"
    assert list(tmp_path.glob("*v.json*")) == []


def test_a_place_is_what_a_shell_would_take_it_for(
    world: World, tmp_path: Path
) -> None:
    """A pipe that somebody waits at is written into, and is a pipe afterwards."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(
        target=lambda: read.append(pipe.read_bytes()), daemon=True
    )
    reader.start()
    attest(world.gate(), world.model, pipe)
    reader.join(120)
    assert pipe.is_fifo()
    assert parse_bundle(read[0], "pipe").payload
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    link.symlink_to(target)
    attest(world.gate(), world.model, link)
    assert link.is_symlink()
    assert said(target).passed


# ── who may rely on it ────────────────────


@dataclass
class Case:
    """One way to show a verdict that does not count here."""

    reason: str
    change: Callable[[World], object] = lambda world: None
    verdict: dict[str, Any] = field(default_factory=dict)
    sign: dict[str, Any] = field(default_factory=dict)
    demand: dict[str, Any] = field(default_factory=dict)
    signers: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW


def append(name: str) -> Callable[[World], object]:
    def change(world: World) -> None:
        path = world.model / name
        path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\0")

    return change


REPLAYS = {
    "one byte more": Case("verdict-other-artifact", append("weights.bin")),
    "one file more": Case("verdict-other-artifact", append("extra.bin")),
    "used as another": Case("verdict-other-artifact", demand={"name": "acme/other"}),
    "another policy": Case(
        "verdict-other-policy", demand={"policy_digest": "sha256:" + "0" * 64}
    ),
    "a digest in another spelling": Case(
        "verdict-other-policy", demand={"policy_digest": "nonsense"}
    ),
    "a lower tier": Case("verdict-tier-too-low", verdict={"tier": Tier.MEDIUM}),
    "another verifier": Case(
        "verdict-other-verifier", sign={"verifier_id": "https://acme.example/other"}
    ),
    "this verifier, by another's word": Case(
        "verdict-other-verifier", signers={"verifier_id": "https://other.example/gate"}
    ),
    "too old": Case("verdict-too-old", now=NOW + 8 * DAY),
    "made today, as of long ago": Case(
        "verdict-too-old", verdict={"effective_time": "2026-11-01T12:00:00Z"}
    ),
    "made today, as of tomorrow": Case(
        "verdict-from-the-future", verdict={"effective_time": "2026-11-22T12:00:00Z"}
    ),
    "from the future": Case("verdict-from-the-future", now=NOW - DAY),
    "past its end": Case("verdict-expired", sign={"valid_for": DAY}, now=NOW + 2 * DAY),
    "before an advisory": Case(
        "verdict-before-advisory", demand={"minimum_sequence": 4}
    ),
    "signed by another": Case("signer-not-allowed", sign={"role": "release"}),
    "by one who may not": Case(
        "predicate-not-allowed", signers={"predicates": ["bom"], "verifier_id": None}
    ),
    "by one who may not speak of it": Case(
        "namespace-not-allowed", signers={"namespaces": ["acme/data/*"]}
    ),
    "by one who may no longer": Case(
        "signer-expired", signers={"valid_until": "2026-11-01"}
    ),
}


@pytest.mark.parametrize("case", REPLAYS.values(), ids=REPLAYS)
def test_every_replay_is_refused(world: World, tmp_path: Path, case: Case) -> None:
    verdict = world.gate()
    path = tmp_path / "v.json"
    attest(replace(verdict, **case.verdict), world.model, path, **case.sign)
    case.change(world)
    asked = {
        "policy_digest": verdict.inputs.policy_digest,
        "tier": Tier.HIGH,
        "max_age": 7 * DAY,
        "minimum_sequence": 3,
        "name": MODEL,
        **case.demand,
    }
    with pytest.raises(AibomError) as refused:
        verify_verdict(
            world.model, path, signers(**case.signers), Demand(**asked), case.now
        )
    assert (refused.value.reason, refused.value.exit_code) == (case.reason, 11)
    assert refused.value.hint


@pytest.fixture
def demand(world: World) -> Demand:
    digest = str(world.gate().inputs.policy_digest)
    return Demand(digest, Tier.HIGH, 7 * DAY, 3, MODEL)


@pytest.mark.parametrize("now", [NOW, NOW + 7 * DAY], ids=["now", "just in time"])
def test_what_was_asked_for(
    world: World, tmp_path: Path, demand: Demand, now: datetime
) -> None:
    path = attest(world.gate(), world.model, tmp_path / "v.json")
    found, _ = verify_verdict(world.model, path, signers(), demand, now)
    assert (found.name, found.passed) == (MODEL, True)


def test_neither_bom_nor_evidence_is_asked_again(
    world: World, tmp_path: Path, demand: Demand
) -> None:
    path = attest(world.gate(), world.model, tmp_path / "v.json")
    for sidecar in (world.bom, world.bundle):
        sidecar.unlink()
    assert verify_verdict(world.model, path, signers(), demand, NOW)[0].passed


def test_the_verdict_of_one_file(world: World, tmp_path: Path, demand: Demand) -> None:
    one = tmp_path / "one.gguf"
    one.write_bytes(b"weights")
    about = {"artifact": str(hash_path(one).digest), "artifact_name": MODEL}
    path = attest(replace(world.gate(), **about), one, tmp_path / "v.json")
    assert verify_verdict(one, path, signers(), demand, NOW)[0].passed
    # The same bytes in a folder are another artifact.
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "one.gguf").write_bytes(b"weights")
    with pytest.raises(AibomError) as refused:
        verify_verdict(folder, path, signers(), demand, NOW)
    assert refused.value.reason == "verdict-other-artifact"


def test_nothing_is_hashed_for_what_is_refused_anyway(
    world: World, tmp_path: Path, demand: Demand
) -> None:
    path = attest(world.gate(), world.model, tmp_path / "v.json")
    hashed: list[int] = []

    def progress(count: int, total: int) -> None:
        hashed.append(count)

    with pytest.raises(AibomError):
        verify_verdict(
            world.model, path, signers(), replace(demand, name="x"), NOW, progress
        )
    assert hashed == []
    verify_verdict(world.model, path, signers(), demand, NOW, progress)
    assert hashed


@pytest.mark.parametrize("name", ["v.json", "config/v.json"])
def test_a_verdict_inside_of_what_it_is_about(
    world: World, tmp_path: Path, demand: Demand, name: str
) -> None:
    path = attest(world.gate(), world.model, tmp_path / "v.json")
    inside = world.model / name
    inside.write_bytes(path.read_bytes())
    link = tmp_path / "link.json"
    link.symlink_to(inside)
    for where in (inside, link):
        with pytest.raises(AibomError) as refused:
            verify_verdict(world.model, where, signers(), demand, NOW)
        assert refused.value.reason == "verdict-inside-artifact"
        assert refused.value.exit_code == 2


def test_an_artifact_that_is_not_there(
    world: World, tmp_path: Path, demand: Demand
) -> None:
    path = attest(world.gate(), world.model, tmp_path / "v.json")
    with pytest.raises(AibomError) as refused:
        verify_verdict(world.root / "gone", path, signers(), demand, NOW)
    assert (refused.value.reason, refused.value.exit_code) == ("path-missing", 1)


#: What else somebody might call a verdict, in a bundle that its signer really signed.
OTHER_TOOLS: dict[str, tuple[dict[str, Any], str]] = {
    "another tool": (
        {
            "verifier": {"id": VERIFIER},
            "timeVerified": "2026-11-21T12:00:00Z",
            "resourceUri": "pkg:oci/model",
            "policy": {"uri": "https://acme.example/p", "digest": {"sha256": "0" * 64}},
            "verificationResult": "PASSED",
            "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        },
        "verdict-malformed",
    ),
    "nothing": ({}, "verdict-malformed"),
}


@pytest.mark.parametrize(("predicate", "reason"), OTHER_TOOLS.values(), ids=OTHER_TOOLS)
def test_the_verdict_of_another_tool(
    world: World, tmp_path: Path, demand: Demand, predicate: dict, reason: str
) -> None:
    subject = Resource.subject(MODEL, hash_path(world.model).digest)
    statement = Statement.build([subject], SUMMARY_V1, predicate)
    path = tmp_path / "v.json"
    path.write_bytes(to_json(make_bundle(statement.payload, key("verifier"))))
    with pytest.raises(AibomError) as refused:
        verify_verdict(world.model, path, signers(), demand, NOW)
    assert (refused.value.reason, refused.value.exit_code) == (reason, 11)


#: name → (edit of the statement, reason)
EDITS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no subject": (lambda it: it.update(subject=[]), "subject-missing"),
    "two subjects": (
        lambda it: it["subject"].append(it["subject"][0]),
        "verdict-malformed",
    ),
    "a second digest": (
        lambda it: it["subject"][0]["digest"].update(sha512="a" * 128),
        "verdict-malformed",
    ),
    "another digest only": (
        lambda it: it["subject"][0].update(digest={"sha512": "a" * 128}),
        "verdict-malformed",
    ),
    "no name": (lambda it: it["subject"][0].pop("name"), "verdict-malformed"),
    "another type": (
        lambda it: it.update(predicateType="https://slsa.dev/verification_summary/v2"),
        "predicate-not-allowed",
    ),
}


@pytest.mark.parametrize(("edit", "reason"), EDITS.values(), ids=EDITS)
def test_a_verdict_that_its_signer_bent(
    world: World,
    tmp_path: Path,
    demand: Demand,
    edit: Callable[[dict[str, Any]], object],
    reason: str,
) -> None:
    path = attest(world.gate(), world.model, tmp_path / "v.json")
    document = json.loads(parse_bundle(path.read_bytes(), "").payload)
    edit(document)
    path.write_bytes(to_json(make_bundle(to_json(document), key("verifier"))))
    with pytest.raises(AibomError) as refused:
        verify_verdict(world.model, path, signers(), demand, NOW)
    assert refused.value.exit_code == (12 if reason == "subject-missing" else 11)
    assert refused.value.reason == reason


def test_a_verdict_that_somebody_else_bent(
    world: World, tmp_path: Path, demand: Demand
) -> None:
    path = attest(world.gate(), world.model, tmp_path / "v.json")
    bundle = json.loads(path.read_bytes())
    payload = bundle["dsseEnvelope"]["payload"]
    bundle["dsseEnvelope"]["payload"] = payload[:-8] + "AAAA" + payload[-4:]
    path.write_bytes(to_json(bundle))
    with pytest.raises(AibomError) as refused:
        verify_verdict(world.model, path, signers(), demand, NOW)
    assert refused.value.reason == "signature-invalid"


# ── advisories ────────────────────


def test_the_newest_that_is_known(world: World) -> None:
    path = world.verifier / "advisories.yaml"
    assert newest_sequence(path) == 3
    world.edit_yaml("advisories.yaml", lambda it: it.update(sequence=9), lock=False)
    assert newest_sequence(path) == 9


@pytest.mark.parametrize("text", ["", "[]", "sequence: 1", "sequence: [}"])
def test_what_are_no_advisories(tmp_path: Path, text: str) -> None:
    path = tmp_path / "advisories.yaml"
    path.write_text(text)
    with pytest.raises(AibomError) as refused:
        newest_sequence(path)
    assert refused.value.exit_code == 2


def test_a_yes_without_a_name_that_everybody_has_is_not_signed(
    world: World, tmp_path: Path
) -> None:
    verdict = world.gate()
    unnamed = replace(verdict, verification=replace(verdict.verification, name=""))
    with pytest.raises(VerificationFailed) as refused:
        attest(unnamed, world.model, tmp_path / "v.json")
    assert refused.value.reason == "verdict-name-unvouched"
    assert not (tmp_path / "v.json").exists()
