"""The form of a dossier: a zip whose every file stands in a list that is signed.

::

    README.txt                  how to read and check it, also without aibom
    index.md, index.json        the points of the profile, and what answers each
    artifact/                   the artifact's BOM with its signatures
    evidence/N/                 the evidence folders
    policy/, packs/, trust/     what was decided by, and whom it believes
    verdict.json, coverage.json, profile.yaml
    SHA256SUMS                  every file above, as ``sha256sum -c`` reads it
    SHA256SUMS.sigstore.json    the signature of that list

Files are stored, not compressed, in the order of their paths, all with one date: equal
files make equal archives, whatever library writes them. What is read is held to the
same: anything else that a zip can be is refused before a byte of it is written.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from aibom.errors import DocumentInvalid, InputError, VerificationFailed

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

__all__ = [
    "SIGNATURE",
    "SUMS",
    "extract",
    "require_listed",
    "sums_of",
    "write_archive",
]

SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sigstore.json"

MAX_FILES = 20_000
MAX_BYTES = 512 * 1024 * 1024
_MAX_NAME = 1_000
#: Segments of a path.
_MAX_DEPTH = 32
_MAX_SEGMENT = 255
_BLOCK = 1024 * 1024
#: The first day that a zip can name.
_DATE = (1980, 1, 1, 0, 0, 0)
_REGULAR = stat.S_IFREG | 0o644
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def sums_of(parts: Mapping[str, bytes]) -> bytes:
    """The list of files and their SHA-256, as ``sha256sum`` writes it."""
    lines = (f"{hashlib.sha256(parts[n]).hexdigest()}  {n}\n" for n in _sorted(parts))
    return "".join(lines).encode()


def write_archive(parts: Mapping[str, bytes]) -> bytes:
    """The archive of these files: the same bytes for the same files.

    Raises :class:`~aibom.errors.InputError`: ``name-unusable`` for a path that no
    dossier may have, ``dossier-too-large``.
    """
    from zipfile import ZIP_STORED, ZipFile, ZipInfo

    total = sum(map(len, parts.values()))
    if total > MAX_BYTES or len(parts) > MAX_FILES:
        raise InputError(
            f"{len(parts):,} files of {total:,} bytes together; a dossier holds "
            f"{MAX_FILES:,} of {MAX_BYTES:,}",
            reason="dossier-too-large",
            hint="name evidence folders with statements, not with the data itself",
        )
    said = _problem(parts)
    if said is not None:
        raise InputError(said, reason="name-unusable", hint="rename the evidence file")
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for name in _sorted(parts):
            entry = ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, _REGULAR << 16
            archive.writestr(entry, parts[name])
    return out.getvalue()


def extract(path: Path, to: Path) -> dict[str, str]:
    """Write the files of an archive below an empty folder: paths, and their SHA-256.

    Raises :class:`~aibom.errors.DocumentInvalid` (``dossier-malformed``) for what
    :func:`write_archive` would not have written, before anything is; and where bytes
    are not those that the archive announces.
    """
    from zipfile import BadZipFile, ZipFile

    try:
        with path.open("rb") as file, ZipFile(file) as archive:
            entries = archive.infolist()
            _require_ours(entries, path)
            return {
                entry.filename: _write(archive, entry, to, path) for entry in entries
            }
    except FileNotFoundError as error:
        raise InputError(
            "there is no such file", reason="path-missing", where=str(path)
        ) from error
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _malformed(f"is no zip that can be read: {error}", path) from error
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}",
            reason="path-unreadable",
            where=str(path),
        ) from error


def require_listed(folder: Path, found: Mapping[str, str], where: str) -> str:
    """The SHA-256 of the list, after every file was found in it as it is.

    Raises :class:`~aibom.errors.DocumentInvalid` (``dossier-malformed``) without list
    or signature, :class:`~aibom.errors.VerificationFailed` (``dossier-changed``).
    """
    for name in (SUMS, SIGNATURE):
        if name not in found:
            raise _malformed(f"has no {name}", Path(where))
    listed = dict(_lines((folder / SUMS).read_bytes(), where))
    there = {n: digest for n, digest in found.items() if n not in (SUMS, SIGNATURE)}
    for names, said in (
        (listed.keys() - there.keys(), "is listed, and not there"),
        (there.keys() - listed.keys(), "is there, and not listed"),
        ({n for n in listed if there.get(n) != listed[n]}, "is not as listed"),
    ):
        if names:
            raise VerificationFailed(
                f"{min(names)!r} {said} in {SUMS}",
                reason="dossier-changed",
                where=where,
                hint="it was changed after it was made; ask its maker for it again",
            )
    return found[SUMS]


def _lines(data: bytes, where: str) -> Iterator[tuple[str, str]]:
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError:
        raise _malformed(f"{SUMS} is no text", Path(where)) from None
    for line in lines[:-1]:
        match = _LINE.fullmatch(line)
        if match is None:
            raise _malformed(f"{SUMS} has a line that is no sum", Path(where))
        yield match[2], match[1]


def _require_ours(entries: list[ZipInfo], path: Path) -> None:
    if len(entries) > MAX_FILES or sum(e.file_size for e in entries) > MAX_BYTES:
        raise _malformed("holds more than a dossier may", path)
    names = [entry.filename for entry in entries]
    said = "has one path twice" if len(set(names)) != len(names) else _problem(names)
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if entry.compress_type or entry.file_size != entry.compress_size:
            said = f"compresses {entry.filename!r}; a dossier only stores"
        elif kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
            said = f"{entry.filename!r} is no plain file"
    if said is not None:
        raise _malformed(said, path)


def _problem(names: Mapping[str, bytes] | list[str]) -> str | None:
    """What is wrong with one of these paths, taken together; None for nothing."""
    for name in names:
        if not _is_plain(name):
            return f"{name[:200]!r} is no path that a dossier may have"
    folders = {
        str(p).casefold() for n in names for p in list(PurePosixPath(n).parents)[:-1]
    }
    folded: set[str] = set()
    for name in names:
        if name.casefold() in folded or name.casefold() in folders:
            return f"{name!r} is there twice, as some systems read it"
        folded.add(name.casefold())
    return None


def _is_plain(name: str) -> bool:
    parts = name.split("/")
    return (
        len(name) <= _MAX_NAME
        and len(parts) <= _MAX_DEPTH
        and name.isprintable()
        and not set('\\:*?"<>|') & set(name)
        and all(part not in ("", ".", "..") for part in parts)
        and all(len(part.encode()) <= _MAX_SEGMENT for part in parts)
        and not any(part.endswith((".", " ")) for part in parts)
    )


def _write(archive: ZipFile, entry: ZipInfo, to: Path, path: Path) -> str:
    target = to / entry.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    hasher, written = hashlib.sha256(), 0
    with archive.open(entry) as source, target.open("xb") as out:
        for block in _blocks(source):
            hasher.update(block)
            out.write(block)
            written += len(block)
    if written != entry.file_size:
        raise _malformed(f"{entry.filename!r} is not as long as announced", path)
    return hasher.hexdigest()


def _blocks(source: IO[bytes]) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block


def _sorted(names: Mapping[str, bytes]) -> list[str]:
    return sorted(names, key=str.encode)


def _malformed(said: str, path: Path) -> DocumentInvalid:
    return DocumentInvalid(
        said,
        reason="dossier-malformed",
        where=str(path),
        hint="a dossier is a zip that aibom dossier wrote; do not unpack this with "
        "anything else",
    )
