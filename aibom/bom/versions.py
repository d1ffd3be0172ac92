"""A CycloneDX document in another version of CycloneDX, and what that takes out.

1.7 has everything that 1.6 and 1.5 have. The other way round, what 1.7 brought is taken
out, member by member, and each is told. The document itself is changed and nothing is
read into a lineage, so that all that others wrote into it stays where it was.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from aibom.bom.encode import SPEC_VERSIONS, serial_number
from aibom.bom.losses import Loss, LossKind, sorted_losses
from aibom.bom.problem import pointer_to
from aibom.bom.schema import schema_problems
from aibom.bom.walk import Place, pointer_of, walk
from aibom.errors import UsageError

__all__ = ["numbered", "to_version"]

_COMPONENTS = frozenset(
    {"component", "components", "ancestors", "descendants", "variants"}
)
#: Members that 1.7 brought, by the key under which their owner stands.
_NEW: dict[str, frozenset[str]] = {
    "": frozenset({"citations"}),
    **dict.fromkeys(
        _COMPONENTS, frozenset({"isExternal", "versionRange", "patentAssertions"})
    ),
    "services": frozenset({"patentAssertions"}),
    "metadata": frozenset({"distributionConstraints"}),
    "definitions": frozenset({"patents"}),
    "externalReferences": frozenset({"properties"}),
}
_NEW_REFERENCES = frozenset({"patent", "patent-assertion", "patent-family", "citation"})
_NEW_HASHES = frozenset({"Streebog-256", "Streebog-512"})
_NEW_OF_EXPRESSIONS = frozenset({"expressionDetails", "licensing", "properties"})
_NOT_CONTENT = frozenset({"$schema", "bomFormat", "serialNumber", "version"})
_DETAIL = "CycloneDX 1.6 does not have it"

Note = Callable[[LossKind, str, Place, str], None]


def to_version(
    document: dict[str, Any], spec_version: str
) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    """The document in CycloneDX 1.6 or 1.7, and what that version has no place for.

    ``document`` is valid at the level ``schema``, and is not changed. The result still
    has its serial number (:func:`numbered`), and is validated by whoever writes it.

    Raises :class:`~aibom.errors.UsageError` (``spec-version-unsupported``).
    """
    if spec_version not in SPEC_VERSIONS:
        raise UsageError(
            f"BOMs are written in CycloneDX {' or '.join(SPEC_VERSIONS)}, "
            f"not {spec_version}",
            reason="spec-version-unsupported",
            hint="leave --spec-version out, or make it one of these",
        )
    changed = copy.deepcopy(document)
    losses: list[Loss] = []
    if document["specVersion"] == "1.7" and spec_version == "1.6":
        losses = _downgrade(changed)
    changed["specVersion"] = spec_version
    if "$schema" in changed:
        changed["$schema"] = (
            f"http://cyclonedx.org/schema/bom-{spec_version}.schema.json"
        )
    if losses or document["specVersion"] != spec_version:
        _without_crypto(changed, losses)
    return changed, sorted_losses(losses)


def numbered(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the serial number of its content; without one, it gets none.

    A number names one document, and one that was changed is another.
    """
    if "serialNumber" not in document:
        return document
    content = {k: v for k, v in document.items() if k not in _NOT_CONTENT}
    return {**document, "serialNumber": serial_number(content), "version": 1}


def _downgrade(document: dict[str, Any]) -> list[Loss]:
    losses: list[Loss] = []

    def note(kind: LossKind, field: str, place: Place, detail: str = _DETAIL) -> None:
        losses.append(Loss(kind, field, pointer_of(place), detail))

    # A list first: objects are taken out of while they are gone through.
    for found, owner, place in list(walk(document)):
        members: dict[str, Any] = dict(found)
        for key in sorted(members.keys() & _NEW.get(owner, frozenset())):
            note(LossKind.NOT_CARRIED, key, place, _DETAIL)
            found.pop(key)  # type: ignore[attr-defined]
        if owner == "externalReferences" and members.get("type") in _NEW_REFERENCES:
            detail = f"the type {members['type']} is other in CycloneDX 1.6"
            note(LossKind.APPROXIMATED, "type", place, detail)
            found["type"] = "other"  # type: ignore[index]
        for key in ("hashes", "licenses"):
            if isinstance(members.get(key), list):
                _LISTS[key](found, place, note)
    return losses


def _hashes(owner: Any, place: Place, note: Note) -> None:
    kept = [entry for entry in owner["hashes"] if entry.get("alg") not in _NEW_HASHES]
    for entry in owner["hashes"]:
        if entry.get("alg") in _NEW_HASHES:
            note(LossKind.NOT_CARRIED, f"hashes.{entry['alg']}", place, _DETAIL)
    if kept:
        owner["hashes"] = kept
    else:
        del owner["hashes"]


def _licences(owner: Any, place: Place, note: Note) -> None:
    """One expression, or licences: 1.6 has no list of both, nor of expressions."""
    listed = owner["licenses"]
    for entry in listed:
        for key in sorted(entry.keys() & _NEW_OF_EXPRESSIONS):
            note(LossKind.NOT_CARRIED, f"licenses.{key}", place, _DETAIL)
            del entry[key]
    if len(listed) < 2 or not any("expression" in entry for entry in listed):
        return
    detail = "an expression beside others is a name in CycloneDX 1.6"
    note(LossKind.APPROXIMATED, "licenses", place, detail)
    owner["licenses"] = [_as_licence(entry) for entry in listed]


def _as_licence(entry: dict[str, Any]) -> dict[str, Any]:
    if "expression" not in entry:
        return entry
    kept = {k: entry[k] for k in ("acknowledgement", "bom-ref") if k in entry}
    return {"license": {"name": entry["expression"], **kept}}


_LISTS: dict[str, Callable[[Any, Place, Note], None]] = {
    "hashes": _hashes,
    "licenses": _licences,
}


def _without_crypto(document: dict[str, Any], losses: list[Loss]) -> None:
    """Cryptographic details that the version cannot say go as a whole."""
    for path in sorted(set(_crypto_paths(document))):
        owner: Any = document
        for step in path:
            owner = owner[int(step)] if isinstance(owner, list) else owner[step]
        if owner.pop("cryptoProperties", None) is not None:
            where = pointer_to(path)
            losses.append(
                Loss(LossKind.NOT_CARRIED, "cryptoProperties", where, _DETAIL)
            )


def _crypto_paths(document: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for problem in schema_problems(document):
        tokens = [
            token.replace("~1", "/").replace("~0", "~")
            for token in problem.pointer.split("/")[1:]
        ]
        if "cryptoProperties" in tokens:
            yield tuple(tokens[: tokens.index("cryptoProperties")])
