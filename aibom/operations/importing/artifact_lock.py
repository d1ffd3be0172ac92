"""``aibom.lock``: which artifacts from elsewhere were looked at, to the byte.

An entry pins the commit, the digest of the whole, the SHA-256 of each file, and who
held the repository then. A commit id alone is the word of the server that answers; a
digest of each file is not. An account that was deleted can be registered again under
the same name, but not under the same id.

That something is locked means that somebody chose it, and not that it is good: that is
for ``aibom fetch`` and a policy to say. Here are the file's form and, from
:mod:`.locked` and :mod:`.as_locked`, what it holds and how that is compared. No source
is asked, and no file is written.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from aibom.bom.parse import read_bytes
from aibom.digest import Digest, manifest_digest
from aibom.errors import AibomError, DocumentInvalid
from aibom.lineage.hub_names import COMMIT
from aibom.operations.importing.as_locked import require_as_locked, require_owner
from aibom.operations.importing.locked import ArtifactLock, LockedArtifact, tree_of
from aibom.operations.scanning.snapshot import KnownFile
from aibom.reading import Reader
from aibom.sources.reference import Reference
from aibom.sources.remote import Owner
from aibom.statement import parse_json

__all__ = [
    "ARTIFACT_LOCK_NAME",
    "ARTIFACT_LOCK_VERSION",
    "MAX_LOCK_BYTES",
    "ArtifactLock",
    "LockedArtifact",
    "parse_artifact_lock",
    "read_artifact_lock",
    "render",
    "require_as_locked",
    "require_owner",
    "tree_of",
]

ARTIFACT_LOCK_NAME = "aibom.lock"
ARTIFACT_LOCK_VERSION = "aibom/artifact-lock/v1"
#: Some 400,000 files; a larger lock is neither written nor read.
MAX_LOCK_BYTES = 64 * 1024 * 1024

_INVALID = "artifact-lock-invalid"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KINDS = ("model", "dataset")
_OWNERS = ("organisation", "user")


def render(lock: ArtifactLock) -> bytes:
    """The lock as JSON: the same lock is always the same bytes.

    Entries and files are sorted and each file is a line of its own, so that a diff of
    two versions shows what changed. All that is not ASCII is escaped: a reviewer sees
    each character that is there, also one that would reorder the line.
    """
    entries = [
        f"    {_json(key)}: {_entry(lock.artifacts[key])}"
        for key in sorted(lock.artifacts)
    ]
    body = "{\n" + ",\n".join(entries) + "\n  }" if entries else "{}"
    version = _json(ARTIFACT_LOCK_VERSION)
    return f'{{\n  "apiVersion": {version},\n  "artifacts": {body}\n}}\n'.encode()


def _entry(entry: LockedArtifact) -> str:
    owner = entry.owner
    facts: dict[str, Any] = {
        "kind": entry.kind,
        "commit": entry.commit,
        "committed": entry.committed,
        "repository": entry.repository,
        "owner": owner
        and _known(name=owner.name, kind=owner.kind, id=owner.id)
        | _known(created=owner.created),
        "tree": str(entry.tree),
    }
    lines = [
        f"      {_json(key)}: {_json(fact)}" for key, fact in _known(**facts).items()
    ]
    files = [
        f"        {_json(file.path)}: "
        + _json({"size": file.size, "sha256": file.sha256, "by": file.by})
        for file in sorted(entry.files)
    ]
    lines.append('      "files": {\n' + ",\n".join(files) + "\n      }")
    return "{\n" + ",\n".join(lines) + "\n    }"


def _known(**facts: Any) -> dict[str, Any]:
    return {key: fact for key, fact in facts.items() if fact is not None}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def read_artifact_lock(path: Path) -> ArtifactLock:
    """Read a lock. Raises as :func:`parse_artifact_lock`, and as ``read_bytes``."""
    return parse_artifact_lock(read_bytes(path, limit=MAX_LOCK_BYTES), str(path))


def parse_artifact_lock(data: bytes, where: str) -> ArtifactLock:
    """Read a lock from bytes, and hold it against itself.

    Raises :class:`~aibom.errors.DocumentInvalid`: ``artifact-lock-invalid`` for a
    member that is unknown, missing or of the wrong type, for a reference that names
    nothing or contradicts its commit; ``artifact-lock-tree-mismatch`` where the digest
    is not that of the files; ``artifact-lock-contradictory`` where two entries tell
    different things of one commit; and what ``parse_json`` raises, for a key that
    stands twice as well.
    """
    try:
        value = parse_json(data, where, limit=MAX_LOCK_BYTES)
    except DocumentInvalid as error:
        error.hint = "take it from version control again, or lock anew"
        raise
    top = Reader(value, where)
    if top.text("apiVersion") not in (None, ARTIFACT_LOCK_VERSION):
        top.problem(f"is not {ARTIFACT_LOCK_VERSION!r}", "apiVersion")
    listed = top.reader("artifacts")
    entries = {key: _read_entry(key, listed.reader(key)) for key in listed.keys()}  # noqa: SIM118
    top.finish(
        DocumentInvalid,
        _INVALID,
        hint="take it from version control again, or lock anew",
    )
    lock = ArtifactLock(
        {key: entry for key, entry in sorted(entries.items()) if entry is not None}
    )
    for entry in lock.artifacts.values():
        _require_own_tree(entry, where)
    _require_agreement(lock, where)
    return lock


def _read_entry(key: str, top: Reader) -> LockedArtifact | None:
    """One entry; None where a problem was noted that leaves no value."""
    before = len(top.problems)
    kind = top.choice("kind", _KINDS, None)
    commit = top.text("commit", None)
    if isinstance(commit, str) and not COMMIT.fullmatch(commit):
        top.problem("is no commit id of 40 hex digits", "commit")
    committed, repository = top.text("committed", None), top.text("repository", None)
    owner = _read_owner(top.reader("owner")) if top.has("owner") else None
    tree = _read_tree(top)
    listed = top.reader("files")
    files = [_read_file(path, listed.reader(path)) for path in listed.keys()]  # noqa: SIM118
    top.close()
    _check_reference(key, kind, commit, top)
    if len(top.problems) > before or tree is None:
        return None
    known = tuple(sorted(file for file in files if file is not None))
    return LockedArtifact(key, kind, commit, committed, repository, owner, tree, known)


def _check_reference(key: str, kind: Any, commit: Any, top: Reader) -> None:
    try:
        reference = Reference.parse(key)
    except AibomError as error:
        top.problem(error.message)
        return
    if str(reference) != key:
        top.problem(f"is written {str(reference)!r}")
    if reference.kind != kind:
        top.problem(f"is {kind!r}, and the reference says {reference.kind!r}", "kind")
    if (reference.scheme == "hf") != (commit is not None):
        top.problem("belongs to references to the Hub, and to each", "commit")
    if reference.is_pinned and reference.revision != commit:
        top.problem("is not the one that the reference names", "commit")


def _read_owner(top: Reader) -> Owner:
    name, kind = top.text("name"), top.choice("kind", _OWNERS, None)
    owner = Owner(name, kind, top.text("id", None), top.text("created", None))
    top.close()
    return owner


def _read_tree(top: Reader) -> Digest | None:
    text = top.text("tree")
    if not isinstance(text, str):
        return None
    try:
        digest = Digest.parse(text)
    except DocumentInvalid as error:
        top.problem(error.message, "tree")
        return None
    if digest.form != "tree":
        top.problem("must be tree-sha256:<hex>", "tree")
    return digest


def _read_file(path: str, top: Reader) -> KnownFile | None:
    size, sha256 = top.integer("size"), top.text("sha256")
    by = top.choice("by", ("here", "source"))
    top.close()
    if isinstance(size, int) and size < 0:
        top.problem("must be 0 or more", "size")
    if isinstance(sha256, str) and not _SHA256.fullmatch(sha256):
        top.problem("must be 64 lower-case hex digits", "sha256")
    if size is None or sha256 is None or by is None:
        return None
    return KnownFile(path, size, sha256, by)


def _require_own_tree(entry: LockedArtifact, where: str) -> None:
    place = f"{where}: {entry.reference}"
    try:
        # Housekeeping too: `.git/../../x` is no path, covered by the digest or not.
        manifest_digest((file.path, file.sha256) for file in entry.files)
        tree = tree_of(entry.files)
    except DocumentInvalid as error:
        raise DocumentInvalid(str(error), reason=_INVALID, where=place) from error
    if tree != entry.tree:
        raise DocumentInvalid(
            "its tree digest is not that of its files",
            reason="artifact-lock-tree-mismatch",
            where=place,
            hint="somebody edited the file: take the last version that was reviewed",
        )


def _require_agreement(lock: ArtifactLock, where: str) -> None:
    pinned: dict[Reference, LockedArtifact] = {}
    for entry in lock.artifacts.values():
        other = pinned.setdefault(entry.pinned, entry)
        if (other.tree, other.files) != (entry.tree, entry.files):
            raise DocumentInvalid(
                f"{other.reference} and {entry.reference} are one commit with "
                "different files",
                reason="artifact-lock-contradictory",
                where=where,
                hint="remove both entries, and lock them again",
            )
