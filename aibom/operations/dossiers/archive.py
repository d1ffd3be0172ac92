"""The form of a dossier: a zip whose every byte follows from its files.

::

    README.txt                  how to read and check it, also without aibom
    index.md, index.json        the points of the profile, and what answers each
    artifact/                   the artifact's BOM with its signatures
    evidence/N/                 the evidence folders
    policy/, packs/, trust/     what was decided by, and whom it believes
    verdict.json, coverage.json, profile.yaml
    SHA256SUMS                  every file above, as ``sha256sum -c`` reads it
    SHA256SUMS.sigstore.json    the signature of that list

Entry headers, directory and end are those of :mod:`.zipform`, which leave no choice to
whoever writes one: equal files make equal archives, in any version of any library. What
is read is held to the same. Its headers are made again from names, sizes and checksums
and compared byte for byte, so that there is no place for anything that no signature
covers. Files are read block by block, never as a whole.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from aibom.errors import AibomError, DocumentInvalid, InputError, VerificationFailed
from aibom.operations.dossiers.zipform import NotOurs, ZipEntry, read_zip, tail

__all__ = [
    "MAX_BYTES",
    "MAX_FILES",
    "SIGNATURE",
    "SUMS",
    "Part",
    "extract",
    "require_fits",
    "require_listed",
    "require_plain",
    "sums_of",
    "write_archive",
]

SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sigstore.json"

MAX_FILES = 20_000
#: With all headers below 4 GiB: no reader needs zip64, and none is written.
MAX_BYTES = 3 * 1024 * 1024 * 1024
#: Bytes of a path, and of a segment of one; segments of a path.
_MAX_NAME, _MAX_SEGMENT = 1_000, 255
_MAX_DEPTH = 32
_BLOCK = 1024 * 1024
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a dossier: its bytes, or a file with them, read once already."""

    source: bytes | Path
    size: int
    crc: int
    sha256: str

    @classmethod
    def of(cls, source: bytes | Path) -> Part:
        """Read it through. A path must be a file that nobody else changes."""
        hasher, size, crc = hashlib.sha256(), 0, 0
        with _opened(source) as file:
            for block in _blocks(file):
                hasher.update(block)
                size, crc = size + len(block), zlib.crc32(block, crc)
        return cls(source, size, crc, hasher.hexdigest())

    def copy_to(self, out: BinaryIO) -> None:
        """Write the bytes; ``changed-while-hashing`` if they are others by now."""
        size, crc = 0, 0
        with _opened(self.source) as file:
            for block in _blocks(file):
                out.write(block)
                size, crc = size + len(block), zlib.crc32(block, crc)
        if (size, crc) != (self.size, self.crc):
            raise InputError(
                "changed while it was read",
                reason="changed-while-hashing",
                where=str(self.source) if isinstance(self.source, Path) else None,
                hint="let whoever writes there finish, then run it again",
            )


def sums_of(parts: Mapping[str, Part]) -> bytes:
    """The list of files and their SHA-256, as ``sha256sum`` writes it."""
    require_plain(parts)
    return "".join(f"{parts[n].sha256}  {n}\n" for n in _sorted(parts)).encode()


def require_plain(names: Iterable[str]) -> None:
    """Raise :class:`~aibom.errors.InputError` unless a dossier may have these paths.

    ``name-unusable``: they would not unpack everywhere, as they are, inside of a
    folder.
    """
    said = _problem(list(names))
    if said is not None:
        raise InputError(said, reason="name-unusable", hint="rename the evidence file")


def require_fits(parts: Mapping[str, Part]) -> None:
    """Raise unless these files can be a dossier, as :func:`write_archive` does."""
    total = sum(part.size for part in parts.values())
    if total > MAX_BYTES or len(parts) > MAX_FILES:
        raise InputError(
            f"{len(parts):,} files of {total:,} bytes together; a dossier holds "
            f"{MAX_FILES:,} of {MAX_BYTES:,}",
            reason="dossier-too-large",
            hint="name evidence folders with statements, not with the data itself",
        )
    require_plain(parts)


def write_archive(parts: Mapping[str, Part], out: BinaryIO) -> None:
    """Write the archive of these files: the same bytes for the same files.

    Raises :class:`~aibom.errors.InputError`: ``name-unusable`` for a path that no
    dossier may have, ``dossier-too-large``, ``changed-while-hashing``.
    """
    require_fits(parts)
    entries, offset = [], 0
    for name in _sorted(parts):
        part = parts[name]
        entry = ZipEntry(name, part.size, part.crc, offset)
        out.write(entry.local())
        part.copy_to(out)
        entries.append(entry)
        offset = entry.end
    out.write(tail(entries))


