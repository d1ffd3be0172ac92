"""SPDX documents checked with the bindings that SPDX generates from its own model.

``spdx-python-model`` (extra ``spdx``) has the classes of 3.0.1 with their properties,
types, vocabularies and counts, as its SHACL shapes define them. A document is read by
them, which refuses what the model has not, written again, which refuses what is
missing, and compared with what went in. What the shapes of the classes do not say (the
demands of the AI and Dataset profiles on their packages) is not seen by them; that is
:mod:`aibom.bom.spdx.elements`.
"""

from __future__ import annotations

import json
from typing import Any

from aibom.errors import AibomError, InputError

__all__ = ["checked_bytes", "require_bindings"]


def require_bindings(where: str) -> Any:
    """The bindings of SPDX 3.0.1.

    Raises :class:`~aibom.errors.InputError` (``extra-missing``) without the extra.
    """
    try:
        from spdx_python_model import v3_0_1
    except ImportError:
        raise InputError(
            "SPDX is written with the package spdx-python-model",
            reason="extra-missing",
            where=where,
            hint="pip install 'aibom[spdx]'",
        ) from None
    return v3_0_1


def checked_bytes(document: dict[str, Any], where: str) -> bytes:
    """The document as it is written to disk, once the bindings agree with it.

    Raises :class:`~aibom.errors.InputError` (``extra-missing``), and
    :class:`~aibom.errors.AibomError` (``spdx-not-written``) for a document that breaks
    the model, which is a fault of this program and not of its user.
    """
    bindings = require_bindings(where)
    try:
        again = _read_and_written(bindings, document)
    except (TypeError, ValueError, KeyError) as error:
        raise _not_written(str(error), where) from error
    if _comparable(again) != _comparable(document):
        raise _not_written("it is not what the bindings read in it", where)
    text = json.dumps(document, ensure_ascii=False, indent=1)
    return (text + "\n").encode("utf-8")


def _read_and_written(bindings: Any, document: dict[str, Any]) -> dict[str, Any]:
    objects = bindings.SHACLObjectSet()
    bindings.JSONLDDeserializer().deserialize_data(document, objects)
    missing = objects.missing_ids - bindings.NAMED_INDIVIDUALS
    if missing:
        raise ValueError(f"nothing has the id {min(missing)}")
    written: dict[str, Any] = bindings.JSONLDSerializer().serialize_data(objects, True)
    return written


def _comparable(document: dict[str, Any]) -> dict[str, Any]:
    """By id, whatever the order, and whatever the one blank node is called."""
    graph = document["@graph"]
    (info,) = [one for one in graph if one["type"] == "CreationInfo"]
    named = {
        one["spdxId"]: {**one, "creationInfo": ""} for one in graph if one is not info
    }
    return {**named, "": {**info, "@id": ""}}


def _not_written(message: str, where: str) -> AibomError:
    return AibomError(
        f"refusing to write an invalid SPDX document: {message}",
        reason="spdx-not-written",
        where=where,
        hint="this is a fault of aibom; please report it",
    )
