"""Fetching through the real client from a loopback hub: what gets in, and what not.

How single parts behave is tested beside them; here it is the whole way, with a gate.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fetch_world import (
    BLOCK,
    FILES,
    LFS,
    FetchWorld,
    arriving,
    make_fetch_world,
    paths_in,
    safetensors,
)
from hub_world import FakeSource

import aibom.operations.importing.in_quarantine as operation
from aibom.errors import AibomError
from aibom.lineage.nodes import Kind
from aibom.operations.importing.artifact_lock import LockedArtifact, read_artifact_lock
from aibom.operations.importing.beside import as_json, shipped_of, verdict_of
from aibom.operations.importing.lock_artifacts import plan_lock, write_lock
from aibom.operations.importing.quarantine import quarantine_of
from aibom.operations.importing.request import Fetched
from aibom.operations.signing.sign import Description, sign_artifact
from aibom.recording.fetched import receipt_of
from aibom.sources.folder import FolderSource
from aibom.sources.reference import Reference
from aibom.sources.remote import RemoteFile, Resolved
from aibom.testing.hub import Fault, LocalHub

WEIGHTS = "model.safetensors"
SIDECARS = {"aibom.cdx.json", "aibom.sigstore.json"}
BESIDE = ["fine", "fine.fetched.json", "fine.verdict.json"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FetchWorld]:
    with LocalHub() as hub:
        yield make_fetch_world(tmp_path / "world", hub)


def require_allowed(world: FetchWorld, done: Fetched, files: Any = FILES) -> None:
    """It is there as a whole, with the verdict beside it, and a gate agrees."""
    assert done.verdict.exit_code == 0, (done.verdict.reason, done.verdict.verification)
    assert done.path == world.target
    assert world.there() == BESIDE
    assert set(paths_in(world.target)) == {*arriving(files), *SIDECARS}
    for path, data in arriving(files).items():
        assert (world.target / path).read_bytes() == data
    assert world.gate().exit_code == 0
    verdict = json.loads(verdict_of(world.target).read_text())
    assert verdict["decision"] == "allowed"


def refused(world: FetchWorld, **options: Any) -> AibomError:
    """The error of a fetch that has to fail."""
    with pytest.raises(AibomError) as caught:
        world.fetch(**options)
    return caught.value


# ── allowed ────────────────────


def test_everything_is_there_at_once_and_the_receipt_says_what(world):
    done = world.fetch()
    require_allowed(world, done)
    assert not done.already
    receipt = json.loads(receipt_of(world.target).read_text())
    assert receipt["reference"] == world.reference
    assert receipt["digest"] == done.verdict.artifact
    assert receipt["mode"] == "online"
    assert receipt["where"] == world.hub.url


def test_modes_do_not_depend_on_the_umask(world):
    before = os.umask(0)
    try:
        world.fetch()
        os.umask(0o077)
        other = world.target.with_name("other")
        world.fetch(to=other)
    finally:
        os.umask(before)
    for top in (world.target, other):
        for path in (top, *top.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode == (0o755 if path.is_dir() else 0o644), path


def test_again_asks_for_no_large_file_and_decides_again(world):
    world.fetch()
    asked = world.asked(WEIGHTS)
    verdict_of(world.target).unlink()
    again = world.fetch()
    assert again.already
    require_allowed(world, again)
    assert world.asked(WEIGHTS) == asked


def test_again_where_nobody_tells_digests_what_is_there_is_compared(world):
    """As with a URL: what came before is only known once all of it is here again."""
    world.policy("format", "advisory")
    source = FakeSource({"a.json": b"{}", WEIGHTS: safetensors()}, claims=False)
    reference = f"hf:acme/fine@{source.commit}"
    assert world.fetch(reference, source=source).verdict.exit_code == 0
    again = world.fetch(reference, source=source)
    assert again.already
    assert again.path == world.target
    assert world.there() == BESIDE
    source.files[WEIGHTS] = safetensors(b"\7")
    error = refused(world, reference=reference, source=source)
    assert (error.exit_code, error.reason) == (1, "target-exists")
    assert (world.target / WEIGHTS).read_bytes() == safetensors()


def test_what_is_there_and_is_not_allowed_any_more_stays_and_is_said(world):
    world.fetch()
    world.policy("license", "advisory", more="")
    world.policy(
        "advisory",
        advisories="- id: ACME-1\n  summary: bad\n  published: 2026-11-01\n"
        f"  affects: {{revisions: [{world.commit}]}}",
    )
    done = world.fetch()
    assert done.path is None
    assert done.already
    assert done.verdict.exit_code == 10
    assert world.target.is_dir()
    assert done.told is not None
    assert json.loads(done.told.read_bytes())["decision"] == "denied"


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_a_target_that_is_missing_or_an_empty_folder_is_taken(world, kind):
    if kind == "empty":
        world.target.mkdir()
    require_allowed(world, world.fetch())


def test_a_parent_that_is_missing_is_made(world):
    to = world.folder / "a" / "b" / "fine"
    assert world.fetch(to=to).path == to
    assert sorted(os.listdir(to.parent)) == BESIDE


def test_a_dataset(world):
    data = {"README.md": b"---\nlicense: mit\n---\n", "train.jsonl": b'{"a": 1}\n'}
    reference = world.publish(data, name="acme/rows", dataset=True)
    world.policy("advisory", "license")
    done = world.fetch(reference)
    require_allowed(world, done, data)
    assert done.verdict.artifact_name == "hf/datasets/acme/rows"
    bom = json.loads((world.target / "aibom.cdx.json").read_text())
    assert bom["metadata"]["component"]["type"] == "data"


# ── denied ────────────────────

BLOCKED = """\
- id: ACME-1
  summary: bad
  published: 2026-11-01
  affects: {revisions: [%s]}"""


@dataclass(frozen=True)
class Denial:
    """What is changed about the world, and what then is answered."""

    change: Callable[[FetchWorld], str | None]
    exit_code: int
    reason: str
    early: bool


def other_publisher(world: FetchWorld) -> str:
    return world.publish(FILES, LFS, name="evil/fine")


def advised(world: FetchWorld) -> None:
    world.policy("source", "advisory", advisories=BLOCKED % world.commit)


def other_terms(world: FetchWorld) -> str:
    world.policy("license")
    return world.publish({"README.md": b"---\nlicense: agpl-3.0\n---\n"})


def pickled(world: FetchWorld) -> str:
    data = b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x07payload\x94." + b"\0" * 100
    return world.publish({"model.safetensors": data}, lfs={"model.safetensors"})


def own_code(world: FetchWorld) -> str:
    world.policy("code")
    config = {"auto_map": {"AutoModel": "modeling.Fine"}}
    return world.publish({"config.json": json.dumps(config).encode()})


def silent_terms(world: FetchWorld) -> str:
    world.policy("license")
    return world.publish({"README.md": b"nothing\n"})


DENIALS = {
    "source-is-not-trusted": Denial(other_publisher, 10, "source-not-trusted", True),
    "advisory-names-the-commit": Denial(advised, 10, "tainted-ancestor", True),
    "licence-of-the-card": Denial(other_terms, 10, "licence-not-allowed", True),
    "asks-for-its-own-code": Denial(own_code, 10, "remote-code", True),
    "pickle-by-another-name": Denial(pickled, 10, "format-not-allowed", False),
    "no-licence-is-told": Denial(silent_terms, 3, "licence-missing", False),
}


@pytest.mark.parametrize("case", DENIALS.values(), ids=DENIALS)
def test_denied_leaves_nothing(world, case):
    reference = case.change(world) or world.reference
    done = world.fetch(reference)
    assert done.verdict.exit_code == case.exit_code
    assert case.reason in done.verdict.reason
    assert done.path is None
    assert done.quarantine is None
    assert world.left() == []
    assert done.told == verdict_of(world.target)
    told = json.loads(done.told.read_bytes())
    assert told == json.loads(as_json(done.verdict.to_document()))
    assert (world.asked(WEIGHTS) == 0) is case.early
    assert done.verdict.dry_run is case.early


@pytest.mark.parametrize("case", DENIALS.values(), ids=DENIALS)
def test_denied_keeps_what_was_fetched_if_asked_to(world, case):
    reference = case.change(world) or world.reference
    done = world.fetch(reference, keep_quarantine=True)
    assert done.path is None
    if case.early:
        assert (done.quarantine, world.left()) == (None, [])
    else:
        assert done.quarantine == world.quarantine
        assert world.left() == [".fine.aibom-quarantine"]
        assert (world.quarantine / "files" / WEIGHTS).is_file()
        assert stat.S_IMODE(world.quarantine.stat().st_mode) == 0o700


def is_a_folder(world: FetchWorld) -> None:
    verdict_of(world.target).mkdir()


def is_open_to_others(world: FetchWorld) -> None:
    world.target.parent.chmod(0o777)


@pytest.mark.parametrize("change", [is_a_folder, is_open_to_others])
def test_an_early_denial_holds_where_its_verdict_cannot_be_kept(world, change):
    reference = other_publisher(world)
    change(world)
    before = world.there()
    done = world.fetch(reference)
    assert (done.verdict.exit_code, done.told) == (10, None)
    assert world.there() == before


def test_a_late_denial_holds_where_its_verdict_cannot_be_kept(world):
    reference = pickled(world)
    is_a_folder(world)
    done = world.fetch(reference)
    assert (done.verdict.exit_code, done.told) == (10, None)
    assert world.there() == ["fine.verdict.json"]


def test_a_denial_takes_the_place_of_a_yes_whose_folder_was_removed(world):
    world.fetch()
    shutil.rmtree(world.target)
    advised(world)
    world.fetch()
    assert json.loads(verdict_of(world.target).read_bytes())["decision"] == "denied"
    assert "fine" not in world.there()


def test_an_early_denial_keeps_what_was_kept_if_asked_to(world):
    broken(world)
    advised(world)
    done = world.fetch(keep_quarantine=True)
    assert done.verdict.dry_run
    assert world.left() == [".fine.aibom-quarantine"]
    assert (world.quarantine / "files").is_dir()


def test_a_denial_makes_the_folder_that_its_verdict_goes_to(world):
    to = world.folder / "a" / "b" / "fine"
    done = world.fetch(other_publisher(world), to=to)
    assert done.told == verdict_of(to)
    assert os.listdir(to.parent) == ["fine.verdict.json"]


def test_allowed_keeps_no_quarantine_even_if_asked_to(world):
    require_allowed(world, world.fetch(keep_quarantine=True))


def test_what_was_kept_is_of_use_to_the_next_run(world):
    reference = pickled(world)
    world.fetch(reference, keep_quarantine=True)
    asked = world.asked(WEIGHTS)
    world.policy("source", "advisory")
    done = world.fetch(reference)
    assert done.verdict.exit_code == 0
    assert world.asked(WEIGHTS) == asked
    assert world.there() == BESIDE


def test_an_early_denial_removes_what_an_interrupted_run_left(world):
    broken(world)
    assert world.there() == [".fine.aibom-quarantine"]
    advised(world)
    assert world.fetch().verdict.exit_code == 10
    assert world.left() == []


def test_unsigned_and_nobody_vouches(world):
    error = refused(world, by=None)
    assert (error.exit_code, error.reason) == (11, "signature-absent")
    assert world.asked(WEIGHTS) == 0
    assert world.there() == []


def test_a_signer_whom_the_policy_does_not_know_puts_nothing_there(world):
    done = world.fetch(by="somebody")
    assert done.verdict.exit_code == 11
    assert done.verdict.reason == "signer-not-allowed"
    assert world.left() == []


# ── names ────────────────────


def test_a_card_does_not_choose_the_name(world):
    """One that could would choose a tier, or a signer who may speak."""
    card = b"---\nlicense: mit\nmodel_name: acme/prod\nname: acme/prod\n---\n"
    reference = world.publish(
        {"README.md": card, "config.json": b'{"_name_or_path": "acme/prod"}'}
    )
    world.policy(
        "source", "license", more="tiers: [{match: {name: acme/prod}, tier: low}]\n"
    )
    done = world.fetch(reference)
    assert done.verdict.exit_code == 0, done.verdict
    assert done.verdict.artifact_name == "hf/acme/fine"
    assert done.verdict.tier.value == "high"


def test_the_importer_chooses_the_name_within_a_namespace_of_theirs(world):
    world.allow(("import", '["hf/**", "lab/*"]'))
    done = world.fetch(name="lab/fine")
    require_allowed(world, done)
    assert done.verdict.artifact_name == "lab/fine"


def test_a_name_outside_of_the_signers_namespaces_is_refused(world):
    done = world.fetch(name="other/fine")
    assert done.verdict.reason == "namespace-not-allowed"
    assert world.left() == []


# ── revisions ────────────────────


def test_a_revision_that_floats_is_refused_and_the_hint_pins_it(world):
    error = refused(world, reference="hf:acme/fine@main")
    assert (error.exit_code, error.reason) == (2, "revision-floating")
    assert world.reference in str(error.hint)
    assert world.there() == []


def test_a_policy_may_let_names_float_and_what_was_found_is_pinned(world):
    world.policy("source", more='import: {floating: ["hf/acme/*"]}\n')
    done = world.fetch("hf:acme/fine")
    require_allowed(world, done)
    receipt = json.loads(receipt_of(world.target).read_text())
    assert receipt["reference"] == world.reference
    assert done.verdict.exit_code == 0


MOVES = {"before-the-list": "/tree/", "before-a-file": "/resolve/", "late": WEIGHTS}


@pytest.mark.parametrize("where", MOVES.values(), ids=MOVES)
def test_a_branch_that_moves_meanwhile_never_mixes_two_commits(world, where):
    world.policy("source", more='import: {floating: ["hf/**"]}\n')
    new = {WEIGHTS: safetensors(b"\7", BLOCK), "config.json": b'{"model_type": "t5"}'}
    world.hub.fail(Fault.moving(where, lambda: world.model.commit(new, lfs={WEIGHTS})))
    require_allowed(world, world.fetch("hf:acme/fine@main"))
    assert json.loads(receipt_of(world.target).read_text())["reference"].endswith(
        world.commit
    )


# ── answers that lie, or break off ────────────────────


@dataclass(frozen=True)
class Wrong:
    """A fault, and how the fetch then ends."""

    fault: Callable[[FetchWorld], Fault]
    exit_code: int
    reasons: tuple[str, ...]
    leaves: bool


def second(world: FetchWorld) -> str:
    return world.model.commit({WEIGHTS: safetensors(b"\7", BLOCK)}, lfs={WEIGHTS})


WRONG = {
    "tampered": Wrong(
        lambda _: Fault.tampered(f"{WEIGHTS}"), 11, ("source-digest-mismatch",), False
    ),
    "tampered-card": Wrong(
        lambda _: Fault.tampered("README.md"), 11, ("source-digest-mismatch",), False
    ),
    "truncated": Wrong(
        lambda _: Fault.truncated(WEIGHTS, after=1000), 1, ("source-truncated",), True
    ),
    "commit-of-the-answer": Wrong(
        lambda w: Fault.lying_commit(second(w), "/revision/"),
        11,
        ("commit-contradicted",),
        False,
    ),
    "commit-of-a-file": Wrong(
        lambda w: Fault.lying_commit(second(w), f"resolve/.*{WEIGHTS}"),
        11,
        ("commit-contradicted",),
        False,
    ),
    "file-of-another-commit": Wrong(
        lambda w: Fault.swapped(second(w), f"resolve/.*{WEIGHTS}"),
        11,
        ("source-digest-mismatch",),
        False,
    ),
    "error": Wrong(
        lambda _: Fault.error(f"resolve/.*{WEIGHTS}"),
        1,
        ("source-unreachable",),
        True,
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_an_answer_that_is_wrong_puts_nothing_there(world, case):
    world.hub.fail(case.fault(world))
    error = refused(world)
    assert error.exit_code == case.exit_code
    assert error.reason in case.reasons
    assert not os.path.lexists(world.target)
    assert world.there() == ([".fine.aibom-quarantine"] if case.leaves else [])
    world.hub.recover()
    require_allowed(world, world.fetch())


def broken(world: FetchWorld) -> None:
    """A fetch that ends in the middle of the weights."""
    world.hub.fail(Fault.truncated(f"resolve/.*{WEIGHTS}", after=1000))
    assert refused(world).exit_code == 1
    world.hub.recover()


def test_a_second_run_asks_only_for_what_is_missing(world):
    broken(world)
    before = len(world.hub.requests)
    require_allowed(world, world.fetch())
    later = {
        path.rpartition("/resolve/")[2]: headers
        for _, path, headers in world.hub.requests[before:]
        if "/resolve/" in path
    }
    weights = later.pop(f"{world.commit}/{WEIGHTS}")
    start = int(weights["range"].removeprefix("bytes=").rstrip("-"))
    assert 0 < start <= BLOCK
    assert not [path for path in later if path.endswith(".safetensors")]


@pytest.mark.parametrize("path", [WEIGHTS, "parts/more.safetensors", "config.json"])
def test_a_file_that_changed_in_the_quarantine_is_found_by_its_hash(world, path):
    """Of the same size and age: so nothing but its hash tells."""
    left_behind(world)
    victim = world.quarantine / "files" / path
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    status = victim.stat()
    victim.write_bytes(data)
    os.utime(victim, ns=(status.st_atime_ns, status.st_mtime_ns))
    if path == "config.json":  # read anew each time, so the lie is gone
        require_allowed(world, world.fetch())
        return
    error = refused(world)
    assert (error.exit_code, error.reason) == (11, "source-digest-mismatch")
    assert world.left() == []
    require_allowed(world, world.fetch())


def left_behind(world: FetchWorld) -> None:
    """All files are there, and a denial kept them: as after a kill before the gate."""
    world.allow(("nobody", '["hf/**"]'))
    assert world.fetch(keep_quarantine=True).verdict.exit_code == 11
    world.allow(("import", '["hf/**"]'))


def files_of(world: FetchWorld) -> Path:
    return world.quarantine / "files"


PLANTED: dict[str, Callable[[FetchWorld], object]] = {
    "file": lambda w: (files_of(w) / "evil.py").write_text("boo"),
    "hidden": lambda w: (files_of(w) / ".hidden").write_text("boo"),
    "folder": lambda w: (files_of(w) / "more" / "empty").mkdir(parents=True),
    "link": lambda w: (files_of(w) / "link").symlink_to("/etc/passwd"),
    "link-to-folder": lambda w: (files_of(w) / "dir").symlink_to("/etc"),
    "housekeeping": lambda w: shutil.copytree(
        w.verifier, files_of(w) / ".git" / "hooks"
    ),
    "bom": lambda w: (files_of(w) / "aibom.cdx.json").write_text("{}"),
    "model-signature": lambda w: (files_of(w) / "model.sig").write_text("{}"),
    "folder-for-a-file": lambda w: (
        (files_of(w) / "config.json").unlink(),
        (files_of(w) / "config.json" / "x").mkdir(parents=True),
        (files_of(w) / "config.json" / "x" / "y").write_text("boo"),
    ),
    "file-for-a-folder": lambda w: (
        shutil.rmtree(files_of(w) / "parts"),
        (files_of(w) / "parts").write_text("boo"),
    ),
    "link-for-a-file": lambda w: (
        (files_of(w) / WEIGHTS).unlink(),
        (files_of(w) / WEIGHTS).symlink_to(w.verifier / "policy.yaml"),
    ),
    "hard-link-for-a-file": lambda w: (
        os.link(files_of(w) / WEIGHTS, w.folder / "other-name"),
    ),
    "fifo": lambda w: os.mkfifo(files_of(w) / "pipe"),
    "aside": lambda w: (
        (w.quarantine / "aside").mkdir(exist_ok=True),
        (w.quarantine / "aside" / "evil").write_text("boo"),
    ),
    "part": lambda w: (w.quarantine / "scratch" / "x.part").write_text("boo"),
}


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_what_was_planted_between_two_runs_is_not_promoted(world, plant):
    left_behind(world)
    plant(world)
    before = {path: path.read_bytes() for path in world.verifier.iterdir()}
    require_allowed(world, world.fetch())
    assert {p for p in world.target.rglob("*") if p.is_dir()} == {
        world.target / "parts",
        world.target / "parts" / "deep",
        world.target / "parts" / "deep" / "er",
    }
    assert {path: path.read_bytes() for path in world.verifier.iterdir()} == before
    assert all(
        path.stat().st_nlink == 1 for path in world.target.rglob("*") if path.is_file()
    )


def test_leftovers_of_another_commit_do_not_count(world):
    left_behind(world)
    new = world.publish({WEIGHTS: safetensors(b"\7", BLOCK)}, lfs={WEIGHTS})
    asked = world.asked("parts/more.safetensors")
    files = {**FILES, WEIGHTS: safetensors(b"\7", BLOCK)}
    require_allowed(world, world.fetch(new), files)
    assert world.asked("parts/more.safetensors") == asked + 1


# ── places ────────────────────


def is_file(world: FetchWorld) -> None:
    world.target.write_text("mine")


def is_full(world: FetchWorld) -> None:
    world.target.mkdir()
    (world.target / "mine").write_text("mine")


def is_link(world: FetchWorld) -> None:
    world.target.symlink_to(world.folder / "keys")


def is_link_to_an_empty_folder(world: FetchWorld) -> None:
    (world.folder / "empty").mkdir()
    world.target.symlink_to(world.folder / "empty")


def is_dangling(world: FetchWorld) -> None:
    world.target.symlink_to(world.folder / "nowhere")


def is_a_link_to_the_same(world: FetchWorld) -> None:
    """Whoever can turn the link chooses what is loaded."""
    world.fetch()
    world.target.rename(world.folder / "elsewhere")
    world.target.symlink_to(world.folder / "elsewhere")


OCCUPIED = {
    "file": is_file,
    "folder": is_full,
    "link": is_link,
    "link-to-an-empty-folder": is_link_to_an_empty_folder,
    "dangling-link": is_dangling,
    "link-to-the-same": is_a_link_to_the_same,
}


@pytest.mark.parametrize("occupy", OCCUPIED.values(), ids=OCCUPIED)
def test_a_target_that_is_something_else_is_left_alone(world, occupy):
    occupy(world)
    there = world.there()
    asked = world.asked(WEIGHTS)
    error = refused(world)
    assert (error.exit_code, error.reason) == (1, "target-exists")
    assert world.there() == there
    assert world.asked(WEIGHTS) == asked


@dataclass
class Hooked:
    """The real source, with something that happens at one of its calls."""

    source: Any
    at: str
    happens: Callable[[], object]

    def resolve(self, reference: Reference) -> Resolved:
        return self.source.resolve(reference)

    def read(self, resolved: Resolved, file: RemoteFile, limit: int) -> bytes:
        return self.source.read(resolved, file, limit)

    def download(self, resolved, file, to, scratch, progress=None) -> None:
        if file.path == self.at:
            self.happens()
        self.source.download(resolved, file, to, scratch, progress)


@pytest.mark.parametrize(
    "occupy", [is_file, is_full, is_link, is_dangling], ids=lambda one: one.__name__
)
def test_a_target_that_appears_meanwhile_is_left_alone(world, occupy):
    source = Hooked(world.source(), WEIGHTS, lambda: occupy(world))
    error = refused(world, source=source)
    assert (error.exit_code, error.reason) == (1, "target-exists")
    found = [name for name in world.there() if not name.startswith(".")]
    assert found == ["fine"]
    shutil.rmtree(world.target, ignore_errors=True)
    world.target.unlink(missing_ok=True)
    require_allowed(world, world.fetch())


def test_an_empty_folder_that_appears_meanwhile_is_taken(world):
    source = Hooked(world.source(), WEIGHTS, lambda: world.target.mkdir())
    require_allowed(world, world.fetch(source=source))


def a_link(world: FetchWorld) -> None:
    (world.folder / "victim").mkdir()
    (world.folder / "victim" / "precious").write_text("mine")
    world.quarantine.symlink_to(world.folder / "victim")


def a_file(world: FetchWorld) -> None:
    world.quarantine.write_text("")


def open_to_all(world: FetchWorld) -> None:
    world.quarantine.mkdir()
    world.quarantine.chmod(0o777)


def open_to_the_group(world: FetchWorld) -> None:
    world.quarantine.mkdir()
    world.quarantine.chmod(0o750)


UNUSABLE = (a_link, a_file, open_to_all, open_to_the_group)


@pytest.mark.parametrize("plant", UNUSABLE, ids=lambda one: one.__name__)
def test_a_quarantine_that_others_could_use_is_not_used(world, plant):
    plant(world)
    there = world.there()
    error = refused(world)
    assert (error.exit_code, error.reason) == (1, "quarantine-unusable")
    assert world.there() == there
    if plant is a_link:
        assert (world.folder / "victim" / "precious").read_text() == "mine"


def test_a_quarantine_that_somebody_holds_is_left_alone(world):
    left_behind(world)
    before = paths_in(world.quarantine)
    handle = os.open(world.quarantine / "lock", os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        error = refused(world)
        assert (error.exit_code, error.reason) == (1, "quarantine-busy")
        assert paths_in(world.quarantine) == before
    finally:
        os.close(handle)
    require_allowed(world, world.fetch())


def test_a_parent_that_cannot_be_written_to(world):
    parent = world.folder / "file"
    parent.write_text("")
    error = refused(world, to=parent / "fine")
    assert (error.exit_code, error.reason) == (1, "file-not-written")
    assert parent.read_text() == ""


def test_a_disk_that_is_full_puts_nothing_there_and_the_next_run_goes_on(world):
    """A limit on the size of files has writes fail in the same places."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BLOCK // 2, hard))
    try:
        error = refused(world)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (error.exit_code, error.reason) == (1, "file-not-written")
    assert not os.path.lexists(world.target)
    require_allowed(world, world.fetch())


