"""OpenSSF Model Signing (OMS): the statement behind a ``model.sig``, made and read.

An OMS statement names one subject, the model with a root digest, and lists its files
with theirs. The root is the SHA-256 of the listed digests, one after the other, in the
order of the list. **Names are not in it**: files can be renamed and the root stays, as
long as their order does, so it is never taken for an identity here. What counts is
each pair of path and digest, all of which the signature covers.

OMS and :mod:`aibom.digest` differ in what belongs to a folder:

=================================== ======================= =======================
at the top of the folder            OMS                     ``aibom.digest``
=================================== ======================= =======================
``.git``, ``.gitattributes``,       ignored                 left out (``.git`` if it
``.gitignore``                                              is a folder)
``.github``                         ignored                 counted
``.cache/huggingface/``, MLflow's   counted, unless         left out
``registered_model_meta``, our BOM  ``ignore_paths`` names
and bundle                          them
=================================== ======================= =======================

:func:`emit` signs what both count, and names everything else in ``ignore_paths``.
Reading goes by the statement alone.

The order of the list is that of the specification, by code point; the reference tool
sorts by path components. Both verify, because a reader takes the order as it is.

This module makes statements. :mod:`aibom.attest.oms_manifest` reads them,
:mod:`aibom.attest.oms_bundle` signs and verifies, and
:mod:`aibom.attest.oms_folder` compares with files.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

from aibom.attest.oms_manifest import (
    GIT_PATHS,
    SINGLE_FILE,
    is_at_or_below,
    is_plain_path,
    root_digest,
)
from aibom.digest import Content
from aibom.errors import InputError, UsageError
from aibom.listing import HOUSEKEEPING
from aibom.statement import OMS_V1, Resource, Statement

__all__ = ["LEFT_OUT", "emit"]

#: What :func:`emit` never signs: what OMS ignores, and what our digest leaves out.
LEFT_OUT = GIT_PATHS | {path.rstrip("/") for path in HOUSEKEEPING}


def emit(content: Content, name: str, ignore_paths: Iterable[str] = ()) -> Statement:
    """The OMS statement for what was hashed: method ``files``, SHA-256, no links.

    ``name`` is the base name of the file or folder. ``ignore_paths`` are more paths to
    leave out, exact and relative to the folder; name the signature's own file here if
    it will lie in the folder. A path that is a folder leaves out all below it. What is
    left out is named in the statement, whether it is there or not, so that the bundle
    still verifies when our BOM, or a hub's cache, comes to lie beside the files.

    What was hashed does not tell links from files. The reference tool refuses a folder
    with a link in it when it verifies, so do not sign one for it.

    Raises :class:`~aibom.errors.UsageError` (``path-unusable``) for a path that cannot
    be in a folder, :class:`~aibom.errors.InputError` (``folder-empty``) when nothing is
    left to sign, and ValueError for a name that is no base name.
    """
    if not is_plain_path(name) or "/" in name:
        raise ValueError(f"{name!r} is not a base name")
    ignored = LEFT_OUT.union(map(_checked_ignore, ignore_paths))
    if content.digest.form == "file":
        files, ignored = [(SINGLE_FILE, content.digest.value)], frozenset()
    else:  # sorted by path already: as UTF-8 bytes, which is by code point
        files = [
            (file.path, file.digest.value)
            for file in content.files
            if not is_at_or_below(file.path, ignored)
        ]
    if not files:
        raise InputError(
            "nothing is left to sign",
            reason="folder-empty",
            where=name,
            hint="ignore less",
        )
    root = root_digest(digest for _, digest in files)
    subject = Resource(name=name, digest={"sha256": root})
    return Statement.build([subject], OMS_V1, _predicate(files, ignored))


def _predicate(files: Iterable[tuple[str, str]], ignored: Set[str]) -> dict[str, Any]:
    """The predicate; its schema allows no other member, so nothing of ours is here."""
    return {
        "serialization": {
            "method": "files",
            "hash_type": "sha256",
            "allow_symlinks": False,
            "ignore_paths": sorted(ignored),
        },
        "resources": [
            {"name": path, "algorithm": "sha256", "digest": digest}
            for path, digest in files
        ],
    }


def _checked_ignore(path: str) -> str:
    plain = path.removesuffix("/")
    if not is_plain_path(plain):
        raise UsageError(
            f"{path!r} is not a path in the folder",
            reason="path-unusable",
            hint="give it relative to the folder, without wildcards",
        )
    return plain
