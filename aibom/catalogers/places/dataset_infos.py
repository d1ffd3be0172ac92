"""Hugging Face datasets: ``dataset_infos.json``, and a saved dataset's JSON files.

``download_checksums`` names what the dataset was built from, each address with a
SHA-256. The ``_fingerprint`` of ``state.json`` is one of transforms, random where a
transform cannot be hashed, so it identifies nothing; it is kept as a weak digest.

Source: huggingface/datasets 5.2.0 ``info.py``, ``arrow_dataset.py``
(``save_to_disk``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json, text_of
from aibom.catalogers.notes import SUBJECT, Notes, pointer
from aibom.digest import Digest
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_DOWNLOADS = 10_000
_MAX_CONFIGS = 1000
_MAX_SPLITS = 1000
_MAX_TEXT = 4000
_HUB = "hf://datasets/"


def _wants(path: str, form: str) -> bool:
    name = path.rpartition("/")[2]
    return name in ("dataset_infos.json", "dataset_info.json", "state.json")


def _read(notes: Notes) -> None:
    document = read_json(notes)
    if document is UNREAD:
        return
    name = notes.path.rpartition("/")[2]
    if not isinstance(document, dict):
        if name == "dataset_infos.json":
            notes.skip("info-malformed", "", "not an object")
        return
    if name == "state.json":
        _state(notes, document)
    elif name == "dataset_info.json":
        # Others use the name too: LLaMA-Factory keeps its list of datasets there.
        if "features" in document:
            notes.subject_is(Kind.DATASET)
            _info(notes, document, "", is_only=True)
    else:
        notes.subject_is(Kind.DATASET)
        _infos(notes, document)


def _infos(notes: Notes, document: dict[str, Any]) -> None:
    """One info for each configuration of the dataset."""
    configs = sorted(document.items())
    if len(configs) > _MAX_CONFIGS:
        notes.skip("infos-too-many", "", f"{len(configs):,}")
    for name, info in configs[:_MAX_CONFIGS]:
        if isinstance(info, dict):
            _info(notes, info, pointer(name), is_only=len(configs) == 1)
        else:
            notes.skip("info-malformed", pointer(name), "not an object")


def _info(notes: Notes, info: dict[str, Any], at: str, *, is_only: bool) -> None:
    if is_only:
        for key, field in (("license", "licence"), ("description", "description")):
            value = text_of(info.get(key))
            if value:
                notes.say(field, value[:_MAX_TEXT], at + pointer(key))
        version = info.get("version")
        if isinstance(version, dict):
            version = version.get("version_str")
        if (text := text_of(version)) is not None:
            notes.say("builder-version", text, at + "/version")
    _splits(notes, info, at)
    _downloads(notes, info.get("download_checksums"), at + "/download_checksums")


def _splits(notes: Notes, info: dict[str, Any], at: str) -> None:
    splits = info.get("splits")
    if splits is None:
        return
    if not isinstance(splits, dict) or len(splits) > _MAX_SPLITS:
        notes.skip("info-malformed", f"{at}/splits")
        return
    config = re.sub(r"[\x00-\x1f\x7f]", "", text_of(info.get("config_name")) or "")
    for name, split in splits.items():
        count = split.get("num_examples") if isinstance(split, dict) else None
        # A million digits are a number too, and Python would not print them.
        is_count = type(count) is int and 0 <= count < 2**63
        safe = re.sub(r"[\x00-\x1f\x7f]", "", name)
        if is_count and safe:
            field = f"records.{config}/{safe}" if config else f"records.{safe}"
            notes.say(field[:_MAX_TEXT], str(count), f"{at}/splits{pointer(name)}")
        else:
            notes.skip("info-malformed", f"{at}/splits{pointer(name)}")


def _downloads(notes: Notes, downloads: Any, at: str) -> None:
    if downloads is None:
        return
    if not isinstance(downloads, dict):
        notes.skip("info-malformed", at)
        return
    if len(downloads) > _MAX_DOWNLOADS:
        notes.skip("downloads-too-many", at, f"{len(downloads):,}")
    for url, told in sorted(downloads.items())[:_MAX_DOWNLOADS]:
        _download(notes, url, told, at + pointer(url))


def _download(notes: Notes, url: str, told: Any, at: str) -> None:
    checksum = told.get("checksum") if isinstance(told, dict) else None
    facts = {"source" if "://" in url else "stated-as": url[:_MAX_TEXT]}
    revision = _hub_revision(url)
    if revision:
        facts["revision"] = revision
    if isinstance(checksum, str) and _SHA256.fullmatch(checksum):
        digest = Digest("file", checksum)
        name = notes.entity(Kind.DATASET, digest, at, facts)
    else:
        if checksum is not None:
            notes.odd("sha256-malformed", at, text_of(checksum) or "")
        name = notes.entity(Kind.DATASET, facts, at)
    notes.edge(SUBJECT, Relation.DERIVED_FROM, name, "source-data", at)


def _hub_revision(url: str) -> str | None:
    """The revision in ``hf://datasets/owner/name@revision/path``."""
    found = re.match(r"[^@]+@([0-9a-f]{40})/", url.removeprefix(_HUB))
    return found[1] if found and url.startswith(_HUB) else None


def _state(notes: Notes, document: Mapping[str, Any]) -> None:
    """``state.json`` of ``save_to_disk``; many other programs use that name."""
    files = document.get("_data_files")
    if "_fingerprint" not in document or not isinstance(files, list):
        return
    notes.subject_is(Kind.DATASET)
    if (text := text_of(document["_fingerprint"])) is not None:
        notes.say("weak-digest.fingerprint", text[:_MAX_TEXT], "/_fingerprint")
    if (split := text_of(document.get("_split"))) is not None:
        notes.say("split", split[:_MAX_TEXT], "/_split")
    for index, one in enumerate(files[:_MAX_DOWNLOADS]):
        name = one.get("filename") if isinstance(one, dict) else None
        at = f"/_data_files/{index}"
        if not isinstance(name, str) or "/" in name or "\\" in name:
            notes.odd("info-malformed", at)
            continue
        path = f"{notes.folder}/{name}" if notes.folder else name
        if not notes.place.has(path):
            # One whose Git LFS pointer is here lacks as much; that is said elsewhere.
            if path not in notes.place.formats:
                notes.odd("file-missing", at, name)
            continue
        file = notes.file_entity(Kind.DATASET, path, at)
        notes.edge(SUBJECT, Relation.DERIVED_FROM, file, "data", at)
    if len(files) > _MAX_DOWNLOADS:
        notes.skip("downloads-too-many", "/_data_files", f"{len(files):,}")


CATALOGER = Cataloger(
    id="dataset-infos",
    title="Hugging Face dataset (dataset_infos.json, saved dataset)",
    wants=_wants,
    read=_read,
    supplies=(
        "what the dataset was built from: addresses with the SHA-256 that is claimed",
        "the number of records of each split; licence and description where "
        "there is one configuration",
        "the files of a saved dataset, by their bytes",
    ),
    cannot=(
        "identify a dataset by its fingerprint: that is one of transforms, and "
        "sometimes random",
        "tell whether an address still has what it had",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        "downloads-too-many": "more files than are read; the rest is not known",
        "file-missing": "a file of the saved dataset is not there",
        "info-malformed": "not what the library writes; that part is not known",
        "infos-too-many": "more configurations than are read; the rest is not known",
        "sha256-malformed": "something else where a SHA-256 would be; taken as absent",
    },
)
