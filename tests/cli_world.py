"""A small signed world on disk, made by calling the command line as people do.

``model/`` was trained from ``data/``; its BOM is signed, the step's record lies in
``evidence/``, and ``verifier/`` holds a locked policy that allows it. Tests get a copy
and break one thing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aibom.digest import hash_path

ROOT = Path(__file__).resolve().parent.parent
COMMIT = "4f0c" * 10

SIGNERS = """\
apiVersion: aibom/signers/v1
signers:
  - name: acme pipeline
    role: pipeline
    party: org:Acme platform
    public_key: "{pipeline}"
    predicates: [step-record]
    namespaces: ["acme/data/*", "acme/models/*"]
  - name: acme release
    role: release
    party: org:Acme release
    public_key: "{release}"
    predicates: [bom]
    namespaces: ["acme/data/*", "acme/models/*"]
"""
ROOTS = """\
apiVersion: aibom/accepted-roots/v1
roots:
  - digest: "{data}"
    name: two lines
    reason: Somebody read both.
    approved_by: org:Acme data council
    expires: "2999-01-01"
"""
ADVISORIES = """\
apiVersion: aibom/advisories/v1
sequence: 1
expires: "2999-01-01"
advisories: []
"""
POLICY = """\
apiVersion: aibom/policy/v1
name: acme-tiny
version: "1"
data: [signers.yaml, accepted-roots.yaml, advisories.yaml]
rules:
  - id: open-lineage
    check: lineage-closed
    minimum_assurance: attested
    severity: high
    mode: deny
    why: What nobody mentions cannot be examined.
    remedy: Put the missing record into the evidence folder.
  - id: known-bad-ancestor
    check: tainted-ancestor
    minimum_assurance: claimed
    severity: critical
    mode: deny
    why: Poison survives every fine-tune.
    remedy: Train again without it.
"""
#: What the step does; it is called by the Python that runs the tests.
TRAIN = (
    "import pathlib, sys; out = pathlib.Path('model'); out.mkdir(); "
    "out.joinpath('weights.bin').write_bytes(pathlib.Path('data/a.txt').read_bytes())"
)


@dataclass(frozen=True)
class Ran:
    """How one call of the command line ended."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Our environment, in which `-m aibom` is the one of this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def call(
    *words: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> Ran:
    """Run ``python -m aibom`` with these words in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "aibom", *map(str, words)],
        cwd=cwd,
        env=environment(**(env or {})),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class World:
    """The folders of one world; paths on the command line are relative to it."""

    folder: Path

    @property
    def model(self) -> Path:
        """The artifact."""
        return self.folder / "model"

    @property
    def bom(self) -> Path:
        """The artifact's BOM."""
        return self.model / "aibom.cdx.json"

    @property
    def verifier(self) -> Path:
        """The verifier's folder."""
        return self.folder / "verifier"

    def call(self, *words: str | Path, **options: str) -> Ran:
        """One command, started here."""
        return call(*words, cwd=self.folder, env=options)

    def gate(self, *words: str | Path, **options: str) -> Ran:
        """The gate, on the model, with the usual folders."""
        usual = ("--policy", "verifier", "--evidence", "evidence")
        return self.call("gate", "model", *usual, *words, **options)

    def check(self, *words: str | Path, **options: str) -> Ran:
        """The dry run, on the model's BOM, with the usual folders."""
        usual = ("--policy", "verifier", "--evidence", "evidence")
        return self.call("check", "model/aibom.cdx.json", *usual, *words, **options)

    def write_policy(self, name: str, text: str, *, lock: bool = True) -> None:
        """Replace one file of the verifier's folder, and lock it again."""
        (self.verifier / name).write_text(text)
        (self.verifier / "policy.lock").unlink(missing_ok=True)
        if lock:
            self.done("policy", "lock", "verifier")

    def done(self, *words: str | Path) -> str:
        """One command that has to succeed; its output."""
        ran = self.call(*words)
        assert ran.code == 0, ran.err
        return ran.out.strip()


def make_world(folder: Path) -> World:
    """Make keys, a dataset, a model and a verifier's folder; everything agrees."""
    world = World(folder)
    for name in ("pipeline", "release"):
        world.done("keygen", name, "--no-password")
    (folder / "data").mkdir()
    (folder / "data" / "a.txt").write_text("good\nbad\n")
    record_model(world)
    world.done("assemble", "model", "--steps", "evidence")
    world.done("sign", "model", "--key", "release.key")
    world.verifier.mkdir()
    keys = {
        name: (folder / f"{name}.pub").read_text().replace("\n", "\\n")
        for name in ("pipeline", "release")
    }
    data = str(hash_path(folder / "data").digest)
    for name, text in (
        ("signers.yaml", SIGNERS.format(**keys)),
        ("accepted-roots.yaml", ROOTS.format(data=data)),
        ("advisories.yaml", ADVISORIES),
        ("policy.yaml", POLICY),
    ):
        (world.verifier / name).write_text(text)
    world.done("policy", "lock", "verifier")
    return world


def record_model(world: World) -> None:
    """Train the model as a recorded, signed step."""
    source = f"pkg:generic/acme/two-lines@{COMMIT}"
    world.done(
        *("run", "--step", "train", "--key", "pipeline.key", "--steps", "evidence"),
        *("--input", f"training-data=data,name=acme/data/tiny,source={source}"),
        *("--output", "model,name=acme/models/tiny"),
        *("--", sys.executable, "-c", TRAIN),
    )


def snapshot(folder: Path) -> dict[str, str]:
    """Everything below a folder, by path: its mode, and a digest of what is in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        held = "" if path.is_dir() else f"{status.st_size} {_content(path)}"
        found[str(path.relative_to(folder))] = f"{status.st_mode:o} {held}"
    return found


def _content(path: Path) -> str:
    # A pipe has nothing to read; sparse files of the size tests are told by their size.
    if not path.is_file() or path.stat().st_size > 64 * 1024 * 1024:
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()
