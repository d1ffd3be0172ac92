"""Dossiers: made, checked in ten years, and made to deceive."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from dossier_world import (
    BOM,
    archived,
    check,
    listed,
    make,
    read,
    resigned,
    same_signer,
)
from keyless_worlds import KeylessWorld, opened_world
from worlds import NOW, World, signing

from aibom.attest.keys import generate, load_private
from aibom.attest.signing import KeySigner
from aibom.errors import AibomError, UsageError, VerificationFailed
from aibom.operations.dossiers.archive import SIGNATURE, SUMS
from aibom.operations.dossiers.check import check_dossier
from aibom.statement import Resource, Statement, to_json

# ── made ────────────────────


def test_everything_that_can_be_shown_is_in_it(world):
    path, made = make(world)
    parts = read(path)
    assert made.files == len(parts)
    assert made.digest == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert parts[BOM] == world.bom.read_bytes()
    assert parts["artifact/aibom.sigstore.json"] == world.bundle.read_bytes()
    for file in (f for f in world.evidence.rglob("*") if f.is_file()):
        name = file.relative_to(world.evidence).as_posix()
        assert parts[f"evidence/1/{name}"] == file.read_bytes()
    for name in ("policy.yaml", "policy.lock", "signers.yaml", "advisories.yaml"):
        assert parts[f"policy/{name}"] == (world.verifier / name).read_bytes()
    verdict = json.loads(parts["verdict.json"])
    assert verdict["artifact"]["digest"] in parts["README.txt"].decode()
    assert verdict["decision"] == made.verdict.decision.value


def test_the_index_names_the_files_behind_each_answer(world):
    path, _ = make(world)
    parts = read(path)
    index = json.loads(parts["index.json"])
    points = {point["id"]: point for point in index["points"]}
    made = points["2(a)"]
    assert (made["state"], made["by"]) == ("verified", "signature")
    assert BOM in made["files"]
    assert any(name.startswith("evidence/1/") for name in made["files"])
    for point in index["points"]:
        assert set(point["files"]) <= parts.keys()
        assert bool(point["ask"]) == (point["state"] in ("absent", "not-applicable"))
    assert {entry["path"] for entry in index["statements"]} <= parts.keys()
    assert "does not say that a duty applies" in parts["index.md"].decode()


def test_the_same_is_the_same_bytes(world):
    signer = same_signer()
    first = make(world, signer=signer)[0].read_bytes()
    assert make(world, signer=signer)[0].read_bytes() == first
    later = make(world, NOW + timedelta(seconds=1), signer=signer)[0].read_bytes()
    assert later != first


def test_hidden_files_stay_at_home(world):
    (world.evidence / ".secret").write_text("s")
    (world.evidence / ".git").mkdir()
    (world.evidence / ".git/config").write_text("s")
    parts = read(make(world)[0])
    assert not [name for name in parts if "/." in name]


def test_a_denied_artifact_has_a_dossier_that_says_so(world):
    world.edit_yaml("accepted-roots.yaml", lambda doc: doc["roots"].clear())
    path, made = make(world)
    assert made.verdict.decision.value != "allowed"
    assert check(world, path).decision == made.verdict.decision.value


#: name → what happens before, how it is asked for, and the reason
NOT_MADE: dict[str, tuple[Callable[[World], object], dict[str, Any], str]] = {
    "bytes changed": (
        lambda world: (world.model / "weights.bin").write_text("x"),
        {},
        "digest-mismatch",
    ),
    "no such profile": (lambda _: None, {"profile": "eu"}, "profile-unknown"),
    "a path that no system has": (
        lambda world: (world.evidence / "a\nb.txt").write_text("x"),
        {},
        "name-unusable",
    ),
    "one path twice": (
        lambda world: [(world.evidence / name).write_text("x") for name in "aA"],
        {},
        "name-unusable",
    ),
}


@pytest.mark.parametrize(("before", "how", "reason"), NOT_MADE.values(), ids=NOT_MADE)
def test_nothing_is_written(world, before, how, reason):
    before(world)
    with pytest.raises(AibomError) as refused:
        make(world, **how)
    assert refused.value.reason == reason
    assert not (world.root / "dossier.zip").exists()


def test_a_word_that_people_use(world):
    assert make(world, profile="eu-annex-iv")[1].coverage.profile.id == (
        "aiact-annex-iv-2"
    )


# ── checked ────────────────────


def test_what_was_made_holds(world):
    path, made = make(world)
    found = check(world, path, artifact=world.model)
    assert (found.files, found.compared, found.lost) == (made.files, True, ())
    assert (found.artifact, found.name) == (
        made.verdict.artifact,
        made.verdict.artifact_name,
    )
    assert found.confirmed > 1
    assert found.dossier.role == found.bom.role == "release"
    assert not check(world, path).compared


def test_another_artifact_is_not_what_it_is_about(world):
    path, _ = make(world)
    (world.model / "weights.bin").write_text("x")
    with pytest.raises(VerificationFailed) as refused:
        check(world, path, artifact=world.model)
    assert refused.value.reason == "digest-mismatch"


def test_a_reader_who_believes_fewer_is_told(world):
    path, _ = make(world)
    known = ("release", "base")  # without the base, the BOM that is linked fails
    only = tuple(s for s in world.signers() if s.signer.role in known)
    found = check_dossier(path, only, NOW)
    assert {one.reason for one in found.lost} == {"signer-not-allowed"}
    assert all(one.path.startswith("evidence/1/") for one in found.lost)
    assert check_dossier(path, world.signers(), NOW).confirmed > found.confirmed


def test_a_statement_of_the_index_that_is_not_there_is_told(world):
    parts = read(make(world)[0])
    said = {"path": "evidence/1/none.sigstore.json", "signer": "eve", "refusal": None}
    edited("index.json", lambda d: d["statements"].append(said))(parts)
    (lost,) = check(world, resigned(world, parts)).lost
    assert (lost.path, lost.signer, lost.reason) == (said["path"], "eve", "not-read")


def test_a_reader_who_believes_nobody(world):
    path, _ = make(world)
    with pytest.raises(VerificationFailed) as refused:
        check_dossier(path, (), NOW)
    assert refused.value.reason == "signer-not-allowed"


def test_whoever_may_not_speak_of_it_signs_no_dossier_of_it(world):
    path, _ = make(world)
    narrow = tuple(
        replace(s, namespaces=("acme/other/*",)) if s.signer.role == "release" else s
        for s in world.signers()
    )
    with pytest.raises(VerificationFailed) as refused:
        check_dossier(path, narrow, NOW)
    assert refused.value.reason == "namespace-not-allowed"


def flip(data: bytes) -> bytes:
    """The same with one bit turned."""
    return bytes([data[0] ^ 1]) + data[1:]


@pytest.mark.parametrize(
    "name", [BOM, "verdict.json", "policy/policy.yaml", "index.md"]
)
def test_a_bit_is_found(world, name):
    path, _ = make(world)
    parts = read(path)
    path.write_bytes(archived({**parts, name: flip(parts[name])}))
    with pytest.raises(VerificationFailed) as refused:
        check(world, path)
    assert refused.value.reason == "dossier-changed"


def test_files_that_come_and_go_are_found(world):
    path, _ = make(world)
    parts = read(path)
    for changed in ({**parts, "evidence/1/x.pdf": b"x"}, dict(list(parts.items())[1:])):
        path.write_bytes(archived(changed))
        with pytest.raises(VerificationFailed) as refused:
            check(world, path)
        assert refused.value.reason == "dossier-changed"


def test_a_new_list_needs_a_new_signature(world):
    path, _ = make(world)
    parts = {**read(path), "index.md": b"all is well\n"}
    rest = {k: v for k, v in parts.items() if k not in (SUMS, SIGNATURE)}
    path.write_bytes(archived({**parts, SUMS: listed(rest)}))
    with pytest.raises(VerificationFailed) as refused:
        check(world, path)
    assert refused.value.reason == "dossier-signature-mismatch"


def test_a_signature_of_something_else(world):
    path, _ = make(world)
    parts = {**read(path), SIGNATURE: world.bundle.read_bytes()}
    path.write_bytes(archived(parts))
    with pytest.raises(VerificationFailed) as refused:
        check(world, path)
    assert refused.value.reason == "dossier-signature-mismatch"


def in_other_form(path: Path) -> None:
    """Where (r, s) verifies so does (r, n-s), written by nobody who has the key."""
    parts = read(path)
    document = json.loads(parts[SIGNATURE])
    (entry,) = document["dsseEnvelope"]["signatures"]
    r, s = decode_dss_signature(base64.b64decode(entry["sig"]))
    other = encode_dss_signature(r, ec.SECP256R1().group_order - s)
    entry["sig"] = base64.b64encode(other).decode()
    path.write_bytes(archived({**parts, SIGNATURE: to_json(document)}))


def test_the_other_form_of_its_signature_is_another_archive(world):
    path, _ = make(world)
    in_other_form(path)
    with pytest.raises(AibomError) as refused:
        check(world, path)
    assert refused.value.reason == "dossier-malformed"
    assert "other form" in refused.value.message


def edited(
    name: str, edit: Callable[[Any], object]
) -> Callable[[dict[str, Any]], None]:
    """Edit a JSON file of a dossier."""

    def apply(parts: dict[str, bytes]) -> None:
        document = json.loads(parts[name])
        edit(document)
        parts[name] = to_json(document)

    return apply


def _drop_evidence(parts: dict[str, bytes]) -> None:
    for name in [n for n in parts if n.startswith("evidence/")]:
        del parts[name]


#: name → what a maker who signs anew has changed, and the reason
DECEITS: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "another decision": (
        edited("verdict.json", lambda d: d.update(decision="denied")),
        "dossier-contradicts",
    ),
    "another artifact in the verdict": (
        edited("verdict.json", lambda d: d["artifact"].update(digest="sha256:0")),
        "dossier-contradicts",
    ),
    "another policy in the verdict": (
        edited("verdict.json", lambda d: d["inputs"].update(policy_digest="x")),
        "dossier-contradicts",
    ),
    "a milder policy file": (
        lambda parts: parts.update({"policy/policy.yaml": b"rules: []\n"}),
        "dossier-contradicts",
    ),
    "evidence left out": (_drop_evidence, "dossier-contradicts"),
    "no verdict at all": (
        lambda parts: parts.update({"verdict.json": b"[]"}),
        "dossier-malformed",
    ),
    "a verdict without anything": (
        lambda parts: parts.update({"verdict.json": b"{}"}),
        "dossier-malformed",
    ),
    "a verdict without a decision": (
        edited("verdict.json", lambda d: d.pop("decision")),
        "dossier-malformed",
    ),
    "a decision that is no text": (
        edited("verdict.json", lambda d: d.update(decision=["allowed"])),
        "dossier-malformed",
    ),
    "a verdict about nothing": (
        edited("verdict.json", lambda d: d["artifact"].pop("digest")),
        "dossier-malformed",
    ),
    "a verdict by no policy": (
        edited("verdict.json", lambda d: d["inputs"].pop("policy_digest")),
        "dossier-malformed",
    ),
    "inputs that cannot be looked up": (
        edited("verdict.json", lambda d: d["inputs"].update(boms=[["a", []]])),
        "dossier-malformed",
    ),
    "inputs that are no pairs": (
        edited("verdict.json", lambda d: d["inputs"].update(evidence=["ab"])),
        "dossier-malformed",
    ),
    "no index": (
        lambda parts: parts.update({"index.json": b"[]"}),
        "dossier-malformed",
    ),
    "an index of something else": (
        lambda parts: parts.update({"index.json": b'{"statements": [1]}'}),
        "dossier-malformed",
    ),
    "no lock": (lambda parts: parts.pop("policy/policy.lock"), "dossier-malformed"),
    "a lock that is none": (
        lambda parts: parts.update({"policy/policy.lock": b"{}"}),
        "dossier-malformed",
    ),
    "no BOM": (lambda parts: parts.pop(BOM), "dossier-malformed"),
}


@pytest.mark.parametrize(("change", "reason"), DECEITS.values(), ids=DECEITS)
def test_a_maker_who_deceives(world, change, reason):
    parts = read(make(world)[0])
    change(parts)
    with pytest.raises(AibomError) as refused:
        check(world, resigned(world, parts))
    assert refused.value.reason == reason
    assert "/aibom-" not in (refused.value.where or "")  # gone when this is read


# ── without aibom ────────────────────


def _shell(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )


def _commands(path: Path, start: str, end: str) -> str:
    """The commands of the README between two texts."""
    text = read(path)["README.txt"].decode()
    part = text[text.index(start) : text.index(end)]
    return "\n".join(line[5:] for line in part.splitlines() if line[:5] == "     ")


def test_the_commands_of_the_readme_find_what_is_not_listed(world, tmp_path):
    path, _ = make(world)
    folder = tmp_path / "dossier"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    listing = _commands(path, "Then nothing else may be there", "2. The list is")
    done = _shell(folder, listing)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (folder / "evidence/more.pdf").write_text("x")
    assert "evidence/more.pdf" in _shell(folder, listing).stdout


def test_a_signature_of_something_else_does_not_pass_by_the_readme(world, tmp_path):
    """The signer signed another statement, which names the list among other things."""
    path, _ = make(world)
    parts = read(path)
    digest = hashlib.sha256(parts[SUMS]).hexdigest()
    other = Statement.build(
        [Resource(name="x", digest={"sha256": digest})], "https://other.example/v1", {}
    )
    folder = tmp_path / "dossier"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    (folder / SIGNATURE).write_bytes(to_json(signing("release").sign(other.payload)))
    commands = _commands(path, "2. The list is", "3. The signature")
    assert _shell(folder, commands).stdout == "0\n"


@pytest.mark.parametrize("kind", ["p256", "ed25519"])
def test_the_commands_of_the_readme(world, tmp_path, kind):
    secret, public = generate(kind, None)
    path, _ = make(world, signer=KeySigner(load_private(secret, None, "key")))
    text = read(path)["README.txt"].decode()
    commands = [line[5:] for line in text.splitlines() if line.startswith("     ")]
    start, end = commands.index(f"B={SIGNATURE}"), text.index("Where the bundle")
    known = [c for c in commands[start:] if text.index(c) < end]
    if kind == "ed25519":
        known = [c for c in known if not c.startswith("openssl dgst -sha256 -verify")]
    else:
        known = [c for c in known if not c.startswith("openssl pkeyutl")]
    folder = tmp_path / "dossier"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    (folder / "signer.pub").write_bytes(public)
    script = "\n".join(["set -e", f"sha256sum -c --quiet {SUMS}", *known])

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", script],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "1"
    assert "Verified" in done.stdout
    (folder / "signer.pub").write_bytes(generate(kind, None)[1])
    assert run().returncode != 0


# ── in ten years ────────────────────


@pytest.fixture(scope="module")
def keyless(tmp_path_factory):
    yield from opened_world(tmp_path_factory.mktemp("keyless"))


@pytest.fixture
def identities(keyless: KeylessWorld, tmp_path: Path) -> KeylessWorld:
    return keyless.copy(tmp_path / "world")


def test_the_time_of_a_signature_by_the_readme(identities, tmp_path):
    """With openssl alone, and the authority's certificates from the trust root."""
    path, _ = make(identities, datetime.now(UTC), signer=identities.signing("release"))
    folder = tmp_path / "dossier"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    root = json.loads(read(path)["policy/root.json"])
    chain = root["timestampAuthorities"][0]["certChain"]
    pem = "".join(
        f"-----BEGIN CERTIFICATE-----\n{one['rawBytes']}\n-----END CERTIFICATE-----\n"
        for one in chain["certificates"]
    )
    (folder / "tsa.pem").write_text(pem)
    signature = _commands(path, "2. The list", "3. The sig")
    script = _commands(path, "4. If it has", 'It prints "Verification')
    done = _shell(folder, f"set -e\n{signature}\n{script}")
    assert done.returncode == 0, done.stderr
    assert "Verification: OK" in done.stdout + done.stderr
    again = _shell(folder, f"{signature}\necho >> sig\n{script}")
    assert again.returncode != 0


def test_signatures_with_a_time_hold_when_certificates_have_ended(identities):
    """The certificates in it lived for ten minutes."""
    now = datetime.now(UTC)
    path, _ = make(identities, now, signer=identities.signing("release"))
    found = check(identities, path, now + timedelta(days=3653))
    assert (found.lost, found.ancestors) == ((), "linked BOMs verified: 2")
    for who in (found.dossier, found.bom):
        assert who.at is not None
        assert abs(who.at - now) < timedelta(hours=1)
    with pytest.raises((UsageError, VerificationFailed)) as refused:
        check(identities, path, now - timedelta(days=3653))
    assert refused.value.reason in ("signed-in-future", "certificate-not-yet-valid")


def test_the_log_holds_which_form_of_a_signature_it_was(identities):
    now = datetime.now(UTC)
    path, _ = make(identities, now, signer=identities.signing("release"))
    assert check(identities, path, now).files > 0
    in_other_form(path)
    with pytest.raises(VerificationFailed):
        check(identities, path, now)
