"""What the client for sigstore-conformance answers, against the loopback Sigstore."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conformance.sigstore.client import main
from sigstore_clients import ARTIFACT, GITHUB_JOB, signer

from aibom.attest.bundle import make_bundle
from aibom.attest.keys import generate, load_private
from aibom.statement import Resource, Statement, to_json
from aibom.testing.sigstore import GITHUB_ISSUER, LocalSigstore

ROOT = Path(__file__).resolve().parents[3]
RUN = ROOT / "tests" / "conformance" / "sigstore" / "run.sh"
DIGEST = "sha256:" + hashlib.sha256(ARTIFACT).hexdigest()
STATEMENT = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "other", "digest": {"sha256": "ab" * 32}},
            {"name": "a.txt", "digest": {"sha256": DIGEST.removeprefix("sha256:")}},
        ],
        "predicateType": "https://example.org/test",
        "predicate": {"spaces": "are kept"},
    },
    indent=2,
).encode()


def put(path: Path, data: bytes | str) -> str:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return str(path)


def edited(path: Path, change: Any) -> bytes:
    document = json.loads(path.read_bytes())
    change(document)
    return json.dumps(document).encode()


def another_payload(document: dict[str, Any]) -> None:
    payload = STATEMENT.replace(b"are kept", b"are gone")
    document["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()


def another_log_time(document: dict[str, Any]) -> None:
    (entry,) = document["verificationMaterial"]["tlogEntries"]
    entry["integratedTime"] = str(int(entry["integratedTime"]) + 1)


def write_trust(folder: Path, sigstore: LocalSigstore, rekor: int) -> list[str]:
    config = json.loads(sigstore.trust_config(rekor=rekor))
    root = put(folder / "root.json", json.dumps(config["trustedRoot"]))
    signing = put(folder / "signing.json", json.dumps(config["signingConfig"]))
    return ["--trusted-root", root, "--signing-config", signing]


def sign_words(folder: Path, token: str) -> list[str]:
    """In the order that the suite gives them."""
    bundle = str(folder / "new.json")
    return ["sign-bundle", "--in-toto", "--identity-token", token, "--bundle", bundle]


@pytest.fixture(scope="module")
def world(tmp_path_factory, local_sigstore):
    """A folder where the client has signed, with all that the cases below take."""
    folder = tmp_path_factory.mktemp("conformance")
    statement = put(folder / "statement.json", STATEMENT)
    token = local_sigstore.github_token()
    trust = write_trust(folder, local_sigstore, rekor=1)
    assert main([*sign_words(folder, token), *trust, statement]) == 0
    bundle = (folder / "new.json").rename(folder / "bundle.json")
    put(folder / "a.txt", ARTIFACT)
    put(folder / "b.txt", b"something else")
    put(folder / "payload.json", edited(bundle, another_payload))
    put(folder / "time.json", edited(bundle, another_log_time))
    put(folder / "no.json", b"\xff")
    with LocalSigstore() as other:
        put(folder / "other-root.json", other.trusted_root())
    with signer(local_sigstore, token=token) as signing:
        put(folder / "artifact.json", signing.sign_artifact(ARTIFACT).to_json())
    for name in ("mine", "theirs"):
        private, public = generate("p256", None)
        put(folder / f"{name}.pub", public)
        document = make_bundle(STATEMENT, load_private(private, None, "key"))
        put(folder / f"{name}.json", to_json(document))
    tree = Statement.build(
        [Resource(digest={"dirHash": DIGEST.removeprefix("sha256:")})], "test", {}
    )
    document = make_bundle(tree.payload, load_private(private, None, "key"))
    put(folder / "tree.json", to_json(document))
    return folder


IDENTITY = {
    "--certificate-identity": GITHUB_JOB,
    "--certificate-oidc-issuer": GITHUB_ISSUER,
}
ROOT_FILE = {"--trusted-root": "root.json"}
KEYLESS = {"--bundle": "bundle.json", **IDENTITY, **ROOT_FILE}
KEYED = {"--bundle": "mine.json", "--key": "mine.pub"}

#: name → options, artifact, exit code, reason
CASES = {
    "file": (KEYLESS, "a.txt", 0, ""),
    "digest": (KEYLESS, DIGEST, 0, ""),
    "digest of the other subject": (KEYLESS, "sha256:" + "ab" * 32, 0, ""),
    "other file": (KEYLESS, "b.txt", 11, "digest-mismatch"),
    "other digest": (KEYLESS, "sha256:" + "cd" * 32, 11, "digest-mismatch"),
    "upper-case digest is a path": (KEYLESS, DIGEST.upper(), 1, "file-unreadable"),
    "short digest is a path": (KEYLESS, DIGEST[:-1], 1, "file-unreadable"),
    "nul in the path": (KEYLESS, "a\0.txt", 1, "file-unreadable"),
    "wrong identity": (
        {**KEYLESS, "--certificate-identity": GITHUB_JOB + "2"},
        "a.txt",
        11,
        "identity-not-allowed",
    ),
    "identity is no pattern": (
        {**KEYLESS, "--certificate-identity": GITHUB_JOB[:-1] + "*"},
        "a.txt",
        11,
        "identity-not-allowed",
    ),
    "wrong issuer": (
        {**KEYLESS, "--certificate-oidc-issuer": GITHUB_ISSUER + "/"},
        "a.txt",
        11,
        "issuer-not-allowed",
    ),
    "tampered payload": (
        {**KEYLESS, "--bundle": "payload.json"},
        "a.txt",
        11,
        "signature-invalid",
    ),
    "tampered log entry": (
        {**KEYLESS, "--bundle": "time.json"},
        "a.txt",
        11,
        "log-proof-invalid",
    ),
    "other root": (
        {**KEYLESS, "--trusted-root": "other-root.json"},
        "a.txt",
        11,
        "wrong-trust-root",
    ),
    "public root": (
        {"--bundle": "bundle.json", **IDENTITY},
        "a.txt",
        11,
        "wrong-trust-root",
    ),
    "no root": (
        {**KEYLESS, "--trusted-root": "statement.json"},
        "a.txt",
        12,
        "trust-root-invalid",
    ),
    "no JSON": ({**KEYLESS, "--bundle": "no.json"}, "a.txt", 11, "bundle-malformed"),
    "no bundle": ({**KEYLESS, "--bundle": "none"}, "a.txt", 1, "file-unreadable"),
    "artifact bundle": (
        {**KEYLESS, "--bundle": "artifact.json"},
        "a.txt",
        11,
        "artifact-unsupported",
    ),
    "key": (KEYED, "a.txt", 0, ""),
    "key, digest, unused root": ({**KEYED, **ROOT_FILE}, DIGEST, 0, ""),
    "key, other file": (KEYED, "b.txt", 11, "digest-mismatch"),
    "key, a folder's digest is no file's": (
        {"--bundle": "tree.json", "--key": "theirs.pub"},
        DIGEST,
        11,
        "digest-mismatch",
    ),
    "other key": ({**KEYED, "--key": "theirs.pub"}, "a.txt", 11, "signature-invalid"),
    "key, keyless bundle": (
        {**KEYED, "--bundle": "bundle.json"},
        "a.txt",
        11,
        "signature-invalid",
    ),
    "identity, key bundle": (
        {**KEYLESS, "--bundle": "mine.json"},
        "a.txt",
        11,
        "bundle-unsupported",
    ),
    "no key": ({**KEYED, "--key": "a.txt"}, "a.txt", 2, "key-unreadable"),
}


def words(options: dict[str, str]) -> list[str]:
    return [word for option in options.items() for word in option]


@pytest.mark.parametrize("case", CASES)
def test_verify_bundle(world, monkeypatch, capsys, case):
    options, artifact, code, reason = CASES[case]
    monkeypatch.chdir(world)
    assert main(["verify-bundle", *words(options), artifact]) == code
    shown = capsys.readouterr()
    assert shown.err.partition(":")[0] == reason
    assert shown.out == ""


def test_a_file_named_like_a_digest_is_a_file(world, tmp_path, monkeypatch, capsys):
    put(tmp_path / DIGEST, b"something else")
    monkeypatch.chdir(tmp_path)
    given = {name: str(world / path) for name, path in KEYED.items()}
    assert main(["verify-bundle", *words(given), DIGEST]) == 11
    assert capsys.readouterr().err.startswith("digest-mismatch:")


def test_staging_has_a_root_of_its_own(world, monkeypatch, capsys):
    monkeypatch.chdir(world)
    given = words({"--bundle": "bundle.json", **IDENTITY})
    assert main(["verify-bundle", "--staging", *given, "a.txt"]) == 11
    assert capsys.readouterr().err.startswith("wrong-trust-root:")


def time_of(document: dict[str, Any]) -> str:
    """When the log of Rekor v1 took the entry, as a trusted root spells it."""
    (entry,) = document["verificationMaterial"]["tlogEntries"]
    time = datetime.fromtimestamp(int(entry["integratedTime"]), UTC)
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def log_key_without_start(root: Any, other: Any, bundle: Any) -> None:
    for log in root["tlogs"]:
        del log["publicKey"]["validFor"]["start"]


def log_key_ends_then(root: Any, other: Any, bundle: Any) -> None:
    for log in root["tlogs"]:
        log["publicKey"]["validFor"]["end"] = time_of(bundle)


def decoy_of_the_same_name(root: Any, other: Any, bundle: Any) -> None:
    root["certificateAuthorities"][:0] = other["certificateAuthorities"]


def borrowed_validity(root: Any, other: Any, bundle: Any) -> None:
    (authority,) = root["timestampAuthorities"]
    authority["validFor"] = {"start": LONG_AGO, "end": "2001-01-01T00:00:00Z"}
    root["timestampAuthorities"] += other["timestampAuthorities"]


LONG_AGO = "2000-01-01T00:00:00Z"
#: Named like the suite's cases, whose READMEs say how they are made: exit code, reason
ROOTS = {
    "trust-root-tlog-missing-validity-start_fail": (
        log_key_without_start,
        12,
        "trust-root-invalid",
    ),
    "trust-root-tlog-validity-end-inclusive": (log_key_ends_then, 0, ""),
    "sct-duplicate-intermediate-name": (decoy_of_the_same_name, 0, ""),
    "rekor2-timestamp-wrong-tsa-validity-borrow_fail": (
        borrowed_validity,
        11,
        "timestamp-invalid",
    ),
}


@pytest.mark.parametrize("case", ROOTS)
def test_roots_of_the_suite(world, tmp_path, monkeypatch, capsys, case):
    change, code, reason = ROOTS[case]
    monkeypatch.chdir(world)
    root, other, bundle = (
        json.loads(Path(name).read_bytes())
        for name in ("root.json", "other-root.json", "bundle.json")
    )
    change(root, other, bundle)
    changed = put(tmp_path / "root.json", json.dumps(root))
    given = words({**KEYLESS, "--trusted-root": changed})
    assert main(["verify-bundle", *given, "a.txt"]) == code
    assert capsys.readouterr().err.partition(":")[0] == reason


WRONG_CALLS = {
    "nothing": [],
    "other command": ["sign"],
    "nobody": ["verify-bundle", "--bundle", "bundle.json", "a.txt"],
    "no issuer": [
        *("verify-bundle", "--bundle", "bundle.json"),
        *("--certificate-identity", GITHUB_JOB, "a.txt"),
    ],
    "identity and key": [
        "verify-bundle",
        *words({**KEYLESS, "--key": "mine.pub"}),
        "a.txt",
    ],
    "no artifact": ["verify-bundle", *words(KEYLESS)],
    "no token": ["sign-bundle", "--in-toto", "--bundle", "b.json", "statement.json"],
}


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_wrong_calls(world, monkeypatch, capsys, case):
    monkeypatch.chdir(world)
    with pytest.raises(SystemExit) as ended:
        main(WRONG_CALLS[case])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("rekor", [1, 2])
def test_what_was_signed_is_the_file(tmp_path, local_sigstore, rekor):
    statement = put(tmp_path / "statement.json", STATEMENT)
    trust = write_trust(tmp_path, local_sigstore, rekor)
    token = local_sigstore.identity_token("alice@example.org")
    assert main([*sign_words(tmp_path, token), *trust, statement]) == 0
    bundle = tmp_path / "new.json"
    document = json.loads(bundle.read_bytes())
    assert base64.b64decode(document["dsseEnvelope"]["payload"]) == STATEMENT
    assert "certificate" in document["verificationMaterial"]
    wanted = {
        "--bundle": str(bundle),
        "--certificate-identity": "alice@example.org",
        "--certificate-oidc-issuer": local_sigstore.url,
        "--trusted-root": str(tmp_path / "root.json"),
    }
    assert main(["verify-bundle", *words(wanted), DIGEST]) == 0


def without(*left_out):
    return lambda given: [word for word in given if word not in left_out]


#: name → what to change in the words, the statement, exit code, reason
UNSIGNED = {
    "bare artifact": (without("--in-toto"), STATEMENT, 2, "artifact-unsupported"),
    "no statement": (without(), b"{}", 12, "statement-type-unsupported"),
    "no signing config": (
        lambda given: [*given[:-1], "--signing-config", "no.json", given[-1]],
        STATEMENT,
        1,
        "file-unreadable",
    ),
    "signing config is no JSON": (
        lambda given: [*given[:-1], "--signing-config", given[-1], given[-1]],
        b"[",
        1,
        "trust-config-invalid",
    ),
}


@pytest.mark.parametrize("case", UNSIGNED)
def test_not_signed(tmp_path, capsys, local_sigstore, case):
    change, payload, code, reason = UNSIGNED[case]
    statement = put(tmp_path / "statement.json", payload)
    trust = write_trust(tmp_path, local_sigstore, rekor=1)
    given = [*sign_words(tmp_path, local_sigstore.github_token()), *trust, statement]
    before = local_sigstore.requests
    assert main(change(given)) == code
    assert capsys.readouterr().err.partition(":")[0] == reason
    assert not (tmp_path / "new.json").exists()
    assert local_sigstore.requests == before


def test_an_expired_token_signs_nothing(tmp_path, capsys, local_sigstore):
    statement = put(tmp_path / "statement.json", STATEMENT)
    token = local_sigstore.github_token(lifetime=timedelta(minutes=-1))
    trust = write_trust(tmp_path, local_sigstore, rekor=1)
    assert main([*sign_words(tmp_path, token), *trust, statement]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("token-expired:")
    assert token not in shown
    assert not (tmp_path / "new.json").exists()


def test_the_entrypoint_is_one_program(world):
    given = words({name: str(world / path) for name, path in KEYED.items()})
    done = subprocess.run(
        [RUN, "verify-bundle", *given, DIGEST],
        env={**os.environ, "AIBOM_PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
