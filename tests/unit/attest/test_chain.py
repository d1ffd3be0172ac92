"""Certificates of a private authority: which chains hold, which do not, and why."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta, timezone
from hashlib import sha256

import pytest
from certificates import DAY, NOW, email, key_usage, pem, root, uri
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

from aibom.attest.chain import CertificateRoots, load_chain, verify_chain
from aibom.errors import InputError, PolicyInvalid, VerificationFailed

ROOT = root()
ISSUER = ROOT.intermediate()
SIGNER = ISSUER.leaf()
NEW_RSA = rsa.generate_private_key(65537, 2048)


def roots(*issued):
    return CertificateRoots.parse(pem(*issued), "ca.pem")


def verified(chain, *, pinned=ROOT, at=NOW):
    return verify_chain(chain, roots(pinned), at, "bundle.json")


def refusal(chain, *, pinned=ROOT, at=NOW):
    with pytest.raises(VerificationFailed) as refused:
        verified(chain, pinned=pinned, at=at)
    error = refused.value
    assert (error.exit_code, error.where) == (11, "bundle.json")
    assert error.hint
    assert len(error.message) < 600
    return error.reason, error.message


def only(usage, critical=False):
    return {x509.ExtendedKeyUsage: (x509.ExtendedKeyUsage([usage]), critical)}


def limited(permitted=None, excluded=None):
    constraints = x509.NameConstraints(permitted, excluded)
    return {x509.NameConstraints: (constraints, True)}


def without(kind):
    return {kind: None}


def deep(length):
    issuer = ROOT
    for number in range(length):
        issuer = issuer.intermediate(f"intermediate {number}")
    return issuer.leaf().chain


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.1"), b"\x05\x00")

# ── what holds ────────────────────

GOOD = {
    "below-the-root": lambda: ROOT.leaf().chain,
    "below-an-intermediate": lambda: SIGNER.chain,
    "five-below": lambda: deep(5),
    "the-root-comes-along": lambda: [*SIGNER.chain, ROOT.der],
    "every-one-twice": lambda: [*SIGNER.chain, *SIGNER.chain],
    "helpers-in-any-order": lambda: shuffled(),
    "sixteen-with-strangers": lambda: [
        *SIGNER.chain,
        *(root().der for _ in range(14)),
    ],
    "no-subject": lambda: ISSUER.leaf(name="").chain,
    # X.509 allows for 64 characters; authorities of companies do not always.
    "long-names": lambda: ROOT.intermediate("i" * 100).leaf(name="s" * 100).chain,
    "no-key-identifiers": lambda: (
        ISSUER.leaf(change=without(x509.AuthorityKeyIdentifier)).chain
    ),
    "unknown-extension": lambda: ISSUER.leaf(change={int: (UNKNOWN, False)}).chain,
    "issuer-without-key-usage": lambda: (
        ROOT.intermediate(change=without(x509.KeyUsage)).leaf().chain
    ),
    "issuer-for-code": lambda: (
        ROOT.intermediate(change=only(Usage.CODE_SIGNING)).leaf().chain
    ),
    "issuer-for-anything": lambda: (
        ROOT.intermediate(change=only(Usage.ANY_EXTENDED_KEY_USAGE)).leaf().chain
    ),
    "issuer-with-rsa": lambda: ROOT.intermediate(key=NEW_RSA).leaf().chain,
    "within-its-names": lambda: (
        ROOT.intermediate(change=limited([x509.RFC822Name("acme.example")]))
        .leaf()
        .chain
    ),
    "path-length-reached": lambda: (
        ROOT.intermediate(path_length=1).intermediate("b", path_length=0).leaf().chain
    ),
}


def shuffled():
    first = ROOT.intermediate("a")
    second = first.intermediate("b")
    leaf = second.leaf()
    return [leaf.der, first.der, second.der]


@pytest.mark.parametrize("chain", GOOD.values(), ids=GOOD)
def test_a_chain_that_holds(chain):
    assert verified(chain()).names == (("email", "dev@acme.example"),)


def test_who_holds_it():
    signer = ISSUER.leaf(
        uri("https://git.acme.example/train.yml@refs/heads/main"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("build.acme.example"),
        email("dev@acme.example"),
    )
    holder = verified(signer.chain)
    assert holder.names == (
        ("uri", "https://git.acme.example/train.yml@refs/heads/main"),
        ("dns", "build.acme.example"),
        ("email", "dev@acme.example"),
    )
    assert (holder.not_before, holder.not_after) == (NOW - 30 * DAY, NOW + 30 * DAY)


KEYS = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    # The library has no say in the signer's key, only in those of authorities.
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}
DIGESTS = {"p256": hashes.SHA256, "p384": hashes.SHA384, "p521": hashes.SHA512}


@pytest.mark.parametrize("kind", KEYS)
def test_the_key_verifies_signatures(kind):
    key = KEYS[kind]()
    scheme = [ec.ECDSA(DIGESTS[kind]())] if kind in DIGESTS else []
    signature = key.sign(b"data", *scheme)
    found = verified(ISSUER.leaf(key=key).chain).key
    assert found.verifies(signature, b"data")
    assert not found.verifies(signature, b"else")


def test_any_pinned_root_will_do():
    other = root("Other Root")
    pinned = roots(other, ROOT)
    for chain in (SIGNER.chain, other.leaf().chain):
        assert verify_chain(chain, pinned, NOW, "b.json").names


def test_a_pinned_intermediate_is_where_trust_ends():
    assert verified(SIGNER.chain[:1], pinned=ISSUER).names
    assert refusal(ROOT.leaf().chain, pinned=ISSUER)[0] == "wrong-trust-root"


# ── what is wrong with the signer's certificate ────────────────────

NAMES = {
    "nul": email("dev@acme.example\0.evil.example"),
    "newline": uri("https://acme.example/\nhttps://evil.example/"),
    "space": uri("https://acme.example/ "),
    "escape": email("\x1b[2Jdev@acme.example"),
    "empty": email(""),
}

UNUSABLE = {
    "none": (lambda: [], "1 to 16"),
    "seventeen": (lambda: [SIGNER.der] * 17, "1 to 16"),
    "nothing": (lambda: [b""], "cannot be read"),
    "garbage": (lambda: [b"\x30\x82garbage"], "cannot be read"),
    "cut-off": (lambda: [SIGNER.der[:-1]], "cannot be read"),
    "more-behind-it": (lambda: [SIGNER.der + b"\0"], "cannot be read"),
    "pem": (lambda: [SIGNER.pem], "cannot be read"),
    "garbage-beside-it": (lambda: [*SIGNER.chain, b"garbage"], "cannot be read"),
    "the-root": (lambda: [ROOT.der], "of an authority"),
    "an-intermediate": (lambda: [ISSUER.der], "of an authority"),
    "an-authority-that-signs": (
        lambda: (
            ISSUER.leaf(
                change={
                    x509.BasicConstraints: (x509.BasicConstraints(True, None), True)
                }
            ).chain
        ),
        "of an authority",
    ),
    "no-key-usage": (
        lambda: ISSUER.leaf(change=without(x509.KeyUsage)).chain,
        "digitalSignature",
    ),
    "other-key-usage": (
        lambda: ISSUER.leaf(change={x509.KeyUsage: (key_usage(), True)}).chain,
        "digitalSignature",
    ),
    "no-purpose": (
        lambda: ISSUER.leaf(change=without(x509.ExtendedKeyUsage)).chain,
        "codeSigning",
    ),
    "for-servers": (
        lambda: ISSUER.leaf(change=only(Usage.SERVER_AUTH)).chain,
        "codeSigning",
    ),
    "for-clients": (
        lambda: ISSUER.leaf(change=only(Usage.CLIENT_AUTH)).chain,
        "codeSigning",
    ),
    "for-anything": (
        lambda: ISSUER.leaf(change=only(Usage.ANY_EXTENDED_KEY_USAGE)).chain,
        "codeSigning",
    ),
    "no-names": (
        lambda: ISSUER.leaf(change=without(x509.SubjectAlternativeName)).chain,
        "names no",
    ),
    "an-address-only": (
        lambda: (
            ISSUER.leaf(
                x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            ).chain
        ),
        "names no",
    ),
    "rsa": (lambda: ISSUER.leaf(key=NEW_RSA).chain, "P-256, P-384, P-521 or Ed25519"),
    "another-curve": (
        lambda: ISSUER.leaf(key=ec.generate_private_key(ec.SECP256K1())).chain,
        "P-256, P-384, P-521 or Ed25519",
    ),
    **{
        f"name-{kind}": (lambda name=name: ISSUER.leaf(name).chain, "a name that is")
        for kind, name in NAMES.items()
    },
}


@pytest.mark.parametrize(("chain", "says"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_certificate_that_is_not_a_signers(chain, says):
    reason, message = refusal(chain())
    assert reason == "certificate-invalid"
    assert says in message


def test_bytes_changed_at_random_never_hold():
    """Whatever byte of the signer's certificate is changed, it is refused cleanly."""
    for position in range(0, len(SIGNER.der), 3):
        changed = bytearray(SIGNER.der)
        changed[position] ^= 0x5A
        reason, _ = refusal([bytes(changed), ISSUER.der])
        assert reason in {"certificate-invalid", "wrong-trust-root"}


