"""Adding a signer: nobody without proof, exactly who signed, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from certificates import NOW, email, root
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
from sigstore_clients import ALICE, GITHUB_JOB, GITLAB_JOB, MODES, sign
from worlds import MODEL, World, key

from aibom.attest.authority import ByCertificate, ByIdentity, ByKey
from aibom.attest.bundle import parse_bundle
from aibom.attest.keyless_identity import KeylessIdentity
from aibom.attest.keys import PrivateKey, PublicKey, generate
from aibom.attest.signers import PREDICATES, AllowedSigner
from aibom.attest.signing import CertificateSigner, KeySigner
from aibom.attest.verify import identify
from aibom.digest import Digest, hash_path
from aibom.errors import AibomError, PolicyInvalid, VerificationFailed
from aibom.operations.policies.folder import load_folder, lock_folder
from aibom.operations.signing.signer_of import identity_members
from aibom.operations.signing.signers_file import (
    Addition,
    Proof,
    SignedBy,
    Wanted,
    plan_addition,
    who_signed,
    write_addition,
)
from aibom.operations.verdicts.verdicts import make_summary
from aibom.operations.verify import load_signers
from aibom.statement import (
    AUDIT_V1,
    PROVENANCE_V1,
    REFERENCE_V01,
    Resource,
    Statement,
    to_json,
)
from aibom.testing.sigstore import GITHUB_ISSUER, GITLAB_ISSUER, LocalSigstore
from aibom.testing.sigstore.ca import Authority
from aibom.testing.sigstore.timestamps import TimestampAuthority
from aibom.testing.sigstore.wire import Request

THING = Digest("tree", "a" * 64)
WANTED = Wanted("pipeline", ("acme/*",))
CA = root()
OTHER_CA = root("Other Root")
TIME = root("Time Root")
OTHER_TIME = root("Other Time")
STAMPER = TIME.leaf(
    change={
        x509.ExtendedKeyUsage: (x509.ExtendedKeyUsage([Usage.TIME_STAMPING]), True),
        x509.SubjectAlternativeName: None,
    }
)


# ── what is signed, and how ────────────────────


def statement(*names: str, kind: str = AUDIT_V1) -> bytes:
    listed = [Resource.subject(name, THING) for name in names or ("acme/x",)]
    return Statement.build(listed, kind, {}).payload


def stamp(signature: bytes, at: datetime = NOW) -> bytes:
    """What the time authority of these tests says of a signature."""
    query = (
        TimestampRequestBuilder()
        .data(signature)
        .hash_algorithm(HashAlgorithm.SHA256)
        .build()
        .as_bytes()
    )
    authority = Authority(STAMPER.key, (STAMPER.certificate, TIME.certificate))
    service = TimestampAuthority(authority, lambda: at)
    return service.stamp(Request("POST", "/api/v1/timestamp", {}, {}, query)).body


def by_key(payload: bytes, *, stamped: bool = False) -> bytes:
    signer = KeySigner(key("lab"), stamp if stamped else None)
    return to_json(signer.sign(payload))


def by_card(
    payload: bytes, *names: x509.GeneralName, stamped: bool = False, ca: Any = CA
) -> bytes:
    leaf = ca.leaf(*names)
    private = PrivateKey(PublicKey.of(leaf.key.public_key()), leaf.key)
    chain = CertificateSigner(private, tuple(leaf.chain), stamp if stamped else None)
    return to_json(chain.sign(payload))


@pytest.fixture(scope="module")
def sigstore() -> Iterator[LocalSigstore]:
    with LocalSigstore() as served:
        yield served


@pytest.fixture(scope="module")
def job(sigstore: LocalSigstore) -> bytes:
    """A step record that a GitHub job signed."""
    payload = statement("acme/x", kind=PROVENANCE_V1)
    token = sigstore.github_token()
    return sign(sigstore, "v2-tsa", token, payload).to_json().encode()


@pytest.fixture
def desk(tmp_path: Path, sigstore: LocalSigstore) -> Path:
    """A policy folder without signers, and other files outside of it."""
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "root.json").write_text(sigstore.trusted_root())
    (folder / "ca.pem").write_bytes(CA.pem)
    (folder / "other-ca.pem").write_bytes(OTHER_CA.pem)
    (folder / "tsa.pem").write_bytes(TIME.pem)
    (folder / "other-tsa.pem").write_bytes(OTHER_TIME.pem)
    (tmp_path / "lab.pub").write_text(key("lab").public.pem)
    (tmp_path / "stranger.pub").write_text(key("stranger").public.pem)
    (tmp_path / "root.json").write_text(sigstore.trusted_root())
    (tmp_path / "ca.pem").write_bytes(CA.pem)
    return tmp_path


def proof(desk: Path, **files: str) -> Proof:
    named = {n: v if v == "public" else desk / v for n, v in files.items()}
    if named.get("trust_root") not in (None, "public"):
        named["trust_root"] = str(named["trust_root"])
    return Proof(**named)  # type: ignore[arg-type]


def to(desk: Path) -> Path:
    return desk / "policy" / "signers.yaml"


def who(
    desk: Path, bundle: bytes, now: datetime | None = None, **files: str
) -> SignedBy:
    path = desk / "b.sigstore.json"
    path.write_bytes(bundle)
    return who_signed(path, proof(desk, **files), to(desk), now or datetime.now(UTC))


def planned(
    desk: Path, signed: SignedBy, wanted: Wanted = WANTED, text: str | None = None
) -> Addition:
    if text is not None:
        to(desk).write_bytes(text.encode())
    return plan_addition(signed, wanted, to(desk))


def listed(desk: Path) -> tuple[AllowedSigner, ...]:
    return load_signers(to(desk), desk / "model")


def told(signed: SignedBy) -> dict[str, str]:
    return dict(signed.told)


def in_desk(desk: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(desk)): p.read_bytes()
        for p in sorted(desk.rglob("*"))
        if p.is_file()
    }


# ── who it is, and the entry for them ────────────────────


def test_a_github_job_is_pinned_to_repository_ref_and_runner(
    desk: Path, job: bytes
) -> None:
    signed = who(desk, job, trust_root="policy/root.json")
    shown = told(signed)
    assert shown["signed by"] == GITHUB_JOB
    assert shown["vouched by"] == GITHUB_ISSUER
    assert shown["repository"] == "https://github.com/acme/trainer"
    assert (shown["ref"], shown["runner"]) == ("refs/heads/main", "github-hosted")
    assert shown["trust root"].startswith("root: root.json, sha256:")
    assert shown["says"] == f"step-record ({PROVENANCE_V1})"
    assert shown["about"] == "acme/x"
    assert shown["signed at"].endswith(" UTC")
    write_addition(planned(desk, signed))
    (signer,) = listed(desk)
    assert isinstance(signer.authority, ByIdentity)
    rule = signer.authority.rule
    assert (rule.issuer, rule.identity) == (GITHUB_ISSUER, GITHUB_JOB)
    assert rule.source_repository == "https://github.com/acme/trainer"
    assert rule.source_ref == "refs/heads/main"
    assert rule.runner_environment == "github-hosted"
    assert (rule.identity_pattern, rule.warning) == (None, None)
    assert signer.predicates == PREDICATES["step-record"]
    assert signer.signer.name == GITHUB_JOB
    assert (signer.signer.role, signer.namespaces) == ("pipeline", ("acme/*",))
    assert signer.authority.trust_root.name == "root"


@pytest.mark.parametrize("mode", MODES)
def test_whoever_was_added_is_recognised_by_a_gate(
    desk: Path, sigstore: LocalSigstore, mode: str
) -> None:
    bundle = sign(sigstore, mode, statement=statement()).to_json().encode()
    write_addition(planned(desk, who(desk, bundle, trust_root="policy/root.json")))
    found = identify(parse_bundle(bundle, "b"), listed(desk), datetime.now(UTC))
    assert found.refusal is None
    assert found.signer is not None
    assert found.signer.signer.name == ALICE
    other = sign(sigstore, mode, sigstore.identity_token("eve@example.org"))
    eve = parse_bundle(other.to_json().encode(), "b")
    refused = identify(eve, listed(desk), datetime.now(UTC))
    assert refused.refusal == "identity-not-allowed"


OTHER_JOBS = {
    "branch": ({"ref": "refs/heads/dev"}, "identity-not-allowed"),
    "workflow": ({"workflow": "evil.yml"}, "identity-not-allowed"),
    "caller": (
        {
            "repository": "evil/caller",
            "claims": {
                "job_workflow_ref": GITHUB_JOB.removeprefix("https://github.com/")
            },
        },
        "source-repository-not-allowed",
    ),
    "runner": ({"claims": {"runner_environment": "self-hosted"}}, "runner-not-allowed"),
}


@pytest.mark.parametrize(("how", "refusal"), OTHER_JOBS.values(), ids=OTHER_JOBS)
def test_other_jobs_are_not_accepted_with_it(
    desk: Path, sigstore: LocalSigstore, job: bytes, how: dict[str, Any], refusal: str
) -> None:
    write_addition(planned(desk, who(desk, job, trust_root="policy/root.json")))
    token = sigstore.github_token(**how)
    bundle = sign(sigstore, "v1", token, statement(kind=PROVENANCE_V1))
    parsed = parse_bundle(bundle.to_json().encode(), "b")
    assert identify(parsed, listed(desk), datetime.now(UTC)).refusal == refusal


def test_a_gitlab_job(desk: Path, sigstore: LocalSigstore) -> None:
    bundle = sign(sigstore, "v1", sigstore.gitlab_token(), statement())
    data = bundle.to_json().encode()
    write_addition(planned(desk, who(desk, data, trust_root="policy/root.json")))
    (signer,) = listed(desk)
    assert isinstance(signer.authority, ByIdentity)
    rule = signer.authority.rule
    assert (rule.issuer, rule.identity) == (GITLAB_ISSUER, GITLAB_JOB)
    assert rule.source_repository == "https://gitlab.com/acme/trainer"


@pytest.mark.parametrize("stamped", [False, True], ids=["plain", "stamped"])
def test_a_key(desk: Path, stamped: bool) -> None:
    more = {"timestamp_roots": "policy/tsa.pem"} if stamped else {}
    bundle = by_key(statement(), stamped=stamped)
    signed = who(desk, bundle, public_key="lab.pub", **more)
    assert told(signed)["key"] == key("lab").public.hint
    when = "2026-05-01 12:00:00 UTC" if stamped else "nobody vouches"
    assert told(signed)["signed at"] == when
    write_addition(planned(desk, signed))
    (signer,) = listed(desk)
    assert isinstance(signer.authority, ByKey)
    assert signer.authority.key == key("lab").public
    assert (signer.authority.timestamp_roots is not None) == stamped
    assert "public_key: |\n" in to(desk).read_text()
    assert "trust_roots" not in to(desk).read_text()
    assert identify(parse_bundle(bundle, "b"), (signer,), NOW).refusal is None


@pytest.mark.parametrize("stamped", [False, True], ids=["plain", "stamped"])
def test_a_certificate(desk: Path, stamped: bool) -> None:
    more = {"timestamp_roots": "policy/tsa.pem"} if stamped else {}
    bundle = by_card(statement(), stamped=stamped)
    signed = who(desk, bundle, NOW, roots="policy/ca.pem", **more)
    assert told(signed)["signed by"] == "the certificate of dev@acme.example"
    assert "CN=Acme Root" in told(signed)["vouched by"]
    write_addition(planned(desk, signed))
    (signer,) = listed(desk)
    assert isinstance(signer.authority, ByCertificate)
    assert signer.authority.name == "dev@acme.example"
    assert signer.authority.roots.data == CA.pem
    assert (signer.authority.timestamp_roots is not None) == stamped
    assert identify(parse_bundle(bundle, "b"), (signer,), NOW).refusal is None


def test_a_verifier_is_added_with_the_id_it_calls_itself_by(
    desk: Path, pristine: World
) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    text = make_summary(
        pristine.gate(),
        name=MODEL,
        artifact=hash_path(pristine.model).digest,
        verifier_id="https://acme.example/gate",
        verified_at=now,
    )
    signed = who(desk, by_key(text.payload), public_key="lab.pub")
    assert told(signed)["verifier"] == "https://acme.example/gate"
    write_addition(planned(desk, signed))
    (signer,) = listed(desk)
    assert signer.verifier_id == "https://acme.example/gate"
    assert signer.predicates == PREDICATES["verdict"]


def test_what_is_decided_by_whoever_adds_it(desk: Path) -> None:
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    wanted = Wanted("base", ("a/*", "b"), "the lab", "org:Lab", ("bom", "step-record"))
    write_addition(planned(desk, signed, wanted))
    (signer,) = listed(desk)
    assert signer.signer.name == "the lab"
    assert (signer.signer.role, signer.signer.party) == ("base", "org:Lab")
    assert signer.predicates == PREDICATES["bom"] | PREDICATES["step-record"]
    assert signer.namespaces == ("a/*", "b")


def test_names_that_the_signer_still_may_not_use_are_told(desk: Path) -> None:
    signed = who(desk, by_key(statement("acme/x", "evil/y")), public_key="lab.pub")
    assert planned(desk, signed).unsaid == ("evil/y",)


def test_of_a_bom_only_the_artifact_counts_as_a_name(desk: Path) -> None:
    subjects = [
        Resource.subject("aibom.cdx.json", Digest("file", "b" * 64)),
        Resource.subject("acme/m", THING, **{"aibom:kind": "model"}),
        Resource.subject("weights.bin", Digest("file", "c" * 64)),
    ]
    payload = Statement.build(subjects, REFERENCE_V01, {}).payload
    assert who(desk, by_key(payload), public_key="lab.pub").names == ("acme/m",)


def test_many_names_are_cut(desk: Path) -> None:
    names = [f"acme/{number:02}" for number in range(25)]
    signed = who(desk, by_key(statement(*names)), public_key="lab.pub")
    assert told(signed)["about"].endswith("acme/09 and 15 more")
    assert signed.names == tuple(names)


# ── nobody without proof ────────────────────


def changed(bundle: bytes) -> bytes:
    """The same bundle over another statement."""
    document = json.loads(bundle)
    import base64

    payload = base64.b64encode(statement("acme/evil")).decode()
    document["dsseEnvelope"]["payload"] = payload
    return to_json(document)


#: name → bundle, what it is verified with, reason, exit code
REFUSED: dict[str, tuple[Callable[[], bytes], dict[str, str], str, int]] = {
    "key-without-key": (lambda: by_key(statement()), {}, "proof-missing", 2),
    "key-with-trust-root": (
        lambda: by_key(statement()),
        {"trust_root": "public"},
        "proof-missing",
        2,
    ),
    "key-with-both": (
        lambda: by_key(statement()),
        {"public_key": "lab.pub", "roots": "policy/ca.pem"},
        "proof-missing",
        2,
    ),
    "key-of-another": (
        lambda: by_key(statement()),
        {"public_key": "stranger.pub"},
        "signer-not-allowed",
        11,
    ),
    "key-and-another-statement": (
        lambda: changed(by_key(statement())),
        {"public_key": "lab.pub"},
        "signature-invalid",
        11,
    ),
    "key-file-is-none": (
        lambda: by_key(statement()),
        {"public_key": "policy/root.json"},
        "key-unreadable",
        2,
    ),
    "key-file-missing": (
        lambda: by_key(statement()),
        {"public_key": "none.pub"},
        "path-missing",
        1,
    ),
    "key-stamped-by-somebody": (
        lambda: by_key(statement(), stamped=True),
        {"public_key": "lab.pub"},
        "timestamp-unverifiable",
        11,
    ),
    "key-without-a-stamp": (
        lambda: by_key(statement()),
        {"public_key": "lab.pub", "timestamp_roots": "policy/tsa.pem"},
        "no-trusted-time",
        11,
    ),
    "key-stamped-by-another": (
        lambda: by_key(statement(), stamped=True),
        {"public_key": "lab.pub", "timestamp_roots": "policy/other-tsa.pem"},
        "timestamp-invalid",
        11,
    ),
    "card-without-roots": (lambda: by_card(statement()), {}, "proof-missing", 2),
    "card-with-its-key-only": (
        lambda: by_card(statement()),
        {"public_key": "lab.pub"},
        "proof-missing",
        2,
    ),
    "card-of-another-authority": (
        lambda: by_card(statement()),
        {"roots": "policy/other-ca.pem"},
        "wrong-trust-root",
        11,
    ),
    "card-and-another-statement": (
        lambda: changed(by_card(statement())),
        {"roots": "policy/ca.pem"},
        "signature-invalid",
        11,
    ),
    "card-stamped-by-somebody": (
        lambda: by_card(statement(), stamped=True),
        {"roots": "policy/ca.pem"},
        "timestamp-unverifiable",
        11,
    ),
    "card-without-a-stamp": (
        lambda: by_card(statement()),
        {"roots": "policy/ca.pem", "timestamp_roots": "policy/tsa.pem"},
        "no-trusted-time",
        11,
    ),
    "card-with-a-pattern-for-a-name": (
        lambda: by_card(statement(), email("*@acme.example")),
        {"roots": "policy/ca.pem"},
        "identity-not-exact",
        11,
    ),
    "card-whose-roots-lie-elsewhere": (
        lambda: by_card(statement()),
        {"roots": "ca.pem"},
        "file-not-beside",
        1,
    ),
    "no-bundle": (lambda: b"{}", {"public_key": "lab.pub"}, "bundle-unsupported", 11),
    "no-json": (lambda: b"hello", {"public_key": "lab.pub"}, "bundle-malformed", 11),
    "no-statement": (
        lambda: by_key(b"[]"),
        {"public_key": "lab.pub"},
        "document-invalid",
        12,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nobody_is_named_without_proof(desk: Path, case: str) -> None:
    bundle, files, reason, code = REFUSED[case]
    before = in_desk(desk)
    with pytest.raises(AibomError) as caught:
        who(desk, bundle(), NOW, **files)
    assert (caught.value.reason, caught.value.exit_code) == (reason, code)
    after = in_desk(desk)
    assert after.pop("b.sigstore.json")
    assert after == before


def test_a_card_that_has_expired(desk: Path) -> None:
    late = datetime(2026, 11, 21, tzinfo=UTC)
    with pytest.raises(VerificationFailed) as caught:
        who(desk, by_card(statement()), late, roots="policy/ca.pem")
    assert caught.value.reason == "certificate-expired"


def test_a_card_that_was_valid_when_it_was_stamped(desk: Path) -> None:
    files = {"roots": "policy/ca.pem", "timestamp_roots": "policy/tsa.pem"}
    late = datetime(2026, 11, 21, tzinfo=UTC)
    bundle = by_card(statement(), stamped=True)
    assert who(desk, bundle, late, **files).name == "dev@acme.example"


KEYLESS = {
    "nothing": ({}, "proof-missing"),
    "a-key": ({"public_key": "lab.pub"}, "proof-missing"),
    "the-public-instance": ({"trust_root": "public"}, "wrong-trust-root"),
    "a-root-elsewhere": ({"trust_root": "root.json"}, "file-not-beside"),
    "no-root": ({"trust_root": "policy/ca.pem"}, "trust-root-invalid"),
    "root-missing": ({"trust_root": "policy/none.json"}, "path-missing"),
    "times-of-somebody": (
        {"trust_root": "policy/root.json", "timestamp_roots": "policy/tsa.pem"},
        "proof-missing",
    ),
}


@pytest.mark.parametrize(("files", "reason"), KEYLESS.values(), ids=KEYLESS)
def test_no_identity_without_proof(
    desk: Path, job: bytes, files: dict[str, str], reason: str
) -> None:
    with pytest.raises(AibomError) as caught:
        who(desk, job, **files)
    assert caught.value.reason == reason
    assert not to(desk).exists()


def test_an_identity_over_another_statement(desk: Path, job: bytes) -> None:
    with pytest.raises(VerificationFailed) as caught:
        who(desk, changed(job), trust_root="policy/root.json")
    assert caught.value.reason == "signature-invalid"


def test_a_root_elsewhere_comes_with_the_command_that_pins_it(
    desk: Path, job: bytes
) -> None:
    with pytest.raises(AibomError) as caught:
        who(desk, job, trust_root="root.json")
    wanted = f"aibom trust-root pin {desk}/root.json -o {desk}/policy/root.json"
    assert caught.value.hint == wanted


def test_a_root_that_is_too_old_proves_nothing(desk: Path, job: bytes) -> None:
    aged = {"name": "acme", "file": "root.json"}
    aged |= {"checked_on": "2020-01-01", "max_age": "180d"}
    document = {"apiVersion": "aibom/signers/v1", "trust_roots": [aged], "signers": []}
    to(desk).write_text(json.dumps(document))
    with pytest.raises(VerificationFailed) as caught:
        who(desk, job, trust_root="policy/root.json")
    assert caught.value.reason == "trust-root-stale"


REPOSITORY = "https://github.com/acme/trainer"
CLAIMS = {
    "source-repository-uri": REPOSITORY,
    "source-repository-ref": "refs/heads/main",
    "runner-environment": "github-hosted",
}
INEXACT = {
    "no-repository": (GITHUB_ISSUER, "source-repository-uri", None),
    "no-ref": (GITHUB_ISSUER, "source-repository-ref", None),
    "no-runner": (GITHUB_ISSUER, "runner-environment", None),
    "empty-ref": (GITHUB_ISSUER, "source-repository-ref", ""),
    "pattern-for-a-repository": (GITLAB_ISSUER, "source-repository-uri", "https://*"),
    "pattern-for-a-ref": (GITHUB_ISSUER, "source-repository-ref", "refs/heads/*"),
}


@pytest.mark.parametrize(("issuer", "claim", "value"), INEXACT.values(), ids=INEXACT)
def test_an_identity_that_no_entry_names_exactly(
    issuer: str, claim: str, value: str | None
) -> None:
    claims = {**CLAIMS, claim: value}
    held = {name: text for name, text in claims.items() if text is not None}
    with pytest.raises(VerificationFailed) as caught:
        identity_members(KeylessIdentity(GITHUB_JOB, "uri", issuer, held), "r", "b")
    assert caught.value.reason == "identity-not-exact"


# ── what is wanted ────────────────────

ASKED: dict[str, tuple[Wanted, str, str]] = {
    "no-namespace": (Wanted("base", ()), "namespace-missing", "--namespace acme/x"),
    "no-role": (Wanted(" ", ("acme/*",)), "signer-unusable", "role: is empty"),
    "empty-name": (
        Wanted("base", ("acme/*",), name=" "),
        "signer-unusable",
        "name: is empty",
    ),
    "party": (
        Wanted("base", ("acme/*",), party="Anne"),
        "signer-unusable",
        "party",
    ),
    "predicate": (
        Wanted("base", ("acme/*",), predicates=("audits",)),
        "signer-unusable",
        "did you mean 'audit'?",
    ),
    "verdicts-of-one-who-made-none": (
        Wanted("base", ("acme/*",), predicates=("verdict",)),
        "signer-unusable",
        "verifier_id",
    ),
}


@pytest.mark.parametrize(("wanted", "reason", "words"), ASKED.values(), ids=ASKED)
def test_what_cannot_be_wanted(
    desk: Path, wanted: Wanted, reason: str, words: str
) -> None:
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    with pytest.raises(AibomError) as caught:
        planned(desk, signed, wanted)
    assert (caught.value.reason, caught.value.exit_code) == (reason, 2)
    assert words in f"{caught.value.message} {caught.value.hint}"
    assert not to(desk).exists()


def test_a_statement_that_no_predicate_stands_for(desk: Path) -> None:
    payload = statement(kind="https://example.com/other/v1")
    signed = who(desk, by_key(payload), public_key="lab.pub")
    with pytest.raises(AibomError) as caught:
        planned(desk, signed)
    assert caught.value.reason == "predicate-missing"
    wanted = Wanted("base", ("acme/*",), predicates=("bom",))
    assert 'predicates: ["bom"]' in planned(desk, signed, wanted).entry


def test_who_is_there_already_is_not_added_again(desk: Path) -> None:
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    write_addition(planned(desk, signed))
    before = to(desk).read_bytes()
    for wanted in (WANTED, Wanted("base", ("acme/*",), name="another name")):
        with pytest.raises(AibomError) as caught:
            planned(desk, signed, wanted)
        assert caught.value.reason == "signer-exists"
    assert to(desk).read_bytes() == before


def test_an_identity_or_card_is_not_added_again_under_another_name(
    desk: Path, job: bytes
) -> None:
    for bundle, files in (
        (job, {"trust_root": "policy/root.json"}),
        (by_card(statement()), {"roots": "policy/ca.pem"}),
    ):
        now = NOW if "roots" in files else None
        signed = who(desk, bundle, now, **files)
        write_addition(planned(desk, signed))
        with pytest.raises(AibomError) as caught:
            planned(desk, signed, Wanted("base", ("a",), name="other"))
        assert caught.value.reason == "signer-exists"


def test_a_name_is_given_once(desk: Path) -> None:
    first = who(desk, by_key(statement()), public_key="lab.pub")
    write_addition(planned(desk, first, Wanted("base", ("a",), name="lab")))
    second = who(desk, by_card(statement()), NOW, roots="policy/ca.pem")
    with pytest.raises(AibomError) as caught:
        planned(desk, second, Wanted("base", ("a",), name="lab"))
    assert caught.value.reason == "signer-exists"
    assert caught.value.hint == "give another --name"


def test_a_file_that_a_gate_would_refuse_is_not_added_to(desk: Path) -> None:
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    with pytest.raises(PolicyInvalid) as caught:
        planned(desk, signed, text="apiVersion: aibom/signers/v1\nsigner: []\n")
    assert caught.value.reason == "policy-invalid"


# ── the file ────────────────────

KEY = json.dumps(generate("p256", None)[1].decode())
CARD = "{name: card, role: r, certificate: {roots: ca.pem, name: x.example},"
CARD += " predicates: [bom], namespaces: [a]}"
HEAD = "apiVersion: aibom/signers/v1\n"
ONE = f"""\
  - name: first  # the first
    role: r
    public_key: {KEY}
    predicates: [bom]
    namespaces: [a]
