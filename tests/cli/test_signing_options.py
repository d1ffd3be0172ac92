"""Whose signature it shall be, on the command line, and what verifying says of it."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import certificates
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from softhsm import PIN, soft_hsm

from aibom.attest.bundle import parse_bundle
from aibom.testing.sigstore import LocalSigstore

__all__ = ["soft_hsm"]

HOME = "https://acme.example/release"
ANNE = "anne@acme.example"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def sigstore():
    with LocalSigstore(user=ANNE) as served:
        yield served


@pytest.fixture
def signer(world, sigstore, monkeypatch):
    """Files for every way of signing, in the world's folder."""
    monkeypatch.delenv("AIBOM_OFFLINE", raising=False)
    sigstore.recover()
    files = {
        "sigstore.json": sigstore.trust_config(),
        "root.json": sigstore.trusted_root(),
        "tsa.pem": authority_pem(sigstore),
        "chain.pem": "",
    }
    for name, text in files.items():
        (world.folder / name).write_text(text)
    return sigstore


def authority_pem(sigstore) -> str:
    (authority,) = json.loads(sigstore.trusted_root())["timestampAuthorities"]
    return "".join(
        "-----BEGIN CERTIFICATE-----\n"
        + base64.encodebytes(base64.b64decode(one["rawBytes"])).decode()
        + "-----END CERTIFICATE-----\n"
        for one in authority["certChain"]["certificates"]
    )


# ── combinations ────────────────────

KEY = ("--key", "release.key")
URI = ("--key-uri", "hsm:1", "--public-key", "release.pub")
IDENTITY = ("--sigstore", "sigstore.json")
TOKEN = ("--identity-token", "a.b.c")
CHAIN = ("--certificate-chain", "chain.pem")
TIME = ("--timestamp-url", NOBODY)
PUBLIC = ("--public-key", "release.pub")
AMBIGUOUS = "signer-ambiguous"

#: name → options, reason; all of them are wrong calls
REFUSED = {
    "nobody": ((), "signer-missing"),
    "key and uri": ((*KEY, *URI), AMBIGUOUS),
    "key and identity": ((*KEY, *IDENTITY), AMBIGUOUS),
    "key and token": ((*KEY, *TOKEN), AMBIGUOUS),
    "uri and identity": ((*URI, *IDENTITY), AMBIGUOUS),
    "uri and token": ((*URI, *TOKEN), AMBIGUOUS),
    "all three": ((*KEY, *URI, *IDENTITY), AMBIGUOUS),
    "chain of nobody": (CHAIN, AMBIGUOUS),
    "chain of an identity": ((*CHAIN, *IDENTITY), AMBIGUOUS),
    "time of nobody": (TIME, AMBIGUOUS),
    "time of an identity": ((*TIME, *IDENTITY), AMBIGUOUS),
    "public half of nobody": (PUBLIC, AMBIGUOUS),
    "public half of a key file": ((*KEY, *PUBLIC), AMBIGUOUS),
    "public half of an identity": ((*IDENTITY, *PUBLIC), AMBIGUOUS),
    "uri without its public half": (URI[:2], "public-key-missing"),
    "token for nobody": (TOKEN, "sigstore-missing"),
    "no time at all": ((*KEY, "--timeout", "0"), "usage"),
    "no number of seconds": ((*KEY, "--timeout", "nan"), "usage"),
    "for ever": ((*KEY, "--timeout", "inf"), "usage"),
    "token of no variable": (
        (*IDENTITY, "--identity-token", "env:NOT_SET"),
        "token-unavailable",
    ),
    "token of no name": ((*IDENTITY, "--identity-token", "env:"), "token-unavailable"),
    "no token": ((*IDENTITY, "--identity-token", "eyJ"), "token-unavailable"),
    "empty token": ((*IDENTITY, "--identity-token", ""), "token-unavailable"),
}


