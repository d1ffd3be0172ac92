"""The artifact itself: its bundle, its BOM, its bytes, and what else came with it.

Each part must be what the one before says: the bundle names the BOM's bytes, the BOM
and the statement name every file, and the files are those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from aibom.attest.bom_statement import MAX_FILE_SUBJECTS, BomSubject
from aibom.bom.parse import read_bytes
from aibom.digest import Content
from aibom.errors import InputError, VerificationFailed
from aibom.lineage.nodes import Node
from aibom.operations.files import read_small
from aibom.operations.place import Place
from aibom.operations.signing.inline import require_inline_equal
from aibom.operations.validate import BomFile, load_bom

__all__ = [
    "require_same_bytes",
    "signed_bom",
    "signed_bytes",
]

#: Files of one kind of difference that a message names.
_SHOWN = 10
_WORDS = MappingProxyType(
    {
        "file-missing": "missing",
        "file-extra": "not in the BOM",
        "digest-mismatch": "changed",
    }
)
_OTHER_BYTES = (
    "these are not the bytes that were signed. Changed on purpose: record the change "
    "as a step (`aibom run`), test the result, and sign it again. Else fetch the "
    "signed bytes again"
)


def signed_bytes(place: Place) -> bytes:
    """The bundle's bytes; ``VerificationFailed`` ``signature-absent`` for none."""
    path = place.bundle
    try:
        return read_small(path)
    except InputError as error:
        if error.reason != "path-missing":
            raise
        raise VerificationFailed(
            "nobody signed this artifact",
            reason="signature-absent",
            where=str(path),
            hint="ask its supplier for the bundle, or sign it: aibom sign DIR --key K",
        ) from error


def signed_bom(place: Place, subject: BomSubject) -> BomFile:
    """The BOM that the statement names, and no other (``bom-digest-mismatch``)."""
    path = place.bom
    try:
        data = read_bytes(path)
    except InputError as error:
        if error.reason != "path-missing":
            raise
        raise VerificationFailed(
            "is missing, but its signature is there",
            reason="bom-missing",
            where=str(path),
            hint="fetch the artifact again",
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != subject.bom.value:
        raise VerificationFailed(
            f"is sha256:{digest}; the signature is over {subject.bom}",
            reason="bom-digest-mismatch",
            where=str(path),
            hint="the BOM was changed after it was signed; fetch it again",
        )
    require_inline_equal(data, subject, str(path))
    return load_bom(data, str(path))


def require_same_bytes(
    place: Place, root: Node, subject: BomSubject, content: Content
) -> None:
    """Compare each (path, digest) of the BOM, the statement, and what is there.

    Raises :class:`~aibom.errors.VerificationFailed`: ``subject-mismatch``,
    ``file-missing``, ``file-extra``, ``digest-mismatch``.
    """
    wanted = {file.path: file.digest.value for file in root.files}
    listed = subject.files
    complete = len(wanted) <= MAX_FILE_SUBJECTS
    if listed != tuple(sorted(wanted.items())) and (listed or complete):
        raise VerificationFailed(
            "the signed statement lists other files than the BOM",
            reason="subject-mismatch",
            where=str(place.bundle),
            hint="fetch both again; if they still differ, ask the maker",
        )
    if content.digest.form == "tree":
        there = {file.path: file.digest.value for file in content.files}
        _require_files(place.path, wanted, there)
    if content.digest != root.digest:
        raise VerificationFailed(
            f"what is there is {content.digest}; the BOM says {root.digest}",
            reason="digest-mismatch",
            where=str(place.path),
            hint=_OTHER_BYTES,
        )


def _require_files(
    folder: Path, wanted: Mapping[str, str], there: Mapping[str, str]
) -> None:
    """Every path with its SHA-256, none missing, none extra; the first is the place."""
    changed = {path for path in wanted if there.get(path, wanted[path]) != wanted[path]}
    found = {
        "file-missing": sorted(wanted.keys() - there.keys()),
        "file-extra": sorted(there.keys() - wanted.keys()),
        "digest-mismatch": sorted(changed),
    }
    paths = [path for listed in found.values() for path in listed]
    if not paths:
        return
    told = [f"{_WORDS[code]}: {_listed(some)}" for code, some in found.items() if some]
    first = paths[0]
    reason = "digest-mismatch"
    if first not in there:
        reason = "file-missing"
    elif first not in wanted:
        reason = "file-extra"
    if len(paths) == 1:
        told = ["is missing" if first not in there else "is not in the BOM"]
        if first in changed:
            told = [f"is sha256:{there[first]}; the BOM says sha256:{wanted[first]}"]
    raise VerificationFailed(
        "; ".join(told),
        reason=reason,
        where=str(folder / first),
        hint=_OTHER_BYTES,
    )


def _listed(paths: Sequence[str]) -> str:
    """The first few by name, and how many more there are."""
    more = len(paths) - _SHOWN
    return ", ".join([*paths[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])
