"""A loopback hub, keys, and a verifier's folder: what an import gate stands between.

``acme/fine`` is a small model on the hub that the policy allows once its importer signs
it. Tests change the repository, the policy or the answers, and fetch.
"""

from __future__ import annotations

import json
import os
import struct
import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli_world import Ran, call

from aibom.attest.signing import KeySigner
from aibom.digest import Progress
from aibom.operations.gate import Options, gate
from aibom.operations.importing.beside import verdict_of
from aibom.operations.importing.fetch import fetch
from aibom.operations.importing.request import Fetched, Request
from aibom.operations.policies.folder import lock_folder
from aibom.operations.signing.sign import load_key, make_key_pair
from aibom.sources.hub import HubSource
from aibom.sources.reference import Reference
from aibom.sources.remote import Source
from aibom.testing.hub import LocalHub, Repository
from aibom.verdict import Verdict

__all__ = [
    "BLOCK",
    "FILES",
    "LFS",
    "FetchWorld",
    "arriving",
    "make_fetch_world",
    "paths_in",
    "safetensors",
]

NAME = "acme/fine"
BLOCK = 64 * 1024

_SIGNER = """\
  - name: {name}
    role: {role}
    party: "org:{name}"
    public_key: "{key}"
    predicates: [bom]
    namespaces: {namespaces}
"""
_SOURCES = """\
apiVersion: aibom/trusted-sources/v1
lists:
  hubs:
    - match: {{type: huggingface, namespace: acme, repository_url: "{url}"}}
      trust: trusted
      reason: our own
      owner: "org:Acme security"
      approved_by: "org:Acme security"
      expires: "2999-01-01"
"""
_ADVISORIES = """\
apiVersion: aibom/advisories/v1
sequence: {sequence}
expires: "2999-01-01"
advisories: {advisories}
"""
_POLICY = """\
apiVersion: aibom/policy/v1
name: acme-imports
version: "1"
data: [signers.yaml, trusted-sources.yaml, advisories.yaml]
{more}rules:
"""
#: One rule each; a test names those that it wants.
RULES = {
    "source": """\
  - id: untrusted-source
    check: trusted-source
    minimum_assurance: claimed
    select: {scope: artifact}
    settings: {list: hubs}
""",
    "format": """\
  - id: unsafe-format
    check: format-allowed
    select: {scope: artifact}
    settings: {allow: [safetensors, json, text, empty]}
    minimum_assurance: verified
""",
    "advisory": """\
  - id: known-bad
    check: tainted-ancestor
    minimum_assurance: claimed
    select: {scope: artifact}
""",
    "license": """\
  - id: bad-terms
    check: license
    minimum_assurance: claimed
    select: {scope: artifact}
    settings: {allow: [Apache-2.0, MIT]}
""",
    "code": """\
  - id: code-of-others
    check: remote-code
    select: {scope: artifact}
""",
}


def safetensors(fill: bytes = b"\0", size: int = 16) -> bytes:
    """A file of weights with one tensor of so many bytes."""
    tensor = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    head = json.dumps({"a": tensor}).encode()
    return struct.pack("<Q", len(head)) + head + fill * size


