"""Files that a policy test names: relative to it, and not just anywhere.

Tests come with a change that somebody proposes, and their messages show what was read.
So a test reads only below what was to be tested, or below the folders that whoever
runs it allows, links resolved.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aibom.operations.files import is_inside

__all__ = ["Places"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a file stands, and the folders in which what it names has to lie."""

    folder: Path
    within: tuple[Path, ...]

    def find(self, stated: str) -> tuple[Path | None, str]:
        """The path that is meant, or None and why it is not read; it need not exist."""
        if "\0" in stated:
            return None, "is no path"
        path = self.folder / stated
        if Path(stated).is_absolute():
            return None, f"{stated} is not relative to this file"
        try:
            allowed = any(is_inside(path, folder) for folder in self.within)
        except (OSError, RuntimeError):  # a loop of links
            return None, f"{path} cannot be resolved"
        if not allowed:
            told = ", ".join(str(folder) for folder in self.within)
            return None, f"{path} leads out of what is tested ({told})"
        return path, ""