@pytest.mark.parametrize(("options", "reason"), REFUSED.values(), ids=REFUSED)
def test_one_signature_has_one_signer(world, signer, here, options, reason):
    before, asked = world.folder / "model/aibom.sigstore.json", signer.requests
    bundle = before.read_bytes()
    ran = here("sign", "model", *options)
    assert (ran.code, ran.out) == (2, "")
    assert f"[{reason}]" in ran.err
    assert before.read_bytes() == bundle
    assert signer.requests == asked


@pytest.mark.parametrize("options", [KEY, IDENTITY, TIME, PUBLIC, CHAIN, TOKEN, URI])
def test_who_signs_nothing_is_told(signer, here, options):
    words = ("--policy", "verifier", "--evidence", "evidence")
    ran = here("gate", "model", *words, *options)
    assert (ran.code, ran.out) == (2, "")
    assert "nothing is signed in this call [usage]" in ran.err
    assert "--attest FILE" in ran.err


#: Every command that can sign: its words without a signer, the exit code of a wrong
#: call, and where its options end.
GATE = ("gate", "model", "--policy", "verifier", "--evidence", "evidence")
VERIFIER = ("--verifier-id", "https://acme.example/gate")
COMMANDS = {
    "sign": (("sign", "model"), (), 2),
    "run": (
        ("run", "--step", "x", "--output", "made,name=acme/x"),
        ("--", "mkdir", "made"),
        125,
    ),
    "audit": (
        (
            *("audit", "record", "report.json", "--subject", "model"),
            *("--name", "acme/models/tiny", "--kind", "model"),
            *("--examined-on", "2026-11-20"),
        ),
        (),
        2,
    ),
    "approve": (
        (
            *("approve", "model", "--tier", "high", "--expires", "2999-01-01"),
            *("--ticket", "ACME-12", "-o", "approvals"),
        ),
        (),
        2,
    ),
    "gate": ((*GATE, "--attest", "v.json", *VERIFIER), (), 2),
}


