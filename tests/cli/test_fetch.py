"""``aibom fetch`` as people call it: exit codes, what is printed, what is written."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_world import Ran
from fetch_world import BLOCK, LFS, FetchWorld, make_fetch_world, safetensors

from aibom.cli import main
from aibom.testing.hub import Fault, LocalHub

BESIDE = ["fine", "fine.fetched.json", "fine.verdict.json"]
WEIGHTS = "model.safetensors"
QUARANTINE = ".fine.aibom-quarantine"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FetchWorld]:
    with LocalHub() as hub:
        yield make_fetch_world(tmp_path / "world", hub)


@pytest.fixture
def run(world, monkeypatch, capfd) -> Callable[..., Ran]:
    """Calls the command line in this process, standing in the world's folder."""
    monkeypatch.chdir(world.folder)

    def call(*words: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["aibom", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Ran(ended.value.code, out, err)

    return call


def denied(world: FetchWorld) -> str:
    """A reference to a model that only its bytes give away."""
    return world.publish({WEIGHTS: b"\x80\x04\x95" + b"\0" * 100}, lfs={WEIGHTS})


def test_allowed(world, run):
    ran = run(*world.words())
    assert ran.code == 0
    assert "ALLOWED" in ran.out
    assert f"models/fine: {world.reference}, 6 files" in ran.err
    assert world.there() == BESIDE
    again = run(*world.words())
    assert again.code == 0
    assert "was there already" in again.err
    assert run("gate", "models/fine", "--policy", "verifier").code == 0


def test_in_a_process_of_its_own(world):
    ran = world.call(*world.words())
    assert (ran.code, world.there()) == (0, BESIDE)


def test_denied_by_its_bytes(world, run):
    ran = run(*world.words(reference=denied(world)))
    assert ran.code == 10
    assert "format-not-allowed" in ran.out
    assert "nothing was put into models/fine" in ran.err
    assert "why: models/fine.verdict.json" in ran.err
    why = run("explain", "models/fine.verdict.json")
    assert "format-not-allowed" in why.out
    assert world.left() == []


def test_denied_where_the_verdict_cannot_be_kept(world, run):
    (world.folder / "models" / "fine.verdict.json").mkdir()
    ran = run(*world.words(reference=denied(world)))
    assert ran.code == 10
    assert "--output json=FILE" in ran.err


def test_denied_and_kept(world, run):
    ran = run(*world.words("--keep-quarantine", reference=denied(world)))
    assert ran.code == 10
    assert f"models/{QUARANTINE}" in ran.err
    assert world.left() == [QUARANTINE]


@pytest.mark.parametrize("early", [True, False])
def test_the_verdict_is_written_where_it_was_asked_for(world, run, early):
    reference = denied(world)
    if early:
        reference = world.publish({"README.md": b"x", WEIGHTS: b"x"}, LFS, "evil/fine")
    words = ("--output", "json=out.json", "--output", "sarif=out.sarif")
    ran = run(*world.words(*words, reference=reference))
    assert ran.code == 10
    verdict = json.loads((world.folder / "out.json").read_text())
    assert verdict["decision"] == "denied"
    assert json.loads((world.folder / "out.sarif").read_text())["version"] == "2.1.0"
    assert world.left() == []
    assert world.asked(WEIGHTS) == (0 if early else 1)


def test_an_old_verdict_does_not_stay_when_nothing_was_decided(world, run):
    (world.folder / "out.json").write_text('{"decision": "allowed"}')
    world.hub.fail(Fault.error("/api/models"))
    ran = run(*world.words("--output", "json=out.json"))
    assert ran.code == 1
    assert not (world.folder / "out.json").exists()


def test_interrupted_says_how_it_goes_on(world, run):
    world.hub.fail(Fault.truncated(f"resolve/.*{WEIGHTS}", after=100))
    ran = run(*world.words())
    assert ran.code == 1
    assert f"kept in models/{QUARANTINE}; the same command goes on there" in ran.err
    world.hub.recover()
    assert run(*world.words()).code == 0
    assert world.there() == BESIDE


@dataclass(frozen=True)
class Refusal:
    """Words that are added or left out, and how the command then ends."""

    words: tuple[str, ...]
    code: int
    reason: str
    without: tuple[str, ...] = ()
    reference: str | None = None


REFUSALS = {
    "floating": Refusal((), 2, "revision-floating", reference="hf:acme/fine"),
    "malformed": Refusal((), 2, "reference-malformed", reference="hf:a/b/c/d"),
    "oci": Refusal((), 2, "reference-malformed", reference="oci:x/y:1"),
    "no-lock": Refusal(("--locked",), 2, "not-locked"),
    "lock-file-alone": Refusal(("--lock-file", "x.lock"), 2, "usage"),
    "no-signature": Refusal((), 11, "signature-absent", ("--key", "keys/import.key")),
    "no-such-key": Refusal(("--key", "keys/nobody.key"), 1, "path-missing"),
    "no-policy": Refusal((), 2, "usage", ("--policy", "verifier")),
    "no-target": Refusal((), 2, "usage", ("--to", "models/fine")),
    "verdict-into-target": Refusal(
        ("--output", "json=models/fine/v.json"), 2, "output-inside-artifact"
    ),
    "other-policy": Refusal(
        ("--policy-digest", "sha256:" + "0" * 64), 2, "policy-digest-mismatch"
    ),
    "missing-repository": Refusal(
        (), 1, "source-missing-or-private", reference=f"hf:acme/none@{'1f' * 20}"
    ),
    "no-name": Refusal(("--kind", "model"), 2, "name-missing", reference="mirror"),
    "report-only": Refusal(("--report-only",), 2, "usage"),
    "offline": Refusal(("--offline",), 1, "source-not-cached"),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_refused(world, run, case):
    (world.folder / "mirror").mkdir()
    (world.folder / "mirror" / "a.json").write_text("{}")
    words = world.words(*case.words, reference=case.reference)
    for word in case.without:
        words.remove(word)
    ran = run(*words)
    assert (ran.code, f"[{case.reason}]" in ran.err) == (case.code, True), ran.err
    assert world.there() == []


def test_locked(world, run):
    name = ("hf:acme/fine@main", "--endpoint", world.hub.url)
    assert run("lock", *name).code == 0
    world.model.commit({WEIGHTS: safetensors(b"\7", BLOCK)}, lfs={WEIGHTS})
    words = world.words("--locked", reference="hf:acme/fine@main")
    assert run(*words).code == 0
    receipt = json.loads((world.target.parent / "fine.fetched.json").read_text())
    assert receipt["reference"] == world.reference
    other = run(*world.words("--locked", reference="hf:acme/other"))
    assert (other.code, "[not-locked]" in other.err) == (2, True)


def test_a_folder_that_is_locked(world, run):
    world.allow(("import", '["in/*"]'))
    world.policy("format")
    (world.folder / "mirror").mkdir()
    (world.folder / "mirror" / WEIGHTS).write_bytes(safetensors())
    assert run("lock", "mirror").code == 0
    words = [
        word for word in world.words("--locked", "--name", "in/it", "--kind", "model")
    ]
    words[1] = "mirror"
    ran = run(*words)
    assert ran.code == 0, ran.err
    assert world.there() == BESIDE
    assert run(*words).code == 0


def test_offline_from_the_cache_of_the_client(world, run, monkeypatch, tmp_path):
    """What the cache holds is hashed as everything else; nobody is asked.

    Locked, as old clients do not write down whether they fetched all files.
    """
    from huggingface_hub import constants, snapshot_download

    cache = tmp_path / "cache"
    snapshot_download(
        "acme/fine", revision=world.commit, endpoint=world.hub.url, cache_dir=cache
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    # What lies on a disk does not say which hub it is from.
    world.policy("format", "advisory")
    assert run("lock", world.reference, "--endpoint", world.hub.url).code == 0
    asked = len(world.hub.requests)
    ran = run(*world.words("--offline", "--locked"))
    assert ran.code == 0, ran.err
    assert world.there() == BESIDE
    assert len(world.hub.requests) == asked
    assert (
        json.loads((world.target.parent / "fine.fetched.json").read_text())["mode"]
        == "offline"
    )


def test_a_target_beside_which_a_link_lies_is_not_written_through(world, run):
    victim = world.folder / "victim"
    victim.write_text("mine")
    os.symlink(victim, world.target.parent / "fine.verdict.json")
    assert run(*world.words()).code == 0
    assert victim.read_text() == "mine"
    assert world.there() == BESIDE