# ── bytes that change between two looks ────────────────────


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda files: (files / WEIGHTS).write_bytes(safetensors(b"\7", BLOCK)),
    "new-file": lambda files: (files / "evil.py").write_text("boo"),
    "gone": lambda files: (files / WEIGHTS).unlink(),
    "replaced": lambda files: (
        (files / "x").write_bytes((files / WEIGHTS).read_bytes()),
        (files / "x").replace(files / WEIGHTS),
    ),
    "link": lambda files: (
        (files / "config.json").unlink(),
        (files / "config.json").symlink_to("README.md"),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_bytes_that_change_after_the_gate_are_not_promoted(world, change, monkeypatch):
    """The gate is the real one; somebody writes right after it."""
    real = operation.gate

    def then(folder: Path, *args: Any, **kwargs: Any) -> Any:
        verdict = real(folder, *args, **kwargs)
        assert verdict.exit_code == 0
        change(folder)
        return verdict

    monkeypatch.setattr(operation, "gate", then)
    error = refused(world)
    monkeypatch.undo()
    assert (error.exit_code, error.reason) == (11, "changed-since-decided")
    assert world.there() == []
    require_allowed(world, world.fetch())


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_bytes_that_change_before_the_gate_are_not_promoted(world, change, monkeypatch):
    """After they were hashed and signed; a file that is only replaced is the same."""
    real = operation.sign_artifact

    def then(folder: Path, *args: Any, **kwargs: Any) -> Any:
        done = real(folder, *args, **kwargs)
        change(folder)
        return done

    monkeypatch.setattr(operation, "sign_artifact", then)
    if change is CHANGES["replaced"]:
        require_allowed(world, world.fetch())
        return
    assert world.fetch().verdict.exit_code == 11
    assert world.left() == []


# ── what suppliers sign ────────────────────


def shipped(
    world: FetchWorld, by: str, name: str = "acme/fine", *, oms: bool = False
) -> dict[str, bytes]:
    """The files of a repository whose supplier signed a BOM of their own."""
    made = world.folder / f"made-by-{by}"
    for path, data in FILES.items():
        if not path.startswith(".git"):
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_bytes(data)
    sign_artifact(
        made,
        world.signer(by),
        described=Description(name, Kind.MODEL),
        oms=oms,
    )
    kept = {path: (made / path).read_bytes() for path in paths_in(made)}
    return {**{p: d for p, d in FILES.items() if p.startswith(".git")}, **kept}


def test_a_suppliers_own_bom_by_an_allowed_signer_is_what_counts(world):
    files = shipped(world, "supplier")
    reference = world.publish(files, LFS)
    world.allow(("supplier", '["acme/*"]'))
    world.policy("advisory", "format")
    done = world.fetch(reference, by=None)
    require_allowed(world, done, files)
    assert done.verdict.artifact_name == "acme/fine"
    assert set(paths_in(world.target)) == set(arriving(files))


def test_also_where_an_importer_could_sign(world):
    files = shipped(world, "supplier")
    world.allow(("supplier", '["acme/*"]'), ("import", '["hf/**"]'))
    world.policy("advisory", "format")
    done = world.fetch(world.publish(files, LFS))
    require_allowed(world, done, files)
    assert done.verdict.artifact_name == "acme/fine"


def test_a_strangers_bom_alone_is_refused(world):
    reference = world.publish(shipped(world, "stranger"), LFS)
    world.policy("advisory", "format")
    done = world.fetch(reference, by=None)
    assert done.verdict.exit_code == 11
    assert done.verdict.reason == "signer-not-allowed"
    assert world.left() == []


def test_a_strangers_bom_is_set_aside_where_the_importer_signs(world):
    files = shipped(world, "stranger")
    done = world.fetch(world.publish(files, LFS))
    assert done.verdict.exit_code == 0, done.verdict.verification
    assert done.verdict.artifact_name == "hf/acme/fine"
    assert world.there() == [*BESIDE[:2], "fine.shipped", BESIDE[2]]
    kept = shipped_of(world.target)
    for name in SIDECARS:
        assert (kept / name).read_bytes() == files[name]
        assert (world.target / name).read_bytes() != files[name]
    assert world.gate().exit_code == 0


def test_what_a_strangers_bom_says_decides_nothing_where_the_importer_signs(world):
    """Its words deny nothing before the bytes: the importer's BOM is asked instead."""
    files = shipped(world, "stranger")
    bom = json.loads(files["aibom.cdx.json"])
    purl = f"pkg:huggingface/evil/fine@{'1f' * 20}"
    bom["metadata"]["component"]["purl"] = purl
    files["aibom.cdx.json"] = json.dumps(bom).encode()
    done = world.fetch(world.publish(files, LFS))
    assert done.verdict.reason != "source-not-trusted"


def test_a_changed_bom_of_an_allowed_signer_is_refused_even_with_a_key(world):
    files = shipped(world, "supplier")
    files["aibom.cdx.json"] = files["aibom.cdx.json"].replace(
        b"acme/fine", b"acme/fin3"
    )
    reference = world.publish(files, LFS)
    world.allow(("supplier", '["acme/*"]'), ("import", '["hf/**"]'))
    world.policy("advisory")
    for by in (None, "import"):
        done = world.fetch(reference, by=by)
        assert done.verdict.exit_code == 11
        assert world.left() == []


def test_changed_bytes_under_a_suppliers_bom_are_refused_even_with_a_key(world):
    files = {**shipped(world, "supplier"), WEIGHTS: safetensors(b"\7", BLOCK)}
    world.allow(("supplier", '["acme/*"]'), ("import", '["hf/**"]'))
    world.policy("advisory")
    done = world.fetch(world.publish(files, LFS))
    assert done.verdict.exit_code == 11
    assert world.left() == []


def test_a_model_signature_that_came_along_stays_and_is_checked(world):
    files = shipped(world, "supplier", oms=True)
    assert "model.sig" in files
    for name in SIDECARS:
        files.pop(name)
    done = world.fetch(world.publish(files, LFS))
    require_allowed(world, done, files)


# ── the lock ────────────────────


def locked(world: FetchWorld, reference: str, source: Any = None) -> LockedArtifact:
    """The entry that ``aibom lock`` writes."""
    path = world.folder / "aibom.lock"
    asked = Reference.parse(reference)
    write_lock(plan_lock(path, [asked], lambda _: source or world.source()))
    found = read_artifact_lock(path).find(asked)
    assert found is not None
    return found


def test_locked_fetches_the_commit_of_the_lock_and_not_what_the_branch_is_now(world):
    entry = locked(world, "hf:acme/fine@main")
    second(world)
    done = world.fetch("hf:acme/fine@main", locked=entry)
    require_allowed(world, done)
    assert done.resolved.commit == world.commit


def test_an_owner_that_changed_since_is_refused_before_any_bytes(world):
    entry = locked(world, world.reference)
    world.hub.owner("acme").recreate()
    before = world.asked(WEIGHTS)
    error = refused(world, locked=entry)
    assert (error.exit_code, error.reason) == (11, "source-owner-changed")
    assert world.asked(WEIGHTS) == before
    assert world.there() == []


# ── a folder as source ────────────────────


@pytest.fixture
def mirror(world: FetchWorld) -> Path:
    folder = world.folder / "mirror"
    for path, data in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    world.allow(("import", '["hf/**", "in/*"]'))
    world.policy("advisory", "format")
    return folder


def from_folder(world: FetchWorld, mirror: Path, **more: Any) -> Fetched:
    more = {"name": "in/fine", "source": FolderSource(), **more}
    return world.fetch(str(mirror), **more)


def test_a_folder_must_be_locked_as_it_can_change(world, mirror):
    with pytest.raises(AibomError) as caught:
        from_folder(world, mirror)
    assert caught.value.reason == "revision-floating"


def test_a_folder_that_is_locked(world, mirror):
    entry = locked(world, str(mirror), FolderSource())
    require_allowed(world, from_folder(world, mirror, locked=entry))
    again = from_folder(world, mirror, locked=entry)
    assert again.already
    require_allowed(world, again)


def test_a_folder_that_changed_since_it_was_locked(world, mirror):
    entry = locked(world, str(mirror), FolderSource())
    (mirror / WEIGHTS).write_bytes(safetensors(b"\7", BLOCK))
    with pytest.raises(AibomError) as caught:
        from_folder(world, mirror, locked=entry)
    assert (caught.value.exit_code, caught.value.reason) == (
        11,
        "source-digest-mismatch",
    )
    assert world.there() == []


def test_a_folder_has_no_name_of_its_own(world, mirror):
    entry = locked(world, str(mirror), FolderSource())
    with pytest.raises(AibomError) as caught:
        from_folder(world, mirror, locked=entry, name=None)
    assert (caught.value.exit_code, caught.value.reason) == (2, "name-missing")
    assert world.there() == []


# ── odd repositories ────────────────────


def test_a_git_lfs_pointer_in_the_place_of_a_file(world):
    pointer = (
        b"version https://git-lfs.github.com/spec/v1\n"
        b"oid sha256:" + b"1f" * 32 + b"\nsize 12345\n"
    )
    error = refused(world, reference=world.publish({"model.bin": pointer}))
    assert (error.exit_code, error.reason) == (1, "git-lfs-pointer")
    assert not os.path.lexists(world.target)


@pytest.mark.parametrize("files", [{}, {".gitattributes": b"*.bin filter=lfs\n"}])
def test_a_repository_without_files_that_count(world, files):
    error = refused(world, reference=world.publish(files, name="acme/nothing"))
    assert error.exit_code == 1
    assert not os.path.lexists(world.target)


def test_the_effective_time_and_options_reach_the_gate(world):
    done = world.fetch()
    when = datetime.fromisoformat(done.verdict.effective_time)
    assert (datetime.now(UTC) - when).total_seconds() >= 0
    assert replace(done.verdict).inputs.locked
    assert quarantine_of(world.target) == world.quarantine
