"""Run commands as a person would type them, and say which they were."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["DemoFailed", "Shell"]


class DemoFailed(Exception):
    """Something did not turn out as the story says it does."""


@dataclass
class Shell:
    """Runs programs in one folder; ``aibom`` and ``python`` are this environment's."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    loud: bool = True

    def aibom(
        self, *words: str | Path, expect: int = 0, env: Mapping[str, str] | None = None
    ) -> str:
        """Run aibom, check its exit code, and return its stdout."""
        return self._run("aibom", [sys.executable, "-m", "aibom"], words, expect, env)

    def record(
        self, *words: str | Path, script: Sequence[str | Path], env: Mapping[str, str]
    ) -> None:
        """``aibom run … -- python SCRIPT``: a step, recorded by the product."""
        command = ["python", *map(str, script)]
        self.aibom("run", *words, "--", sys.executable, *command[1:], env=env)

    def python(self, *words: str | Path) -> str:
        """Run a script of the example that is not a recorded step."""
        return self._run("python", [sys.executable], words, 0, None)

    def git(self, *words: str | Path) -> str:
        """Run git as the demo's user, whatever this machine is set to."""
        settings = ["-c", "user.name=acme", "-c", "user.email=demo@acme.example"]
        settings += ["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"]
        return self._run("git", ["git", *settings], words, 0, None, quiet=True)

    def say(self, text: str = "") -> None:
        """Tell the story."""
        if self.loud:
            print(text, flush=True)

    def _run(
        self,
        shown: str,
        program: list[str],
        words: Sequence[str | Path],
        expect: int,
        env: Mapping[str, str] | None,
        *,
        quiet: bool = False,
    ) -> str:
        arguments = [str(word) for word in words]
        if not quiet:
            told = ["python" if word == sys.executable else word for word in arguments]
            self.say(f"  $ {shown} {_wrapped(told)}")
        done = subprocess.run(
            [*program, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != expect:
            raise DemoFailed(
                f"{shown} {shlex.join(arguments)}\nended with {done.returncode}, not "
                f"{expect}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout


def _wrapped(words: list[str]) -> str:
    """The command over several lines, one option each, so that it can be read."""
    text = ""
    for word in words:
        start = " \\\n      " if word.startswith("--") and text else " "
        text += (start if text else "") + shlex.quote(word)
    return text