LFS = frozenset({"model.safetensors", "parts/more.safetensors"})
FILES: Mapping[str, bytes] = {
    ".gitattributes": b"*.safetensors filter=lfs\n",
    ".gitignore": b"*.tmp\n",
    "README.md": b"---\nlicense: apache-2.0\n---\nA model.\n",
    "config.json": b'{"model_type": "bert"}\n',
    "empty.txt": b"",
    "model.safetensors": safetensors(b"\1", BLOCK),
    "parts/deep/er/note.txt": b"nested\n",
    "parts/more.safetensors": safetensors(b"\2", BLOCK // 2),
}


def arriving(files: Mapping[str, bytes] = FILES) -> dict[str, bytes]:
    """What of a repository's files becomes a part of the target."""
    return {path: data for path, data in files.items() if not path.startswith(".git")}


@dataclass
class FetchWorld:
    """The folder, the hub, and whom the verifier believes."""

    folder: Path
    hub: LocalHub
    commit: str = ""
    #: Of the verifier's folder: file to text; changed by :meth:`policy`.
    texts: dict[str, str] = field(default_factory=dict)

    # ── places ────────────────────

    @property
    def verifier(self) -> Path:
        """The verifier's folder."""
        return self.folder / "verifier"

    @property
    def target(self) -> Path:
        """Where the tests fetch to; its parent is there."""
        return self.folder / "models" / "fine"

    @property
    def quarantine(self) -> Path:
        """Where its bytes lie until they are decided about."""
        return self.target.parent / ".fine.aibom-quarantine"

    @property
    def reference(self) -> str:
        """The model at the commit that the world began with."""
        return f"hf:{NAME}@{self.commit}"

    @property
    def model(self) -> Repository:
        """The model's repository."""
        return self.hub.model(NAME)

    def there(self) -> list[str]:
        """What lies in the target's parent."""
        return sorted(os.listdir(self.target.parent))

    def left(self) -> list[str]:
        """The same after a refusal, which has to have left its verdict, and says no."""
        verdict = verdict_of(self.target)
        assert json.loads(verdict.read_bytes())["decision"] != "allowed"
        return [name for name in self.there() if name != verdict.name]

    # ── the hub ────────────────────

    def publish(
        self,
        files: Mapping[str, bytes],
        lfs: Collection[str] = (),
        name: str = NAME,
        *,
        dataset: bool = False,
        removed: Collection[str] = (),
    ) -> str:
        """Commit files to a repository of any name; gives the reference."""
        kind, prefix = (
            (self.hub.dataset, "datasets/") if dataset else (self.hub.model, "")
        )
        sha = kind(name).commit(dict(files), lfs=lfs, removed=removed)
        return f"hf:{prefix}{name}@{sha}"

    def asked(self, path: str) -> int:
        """How often a file's bytes were asked for."""
        end = f"/{path}"
        found = [path for _, path, _ in self.hub.requests if "/resolve/" in path]
        return sum(path.partition("?")[0].endswith(end) for path in found)

    # ── the verifier ────────────────────

    def signer(self, name: str) -> KeySigner:
        """Somebody with a key, whoever that is."""
        path = self.folder / "keys" / f"{name}.key"
        if not path.exists():
            make_key_pair(path.with_suffix(""), "p256", None)
        return KeySigner(load_key(path, None))

    def allow(self, *allowed: tuple[str, str]) -> None:
        """Whom the verifier allows BOMs: (name, namespaces as YAML)."""
        found = ["apiVersion: aibom/signers/v1\nsigners:\n"]
        for name, namespaces in allowed:
            self.signer(name)
            public = self.folder / "keys" / f"{name}.pub"
            key = public.read_text().replace("\n", "\\n")
            values = {"name": name, "role": "importer", "key": key}
            found.append(_SIGNER.format(**values, namespaces=namespaces))
        self.texts["signers.yaml"] = "".join(found)
        self._write()

    def policy(self, *rules: str, more: str = "", advisories: str = "[]") -> None:
        """A policy of these rules (:data:`RULES`, or YAML), locked."""
        chosen = [RULES.get(rule, rule) for rule in rules]
        self.texts["policy.yaml"] = _POLICY.format(more=more) + "".join(chosen)
        listed = textwrap.indent(advisories, "  ")
        listed = f"\n{listed}" if advisories != "[]" else advisories
        sequence = 1 if advisories == "[]" else 2
        self.texts["advisories.yaml"] = _ADVISORIES.format(
            advisories=listed, sequence=sequence
        )
        self._write()

    def _write(self) -> None:
        for name, text in self.texts.items():
            (self.verifier / name).write_text(text)
        if "policy.yaml" in self.texts:
            lock_folder(self.verifier)

    # ── what is done ────────────────────

    def fetch(
        self,
        reference: str | None = None,
        *,
        to: Path | None = None,
        by: str | None = "import",
        source: Source | None = None,
        evidence: tuple[Path, ...] = (),
        progress: Progress | None = None,
        **more: Any,
    ) -> Fetched:
        """Fetch in this process, as the importer unless told."""
        request = Request(
            Reference.parse(reference or self.reference),
            self.verifier,
            to or self.target,
            Options(evidence),
            signer=self.signer(by) if by else None,
            **more,
        )
        return fetch(request, source or self.source(), datetime.now(UTC), progress)

    def source(self) -> HubSource:
        """The real client; it does not wait between its tries."""
        return HubSource(endpoint=self.hub.url, sleep=lambda _: None)

    def gate(self, path: Path | None = None) -> Verdict:
        """What the gate says of what lies there."""
        return gate(
            path or self.target, self.verifier, Options(), datetime.now(UTC), None
        )

    def words(self, *more: str | Path, reference: str | None = None) -> list[str]:
        """The command line of a fetch."""
        usual = ("--endpoint", self.hub.url, "--policy", "verifier")
        where = ("--key", "keys/import.key", "--to", "models/fine")
        words = ("fetch", reference or self.reference, *usual, *where, *more)
        return list(map(str, words))

    def call(self, *words: str | Path, **options: str) -> Ran:
        """The command line, in a process of its own, standing in the folder."""
        return call(*words, cwd=self.folder, env=options)


def make_fetch_world(folder: Path, hub: LocalHub) -> FetchWorld:
    """The model, the importer's key, and a policy of sources, formats, advisories."""
    world = FetchWorld(folder, hub)
    (folder / "models").mkdir(parents=True)
    world.verifier.mkdir()
    world.texts["trusted-sources.yaml"] = _SOURCES.format(url=hub.url)
    world.commit = world.model.commit(dict(FILES), lfs=LFS)
    world.allow(("import", '["hf/**"]'))
    world.policy("source", "format", "advisory")
    return world


def paths_in(folder: Path) -> list[str]:
    """All files below a folder, links and files that are hidden too."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    )
