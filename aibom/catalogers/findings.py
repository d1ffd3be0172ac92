"""What a cataloger found odd, or could not read: typed, with its place."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One oddity, or one skip.

    ``path`` is the file, ``pointer`` a JSON pointer (or a line, ``line:7``) in it.
    ``code`` is one that the cataloger declares. ``unread`` says that something was left
    out because of it: what stands there is not known. Without it everything was read,
    and is not as it should be. ``detail`` may quote the file, so it is foreign text.
    """

    path: str
    pointer: str
    code: str
    cataloger: str
    detail: str = ""
    unread: bool = False
