"""Somebody gets a genuine certificate, for an identity that is not the one asked for.

Certificates are cheap: everybody gets one, in their own name. So the questions are
whose name it is, from which job it came, which Sigstore says so, and when. Each wrong
answer has its own reason. ``lab`` may say everything, of ``acme/lab-*`` only.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_world import call
from keyless_worlds import (
    GITHUB,
    MAIN,
    MODEL,
    ROLES,
    KeylessWorld,
    QuickSigner,
    github_job,
    opened_world,
)
from worlds import key as key_of
from worlds import measured, payload_of, signing, write_report

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.errors import AibomError, PolicyInvalid, UsageError
from aibom.lineage.nodes import Kind
from aibom.operations.audit import record_audit
from aibom.operations.evidence import collect
from aibom.operations.policies.folder import load_folder
from aibom.operations.signing.sign import sign_artifact
from aibom.statement import to_json
from aibom.testing.sigstore import GITHUB_ISSUER, LocalSigstore

Change = Callable[[KeylessWorld], object]
Document = dict[str, Any]

DAY = timedelta(days=1)
RELEASE = github_job("acme/trainer", "release.yml").removeprefix(f"{GITHUB}/")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeylessWorld]:
    yield from opened_world(tmp_path_factory.mktemp("keyless"))


@pytest.fixture
def world(pristine: KeylessWorld, tmp_path: Path) -> KeylessWorld:
    return pristine.copy(tmp_path / "world")


@pytest.fixture(scope="module")
def theirs() -> Iterator[LocalSigstore]:
    """A Sigstore that an attacker runs: it says whatever they like of anybody."""
    with LocalSigstore() as sigstore:
        yield sigstore


def refused(world: KeylessWorld, now: datetime | None = None) -> AibomError:
    """The error of a world that must not verify; the gate agrees with it."""
    with pytest.raises(AibomError) as caught:
        world.verify(now=now)
    verdict = world.gate(now)
    assert (verdict.exit_code, verdict.reason) == (11, caught.value.reason)
    return caught.value


# ── who ────────────────────


def signed(role: str = "release", **how: Any) -> Change:
    return lambda world: world.sign_model(role, **how)


def called_by(repository: str, **claims: Any) -> Change:
    """The release workflow of acme as a reusable one, called from elsewhere."""
    called = {"job_workflow_ref": RELEASE, **claims}
    return signed(repository=repository, claims=called)


#: how the model's BOM is signed → reason, or None where it is allowed
IDENTITIES: dict[str, tuple[Change, str | None]] = {
    "the-release-job": (signed(), None),
    "the-release-job-rekor-v1": (signed(mode="v1"), None),
    "the-release-job-rekor-v1-stamped": (signed(mode="v1-tsa"), None),
    "another-workflow": (signed(workflow="evil.yml"), "identity-not-allowed"),
    "look-alike-workflow": (signed(workflow="release.yaml"), "identity-not-allowed"),
    "workflow-in-another-case": (
        signed(workflow="Release.yml"),
        "identity-not-allowed",
    ),
    "branch": (signed(ref="refs/heads/dev"), "identity-not-allowed"),
    "tag-of-that-name": (signed(ref="refs/tags/main"), "identity-not-allowed"),
    "pull-request": (signed(ref="refs/pull/7/merge"), "identity-not-allowed"),
    "branch-that-ends-so": (
        signed(ref=f"refs/heads/x@{MAIN}"),
        "identity-not-allowed",
    ),
    "fork": (signed(repository="eve/trainer"), "identity-not-allowed"),
    "look-alike-owner": (signed(repository="acme-x/trainer"), "identity-not-allowed"),
    "owner-in-another-case": (
        signed(repository="Acme/trainer"),
        "identity-not-allowed",
    ),
    "stranger": (signed("stranger"), "identity-not-allowed"),
    "reusable-called-by-a-stranger": (
        called_by("eve/x"),
        "source-repository-not-allowed",
    ),
    "reusable-called-by-a-look-alike": (
        called_by("acme/trainer-x"),
        "source-repository-not-allowed",
    ),
    "reusable-called-by-a-sibling": (
        called_by("acme/base"),
        "source-repository-not-allowed",
    ),
    "reusable-called-from-a-branch": (
        called_by("acme/trainer", ref="refs/heads/dev"),
        "source-ref-not-allowed",
    ),
    "reusable-called-from-a-pull-request": (
        called_by("acme/trainer", ref="refs/pull/7/merge"),
        "source-ref-not-allowed",
    ),
    "self-hosted": (
        signed(claims={"runner_environment": "self-hosted"}),
        "runner-not-allowed",
    ),
    "runner-in-another-case": (
        signed(claims={"runner_environment": "GitHub-Hosted"}),
        "runner-not-allowed",
    ),
    "who-signs-records-only": (signed("pipeline"), "predicate-not-allowed"),
    "who-signs-records-by-gitlab": (signed("data"), "predicate-not-allowed"),
    "who-audits": (signed("auditor"), "predicate-not-allowed"),
    "who-owns-the-base": (signed("base"), "namespace-not-allowed"),
    "who-may-all-of-another-namespace": (signed("lab"), "namespace-not-allowed"),
    "nobody-of-the-same-provider": (
        signed("lab", email="eve@evil.test"),
        "identity-not-allowed",
    ),
    "mailbox-with-a-suffix": (
        signed("lab", email="lab@acme.example.evil.test"),
        "identity-not-allowed",
    ),
    "mailbox-with-a-prefix": (
        signed("lab", email="x-lab@acme.example"),
        "identity-not-allowed",
    ),
    "mailbox-in-another-case": (
        signed("lab", email="LAB@acme.example"),
        "identity-not-allowed",
    ),
    "another-gitlab-project": (
        signed("data", project="eve/corpus"),
        "identity-not-allowed",
    ),
    "another-gitlab-branch": (signed("data", ref="dev"), "identity-not-allowed"),
}


@pytest.mark.parametrize(("change", "reason"), IDENTITIES.values(), ids=IDENTITIES)
def test_identities(world: KeylessWorld, change: Change, reason: str | None) -> None:
    change(world)
    if reason is None:
        assert world.verify().signed_as.startswith(GITHUB)
        assert world.gate().exit_code == 0
        return
    error = refused(world)
    assert error.reason == reason
    assert str(error.where).startswith(str(world.model / "aibom."))


def test_the_refusal_says_who_signed(world: KeylessWorld) -> None:
    world.sign_model("lab", email="eve@evil.test")
    assert "eve@evil.test" in refused(world).message


# ── a rule that says less than it seems to ────────────────────


def forget_the_repository(world: KeylessWorld) -> None:
    def edit(rule: Document) -> None:
        for name in ("source_repository", "source_ref"):
            del rule[name]

    world.edit_rule("release", edit)


def test_a_reusable_workflow_is_accepted_with_a_warning(world: KeylessWorld) -> None:
    """Only the name of the workflow is asked for, so whoever calls it has that name."""
    forget_the_repository(world)
    called_by("eve/x")(world)
    verified = world.verify()
    assert "for repository https://github.com/eve/x" in verified.signed_as
    verdict = world.gate()
    assert verdict.exit_code == 0
    (warning,) = verdict.warnings
    assert "acme release" in warning
    assert "reusable workflow" in warning
    ran = call(
        *("verify", "model", "--signers", "verifier/signers.yaml"),
        *("--evidence", "evidence"),
        cwd=world.root,
    )
    assert ran.code == 0
    assert "source_repository" in ran.err
    decided = call(
        *("gate", "model", "--policy", "verifier", "--evidence", "evidence"),
        cwd=world.root,
    )
    assert decided.code == 0
    assert "source_repository" in " ".join(decided.out.split())
    assert "source_repository" in call("policy", "lint", "verifier", cwd=world.root).err


def test_a_rule_with_the_repository_has_no_warning(world: KeylessWorld) -> None:
    assert load_folder(world.verifier, require_lock=True).warnings == ()


HOME = f"{GITHUB}/acme/trainer/.github/workflows"
#: identity_pattern → whether the release job fits it
PATTERNS = {
    "any-workflow": (f"{HOME}/*@{MAIN}", True),
    "any-branch": (f"{HOME}/release.yml@refs/heads/*", True),
    "any-repository": (f"{GITHUB}/acme/*/.github/workflows/release.yml@{MAIN}", True),
    "prefix": (f"{HOME}/release.yml", False),
    "prefix-starred": (f"{GITHUB}/acme/*", False),
    "suffix": (f"*@{MAIN}", False),
    "everything": ("*", False),
    "without-a-scheme": (f"*/*/*/*/*/*/*@{MAIN}", False),
    "regular-expression": (f"{HOME}/.*@{MAIN}", False),
    "another-case": (f"{GITHUB}/Acme/*/.github/workflows/release.yml@{MAIN}", False),
    "trailing-newline": (f"{HOME}/*@{MAIN}\n", False),
}


@pytest.mark.parametrize(("pattern", "fits"), PATTERNS.values(), ids=PATTERNS)
def test_patterns_are_anchored(world: KeylessWorld, pattern: str, fits: bool) -> None:
    def edit(rule: Document) -> None:
        del rule["identity"]
        rule["identity_pattern"] = pattern

    world.edit_rule("release", edit)
    if fits:
        assert world.gate().exit_code == 0
    else:
        assert refused(world).reason == "identity-not-allowed"


#: workflows and refs that a pattern for release workflows on main must not let in
OUTSIDERS = {
    "branch-with-an-at": {"ref": f"refs/heads/evil@{MAIN}"},
    "branch-with-a-slash": {"ref": f"refs/heads/x/{MAIN}"},
    "another-repository": {"repository": "eve/trainer"},
    "another-owner-below": {"repository": "acme/x"},
}


@pytest.mark.parametrize("how", OUTSIDERS.values(), ids=OUTSIDERS)
def test_what_a_pattern_keeps_out(world: KeylessWorld, how: Document) -> None:
    def edit(rule: Document) -> None:
        del rule["identity"]
        rule["identity_pattern"] = f"{HOME}/*@{MAIN}"

    world.edit_rule("release", edit)
    world.sign_model(**how)
    assert refused(world).reason == "identity-not-allowed"


def anybody(**members: str) -> Callable[[Document], object]:
    """Nothing but patterns."""

    def edit(rule: Document) -> None:
        kept = {name: rule[name] for name in ("issuer", "trust_root")}
        rule.clear()
        rule.update(kept, **members)

    return edit


def test_any_repository_is_as_good_as_none(world: KeylessWorld) -> None:
    """Filled in so that the warning goes away: it does not."""
    anywhere = f"{GITHUB}/*/*"
    world.edit_rule("release", lambda r: r.update(source_repository=anywhere))
    (warning,) = load_folder(world.verifier, require_lock=True).warnings
    assert "reusable workflow" in warning


#: an `identity:` that would accept strangers → the words of the refusal
UNUSABLE: dict[str, tuple[Callable[[Document], object], str]] = {
    "no-issuer": (lambda r: r.pop("issuer"), "issuer"),
    "any-issuer": (lambda r: r.update(issuer="*"), "issuer"),
    "nobody": (
        lambda r: [r.pop(n) for n in ("identity", "source_repository")],
        "neither an identity",
    ),
    "both": (lambda r: r.update(identity_pattern="*"), "either an identity"),
    "any-repository": (anybody(source_repository=f"{GITHUB}/*/*"), "fits anybody"),
    "any-host": (anybody(source_repository="https://*/acme/x"), "fits anybody"),
    "any-mailbox": (anybody(identity_pattern="*@*"), "fits anybody"),
    "any-owner": (
        anybody(identity_pattern=f"{GITHUB}/*/*/.github/workflows/*@{MAIN}"),
        "fits anybody",
    ),
    "no-root": (lambda r: r.pop("trust_root"), "trust_root"),
    "unknown-root": (lambda r: r.update(trust_root="lokal"), "local"),
    "misspelt": (lambda r: r.update(source_repo="x"), "source_repo"),
    "number": (lambda r: r.update(identity=7), "identity"),
}


@pytest.mark.parametrize(("edit", "says"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_rule_that_cannot_be_used_is_not_skipped(
    world: KeylessWorld, edit: Callable[[Document], object], says: str
) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        world.edit_rule("release", edit)
    assert caught.value.exit_code == 2
    assert says in str(caught.value)


# ── a key is no identity, and an identity no key ────────────────────


def with_a_key(world: KeylessWorld) -> None:
    """The person who may sign as an identity has a key as well, and uses that."""
    sign_artifact(world.model, signing("release"))


def keys_only(document: Document) -> None:
    """The same people, by their keys."""
    document["trust_roots"] = []
    for entry in document["signers"]:
        del entry["identity"]
        entry["public_key"] = key_of(entry["role"]).public.pem


def key_of_another_role(document: Document) -> None:
    """The release's key is listed, for audits only; their identity stays for BOMs."""
    document["signers"].append(
        {
            "name": "acme release's key",
            "role": "auditor",
            "public_key": key_of("release").public.pem,
            "predicates": ["audit"],
            "namespaces": ["acme/*/*"],
        }
    )


