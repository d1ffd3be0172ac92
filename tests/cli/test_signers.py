"""``aibom signers add``: what it shows, that it asks, and what it leaves alone."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from cli_world import ROOT, Ran, environment, snapshot
from sigstore_clients import GITHUB_JOB, sign

from aibom.attest.bundle import parse_bundle
from aibom.attest.keys import generate, load_private
from aibom.attest.signers import PREDICATES
from aibom.attest.signing import KeySigner
from aibom.attest.verify import identify
from aibom.cli import COMMANDS, main
from aibom.digest import Digest
from aibom.operations.verify import load_signers
from aibom.statement import AUDIT_V1, Resource, Statement, to_json
from aibom.testing.sigstore import LocalSigstore

ENTRY = ("aibom.cli.signers", "Add to the signers that the verifier believes.")
HEAD = "# who may say what\napiVersion: aibom/signers/v1\nsigners: []  # nobody yet\n"
ADD = (
    *("add", "--from", "b.json", "--to", "policy/signers.yaml"),
    *("--role", "auditor", "--namespace", "acme/*"),
)
KEYED = (*ADD, "--public-key", "lab.pub")
#: Starts the command line with the command in it, whoever registers it.
PROGRAM = f"""\
from aibom.cli import COMMANDS, main
COMMANDS["signers"] = {ENTRY!r}
main()
"""


def statement(*names):
    listed = [Resource.subject(name, Digest("tree", "a" * 64)) for name in names]
    return Statement.build(listed, AUDIT_V1, {}).payload


@pytest.fixture(scope="module")
def sigstore():
    with LocalSigstore() as served:
        yield served


@pytest.fixture
def desk(tmp_path):
    """A bundle that a key signed, the key, and a policy folder."""
    private, public = generate("p256", None)
    signer = KeySigner(load_private(private, None, "lab"))
    (tmp_path / "lab.pub").write_bytes(public)
    (tmp_path / "b.json").write_bytes(to_json(signer.sign(statement("acme/x"))))
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "signers.yaml").write_text(HEAD)
    return tmp_path


@pytest.fixture
def aibom(desk, monkeypatch, capfd):
    """Calls the command line in this process, standing in the test's folder."""
    monkeypatch.setitem(COMMANDS, "signers", ENTRY)
    monkeypatch.chdir(desk)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["aibom", "signers", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Ran(ended.value.code, out, err)

    return call


def on_a_terminal(desk, answer, *words):
    """The same in a process of its own, with a terminal on which somebody answers."""
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "signers", *words],
            cwd=desk,
            env=environment(),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            check=False,
        )
    finally:
        os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        shown = b"".join(iter(lambda: read_part(screen), b""))
    return Ran(done.returncode, done.stdout.decode(), shown.decode())


def read_part(screen):
    """Some of what is on a terminal; nothing at its end, where Linux has an error."""
    try:
        return screen.read(4096)
    except OSError:
        return b""


def signers(desk):
    return load_signers(desk / "policy" / "signers.yaml", desk / "model")


def test_a_key_is_added(aibom, desk):
    ran = aibom(*KEYED, "--name", "the lab", "--party", "org:Lab", "--yes")
    assert (ran.code, ran.out) == (0, ""), ran.err
    (signer,) = signers(desk)
    assert (signer.signer.name, signer.signer.party) == ("the lab", "org:Lab")
    text = (desk / "policy" / "signers.yaml").read_text()
    assert text.startswith(
        "# who may say what\napiVersion: aibom/signers/v1\nsigners:  # nobody yet\n"
        '  - name: "the lab"\n    role: "auditor"\n    party: "org:Lab"\n'
    )
    assert "signed by   whoever has the key of lab.pub\n" in ran.err
    assert f"says        audit ({AUDIT_V1})\n" in ran.err
    assert "about       acme/x\n" in ran.err
    assert "signed at   nobody vouches\n" in ran.err
    assert '  - name: "the lab"\n' in ran.err
    assert ran.err.endswith("added; review, then: aibom policy lock policy\n")


GIVEN = (
    *("add", "--public-key", "lab.pub", "--to", "policy/signers.yaml"),
    *("--role", "release", "--namespace", "hf/**"),
)