def extract(
    path: Path, to: Path, keep: Callable[[str], bool] = lambda _: True
) -> dict[str, str]:
    """Write the files of an archive below an empty folder: paths, and their SHA-256.

    Every file is read and hashed; those that ``keep`` does not want are not written.

    Raises :class:`~aibom.errors.DocumentInvalid` (``dossier-malformed``) for every byte
    that :func:`write_archive` would not have written around files of these names,
    sizes and checksums, before anything is written;
    :class:`~aibom.errors.VerificationFailed` (``dossier-changed``) for a file that is
    not as its checksum says; :class:`~aibom.errors.InputError` (``path-missing``,
    ``path-unreadable``, also for what is no regular file).
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(
                    "not a regular file",
                    reason="path-unreadable",
                    where=str(path),
                    hint="name the archive that aibom dossier wrote",
                )
            entries = read_zip(file, status.st_size, MAX_FILES, MAX_BYTES)
            _require_names(entries, path)
            return {
                entry.name: _taken(file, entry, to if keep(entry.name) else None, path)
                for entry in entries
            }
    except NotOurs as error:
        raise _malformed(
            f"is not, byte for byte, as aibom dossier writes one: {error}", path
        ) from None
    except FileNotFoundError as error:
        raise InputError(
            "there is no such file",
            reason="path-missing",
            where=str(path),
            hint="name the archive that aibom dossier wrote",
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {getattr(error, 'strerror', None) or error}",
            reason="path-unreadable",
            where=str(path),
            hint="name the archive itself; look at its owner and permissions",
        ) from error


def require_listed(folder: Path, found: Mapping[str, str], where: str) -> str:
    """The SHA-256 of the list, after every file was found in it as it is.

    Raises :class:`~aibom.errors.DocumentInvalid` (``dossier-malformed``) without list
    or signature, or where the list is not as :func:`sums_of` writes it;
    :class:`~aibom.errors.VerificationFailed` (``dossier-changed``).
    """
    for name in (SUMS, SIGNATURE):
        if name not in found:
            raise _malformed(f"has no {name}", Path(where))
    listed = _listed(folder / SUMS, where)
    there = {n: digest for n, digest in found.items() if n not in (SUMS, SIGNATURE)}
    for names, said in (
        (listed.keys() - there.keys(), "is listed, and not there"),
        (there.keys() - listed.keys(), "is there, and not listed"),
        ({n for n in listed if there.get(n) != listed[n]}, "is not as listed"),
    ):
        if names:
            raise _changed(f"{min(names)!r} {said} in {SUMS}", where)
    return found[SUMS]


def _listed(path: Path, where: str) -> dict[str, str]:
    if path.stat().st_size > MAX_FILES * (_MAX_NAME + 67):
        raise _malformed(f"{SUMS} is longer than any list of ours", Path(where))
    data = path.read_bytes()
    try:
        listed = dict(_lines(data.decode()))
    except ValueError:
        raise _malformed(f"{SUMS} is no list of sums", Path(where)) from None
    again = "".join(f"{listed[name]}  {name}\n" for name in _sorted(listed))
    if again.encode() != data:
        raise _malformed(f"{SUMS} is not as aibom dossier writes it", Path(where))
    return listed


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n")[:-1]:
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(line)
        yield match[2], match[1]


def _require_names(entries: Sequence[ZipEntry], path: Path) -> None:
    said = _problem([entry.name for entry in entries])
    if said is not None:
        raise _malformed(said, path)


def _problem(names: Sequence[str]) -> str | None:
    """What is wrong with one of these paths, taken together; None for nothing."""
    for name in names:
        if not _is_plain(name):
            return f"{name[:200]!r} is no path that a dossier may have"
    folders = {
        _alike(str(p)) for n in names for p in list(PurePosixPath(n).parents)[:-1]
    }
    seen: set[str] = set()
    for name in names:
        alike = _alike(name)
        if alike in seen or alike in folders:
            return f"{name!r} is there twice, as some systems read it"
        seen.add(alike)
    return None


def _alike(name: str) -> str:
    """What is the same for paths that some system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _is_plain(name: str) -> bool:
    parts = name.split("/")
    return (
        name.isprintable()  # first: what is no text cannot be encoded
        and len(name.encode()) <= _MAX_NAME
        and len(parts) <= _MAX_DEPTH
        and not set('\\:*?"<>|`') & set(name)
        and all(part not in ("", ".", "..") for part in parts)
        and all(len(part.encode()) <= _MAX_SEGMENT for part in parts)
        and not any(part.endswith((".", " ")) for part in parts)
    )


def _taken(file: BinaryIO, entry: ZipEntry, to: Path | None, path: Path) -> str:
    """Read one file, and write it below ``to`` if there is one; its SHA-256."""
    file.seek(entry.start)
    if to is None:
        digest, crc = _hashed(file, entry.size, None)
    else:
        target = to / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            digest, crc = _hashed(file, entry.size, out)
    if crc != entry.crc:
        raise _changed(f"{entry.name!r} is not as its checksum says", str(path))
    return digest


def _hashed(file: BinaryIO, size: int, out: BinaryIO | None) -> tuple[str, int]:
    hasher, crc = hashlib.sha256(), 0
    while size and (block := file.read(min(size, _BLOCK))):
        size -= len(block)
        hasher.update(block)
        crc = zlib.crc32(block, crc)
        if out is not None:
            out.write(block)
    return hasher.hexdigest(), crc


def _opened(source: bytes | Path) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _open_at_once(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=str.encode)


def _changed(said: str, where: str) -> AibomError:
    return VerificationFailed(
        said,
        reason="dossier-changed",
        where=where,
        hint="it was changed after it was made; ask its maker for it again",
    )


def _malformed(said: str, path: Path) -> DocumentInvalid:
    return DocumentInvalid(
        said,
        reason="dossier-malformed",
        where=str(path),
        hint="a dossier is a zip that aibom dossier wrote; do not unpack this with "
        "anything else",
    )
