"""What files of pipelines have in common: steps, parameters, addresses, kinds.

A stage of a pipeline is a step of a kind that we know only where it is called exactly
by that kind's name; a command is never looked at for what it might do. Commands may
hold secrets, so only their SHA-256 is kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from aibom.catalogers.notes import Notes
from aibom.lineage.nodes import Kind

__all__ = [
    "INPUT_ROLES",
    "OTHER_STEP",
    "PIPELINE_FINDINGS",
    "STEP_KINDS",
    "kind_of_files",
    "parameter_facts",
    "performed_by_person",
    "public_address",
    "sha256_of",
    "step_kind",
]

#: The kinds of steps that there are; another stage is of none of them.
STEP_KINDS = frozenset(
    {
        *("align", "collect", "convert", "deduplicate", "distill", "embed"),
        *("evaluate", "federated-round", "filter", "fine-tune", "label", "merge"),
        *("prune", "quantize", "review", "split", "train"),
    }
)
OTHER_STEP = "activity"

#: The role in which a step used a thing of a kind, where nothing else is said.
INPUT_ROLES: Mapping[Kind, str] = {
    Kind.CODE: "code",
    Kind.DATASET: "data",
    Kind.MODEL: "model",
}

#: What these functions may find; a cataloger that calls them declares it too.
PIPELINE_FINDINGS: Mapping[str, str] = {
    "credentials-left-out": "an address with a user, a password or a token in it, "
    "which is left out here; whoever has the file has it",
    "parameter-left-out": "a parameter whose name says that it is secret, or that is "
    "no short text; its value is not kept",
    "parameters-too-many": "more parameters than are kept; none of them is",
}

_WEIGHTS = frozenset(
    {
        *("gguf", "hdf5", "keras-zip", "onnx", "pickle", "pytorch-zip"),
        *("safetensors", "tflite"),
    }
)
_CODE = frozenset({"python", "script"})
_SECRET = re.compile(
    r"token(?!i[sz]|s\b|_count|_id|_limit)|secret|passw|passphrase|api[-_]?key"
    r"|access[-_]?key|credential|auth(?!or)|private[-_]?key|signature"
    r"|(?<![a-z])sig(?![a-z])",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_PARAMETERS = 500
_MAX_NAME = 200
_MAX_VALUE = 500


def step_kind(name: str) -> str:
    """The kind of step that a stage is called by, letter for letter; else none."""
    return name if name in STEP_KINDS else OTHER_STEP


def kind_of_files(notes: Notes, paths: Iterable[str]) -> Kind:
    """What files of the place are, by their bytes: weights, only code, else data."""
    forms = {notes.place.formats.get(path, "unknown") for path in paths}
    if forms & _WEIGHTS:
        return Kind.MODEL
    return Kind.CODE if forms and forms <= _CODE else Kind.DATASET


def sha256_of(text: str) -> str:
    """The SHA-256 of a text that is not kept itself."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def parameter_facts(
    notes: Notes, stated: Mapping[str, str | None], at: str
) -> dict[str, str | None]:
    """Facts ``parameter.NAME`` of texts; None is what is no text at all."""
    if len(stated) > _MAX_PARAMETERS:
        notes.skip("parameters-too-many", at, f"{len(stated):,}")
        return {}
    facts: dict[str, str | None] = {}
    for name, value in stated.items():
        if (
            value is None
            or len(value) > _MAX_VALUE
            or not 0 < len(name) <= _MAX_NAME
            or _CONTROL.search(name)
            or _SECRET.search(name)
        ):
            notes.skip("parameter-left-out", at, name)
        else:
            facts[f"parameter.{name}"] = value
    return facts


def public_address(notes: Notes, text: str, at: str) -> str:
    """An address without its user and password, and without a query with secrets."""
    try:
        parts = urlsplit(text)
    except ValueError:
        # Not to be taken apart, so rather none of what might be a secret.
        clean = re.sub(r"//[^/]*@", "//", text).partition("?")[0]
    else:
        clean = text
        if "@" in parts.netloc and _hides(parts.scheme, parts.netloc):
            clean = clean.replace(parts.netloc, parts.netloc.rpartition("@")[2], 1)
        if parts.query and _SECRET.search(parts.query):
            clean = clean.replace(f"?{parts.query}", "", 1)
    if clean != text:
        notes.odd("credentials-left-out", at)
    return clean[:2000]


def _hides(scheme: str, netloc: str) -> bool:
    """``ssh://git@host`` names no person and holds no secret."""
    return not (scheme.endswith("ssh") and netloc.startswith("git@"))


def performed_by_person(notes: Notes, name: str, at: str) -> str | None:
    """A person by pseudonym; without a key nobody, and a finding that says so."""
    person = notes.person(name, at) if name.strip() else None
    if person is None:
        notes.skip("persons-not-named", at)
    return person