def test_a_key_where_an_identity_is_asked_for(world: KeylessWorld) -> None:
    with_a_key(world)
    assert refused(world).reason == "signer-not-allowed"


def test_an_identity_where_keys_are_listed(world: KeylessWorld) -> None:
    world.edit_yaml("signers.yaml", keys_only)
    error = refused(world)
    assert (error.reason, error.where) == ("signer-not-allowed", str(world.bundle))


def test_a_key_that_is_listed_for_something_else(world: KeylessWorld) -> None:
    world.edit_yaml("signers.yaml", key_of_another_role)
    with_a_key(world)
    assert refused(world).reason == "predicate-not-allowed"


def test_the_key_of_a_certificate_does_not_stand_for_its_identity(
    world: KeylessWorld,
) -> None:
    """The right certificate's key is called the hint of a key bundle."""
    document = json.loads(world.bundle.read_bytes())
    document["verificationMaterial"] = {"publicKey": {"hint": "release"}}
    world.bundle.write_bytes(to_json(document))
    assert refused(world).reason == "signer-not-allowed"


def both_materials(document: Document) -> None:
    hint = key_of("release").public.hint
    document["verificationMaterial"]["publicKey"] = {"hint": hint}


def as_a_chain(document: Document) -> None:
    """Without a log, as a certificate of some authority."""
    material = document["verificationMaterial"]
    certificate = material.pop("certificate")
    del material["tlogEntries"]
    material["x509CertificateChain"] = {"certificates": [certificate]}


