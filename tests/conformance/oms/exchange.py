"""We and the reference tool, model-signing, verify what the other one signed.

Not collected with the other tests, as it needs that tool: ``run.sh`` installs it and
names its program in ``MODEL_SIGNING``.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import write_tree
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aibom.attest.bundle import KeylessMaterial, parse_bundle
from aibom.attest.keys import PublicKey, generate, load_private, load_public
from aibom.attest.oms import emit
from aibom.attest.oms_bundle import make_oms_bundle, verify_with_key
from aibom.attest.oms_folder import verify_folder
from aibom.attest.oms_manifest import read
from aibom.digest import hash_path
from aibom.statement import Statement
from aibom.testing.sigstore import LocalSigstore

TOOL = os.environ["MODEL_SIGNING"]
FILES = {
    "config.json": "{}",
    "weights.bin": "weights",
    "empty": "",
    "B": "1",
    "a/z": "2",
    "a-b": "3",
    "a.b": "4",
    "naïve/🙂 x.txt": "5",
    # what only one of us counts
    ".github/ci.yml": "x",
    ".gitattributes": "x",
    ".gitignore": "x",
    ".git/HEAD": "x",
    ".cache/huggingface/download/w.metadata": "x",
    "registered_model_meta": "x",
    "aibom.cdx.json": "{}",
}


def tool(*arguments: object) -> str:
    """Run the reference tool; what it said, if it was content."""
    done = subprocess.run(
        [TOOL, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def accepts(model: Path, signature: Path, public: Path) -> bool:
    """Whether the reference tool verifies a signature; a crash is no answer."""
    command = [TOOL, "verify", "key", model]
    command += ["--signature", signature, "--public_key", public]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode == 0


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "model", FILES)


def sign_ours(path: Path, signature: Path) -> Path:
    """Sign with us; returns the public key's file."""
    private, public = generate("p256", None)
    statement = emit(hash_path(path), path.name, ["model.sig"])
    key = load_private(private, None, "x")
    signature.write_text(json.dumps(make_oms_bundle(statement, key)))
    key_file = signature.parent.parent / "ours.pub"
    key_file.write_bytes(public)
    return key_file


def pair(folder: Path, curve: ec.EllipticCurve) -> tuple[Path, PublicKey]:
    """A private key for the reference tool, and its public half for us."""
    key = ec.generate_private_key(curve)
    path = folder / "theirs.key"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return path, load_public(pem.decode(), "theirs")


#: name → what is done to the folder after signing, and whether it still verifies
CHANGES: dict[str, tuple[Callable[[Path], Any], bool]] = {
    "nothing": (lambda f: None, True),
    "our-bundle-added": (lambda f: write_tree(f, {"aibom.sigstore.json": "{}"}), True),
    "hub-cache-grown": (lambda f: write_tree(f, {".cache/huggingface/x": "x"}), True),
    "changed": (lambda f: write_tree(f, {"weights.bin": "poison"}), False),
    "added": (lambda f: write_tree(f, {"run.py": "x"}), False),
    "removed": (lambda f: (f / "weights.bin").unlink(), False),
    "renamed": (lambda f: (f / "B").rename(f / "C"), False),
}


@pytest.mark.parametrize(("change", "good"), CHANGES.values(), ids=CHANGES)
def test_what_we_sign_they_judge_as_we_do(model, change, good):
    signature = model / "model.sig"
    public = sign_ours(model, signature)
    change(model)
    assert accepts(model, signature, public) is good
    parsed = parse_bundle(signature.read_bytes(), "model.sig")
    manifest = verify_with_key(parsed, load_public(public.read_text(), "ours"))
    assert (not verify_folder(manifest, model).differences) is good


def test_a_single_file_that_we_sign_verifies_there(model):
    signature = model.parent / "signatures" / "weights.sig"
    signature.parent.mkdir()
    public = sign_ours(model / "weights.bin", signature)
    assert accepts(model / "weights.bin", signature, public)
    write_tree(model, {"weights.bin": "poison!"})
    assert not accepts(model / "weights.bin", signature, public)


def test_another_key_of_ours_does_not_verify_there(model):
    signature = model / "model.sig"
    sign_ours(model, signature)
    other = model.parent / "other.pub"
    other.write_bytes(generate("p256", None)[1])
    assert not accepts(model, signature, other)


CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
@pytest.mark.parametrize(("change", "good"), CHANGES.values(), ids=CHANGES)
def test_what_they_sign_verifies_with_us(model, curve, change, good):
    private, key = pair(model.parent, curve)
    signature = model / "model.sig"
    tool("sign", "key", model, "--private_key", private, "--signature", signature)
    change(model)
    parsed = parse_bundle(signature.read_bytes(), "model.sig")
    found = verify_folder(verify_with_key(parsed, key), model)
    named = {difference.path for difference in found.differences}
    if good:  # they count our bundle and the hub's cache, as their statement says
        assert named <= {"aibom.sigstore.json", ".cache/huggingface/x"}
    else:
        assert named
    assert "model.sig" in found.uncovered


def test_what_they_sign_keyless_is_handed_on_and_is_of_the_same_files(model, tmp_path):
    signature, trust = model / "model.sig", tmp_path / "trust.json"
    with LocalSigstore() as sigstore:
        trust.write_text(sigstore.trust_config())
        token = sigstore.identity_token("alice@example.org")
        tool(
            *("sign", "sigstore", model, "--signature", signature),
            *("--trust_config", trust, "--identity_token", token),
        )
    parsed = parse_bundle(signature.read_bytes(), "model.sig")
    assert isinstance(parsed.material, KeylessMaterial)
    manifest = read(Statement.parse(parsed.payload, "model.sig"), "model.sig")
    assert verify_folder(manifest, model).differences == ()
