"""Files and folders as DVC names them: a path, and an MD5.

An MD5 binds nothing. Where a file lies in the place and its MD5, computed again, is the
stated one, the file is known by its SHA-256; a folder whose ``.dir`` MD5 agrees, by its
tree digest. Everything else is known by its path and that MD5 alone.

Sources: iterative/dvc ``dvc/schema.py``, ``dvc/output.py``; dvc-data
``hashfile/hash.py`` (``dos2unix``, for entries without ``hash``), ``hashfile/tree.py``
(the manifest of a folder).
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from aibom.catalogers.documents import text_of
from aibom.catalogers.notes import Notes
from aibom.catalogers.pipelines import kind_of_files, public_address
from aibom.digest import Digest
from aibom.lineage.nodes import Kind

__all__ = ["ENTRY_FINDINGS", "Entity", "Entries"]

#: What reading entries may find.
ENTRY_FINDINGS: Mapping[str, str] = {
    "entry-malformed": "an input or output without a path, or with an endless one; it "
    "is not known",
    "reference-local-path": "names a path outside this place, which says nothing about "
    "what lay there",
    "weak-digest-differs": "what lies here has not the MD5 that is stated: it has "
    "changed since, or the statement is wrong",
    "weak-digest-malformed": "something else where an MD5 would be",
    "weak-digest-not-compared": "what lies here is too large or too much to compute "
    "its MD5, or not all of it is here; it is not taken for what is stated",
}

_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
#: MD5 is computed again of files up to this size, of so many bytes and folders in all.
MAX_FILE_BYTES = 1 << 30
MAX_BYTES = 4 << 30
MAX_FOLDERS = 100
_CHUNK = 1024 * 1024  # the chunk in which DVC turned line ends, so not to be changed
_TEXT_CHARACTERS = bytes(range(32, 127)) + b"\n\r\t\f\b"
_MAX_TEXT = 500
_MAX_PATH = 4096


class Entity(NamedTuple):
    """An entity; ``here`` says that its bytes are in the place, and agree."""

    id: str
    kind: Kind
    here: bool


class _Md5(NamedTuple):
    """Of the bytes, and as DVC 2 had it for text: with line ends turned."""

    plain: str
    turned: str


class Entries:
    """Reads the entries of one document; what they name is hashed once."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._files: dict[str, _Md5 | None] = {}
        self._folders: dict[str, list[str]] | None = None
        self._compared: dict[str, tuple[_Md5 | None, str]] = {}
        self._bytes = 0
        self._hashed_folders = 0

    def entity(self, value: Any, at: str, wdir: str = "") -> Entity | None:
        """What an entry ``{path, md5, …}`` names; None, with a finding, for nothing.

        ``wdir`` is the folder that its path starts from, seen from the document's.
        """
        path = value.get("path") if isinstance(value, dict) else None
        if not isinstance(path, str) or not 0 < len(path) + len(wdir) <= _MAX_PATH:
            self._notes.skip("entry-malformed", at)
            return None
        weak = self._weak(value, at)
        if "://" in path:
            stated = {"source": public_address(self._notes, path, at), **weak}
            return self._undigested(Kind.DATASET, stated, at)
        where = self._in_place(path, wdir)
        if where is None:
            self._notes.odd("reference-local-path", at, path)
            stated = {"stated-as": path[:_MAX_TEXT], **weak}
            return self._undigested(Kind.DATASET, stated, at)
        return self._local(value, where, weak, at)

    def _local(
        self, value: dict[str, Any], where: str, weak: dict[str, str], at: str
    ) -> Entity:
        paths = self._paths(where)
        kind = kind_of_files(self._notes, paths)
        facts: dict[str, str | None] = {"name": posixpath.basename(where) or where}
        identity = {"path": where, **weak}
        md5 = weak.get("weak-digest.md5")
        if paths and md5 is None and not weak:
            found = self._here(where, kind, at, facts)
            if found is not None:
                return found
        elif paths and md5 is not None:
            found = self._compare(value, where, paths, kind, weak, at, facts)
            if found is not None:
                return found
        if not weak:
            identity["described-in"] = self._notes.place.sha256(self._notes.path)
        return self._undigested(kind, identity, at, facts)

    def _compare(
        self,
        value: dict[str, Any],
        where: str,
        paths: list[str],
        kind: Kind,
        weak: dict[str, str],
        at: str,
        facts: dict[str, str | None],
    ) -> Entity | None:
        """The thing that lies there, if it is the one that is stated."""
        stated = weak["weak-digest.md5"]
        if where not in self._compared:
            self._compared[where] = self._md5(where, paths)
        actual, why = self._compared[where]
        if actual is None:
            self._notes.skip("weak-digest-not-compared", at, why)
            return None
        old = value.get("hash") is None and stated == actual.turned
        if stated == actual.plain or old:
            name = (
                "weak-digest.md5" if stated == actual.plain else "weak-digest.md5-crlf"
            )
            return self._here(where, kind, at, {**facts, name: stated})
        told = f"stated {stated}, what lies here has {actual.plain}"
        self._notes.odd("weak-digest-differs", at, told)
        # Two values of one field: whoever reads the graph sees the contradiction.
        also = {**facts, "weak-digest.md5": actual.plain}
        self._notes.entity(kind, {"path": where, **weak}, at, also)
        return None

    def _here(
        self, where: str, kind: Kind, at: str, facts: dict[str, str | None]
    ) -> Entity | None:
        place = self._notes.place
        if place.has(where):
            digest = Digest("file", place.sha256(where))
        elif place.is_whole(where):
            digest = place.folder(where).digest
        else:
            return None
        return Entity(self._notes.entity(kind, digest, at, facts), kind, here=True)

    def _undigested(
        self,
        kind: Kind,
        identity: dict[str, str],
        at: str,
        facts: dict[str, str | None] | None = None,
    ) -> Entity:
        return Entity(self._notes.entity(kind, identity, at, facts), kind, here=False)

    def _weak(self, value: dict[str, Any], at: str) -> dict[str, str]:
        weak = {}
        for key in ("md5", "etag", "checksum"):
            text = text_of(value.get(key))
            if not text:
                continue
            if key == "md5" and not _MD5.fullmatch(text.lower()):
                self._notes.odd("weak-digest-malformed", at, text)
                continue
            weak[f"weak-digest.{key}"] = text.lower() if key == "md5" else text[:200]
        return weak

    def _in_place(self, path: str, wdir: str) -> str | None:
        """The path within the place; None where it leads out of it."""
        if path.startswith(("/", "~")) or "\\" in path or "\0" in path + wdir:
            return None
        folder = posixpath.join(self._notes.folder, wdir)
        found = posixpath.normpath(posixpath.join(folder, path))
        outside = found in ("..", ".") or found.startswith(("../", "/"))
        return None if outside else found

    def _paths(self, where: str) -> list[str]:
        """The file, or the files of the folder, that lie there.

        Of a folder that holds the document itself it is not told: what it describes
        would be made from the description.
        """
        if self._notes.place.has(where):
            return [where]
        if f"{self._notes.folder}/".startswith(f"{where}/"):
            return []
        if self._folders is None:
            self._folders = {}
            for name in self._notes.place.names:
                folder = posixpath.dirname(name)
                while folder:
                    self._folders.setdefault(folder, []).append(name)
                    folder = posixpath.dirname(folder)
        return self._folders.get(where, [])

    def _md5(self, where: str, paths: list[str]) -> tuple[_Md5 | None, str]:
        """The MD5 of a file or folder; why not, where it is not computed."""
        if paths == [where]:
            return self._file(where), "too large"
        self._hashed_folders += 1
        whole = self._notes.place.is_whole(where)
        if self._hashed_folders > MAX_FOLDERS or not whole:
            return None, "too many folders, or files of it are elsewhere"
        found = [(posixpath.relpath(p, where), self._file(p)) for p in paths]
        if any(md5 is None for _, md5 in found):
            return None, "too large"
        plain = _manifest((p, md5.plain) for p, md5 in found if md5)
        return _Md5(plain, _manifest((p, md5.turned) for p, md5 in found if md5)), ""

    def _file(self, path: str) -> _Md5 | None:
        if path not in self._files:
            size = self._notes.place.size(path)
            self._bytes += min(size, MAX_FILE_BYTES)
            fits = size <= MAX_FILE_BYTES and self._bytes <= MAX_BYTES
            self._files[path] = self._hashed(path) if fits else None
        return self._files[path]

    def _hashed(self, path: str) -> _Md5:
        plain = hashlib.md5(usedforsecurity=False)
        turned = hashlib.md5(usedforsecurity=False)
        with self._notes.place.open(path) as stream:
            is_text = _is_text(stream.read(512))
            stream.seek(0)
            while chunk := stream.read(_CHUNK):
                plain.update(chunk)
                turned.update(chunk.replace(b"\r\n", b"\n") if is_text else chunk)
        return _Md5(plain.hexdigest(), turned.hexdigest())


def _is_text(block: bytes) -> bool:
    """What DVC takes for text, by the first bytes of a file."""
    if not block or b"\0" in block:
        return not block
    return len(block.translate(None, _TEXT_CHARACTERS)) / len(block) <= 0.3


def _manifest(files: Any) -> str:
    """The MD5 of a folder: of the list of its files, as DVC writes it."""
    listed = sorted(({"md5": m, "relpath": p} for p, m in files), key=_relpath)
    text = json.dumps(listed, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"


def _relpath(entry: dict[str, str]) -> str:
    return entry["relpath"]