@pytest.mark.parametrize("there", [True, False], ids=["a-file", "no-file"])
def test_a_public_key_alone_is_added_and_nothing_is_asked(aibom, desk, there):
    if not there:
        (desk / "policy" / "signers.yaml").unlink()
    ran = aibom(*GIVEN, "--predicate", "bom", "--party", "org:Acme")
    assert (ran.code, ran.out) == (0, ""), ran.err
    (signer,) = signers(desk)
    assert signer.predicates == frozenset(PREDICATES["bom"])
    assert signer.may_name("hf/acme/x")
    assert not signer.may_name("acme/x")
    pem = (desk / "lab.pub").read_bytes()
    assert f"sha256:{hashlib.sha256(pem).hexdigest()} of its PEM\n" in ran.err
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    assert f"sha256:{hashlib.sha256(der).hexdigest()} of its DER\n" in ran.err
    assert "no signature was looked at" in ran.err
    assert "-----BEGIN PUBLIC KEY-----" in ran.err
    bundle = parse_bundle((desk / "b.json").read_bytes(), "b.json")
    found = identify(bundle, (signer,), datetime.now(UTC))
    assert (
        found.refusal == "predicate-not-allowed"
    )  # it is an audit: known, not allowed


def not_a_key(desk):
    (desk / "lab.pub").write_text("none")


def a_private_key(desk):
    (desk / "lab.pub").write_bytes(generate("p256", None)[0])


def no_key_file(desk):
    (desk / "lab.pub").unlink()


BOM = ("--predicate", "bom")
REFUSED_KEYS = {
    "no-predicate": ((), None, 2, "predicate-missing"),
    "unknown-predicate": (("--predicate", "boom"), None, 2, "signer-unusable"),
    "bad-party": ((*BOM, "--party", "Acme"), None, 2, "signer-unusable"),
    "no-key": (BOM, not_a_key, 2, "key-unreadable"),
    "private": (BOM, a_private_key, 2, "key-unreadable"),
    "not-there": (BOM, no_key_file, 1, "path-missing"),
    "roots": ((*BOM, "--roots", "r.pem"), None, 2, "proof-missing"),
    "trust-root": ((*BOM, "--trust-root", "public"), None, 2, "proof-missing"),
}


@pytest.mark.parametrize("case", REFUSED_KEYS.values(), ids=REFUSED_KEYS)
def test_a_public_key_that_no_entry_can_be_made_of(aibom, desk, case):
    more, change, code, reason = case
    if change:
        change(desk)
    ran = aibom(*GIVEN, *more)
    assert (ran.code, f"[{reason}]" in ran.err) == (code, True), ran.err
    assert (desk / "policy" / "signers.yaml").read_text() == HEAD


def test_the_same_key_is_not_added_twice(aibom, desk):
    assert aibom(*GIVEN, *BOM).code == 0
    before = (desk / "policy" / "signers.yaml").read_bytes()
    ran = aibom(*GIVEN, *BOM, "--name", "again")
    assert "[signer-exists]" in ran.err
    assert (desk / "policy" / "signers.yaml").read_bytes() == before


def test_neither_a_signature_nor_a_key(aibom, desk):
    ran = aibom("add", "--to", "policy/signers.yaml", "--role", "r", *BOM)
    assert (ran.code, "[proof-missing]" in ran.err) == (2, True)
    assert "--public-key FILE" in ran.err


def test_a_keyless_identity_is_added(aibom, desk, sigstore):
    bundle = sign(sigstore, "v2-tsa", sigstore.github_token(), statement("acme/x"))
    (desk / "b.json").write_text(bundle.to_json())
    (desk / "policy" / "root.json").write_text(sigstore.trusted_root())
    ran = aibom(*ADD, "--trust-root", "policy/root.json", "--yes")
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert f"signed by   {GITHUB_JOB}\n" in ran.err
    assert "repository  https://github.com/acme/trainer\n" in ran.err
    assert "ref         refs/heads/main\n" in ran.err
    assert "runner      github-hosted\n" in ran.err
    (signer,) = signers(desk)
    assert signer.authority.rule.identity == GITHUB_JOB
    assert signer.warning is None


def test_nobody_is_added_without_an_answer(aibom, desk):
    before = snapshot(desk)
    ran = aibom(*KEYED)
    assert ran.code == 2
    assert "signed by   whoever has the key of lab.pub\n" in ran.err
    assert '  - name: "key ' in ran.err
    assert "[confirmation-missing]" in ran.err
    assert snapshot(desk) == before


ANSWERS = {
    "yes": ("y\n", 0),
    "no": ("n\n", 2),
    "nothing": ("\n", 2),
    "end-of-input": ("\x04", 130),
}


