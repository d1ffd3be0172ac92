"""Whom to believe for one call: exactly who was named, about what they signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from worlds import NOW, key, signing

from aibom.attest.authority import ByIdentity, ByKey
from aibom.attest.bundle import parse_bundle
from aibom.attest.keyless_identity import KeylessIdentity
from aibom.attest.keyless_root import TrustRoot
from aibom.attest.keyless_rules import GITHUB_ISSUER
from aibom.attest.signers import PREDICATES
from aibom.attest.verify import identify
from aibom.errors import AibomError
from aibom.operations.signing.one_off import (
    PUBLIC,
    anybody_with_key,
    anybody_with_rule,
    described_roots,
    github_rule,
    identity_rule,
    trust_root,
)
from aibom.operations.signing.sign import sign_record
from aibom.statement import PROVENANCE_V1, Resource, Statement
from aibom.testing.sigstore import LocalSigstore

ISSUER = "https://accounts.acme.example"
ANNE = "anne@acme.example"
REPO = "https://github.com/acme/trainer"
MAIN = "refs/heads/main"
JOB = f"{REPO}/.github/workflows/train.yml@{MAIN}"


@pytest.fixture(scope="module")
def root_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("root") / "trusted_root.json"
    with LocalSigstore() as sigstore:
        path.write_text(sigstore.trusted_root())
    return path


def refused(work, *arguments) -> AibomError:
    with pytest.raises(AibomError) as found:
        work(*arguments)
    return found.value


# ── rules ────────────────────


def job(*, repository: str | None = REPO, ref: str = MAIN, **changes):
    claims = {"source-repository-ref": ref}
    if repository is not None:
        claims["source-repository-uri"] = repository
    known = {"issuer": GITHUB_ISSUER, "san": JOB, "san_kind": "uri"}
    return KeylessIdentity(**{**known, **changes}, claims=claims)


BRANCH = "refs/heads/evil"
#: name → (workflow and ref that were asked for, whose job it is, what it fails at)
JOBS = {
    "of the repository": ((None, None), {}, None),
    "of the branch": ((None, MAIN), {}, None),
    "the workflow": (("train.yml", MAIN), {}, None),
    "of a fork": (
        (None, None),
        {"repository": "https://github.com/mallory/trainer"},
        "source-repository-not-allowed",
    ),
    "of a look-alike": (
        (None, None),
        {"repository": f"{REPO}-fork"},
        "source-repository-not-allowed",
    ),
    "of another branch": (
        (None, MAIN),
        {"ref": BRANCH},
        "source-ref-not-allowed",
    ),
    "another workflow": (
        ("train.yml", MAIN),
        {"san": JOB.replace("train.yml", "test.yml")},
        "identity-not-allowed",
    ),
    "the workflow of another branch": (
        ("train.yml", MAIN),
        {"san": JOB.replace(MAIN, BRANCH)},
        "identity-not-allowed",
    ),
    "that workflow, called from elsewhere": (
        ("train.yml", MAIN),
        {"repository": "https://github.com/mallory/trainer"},
        "source-repository-not-allowed",
    ),
    "of another forge": ((None, None), {"issuer": ISSUER}, "issuer-not-allowed"),
    "that does not say of which repository": (
        (None, None),
        {"repository": None},
        "source-repository-not-allowed",
    ),
}


@pytest.mark.parametrize(("asked", "changes", "refusal"), JOBS.values(), ids=JOBS)
def test_a_job_of_a_repository(asked, changes, refusal):
    rule = github_rule("acme/trainer", *asked, None)
    assert rule.warning is None
    assert rule.identity_refusal(job(**changes)) == refusal


def test_a_forge_of_ones_own_has_its_own_issuer():
    issuer = "https://forge.acme.example/_services/token"
    rule = github_rule("acme/trainer", None, None, issuer)
    assert rule.identity_refusal(job(issuer=issuer)) is None
    assert rule.identity_refusal(job()) == "issuer-not-allowed"


NO_REPOSITORIES = [
    *("", "acme", "acme/", "/trainer", "acme/trainer/x", "acme//trainer"),
    *("https://github.com/acme/trainer", "acme/*", "*/*", "acme/train er", "a/b\n"),
]


@pytest.mark.parametrize("name", NO_REPOSITORIES, ids=repr)
def test_what_is_no_repository(name):
    error = refused(github_rule, name, None, None, None)
    assert (error.reason, error.exit_code) == ("identity-rule-invalid", 2)


WORKFLOWS = {
    "without its branch": ("train.yml", None),
    "any": ("*", MAIN),
    "of any branch": ("train.yml", "refs/heads/*"),
}


@pytest.mark.parametrize("asked", WORKFLOWS.values(), ids=WORKFLOWS)
def test_a_workflow_that_anybody_could_have_written(asked):
    error = refused(github_rule, "acme/trainer", *asked, None)
    assert (error.reason, error.where) == ("identity-rule-invalid", "--workflow")


def test_an_identity_is_exact():
    rule = identity_rule(ANNE, ISSUER)
    anne = KeylessIdentity(issuer=ISSUER, san=ANNE, san_kind="email")
    assert rule.identity_refusal(anne) is None
    for changes in (
        {"issuer": f"{ISSUER}/"},
        {"san": "anne@acme.example.evil"},
        {"san": "ANNE@acme.example"},
    ):
        other = KeylessIdentity(
            **{"issuer": ISSUER, "san": ANNE, "san_kind": "email", **changes}
        )
        assert rule.identity_refusal(other) is not None


IDENTITIES = {
    "without its issuer": (ANNE, None),
    "an issuer alone": (None, ISSUER),
    "any issuer": (ANNE, "*"),
    "an empty one": ("", ISSUER),
    "an empty issuer": (ANNE, ""),
}


@pytest.mark.parametrize("asked", IDENTITIES.values(), ids=IDENTITIES)
def test_what_is_no_identity(asked):
    error = refused(identity_rule, *asked)
    assert (error.reason, error.exit_code) == ("identity-rule-invalid", 2)


def test_a_star_in_an_identity_is_a_star():
    rule = identity_rule("*@acme.example", ISSUER)
    anne = KeylessIdentity(issuer=ISSUER, san=ANNE, san_kind="email")
    assert rule.identity_refusal(anne) == "identity-not-allowed"


# ── keys ────────────────────


def bundle(folder, role):
    statement = Statement.build(
        [Resource("acme/models/reader", {"sha256": "a" * 64})],
        PROVENANCE_V1,
        {"buildDefinition": {}},
    )
    path = folder / "one.statement.json"
    path.write_bytes(statement.payload)
    return parse_bundle(sign_record(path, signing(role)).read_bytes(), "b.json")


def test_whoever_has_the_key(tmp_path):
    path = tmp_path / "release.pub"
    path.write_text(key("release").public.pem)
    signer = anybody_with_key(path)
    assert isinstance(signer.authority, ByKey)
    assert signer.may_name("whatever/it/is")
    assert (signer.valid_from, signer.valid_until) == (None, None)
    found = identify(bundle(tmp_path, "release"), [signer], NOW)
    assert (found.refusal, found.signer) == (None, signer)
    (tmp_path / "other").mkdir()
    stranger = identify(bundle(tmp_path / "other", "base"), [signer], NOW)
    assert (stranger.refusal, stranger.signer) == ("signer-not-allowed", None)


def test_nobody_becomes_a_verifier_by_that(tmp_path, root_file):
    """A verdict is believed for a signer and a verifier id; here there is none."""
    path = tmp_path / "release.pub"
    path.write_text(key("release").public.pem)
    rule = identity_rule(ANNE, ISSUER)
    for signer in (
        anybody_with_key(path),
        anybody_with_rule(rule, trust_root(str(root_file))),
    ):
        assert not signer.predicates & PREDICATES["verdict"]
        assert signer.verifier_id is None


KEYS = {
    "gone": (None, "path-missing"),
    "no key": ("nothing", "key-unreadable"),
    "empty": ("", "key-unreadable"),
}


@pytest.mark.parametrize(("text", "reason"), KEYS.values(), ids=KEYS)
def test_what_is_no_key(tmp_path, text, reason):
    path = tmp_path / "release.pub"
    if text is not None:
        path.write_text(text)
    assert refused(anybody_with_key, path).reason == reason


def test_a_private_key_is_refused_and_not_shown(tmp_path):
    from aibom.attest.keys import generate

    secret, _ = generate("p256", None)
    path = tmp_path / "release.key"
    path.write_bytes(secret)
    error = refused(anybody_with_key, path)
    assert error.reason == "key-unreadable"
    assert secret.decode().splitlines()[1] not in str(error)


# ── roots ────────────────────


def test_the_root_that_we_carry_and_one_in_a_file(root_file):
    ours, theirs = trust_root(PUBLIC), trust_root(str(root_file))
    assert (ours.name, ours.embedded) == (PUBLIC, True)
    assert ours.root.digest == TrustRoot.embedded().digest
    assert (theirs.name, theirs.embedded) == (str(root_file), False)
    assert theirs.root.data == root_file.read_bytes()


ROOTS = {
    "gone": (None, "path-missing"),
    "no root": (b"{}", "trust-root-invalid"),
    "nothing": (b"", "trust-root-invalid"),
}


@pytest.mark.parametrize(("data", "reason"), ROOTS.values(), ids=ROOTS)
def test_what_is_no_root(tmp_path, data, reason):
    path = tmp_path / "root.json"
    if data is not None:
        path.write_bytes(data)
    assert refused(trust_root, str(path)).reason == reason


def test_each_root_is_told_once_with_its_age(tmp_path, root_file):
    path = tmp_path / "release.pub"
    path.write_text(key("release").public.pem)
    root = trust_root(str(root_file))
    rules = [identity_rule(ANNE, ISSUER), github_rule("acme/trainer", None, None, None)]
    signers = [anybody_with_rule(rule, root) for rule in rules]
    assert all(isinstance(signer.authority, ByIdentity) for signer in signers)
    assert described_roots((anybody_with_key(path),), NOW) == ()
    later = datetime.now(UTC) + timedelta(days=100)
    (told,) = described_roots((*signers, anybody_with_key(path)), later)
    assert told.startswith(f"trust root {root_file}: {root_file}, sha256:")
    assert f"sha256:{root.root.digest[:16]}…, newest key " in told
    assert f"({root.root.age(later).days} days old)" in told
    assert len(described_roots((*signers, public_signer()), later)) == 2


def public_signer():
    return anybody_with_rule(identity_rule(ANNE, ISSUER), trust_root(PUBLIC))
