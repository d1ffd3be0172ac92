"""Indexes of sharded weights: ``*.safetensors.index.json``, ``*.bin.index.json``.

An index says in which file each tensor is. It is compared with the files that are here:
a loader takes what the index says, and somebody who looks at the folder sees the files.

Source: huggingface/huggingface_hub ``serialization/_base.py`` (``metadata.total_size``,
``weight_map``).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from aibom.catalogers.binary import field_of
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json, text_of
from aibom.catalogers.notes import Notes, pointer
from aibom.catalogers.safetensors_header import Header, HeaderDefect, read_header
from aibom.lineage.nodes import Kind

__all__ = ["CATALOGER"]

_SUFFIXES = (".safetensors.index.json", ".bin.index.json")
_MAX_SHOWN = 100
_MAP = "weight_map"


def _wants(path: str, form: str) -> bool:
    return path.lower().endswith(_SUFFIXES)


def _read(notes: Notes) -> None:
    document = read_json(notes)
    if document is UNREAD:
        return
    mapped = document.get(_MAP) if isinstance(document, dict) else None
    if not isinstance(mapped, dict):
        notes.skip("index-malformed", pointer(_MAP), "not an object")
        return
    notes.subject_is(Kind.MODEL)
    shards = _shards(notes, mapped)
    notes.say(field_of("shards", notes.path), str(len(shards)), pointer(_MAP))
    here = [shard for shard in shards if _is_here(notes, shard)]
    _not_mapped(notes, shards)
    headers = _headers(notes, here)
    _tensors(notes, shards, headers)
    if len(headers) == len(shards):
        _total(notes, document, sum(h.data_bytes for h in headers.values()))


def _shards(notes: Notes, mapped: dict[str, Any]) -> dict[str, set[str]]:
    """The names of the files, with the tensors that they should hold."""
    shards: dict[str, set[str]] = defaultdict(set)
    odd = 0
    for tensor, shard in mapped.items():
        if not isinstance(shard, str) or not _is_name(shard):
            odd += 1
            if odd <= _MAX_SHOWN:
                what = text_of(shard) or "no text"
                notes.odd("shard-outside", pointer(_MAP, tensor), what)
            continue
        shards[shard].add(tensor)
    return shards


def _is_name(shard: str) -> bool:
    """A path below the folder of the index, that no system reads in another way."""
    return not (
        "\\" in shard
        or ":" in shard
        or any(part in ("", ".", "..") for part in shard.split("/"))
        or any(c < " " for c in shard)
    )


def _path(notes: Notes, shard: str) -> str:
    return f"{notes.folder}/{shard}" if notes.folder else shard


def _is_here(notes: Notes, shard: str) -> bool:
    path = _path(notes, shard)
    if notes.place.has(path):
        return True
    if path not in notes.place.pointers:
        notes.odd("shard-missing", pointer(_MAP), shard)
    return False


def _not_mapped(notes: Notes, shards: dict[str, set[str]]) -> None:
    """Files beside the index that look like its shards, and are none."""
    suffix = f".{notes.path.lower().rsplit('.', 3)[1]}"
    known = {_path(notes, shard) for shard in shards}
    top = f"{notes.folder}/" if notes.folder else ""
    names = [
        name
        for name in notes.place.paths_under(notes.folder)
        if "/" not in name[len(top) :]
        and name.lower().endswith(suffix)
        and name not in known
    ]
    for name in names[:_MAX_SHOWN]:
        notes.odd("shard-not-in-index", "", name)


def _headers(notes: Notes, here: list[str]) -> dict[str, Header]:
    """Headers of the safetensors among them; others are opaque."""
    found = {}
    for shard in here:
        path = _path(notes, shard)
        if notes.place.formats[path] != "safetensors":
            continue
        try:
            with notes.place.open(path) as stream:
                found[shard] = read_header(stream, notes.place.size(path))
        except HeaderDefect:
            continue  # the cataloger of safetensors says so
    return found


def _tensors(
    notes: Notes, shards: dict[str, set[str]], headers: dict[str, Header]
) -> None:
    for shard, header in list(headers.items())[:_MAX_SHOWN]:
        missing = shards[shard] - header.tensors
        more = header.tensors - shards[shard]
        if missing or more:
            detail = (
                f"{shard}: {len(missing)} not in the file, {len(more)} not in the index"
            )
            notes.odd("shard-other-tensors", pointer(_MAP), detail)


def _total(notes: Notes, document: dict[str, Any], found: int) -> None:
    metadata = document.get("metadata")
    stated = metadata.get("total_size") if isinstance(metadata, dict) else None
    at = pointer("metadata", "total_size")
    # Some tools wrote it as a float.
    if isinstance(stated, bool) or not isinstance(stated, (int, float)):
        notes.odd("index-malformed", at, "no total_size")
    elif stated != found:
        notes.odd("total-size-differs", at, f"{stated} stated, {found} found")


CATALOGER = Cataloger(
    id="weight-index",
    title="Indexes of sharded weights (*.index.json)",
    wants=_wants,
    read=_read,
    supplies=(
        "the number of shards",
        "whether the shards, their tensors and their sizes are the ones that are here",
    ),
    cannot=("compare tensors and sizes of pickled shards (*.bin): their names only",),
    findings={
        **DOCUMENT_FINDINGS,
        "index-malformed": "not what an index has in that place",
        "shard-missing": "a file of the index is not here",
        "shard-outside": "names no file below its folder",
        "shard-not-in-index": "weights that the index does not name: some loaders take "
        "them, others do not",
        "shard-other-tensors": "a shard holds other tensors than the index says",
        "total-size-differs": "the tensors are not as large as the index says",
    },
)
