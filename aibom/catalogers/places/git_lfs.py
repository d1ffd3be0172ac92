"""Git LFS pointers: files of which only the name, the digest and the size are here.

A clone without ``git lfs pull`` has these in place of the weights. They say which bytes
belong there, so those are named by digest; nobody has seen them, and what they are part
of has no digest.

Source: git-lfs ``docs/spec.md`` (The Pointer).
"""

from __future__ import annotations

from pathlib import PurePosixPath

from aibom.catalogers.binary import field_of
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.git_lfs import FORMAT
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.digest import Digest
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

#: What a file of this name is, if it is what it is called.
_KINDS = {
    **dict.fromkeys((".safetensors", ".gguf", ".onnx", ".keras"), Kind.MODEL),
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".h5", ".tflite"), Kind.MODEL),
    **dict.fromkeys((".parquet", ".arrow", ".csv", ".jsonl", ".tsv"), Kind.DATASET),
}
#: Weights that PyTorch pickled, by the beginning of their names.
_PYTORCH = ("pytorch_model", "adapter_model", "diffusion_pytorch_model")


def _wants(path: str, form: str) -> bool:
    return form == FORMAT


def _read(notes: Notes) -> None:
    pointer = notes.place.pointers[notes.path]
    if pointer.sha256 is None:
        notes.skip("pointer-malformed", "", pointer.defect)
        return
    notes.skip("pointer-not-pulled", "", f"{pointer.size:,} bytes are elsewhere")
    notes.say(field_of("elsewhere", notes.path), f"sha256:{pointer.sha256}", "line:2")
    name = PurePosixPath(notes.path)
    kind = _KINDS.get(name.suffix.lower())
    if name.suffix == ".bin" and name.name.startswith(_PYTORCH):
        kind = Kind.MODEL
    if kind is None:
        return
    if kind is Kind.MODEL:
        notes.subject_is(kind)
    facts = {"name": name.name, "size": str(pointer.size)}
    part = notes.entity(kind, Digest("file", pointer.sha256), "line:2", facts)
    notes.edge(SUBJECT, Relation.DERIVED_FROM, part, "part", "line:2")


CATALOGER = Cataloger(
    id="git-lfs",
    title="Git LFS pointers",
    wants=_wants,
    read=_read,
    supplies=(
        "the SHA-256 and the size of what belongs in the place of each pointer",
        "weights and data files by that digest, as parts that nobody has seen",
    ),
    cannot=(
        "tell anything of what the files hold: git lfs pull, and scan again",
        "give a digest to a folder in which files are missing",
    ),
    findings={
        "pointer-not-pulled": "only a pointer is here; nothing in the file is known",
        "pointer-malformed": "a pointer that does not say what belongs in its place",
    },
    pointers=True,
)