# ── times ────────────────────

LATE = {"begin": NOW - 20 * DAY, "end": NOW - DAY}
EXPIRED = {
    "signer": lambda: (ISSUER.leaf(**LATE).chain, ROOT),
    "signer-to-come": lambda: (ISSUER.leaf(begin=NOW + DAY).chain, ROOT),
    "intermediate": lambda: (ROOT.intermediate(**LATE).leaf().chain, ROOT),
    "root": lambda: (lambda old: (old.leaf().chain, old))(root(**LATE)),
}


@pytest.mark.parametrize("case", EXPIRED.values(), ids=EXPIRED)
def test_out_of_date(case):
    chain, pinned = case()
    reason, message = refusal(chain, pinned=pinned)
    assert reason == "certificate-expired"
    assert "2026-05-01T12:00:00Z" in message
    assert "CN=" in message
    # The same chain, when all of it was valid.
    then = NOW + 2 * DAY if "05-02" in message else NOW - 10 * DAY
    assert verified(chain, pinned=pinned, at=then).names


def test_the_first_and_the_last_second():
    signer = ISSUER.leaf(begin=NOW, end=NOW + DAY)
    assert verified(signer.chain, at=NOW).names
    assert verified(signer.chain, at=NOW + DAY).names
    second = timedelta(seconds=1)
    for outside in (NOW - second, NOW + DAY + second):
        assert refusal(signer.chain, at=outside)[0] == "certificate-expired"


