"""What a reference means now, and what its source says of that: nothing is fetched.

All of it is the source's word: names, sizes, owners, scans. Formats are told by the
names of files, which say what somebody called them; ``aibom fetch`` reads the bytes.
Whether a signature that is shipped verifies is not asked here.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from aibom.listing import BOM_NAME, BUNDLE_NAME, OMS_NAME
from aibom.operations.scanning.source_facts import is_registry
from aibom.sources.reference import Reference
from aibom.sources.remote import RemoteFile, Resolved, Source

__all__ = ["NamedFormat", "Resolution", "format_of_name", "resolve"]

_OTHER = "other"
#: Format → what names of such files end in. The first that fits is taken.
_ENDINGS = (
    ("safetensors", (".safetensors",)),
    ("gguf", (".gguf", ".ggml")),
    ("onnx", (".onnx", ".onnx_data", ".onnx.data")),
    ("tflite", (".tflite",)),
    ("keras or hdf5", (".keras", ".h5", ".hdf5")),
    ("tensorflow or protobuf", (".pb", ".pbtxt")),
    ("flax", (".msgpack",)),
    ("torch, which may be pickle", (".bin", ".mar", ".nemo", ".ot")),
    (
        "pickle",
        (
            *(".ckpt", ".dill", ".joblib", ".p", ".pickle", ".pk", ".pkl", ".pt"),
            *(".pt2", ".pth", ".ptl", ".sav"),
        ),
    ),
    ("numpy, which may hold pickles", (".npy", ".npz")),
    ("parquet", (".parquet",)),
    ("arrow", (".arrow", ".feather")),
    ("code", (".py", ".pyi", ".pyw", ".so", ".dll", ".dylib", ".sh")),
    ("archive", (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".lz4")),
    ("record text", (".jsonl", ".ndjson", ".csv", ".tsv")),
    ("json", (".json",)),
    ("text", (".md", ".txt", ".yaml", ".yml", ".toml", ".jinja", ".xml")),
)
_BOMS = (".cdx.json", ".spdx.json")
_SIGNATURES = (".sigstore.json", ".model.sig")


@dataclass(frozen=True, slots=True)
class NamedFormat:
    """How many files are named like a format. ``bytes`` is None where one is untold."""

    name: str
    files: int
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Resolution:
    """One revision as its source tells of it.

    ``signatures`` and ``boms`` are paths: shipped with it, and not verified.
    """

    resolved: Resolved
    formats: tuple[NamedFormat, ...]
    signatures: tuple[str, ...]
    boms: tuple[str, ...]

    @property
    def fetch_line(self) -> str:
        """The command that fetches exactly this revision; DIR is for a person."""
        words = ["aibom", "fetch", str(self._pinned)]
        found = self.resolved
        if found.reference.scheme == "hf" and found.mode == "online":
            words += [] if is_registry(found.where) else ["--endpoint", found.where]
        key = "" if self.boms else " --key KEY"
        return f"{shlex.join(words)} --policy DIR{key} --to DIR"

    @property
    def _pinned(self) -> Reference:
        asked = self.resolved
        return asked.pinned if asked.commit else asked.reference

    def document(self) -> dict[str, Any]:
        """All of it as JSON-ready values; what is not known is null."""
        found = self.resolved
        return {
            "reference": str(found.reference),
            "pinned": str(self._pinned) if found.commit else None,
            "kind": found.reference.kind,
            "name": found.name,
            "commit": found.commit,
            "committed": found.committed,
            "repository": found.repository,
            "owner": asdict(found.owner) if found.owner else None,
            "gated": found.gated,
            "files": len(found.files),
            "bytes": found.size,
            "formatsByName": [asdict(one) for one in self.formats],
            "signaturesNotVerified": list(self.signatures),
            "bomsNotVerified": list(self.boms),
            "scan": _scan(found),
            "mode": found.mode,
            "source": found.where,
            "unsure": list(found.unsure),
            "fetch": self.fetch_line,
        }


def resolve(reference: Reference, source: Source) -> Resolution:
    """Ask a source what a reference means now; raises what the source raises."""
    resolved = source.resolve(reference)
    paths = [file.path for file in resolved.files]
    return Resolution(
        resolved,
        _formats(resolved.files),
        tuple(path for path in paths if _is_signature(path)),
        tuple(path for path in paths if path == BOM_NAME or path.endswith(_BOMS)),
    )


def format_of_name(path: str) -> str:
    """The format that a file is named like; nothing says that it is one."""
    name = path.rpartition("/")[2].lower()
    for known, endings in _ENDINGS:
        if name.endswith(endings):
            return known
    return _OTHER


def _formats(files: Iterable[RemoteFile]) -> tuple[NamedFormat, ...]:
    """Counts by format, the largest first and what tells no size before all."""
    sizes: dict[str, list[int | None]] = {}
    for file in files:
        sizes.setdefault(format_of_name(file.path), []).append(file.size)
    found = [NamedFormat(name, len(told), _sum(told)) for name, told in sizes.items()]
    unknown = float("inf")
    return tuple(
        sorted(
            found, key=lambda f: (-(unknown if f.bytes is None else f.bytes), f.name)
        )
    )


def _sum(sizes: list[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _is_signature(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in (BUNDLE_NAME, OMS_NAME) or name.endswith(_SIGNATURES)


def _scan(found: Resolved) -> dict[str, Any] | None:
    if found.scan is None:
        return None
    flagged = [{"path": path, "level": level} for path, level in found.scan.flagged]
    return {"done": found.scan.done, "flagged": flagged}