"""
BLOCK_KEY = "public_key: |\n" + "".join(
    f"      {line}\n" for line in json.loads(KEY).splitlines()
)

#: Files that are there, each with a mark «» where the entry has to appear.
TEXTS = {
    "empty-list": f"{HEAD}signers: []\n«»",
    "empty-list-and-a-comment": f"{HEAD}signers: []  # nobody yet\n«»# end\n",
    "empty-list-without-a-last-line-end": f"{HEAD}signers: []«»",
    "one": f"# who may\n{HEAD}signers:\n{ONE}«»",
    "one-and-no-last-line-end": f"{HEAD}signers:\n{ONE.rstrip()}«»",
    "one-and-comments": (
        f"{HEAD}\n# our own\nsigners:\n{ONE}    # valid_until: 2027-01-01\n«»"
        "  # next year: more\n# end\n"
    ),
    "one-and-a-blank-line": f"{HEAD}signers:\n{ONE}«»\n# end\n",
    "signers-first": f"signers:\n{ONE}«»# the version\n{HEAD}",
    "dash-at-the-margin": (
        f"{HEAD}signers:\n- name: first\n  role: r\n  public_key: {KEY}\n"
        "  predicates: [bom]\n  namespaces:\n  - a  # only\n«»trust_roots: []\n"
    ),
    "ends-with-a-block-of-text": (
        f"{HEAD}signers:\n  - name: first\n    role: r\n    predicates: [bom]\n"
        f"    namespaces: [a]\n    {BLOCK_KEY}«»# end\n"
    ),
    "ends-with-a-list-over-lines": (
        f"{HEAD}signers:\n  - name: first\n    role: r\n    public_key: {KEY}\n"
        "    predicates: [bom]\n    namespaces: [a,\n      b]  # two\n«»"
    ),
    "deeper": f"  {HEAD}  signers: []\n«»",
    "windows": f"{HEAD}signers:\n{ONE}«»# end\n".replace("\n", "\r\n"),
    "items-in-braces": f"{HEAD}signers:\n  - {CARD}  # c\n«»# end\n",
    "other-letters": f"# Prüfer 😀 \u2028\n{HEAD}signers:\n{ONE}«»# 終\n",
    "json-empty": '{"apiVersion": "aibom/signers/v1", "signers": [«»]}',
    "json-one": f'{{"apiVersion": "aibom/signers/v1", "signers": [{CARD}«»]}}\n',
    "brackets": f"{HEAD}signers: [{CARD}«»  # c\n  ]\n",
    "brackets-around-a-comment": f"{HEAD}signers: [«»  # nobody yet\n  ]\n",
    "document-marks": f"---\n{HEAD}signers:\n{ONE}«»...\n",
}


@pytest.mark.parametrize("case", TEXTS)
def test_only_the_entry_is_new(desk: Path, case: str) -> None:
    before, _, after = TEXTS[case].partition("«»")[0::1]
    text = before + after
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    addition = planned(desk, signed, text=text)
    old = listed(desk)
    write_addition(addition)
    new = to(desk).read_bytes().decode()
    kept = before.removesuffix("\n") if case.startswith("empty-list") else before
    kept = kept.replace("signers: []", "signers:") if "json" not in case else kept
    assert new.startswith(kept.rstrip())
    assert new.endswith(after)
    (*same, added) = listed(desk)
    assert tuple(same) == old
    assert added.signer.name == signed.name
    assert new.count("\r\n") == (new.count("\n") if case == "windows" else 0)
    for comment in (line for line in text.splitlines() if "#" in line):
        assert comment[comment.index("#") :] in new


def test_a_file_that_is_made(desk: Path) -> None:
    signed = who(desk, by_card(statement()), NOW, roots="policy/ca.pem")
    addition = planned(desk, signed)
    assert not to(desk).exists()
    write_addition(addition)
    assert to(desk).read_text() == (
        "apiVersion: aibom/signers/v1\n"
        "signers:\n"
        '  - name: "dev@acme.example"\n'
        '    role: "pipeline"\n'
        "    certificate:\n"
        '      roots: "ca.pem"\n'
        '      name: "dev@acme.example"\n'
        '    predicates: ["audit"]\n'
        '    namespaces: ["acme/*"]\n'
    )


#: The text before, and what of trust_roots is there afterwards, by name.
ROOTS = {
    "none": (f"{HEAD}signers: []\n", ["root"]),
    "empty": (f"{HEAD}signers: []\ntrust_roots: []\n", ["root"]),
    "another": (
        f"{HEAD}trust_roots:\n  - name: public  # ours\n    embedded: true\n"
        "# those\nsigners: []\n",
        ["public", "root"],
    ),
    "the-same": (
        f"{HEAD}trust_roots: [{{name: acme, file: root.json}}]\nsigners: []\n",
        ["acme"],
    ),
    "the-name-is-taken": (
        f"{HEAD}trust_roots: [{{name: root, embedded: true}}]\nsigners: []\n",
        ["root", "root-2"],
    ),
    "json": ('{"apiVersion": "aibom/signers/v1", "signers": []}', ["root"]),
}


@pytest.mark.parametrize(("text", "names"), ROOTS.values(), ids=ROOTS)
def test_the_trust_root_is_added_if_it_is_not_there(
    desk: Path, job: bytes, text: str, names: list[str]
) -> None:
    to(desk).write_text(text)
    signed = who(desk, job, trust_root="policy/root.json")
    write_addition(planned(desk, signed))
    (signer,) = listed(desk)
    assert isinstance(signer.authority, ByIdentity)
    assert signer.authority.trust_root.name == names[-1]
    written = to(desk).read_text()
    assert [name for name in names if name in written] == names
    for comment in ("# ours", "# those"):
        assert (comment in written) == (comment in text)


def test_lines_that_end_in_an_old_way_are_not_edited(desk: Path) -> None:
    text = f"{HEAD}signers:\n{ONE}trust_roots: []\n".replace("\n", "\r")
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    with pytest.raises(AibomError) as caught:
        planned(desk, signed, text=text)
    assert caught.value.reason == "signers-not-editable"
    assert '  - name: "key ' in caught.value.message
    assert "-----BEGIN PUBLIC KEY-----" in caught.value.message
    assert to(desk).read_bytes() == text.encode()


def test_a_value_that_would_gain_a_line_end_is_not_edited(desk: Path) -> None:
    """The last line of a block of text, in a file that ends in the middle of it."""
    text = (
        f"{HEAD}signers:\n  - name: first\n    role: r\n    predicates: [bom]\n"
        f"    namespaces: [a]\n    {BLOCK_KEY}"
    ).rstrip()
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    with pytest.raises(AibomError) as caught:
        planned(desk, signed, text=text)
    assert caught.value.reason == "signers-not-editable"
    assert to(desk).read_bytes() == text.encode()


HOSTILE = {
    "quotes": 'a", role: "release',
    "line-break": "a\n  - name: b",
    "colon-and-hash": "a: b # c",
    "a-word-of-yaml": "yes",
    "a-date": "2026-11-21",
    "backslash": "a\\nb",
    "not-shown": "a\u202eb\x1b[31m\x7f",
    "astral": "a\U000e0041b",
    "braces": "{a: b}",
    "tag-and-anchor": "!!int &a 1",
}


@pytest.mark.parametrize("shape", ["block", "json"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_text_stays_a_text(desk: Path, text: str, shape: str) -> None:
    if shape == "json":
        to(desk).write_text('{"apiVersion": "aibom/signers/v1", "signers": []}')
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    write_addition(planned(desk, signed, Wanted(text, (text,), name=text)))
    (signer,) = listed(desk)
    assert (signer.signer.name, signer.signer.role) == (text, text)
    assert signer.namespaces == (text,)


def test_a_text_that_yaml_cannot_hold(desk: Path) -> None:
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    with pytest.raises(AibomError) as caught:
        planned(desk, signed, Wanted("base", ("a",), name="a\udcff"))
    assert caught.value.reason == "signers-not-editable"


def test_a_change_while_somebody_was_asked_is_not_lost(desk: Path) -> None:
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    addition = planned(desk, signed, text=f"{HEAD}signers: []\n")
    to(desk).write_text(f"{HEAD}signers: []\n# wait\n")
    with pytest.raises(AibomError) as caught:
        write_addition(addition)
    assert caught.value.reason == "signers-changed"
    assert to(desk).read_text() == f"{HEAD}signers: []\n# wait\n"


def test_a_file_that_appeared_while_somebody_was_asked_is_not_lost(desk: Path) -> None:
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    addition = planned(desk, signed)
    to(desk).write_text(f"{HEAD}signers: []\n")
    with pytest.raises(AibomError) as caught:
        write_addition(addition)
    assert caught.value.reason == "signers-changed"


def test_mode_and_link_stay(desk: Path) -> None:
    kept = desk / "kept.yaml"
    kept.write_text(f"{HEAD}signers: []\n")
    os.chmod(kept, 0o640)
    to(desk).symlink_to(kept)
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    write_addition(planned(desk, signed))
    assert to(desk).is_symlink()
    assert kept.stat().st_mode & 0o777 == 0o640
    assert len(listed(desk)) == 1


def test_a_link_that_leads_nowhere_is_refused(desk: Path) -> None:
    to(desk).symlink_to(desk / "none.yaml")
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    with pytest.raises(AibomError) as caught:
        planned(desk, signed)
    assert caught.value.reason == "path-missing"


def test_a_folder_that_is_not_there(desk: Path) -> None:
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    addition = plan_addition(signed, WANTED, desk / "none" / "signers.yaml")
    with pytest.raises(AibomError) as caught:
        write_addition(addition)
    assert caught.value.reason == "file-not-written"


def test_a_locked_folder_asks_for_a_new_lock(desk: Path) -> None:
    folder = desk / "policy"
    (folder / "policy.yaml").write_text(
        "apiVersion: aibom/policy/v1\nname: a\nversion: '1'\ndata: [signers.yaml]\n"
        "rules:\n  - {id: a, check: bytes-match}\n"
    )
    to(desk).write_text(f"{HEAD}signers: []\n")
    lock_folder(folder)
    signed = who(desk, by_key(statement()), public_key="lab.pub")
    write_addition(planned(desk, signed))
    with pytest.raises(PolicyInvalid) as caught:
        load_folder(folder, require_lock=True)
    assert caught.value.reason == "policy-lock-mismatch"
    lock_folder(folder)
    assert len(load_folder(folder, require_lock=True).signers) == 1
