from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from aibom.recording.code import CodeState, code_state, public_remote


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C"},
    )
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    root = tmp_path / "repo"
    (root / "src").mkdir(parents=True)
    (root / "src" / "train.py").write_text("print('train')\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    return root


def state_of(folder: Path) -> CodeState:
    state = code_state(folder)
    assert state is not None
    return state


def test_a_clean_repository(repo: Path) -> None:
    git(repo, "remote", "add", "origin", "https://u:secret@example.com/a/b.git")
    state = state_of(repo / "src")
    assert state.commit == git(repo, "rev-parse", "HEAD")
    assert state.remote == "https://example.com/a/b.git"
    assert state.dirty() is False


@pytest.mark.parametrize("where", ["src/train.py", "new.py", "src/deep/new ü.py"])
def test_a_change_anywhere_is_dirty_seen_from_anywhere(repo: Path, where: str) -> None:
    (repo / where).parent.mkdir(parents=True, exist_ok=True)
    (repo / where).write_text("changed")
    state = state_of(repo / "src")
    assert state.changed == frozenset({(repo / where).resolve()})
    assert state.dirty() is True


def test_a_removed_file_is_dirty(repo: Path) -> None:
    (repo / "src" / "train.py").unlink()
    assert state_of(repo).dirty() is True


def test_declared_things_are_no_dirt_but_their_neighbours_are(repo: Path) -> None:
    (repo / "out").mkdir()
    (repo / "out" / "model").write_text("x")
    state = state_of(repo)
    assert state.dirty(apart_from=[repo / "out"]) is False
    assert state.dirty(apart_from=[repo / "out" / "model"]) is False
    assert state.dirty(apart_from=[repo / "ou"]) is True
    (repo / "out" / "helper.py").write_text("x")
    assert state_of(repo).dirty(apart_from=[repo / "out" / "model"]) is True


def test_no_repository_no_commit_no_git(
    tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert code_state(tmp_path) is None
    assert code_state(tmp_path / "missing") is None
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git(fresh, "init", "-q")
    assert code_state(fresh) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_state(repo) is None


def test_the_environment_cannot_make_git_lie(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "new.py").write_text("x")
    honest = state_of(repo)
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "commit", "-q", "--allow-empty", "-m", "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "status.showUntrackedFiles")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "no")
    assert state_of(repo) == honest
    assert honest.dirty() is True


def test_no_program_that_the_repository_names_is_run(repo: Path) -> None:
    trap = repo.parent / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {repo.parent}/sprung\n")
    trap.chmod(0o755)
    git(repo, "config", "core.fsmonitor", str(trap))
    for hook in ("post-index-change", "pre-commit", "post-checkout"):
        (repo / ".git" / "hooks").mkdir(exist_ok=True)
        (repo / ".git" / "hooks" / hook).symlink_to(trap)
    os.utime(repo / "src" / "train.py", (1, 1))
    assert state_of(repo).dirty() is False
    assert not (repo.parent / "sprung").exists()


def test_a_replaced_commit_is_not_followed(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD")
    (repo / "src" / "train.py").write_text("evil")
    git(repo, "commit", "-q", "-a", "-m", "second")
    git(repo, "replace", "HEAD", first)
    state = state_of(repo)
    assert state.commit != first
    assert state.dirty() is False


@pytest.mark.parametrize(("answers", "known"), [(0, False), (2, True)])
def test_a_git_that_hangs_is_waited_for_only_so_long(
    repo: Path, monkeypatch: pytest.MonkeyPatch, answers: int, known: bool
) -> None:
    """It answers the first questions, and then says nothing any more."""
    real = subprocess.run
    asked: list[float] = []

    def run(argv: list[str], **options: object) -> object:
        timeout = options["timeout"]
        assert isinstance(timeout, float)
        asked.append(timeout)
        if len(asked) > answers:
            raise subprocess.TimeoutExpired(argv, timeout)
        return real(argv, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", run)
    state = code_state(repo, timeout=7.0)
    assert set(asked) == {7.0}
    assert (state is not None) is known
    if state is not None:
        assert state.changed is None
        assert state.dirty() is None


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://example.com/a/b.git", "https://example.com/a/b.git"),
        ("https://user:pw@example.com:8443/a", "https://example.com:8443/a"),
        ("https://token@example.com/a?key=s#f", "https://example.com/a"),
        ("ssh://git@example.com/a", "ssh://example.com/a"),
        ("git@example.com:org/repo.git", "ssh://example.com/org/repo.git"),
        ("https://[::1]/a", "https://[::1]/a"),
        ("/home/ann/repo", None),
        ("../repo", None),
        ("file:///home/ann/repo", None),
        ("C:\\repos\\x", None),
        ("ext::sh -c evil", None),
        ("https://[bad/a", None),
        ("https://host:99999/a", None),
        ("", None),
    ],
)
def test_a_remote_is_named_without_secrets_and_only_if_others_can_reach_it(
    url: str, public: str | None
) -> None:
    assert public_remote(url) == public


def test_one_remote_of_another_name_is_taken_several_are_not(repo: Path) -> None:
    git(repo, "remote", "add", "upstream", "https://example.com/up")
    assert state_of(repo).remote == "https://example.com/up"
    git(repo, "remote", "add", "mine", "https://example.com/mine")
    assert state_of(repo).remote is None
