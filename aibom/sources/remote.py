"""What a source answers, and the port behind which every source stands.

Nothing here was checked: digests, sizes, dates and owners are what the source says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from aibom.errors import InputError
from aibom.sources.reference import Reference

__all__ = ["Mode", "Owner", "RemoteFile", "Resolved", "ScanStatus", "Source"]

#: ``online``: the source was asked now. ``offline``: what lies on this disk answered,
#: and nobody asked whether it is still so.
Mode = Literal["online", "cached", "offline"]


@dataclass(frozen=True, slots=True, order=True)
class RemoteFile:
    """One file: its path (POSIX, relative), and what the source says of its bytes.

    ``size`` is in bytes. ``sha256`` is that of the content; ``git_blob`` is the id that
    git gives it (SHA-1 over a header and the content), which the Hub states for files
    it keeps in git itself, and which is a weak digest.
    """

    path: str
    size: int | None = None
    sha256: str | None = None
    git_blob: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that holds a repository. ``id`` is not given to a second account."""

    name: str
    kind: Literal["organisation", "user"] | None = None
    id: str | None = None
    created: str | None = None


@dataclass(frozen=True, slots=True)
class ScanStatus:
    """What scanners of the source say. That they found nothing proves nothing.

    ``done`` is None where the source does not say; ``flagged`` are (path, level).
    """

    done: bool | None
    flagged: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a reference means: one revision, with its files sorted by path.

    ``commit`` is the full id that every later call is asked for; None for sources that
    have no commits. ``name`` is what the source calls it, which differs from
    ``reference.name`` where it was moved. ``repository`` is the id that the source gave
    the repository when it was made: another one under an old name is another
    repository. ``gated`` is None where access is not restricted. ``unsure`` are things
    that the source should have told and did not, in words. ``complete`` is False where
    there may be more files than are listed: what is listed is then not the artifact.
    """

    reference: Reference
    files: tuple[RemoteFile, ...]
    mode: Mode
    where: str
    name: str
    commit: str | None = None
    committed: str | None = None
    owner: Owner | None = None
    repository: str | None = None
    gated: str | None = None
    scan: ScanStatus | None = None
    unsure: tuple[str, ...] = ()
    complete: bool = True

    def require_complete(self) -> None:
        """Raise ``InputError`` where files may be missing.

        ``source-not-cached`` where a cache answered, ``source-answer-malformed`` where
        the source contradicts itself.
        """
        if self.complete:
            return
        if self.mode != "offline":
            raise InputError(
                "the source contradicts itself about which files there are",
                reason="source-answer-malformed",
                where=str(self.reference),
                hint="try again; if it stays so, do not use it without a lock: "
                + "; ".join(self.unsure),
            )
        raise InputError(
            "the cache does not tell whether it holds all files of this commit",
            reason="source-not-cached",
            where=str(self.reference),
            hint="ask the hub once: aibom lock, online; then --locked --offline "
            "compares with all files",
        )

    @property
    def pinned(self) -> Reference:
        """The reference at the commit that was found."""
        return self.reference.at(self.commit)

    @property
    def size(self) -> int | None:
        """Bytes of all files; None where the source does not tell each."""
        sizes = [file.size for file in self.files]
        if None in sizes:
            return None
        return sum(size for size in sizes if size is not None)


class Source(Protocol):
    """A place that artifacts are fetched from. Implementations are safe in threads.

    Every method raises the errors of :mod:`aibom.errors` only, with the reasons that
    ``docs/exit-codes.md`` lists under "Sources"; no error of a client library passes.
    """

    def resolve(self, reference: Reference) -> Resolved:
        """Ask which revision and which files are meant; no content is read.

        Paths are checked (:mod:`aibom.sources.paths`): a listing with one that leaves
        the folder is refused whole.
        """
        ...

    def read(self, resolved: Resolved, file: RemoteFile, limit: int) -> bytes:
        """All bytes of a file of at most ``limit`` bytes.

        What the source claims of them (size, digests) holds, or this raises.
        """
        ...

    def download(
        self,
        resolved: Resolved,
        file: RemoteFile,
        to: Path,
        scratch: Path,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Write a file's bytes to ``to``, which appears complete or not at all.

        ``scratch`` is a folder on the same file system that is kept between runs, so
        that a download which was interrupted goes on. ``progress`` is called with bytes
        done since the last call. The size is compared with the source's claim; digests
        are the caller's job, who hashes all of it anyway.
        """
        ...
