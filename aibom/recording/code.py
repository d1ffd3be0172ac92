"""Which code ran: the git commit of a folder, its origin, and whether it was clean.

Git is asked with an environment and settings of ours, because it is the tool that could
lie: ``GIT_DIR`` and its like are taken away, replace refs are not followed, hooks and
the file-system monitor (a program named in the repository) are not run, nothing is
locked or fetched, and each question has a time limit.

What this does not see: files that git ignores, files that were marked as unchanged by
hand, and code outside the repository, such as installed packages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from aibom.errors import UsageError

__all__ = ["CodeState", "code_state", "public_remote", "recorded_code"]

_TIMEOUT_SECONDS = 30.0
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SCP = re.compile(r"(?:[^@/:\s]+@)?(?P<host>[^@/:\s]{2,}):(?P<path>[^/\s][^\s]*)")
_PUBLIC_SCHEMES = ("https", "http", "ssh", "git")
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.ignoreStat": "false",
    "status.renames": "false",
}


@dataclass(frozen=True, slots=True)
class CodeState:
    """A commit and what differed from it. ``changed`` are resolved absolute paths.

    ``remote`` is the URL of the repository without user, password and query; ``None``
    if it has none that others could reach. ``changed`` is ``None`` if git did not tell
    in time: then whether the code was clean is unknown.
    """

    commit: str
    remote: str | None
    changed: frozenset[Path] | None

    def dirty(self, apart_from: Iterable[Path] = ()) -> bool | None:
        """Whether anything outside ``apart_from`` differed; ``None`` for unknown."""
        changes = self.changes(apart_from)
        return None if changes is None else bool(changes)

    def changes(self, apart_from: Iterable[Path] = ()) -> list[Path] | None:
        """What differed outside ``apart_from``, sorted; ``None`` for unknown."""
        if self.changed is None:
            return None
        known = {path.resolve() for path in apart_from}
        return sorted(
            path for path in self.changed if known.isdisjoint((path, *path.parents))
        )


def recorded_code(folder: Path | None) -> CodeState | None:
    """The code that a step is to record: none if ``folder`` is, or git knows of none.

    Raises :class:`~aibom.errors.UsageError` (``code-missing``) for a folder that is not
    there.
    """
    if folder is None:
        return None
    if not folder.is_dir():
        raise UsageError(
            "there is no such folder of code",
            reason="code-missing",
            where=str(folder),
            hint="name the folder that the code lies in: --code DIR",
        )
    return code_state(folder)


def code_state(
    folder: str | os.PathLike[str], *, timeout: float = _TIMEOUT_SECONDS
) -> CodeState | None:
    """Ask git about the working tree that holds ``folder``.

    ``None`` when there is no git, no working tree, or no commit yet, or when git does
    not answer within ``timeout`` seconds what the commit is. Never raises for these.
    """
    git = shutil.which("git")
    if git is None or not os.path.isdir(folder):
        return None
    ask = _Asker(git, os.fspath(folder), timeout)
    top = ask("rev-parse", "--show-toplevel")
    head = ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not top or not head or not _COMMIT.fullmatch(head.strip()):
        return None
    # From the top: a status of a folder below it would leave out what lies beside.
    ask = _Asker(git, top.removesuffix("\n"), timeout)
    return CodeState(head.strip(), _remote(ask), _changed(ask))


@dataclass(frozen=True, slots=True)
class _Asker:
    """Runs git in one folder; calling it gives what git printed, or None on failure."""

    git: str
    folder: str
    timeout: float

    def __call__(self, *arguments: str) -> str | None:
        settings = [
            part for pair in _SETTINGS.items() for part in ("-c", "=".join(pair))
        ]
        try:
            done = subprocess.run(
                [self.git, "--no-replace-objects", *settings, *arguments],
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self.timeout,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return os.fsdecode(done.stdout) if done.returncode == 0 else None


def _environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_")
    }
    return kept | {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }


def _changed(ask: _Asker) -> frozenset[Path] | None:
    # Every untracked file by name: of a folder with one declared output in it, the
    # other files still count.
    listed = ask(
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=all",
        "--ignore-submodules=none",
        "--no-renames",
    )
    if listed is None:
        return None
    top = Path(ask.folder).resolve()
    # "XY path": two letters of state and a space come first.
    return frozenset(top / entry[3:] for entry in listed.split("\0") if entry)


def _remote(ask: _Asker) -> str | None:
    listed = ask("config", "--local", "-z", "--get-regexp", r"^remote\..*\.url$")
    remotes: dict[str, str] = {}
    for entry in (listed or "").split("\0"):
        key, _, url = entry.partition("\n")
        if key:
            remotes.setdefault(key, url)
    if "remote.origin.url" in remotes:
        return public_remote(remotes["remote.origin.url"])
    return public_remote(*remotes.values()) if len(remotes) == 1 else None


def public_remote(url: str) -> str | None:
    """A remote's URL without user, password, query and fragment.

    ``None`` for a path on this machine and for anything that is not understood: what
    cannot be taken apart cannot be cleaned. ``host:path`` is written as ``ssh://``.
    """
    short = _SCP.fullmatch(url)
    if short and "://" not in url:
        return f"ssh://{short['host']}/{short['path']}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PUBLIC_SCHEMES or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{port}" if port else host
    return urlunsplit((parts.scheme, place, parts.path, "", ""))
