"""Signing and verifying as an identity, from the command line, against a LocalSigstore.

The whole way: a token in, a bundle out, the servers gone, and ``aibom verify`` without
a network and without a home. And what must not happen on it: a refused token, a server
that does not behave or a bundle that was changed leaves nothing behind, and says why.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cli_world import Ran, World, call, snapshot
from keyless_worlds import identity_signer
from sigstore_clients import ALICE, GITHUB_JOB, GITLAB_JOB, IDENTITIES, MODES

from aibom.attest.bundle import parse_bundle
from aibom.cli import main
from aibom.errors import InputError
from aibom.operations.signing.sign import sign_artifact, sign_record
from aibom.statement import CYCLONEDX_BOM, REFERENCE_V01, to_json
from aibom.testing.sigstore import GITHUB_ISSUER, GITLAB_ISSUER, LocalSigstore

BUNDLE = "aibom.sigstore.json"
#: What the BOM of this world says that its statement does not have to.
SECRETS = (b"acme/data/tiny", b"two-lines", b"training-data")


def run(*words: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> Ran:
    """The command line in this process; what is set is set for this call only."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["aibom", *map(str, words)])
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        code = ending(main)
    return Ran(code, out.getvalue(), err.getvalue())


def ending(program: Callable[[], None]) -> int:
    """The exit code of a program that always exits."""
    with pytest.raises(SystemExit) as ended:
        program()
    return int(ended.value.code or 0)


# ── signed by everybody, in every mode; then the servers are gone ────────────────────


@dataclass(frozen=True)
class Signed:
    """Folders with a signed model each, and a root to verify them with."""

    folder: Path
    url: str

    def verify(
        self, name: str, *words: str, env: Mapping[str, str] | None = None
    ) -> Ran:
        """``aibom verify`` with the instance's root; ``--trust-root`` goes last."""
        last = () if "--trust-root" in words else ("--trust-root", "root.json")
        return run(
            *("verify", f"{name}/model", *words, *last), cwd=self.folder, env=env
        )

    def copy(self, name: str, to: Path) -> Signed:
        """One of them, to be changed."""
        shutil.copytree(self.folder / name, to / name)
        shutil.copy(self.folder / "root.json", to)
        return Signed(to, self.url)

    def whose(self, identity: str) -> tuple[str, ...]:
        """The options that name exactly this identity."""
        names = {
            "email": (ALICE, self.url),
            "github": (GITHUB_JOB, GITHUB_ISSUER),
            "gitlab": (GITLAB_JOB, GITLAB_ISSUER),
        }
        return _named(*names[identity])


def _named(identity: str, issuer: str) -> tuple[str, ...]:
    return "--identity", identity, "--issuer", issuer


CELLS = {
    f"{identity}-{mode}": (identity, mode) for mode in MODES for identity in IDENTITIES
}
GITHUB_OPTIONS = (
    *("--github-repo", "acme/trainer", "--workflow", "train.yml"),
    *("--ref", "refs/heads/main"),
)


