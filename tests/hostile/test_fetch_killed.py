"""``aibom fetch`` is killed, at every kind of point, and nothing half-made is left.

The child is the real command line. It kills itself in the middle of a change that it
makes below the target's parent (an audit hook counts those), or it is killed when the
hub is asked for something (a fault runs the kill). So every point is exact, and none
depends on how quick the machine is.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_world import environment
from fetch_world import FetchWorld, arriving, make_fetch_world, paths_in

from aibom.digest import hash_path
from aibom.operations.importing.quarantine import quarantine_of
from aibom.testing.hub import Fault, LocalHub

SEED = 6
#: Runs in the child before anything else. Audit events come before the change itself:
#: whoever is killed at one has made all the changes before it, and not this one.
HOOK = """
import os, signal, sys, threading

WATCHED = os.environ["FETCH_PARENT"]
AT = int(os.environ["FETCH_AT"])
LOG = os.open(os.environ["FETCH_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
CHANGES = {"os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.chmod", "os.link"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
seen = 0
lock = threading.Lock()


def hook(event, args):
    global seen
    if event in CHANGES:
        paths = args[:2] if event == "os.rename" else args[:1]
    elif event == "open" and isinstance(args[2], int) and args[2] & WRITES:
        paths = args[:1]
    else:
        return
    texts = [os.fsdecode(p) for p in paths if isinstance(p, (str, bytes, os.PathLike))]
    if not any(t.startswith(WATCHED) or "aibom-quarantine" in t for t in texts):
        # shutil.rmtree removes relative to an open folder; those names are short.
        if event not in ("os.remove", "os.rmdir") or any("/" in t for t in texts):
            return
    with lock:
        seen += 1
        os.write(LOG, f"{event} {' '.join(texts)}\\n".encode())
        if seen == AT:
            os.kill(os.getpid(), signal.SIGKILL)
            while True:
                signal.pause()


sys.addaudithook(hook)
"""


@pytest.fixture(scope="module")
def killing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose ``sitecustomize`` is imported by a child."""
    folder = tmp_path_factory.mktemp("killing")
    (folder / "sitecustomize.py").write_text(HOOK)
    return folder


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FetchWorld]:
    with LocalHub() as hub:
        yield make_fetch_world(tmp_path / "world", hub)


def changes(world: FetchWorld, killing: Path, at: int = 0) -> tuple[int, list[str]]:
    """Fetch in a child that dies at its nth change; its code, and what it began."""
    log = world.folder / "changes"
    log.unlink(missing_ok=True)
    env = environment(
        FETCH_PARENT="models",
        FETCH_AT=str(at),
        FETCH_LOG=str(log),
        PYTHONNOUSERSITE="1",
    )
    env["PYTHONPATH"] = f"{killing}{os.pathsep}{env['PYTHONPATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "aibom", *world.words()],
        cwd=world.folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode, log.read_text().splitlines() if log.exists() else []


def require_nothing_half_made(world: FetchWorld) -> None:
    """The target is absent, or a gate says yes to it."""
    if os.path.lexists(world.target):
        verdict = world.gate()
        assert verdict.exit_code == 0, verdict.verification
        assert hash_path(world.target).files


def require_completes(world: FetchWorld) -> None:
    """The same again ends well, and nothing of the first run is left."""
    done = world.fetch()
    assert done.verdict.exit_code == 0, done.verdict.verification
    assert done.path == world.target
    require_all_there(world)


def require_all_there(world: FetchWorld) -> None:
    assert world.there() == ["fine", "fine.fetched.json", "fine.verdict.json"]
    sidecars = {"aibom.cdx.json", "aibom.sigstore.json"}
    assert set(paths_in(world.target)) == {*arriving(), *sidecars}
    for path, data in arriving().items():
        assert (world.target / path).read_bytes() == data
    assert world.gate().exit_code == 0


def test_the_hook_sees_a_run_and_kills_it_where_it_is_told(world, killing):
    code, whole = changes(world, killing)
    assert code == 0
    assert len(whole) > 40
    require_all_there(world)


#: By what is begun when the child dies: a word of the change, and which of those.
POINTS = {
    "first-folder": ("os.mkdir models/.fine.aibom-quarantine", 0),
    "state": ("state.json", 0),
    "first-file": ("/files/", 0),
    "after-download": ("/files/.aibom-", 0),
    "bom-is-written": ("/files/aibom.cdx.json", 0),
    "bundle-is-written": ("/files/aibom.sigstore.json", 0),
    "before-rename": (" models/fine", 0),
    "right-after-rename": (" models/fine", 1),
    "before-verdict": ("models/fine.verdict.json", 0),
    "before-receipt": ("models/fine.fetched.json", 0),
    "while-quarantine-is-removed": ("os.remove", -1),
    "last-folder-of-it": ("os.rmdir", -1),
}


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory, killing: Path) -> list[str]:
    """The changes of a run that nobody kills; the names of temporary files differ."""
    with LocalHub() as hub:
        world = make_fetch_world(tmp_path_factory.mktemp("whole") / "world", hub)
        code, found = changes(world, killing)
    assert code == 0
    return found


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_killed_at_a_point_that_has_a_name(world, killing, whole_run, point):
    word, which = POINTS[point]
    places = [nth for nth, one in enumerate(whole_run, 1) if word in one]
    assert places, whole_run
    at = places[0] + 1 if point == "right-after-rename" else places[which]
    code, begun = changes(world, killing, at)
    assert code == -signal.SIGKILL
    assert len(begun) >= at
    is_there = point in (
        "right-after-rename",
        "before-verdict",
        "before-receipt",
        "while-quarantine-is-removed",
        "last-folder-of-it",
    )
    assert os.path.lexists(world.target) is is_there, begun
    require_nothing_half_made(world)
    require_completes(world)


def test_killed_at_20_random_changes(tmp_path, killing, whole_run):
    points = random.Random(SEED).sample(range(1, len(whole_run) + 1), 20)
    for at in points:
        with LocalHub() as hub:
            world = make_fetch_world(tmp_path / f"at-{at}", hub)
            code, _ = changes(world, killing, at)
            # Threads download in any order, so the last few changes may be fewer.
            assert code in (-signal.SIGKILL, 0), at
            require_nothing_half_made(world)
            require_completes(world)


def test_killed_while_the_hub_is_asked(tmp_path, killing):
    """Also in the middle of an answer: only a part of a file is let out before."""
    with LocalHub() as hub:
        world = make_fetch_world(tmp_path / "whole", hub)
        require_completes(world)
        questions = sum(method == "GET" for method, _, _ in hub.requests)
    counted = random.Random(SEED)
    for nth, skip in enumerate(counted.sample(range(questions), 8)):
        with LocalHub() as hub:
            world = make_fetch_world(tmp_path / str(nth), hub)
            child: list[subprocess.Popen[bytes]] = []

            def kill(child: list[subprocess.Popen[bytes]] = child) -> None:
                os.kill(child[0].pid, signal.SIGKILL)

            hub.fail(
                Fault("GET", call=kill, skip=skip, times=1, truncate=100, delay=0.05)
            )
            child.append(
                subprocess.Popen(
                    [sys.executable, "-m", "aibom", *world.words()],
                    cwd=world.folder,
                    env=environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            assert child[0].wait() == -signal.SIGKILL, skip
            hub.recover()
            assert not os.path.lexists(world.target)
            require_completes(world)


def test_the_same_command_line_goes_on(world, killing, whole_run):
    """What the function does above, the command does: exit 0, and it says where it is.

    Killed right after the rename, when nothing is beside the target yet.
    """
    at = next(nth for nth, one in enumerate(whole_run, 1) if " models/fine" in one)
    assert changes(world, killing, at + 1)[0] == -signal.SIGKILL
    assert quarantine_of(world.target).exists()
    ran = world.call(*world.words())
    assert ran.code == 0, ran.err
    assert "models/fine" in ran.err
    require_all_there(world)
