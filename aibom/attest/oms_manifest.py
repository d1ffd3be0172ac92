"""What an OpenSSF Model Signing (OMS) statement says, as values; and strict reading.

Sources: OMS specification v1.0, and the statements that model-signing 0.3.1 to 1.1.1
write. Those of 0.2 are refused with a reason of their own. A statement is read as it
is: paths in the order of the list, ignored paths as written down, and never completed
by a guess, but for one: model-signing up to 1.0.1 wrote down none, and ignored those
of git.

This module checks no signature and reads no file. See :mod:`aibom.attest.oms` for what
a root digest is not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from aibom.errors import DocumentInvalid, VerificationFailed
from aibom.listing import UNUSABLE
from aibom.reading import Reader
from aibom.statement import OMS_V1, Statement

__all__ = [
    "GIT_PATHS",
    "SINGLE_FILE",
    "OmsManifest",
    "OmsResource",
    "check_predicate_type",
    "is_at_or_below",
    "is_plain_path",
    "read",
    "root_digest",
]

#: What model-signing 0.2.0 wrote. It signed another encoding than DSSE's, so there is
#: nothing to verify with a DSSE of ours.
_V02 = "https://model_signing/Digests/v0.1"

#: What OMS ignores at the top of a folder, where the statement does not say.
GIT_PATHS = frozenset({".git", ".gitattributes", ".github", ".gitignore"})

#: The name of the one resource where the model is a file and not a folder.
SINGLE_FILE = "."

#: Hash type → hex digits of its digest. BLAKE3 is one more, and not in hashlib.
_HASHES = {"sha256": 64, "blake2b": 128}

# Eighteen digits are beyond any file, and within what int() takes without complaint.
_SHARD = re.compile(r"(.+):(0|[1-9][0-9]{0,17}):([1-9][0-9]{0,17})", re.DOTALL)
_MAX_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class OmsResource:
    """A file, or the bytes from ``start`` up to ``end`` of one.

    ``path`` is POSIX and relative, or :data:`SINGLE_FILE`. ``end`` is None for a whole
    file. ``digest`` is lower-case hex, of the manifest's ``hash_type``.
    """

    path: str
    digest: str
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class OmsManifest:
    """What an OMS statement says; ``name`` and ``root`` identify nothing.

    ``files`` maps each path to its resources: one, or all shards in order of their
    place, which then cover the file from its first byte without a gap.
    """

    name: str
    root: str
    hash_type: str
    shard_size: int | None
    files: Mapping[str, tuple[OmsResource, ...]]
    ignore_paths: frozenset[str]


def is_at_or_below(path: str, names: Set[str]) -> bool:
    """Whether the path is one of these, or lies in one that is a folder."""
    while path:
        if path in names:
            return True
        path = path.rpartition("/")[0]
    return False


def is_plain_path(path: str) -> bool:
    """Whether a listing of a folder could give this path."""
    if UNUSABLE.search(path) or "\0" in path:
        return False
    return not {"", ".", ".."}.intersection(path.split("/"))


def root_digest(digests: Iterable[str]) -> str:
    """The root digest; the order counts, and names do not."""
    root = hashlib.sha256()
    for digest in digests:
        root.update(bytes.fromhex(digest))
    return root.hexdigest()


def check_predicate_type(statement: Statement, where: str) -> None:
    """Raise unless this is an OMS statement that we read.

    :class:`~aibom.errors.DocumentInvalid` (``oms-version-unsupported``) for the form of
    model-signing 0.2, :class:`~aibom.errors.VerificationFailed`
    (``predicate-not-allowed``) for any other type.
    """
    if statement.predicate_type == _V02:
        raise DocumentInvalid(
            "made by model-signing 0.2, which did not sign a DSSE envelope's bytes",
            reason="oms-version-unsupported",
            where=where,
            hint="have it signed again with model-signing 1.0 or later",
        )
    if statement.predicate_type != OMS_V1:
        raise VerificationFailed(
            f"is a {statement.predicate_type}, not an OpenSSF model signature",
            reason="predicate-not-allowed",
            where=where,
            hint="name the file that model-signing or aibom sign --oms wrote",
        )


def read(statement: Statement, where: str) -> OmsManifest:
    """Read an OMS statement strictly; reads no file and checks no signature.

    Raises what :func:`check_predicate_type` raises, and
    :class:`~aibom.errors.DocumentInvalid`:

    ========================== =========================================================
    ``oms-malformed``          not the members the specification names, or of another
                               shape; shards that leave gaps, overlap or differ in size
    ``oms-method-unsupported`` neither ``files`` nor ``shards``
    ``oms-hash-unsupported``   neither SHA-256 nor BLAKE2b; BLAKE3 is not read
    ``manifest-empty``         no file at all
    ``path-unusable``          a path that no listing of a folder gives
    ``path-duplicate``         a file, or a shard of one, listed twice
    ========================== =========================================================

    and :class:`~aibom.errors.VerificationFailed` (``oms-root-mismatch``) when the root
    is not that of the digests in listed order.
    """
    check_predicate_type(statement, where)
    if len(statement.subjects) != 1:
        raise _malformed("must name exactly one subject", where)
    root = statement.subjects[0].digest.get("sha256")
    top = Reader(statement.predicate, f"{where}#/predicate")
    hash_type, shard_size, ignored = _serialization(top.reader("serialization"), where)
    # Of a shard, the reference tool writes the longer one.
    algorithms = {hash_type}
    if shard_size is not None:
        algorithms.add(hash_type + _sharded(shard_size))
    listed = [
        _resource(entry, algorithms, _HASHES[hash_type], shard_size is not None)
        for entry in top.readers("resources")
    ]
    top.close()
    _finish(top, where)
    if root_digest(resource.digest for resource in listed) != root:
        raise VerificationFailed(
            "the root digest is not that of the listed digests",
            reason="oms-root-mismatch",
            where=where,
            hint="whoever made this signature made it wrongly: ask for another",
        )
    return OmsManifest(
        statement.subjects[0].name or "",
        root,
        hash_type,
        shard_size,
        _by_file(listed, shard_size, where),
        ignored,
    )


def _serialization(form: Reader, where: str) -> tuple[str, int | None, frozenset[str]]:
    """Hash type, size of a shard or None, and what the statement ignores."""
    method, hash_type = form.text("method"), form.text("hash_type")
    form.flag("allow_symlinks")  # only the verifier says which links are followed
    ignored = form.texts("ignore_paths", None)
    size = form.number("shard_size") if method == "shards" else None
    form.close()
    if size is not None and (size < 1 or size != int(size)):
        form.problem("must be a whole number of bytes", "shard_size")
    _finish(form, where)
    if method not in ("files", "shards"):
        raise DocumentInvalid(
            f"signed by the method {method!r}; files and shards are read",
            reason="oms-method-unsupported",
            where=where,
        )
    if size is not None:
        size = int(size)  # protobuf's JSON knows floats only
        hash_type = hash_type.removesuffix(_sharded(size))  # model-signing 0.3 adds it
    if hash_type not in _HASHES:
        raise DocumentInvalid(
            f"digests are {hash_type!r}; sha256 and blake2b are read",
            reason="oms-hash-unsupported",
            where=where,
            hint="have it signed with sha256, which every OMS verifier must know",
        )
    names = GIT_PATHS if ignored is None else {path.rstrip("/") for path in ignored}
    return hash_type, size, frozenset(names)


def _sharded(size: int) -> str:
    return f"-sharded-{size}"


def _resource(
    entry: Reader, algorithms: Set[str], digits: int, sharded: bool
) -> OmsResource:
    name, algorithm = entry.text("name"), entry.text("algorithm")
    digest = entry.text("digest")
    entry.close()
    if algorithm is not None and algorithm not in algorithms:
        entry.problem(f"is not {' or '.join(sorted(algorithms))}", "algorithm")
    if not isinstance(digest, str) or not re.fullmatch(f"[0-9a-f]{{{digits}}}", digest):
        entry.problem(f"is not {digits} lower-case hex digits", "digest")
        digest = ""
    if not sharded or not isinstance(name, str):
        return OmsResource(str(name), digest)
    shard = _SHARD.fullmatch(name)
    if shard is None:
        entry.problem("is not path:start:end", "name")
        return OmsResource(name, digest)
    return OmsResource(shard[1], digest, int(shard[2]), int(shard[3]))


def _by_file(
    listed: Sequence[OmsResource], shard_size: int | None, where: str
) -> dict[str, tuple[OmsResource, ...]]:
    if not listed:
        raise DocumentInvalid("lists no file", reason="manifest-empty", where=where)
    found: dict[str, list[OmsResource]] = {}
    for resource in listed:
        found.setdefault(resource.path, []).append(resource)
    for path, parts in found.items():
        if not is_plain_path(path) and set(found) != {SINGLE_FILE}:
            raise DocumentInvalid(
                f"{path!r} cannot be the path of a file in a folder",
                reason="path-unusable",
                where=where,
            )
        parts.sort(key=lambda part: part.start)
        if len({part.start for part in parts}) != len(parts):
            raise DocumentInvalid(
                f"{path!r} is listed twice", reason="path-duplicate", where=where
            )
        if shard_size is not None and not _tiles(parts, shard_size):
            raise _malformed(f"the shards of {path!r} do not fit together", where)
    return {path: tuple(parts) for path, parts in found.items()}


def _tiles(parts: Sequence[OmsResource], shard_size: int) -> bool:
    """Whether sorted shards leave no gap, and all but the last have the full size."""
    starts = [index * shard_size for index in range(len(parts))]
    ends = [*starts[1:], parts[-1].end or 0]
    if [(part.start, part.end) for part in parts] != list(
        zip(starts, ends, strict=True)
    ):
        return False
    return 0 < ends[-1] - starts[-1] <= shard_size


def _finish(reader: Reader, where: str) -> None:
    """Raise for the problems found so far: the first few, as a supplier wrote them."""
    if reader.problems:
        raise _malformed("\n  ".join(reader.problems[:_MAX_PROBLEMS]), where)


def _malformed(message: str, where: str) -> DocumentInvalid:
    return DocumentInvalid(message, reason="oms-malformed", where=where)