@pytest.mark.parametrize(("words", "tail", "code"), COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("name", ["key and identity", "uri without its public half"])
def test_every_command_refuses_it(world, signer, here, words, tail, code, name):
    options, reason = REFUSED[name]
    ran = here(*words, *options, *tail)
    assert (ran.code, ran.out) == (code, "")
    assert f"[{reason}]" in ran.err
    assert not (world.folder / "made").exists()


# ── keys ────────────────────


def test_a_password_is_that_of_the_variable(world, here, monkeypatch):
    monkeypatch.setenv("AIBOM_KEY_PASSWORD", "quince")
    assert here("keygen", "own").code == 0
    assert here("sign", "model", "--key", "own.key").code == 0
    assert here("verify", "model", "--public-key", "own.pub").code == 0
    for value, reason in (("plum", "key-unreadable"), ("", "key-password")):
        monkeypatch.setenv("AIBOM_KEY_PASSWORD", value)
        ran = here("--debug", "sign", "model", "--key", "own.key")
        assert (ran.code, f"[{reason}]" in ran.err) == (1, True)
        assert "quince" not in ran.err
        assert "plum" not in ran.err
    # A key without one does not mind.
    assert here("sign", "model", *KEY).code == 0


GOLDEN = """\
verified  acme/models/tiny  tree-sha256:DIGEST…
  signed by the key asked for (asked)
  as        key HINT…
  signed at a time that nobody vouches for
  ancestors none linked
  steps     0 of 1 have a signed record that agrees
"""


def test_a_key_and_nothing_else(here):
    ran = here("verify", "model", "--public-key", "release.pub")
    assert (ran.code, ran.err) == (0, "")
    text = re.sub(r"sha256:[0-9a-f]{12}", "sha256:DIGEST", ran.out)
    assert re.sub(r"key [0-9a-f]{16}", "key HINT", text) == GOLDEN


def test_a_key_in_an_hsm(world, here, soft_hsm, monkeypatch):
    found = soft_hsm.keys["p384"]
    (world.folder / "hsm.pub").write_text(found.public_pem)
    words = ("sign", "model", "--key-uri", found.uri, "--public-key", "hsm.pub")
    ran = here(*words)
    assert (ran.code, "[key-password]" in ran.err) == (1, True)
    monkeypatch.setenv("AIBOM_KEY_PASSWORD", "1234-plum")
    ran = here("--debug", *words)
    assert (ran.code, "[key-password]" in ran.err) == (1, True)
    assert "1234-plum" not in ran.err
    monkeypatch.setenv("AIBOM_KEY_PASSWORD", PIN)
    monkeypatch.setenv("AIBOM_OFFLINE", "1")  # it is no cloud
    assert here(*words).code == 0
    assert here("verify", "model", "--public-key", "hsm.pub").code == 0
    ran = here("verify", "model", "--public-key", "release.pub")
    assert (ran.code, "[signer-not-allowed]" in ran.err) == (11, True)


def test_the_public_half_of_another(world, here, soft_hsm, monkeypatch):
    monkeypatch.setenv("AIBOM_KEY_PASSWORD", PIN)
    uri = soft_hsm.keys["p256"].uri
    before = (world.model / "aibom.sigstore.json").read_bytes()
    ran = here("sign", "model", "--key-uri", uri, *PUBLIC)
    assert (ran.code, "[signing-unverifiable]" in ran.err) == (1, True)
    assert (world.model / "aibom.sigstore.json").read_bytes() == before


# ── certificates and times ────────────────────


@pytest.fixture
def certified(world, signer):
    """A chain for ``release.key``; its root is pinned by the verifier."""
    today = datetime.now(UTC)
    window = {"begin": today - timedelta(days=1), "end": today + timedelta(days=9)}
    own = load_pem_private_key((world.folder / "release.key").read_bytes(), None)
    root = certificates.root(**window)
    between = root.intermediate(**window)
    leaf = between.leaf(certificates.uri(HOME), key=own, **window)
    other = between.leaf(certificates.uri(HOME), **window)
    for name, issued in (("chain.pem", leaf), ("other.pem", other)):
        pem = certificates.pem(issued, between)
        (world.folder / name).write_bytes(pem)
    (world.folder / "root.pem").write_bytes(root.pem)
    return signer


def believe(world, **authority):
    """A signers.yaml with one signer, recognised like this."""
    entry = {
        "name": "acme release",
        "role": "release",
        "predicates": ["bom"],
        "namespaces": ["acme/models/*"],
        **authority,
    }
    document = {"apiVersion": "aibom/signers/v1", "signers": [entry]}
    (world.folder / "whom.yaml").write_text(json.dumps(document))
    return ("verify", "model", "--signers", "whom.yaml")


def test_a_certificate_and_a_time(world, certified, here):
    stamp = ("--timestamp-url", f"{certified.url}/api/v1/timestamp")
    ran = here("sign", "model", *KEY, *CHAIN, *stamp)
    assert (ran.code, ran.out) == (0, "model/aibom.sigstore.json\n")
    name = {"roots": "root.pem", "name": HOME}
    words = believe(world, certificate={**name, "timestamp_roots": "tsa.pem"})
    ran = here(*words)
    assert (ran.code, ran.err) == (0, "")
    assert "  signed by acme release (release)\n" in ran.out
    assert f"  as        certificate of {HOME}\n" in ran.out
    today = datetime.now(UTC)
    at = re.search(r"  signed at ([0-9: -]{19}) UTC, by an authority of the ", ran.out)
    signed_at = datetime.strptime(at[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert abs(today - signed_at) < timedelta(minutes=10)
    # Long after the certificate has ended: it was signed before.
    later = f"{today + timedelta(days=365):%Y-%m-%d}"
    assert here(*words, "--effective-time", later).code == 0


def test_a_certificate_without_a_time(world, certified, here):
    assert here("sign", "model", *KEY, *CHAIN).code == 0
    name = {"roots": "root.pem", "name": HOME}
    ran = here(*believe(world, certificate={**name, "timestamp_roots": "tsa.pem"}))
    assert (ran.code, ran.out) == (11, "")
    assert "[no-trusted-time]" in ran.err
    # Without such a demand it must be valid when it is asked for.
    words = believe(world, certificate=name)
    ran = here(*words)
    assert ran.code == 0
    assert "  signed at a time that nobody vouches for\n" in ran.out
    later = f"{datetime.now(UTC) + timedelta(days=365):%Y-%m-%d}"
    ran = here(*words, "--effective-time", later)
    assert (ran.code, "[certificate-expired]" in ran.err) == (11, True)


def test_a_certificate_of_another_name(world, certified, here):
    assert here("sign", "model", *KEY, *CHAIN).code == 0
    name = {"roots": "root.pem", "name": "https://acme.example/other"}
    ran = here(*believe(world, certificate=name))
    assert (ran.code, "[identity-not-allowed]" in ran.err) == (11, True)


def test_a_certificate_of_another_key(world, certified, here):
    before = (world.model / "aibom.sigstore.json").read_bytes()
    ran = here("sign", "model", *KEY, "--certificate-chain", "other.pem")
    assert (ran.code, ran.out) == (1, "")
    assert "[certificate-key-differs]" in ran.err
    assert (world.model / "aibom.sigstore.json").read_bytes() == before


def test_a_key_and_a_time(world, signer, here):
    own = {"public_key": (world.folder / "release.pub").read_text()}
    words = believe(world, **own, timestamp_roots="tsa.pem")
    ran = here(*words)
    assert (ran.code, "[no-trusted-time]" in ran.err) == (11, True)
    stamp = ("--timestamp-url", f"{signer.url}/api/v1/timestamp")
    assert here("sign", "model", *KEY, *stamp).code == 0
    ran = here(*words)
    assert (ran.code, ran.err) == (0, "")
    assert " UTC, by an authority of the " in ran.out
    ran = here(*believe(world, **own))
    assert (ran.code, "[timestamp-unverifiable]" in ran.err) == (11, True)


#: name → (fault of the authority, or None for nobody there; reason)
AUTHORITIES = {
    "nobody": (None, "service-unreachable"),
    "in trouble": ("status", "service-failed"),
    "another kind of server": ("html", "service-failed"),
}


@pytest.mark.parametrize(("fault", "reason"), AUTHORITIES.values(), ids=AUTHORITIES)
def test_no_time_no_signature(world, signer, here, fault, reason):
    url = NOBODY
    if fault is not None:
        url = f"{signer.url}/api/v1/timestamp"
        signer.fail("timestamp", fault)
    before = (world.model / "aibom.sigstore.json").read_bytes()
    ran = here("sign", "model", *KEY, "--timestamp-url", url, "--timeout", "120")
    assert (ran.code, f"[{reason}]" in ran.err) == (1, True)
    assert (world.model / "aibom.sigstore.json").read_bytes() == before


# ── identities ────────────────────


def given_itself(token, folder, monkeypatch):
    return ("--identity-token", token)


def given_by_variable(token, folder, monkeypatch):
    monkeypatch.setenv("CI_TOKEN", f"{token}\n")
    return ("--identity-token", "env:CI_TOKEN")


def given_in_a_file(token, folder, monkeypatch):
    (folder / "token").write_text(f"\n{token}\n")
    return ("--identity-token", "token")


def given_in_a_file_like_a_token(token, folder, monkeypatch):
    (folder / "oidc.token.jwt").write_text(token)
    return ("--identity-token", "oidc.token.jwt")


def given_by_the_usual_variable(token, folder, monkeypatch):
    monkeypatch.setenv("SIGSTORE_IDENTITY_TOKEN", f"{token}\n")
    return ()


WAYS = {
    way.__name__: way
    for way in (
        *(given_itself, given_by_variable, given_in_a_file),
        *(given_in_a_file_like_a_token, given_by_the_usual_variable),
    )
}
VERIFY = ("verify", "model", "--identity", ANNE, "--trust-root", "root.json")


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_token(world, signer, here, monkeypatch, way):
    token = signer.identity_token(ANNE)
    assert len(token) > 255  # longer than a file's name may be
    words = way(token, world.folder, monkeypatch)
    ran = here("sign", "model", *IDENTITY, *words)
    assert (ran.code, ran.out, ran.err) == (0, "model/aibom.sigstore.json\n", "")
    ran = here(*VERIFY, "--issuer", signer.url)
    assert ran.code == 0
    assert "  signed by the identity asked for (asked)\n" in ran.out
    assert f"  as        {ANNE} (by {signer.url})\n" in ran.out
    root = r"aibom: trust root root\.json: root\.json, sha256:[0-9a-f]{16}…, "
    assert re.fullmatch(
        root + r"newest key \d{4}-\d\d-\d\d \(-?\d+ days old\)\n", ran.err
    )


def test_the_environment_names_the_sigstore(world, signer, here, monkeypatch):
    monkeypatch.setenv("AIBOM_SIGSTORE", str(world.folder / "sigstore.json"))
    token = signer.identity_token(ANNE)
    assert here("sign", "model", "--identity-token", token).code == 0
    assert here(*VERIFY, "--issuer", signer.url).code == 0


def test_the_option_counts_more_than_the_usual_variable(
    world, signer, here, monkeypatch
):
    monkeypatch.setenv("SIGSTORE_IDENTITY_TOKEN", signer.identity_token("x@y.example"))
    words = ("--identity-token", signer.identity_token(ANNE))
    assert here("sign", "model", *IDENTITY, *words).code == 0
    assert here(*VERIFY, "--issuer", signer.url).code == 0


def test_an_empty_file_is_not_the_identity_of_the_job(world, signer, here, monkeypatch):
    for name, value in signer.gitlab_environment().items():
        monkeypatch.setenv(name, value)
    (world.folder / "token").write_text("\n")
    ran = here("sign", "model", *IDENTITY, "--identity-token", "token")
    assert (ran.code, "[token-unavailable]" in ran.err) == (2, True)


def _as_it_is(token):
    return token


#: name → (how the token is spoilt or refused, options, exit code, reason)
LEAKS = {
    "two signers": (_as_it_is, KEY, 2, AMBIGUOUS),
    "another audience": ("audience", IDENTITY, 1, "token-wrong-audience"),
    "no token": (lambda it: it.replace(".", ":"), IDENTITY, 2, "token-unavailable"),
    "half a token": (lambda it: it.partition(".")[2], IDENTITY, 2, "token-unavailable"),
    "a part too many": (lambda it: f"{it}.x", IDENTITY, 2, "token-unavailable"),
    "a path": (lambda it: f"tokens/{it}", IDENTITY, 1, "token-malformed"),
    "a line break": (
        lambda it: f"{it[:-10]}\n{it[-10:]}",
        IDENTITY,
        1,
        "token-malformed",
    ),
    "letters missing": (lambda it: it[:40] + it[43:], IDENTITY, 1, ""),
    "no such Sigstore": (_as_it_is, ("--sigstore", "gone.json"), 1, "path-missing"),
    "no Sigstore": (_as_it_is, (), 2, "sigstore-missing"),
    "refused": ("refused", IDENTITY, 1, "service-refused"),
    "in trouble": ("trouble", IDENTITY, 1, "service-failed"),
    "too late": ("slow", IDENTITY, 1, "signing-timed-out"),
}


@pytest.mark.parametrize(
    ("spoilt", "words", "code", "reason"), LEAKS.values(), ids=LEAKS
)
@pytest.mark.parametrize("way", ["itself", "variable"])
def test_no_output_has_a_token_in_it(
    world, signer, here, monkeypatch, spoilt, words, code, reason, way
):
    token = signer.identity_token(ANNE)
    timeout = "60"
    if spoilt == "audience":
        token = signer.identity_token(ANNE, audience="another")
    elif spoilt == "refused":
        signer.fail("signingCert", "status", status=403, times=None)
    elif spoilt == "trouble":
        signer.fail("signingCert", "html", times=None)
    elif spoilt == "slow":
        signer.fail("signingCert", "hang", times=None)
        timeout = "3"
    else:
        token = spoilt(token)
    option = ("--identity-token", token)
    if way == "variable":
        monkeypatch.setenv("CI_TOKEN", token)
        option = ("--identity-token", "env:CI_TOKEN")
    ran = here(
        *("--debug", "sign", "model", *words, *option, "--timeout", timeout),
    )
    assert "Traceback" in ran.err
    assert "[internal-error]" not in ran.err
    if way == "itself":
        assert (ran.code, ran.out) == (code, "")
        assert f"[{reason}]" in ran.err or not reason
    else:
        assert ran.code in (1, 2)
    for part in re.findall(r"[\w-]{20,}", token):
        assert part not in ran.err
        assert part[:20] not in ran.err


# ── offline ────────────────────

CLOUD = ("--key-uri", "awskms:key", *PUBLIC)
#: name → options of a signing that needs a network
ONLINE = {
    "an identity": (*IDENTITY, *TOKEN),
    "the public Sigstore": ("--sigstore", "public", *TOKEN),
    "a time": (*KEY, *TIME),
    "a cloud": CLOUD,
}


@pytest.mark.parametrize("options", ONLINE.values(), ids=ONLINE)
def test_offline_is_said_before_anybody_is_asked(signer, here, monkeypatch, options):
    monkeypatch.setenv("AIBOM_OFFLINE", "1")
    asked = signer.requests
    ran = here("sign", "model", *options)
    assert (ran.code, ran.out) == (1, "")
    assert "[offline]" in ran.err
    assert signer.requests == asked


def test_offline_keys_sign_and_everything_is_verified(world, signer, here, monkeypatch):
    token = ("--identity-token", signer.identity_token(ANNE))
    assert here("sign", "model", *IDENTITY, *token).code == 0
    monkeypatch.setenv("AIBOM_OFFLINE", "1")
    asked = signer.requests
    assert here(*VERIFY, "--issuer", signer.url).code == 0
    assert here("sign", "model", *KEY).code == 0
    assert here("verify", "model", "--public-key", "release.pub").code == 0
    assert signer.requests == asked


# ── whom to believe ────────────────────

SIGNERS = ("--signers", "verifier/signers.yaml")
WHO = ("--identity", ANNE, "--issuer", "https://accounts.acme.example")
JOB = ("--github-repo", "acme/trainer")
#: name → options of `aibom verify`, reason, a word of the message
WHOM = {
    "nobody": ((), "signers-missing", "nothing says whom"),
    "key and signers": ((*SIGNERS, *PUBLIC), "signers-ambiguous", "--public-key"),
    "key and identity": ((*WHO, *PUBLIC), "signers-ambiguous", "--identity"),
    "identity and job": ((*WHO, *JOB), "signers-ambiguous", "--github-repo"),
    "an issuer of a key": ((*PUBLIC, *WHO[2:]), "usage", "--issuer"),
    "a root of a key": ((*PUBLIC, "--trust-root", "x"), "usage", "--trust-root"),
    "a root of signers": (
        (*SIGNERS, "--trust-root", "public"),
        "usage",
        "--trust-root",
    ),
    "a branch of an identity": ((*WHO, "--ref", "main"), "usage", "--ref"),
    "a workflow of an identity": ((*WHO, "--workflow", "x"), "usage", "--workflow"),
    "an issuer alone": (WHO[2:], "signers-missing", "nothing says whom"),
    "an identity alone": (WHO[:2], "identity-rule-invalid", "--issuer"),
    "any repository": (
        ("--github-repo", "*/*"),
        "identity-rule-invalid",
        "--github-repo",
    ),
    "a workflow of any branch": (
        (*JOB, "--workflow", "train.yml"),
        "identity-rule-invalid",
        "--workflow",
    ),
}


@pytest.mark.parametrize(("options", "reason", "word"), WHOM.values(), ids=WHOM)
def test_one_way_to_say_whom(here, options, reason, word):
    ran = here("verify", "model", *options)
    assert (ran.code, ran.out) == (2, "")
    assert f"[{reason}]" in ran.err
    assert word in ran.err


@pytest.mark.parametrize("option", ["--signers", "--public-key"])
def test_a_folder_is_no_file(here, option):
    ran = here("verify", "model", option, "verifier")
    assert (ran.code, "[path-unreadable]" in ran.err) == (1, True)


def test_signers_beside_the_artifact_are_the_suppliers_own(world, here):
    text = (world.verifier / "signers.yaml").read_text()
    (world.model / "signers.yaml").write_text(text)
    ran = here("verify", "model", "--signers", "model/signers.yaml")
    assert ran.code == 2


#: name → (options, reason): a signature that holds, of somebody else
STRANGERS = {
    "another person": (
        ("--identity", "bert@acme.example", "--issuer", "{url}"),
        "identity-not-allowed",
    ),
    "another issuer": (
        ("--identity", ANNE, "--issuer", "https://accounts.acme.example"),
        "issuer-not-allowed",
    ),
    "a job": (("--github-repo", "acme/trainer"), "issuer-not-allowed"),
}


@pytest.mark.parametrize(("options", "reason"), STRANGERS.values(), ids=STRANGERS)
def test_the_signature_of_somebody_else(signer, here, options, reason):
    token = ("--identity-token", signer.identity_token(ANNE))
    assert here("sign", "model", *IDENTITY, *token).code == 0
    asked = [word.format(url=signer.url) for word in options]
    ran = here("verify", "model", *asked, "--trust-root", "root.json")
    assert (ran.code, ran.out) == (11, "")
    assert f"[{reason}]" in ran.err


def test_a_sigstore_that_is_not_the_public_one(signer, here):
    token = ("--identity-token", signer.identity_token(ANNE))
    assert here("sign", "model", *IDENTITY, *token).code == 0
    ran = here("verify", "model", "--identity", ANNE, "--issuer", signer.url)
    assert (ran.code, "[wrong-trust-root]" in ran.err) == (11, True)
    assert ran.err.startswith("aibom: trust root public: embedded in sigstore ")


def test_a_job_of_a_repository(signer, here, monkeypatch):
    for name, value in signer.github_environment().items():
        monkeypatch.setenv(name, value)
    assert here("sign", "model", *IDENTITY).code == 0
    words = ("verify", "model", "--trust-root", "root.json", *JOB)
    ran = here(*words, "--workflow", "train.yml", "--ref", "refs/heads/main")
    assert ran.code == 0
    assert "for repository https://github.com/acme/trainer, at refs/heads" in " ".join(
        ran.out.split()
    )
    ran = here(*words, "--ref", "refs/heads/evil")
    assert (ran.code, "[source-ref-not-allowed]" in ran.err) == (11, True)


def test_what_is_signed_is_the_bundle_that_is_there(world, signer, here):
    """All three kinds leave one and the same kind of file."""
    token = ("--identity-token", signer.identity_token(ANNE))
    payloads = set()
    for options in (KEY, (*IDENTITY, *token)):
        assert here("sign", "model", *options).code == 0
        data = (world.model / "aibom.sigstore.json").read_bytes()
        payloads.add(parse_bundle(data, "b.json").payload)
    assert len(payloads) == 1
