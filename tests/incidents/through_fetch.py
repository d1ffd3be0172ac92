"""The same question put to ``aibom fetch``: a hub, the real client, the built-in pack.

A :class:`Fetched` scenario has two twins as :class:`~incidents.scenario.Scenario` has.
Each is what lies on a hub, and what the verifier has written down; the command line
fetches it under ``builtin:model-import@1``. The bad twin is refused, for the stated
reason and no other, and nothing of it is in the target; the clean one is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cli_world import Ran
from fetch_world import FetchWorld, make_fetch_world
from import_world import Terminal, reason_of

from aibom.digest import manifest_digest
from aibom.operations.policies.folder import lock_folder
from aibom.reading import parse_yaml
from aibom.resources import policy_path
from aibom.testing.hub import LocalHub

__all__ = [
    "CARD",
    "CLEAN",
    "Fetched",
    "Importer",
    "Importing",
    "Refusal",
    "importer",
]

#: When the verifier decided about the publisher, and until when that counts.
_ENTRY = """\
    - match: {{type: huggingface, namespace: {namespace}{place}}}
      trust: trusted
      reason: our own
      approved_by: "org:Acme security"
      approved_on: "{approved}"
      expires: "2999-01-01"
{more}"""
_POLICY = """\
apiVersion: aibom/policy/v1
name: acme-imports
version: "1"
extends: [builtin:model-import@1]
data: [trusted-sources.yaml, signers.yaml, accepted-roots.yaml, advisories.yaml]
"""
_ROOTS = """\
apiVersion: aibom/accepted-roots/v1
roots: {roots}
"""
_ADVISORIES = """\
apiVersion: aibom/advisories/v1
sequence: {sequence}
expires: "2999-01-01"
advisories: {advisories}
"""
_DECIDED = {"approved_by": "org:Acme security", "expires": "2999-01-01"}
CARD = b"---\nlicense: apache-2.0\n---\n# A model\n"
_HEADER = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
#: A model as it should be: weights in a format that holds nothing to run.
CLEAN: Mapping[str, bytes] = {
    "README.md": CARD,
    "config.json": b'{"model_type": "bert"}\n',
    "model.safetensors": len(_HEADER).to_bytes(8, "little") + _HEADER + bytes(4),
}


@dataclass
class Importer:
    """A hub with a publisher, and somebody who takes models over from it."""

    world: FetchWorld
    terminal: Terminal
    advisories: list[Mapping[str, Any]] = field(default_factory=list)
    #: Written into the publisher's entry besides what it always has.
    entry: dict[str, str] = field(default_factory=lambda: {"owner": "org:Acme"})
    #: Where lineage may end: the pack cannot tell what was not named, unless somebody
    #: accepted that nobody knows it.
    roots: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def hub(self) -> LocalHub:
        """The hub."""
        return self.world.hub

    def publish(
        self, files: Mapping[str, bytes] = CLEAN, name: str = "acme/reader"
    ) -> str:
        """Put files on the hub; gives the reference at their commit."""
        pairs = ((path, sha256(data).hexdigest()) for path, data in files.items())
        digest = str(manifest_digest(pairs))
        if digest not in {root["digest"] for root in self.roots}:
            self.roots.append({"digest": digest, "reason": "as published", **_DECIDED})
        large = {path for path in files if not path.endswith((".md", ".json", ".py"))}
        return self.world.publish(files, large, name)

    def call(self, *words: str | Path) -> Ran:
        """A command line other than the fetch, asking this hub."""
        return self.terminal(*words, "--endpoint", self.hub.url)

    def fetch(self, reference: str, *more: str) -> Ran:
        """Fetch, under the pack; the verdict lies in ``verdict.json``."""
        self._write()
        told = ("--output", "json=verdict.json", "--output", "text")
        return self.terminal(*self.world.words(*told, *more, reference=reference))

    def blocking(self) -> list[Mapping[str, Any]]:
        """The findings that stand in the way, of the verdict that was written last."""
        verdict = json.loads((self.world.folder / "verdict.json").read_bytes())
        return [result for result in verdict["results"] if result["blocks"]]

    def _write(self) -> None:
        place = f', repository_url: "{self.hub.url}"'
        more = {"approved": self.entry.get("approved_on", "2026-02-01")}
        more["more"] = "".join(
            f'      {name}: "{value}"\n'
            for name, value in self.entry.items()
            if name != "approved_on"
        )
        sources = "apiVersion: aibom/trusted-sources/v1\nlists:\n  approved:\n"
        for where in (place, ""):
            sources += _ENTRY.format(namespace="acme", place=where, **more)
        verifier = self.world.verifier
        signers = self.world.texts["signers.yaml"].replace("importer", "release")
        known = {"advisories": json.dumps(self.advisories), "sequence": "2"}
        for name, text in (
            ("trusted-sources.yaml", sources),
            ("signers.yaml", signers),
            ("accepted-roots.yaml", _ROOTS.format(roots=json.dumps(self.roots))),
            ("advisories.yaml", _ADVISORIES.format(**known)),
            ("policy.yaml", _POLICY),
        ):
            (verifier / name).write_text(text)
        lock_folder(verifier)


@contextmanager
def importer(
    folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Iterator[Importer]:
    """An importer in a folder that is not there yet, and a hub that runs meanwhile."""
    (folder / "world").mkdir(parents=True)
    with LocalHub() as hub:
        world = make_fetch_world(folder / "world", hub)
        yield Importer(world, Terminal(world, patch, capture))


#: Sets up one twin; gives what is typed after ``fetch``: reference, and options.
Arrange = Callable[[Importer], tuple[str, ...]]
#: Makes a hub and an importer of its own for each twin.
Importing = Callable[[], AbstractContextManager[Importer]]


@dataclass(frozen=True)
class Fetched:
    """A rule of the pack, its twins, and what the fetch says of the bad one.

    ``code`` is the exit code. ``bytes_asked`` says whether weights were downloaded
    before it was refused. ``also`` are other rules that stop the bad one.
    """

    rule: str
    bad: Arrange
    clean: Arrange
    reason: str
    code: int = 10
    bytes_asked: bool = True
    also: tuple[str, ...] = ()

    @property
    def parsed(self) -> Mapping[str, Any]:
        """The rule as it stands in the pack."""
        pack = policy_path("model-import.yaml").read_bytes()
        document: Any = parse_yaml(pack, "model-import")
        (rule,) = (r for r in document["rules"] if r["id"] == self.rule)
        found: Mapping[str, Any] = rule
        return found

    def verify(self, importing: Importing) -> Mapping[str, Any]:
        """Fetch both twins; the finding on the bad one is handed back."""
        with importing() as one:
            found = self._refused(one)
        with importing() as one:
            _let_through(one, one.fetch(*self.clean(one)))
        return found

    def _refused(self, one: Importer) -> Mapping[str, Any]:
        words = self.bad(one)
        ran = one.fetch(*words)
        blocking = one.blocking()
        told = [(r["rule"], r["status"], r["reason"]) for r in blocking]
        rules = {rule for rule, _, _ in told}
        assert rules == {self.rule, *self.also}, (ran, told)
        ours = [result for result in blocking if result["rule"] == self.rule]
        assert {result["reason"] for result in ours} == {self.reason}, told
        assert ran.code == self.code, ran
        _require_nothing(one, one.world.left())
        assert bool(_weights(one)) is self.bytes_asked
        assert ours[0]["why"] == self.parsed["why"]
        return ours[0]


@dataclass(frozen=True)
class Refusal:
    """What ``fetch`` itself refuses, before any rule is asked."""

    id: str
    bad: Arrange
    clean: Arrange
    reason: str
    code: int = 11

    @property
    def parsed(self) -> Mapping[str, Any]:
        """As the page names it."""
        return {"id": self.id, "check": "fetch"}

    def verify(self, importing: Importing) -> Ran:
        """Fetch both twins; what was said of the bad one is handed back."""
        with importing() as one:
            ran: Ran = one.fetch(*self.bad(one))
            assert (ran.code, reason_of(ran)) == (self.code, self.reason), ran
            assert not (one.world.folder / "verdict.json").exists()
            _require_nothing(one, one.world.there())
        with importing() as one:
            _let_through(one, one.fetch(*self.clean(one)))
        return ran


def _require_nothing(one: Importer, left: list[str]) -> None:
    assert left == []
    assert list(one.terminal.temporary.iterdir()) == []


def _weights(one: Importer) -> list[str]:
    asked = [target for _, target, _ in one.hub.requests if "/resolve/" in target]
    return [target for target in asked if not target.endswith((".md", ".json", ".py"))]


def _let_through(one: Importer, ran: Ran) -> None:
    assert ran.code == 0, (ran, one.blocking())
    assert one.blocking() == []
    assert one.world.gate().exit_code == 0
