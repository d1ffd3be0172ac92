"""Data of a policy test: what stands in it instead of the files of a folder.

A file says what holds for all of its cases; what a case says is joined to that, key by
key, so that a case needs no more than what is different about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aibom.errors import AibomError
from aibom.lineage.evidence import Signer
from aibom.operations.files import read_small
from aibom.operations.ptest.changes import merged
from aibom.operations.ptest.places import Places
from aibom.policy.document import DATA_FILES
from aibom.reading import Reader, parse_yaml, suggest

__all__ = ["DATA", "CaseData", "read_data"]

#: Files of the verifier's folder that can be replaced. Signers are declared instead.
DATA = tuple(
    name.removesuffix(".yaml") for name in DATA_FILES if name != "signers.yaml"
)


@dataclass(frozen=True, slots=True)
class CaseData:
    """Data instead of the folder's: parsed, by name, each with its place.

    ``waivers_signed_by`` is who is declared to have signed the waivers, for any name.
    """

    replaced: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    waivers_signed_by: Signer | None = None


def read_data(
    entry: Reader, places: Places, signers: Mapping[str, Signer], shared: CaseData
) -> CaseData:
    """What a file or a case says, joined to what was said before it.

    A mapping is joined; the path of a file replaces. Problems go to the reader.
    """
    if not entry.has("data"):
        entry.raw("data", None)
        return shared
    section = entry.reader("data")
    name = section.text("waivers_signed_by", None)
    if isinstance(name, str) and name not in signers:
        told = f"no signer {name!r}{suggest(name, signers)}"
        section.problem(told, "waivers_signed_by")
    signed_by = signers.get(name) if isinstance(name, str) else None
    found = dict(shared.replaced)
    for name in DATA:
        stated = section.raw(name, None)
        if isinstance(stated, dict):
            found[name] = _joined(name, stated, section, found.get(name))
        elif isinstance(stated, str):
            found[name] = _read(name, stated, section, places)
        elif section.has(name):
            section.problem("must be a mapping, or the path of a file", name)
    section.close()
    return CaseData(found, signed_by or shared.waivers_signed_by)


def _joined(
    name: str, stated: dict[str, Any], section: Reader, before: tuple[Any, str] | None
) -> tuple[Any, str]:
    """A mapping as it would stand in the file, which would say what it is."""
    base = {"apiVersion": f"aibom/{name}/v1"} if before is None else before[0]
    return merged(base, stated), f"{section.where}.{name}"


def _read(name: str, stated: str, section: Reader, places: Places) -> tuple[Any, str]:
    path, problem = places.find(stated)
    if path is None:
        section.problem(problem, name)
        return None, stated
    try:
        return parse_yaml(read_small(path), str(path)), str(path)
    except AibomError as error:
        section.problem(str(error), name)
        return None, str(path)
