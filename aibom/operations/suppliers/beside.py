"""Files that answers name, looked for in the folder that the answers lie in."""

from __future__ import annotations

import stat
from pathlib import Path

from aibom.attest.answers_statement import MAX_EVIDENCE, MAX_NAME
from aibom.digest import hash_path
from aibom.errors import InputError
from aibom.operations.suppliers.exact import wrong_with_sha256
from aibom.reading import Reader
from aibom.report.text import escape

__all__ = ["Beside"]


class Beside:
    """Looks names up in one folder; ``checked`` were there, ``absent`` were not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, str | None] = {}
        self.checked: list[str] = []
        self.absent: list[str] = []

    def files(self, entry: Reader) -> tuple[tuple[str, str], ...]:
        """What an entry names, each with a digest: its own, or that of the file.

        Problems go to the reader. Raises :class:`~aibom.errors.InputError`
        (``answer-evidence-differs``) for another file than the answers name.
        """
        readers = entry.readers("evidence", ())
        if len(readers) > MAX_EVIDENCE:
            entry.problem(f"names more than {MAX_EVIDENCE} files", "evidence")
        found = [self._file(one) for one in readers[:MAX_EVIDENCE]]
        return tuple(one for one in found if one is not None)

    def _file(self, one: Reader) -> tuple[str, str] | None:
        name, stated = one.text("name"), one.text("sha256", None)
        one.close()
        if not isinstance(name, str) or not name.strip():
            return None
        name = name.strip()
        if len(name) > MAX_NAME // 2:
            one.problem(f"is longer than {MAX_NAME // 2} characters", "name")
            return None
        if stated and (wrong := wrong_with_sha256(stated)):
            one.problem(wrong, "sha256")
            return None
        there = self._digest(name)
        if not stated and there is None:
            one.problem(
                f"{name!r} has no SHA-256, and is not here: put the file beside the "
                "answers, or write its SHA-256 beside its name",
                "sha256",
            )
            return None
        value = stated.strip().rpartition(":")[2].lower() if stated else there
        if there is not None and there != value:
            raise InputError(
                f"is sha256:{there}, but the answers say sha256:{value}",
                reason="answer-evidence-differs",
                where=str(self._folder / name),
                hint="ask the supplier which of the two files is meant",
            )
        return escape(name, MAX_NAME)[:MAX_NAME], str(value)

    def _digest(self, name: str) -> str | None:
        """The SHA-256 of a file of this name in the folder; None where there is none.

        A name never leads elsewhere, and a link is no file here.
        """
        if name not in self._found:
            path = self._folder / name
            plain = (
                name == path.name and not name.startswith(".") and "\x00" not in name
            )
            found = hash_path(path).digest.value if plain and _is_file(path) else None
            self._found[name] = found
            (self.absent if found is None else self.checked).append(escape(name))
        return self._found[name]


def _is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is not there."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):  # too long once it is bytes, or not to be encoded
        return False