def without_a_log(document: Document) -> None:
    document["verificationMaterial"]["tlogEntries"] = []


FORMS: dict[str, tuple[Callable[[Document], object], str]] = {
    "key-and-certificate": (both_materials, "bundle-unsupported"),
    "certificate-without-its-log": (without_a_log, "bundle-malformed"),
    "certificate-as-a-chain": (as_a_chain, "signer-not-allowed"),
}


@pytest.mark.parametrize(("edit", "reason"), FORMS.values(), ids=FORMS)
def test_one_kind_of_bundle_passed_off_as_another(
    world: KeylessWorld, edit: Callable[[Document], object], reason: str
) -> None:
    change_bundle(world, edit)
    assert refused(world).reason == reason


# ── parts of genuine bundles, put together ────────────────────


def change_bundle(world: KeylessWorld, edit: Callable[[Document], object]) -> None:
    document = json.loads(world.bundle.read_bytes())
    edit(document)
    world.bundle.write_bytes(to_json(document))


def another_bundle(world: KeylessWorld, role: str, mode: str) -> Document:
    """The same statement, signed by somebody else, or by the same job once more."""
    payload = parse_bundle(world.bundle.read_bytes(), "").payload
    return world.signing(role, mode=mode).sign(payload)


def flipped(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[-1] ^= 1
    return base64.b64encode(data).decode()


def entry_of(document: Document) -> Document:
    found: Document = document["verificationMaterial"]["tlogEntries"][0]
    return found


def take(part: str, role: str) -> Callable[[KeylessWorld, Document, str], object]:
    """A part of the verification material of another genuine bundle."""

    def change(world: KeylessWorld, document: Document, mode: str) -> None:
        other = another_bundle(world, role, mode)["verificationMaterial"]
        document["verificationMaterial"][part] = other[part]

    return change


def take_signature(world: KeylessWorld, document: Document, mode: str) -> None:
    other = another_bundle(world, "release", mode)["dsseEnvelope"]
    document["dsseEnvelope"]["signatures"] = other["signatures"]


def take_checkpoint(world: KeylessWorld, document: Document, mode: str) -> None:
    other = entry_of(another_bundle(world, "release", mode))["inclusionProof"]
    entry_of(document)["inclusionProof"]["checkpoint"] = other["checkpoint"]


def change_checkpoint(_world: KeylessWorld, document: Document, _mode: str) -> None:
    held = entry_of(document)["inclusionProof"]["checkpoint"]
    held["envelope"] = held["envelope"].replace("\n", "\n1", 1)


def change_root_hash(_world: KeylessWorld, document: Document, _mode: str) -> None:
    proof = entry_of(document)["inclusionProof"]
    proof["rootHash"] = flipped(proof["rootHash"])


def change_stamp(_world: KeylessWorld, document: Document, _mode: str) -> None:
    stamps = document["verificationMaterial"]["timestampVerificationData"]
    (stamp,) = stamps["rfc3161Timestamps"]
    stamp["signedTimestamp"] = flipped(stamp["signedTimestamp"])


def drop_stamp(_world: KeylessWorld, document: Document, _mode: str) -> None:
    del document["verificationMaterial"]["timestampVerificationData"]


def payload_of_base(world: KeylessWorld, document: Document, _mode: str) -> None:
    other = json.loads(world.upstream("base").read_bytes())
    document["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"]


STAMPS = "timestampVerificationData"
#: what is done to the bundle, in which mode → reason
PARTS = {
    "certificate-of-a-stranger": (
        take("certificate", "stranger"),
        "v2-tsa",
        "signature-invalid",
    ),
    "certificate-of-the-same-job": (
        take("certificate", "release"),
        "v2-tsa",
        "signature-invalid",
    ),
    "signature-of-the-same-job": (take_signature, "v2-tsa", "signature-invalid"),
    "payload-of-the-base": (payload_of_base, "v1", "signature-invalid"),
    "log-entry-of-a-stranger": (
        take("tlogEntries", "stranger"),
        "v2-tsa",
        "log-proof-invalid",
    ),
    "log-entry-of-the-same-job": (
        take("tlogEntries", "release"),
        "v2-tsa",
        "log-proof-invalid",
    ),
    "log-entry-of-the-same-job-v1": (
        take("tlogEntries", "release"),
        "v1",
        "log-proof-invalid",
    ),
    "timestamp-of-another": (take(STAMPS, "release"), "v2-tsa", "timestamp-invalid"),
    "timestamp-of-another-v1": (
        take(STAMPS, "release"),
        "v1-tsa",
        "timestamp-invalid",
    ),
    "checkpoint-of-a-later-log": (take_checkpoint, "v2-tsa", "log-proof-invalid"),
    "checkpoint-changed": (change_checkpoint, "v2-tsa", "log-proof-invalid"),
    "checkpoint-changed-v1": (change_checkpoint, "v1", "log-proof-invalid"),
    "root-hash-changed": (change_root_hash, "v2-tsa", "log-proof-invalid"),
    "timestamp-changed": (change_stamp, "v2-tsa", "timestamp-invalid"),
    "timestamp-changed-v1": (change_stamp, "v1-tsa", "timestamp-invalid"),
    "timestamp-gone": (drop_stamp, "v2-tsa", "no-trusted-time"),
}


@pytest.mark.parametrize(("change", "mode", "reason"), PARTS.values(), ids=PARTS)
def test_parts_of_genuine_bundles(
    world: KeylessWorld,
    change: Callable[[KeylessWorld, Document, str], object],
    mode: str,
    reason: str,
) -> None:
    world.sign_model(mode=mode)
    assert world.gate().exit_code == 0
    change_bundle(world, lambda document: change(world, document, mode))
    assert refused(world).reason == reason


# ── which Sigstore ────────────────────


def as_told_by(sigstore: LocalSigstore, world: KeylessWorld) -> None:
    """Signed by the release job, if one believes that Sigstore."""
    token = ROLES["release"].token(sigstore)
    sign_artifact(world.model, QuickSigner(sigstore, token))


def name_root(world: KeylessWorld, name: str, text: str, **more: str) -> None:
    (world.verifier / f"{name}.json").write_text(text)

    def edit(document: Document) -> None:
        roots = [r for r in document["trust_roots"] if r["name"] != name]
        entry = {"name": name, "file": f"{name}.json", **more}
        document["trust_roots"] = [*roots, entry]

    world.edit_yaml("signers.yaml", edit)


def test_another_sigstore_says_the_right_name(
    world: KeylessWorld, theirs: LocalSigstore
) -> None:
    as_told_by(theirs, world)
    assert refused(world).reason == "wrong-trust-root"


def test_a_sigstore_that_is_known_for_others_only(
    world: KeylessWorld, theirs: LocalSigstore
) -> None:
    """Whoever runs it is believed of ``lab``; not of the release job."""
    name_root(world, "theirs", theirs.trusted_root())
    world.edit_rule("lab", lambda r: r.update(trust_root="theirs", issuer=theirs.url))
    as_told_by(theirs, world)
    assert refused(world).reason == "issuer-not-allowed"


def test_the_root_of_another_instance(
    world: KeylessWorld, theirs: LocalSigstore
) -> None:
    (world.verifier / "root.json").write_text(theirs.trusted_root())
    with pytest.raises(PolicyInvalid) as caught:
        world.gate()
    assert (caught.value.reason, caught.value.exit_code) == ("policy-lock-mismatch", 2)
    world.lock()
    assert refused(world).reason == "wrong-trust-root"


@pytest.mark.parametrize("part", ["tlogs", "timestampAuthorities"])
def test_an_older_root_of_the_same_instance_is_no_obstacle(
    world: KeylessWorld, theirs: LocalSigstore, part: str
) -> None:
    """The old root does not know the new log yet; the new one does, and is listed."""
    old = json.loads(world.sigstore.trusted_root())
    old[part] = json.loads(theirs.trusted_root())[part]
    name_root(world, "old", json.dumps(old))

    def first(document: Document) -> None:
        document["trust_roots"].reverse()
        document["signers"].insert(
            0,
            {
                **document["signers"][4],
                "name": "acme release, until the keys changed",
                "identity": {**ROLES["release"].rule(world.sigstore)}
                | {"trust_root": "old"},
            },
        )

    world.edit_yaml("signers.yaml", first)
    verified = world.verify()
    assert verified.signer is not None
    assert verified.signer.name == "acme release"


def test_a_broken_bundle_is_no_better_with_two_roots(
    world: KeylessWorld, theirs: LocalSigstore
) -> None:
    name_root(world, "theirs", theirs.trusted_root())
    world.edit_rule("lab", lambda r: r.update(trust_root="theirs", issuer=theirs.url))
    change_bundle(world, lambda document: change_stamp(world, document, ""))
    assert refused(world).reason == "timestamp-invalid"


#: how long ago the root was checked, of 180 days → whether it still counts
AGES = {"fresh": (0, True), "at-its-end": (179, True), "stale": (181, False)}


@pytest.mark.parametrize(("days", "counts"), AGES.values(), ids=AGES)
def test_a_root_that_nobody_has_compared_for_long(
    world: KeylessWorld, days: int, counts: bool
) -> None:
    checked = f"{datetime.now(UTC) - days * DAY:%Y-%m-%dT%H:%M:%SZ}"
    text = world.sigstore.trusted_root()
    (world.verifier / "local.json").write_text(text)
    name_root(world, "local", text, checked_on=checked, max_age="180d")
    if counts:
        assert world.gate().exit_code == 0
        assert world.gate(datetime.now(UTC) + 200 * DAY).reason == "trust-root-stale"
    else:
        assert refused(world).reason == "trust-root-stale"


# ── when ────────────────────


def window(**members: str) -> Change:
    return lambda world: world.edit_signer("release", lambda e: e.update(members))


def day(number: int) -> str:
    """A day from now. Tables are made when this file is imported, maybe yesterday.

    So what has to lie in the future when a test runs is at least two days ahead.
    """
    return f"{datetime.now(UTC) + number * DAY:%Y-%m-%d}"


#: validity of the release, days from now until the evaluation → reason
TIMES: dict[str, tuple[Change, int, str | None]] = {
    "valid": (window(valid_from=day(-1), valid_until=day(2)), 0, None),
    "expired-since-it-signed": (window(valid_until=day(2)), 400, None),
    "expired-before-it-signed": (window(valid_until=day(-1)), 0, "signer-expired"),
    "expired-before-it-signed-long-ago": (
        window(valid_until=day(-1)),
        400,
        "signer-expired",
    ),
    "valid-since-it-signed": (window(valid_from=day(2)), 400, "signer-expired"),
    "not-yet-signed-by-an-expired-one": (
        window(valid_until=day(-1)),
        -30,
        "signed-in-future",
    ),
}


@pytest.mark.parametrize(("change", "days", "reason"), TIMES.values(), ids=TIMES)
def test_validity_is_judged_at_the_time_of_signing(
    world: KeylessWorld, change: Change, days: int, reason: str | None
) -> None:
    change(world)
    now = datetime.now(UTC) + days * DAY
    if reason is None:
        assert world.gate(now).exit_code == 0
    else:
        assert refused(world, now).reason == reason


def test_a_clock_a_little_behind_does_not_matter(world: KeylessWorld) -> None:
    world.sign_model()
    assert world.gate(datetime.now(UTC) - timedelta(minutes=2)).exit_code == 0


def test_a_past_effective_time_is_refused_by_the_command_line(
    world: KeylessWorld,
) -> None:
    past = ("--effective-time", day(-30))
    words = ("gate", "model", "--policy", "verifier", "--evidence", "evidence", *past)
    ran = call(*words, cwd=world.root)
    assert (ran.code, "[effective-time-past]" in ran.err) == (2, True)


#: what asks about a time before anything was signed
ASKING: dict[str, tuple[str, ...]] = {
    "gate": ("gate", "model", "--policy", "verifier", "--allow-past"),
    "check": ("check", "model/aibom.cdx.json", "--policy", "verifier", "--allow-past"),
    "verify": ("verify", "model", "--signers", "verifier/signers.yaml"),
}


@pytest.mark.parametrize("words", ASKING.values(), ids=ASKING)
def test_no_time_lies_before_what_was_signed(
    world: KeylessWorld, words: tuple[str, ...]
) -> None:
    """Otherwise what was signed since, as an audit that failed, would disappear."""
    past = ("--evidence", "evidence", "--effective-time", day(-30))
    ran = call(*words, *past, cwd=world.root)
    assert (ran.code, "[effective-time-before-evidence]" in ran.err) == (2, True)


#: who signs an audit of the model → what becomes of it a day before
LATE = {
    "auditor": None,
    "lab": "signed-in-future",
    "release": "signed-in-future",
    "stranger": "identity-not-allowed",
}


@pytest.mark.parametrize(("role", "refusal"), LATE.items(), ids=LATE)
def test_only_who_would_be_believed_keeps_a_time_from_being_asked(
    world: KeylessWorld, tmp_path: Path, role: str, refusal: str | None
) -> None:
    """Whoever can put a file into the evidence cannot stop a gate with it."""
    (found,) = (world.evidence / "audits").glob("*.sigstore.json")
    late = tmp_path / "late"
    late.mkdir()
    bundle = world.signing(role).sign(payload_of(found))
    (late / found.name).write_bytes(to_json(bundle))
    now = datetime.now(UTC) - DAY
    if refusal is not None:
        (item,) = collect([late], world.signers(), now).items
        assert (item.trusted, item.refusal) == (False, refusal)
        return
    with pytest.raises(UsageError) as caught:
        collect([late], world.signers(), now)
    assert caught.value.reason == "effective-time-before-evidence"
    assert collect([late], world.signers(), datetime.now(UTC)).items[0].trusted


# ── other evidence: what does not count is a claim ────────────────────


def audit(world: KeylessWorld, signer: Any) -> str:
    """What the gate makes of an audit of the model by this signer."""
    accuracy = [measured("accuracy", 600, 600)]
    report = write_report(world.root / "again.json", "holdout-test", accuracy)
    path = record_audit(
        report,
        world.model,
        name=MODEL,
        kind=Kind.MODEL,
        examined_on=datetime.now(UTC),
        output=world.evidence / "more",
        signer=signer,
    )
    items = {i.location: i for i in world.verify().evidence.items}
    found = items[f"evidence/more/{path.name}"]
    assert found.trusted == (found.refusal is None)
    return str(found.refusal)


#: who audits → why it is a claim; None where it counts
AUDITS: dict[str, tuple[Callable[[KeylessWorld], Any], str]] = {
    "auditor": (lambda w: w.signing("auditor"), "None"),
    "release": (lambda w: w.signing("release"), "predicate-not-allowed"),
    "lab": (lambda w: w.signing("lab"), "namespace-not-allowed"),
    "stranger": (lambda w: w.signing("stranger"), "identity-not-allowed"),
    "mailbox": (
        lambda w: w.signing("auditor", email="auditor@audit.example.evil.test"),
        "identity-not-allowed",
    ),
    "key": (lambda _: signing("auditor"), "signer-not-allowed"),
}


@pytest.mark.parametrize(("signer", "refusal"), AUDITS.values(), ids=AUDITS)
def test_audits(
    world: KeylessWorld, signer: Callable[[KeylessWorld], Any], refusal: str
) -> None:
    assert audit(world, signer(world)) == refusal


def test_an_audit_by_another_sigstore(
    world: KeylessWorld, theirs: LocalSigstore
) -> None:
    token = ROLES["auditor"].token(theirs)
    assert audit(world, QuickSigner(theirs, token)) == "wrong-trust-root"


def test_a_stranger_cannot_end_the_run_with_their_own_bundles(
    world: KeylessWorld, theirs: LocalSigstore
) -> None:
    """Another Sigstore's bundle that is broken says nothing about ours."""
    before = world.gate()
    payload = parse_bundle(world.bundle.read_bytes(), "").payload
    document = QuickSigner(theirs, theirs.github_token()).sign(payload)
    change_root_hash(world, document, "")
    (world.evidence / "theirs.sigstore.json").write_bytes(to_json(document))
    after = world.gate()
    assert (after.exit_code, after.results) == (0, before.results)


def test_a_bundle_of_ours_that_is_broken_ends_the_run(world: KeylessWorld) -> None:
    (path,) = (world.evidence / "audits").iterdir()
    document = json.loads(path.read_bytes())
    change_root_hash(world, document, "")
    path.write_bytes(to_json(document))
    error = refused(world)
    assert error.reason == "log-proof-invalid"
    assert "evidence/audits" in str(error.where)


def test_somebody_who_may_say_everything_of_their_own_things(
    world: KeylessWorld,
) -> None:
    """The lab signs the model's record in place of its pipeline."""
    (path,) = (world.evidence / "records/pipeline").iterdir()
    world.resign(path, "lab")
    verdict = world.gate()
    assert verdict.exit_code == 3
    assert "step-record-untrusted" in {r.reason for r in verdict.blocking}


def test_a_statement_of_another_type_by_the_right_job(world: KeylessWorld) -> None:
    def edit(document: Document) -> None:
        document["predicateType"] = "https://slsa.dev/provenance/v1"

    world.sign_statement(edit)
    assert refused(world).reason == "predicate-not-allowed"


def test_a_key_bundle_of_an_evidence_file_is_a_claim(world: KeylessWorld) -> None:
    (path,) = (world.evidence / "records/pipeline").iterdir()
    payload = parse_bundle(path.read_bytes(), "").payload
    path.write_bytes(to_json(make_bundle(payload, key_of("pipeline"))))
    assert "step-record-untrusted" in {r.reason for r in world.gate().blocking}


def test_the_issuer_counts_as_much_as_the_name(world: KeylessWorld) -> None:
    """GitHub's name for a job, from a provider who is not GitHub."""
    world.edit_rule("release", lambda r: r.update(issuer=f"{GITHUB_ISSUER}/x"))
    assert refused(world).reason == "identity-not-allowed"
