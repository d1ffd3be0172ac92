"""Git, asked with settings of ours, because it is the tool that could lie.

``GIT_DIR`` and its like are taken away, replace refs are not followed, hooks, filters
of ``diff`` and the file-system monitor (programs named in a repository) are not run,
nothing is locked or fetched, and every question has a time limit.

Standard library only, so that :mod:`aibom.recording` can live in any environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

__all__ = ["TIMEOUT_SECONDS", "Git", "find_git"]

TIMEOUT_SECONDS = 30.0

_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.ignoreStat": "false",
    "status.renames": "false",
    "log.showSignature": "false",
}


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one folder."""

    program: str
    folder: str
    timeout: float = TIMEOUT_SECONDS

    def within(self, folder: str) -> Git:
        """The same git in another folder."""
        return Git(self.program, folder, self.timeout)

    def ask(self, *arguments: str, said: bytes = b"") -> bytes | None:
        """What git printed; None where it failed, or did not answer in time.

        ``said`` is given to it on its standard input.
        """
        settings = [
            part for pair in _SETTINGS.items() for part in ("-c", "=".join(pair))
        ]
        try:
            done = subprocess.run(
                [self.program, "--no-replace-objects", *settings, *arguments],
                cwd=self.folder,
                env=_environment(),
                input=said,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self.timeout,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode == 0 else None

    def text(self, *arguments: str) -> str | None:
        """The same as text, with file names as the system writes them."""
        printed = self.ask(*arguments)
        return None if printed is None else os.fsdecode(printed)


def find_git(
    folder: str | os.PathLike[str], timeout: float = TIMEOUT_SECONDS
) -> Git | None:
    """Git in the working tree that holds ``folder``; None without git or a tree."""
    program = shutil.which("git")
    if program is None or not os.path.isdir(folder):
        return None
    here = Git(program, os.fspath(folder), timeout)
    top = here.text("rev-parse", "--show-toplevel")
    return here.within(top.removesuffix("\n")) if top else None


def _environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_")
    }
    return kept | {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        # Old versions know only the second of these two.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "LC_ALL": "C",
    }