def _sign(folder: Path, name: str, config: str, *words: str, **env: str) -> None:
    """Sign a model of its own, without a signature from before."""
    (folder / name / "model" / BUNDLE).unlink()
    ran = run(
        *("sign", f"{name}/model", "--timeout", "300", *words),
        cwd=folder,
        env={"AIBOM_SIGSTORE": config, **env},
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{name}/model/{BUNDLE}\n"


@pytest.fixture(scope="module")
def signed(built: World, tmp_path_factory: pytest.TempPathFactory) -> Signed:
    """Everything is signed, and the servers are closed before anything is verified."""
    folder = tmp_path_factory.mktemp("signed")
    ambient = ("ambient-github", "ambient-gitlab", "inline")
    for name in (*CELLS, *ambient):
        shutil.copytree(built.model, folder / name / "model")
    with LocalSigstore() as sigstore:
        (folder / "root.json").write_text(sigstore.trusted_root())
        for mode, how in MODES.items():
            (folder / f"{mode}.json").write_text(sigstore.trust_config(**how))
        for name, (identity, mode) in CELLS.items():
            token = IDENTITIES[identity][0](sigstore)
            words = ("--sigstore", f"{mode}.json", "--identity-token", "env:TOKEN")
            _sign(folder, name, "elsewhere.json", *words, TOKEN=token)
        config = str(folder / "v2-tsa.json")
        _sign(folder, "ambient-github", config, **sigstore.github_environment())
        _sign(folder, "ambient-gitlab", config, **sigstore.gitlab_environment())
        (folder / "token").write_text(f"{sigstore.identity_token(ALICE)}\n")
        _sign(folder, "inline", config, "--inline", "--identity-token", "token")
    return Signed(folder, sigstore.url)


@pytest.mark.parametrize(("identity", "mode"), CELLS.values(), ids=CELLS)
def test_every_identity_in_every_mode(signed: Signed, identity: str, mode: str) -> None:
    ran = signed.verify(f"{identity}-{mode}", *signed.whose(identity))
    assert (ran.code, ran.out.startswith("verified")) == (0, True), ran.err
    assert "by an authority of the root" in ran.out
    assert "trust root root.json: root.json, sha256:" in ran.err


@pytest.mark.parametrize("name", ["github-v1", "github-v2-tsa", "ambient-github"])
def test_a_github_job_by_its_parts(signed: Signed, name: str) -> None:
    assert signed.verify(name, *GITHUB_OPTIONS).code == 0
    assert signed.verify(name, "--github-repo", "acme/trainer").code == 0


def test_the_job_of_a_gitlab_pipeline(signed: Signed) -> None:
    assert signed.verify("ambient-gitlab", *signed.whose("gitlab")).code == 0


def test_a_token_from_a_file_and_a_bom_inside(signed: Signed) -> None:
    assert signed.verify("inline", *signed.whose("email")).code == 0


@pytest.mark.parametrize("mode", MODES)
def test_no_network_and_no_home(signed: Signed, tmp_path: Path, mode: str) -> None:
    """A process of its own, in which nothing could be asked or kept."""
    nowhere = {
        name: "/dev/null/home"
        for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
    }
    before = snapshot(signed.folder)
    ran = call(
        *("verify", f"github-{mode}/model", *GITHUB_OPTIONS),
        *("--trust-root", "root.json"),
        cwd=signed.folder,
        env={**nowhere, "AIBOM_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert ran.code == 0, ran.err
    assert snapshot(signed.folder) == before


def test_an_empty_home_stays_empty(signed: Signed, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "AIBOM_OFFLINE": "1"}
    assert signed.verify("email-v1", *signed.whose("email"), env=env).code == 0
    assert os.listdir(tmp_path) == []


#: what is asked of the GitHub job's signature → exit code, reason
WHOM = {
    "issuer": (_named(GITHUB_JOB, GITLAB_ISSUER), 11, "issuer-not-allowed"),
    "issuer-with-a-slash": (
        _named(GITHUB_JOB, f"{GITHUB_ISSUER}/"),
        11,
        "issuer-not-allowed",
    ),
    "identity": (_named(ALICE, GITHUB_ISSUER), 11, "identity-not-allowed"),
    "prefix": (
        _named(GITHUB_JOB.partition("@")[0], GITHUB_ISSUER),
        11,
        "identity-not-allowed",
    ),
    "star": (
        _named(GITHUB_JOB.replace("main", "*"), GITHUB_ISSUER),
        11,
        "identity-not-allowed",
    ),
    "no-issuer": (("--identity", GITHUB_JOB), 2, "identity-rule-invalid"),
    "issuer-alone": (("--issuer", GITHUB_ISSUER), 2, "signers-missing"),
    "nobody": ((), 2, "signers-missing"),
    "repository": (
        ("--github-repo", "acme/other"),
        11,
        "source-repository-not-allowed",
    ),
    "repository-of-anybody": (("--github-repo", "*/*"), 2, "identity-rule-invalid"),
    "repository-without-owner": (
        ("--github-repo", "trainer"),
        2,
        "identity-rule-invalid",
    ),
    "workflow": (
        (*GITHUB_OPTIONS[:2], "--workflow", "x.yml", "--ref", "refs/heads/main"),
        11,
        "identity-not-allowed",
    ),
    "workflow-on-any-branch": (GITHUB_OPTIONS[:4], 2, "identity-rule-invalid"),
    "ref": (
        (*GITHUB_OPTIONS[:2], "--ref", "refs/heads/dev"),
        11,
        "source-ref-not-allowed",
    ),
    "ref-of-a-workflow": (
        (*GITHUB_OPTIONS[:4], "--ref", "refs/tags/main"),
        11,
        "identity-not-allowed",
    ),
    "public-root": (
        (*GITHUB_OPTIONS, "--trust-root", "public"),
        11,
        "wrong-trust-root",
    ),
    "no-root": ((*GITHUB_OPTIONS, "--trust-root", "none.json"), 1, "path-missing"),
    "root-that-is-none": (
        (*GITHUB_OPTIONS, "--trust-root", "github-v1/model/aibom.cdx.json"),
        12,
        "trust-root-invalid",
    ),
}


@pytest.mark.parametrize(("words", "code", "reason"), WHOM.values(), ids=WHOM)
def test_somebody_else_is_asked_for(
    signed: Signed, words: tuple[str, ...], code: int, reason: str
) -> None:
    ran = signed.verify("github-v2-tsa", *words)
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert f"[{reason}]" in ran.err
    assert "Traceback" not in ran.err


def test_a_key_is_asked_for(signed: Signed, built: World) -> None:
    key = str(built.folder / "release.pub")
    ran = run(*("verify", "email-v1/model", "--public-key", key), cwd=signed.folder)
    assert (ran.code, "[signer-not-allowed]" in ran.err) == (11, True)


def test_an_identity_is_asked_for_of_a_key(signed: Signed, built: World) -> None:
    words = ("--trust-root", signed.folder / "root.json")
    ran = run("verify", built.model, *signed.whose("email"), *words, cwd=built.folder)
    assert (ran.code, "[signer-not-allowed]" in ran.err) == (11, True)


# ── a bundle that was changed ────────────────────

MATERIAL = "verificationMaterial"
ENTRY = (MATERIAL, "tlogEntries", 0)
PROOF = (*ENTRY, "inclusionProof")
STAMP = (MATERIAL, "timestampVerificationData", "rfc3161Timestamps", 0)

#: what is changed → mode, reason
TAMPERED = {
    "payload": (("dsseEnvelope", "payload"), "v1", "signature-invalid"),
    "signature": (("dsseEnvelope", "signatures", 0, "sig"), "v1", "signature-invalid"),
    "log-entry": ((*ENTRY, "canonicalizedBody"), "v1", "log-proof-invalid"),
    "log-entry-v2": ((*ENTRY, "canonicalizedBody"), "v2-tsa", "log-proof-invalid"),
    "promise": (
        (*ENTRY, "inclusionPromise", "signedEntryTimestamp"),
        "v1",
        "log-proof-invalid",
    ),
    "checkpoint": ((*PROOF, "checkpoint", "envelope"), "v1", "log-proof-invalid"),
    "checkpoint-v2": (
        (*PROOF, "checkpoint", "envelope"),
        "v2-tsa",
        "log-proof-invalid",
    ),
    "timestamp": ((*STAMP, "signedTimestamp"), "v2-tsa", "timestamp-invalid"),
    "timestamp-beside-v1": ((*STAMP, "signedTimestamp"), "v1-tsa", "timestamp-invalid"),
    "certificate": (
        (MATERIAL, "certificate", "rawBytes"),
        "v2-tsa",
        "certificate-invalid",
    ),
}


def tampered(text: str, where: str) -> str:
    """The same text with one bit, or for a checkpoint one digit, changed."""
    if where == "envelope":
        return text.replace("\n", "\n1", 1)
    data = bytearray(base64.b64decode(text))
    data[-1] ^= 1
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(("path", "mode", "reason"), TAMPERED.values(), ids=TAMPERED)
def test_a_changed_bundle(
    signed: Signed,
    tmp_path: Path,
    path: tuple[str | int, ...],
    mode: str,
    reason: str,
) -> None:
    name = f"email-{mode}"
    mine = signed.copy(name, tmp_path)
    bundle = tmp_path / name / "model" / BUNDLE
    document = json.loads(bundle.read_bytes())
    *above, last = path
    holder = functools.reduce(lambda part, key: part[key], above, document)
    holder[last] = tampered(holder[last], str(last))
    bundle.write_bytes(to_json(document))
    ran = mine.verify(name, *signed.whose("email"))
    assert (ran.code, ran.out) == (11, "")
    assert f"[{reason}]" in ran.err
    assert str(Path(name, "model", BUNDLE)) in ran.err
    assert len(ran.err.splitlines()) == 3, "root, message, and what to do next"


def test_the_root_of_another_instance(signed: Signed, tmp_path: Path) -> None:
    with LocalSigstore() as stranger:
        (tmp_path / "root.json").write_text(stranger.trusted_root())
    words = ("--trust-root", str(tmp_path / "root.json"))
    ran = signed.verify("email-v1", *signed.whose("email"), *words)
    assert (ran.code, "[wrong-trust-root]" in ran.err) == (11, True)


# ── before anybody is asked, and what servers say ────────────────────


@pytest.fixture(scope="module")
def sigstore() -> Iterator[LocalSigstore]:
    with LocalSigstore() as running:
        yield running


@pytest.fixture
def faulty(sigstore: LocalSigstore) -> Iterator[LocalSigstore]:
    yield sigstore
    sigstore.recover()


@pytest.fixture
def place(built: World, sigstore: LocalSigstore, tmp_path: Path) -> Path:
    """A folder with a model that has a signature, and trust configs."""
    shutil.copytree(built.model, tmp_path / "model")
    for mode, how in MODES.items():
        (tmp_path / f"{mode}.json").write_text(sigstore.trust_config(**how))
    return tmp_path


def sign(
    place: Path,
    token: str,
    *words: str,
    mode: str = "v2-tsa",
    env: Mapping[str, str] | None = None,
) -> Ran:
    return run(
        *("sign", "model", "--sigstore", f"{mode}.json"),
        *("--identity-token", "env:X", "--timeout", "300", *words),
        cwd=place,
        env={"X": token, **(env or {})},
    )


def unsigned_token(sigstore: LocalSigstore) -> str:
    """The claims of a job, and an algorithm that asks for no signature."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=")
    claims = sigstore.github_token().split(".")[1]
    return f"{header.decode()}.{claims}."


def signed_by_another(sigstore: LocalSigstore) -> str:
    """A GitHub job's, as a stranger would sign it."""
    with LocalSigstore() as stranger:
        return stranger.github_token()


def with_other_claims(sigstore: LocalSigstore) -> str:
    """A genuine token, in which somebody has put another name."""
    header, claims, signature = sigstore.identity_token("eve@evil.test").split(".")
    padded = claims + "=" * (-len(claims) % 4)
    changed = base64.urlsafe_b64decode(padded).replace(b"eve@evil.test", ALICE.encode())
    body = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    return f"{header}.{body}.{signature}"


AGO = timedelta(minutes=-5)
#: token → reason, and whether a server was asked
TOKENS = {
    "expired": (lambda s: s.identity_token(lifetime=AGO), "token-expired", False),
    "expired-job": (lambda s: s.github_token(lifetime=AGO), "token-expired", False),
    "audience": (
        lambda s: s.github_token(audience="https://github.com/acme"),
        "token-wrong-audience",
        False,
    ),
    "audience-look-alike": (
        lambda s: s.identity_token(audience="sigstore-x"),
        "token-wrong-audience",
        False,
    ),
    "noise": (lambda _: "noise", "token-malformed", False),
    "not-a-token": (lambda _: "a.b.c", "token-malformed", False),
    "signed-by-another": (signed_by_another, "service-refused", True),
    "unsigned": (unsigned_token, "service-refused", True),
    "other-claims": (with_other_claims, "service-refused", True),
    "mailbox-not-verified": (
        lambda s: s.identity_token(claims={"email_verified": False}),
        "service-refused",
        True,
    ),
}


@pytest.mark.parametrize("name", ["expired", "signed-by-another"])
def test_a_bad_token_leaves_no_bundle(place, sigstore, name):
    (place / "model" / BUNDLE).unlink()
    token, reason, _ = TOKENS[name]
    was = snapshot(place)
    ran = sign(place, token(sigstore))
    assert (ran.code, f"[{reason}]" in ran.err) == (1, True)
    assert snapshot(place) == was


@pytest.mark.parametrize(("token", "reason", "asked"), TOKENS.values(), ids=TOKENS)
def test_a_bad_token(place, sigstore, token, reason, asked):
    text, count = token(sigstore), len(sigstore.requests)
    was = snapshot(place)
    ran = sign(place, text)
    assert (ran.code, ran.out) == (1, ""), ran.err
    assert f"[{reason}]" in ran.err
    assert text not in ran.err
    assert len(ran.err.splitlines()) == 2, "the message, and what to do next"
    assert snapshot(place) == was
    assert (len(sigstore.requests) > count) == asked


def test_the_token_is_looked_at_before_a_byte_is_hashed(place, sigstore):
    """A pipe would be refused, and reading it would never end."""
    os.mkfifo(place / "model/pipe")
    token = sigstore.identity_token(lifetime=AGO)
    assert "[token-expired]" in sign(place, token).err
    assert "[special-file]" in sign(place, sigstore.identity_token()).err


@pytest.mark.parametrize("words", [(), ("--inline",), ("--oms",)])
def test_nothing_is_hashed_for_an_expired_token(place, sigstore, words):
    signer = identity_signer(sigstore, sigstore.identity_token(lifetime=AGO))
    (place / "model/huge.bin").touch()
    os.truncate(place / "model/huge.bin", 1 << 40)
    counted: list[int] = []
    was = snapshot(place)
    with pytest.raises(InputError) as caught:
        sign_artifact(
            place / "model",
            signer,
            lambda done, _total: counted.append(done),
            inline="--inline" in words,
            oms="--oms" in words,
        )
    assert (caught.value.reason, counted) == ("token-expired", [])
    assert snapshot(place) == was


EXPIRED_ELSEWHERE = {
    "run": (
        *("run", "--step", "train", "--input", "training-data=model/weights.bin"),
        *("--output", "new,name=acme/models/new"),
    ),
    "audit": (
        *("audit", "record", "report.json", "--subject", "model", "-o", "audits"),
        *("--name", "acme/models/tiny", "--kind", "model"),
    ),
}


@pytest.mark.parametrize("name", EXPIRED_ELSEWHERE)
def test_no_step_begins_with_an_expired_token(place, sigstore, name):
    report = {
        "apiVersion": "aibom/audit-report/v1",
        "type": "holdout-test",
        "tool": {"name": "ruler", "version": "1"},
        "measurements": [{"metric": "accuracy", "count": 1, "samples": 1}],
    }
    (place / "report.json").write_text(json.dumps(report))
    was = snapshot(place)
    touch = ("--", sys.executable, "-c", "open('new', 'w').write('x')")
    ran = run(
        *EXPIRED_ELSEWHERE[name],
        *("--sigstore", "v1.json", "--identity-token", "env:X"),
        *(touch if name == "run" else ()),
        cwd=place,
        env={"X": sigstore.identity_token(lifetime=AGO)},
    )
    assert ran.code == (125 if name == "run" else 1)
    assert "[token-expired]" in ran.err
    assert snapshot(place) == was


#: the call → exit code, reason
CALLS = {
    "offline": (("--sigstore", "v1.json"), {"AIBOM_OFFLINE": "1"}, 1, "offline"),
    "no-identity": (("--sigstore", "v1.json"), {}, 1, "token-unavailable"),
    "variable-unset": (
        ("--sigstore", "v1.json", "--identity-token", "env:NONE"),
        {},
        2,
        "token-unavailable",
    ),
    "variable-empty": (
        ("--sigstore", "v1.json", "--identity-token", "env:X"),
        {"X": ""},
        2,
        "token-unavailable",
    ),
    "token-for-whom": (("--identity-token", "a.b.c"), {}, 2, "sigstore-missing"),
    "key-and-identity": (
        ("--sigstore", "v1.json", "--key", "release.key"),
        {},
        2,
        "signer-ambiguous",
    ),
    "no-config": (("--sigstore", "none.json"), {}, 1, "path-missing"),
    "config-that-is-none": (
        ("--sigstore", "model/aibom.cdx.json"),
        {},
        1,
        "trust-config-invalid",
    ),
    "job-without-permission": (
        ("--sigstore", "v1.json"),
        {"GITHUB_ACTIONS": "true"},
        1,
        "token-unavailable",
    ),
}


@pytest.mark.parametrize(("words", "env", "code", "reason"), CALLS.values(), ids=CALLS)
def test_a_call_that_cannot_sign(place, words, env, code, reason):
    was = snapshot(place)
    ran = run("sign", "model", *words, cwd=place, env=env)
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert f"[{reason}]" in ran.err
    assert snapshot(place) == was


# ── servers that do not behave ────────────────────

SERVICES = {
    "fulcio": ("signingCert", "Fulcio"),
    "rekor": ("log/entries", "Rekor"),
    "timestamps": ("api/v1/timestamp", "the timestamp authority"),
}
#: Time-outs to come to the server in; the next is for a machine that was too slow.
SHORT = ("3", "9", "27")
LONG = ("300",)
#: kind of fault → how, time-outs, reason, what else is said
FAULTS = {
    "hang": ({"delay": 60.0}, SHORT, "signing-timed-out", "within {} seconds"),
    "trickle": ({"delay": 60.0}, SHORT, "signing-timed-out", "within {} seconds"),
    "status": ({"status": 503}, LONG, "service-failed", "planned by the test"),
    "html": ({"status": 200}, LONG, "service-failed", "else than an answer"),
}


@pytest.mark.parametrize(("path", "who"), SERVICES.values(), ids=SERVICES)
@pytest.mark.parametrize("kind", FAULTS)
def test_a_server_that_does_not_behave(place, faulty, kind, path, who):
    how, time_outs, reason, says = FAULTS[kind]
    faulty.fail(path, kind, times=None, **how)
    was = snapshot(place)
    for seconds in time_outs:
        ran = sign(place, faulty.identity_token(), "--timeout", seconds)
        assert (ran.code, ran.out) == (1, ""), ran.err
        message, hint = ran.err.splitlines()
        assert message.startswith("aibom: ")
        assert message.endswith(f"[{reason}]")
        assert says.format(seconds) in message
        assert hint.strip()
        assert snapshot(place) == was
        if who in message:
            return
    raise AssertionError(f"it never told who: {message}")


def test_nobody_is_there(place):
    with LocalSigstore() as gone:
        (place / "v1.json").write_text(gone.trust_config())
        token = gone.identity_token()
    was = snapshot(place)
    ran = sign(place, token, mode="v1")
    assert (ran.code, "[service-unreachable]" in ran.err) == (1, True)
    assert snapshot(place) == was


def test_a_server_that_is_slow_is_waited_for(place, faulty):
    for path, _ in SERVICES.values():
        faulty.fail(path, "slow", delay=0.2)
    assert sign(place, faulty.identity_token()).code == 0


def test_keys_of_another_instance(place, sigstore):
    config = json.loads(sigstore.trust_config())
    with LocalSigstore() as stranger:
        config["trustedRoot"] = json.loads(stranger.trusted_root())
    (place / "v1.json").write_text(json.dumps(config))
    was = snapshot(place)
    ran = sign(place, sigstore.identity_token(), mode="v1")
    assert (ran.code, "[signing-unverifiable]" in ran.err) == (1, True)
    assert snapshot(place) == was


def test_one_of_two_signatures_is_none(place, faulty):
    """With --oms two are made; where the second fails, the first is not kept."""
    faulty.fail("signingCert", "slow", delay=0.0)
    faulty.fail("signingCert", "status", status=500, times=None)
    was = snapshot(place)
    ran = sign(place, faulty.identity_token(), "--oms")
    assert (ran.code, "[service-failed]" in ran.err) == (1, True)
    assert snapshot(place) == was


# ── what a log is told ────────────────────


def overheard(sigstore: LocalSigstore) -> list[tuple[str, bytes]]:
    """Path and body of every request from now on, which is answered as ever."""
    heard: list[tuple[str, bytes]] = []

    def listening(service):
        def answer(request):
            heard.append((request.path, request.body))
            return service(request)

        return answer

    server = sigstore._server
    server.routes = {at: listening(one) for at, one in server.routes.items()}
    return heard


def everything_in(body: bytes) -> bytes:
    """A body, with all that stands in base64 in it, and in that."""
    found = [body]
    for part in body.replace(b"\\", b"").split(b'"'):
        if len(part) < 40:
            continue
        with contextlib.suppress(ValueError):
            found.append(everything_in(base64.b64decode(part, validate=True)))
    return b"\n".join(found)


#: mode, --inline → whether the BOM goes to the log, and whether the statement does
LOGGED = {
    "v1": ("v1", (), False, True),
    "v1-inline": ("v1", ("--inline",), True, True),
    "v2": ("v2-tsa", (), False, False),
    "v2-inline": ("v2-tsa", ("--inline",), False, False),
}


@pytest.mark.parametrize(
    ("mode", "words", "bom", "statement"), LOGGED.values(), ids=LOGGED
)
def test_what_the_log_is_told(place, mode, words, bom, statement):
    with LocalSigstore() as sigstore:
        heard = overheard(sigstore)
        (place / f"{mode}.json").write_text(sigstore.trust_config(**MODES[mode]))
        assert sign(place, sigstore.identity_token(ALICE), *words, mode=mode).code == 0
    told = b"".join(everything_in(body) for path, body in heard if "log" in path)
    assert told
    assert {secret in told for secret in SECRETS} == {bom}
    assert (b"acme/models/tiny" in told) == statement
    others = b"".join(everything_in(body) for path, body in heard if "log" not in path)
    assert not any(s in others for s in (*SECRETS, b"acme/models/tiny", b"sha256:"))


@pytest.mark.parametrize("inline", [True, False], ids=["inline", "reference"])
def test_the_bom_is_in_the_statement_where_that_is_asked_for(signed, inline):
    name = "inline" if inline else "email-v2-tsa"
    folder = signed.folder / name / "model"
    said = json.loads(parse_bundle((folder / BUNDLE).read_bytes(), "").payload)
    assert said["predicateType"] == (CYCLONEDX_BOM if inline else REFERENCE_V01)
    bom = json.loads((folder / "aibom.cdx.json").read_bytes())
    assert (said["predicate"] == bom) == inline
    assert all((s in to_json(said)) == inline for s in SECRETS)


def test_an_inline_bom_that_is_not_the_one_beside(signed, tmp_path):
    mine = signed.copy("inline", tmp_path)
    bom = tmp_path / "inline/model/aibom.cdx.json"
    bom.write_bytes(bom.read_bytes() + b"\n")
    ran = mine.verify("inline", *signed.whose("email"))
    assert (ran.code, "[bom-digest-mismatch]" in ran.err) == (11, True)


# ── many at once ────────────────────


def test_forty_at_once(built, tmp_path):
    """Records and models, through one signer for each token, from forty threads."""
    (record,) = (built.folder / "evidence").iterdir()
    payload = parse_bundle(record.read_bytes(), "").payload
    unsigned = []
    for number in range(38):
        path = tmp_path / f"records/{number}/r.statement.json"
        path.parent.mkdir(parents=True)
        path.write_bytes(payload)
        unsigned.append(path)
    models = [tmp_path / "one", tmp_path / "two"]
    for model in models:
        shutil.copytree(built.model, model)
    with LocalSigstore() as sigstore:
        signer = identity_signer(sigstore, sigstore.identity_token(ALICE))
        with ThreadPoolExecutor(40) as pool:
            records = [pool.submit(sign_record, path, signer) for path in unsigned]
            others = [pool.submit(sign_artifact, model, signer) for model in models]
        bundles = [one.result() for one in records]
        bundles += [one.result()[0] for one in others]
    (tmp_path / "root.json").write_text(sigstore.trusted_root())
    kept = [json.loads(path.read_bytes()) for path in bundles]
    entries = [one[MATERIAL]["tlogEntries"][0]["logIndex"] for one in kept]
    assert sorted(map(int, entries)) == list(range(40))
    assert not any(path.exists() for path in unsigned)
    words = (*_named(ALICE, sigstore.url), "--trust-root", "root.json")
    told = run("verify", "one", *words, "--evidence", "records", cwd=tmp_path)
    assert (told.code, "not-allowed" in told.out) == (0, False), told.err
    assert run("verify", "two", *words, cwd=tmp_path).code == 0


def test_ctrl_c_leaves_nothing(place, faulty):
    """A person who has waited long enough."""
    faulty.fail("signingCert", "hang", times=None)
    was = snapshot(place)
    count = len(faulty.requests)
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "aibom", "sign", "model"),
            *("--sigstore", "v2-tsa.json", "--identity-token", "env:X"),
        ],
        cwd=place,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            "X": faulty.identity_token(),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while len(faulty.requests) == count and child.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.05)
        child.send_signal(2)
        out, err = child.communicate(timeout=120)
    finally:
        child.kill()
    assert (child.returncode, out) == (130, "")
    assert "interrupted" in err
    assert snapshot(place) == was
