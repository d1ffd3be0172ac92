"""Every file of the artifact is of a format that the policy lists.

What it checks: what each file was told to be by its first bytes when this run read it,
whatever it is called, against the list `allow`. Text under a name by which Python would
import it counts as `python`. Files that loaders of two formats would take are
`ambiguous` and cannot be listed.

Why it matters: to load a pickle is to run it, and so it is with much that has a pickle
inside. A file called `model.safetensors` may be one.

Passes: every file is of a listed format (`formats-allowed`).

Fails: loaders of two formats would take a file (`format-ambiguous`); a file is of a
format that is not listed, or of none that is known (`format-not-allowed`).

Unknown: a gate ran, but the format of a file was not read (`formats-not-read`).

Not applicable: a dry run (`aibom check`), which reads no artifact bytes
(`bytes-not-read`), and nodes other than the artifact (`not-the-artifact`).

What to do: convert weights to safetensors, GGUF or ONNX where you trust the source, in
a step that is recorded, and leave everything out that only its makers need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.nodes import ENTITY_KINDS, Node
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)

__all__ = ["AMBIGUOUS", "CHECK", "FORMATS", "Settings"]

AMBIGUOUS = "ambiguous"
#: What may be listed: every format that :mod:`aibom.catalogers.formats` tells, but one.
FORMATS = (
    "arrow",
    "bzip2",
    "elf",
    "empty",
    "gguf",
    "gzip",
    "hdf5",
    "jpeg",
    "json",
    "keras-zip",
    "mach-o",
    "numpy",
    "numpy-objects",
    "onnx",
    "parquet",
    "pe",
    "pickle",
    "png",
    "python",
    "python-bytecode",
    "pytorch-zip",
    "safetensors",
    "script",
    "sqlite",
    "tar",
    "text",
    "tflite",
    "unknown",
    "wasm",
    "xz",
    "zip",
    "zstd",
)
_SHOWN = 3
#: What is not the name of a format.
_NOT_TOLD = frozenset({AMBIGUOUS, "empty", "unknown"})
_WORDS = MappingProxyType(
    {
        AMBIGUOUS: "of two formats at once",
        "pickle": "a pickle",
        "unknown": "of no known format",
    }
)
_CODE = frozenset(
    {"elf", "mach-o", "pe", "python", "python-bytecode", "script", "wasm"}
)
_TEXT = frozenset({"json", "text"})
#: Formats that files of a name usually have; of other names nothing is expected.
_BY_NAME = MappingProxyType(
    {
        "arrow": frozenset({"arrow"}),
        "csv": _TEXT,
        "gguf": frozenset({"gguf"}),
        "h5": frozenset({"hdf5"}),
        "jpeg": frozenset({"jpeg"}),
        "jpg": frozenset({"jpeg"}),
        "json": _TEXT,
        "jsonl": _TEXT,
        "keras": frozenset({"keras-zip"}),
        "md": _TEXT,
        "npy": frozenset({"numpy", "numpy-objects"}),
        "onnx": frozenset({"onnx"}),
        "parquet": frozenset({"parquet"}),
        "png": frozenset({"png"}),
        "safetensors": frozenset({"safetensors"}),
        "tflite": frozenset({"tflite"}),
        "txt": _TEXT,
        "yaml": _TEXT,
        "yml": _TEXT,
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Which formats are allowed."""

    allow: tuple[str, ...] = field(
        metadata={"doc": "The formats that files may have.", "choices": FORMATS}
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for the artifact; other nodes' bytes are not there to be read."""
    evidence = context.evidence
    if not evidence.bytes_checked:
        return not_applicable("bytes-not-read")
    if not context.is_artifact(node.id):
        return not_applicable("not-the-artifact")
    expected = f"only {', '.join(sorted(settings.allow))}"
    found = sorted(evidence.formats.items())
    worth = Assurance(Level.VERIFIED, "read in this run")
    for reason, bad in (
        ("format-ambiguous", [item for item in found if item[1] == AMBIGUOUS]),
        ("format-not-allowed", [i for i in found if i[1] not in settings.allow]),
    ):
        if bad:
            return fails(
                reason,
                expected=expected,
                actual=_listed(bad),
                assurance=worth,
                advice=_advice(bad),
            )
    unread = sorted({file.path for file in node.files} - set(evidence.formats))
    if not found or unread:
        text = f"not read: {', '.join(unread[:_SHOWN]) or 'any file'}"
        return unknown(
            "formats-not-read",
            expected=expected,
            actual=text,
            advice="Gate the artifact again, with all of its files to be read. Nothing "
            "says that a format is not allowed.",
        )
    text = ", ".join(sorted(set(evidence.formats.values())))
    return passes("formats-allowed", expected=expected, actual=text, assurance=worth)


def _listed(files: list[tuple[str, str]]) -> str:
    shown = [_named(path, told) for path, told in files[:_SHOWN]]
    more = len(files) - len(shown)
    return "; ".join(shown) + (f"; {more} more" if more else "")


def _named(path: str, told: str) -> str:
    """What a file is, and that its name says otherwise where it does."""
    what = _WORDS.get(told, told)
    ending = path.rpartition("/")[2].rpartition(".")[2].lower()
    usual = _BY_NAME.get(ending, frozenset((told,)))
    if told in usual or told in _NOT_TOLD:
        return f"{path} is {what}"
    return f"{path} is {what}, under the name of another format"


def _advice(files: Sequence[tuple[str, str]]) -> str:
    """What to do where converting would not help: there is nothing to convert."""
    code = [path for path, told in files if told in _CODE]
    rest = [path for path, told in files if told not in _CODE]
    if files[0][1] == AMBIGUOUS:
        return (
            f"Leave out {_few(rest)}, or have it written anew by one library: two "
            "would load different things from it."
        )
    if code and rest:
        return (
            f"Leave out {_few(code)}: code is not converted. Take {_few(rest)} in an "
            "allowed format, or convert it where nothing can be harmed, in a recorded "
            "step."
        )
    if code:
        return (
            f"Leave out {_few(code)}: code is not converted. Where it is needed, "
            "allow its format, and have the check `remote-code` ask for each file."
        )
    return ""


def _few(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"{', '.join(paths[:_SHOWN])}{more}"


CHECK = Check("format-allowed", Settings, evaluate, ENTITY_KINDS)
