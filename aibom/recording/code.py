"""Which code ran: the git commit of a folder, its origin, and whether it was clean.

Git is asked as :mod:`aibom.git` does.

What this does not see: files that git ignores, files that were marked as unchanged by
hand, and code outside the repository, such as installed packages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from aibom.errors import UsageError
from aibom.git import TIMEOUT_SECONDS, Git, find_git

__all__ = ["CodeState", "code_state", "public_remote", "recorded_code"]

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SCP = re.compile(r"(?:[^@/:\s]+@)?(?P<host>[^@/:\s]{2,}):(?P<path>[^/\s][^\s]*)")
_PUBLIC_SCHEMES = ("https", "http", "ssh", "git")


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
    folder: str | os.PathLike[str], *, timeout: float = TIMEOUT_SECONDS
) -> CodeState | None:
    """Ask git about the working tree that holds ``folder``.

    ``None`` when there is no git, no working tree, or no commit yet, or when git does
    not answer within ``timeout`` seconds what the commit is. Never raises for these.
    """
    # From the top: a status of a folder below it would leave out what lies beside.
    git = find_git(folder, timeout)
    if git is None:
        return None
    head = git.text("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not head or not _COMMIT.fullmatch(head.strip()):
        return None
    return CodeState(head.strip(), _remote(git), _changed(git))


def _changed(git: Git) -> frozenset[Path] | None:
    # Every untracked file by name: of a folder with one declared output in it, the
    # other files still count.
    listed = git.text(
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=all",
        "--ignore-submodules=none",
        "--no-renames",
    )
    if listed is None:
        return None
    top = Path(git.folder).resolve()
    # "XY path": two letters of state and a space come first.
    return frozenset(top / entry[3:] for entry in listed.split("\0") if entry)


def _remote(git: Git) -> str | None:
    listed = git.text("config", "--local", "-z", "--get-regexp", r"^remote\..*\.url$")
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
