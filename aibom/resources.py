"""Find ``schemas/`` and ``policies/``, in an installed wheel and in a checkout.

Both folders stand at the top of the repository, where people look for them, and travel
inside the wheel as ``aibom/_schemas`` and ``aibom/_policies``. An editable install has
only the former. This is the one module that knows both places.

It reads schemas, which are JSON that we wrote. It does not parse policies, which people
edit: that is the job of :mod:`aibom.policy`, with every problem reported.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from aibom.errors import InputError

__all__ = ["Kind", "policy_path", "read_schema", "resource_dir", "schema_path"]

Kind = Literal["schemas", "policies"]

_PACKAGE = Path(__file__).resolve().parent


def resource_dir(kind: Kind, package: Path = _PACKAGE) -> Path:
    """The folder of one kind: ``package/_<kind>`` if it is there, else the checkout's.

    Raises :class:`~aibom.errors.InputError` (``resource-missing``) when neither is.
    """
    for folder in (package / f"_{kind}", package.parent / kind):
        if folder.is_dir():
            return folder
    raise InputError(
        f"this installation of aibom has no {kind}",
        reason="resource-missing",
        where=str(package),
        hint="install aibom again, from a wheel or from a whole checkout",
    )


def schema_path(name: str) -> Path:
    """The file of one schema, such as ``policy-v1.schema.json``; it exists.

    Raises :class:`~aibom.errors.InputError`: ``resource-name`` for a name that leads
    out of the folder, ``resource-missing`` when there is no such file.
    """
    path = _inside("schemas", name)
    if not path.is_file():
        raise _missing("schemas", name)
    return path


def policy_path(name: str) -> Path:
    """The file or folder of one built-in policy pack; it exists.

    Raises as :func:`schema_path` does.
    """
    path = _inside("policies", name)
    if not path.exists():
        raise _missing("policies", name)
    return path


def read_schema(name: str) -> dict[str, Any]:
    """One schema, parsed anew for each call, so that nobody edits another's copy.

    Raises as :func:`schema_path` does, and ``resource-broken`` when the file is not a
    JSON object.
    """
    path = schema_path(name)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _broken(path, str(error)) from error
    if not isinstance(document, dict):
        raise _broken(path, "not a JSON object")
    return document


def _inside(kind: Kind, name: str) -> Path:
    """A path below the folder of a kind, without leaving it; it need not exist."""
    folder = resource_dir(kind)
    parts = name.split("/")
    if "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise InputError(
            f"{name!r} is not a name in {kind}/",
            reason="resource-name",
            where=str(folder),
            hint="give a name such as baseline.yaml, with nothing that leads elsewhere",
        )
    return folder.joinpath(*parts)


def _missing(kind: Kind, name: str) -> InputError:
    folder = resource_dir(kind)
    known = ", ".join(sorted(path.name for path in folder.iterdir())) or "none"
    return InputError(
        f"there is no {name!r} in {kind}/",
        reason="resource-missing",
        where=str(folder),
        hint=f"known: {known}",
    )


def _broken(path: Path, why: str) -> InputError:
    return InputError(
        f"the packaged schema cannot be read: {why}",
        reason="resource-broken",
        where=str(path),
        hint="install aibom again: its files were changed",
    )
