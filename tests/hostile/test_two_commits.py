"""One command, one commit: refs that move while it runs, and caches that lie in wait.

Whatever moves, what is told, locked or fetched is of one commit. What the client has in
its cache never answers for a hub that was asked now, and when it is asked itself
(``--offline``), its bytes are hashed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_world import Ran
from fetch_world import (
    BLOCK,
    FILES,
    LFS,
    FetchWorld,
    arriving,
    make_fetch_world,
    safetensors,
)
from huggingface_hub import snapshot_download
from import_world import Terminal, reason_of

from aibom.testing.hub import Fault, LocalHub

MAIN = "hf:acme/fine@main"
#: A cache does not keep which hub it is of: what comes from one is of the public hub.
PUBLIC = """\
    - match: {type: huggingface, namespace: acme}
      trust: trusted
      reason: our own, from a cache
      owner: "org:Acme security"
      approved_by: "org:Acme security"
      expires: "2999-01-01"
"""
FLOATING = 'import:\n  floating: ["hf/acme/**"]\n'
COMMANDS = ("resolve", "scan", "lock", "fetch")
#: The second commit: other bytes of the same sizes, in LFS and in git.
CHANGED = {
    **FILES,
    "config.json": b'{"model_type": "gpt2"}\n',
    "model.safetensors": safetensors(b"\3", BLOCK),
}
#: When the ref moves: before the answer to the first question of this kind.
MOMENTS = {
    "when it is resolved": r"/api/models/acme/fine/revision/",
    "when files are listed": "/tree/",
    "when the owner is asked for": "/api/organizations/",
    "when the date is asked for": "/commits/",
    "when a small file is read": r"/resolve/[^?]*config\.json",
    "when a large file is read": r"/resolve/[^?]*model\.safetensors",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FetchWorld]:
    (tmp_path / "world").mkdir()
    with LocalHub() as hub:
        found = make_fetch_world(tmp_path / "world", hub)
        found.texts["trusted-sources.yaml"] += PUBLIC
        found.policy("source", "format", "advisory", more=FLOATING)
        found.model.ref("v1", found.commit, tag=True)
        yield found


@pytest.fixture
def terminal(
    world: FetchWorld,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Terminal:
    return Terminal(world, monkeypatch, capfd)


@pytest.fixture
def warm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, which the client in this process uses."""
    cache = tmp_path / "home" / "hub"
    cache.mkdir(parents=True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    return cache


def move(world: FetchWorld) -> str:
    """Branch and tag mean another commit from now on."""
    second = world.model.commit(dict(CHANGED), lfs=LFS)
    world.model.ref("v1", second, tag=True)
    return second


def contents(folder: Path) -> dict[str, bytes]:
    """What of the artifact lies in a folder."""
    return {path: (folder / path).read_bytes() for path in arriving()}


def fill(world: FetchWorld, cache: Path, revision: str) -> None:
    """What somebody's notebook downloaded."""
    snapshot_download(
        "acme/fine", revision=revision, endpoint=world.hub.url, cache_dir=cache
    )


def blob(cache: Path, path: str) -> Path:
    return link(cache, path).resolve()


def link(cache: Path, path: str) -> Path:
    (found,) = cache.glob(f"models--acme--fine/snapshots/*/{path}")
    return found


def tamper(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


# ── a ref that moves ────────────────────


@pytest.mark.parametrize("revision", ["main", "v1"])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_ref_moves_while_a_command_runs(
    terminal: Terminal, moment: str, command: str, revision: str
) -> None:
    world = terminal.world
    moved: list[str] = []
    world.hub.fail(Fault.moving(MOMENTS[moment], lambda: moved.append(move(world))))
    ran = terminal(*terminal.words(command, f"hf:acme/fine@{revision}"))
    assert ran.code == 0, ran
    told = ran.out + ran.err + "".join(written(world.folder))
    second = moved[0] if moved else "never"
    if moment == "when it is resolved":
        assert second in told
        assert world.commit not in told
        commit, files = second, CHANGED
    else:
        assert world.commit in told
        assert second not in told
        commit, files = world.commit, FILES
    if command == "fetch":
        assert contents(world.target) == arriving(files)
    asked = [t for _, t, _ in world.hub.requests if "/tree/" in t or "/resolve/" in t]
    assert all(commit in target for target in asked)


def written(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".json", ".lock"):
            yield path.read_text("utf-8")


def test_what_was_locked_is_fetched_wherever_the_branch_is_now(
    terminal: Terminal,
) -> None:
    world = terminal.world
    assert terminal(*terminal.words("lock", MAIN)).code == 0
    second = move(world)
    ran = terminal(*terminal.words("fetch --locked", MAIN))
    assert ran.code == 0, ran
    assert contents(world.target) == arriving()
    assert not [target for _, target, _ in world.hub.requests if second in target]


def test_a_locked_commit_that_is_gone_is_not_replaced(terminal: Terminal) -> None:
    world = terminal.world
    assert terminal(*terminal.words("lock", MAIN)).code == 0
    world.hub.delete("model", "acme/fine")
    world.model.commit(dict(CHANGED), lfs=LFS)
    before = terminal.state()
    ran = terminal(*terminal.words("fetch --locked", MAIN))
    assert (ran.code, reason_of(ran)) == (1, "source-revision-missing")
    assert terminal.state() == before


def test_a_branch_moves_between_the_attempt_and_the_next(terminal: Terminal) -> None:
    """What is left of the first try is of another commit, and is not gone on with."""
    world = terminal.world
    world.hub.fail(Fault.truncated(r"/resolve/[^?]*more\.safetensors", 999))
    assert terminal(*terminal.words("fetch", MAIN)).code == 1
    assert world.quarantine.exists()
    world.hub.recover()
    move(world)
    ran = terminal(*terminal.words("fetch", MAIN))
    assert ran.code == 0, ran
    assert contents(world.target) == arriving(CHANGED)


@pytest.mark.parametrize("skip", range(6), ids=lambda skip: f"after {skip} questions")
def test_a_base_of_two_models_moves_while_they_are_scanned(
    terminal: Terminal, skip: int
) -> None:
    world = terminal.world
    base = world.hub.model("acme/base")
    first = base.commit({"config.json": b"{}\n"})
    card = b"---\nbase_model: acme/base\n---\n"
    world.hub.model("acme/left").commit({"README.md": card, "config.json": b"{}"})
    merged = b"---\nbase_model: [acme/left, acme/base]\n---\n"
    files = {"README.md": merged, "config.json": b"{}"}
    world.hub.model("acme/merged").commit(files)
    moved: list[str] = []

    def go_on() -> None:
        moved.append(base.commit({"config.json": b'{"a": 1}\n'}))

    world.hub.fail(Fault.moving("acme/base", go_on, skip))
    words = terminal.words("scan", "hf:acme/merged")
    ran = terminal(*words, "--depth", "2")
    assert ran.code == 0, ran
    bom = (world.folder / "out.cdx.json").read_text()
    commits = {commit for commit in (first, *moved) if commit in bom}
    assert commits == {first if skip else moved[0]}
    asked = [target for _, target, _ in world.hub.requests if "acme/base/" in target]
    assert len([t for t in asked if "/tree/" in t]) == 1


# ── a cache that is there ────────────────────


@pytest.mark.parametrize("command", [*COMMANDS, "fetch --locked"])
def test_a_warm_cache_does_not_answer_for_a_hub_that_is_down(
    terminal: Terminal, warm: Path, command: str
) -> None:
    world = terminal.world
    fill(world, warm, "main")
    if command == "fetch --locked":
        assert terminal(*terminal.words("lock")).code == 0
    before = terminal.state()
    world.hub.fail(Fault.dropped("."))
    ran = terminal(*terminal.words(command))
    assert (ran.code, reason_of(ran)) == (1, "source-unreachable")
    assert terminal.state() == before


def test_a_warm_cache_does_not_give_the_bytes_either(
    terminal: Terminal, warm: Path
) -> None:
    world = terminal.world
    fill(world, warm, "main")
    world.hub.fail(Fault.error("/resolve/"))
    ran = terminal(*terminal.words("fetch"))
    assert (ran.code, reason_of(ran)) == (1, "source-unreachable")
    assert not world.target.exists()


def test_a_cache_of_an_older_commit_is_not_asked(
    terminal: Terminal, warm: Path
) -> None:
    world = terminal.world
    fill(world, warm, "main")
    second = move(world)
    assert second in terminal(*terminal.words("resolve", MAIN)).out
    ran = terminal(*terminal.words("fetch", MAIN))
    assert ran.code == 0, ran
    assert contents(world.target) == arriving(CHANGED)


def test_tampered_blobs_of_a_cache_are_not_used_online(
    terminal: Terminal, warm: Path
) -> None:
    world = terminal.world
    fill(world, warm, world.commit)
    for path in ("config.json", "model.safetensors"):
        tamper(blob(warm, path))
    ran = terminal(*terminal.words("fetch"))
    assert ran.code == 0, ran
    assert contents(world.target) == arriving()


# ── a cache that is asked ────────────────────


def offline(terminal: Terminal, command: str, reference: str | None = None) -> Ran:
    asked = len(terminal.world.hub.requests)
    words = list(terminal.words(command, reference))
    at = words.index("--endpoint")
    ran = terminal(*words[:at], *words[at + 2 :], "--offline")
    assert len(terminal.world.hub.requests) == asked
    return ran


def end_of(cache: Path, command: str, end: tuple[int, str]) -> tuple[int, str]:
    """As said, unless the cache does not list all files: old clients note none.

    Without a lock nothing is fetched on the word of a cache.
    """
    if command == "fetch":
        return 2, "offline-unlocked"
    if command == "lock" and not list(cache.glob("*/trees/*.json")):
        return 1, "source-not-cached"
    return end


@pytest.mark.parametrize("command", COMMANDS)
def test_offline_the_cache_answers_and_says_so(
    terminal: Terminal, warm: Path, command: str
) -> None:
    world = terminal.world
    fill(world, warm, world.commit)
    ran = offline(terminal, command)
    assert (ran.code, reason_of(ran)) == end_of(warm, command, (0, "")), ran
    if ran.code:
        return
    if command == "resolve":
        assert "offline" in ran.out + ran.err
        assert "nobody asked the hub" in ran.out + ran.err


def test_offline_what_is_locked_comes_from_the_cache(
    terminal: Terminal, warm: Path
) -> None:
    world = terminal.world
    assert terminal(*terminal.words("lock")).code == 0
    fill(world, warm, world.commit)
    ran = offline(terminal, "fetch --locked")
    assert (ran.code, reason_of(ran)) == (0, ""), ran
    assert contents(world.target) == arriving()
    (path,) = (p for p in world.target.parent.iterdir() if "fetched" in p.name)
    assert json.loads(path.read_bytes())["mode"] == "offline"


def test_offline_a_lock_that_was_made_offline_does_not_count(
    terminal: Terminal, warm: Path
) -> None:
    fill(terminal.world, warm, terminal.world.commit)
    ran = offline(terminal, "lock")
    assert (ran.code, reason_of(ran)) == end_of(warm, "lock", (0, ""))
    if not ran.code:
        ran = offline(terminal, "fetch --locked")
        assert (ran.code, reason_of(ran)) == (2, "offline-unlocked")


OFFLINE = {
    "a small file": ("config.json", (*COMMANDS[1:], "fetch --locked")),
    "a large file": ("model.safetensors", ("fetch", "fetch --locked")),
}


@pytest.mark.parametrize(
    ("path", "command"),
    [(path, command) for path, commands in OFFLINE.values() for command in commands],
)
def test_offline_a_tampered_blob_is_refused(
    terminal: Terminal, warm: Path, path: str, command: str
) -> None:
    world = terminal.world
    if command == "fetch --locked":
        assert terminal(*terminal.words("lock")).code == 0
    fill(world, warm, world.commit)
    tamper(blob(warm, path))
    before = terminal.state()
    ran = offline(terminal, command)
    refused = end_of(warm, command, (11, "source-digest-mismatch"))
    assert (ran.code, reason_of(ran)) == refused
    assert terminal.state() == before


@pytest.mark.parametrize("path", ["config.json", "model.safetensors"])
def test_offline_a_lock_tells_what_a_cache_made_consistent_does_not(
    terminal: Terminal, warm: Path, path: str
) -> None:
    """Whoever can write the cache can give blobs the names of their bytes."""
    world = terminal.world
    assert terminal(*terminal.words("lock")).code == 0
    fill(world, warm, world.commit)
    forge(warm, path)
    before = terminal.state()
    ran = offline(terminal, "fetch --locked")
    assert (ran.code, reason_of(ran)) == (11, "source-digest-mismatch")
    assert terminal.state() == before


def forge(cache: Path, path: str) -> None:
    """Other bytes under a name that is right for them, and no list that says more."""
    place, old = link(cache, path), blob(cache, path)
    tamper(old)
    data = old.read_bytes()
    header = b"blob %d\0" % len(data)
    if path in LFS:
        name = hashlib.sha256(data).hexdigest()
    else:
        name = hashlib.sha1(header + data).hexdigest()
    new = old.rename(old.with_name(name))
    place.unlink()
    place.symlink_to(os.path.relpath(new, place.parent))
    for known in cache.glob("models--acme--fine/trees/*.json"):
        known.unlink()


def test_offline_another_commit_than_is_locked_is_not_used(
    terminal: Terminal, warm: Path
) -> None:
    world = terminal.world
    fill(world, warm, "main")
    move(world)
    assert terminal(*terminal.words("lock", MAIN)).code == 0
    ran = offline(terminal, "fetch --locked", MAIN)
    assert (ran.code, reason_of(ran)) == (1, "source-not-cached")
    assert not world.target.exists()


def test_offline_and_locked_the_bytes_decide(terminal: Terminal, warm: Path) -> None:
    world = terminal.world
    assert terminal(*terminal.words("lock")).code == 0
    fill(world, warm, world.commit)
    ran = offline(terminal, "fetch --locked")
    assert ran.code == 0, ran
    assert contents(world.target) == arriving()
    assert world.gate().exit_code == 0


def test_as_a_process_with_a_home_of_its_own(world: FetchWorld, tmp_path: Path) -> None:
    """The real environment: HF_HOME, and a hub that has gone away for good."""
    home = tmp_path / "home"
    fill(world, home / "hub", world.commit)
    with LocalHub() as gone:
        nowhere = gone.url
    settings = {"HF_HOME": str(home), "HF_ENDPOINT": nowhere}
    words = ("fetch", world.reference, "--policy", "verifier", "--to", "models/fine")
    words += ("--key", "keys/import.key")
    ran = world.call(*words, **settings)
    assert (ran.code, reason_of(ran)) == (1, "source-unreachable")
    assert world.there() == []
