"""Files that signers.yaml names: read from the policy folder, pinned by its lock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from certificates import root
from worlds import key

from aibom.attest.keyless_root import TrustRoot
from aibom.errors import PolicyInvalid
from aibom.operations.policies.folder import lint_folder, load_folder, lock_folder
from aibom.operations.verify import load_signers

POLICY = """\
apiVersion: aibom/policy/v1
name: acme
version: "1"
data: [signers.yaml]
rules:
  - {id: bytes-changed, check: bytes-match}
"""
#: What each role hangs on, in the folder that these tests begin with.
HANGS_ON: dict[str, dict[str, Any]] = {
    "release": {"identity": {"issuer": "https://i.example", "identity": "a@b.c"}},
    "pipeline": {"identity": {"issuer": "https://i.example", "identity": "d@e.f"}},
    "data": {
        "certificate": {
            "roots": "ca.pem",
            "name": "g@h.i",
            "timestamp_roots": "tsa.pem",
        }
    },
    "auditor": {"public_key": "", "timestamp_roots": "tsa.pem"},
}
EMBEDDED = "trust root public (embedded)"


def entry(role: str) -> dict[str, Any]:
    found = {"name": role, "role": role, "predicates": ["bom"], "namespaces": ["a/*"]}
    found.update(json.loads(json.dumps(HANGS_ON[role])))
    if role == "auditor":
        found["public_key"] = key(role).public.pem
    if role in ("release", "pipeline"):
        trust = "public" if role == "release" else "acme"
        found["identity"]["trust_root"] = trust
    return found


def signers_text() -> str:
    roots = [
        {"name": "public", "embedded": True},
        {"name": "acme", "file": "root.json"},
    ]
    return json.dumps(
        {
            "apiVersion": "aibom/signers/v1",
            "trust_roots": roots,
            "signers": [entry(role) for role in HANGS_ON],
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A locked policy folder whose signers hang on files of every kind."""
    path = tmp_path / "policy"
    path.mkdir()
    (path / "policy.yaml").write_text(POLICY)
    (path / "signers.yaml").write_text(signers_text())
    (path / "root.json").write_bytes(TrustRoot.embedded().data)
    (path / "ca.pem").write_bytes(root().pem)
    (path / "tsa.pem").write_bytes(root("Time").pem)
    (path / "unrelated.txt").write_text("nobody names this\n")
    lock_folder(path)
    return path


def locked(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "policy.lock").read_bytes())
    return found


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_the_lock_pins_every_file_that_signers_hang_on(folder: Path) -> None:
    names = ["policy.yaml", "signers.yaml", "root.json", "ca.pem", "tsa.pem"]
    assert locked(folder)["files"] == {
        **{name: digest((folder / name).read_bytes()) for name in names},
        EMBEDDED: digest(TrustRoot.embedded().data),
    }
    loaded = load_folder(folder, require_lock=True)
    assert loaded.digest == locked(folder)["digest"]
    assert [s.signer.role for s in loaded.signers] == list(HANGS_ON)


def append(name: str, data: bytes) -> Callable[[Path], object]:
    """Add what a reader passes over, so that nothing but the lock can notice."""
    return lambda folder: (folder / name).write_bytes(
        (folder / name).read_bytes() + data
    )


CHANGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "trust-root": ("root.json", append("root.json", b"\n")),
    "authority": ("ca.pem", append("ca.pem", b"\n")),
    "one-authority-more": ("ca.pem", append("ca.pem", root("Evil").pem)),
    "another-authority": (
        "ca.pem",
        lambda folder: (folder / "ca.pem").write_bytes(root("Evil").pem),
    ),
    "timestamp-authority": ("tsa.pem", append("tsa.pem", root("Evil").pem)),
}


@pytest.mark.parametrize(("name", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_a_named_file_shows(
    folder: Path, name: str, change: Callable[[Path], object]
) -> None:
    change(folder)
    for require_lock in (False, True):
        with pytest.raises(PolicyInvalid) as caught:
            load_folder(folder, require_lock=require_lock)
        assert caught.value.reason == "policy-lock-mismatch"
        assert f"file {name}" in caught.value.message
    assert lint_folder(folder)[1] == (f"file {name}",)
    lock_folder(folder)
    assert load_folder(folder, require_lock=True).locked


def test_the_root_of_another_program_shows(folder: Path) -> None:
    """A lock that was made where aibom carried another root of the public instance."""
    fresh = lock_folder(folder)
    files = {**fresh.files, EMBEDDED: digest(b"of last year")}
    other = type(fresh)(files, fresh.packs, fresh.minimum_sequence)
    (folder / "policy.lock").write_text(json.dumps(other.document()))
    with pytest.raises(PolicyInvalid) as caught:
        load_folder(folder, require_lock=True)
    assert caught.value.reason == "policy-lock-mismatch"
    assert f"file {EMBEDDED}" in caught.value.message


def test_files_that_nobody_names_are_not_pinned(folder: Path) -> None:
    append("unrelated.txt", b"changed")(folder)
    assert load_folder(folder, require_lock=True).locked


def test_a_root_that_is_taken_out_of_the_lock_shows(folder: Path) -> None:
    fresh = lock_folder(folder)
    files = {n: d for n, d in fresh.files.items() if n != "root.json"}
    other = type(fresh)(files, fresh.packs, fresh.minimum_sequence)
    (folder / "policy.lock").write_text(json.dumps(other.document()))
    with pytest.raises(PolicyInvalid) as caught:
        load_folder(folder, require_lock=True)
    assert caught.value.reason == "policy-lock-mismatch"
    assert "file root.json" in caught.value.message


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda f: (f / "root.json").unlink(), "root.json"),
    "a-folder": (
        lambda f: ((f / "root.json").unlink(), (f / "root.json").mkdir()),
        "root.json",
    ),
    "not-json": (lambda f: (f / "root.json").write_text("hello"), "root.json"),
    "certificates-missing": (lambda f: (f / "ca.pem").unlink(), "ca.pem"),
    "certificates-are-text": (lambda f: (f / "ca.pem").write_text("x"), "ca.pem"),
    "times-missing": (lambda f: (f / "tsa.pem").unlink(), "tsa.pem"),
}


@pytest.mark.parametrize(("change", "name"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_told_with_its_name(
    folder: Path, change: Callable[[Path], object], name: str
) -> None:
    change(folder)
    (folder / "policy.lock").unlink()
    for call in (
        lambda: load_folder(folder, require_lock=False),
        lambda: lock_folder(folder),
        lambda: load_signers(folder / "signers.yaml", folder.parent / "model"),
    ):
        with pytest.raises(PolicyInvalid) as caught:
            call()
        assert caught.value.reason == "policy-invalid"
        assert f"{name}: " in caught.value.message
    assert not (folder / "policy.lock").exists()


def test_a_file_outside_the_folder_is_never_read(folder: Path) -> None:
    (folder.parent / "outside.json").write_bytes(TrustRoot.embedded().data)
    text = (folder / "signers.yaml").read_text()
    (folder / "signers.yaml").write_text(text.replace("root.json", "../outside.json"))
    with pytest.raises(PolicyInvalid) as caught:
        lock_folder(folder)
    assert caught.value.reason == "policy-invalid"
    assert "no path" in caught.value.message
