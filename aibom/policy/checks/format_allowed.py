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

from dataclasses import dataclass, field

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
                reason, expected=expected, actual=_listed(bad), assurance=worth
            )
    unread = sorted({file.path for file in node.files} - set(evidence.formats))
    if not found or unread:
        text = f"not read: {', '.join(unread[:_SHOWN]) or 'any file'}"
        return unknown("formats-not-read", expected=expected, actual=text)
    text = ", ".join(sorted(set(evidence.formats.values())))
    return passes("formats-allowed", expected=expected, actual=text, assurance=worth)


def _listed(files: list[tuple[str, str]]) -> str:
    shown = [f"{path} is {told}" for path, told in files[:_SHOWN]]
    more = len(files) - len(shown)
    return "; ".join(shown) + (f"; {more} more" if more else "")


CHECK = Check("format-allowed", Settings, evaluate, ENTITY_KINDS)
