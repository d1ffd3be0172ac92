"""signers.yaml: whatever is wrong in it is found, all of it, with a suggestion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from certificates import root
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jsonschema import Draft202012Validator

from aibom.attest.authority import ByCertificate, ByIdentity, ByKey
from aibom.attest.keyless_root import TrustRoot
from aibom.attest.keyless_rules import GITHUB_ISSUER
from aibom.attest.keys import generate
from aibom.attest.signers import (
    PREDICATES,
    AllowedSigner,
    read_signers,
    signer_warnings,
)
from aibom.errors import InputError, PolicyInvalid
from aibom.resources import read_schema

PEM = generate("p256", None)[1].decode()
OTHER_PEM = generate("ed25519", None)[1].decode()
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RSA_PEM = (
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


def entry(**members: Any) -> dict[str, Any]:
    return {
        "name": "release",
        "role": "release",
        "public_key": PEM,
        "predicates": ["bom"],
        "namespaces": ["acme/*"],
        **members,
    }


def document(*entries: dict[str, Any], **top: Any) -> dict[str, Any]:
    return {"apiVersion": "aibom/signers/v1", "signers": list(entries), **top}


def one(**members: Any) -> AllowedSigner:
    (signer,) = read_signers(document(entry(**members)), "signers.yaml")
    return signer


def left_out(name: str) -> dict[str, Any]:
    found = entry()
    del found[name]
    return found


@cache
def files() -> dict[str, bytes]:
    """What lies beside signers.yaml."""
    authority = root()
    return {
        "root.json": TrustRoot.embedded().data,
        "ca.pem": authority.pem,
        "leaf.pem": authority.leaf().pem,
        "tsa.pem": root("Time").pem,
        "empty.json": b"{}",
        "text.txt": b"hello",
        "advisories.yaml": TrustRoot.embedded().data,
    }


def read_file(name: str) -> bytes:
    """A folder that is flat, as that of a verifier."""
    if name not in files():
        raise InputError("does not exist", reason="path-missing", where=name)
    return files()[name]


def read(value: Any) -> tuple[AllowedSigner, ...]:
    return read_signers(value, "signers.yaml", read_file)


def without_key(**members: Any) -> dict[str, Any]:
    found = entry(**members)
    del found["public_key"]
    return found


PUBLIC = {"name": "public", "embedded": True}
PRIVATE = {"name": "acme", "file": "root.json"}
JOB = "https://github.com/acme/trainer/.github/workflows/train.yml@refs/heads/main"
RULE = {
    "issuer": GITHUB_ISSUER,
    "identity": JOB,
    "source_repository": "https://github.com/acme/trainer",
    "source_ref": "refs/heads/main",
    "runner_environment": "github-hosted",
    "trust_root": "public",
}


def identity(*, gone: tuple[str, ...] = (), **members: Any) -> dict[str, Any]:
    """A document with one identity; ``gone`` names members that are left out."""
    rule = {k: v for k, v in {**RULE, **members}.items() if k not in gone}
    return document(without_key(identity=rule), trust_roots=[PUBLIC, PRIVATE])


def certificate(**members: Any) -> dict[str, Any]:
    held = {"roots": "ca.pem", "name": "dev@acme.example", **members}
    return document(without_key(certificate=held))


def roots(*entries: Any) -> dict[str, Any]:
    return document(entry(), trust_roots=list(entries))


VALID: dict[str, Any] = {
    "nobody": document(),
    "nobody-and-no-roots": document(trust_roots=[]),
    "key": document(entry()),
    "key-with-timestamps": document(entry(timestamp_roots="tsa.pem")),
    "key-with-a-window": document(
        entry(valid_from="2026-01-01", valid_until="2027-01-01T00:00:00+01:00")
    ),
    "model-signature": document(entry(predicates=["model-signature"])),
    "verdict": document(
        entry(predicates=["verdict"], verifier_id="https://acme.example/gate")
    ),
    "every-predicate": document(
        entry(predicates=list(PREDICATES), verifier_id="https://acme.example/gate")
    ),
    "identity": identity(),
    "identity-of-a-private-sigstore": identity(trust_root="acme"),
    "identity-by-pattern": identity(
        gone=("identity",), identity_pattern=JOB.replace("main", "*")
    ),
    "identity-by-repository": identity(gone=("identity",)),
    "identity-of-a-person": identity(
        gone=("source_repository", "source_ref", "runner_environment"),
        issuer="https://accounts.acme.example",
        identity="anne@acme.example",
    ),
    "identity-that-two-share": document(
        without_key(identity=RULE),
        without_key(identity=RULE, name="other", role="pipeline"),
        trust_roots=[PUBLIC],
    ),
    "certificate": certificate(),
    "certificate-with-timestamps": certificate(timestamp_roots="tsa.pem"),
    "certificate-by-pattern": certificate(name="*@acme.example"),
    "all-three": document(
        entry(),
        without_key(name="job", identity=RULE),
        without_key(name="card", certificate={"roots": "ca.pem", "name": "a@b.c"}),
        trust_roots=[PUBLIC],
    ),
    "root-with-an-age": roots(
        {**PRIVATE, "checked_on": "2026-11-21", "max_age": "180d"}
    ),
    "embedded-root-with-an-age": roots(
        {**PUBLIC, "checked_on": "2026-11-21T08:00:00Z", "max_age": "9999d"}
    ),
}

#: name → document, what the message must hold, whether the schema sees it too
INVALID: dict[str, tuple[Any, str, bool]] = {
    "no-mapping": ([], "must be a mapping", True),
    "nothing": (None, "must be a mapping", True),
    "no-version": ({"signers": []}, "apiVersion", True),
    "other-version": (document(apiVersion="v2"), "aibom/signers/v1", True),
    "no-signers": ({"apiVersion": "aibom/signers/v1"}, "signers: is missing", True),
    "signers-misspelt": (document(signer=[]), "did you mean 'signers'?", True),
    "no-name": (document(left_out("name")), "name: is missing", True),
    "no-role": (document(left_out("role")), "role: is missing", True),
    "no-key": (
        document(left_out("public_key")),
        "has one of public_key, identity, certificate, not 0 of them",
        True,
    ),
    "no-predicates": (document(left_out("predicates")), "predicates: is missing", True),
    "no-namespaces": (document(left_out("namespaces")), "namespaces: is missing", True),
    "predicates-empty": (document(entry(predicates=[])), "could say nothing", True),
    "namespaces-empty": (document(entry(namespaces=[])), "could say nothing", True),
    "namespace-is-text": (document(entry(namespaces="a/*")), "must be a list", True),
    "predicate-misspelt": (
        document(entry(predicates=["audits"])),
        "did you mean 'audit'?",
        True,
    ),
    "key-misspelt": (
        document(entry(pubic_key=PEM)),
        "did you mean 'public_key'?",
        True,
    ),
    "not-a-key": (document(entry(public_key="key")), "not a public key", True),
    "broken-key": (
        document(entry(public_key=PEM.replace("M", "A"))),
        "not a public key",
        False,
    ),
    "party-with-a-name": (document(entry(party="Ada Ames")), "party", True),
    "time-without-a-zone": (
        document(entry(valid_until="2026-11-21T00:00:00")),
        "zone",
        True,
    ),
    "time-is-no-time": (document(entry(valid_from="soon")), "not a date", True),
    "two-of-a-name": (
        document(entry(), entry(public_key=OTHER_PEM)),
        "two signers have one name",
        False,
    ),
    "two-of-a-key": (
        document(entry(), entry(name="other")),
        "two signers have one public_key",
        False,
    ),
    "one-key-laid-out-twice": (
        document(entry(), entry(name="other", public_key=PEM.replace("\n", "\r\n"))),
        "two signers have one public_key",
        False,
    ),
    # how a signer is recognised
    "only-key-misspelt": (
        document(without_key(pubic_key=PEM)),
        "did you mean 'public_key'?",
        True,
    ),
    "key-and-identity": (
        document(entry(identity=RULE), trust_roots=[PUBLIC]),
        "not 2 of them",
        True,
    ),
    "key-identity-and-certificate": (
        document(entry(identity={}, certificate={})),
        "not 3 of them",
        True,
    ),
    "key-is-a-file": (document(entry(public_key="key.pub")), "not a public key", True),
    "key-is-a-number": (document(entry(public_key=1)), "must be a text", True),
    "key-of-an-unsupported-type": (
        document(entry(public_key=RSA_PEM)),
        "keys are P-256",
        False,
    ),
    "timestamps-of-an-identity": (
        document(
            without_key(identity=RULE, timestamp_roots="tsa.pem"), trust_roots=[PUBLIC]
        ),
        "unknown key 'timestamp_roots'",
        True,
    ),
    "timestamps-beside-a-certificate": (
        document(
            without_key(
                certificate={"roots": "ca.pem", "name": "a@b.c"},
                timestamp_roots="tsa.pem",
            )
        ),
        "unknown key 'timestamp_roots'",
        True,
    ),
    # verdicts
    "verdict-without-verifier": (
        document(entry(predicates=["verdict"])),
        "verifier_id: goes together with the predicate 'verdict'",
        True,
    ),
    "verifier-without-verdict": (
        document(entry(verifier_id="https://acme.example/gate")),
        "verifier_id: goes together with the predicate 'verdict'",
        True,
    ),
    "verifier-empty": (
        document(entry(predicates=["verdict"], verifier_id=" ")),
        "verifier_id: is empty",
        True,
    ),
    "verifier-misspelt": (
        document(entry(predicates=["verdict"], verifier="https://acme.example")),
        "did you mean 'verifier_id'?",
        True,
    ),
    # identities
    "identity-is-text": (
        document(without_key(identity=JOB)),
        "identity: must be a mapping, not a text",
        True,
    ),
    "no-issuer": (identity(gone=("issuer",)), "issuer: is missing", True),
    "issuer-empty": (identity(issuer=" "), "issuer: is empty", True),
    "issuer-by-pattern": (identity(issuer="https://*"), "name it exactly", True),
    "identity-and-pattern": (
        identity(identity_pattern="*"),
        "either an identity or a pattern",
        True,
    ),
    "identity-names-nobody": (
        identity(gone=("identity", "source_repository")),
        "names neither an identity nor a source repository",
        True,
    ),
    "identity-is-a-list": (identity(identity=[JOB]), "must be a text", True),
    "identity-misspelt": (
        identity(gone=("identity",), identiy=JOB),
        "did you mean 'identity'?",
        True,
    ),
    "repository-misspelt": (
        identity(gone=("source_repository",), source_repositry="x"),
        "did you mean 'source_repository'?",
        True,
    ),
    "no-trust-root": (identity(gone=("trust_root",)), "trust_root: is missing", True),
    "trust-root-not-there": (
        identity(trust_root="publik"),
        "no trust root is called 'publik'; did you mean 'public'?",
        False,
    ),
    "trust-root-where-none-is": (
        document(without_key(identity=RULE)),
        "no trust root is called 'public'",
        False,
    ),
    "trust-root-is-a-file-name": (
        identity(trust_root="root.json"),
        "no trust root is called 'root.json'",
        False,
    ),
    # certificates
    "certificate-without-roots": (
        document(without_key(certificate={"name": "a@b.c"})),
        "certificate.roots: is missing",
        True,
    ),
    "certificate-without-name": (
        document(without_key(certificate={"roots": "ca.pem"})),
        "certificate.name: is missing",
        True,
    ),
    "certificate-misspelt": (certificate(root="ca.pem"), "mean 'roots'?", True),
    # trust roots
    "roots-are-a-mapping": (
        document(trust_roots={"public": {}}),
        "trust_roots: must be a list",
        True,
    ),
    "roots-misspelt": (document(trust_root=[]), "did you mean 'trust_roots'?", True),
    "root-is-text": (roots("public"), "trust_roots[0]: must be a mapping", True),
    "root-without-name": (roots({"embedded": True}), "name: is missing", True),
    "root-from-nowhere": (roots({"name": "a"}), "either a file or 'embedded", True),
    "root-from-two-places": (
        roots({**PRIVATE, "embedded": True}),
        "either a file or 'embedded",
        True,
    ),
    "root-not-embedded": (
        roots({"name": "a", "embedded": False}),
        "is true, or left out for a file",
        True,
    ),
    "root-embedded-as-text": (
        roots({"name": "a", "embedded": "yes"}),
        "must be true or false",
        True,
    ),
    "root-misspelt": (roots({"name": "a", "fiel": "x"}), "mean 'file'?", True),
    "root-never-checked": (
        roots({**PUBLIC, "max_age": "180d"}),
        "go together: checked_on and max_age",
        True,
    ),
    "root-never-too-old": (
        roots({**PUBLIC, "checked_on": "2026-11-21"}),
        "go together: checked_on and max_age",
        True,
    ),
    "root-age-in-weeks": (
        roots({**PUBLIC, "checked_on": "2026-11-21", "max_age": "3w"}),
        "is not a number of days such as 180d",
        True,
    ),
    "root-age-of-nothing": (
        roots({**PUBLIC, "checked_on": "2026-11-21", "max_age": "0d"}),
        "is not a number of days",
        True,
    ),
    "root-age-as-number": (
        roots({**PUBLIC, "checked_on": "2026-11-21", "max_age": 180}),
        "must be a text",
        True,
    ),
    "root-checked-some-time": (
        roots({**PUBLIC, "checked_on": "soon", "max_age": "180d"}),
        "not a date",
        True,
    ),
    "two-roots-of-a-name": (
        roots(PUBLIC, {**PRIVATE, "name": "public"}),
        "two of them are called 'public'",
        False,
    ),
    # files
    "file-in-a-folder": (roots({"name": "a", "file": "x/root.json"}), "no path", True),
    "file-above": (roots({"name": "a", "file": "../root.json"}), "no path", True),
    "file-is-absolute": (roots({"name": "a", "file": "/etc/passwd"}), "no path", True),
    "file-of-windows": (roots({"name": "a", "file": "..\\root"}), "no path", True),
    "file-hidden": (roots({"name": "a", "file": ".root.json"}), "no path", True),
    "file-is-this-folder": (certificate(roots="."), "no path", True),
    "file-with-nul": (certificate(roots="ca.pem\0"), "no path", True),
    "file-with-a-very-long-name": (certificate(roots="a" * 101), "no path", True),
    "file-is-a-list": (certificate(roots=["ca.pem"]), "must be a text", True),
    "file-that-the-lock-does-not-pin": (
        roots({"name": "a", "file": "advisories.yaml"}),
        "is a file of the policy",
        True,
    ),
    "file-is-the-lock": (certificate(roots="policy.lock"), "file of the policy", True),
    "root-file-missing": (
        roots({"name": "a", "file": "none.json"}),
        "trust_roots[0].file: none.json: does not exist",
        False,
    ),
    "root-file-is-text": (
        roots({"name": "a", "file": "text.txt"}),
        "text.txt: the trust root is not JSON",
        False,
    ),
    "root-file-is-something-else": (
        roots({"name": "a", "file": "empty.json"}),
        "empty.json: the trust root is no trusted root",
        False,
    ),
    "root-file-holds-certificates": (
        roots({"name": "a", "file": "ca.pem"}),
        "ca.pem: the trust root is not JSON",
        False,
    ),
    "authority-file-missing": (
        certificate(roots="none.pem"),
        "certificate.roots: none.pem: does not exist",
        False,
    ),
    "authority-file-is-text": (
        certificate(roots="text.txt"),
        "no certificates in PEM form",
        False,
    ),
    "authority-file-holds-a-signer": (
        certificate(roots="leaf.pem"),
        "not that of an authority",
        False,
    ),
    "time-file-missing": (
        document(entry(timestamp_roots="none.pem")),
        "timestamp_roots: none.pem: does not exist",
        False,
    ),
    "time-file-above": (
        certificate(timestamp_roots="../tsa.pem"),
        "timestamp_roots: is the name of a file beside",
        True,
    ),
    "time-file-holds-a-signer": (
        document(entry(timestamp_roots="leaf.pem")),
        "none of the certificates is a root",
        False,
    ),
}


@pytest.mark.parametrize("value", VALID.values(), ids=VALID)
def test_valid_for_reader_and_schema(value: Any) -> None:
    assert len(read(value)) == len(value["signers"])
    Draft202012Validator(read_schema("signers-1.json")).validate(value)


@pytest.mark.parametrize("case", INVALID)
def test_load_errors(case: str) -> None:
    value, message, in_schema = INVALID[case]
    with pytest.raises(PolicyInvalid) as caught:
        read(value)
    assert caught.value.reason == "policy-invalid"
    assert message in caught.value.message
    assert "signers.yaml" in caught.value.message
    schema = Draft202012Validator(read_schema("signers-1.json"))
    assert schema.is_valid(value) != in_schema


def test_every_problem_is_told_at_once() -> None:
    wrong = document(entry(predicates=["x"], namespaces=[]), left_out("role"))
    with pytest.raises(PolicyInvalid) as caught:
        read_signers(wrong, "signers.yaml")
    assert len(caught.value.message.splitlines()) == 3
    assert "signers[0]" in caught.value.message
    assert "signers[1]" in caught.value.message


def test_what_is_read() -> None:
    signer = one(party="org:Acme", predicates=["bom", "audit"])
    assert (signer.signer.name, signer.signer.role) == ("release", "release")
    assert signer.signer.party == "org:Acme"
    assert signer.predicates == PREDICATES["bom"] | PREDICATES["audit"]
    assert isinstance(signer.authority, ByKey)
    assert signer.authority.key.pem == PEM
    assert (signer.authority.timestamp_roots, signer.verifier_id) == (None, None)
    assert one().signer.party is None


def test_nobody_may_sign_when_nobody_is_listed() -> None:
    assert read_signers(document(), "signers.yaml") == ()


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("members", "at", "valid"),
    [
        ({}, NOW, True),
        ({"valid_from": "2026-11-21T12:00:00Z"}, NOW, True),
        ({"valid_from": "2026-11-21T12:00:00Z"}, NOW - SECOND, False),
        ({"valid_until": "2026-11-21T12:00:00Z"}, NOW, False),
        ({"valid_until": "2026-11-21T12:00:00Z"}, NOW - SECOND, True),
        ({"valid_until": "2026-11-21T14:00:00+02:00"}, NOW - SECOND, True),
        ({"valid_until": "2026-11-21T14:00:00+02:00"}, NOW, False),
        ({"valid_from": "2026-11-21", "valid_until": "2026-11-22"}, NOW, True),
    ],
)
def test_validity_has_its_start_and_not_its_end(
    members: dict[str, Any], at: datetime, valid: bool
) -> None:
    assert one(**members).is_valid_at(at) == valid


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("acme/reviews", True),
        ("acme", False),
        ("acme/", False),
        ("acme/a/b", False),
        ("acme-evil/reviews", False),
        ("Acme/reviews", False),
        ("acme/../reviews", False),
        ("", False),
    ],
)
def test_names_in_a_namespace(name: str, may: bool) -> None:
    assert one().may_name(name) == may


def test_any_of_the_namespaces_is_enough() -> None:
    signer = one(namespaces=["acme/a", "acme/b/**"])
    assert signer.may_name("acme/a")
    assert signer.may_name("acme/b/c/d")
    assert not signer.may_name("acme/c")


# ── identities, certificates and the files they hang on ────────────────────


def test_what_is_read_of_an_identity() -> None:
    (signer,) = read(identity(trust_root="acme"))
    assert isinstance(signer.authority, ByIdentity)
    rule, named = signer.authority.rule, signer.authority.trust_root
    assert {name: getattr(rule, name) for name in RULE if name != "trust_root"} == {
        name: value for name, value in RULE.items() if name != "trust_root"
    }
    assert (named.name, named.embedded) == ("acme", False)
    assert named.root.data == files()["root.json"]
    assert (named.checked_on, named.max_age) == (None, None)


def test_what_is_read_of_a_root_with_an_age() -> None:
    aged = {**PUBLIC, "checked_on": "2026-11-21", "max_age": "180d"}
    (signer,) = read(document(without_key(identity=RULE), trust_roots=[aged]))
    assert isinstance(signer.authority, ByIdentity)
    named = signer.authority.trust_root
    assert named.embedded
    assert named.checked_on == datetime(2026, 11, 21, tzinfo=UTC)
    assert named.max_age == timedelta(days=180)


def test_what_is_read_of_a_certificate() -> None:
    (signer,) = read(certificate(timestamp_roots="tsa.pem"))
    authority = signer.authority
    assert isinstance(authority, ByCertificate)
    assert authority.name == "dev@acme.example"
    assert authority.roots.data == files()["ca.pem"]
    assert authority.timestamp_roots is not None
    assert authority.timestamp_roots.data == files()["tsa.pem"]


def test_what_is_read_of_a_verifier() -> None:
    (signer,) = read(VALID["verdict"])
    assert signer.predicates == PREDICATES["verdict"]
    assert signer.verifier_id == "https://acme.example/gate"


def test_each_file_is_read_once() -> None:
    asked = []

    def counted(name: str) -> bytes:
        asked.append(name)
        return read_file(name)

    cards = [
        without_key(name=n, certificate={"roots": "ca.pem", "name": n})
        for n in ("a@b.c", "d@e.f")
    ]
    found = read_signers(document(*cards), "signers.yaml", counted)
    assert (len(found), asked) == (2, ["ca.pem"])


def test_where_files_cannot_be_read_an_entry_that_names_one_is_a_problem() -> None:
    with pytest.raises(PolicyInvalid) as caught:
        read_signers(certificate(), "signers.yaml")
    assert "ca.pem: files cannot be read here" in caught.value.message


def test_a_path_is_never_asked_for() -> None:
    def never(name: str) -> bytes:
        raise AssertionError(name)

    with pytest.raises(PolicyInvalid):
        read_signers(INVALID["file-above"][0], "signers.yaml", never)


def test_a_root_with_a_problem_is_told_of_once() -> None:
    broken = {"name": "public", "file": "text.txt"}
    with pytest.raises(PolicyInvalid) as caught:
        read(document(without_key(identity=RULE), trust_roots=[broken]))
    assert len(caught.value.message.splitlines()) == 1


WARNINGS = {
    "github-without-repository": (identity(gone=("source_repository",)), 1),
    "github-with-repository": (identity(), 0),
    "others-without-repository": (VALID["identity-of-a-person"], 0),
    "key": (VALID["key"], 0),
    "certificate": (VALID["certificate"], 0),
}


@pytest.mark.parametrize(("value", "count"), WARNINGS.values(), ids=WARNINGS)
def test_warnings(value: Any, count: int) -> None:
    told = signer_warnings(read(value))
    assert len(told) == count
    assert all("release" in text and "source_repository" in text for text in told)
