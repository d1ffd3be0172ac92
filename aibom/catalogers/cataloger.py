"""What a cataloger declares of itself: what it reads, supplies, and cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aibom.catalogers.notes import Notes
from aibom.catalogers.place import Place

__all__ = ["Cataloger"]


@dataclass(frozen=True, slots=True)
class Cataloger:
    """A reader of one kind of place.

    ``wants`` decides by the path within the place and the format that the bytes have
    (:data:`aibom.catalogers.formats.FORMATS`) whether a file is for this cataloger.
    ``read`` reads that file, and others of the place where it must, and writes down
    what it finds. It raises nothing for bad content: that is a finding.

    ``supplies`` and ``cannot`` are short lines for people, ``findings`` every code that
    it may give with what that means. ``needs`` names the extra of ours without which it
    only skips. With ``pointers``, it reads Git LFS pointers, and nothing else.
    """

    id: str
    title: str
    wants: Callable[[str, str], bool]
    read: Callable[[Notes], None]
    supplies: tuple[str, ...]
    cannot: tuple[str, ...]
    findings: Mapping[str, str]
    needs: str | None = None
    pointers: bool = False

    def reads(self, place: Place, path: str) -> bool:
        """Whether a file of a place is for this cataloger.

        A Git LFS pointer is only for those that say so: whatever it is called, it holds
        nothing of what its name promises.
        """
        if (path in place.pointers) != self.pointers:
            return False
        return self.wants(path, place.formats[path])