@pytest.mark.parametrize(("answer", "code"), ANSWERS.values(), ids=ANSWERS)
def test_whoever_sits_at_a_terminal_is_asked(desk, answer, code):
    before = snapshot(desk)
    ran = on_a_terminal(desk, answer, *KEYED)
    assert ran.code == code, ran.err
    assert "Add this to policy/signers.yaml? [y/N]" in ran.err
    assert (snapshot(desk) == before) == (code != 0)
    assert ("not confirmed; nothing was added" in ran.err) == (code == 2)
    if code == 0:
        assert len(signers(desk)) == 1


#: name → the words behind `signers`, the reason, the exit code
REFUSED = {
    "no-key": (ADD, "proof-missing", 2),
    "no-namespace": (
        [*KEYED[:-4], *KEYED[-2:]],
        "namespace-missing",
        2,
    ),
    "no-role": (("add", "--from", "b.json", "--to", "x"), "usage", 2),
    "no-bundle": (
        tuple(w.replace("b.json", "none") for w in KEYED),
        "path-missing",
        1,
    ),
    "bundle-is-a-folder": (
        tuple(w.replace("b.json", "policy") for w in KEYED),
        "path-unreadable",
        1,
    ),
    "signers-is-a-folder": (
        tuple(w.replace("policy/signers.yaml", "policy") for w in KEYED),
        "path-unreadable",
        1,
    ),
    "predicate-misspelt": ((*KEYED, "--predicate", "audits"), "signer-unusable", 2),
    "roots-elsewhere-of-no-use": ((*KEYED, "--roots", "ca.pem"), "proof-missing", 2),
}


@pytest.mark.parametrize(("words", "reason", "code"), REFUSED.values(), ids=REFUSED)
def test_refused(aibom, desk, words, reason, code):
    before = snapshot(desk)
    ran = aibom(*words, "--yes")
    assert (ran.code, ran.out) == (code, "")
    assert f"[{reason}]" in ran.err
    assert snapshot(desk) == before


def test_names_are_suggested_and_not_taken(aibom):
    ran = aibom(*KEYED[:-4], *KEYED[-2:], "--yes")
    assert "this bundle speaks of: --namespace acme/x" in ran.err


def test_a_bundle_that_was_changed_adds_nobody(aibom, desk):
    document = json.loads((desk / "b.json").read_bytes())
    document["dsseEnvelope"]["payload"] = "e30="
    (desk / "b.json").write_text(json.dumps(document))
    before = snapshot(desk)
    ran = aibom(*KEYED, "--yes")
    assert ran.code == 11
    assert "[signature-invalid]" in ran.err
    assert "signed by" not in ran.err
    assert snapshot(desk) == before


def test_the_same_again_is_refused(aibom, desk):
    assert aibom(*KEYED, "--yes").code == 0
    before = snapshot(desk)
    ran = aibom(*KEYED, "--name", "another", "--yes")
    assert ran.code == 1
    assert "[signer-exists]" in ran.err
    assert snapshot(desk) == before


def test_what_cannot_be_edited_is_shown_to_be_pasted(aibom, desk):
    path = desk / "policy" / "signers.yaml"
    assert aibom(*KEYED, "--name", "one", "--yes").code == 0
    other = generate("p256", None)
    signer = KeySigner(load_private(other[0], None, "other"))
    (desk / "lab.pub").write_bytes(other[1])
    (desk / "b.json").write_bytes(to_json(signer.sign(statement("acme/x"))))
    text = path.read_text() + "trust_roots: []\n"
    path.write_bytes(text.replace("\n", "\r").encode())
    before = snapshot(desk)
    ran = aibom(*KEYED, "--name", "two", "--yes")
    assert ran.code == 1
    assert "[signers-not-editable]" in ran.err
    shown = [line.removeprefix("  ") for line in ran.err.splitlines()]
    assert '  - name: "two"' in shown
    assert shown[shown.index("signers:") + 1] == '  - name: "two"'
    assert snapshot(desk) == before


def test_what_a_bundle_says_cannot_paint_the_screen(aibom, desk):
    private, public = generate("p256", None)
    signer = KeySigner(load_private(private, None, "lab"))
    evil = "acme/\x1b[2Jx\u202e\nsigned by   acme"
    (desk / "lab.pub").write_bytes(public)
    (desk / "b.json").write_bytes(to_json(signer.sign(statement(evil))))
    ran = aibom(*KEYED, "--yes")
    assert ran.code == 0, ran.err
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", ran.err)
    assert "\nsigned by   acme" not in ran.err
    assert "not believed of names like: acme/\\x1b[2Jx" in ran.err


def test_help_does_not_import_what_signing_needs():
    words = "import sys\nfrom aibom.cli.signers import command\n"
    heavy = (
        "print([m for m in ('yaml', 'sigstore', 'cryptography') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", words + heavy],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