def test_times_of_other_zones():
    signer = ISSUER.leaf(begin=NOW, end=NOW + DAY)
    west = timezone(timedelta(hours=-11))
    assert verified(signer.chain, at=NOW.astimezone(west)).names
    with pytest.raises(ValueError, match="zone"):
        verified(signer.chain, at=datetime(2026, 5, 1, 12))


def test_never_valid_together_is_not_expired():
    old = ROOT.intermediate(**LATE)
    reason, _ = refusal(old.leaf(begin=NOW - timedelta(hours=1)).chain)
    assert reason == "wrong-trust-root"


def test_expired_and_from_elsewhere_is_from_elsewhere():
    assert refusal(root().leaf(**LATE).chain)[0] == "wrong-trust-root"


# ── paths that lead elsewhere ────────────────────


def evil_twin():
    """An intermediate with the name and identifiers of ours, and another key."""
    return root().intermediate().leaf().chain


ELSEWHERE = {
    "another-root-of-that-name": (evil_twin, "signature does not match"),
    "another-root-brought-along": (
        lambda: (lambda other: [*other.leaf().chain, other.der])(root()),
        "",
    ),
    "self-signed": (lambda: [self_signed()], "missing"),
    "no-intermediate": (lambda: SIGNER.chain[:1], "missing"),
    "signed-by-a-signer": (lambda: SIGNER.leaf().chain, "basicConstraints"),
    "signed-with-another-key": (
        lambda: ISSUER.leaf(signed_with=SIGNER.key).chain,
        "signature does not match",
    ),
    "issuer-says-nothing": (
        lambda: ROOT.intermediate(change=without(x509.BasicConstraints)).leaf().chain,
        "basicConstraints",
    ),
    "issuer-may-not-issue": (
        lambda: (
            ROOT.intermediate(change={x509.KeyUsage: (key_usage(signing=True), True)})
            .leaf()
            .chain
        ),
        "may not sign certificates",
    ),
    "issuer-for-servers": (
        lambda: ROOT.intermediate(change=only(Usage.SERVER_AUTH)).leaf().chain,
        "for signing code",
    ),
    "path-length-exceeded": (
        lambda: ROOT.intermediate(path_length=0).intermediate("b").leaf().chain,
        "path length",
    ),
    "outside-of-its-names": (
        lambda: (
            ROOT.intermediate(change=limited([x509.RFC822Name("other.example")]))
            .leaf()
            .chain
        ),
        "name constraints",
    ),
    "excluded-names": (
        lambda: (
            ROOT.intermediate(change=limited(None, [x509.RFC822Name("acme.example")]))
            .leaf()
            .chain
        ),
        "excluded name",
    ),
    # The library cannot tell, and refuses.
    "constrained-uris": (
        lambda: (
            ROOT.intermediate(
                change=limited([x509.UniformResourceIdentifier("acme.example")])
            )
            .leaf(uri("https://acme.example/"))
            .chain
        ),
        "unsupported name constraint",
    ),
    "unknown-critical-extension": (
        lambda: ISSUER.leaf(change={int: (UNKNOWN, True)}).chain,
        "critical",
    ),
    "too-deep": (lambda: deep(10), "max depth"),
    # Signatures with SHA-1 and MD5 cannot even be made with the library.
    "digest-sha224": (
        lambda: ISSUER.leaf(digest=hashes.SHA224()).chain,
        "signature algorithm: EcDsaWithSha224",
    ),
    "issuer-with-weak-rsa": (
        lambda: (
            ROOT.intermediate(key=rsa.generate_private_key(65537, 1024)).leaf().chain
        ),
        "too weak",
    ),
    "issuer-with-ed25519": (
        lambda: (
            ROOT.intermediate(key=ed25519.Ed25519PrivateKey.generate()).leaf().chain
        ),
        "public key algorithm: Ed25519",
    ),
}


