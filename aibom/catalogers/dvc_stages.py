"""Stages and sources as DVC writes them, told apart from what they mean here.

Sources: iterative/dvc ``dvc/schema.py``, ``dvc/dependency/repo.py``,
``dvc/datasets.py``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from aibom.catalogers.documents import read_yaml, text_of
from aibom.catalogers.notes import Notes
from aibom.catalogers.pipelines import public_address
from aibom.lineage.nodes import Kind

__all__ = [
    "MAX_NAME",
    "OUTPUTS",
    "beside",
    "command_of",
    "flat",
    "imported",
    "is_template",
    "named_dataset",
    "stages_of",
]

MAX_NAME = 500
#: What a stage of ``dvc.yaml`` writes, by the keys of its lists.
OUTPUTS = ("outs", "metrics", "plots")
_TEMPLATES = ("foreach", "matrix", "do")
_MAX_TEXT = 4_000


def beside(notes: Notes, name: str) -> Any:
    """The other document of a pipeline; what is odd in it is told where it is read."""
    path = posixpath.join(notes.folder, name)
    if not notes.place.has(path):
        return None
    return read_yaml(Notes(notes.cataloger, notes.place, path))


def stages_of(document: Any) -> dict[str, Any]:
    """The stages of a document, as they stand there; empty where it has none."""
    stages = document.get("stages") if isinstance(document, dict) else None
    return stages if isinstance(stages, dict) else {}


def is_template(name: str, stage: dict[str, Any]) -> bool:
    """Whether a stage would have to be expanded to be read."""
    texts = [name, command_of(stage) or "", text_of(stage.get("wdir")) or ""]
    for key in ("deps", *OUTPUTS):
        listed = stage.get(key)
        for one in listed if isinstance(listed, list) else ():
            texts += [one] if isinstance(one, str) else []
            texts += list(one) if isinstance(one, dict) else []
    return any(key in stage for key in _TEMPLATES) or any("${" in t for t in texts)


def command_of(stage: Mapping[str, Any]) -> str | None:
    """The command as one text; several are lines of it."""
    value = stage.get("cmd")
    lines = value if isinstance(value, list) else [value]
    texts = [text_of(line) for line in lines]
    told = [text for text in texts if text is not None]
    return "\n".join(told) if told and len(told) == len(texts) else None


def flat(value: Any, name: str = "") -> dict[str, str | None]:
    """Values by their names, joined by dots; a list, or null, is no value."""
    if not isinstance(value, dict) or len(name) > MAX_NAME:
        return {name: text_of(value)} if name else {}
    found: dict[str, str | None] = {}
    for key, inner in value.items():
        found |= flat(inner, f"{name}.{key}" if name else key)
    return found


def imported(
    notes: Notes, repo: Mapping[str, Any], path: str | None, at: str
) -> str | None:
    """What was imported from another repository; None where that has no address."""
    url = text_of(repo.get("url"))
    if not url:
        return None
    local = "://" not in url and ("@" not in url or url.startswith(("/", ".")))
    if local:
        notes.odd("reference-local-path", at, url)
    address = public_address(notes, url, at)
    identity = {"stated-as" if local else "source": address}
    if path:
        identity["path"] = path[:_MAX_TEXT]
    asked, locked = text_of(repo.get("rev")), text_of(repo.get("rev_lock"))
    if locked:
        identity["revision"] = locked[:_MAX_TEXT]
    else:
        notes.odd("import-not-pinned", at, asked or "")
    facts: dict[str, str | None] = (
        {"revision-asked": asked[:_MAX_TEXT]} if asked else {}
    )
    return notes.entity(Kind.DATASET, identity, at, facts)


def named_dataset(
    notes: Notes, value: Mapping[str, Any], name: str, at: str
) -> str | None:
    """A data set that the project calls by a name; None where it has no address."""
    url = text_of(value.get("url"))
    if not url:
        return None
    identity = {"source": public_address(notes, url, at)}
    for key, field in (
        *(("path", "path"), ("version", "version")),
        ("rev_lock", "revision"),
    ):
        if text := text_of(value.get(key)):
            identity[field] = text[:_MAX_TEXT]
    facts: dict[str, str | None] = {"name": name[:_MAX_TEXT]}
    if asked := text_of(value.get("rev")):
        facts["revision-asked"] = asked[:_MAX_TEXT]
    return notes.entity(Kind.DATASET, identity, at, facts)
