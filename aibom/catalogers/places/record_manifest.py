"""Record manifests (``aibom manifest DATA``): every record of a dataset by one hash.

A manifest speaks of exact bytes. Where a file, or a folder, of this place has them, it
is a dataset by its bytes, with the number of its records and their root. Whether the
records give that root is not computed here.

Source: ``schemas/manifest-1.json``.
"""

from __future__ import annotations

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.data_file import is_whole_place
from aibom.catalogers.label_texts import clean
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.catalogers.place import TooLarge
from aibom.catalogers.record_documents import read_manifest
from aibom.catalogers.records import Manifest
from aibom.errors import DocumentInvalid
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_ENDING = ".manifest.json"
_API = b"aibom/manifest/v1"
_HEAD = 64 * 1024
#: A manifest of a billion records has some 15,000 pages, 80 bytes each.
_MAX_BYTES = 16 * 1024 * 1024
#: In a larger place only the file beside the manifest is looked at.
_MAX_FILES = 5_000


def _wants(path: str, form: str) -> bool:
    return path.lower().endswith(_ENDING) and form == "json"


def _read(notes: Notes) -> None:
    with notes.place.open(notes.path) as stream:
        if _API not in stream.read(_HEAD):
            return  # other tools have manifests, too
    manifest = _manifest(notes)
    if manifest is None:
        return
    if is_whole_place(notes):
        notes.subject_is(Kind.DATASET)
        notes.odd("records-file-elsewhere", "/digest", str(manifest.dataset))
        return
    name = _holder(notes, manifest)
    if name is None:
        _told_missing(notes, manifest)
        return
    if name.rpartition("/")[0] == notes.folder and notes.place.has(name):
        notes.subject_is(Kind.DATASET)  # the folder with the data in it
    facts = {
        "name": name.rpartition("/")[2],
        "records": str(manifest.count),
        "records-root": manifest.root,
        "records-format": manifest.format,
    }
    data = notes.entity(Kind.DATASET, manifest.dataset, "/digest", facts)
    notes.edge(SUBJECT, Relation.DERIVED_FROM, data, "part", "/digest")


def _manifest(notes: Notes) -> Manifest | None:
    try:
        data = notes.place.read(notes.path, _MAX_BYTES)
        return read_manifest(data, notes.path)
    except TooLarge as error:
        notes.skip("records-unreadable", "", str(error))
    except DocumentInvalid as error:
        notes.skip("records-unreadable", "", clean(f"{error.reason}: {error}"))
    return None


def _holder(notes: Notes, manifest: Manifest) -> str | None:
    """The file or folder with these bytes: the one beside it, else any file."""
    place, wanted = notes.place, manifest.dataset
    beside = notes.path[: -len(_ENDING)]
    if wanted.form == "tree":
        here = place.is_whole(beside) and bool(place.files_under(beside))
        return beside if here and place.folder(beside).digest == wanted else None
    if place.has(beside) and place.sha256(beside) == wanted.value:
        return beside
    if len(place.formats) > _MAX_FILES:
        return None
    same = (name for name in place.names if place.sha256(name) == wanted.value)
    return next(same, None)


def _told_missing(notes: Notes, manifest: Manifest) -> None:
    beside = notes.path[: -len(_ENDING)]
    changed = manifest.dataset.form == "file" and notes.place.has(beside)
    code = "records-file-differs" if changed else "records-file-elsewhere"
    notes.odd(code, "/digest", str(manifest.dataset))


CATALOGER = Cataloger(
    id="record-manifest",
    title="Record manifests (*.manifest.json)",
    wants=_wants,
    read=_read,
    supplies=(
        "how many records a dataset has, and the root of them all",
        "which file or folder here it is, by its bytes",
    ),
    cannot=(
        "tell whether the records give that root: aibom manifest check does",
        "find a file of another name among more than 5,000, or a folder that does not "
        "have the manifest's name",
    ),
    findings={
        "records-file-differs": "the file beside the manifest is not the one that it "
        "was made from",
        "records-file-elsewhere": "what the manifest was made from was not found here",
        "records-unreadable": "a manifest that is malformed, contradicts itself, or is "
        "larger than is read; nothing in it is known",
    },
)