def self_signed():
    """A signer's certificate as it should be, but signed with its own key."""
    own = root("signer", change=SIGNER_EXTENSIONS)
    return own.der


SIGNER_EXTENSIONS = {
    type(extension.value): (extension.value, extension.critical)
    for extension in SIGNER.certificate.extensions
    if not isinstance(
        extension.value, (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
    )
}


@pytest.mark.parametrize(("chain", "says"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_path_that_does_not_lead_to_the_root(chain, says):
    reason, message = refusal(chain())
    assert reason == "wrong-trust-root"
    assert says in message
    assert "ca.pem" in message


def test_a_maze_ends():
    """Fifteen issuers of one name, each a possible issuer of each, and none of it."""
    shared = ec.generate_private_key(ec.SECP521R1())
    maze = [root("maze", key=shared) for _ in range(15)]
    reason, _ = refusal([maze[0].leaf().der, *(one.der for one in maze)])
    assert reason == "wrong-trust-root"


# ── files ────────────────────


def test_what_is_pinned():
    data = b"Our authority\n" + pem(ROOT, ISSUER)
    pinned = CertificateRoots.parse(data, "ca.pem")
    assert pinned.certificates == (ROOT.der, ISSUER.der)
    assert pinned.names == ("CN=Acme Root", "CN=intermediate")
    assert pinned.digest == sha256(data).hexdigest()
    assert "BEGIN" not in repr(pinned)


def private_pem():
    return ROOT.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem():
    return ROOT.key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


NO_CERTIFICATES = {
    "empty": lambda: b"",
    "text": lambda: b"hello",
    "der": lambda: ROOT.der,
    "private-key": private_pem,
    "public-key": public_pem,
    "cut-off": lambda: ROOT.pem[:-30],
    "garbage-inside": lambda: (
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    ),
    "second-is-garbage": lambda: ROOT.pem + ROOT.pem.replace(b"MII", b"AAA", 1),
}

NO_AUTHORITIES = {
    "signer": (lambda: SIGNER, "not that of an authority"),
    "no-constraints": (
        lambda: root(change=without(x509.BasicConstraints)),
        "not that of an authority",
    ),
    "constraints-not-critical": (
        lambda: root(
            change={x509.BasicConstraints: (x509.BasicConstraints(True, None), False)}
        ),
        "critical",
    ),
    "may-not-issue": (
        lambda: root(change={x509.KeyUsage: (key_usage(signing=True), True)}),
        "may not sign certificates",
    ),
    "ed25519": (lambda: root(key=ed25519.Ed25519PrivateKey.generate()), "P-521, or"),
    "weak-rsa": (
        lambda: root(key=rsa.generate_private_key(65537, 1024)),
        "2048 bits",
    ),
}


@pytest.mark.parametrize("data", NO_CERTIFICATES.values(), ids=NO_CERTIFICATES)
def test_no_certificates(data):
    with pytest.raises(PolicyInvalid) as refused:
        CertificateRoots.parse(data(), "ca.pem")
    assert refused.value.reason == "certificate-unreadable"
    assert refused.value.where == "ca.pem"
    with pytest.raises(InputError) as unusable:
        load_chain(data(), "chain.pem")
    assert unusable.value.reason == "certificate-unreadable"
    assert (unusable.value.exit_code, unusable.value.where) == (1, "chain.pem")


@pytest.mark.parametrize(("made", "says"), NO_AUTHORITIES.values(), ids=NO_AUTHORITIES)
def test_no_authority(made, says):
    with pytest.raises(PolicyInvalid) as refused:
        roots(ROOT, made())
    assert refused.value.reason == "certificate-unreadable"
    assert says in refused.value.message


def test_too_many():
    with pytest.raises(PolicyInvalid, match="more than 64"):
        CertificateRoots.parse(ROOT.pem * 65, "ca.pem")
    with pytest.raises(InputError, match="more than 16"):
        load_chain(SIGNER.pem * 17, "chain.pem")


def test_a_chain_from_a_file():
    chain = load_chain(pem(SIGNER, ISSUER), "chain.pem")
    assert list(chain) == SIGNER.chain
    assert verified(chain).names


def test_a_root_without_key_usage():
    """As `openssl req -x509` makes them."""
    plain = root(change=without(x509.KeyUsage))
    assert verified(plain.leaf().chain, pinned=plain).names
