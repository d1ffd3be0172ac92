"""Parts of a lineage that a policy test describes: facts, digests, numbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aibom.digest import Digest, File
from aibom.errors import AibomError
from aibom.lineage.evidence import Measurement
from aibom.lineage.nodes import Fact, Origin, merge_facts
from aibom.reading import MISSING, Reader

__all__ = [
    "ORIGIN",
    "checked",
    "digest",
    "facts",
    "files",
    "measurement",
    "parties",
    "policy_digest",
    "sha",
    "single",
    "texts",
]

_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
#: Where all that such a lineage says counts as read.
ORIGIN = Origin("bom")


def parties(entry: Reader) -> Iterator[tuple[str, str]]:
    """Role and party of each that acts in a step."""
    if not entry.has("by"):
        entry.raw("by", None)
        return
    by = entry.reader("by")
    for role in by.keys():  # noqa: SIM118
        for party in texts(by, role, MISSING):
            yield role, party


def texts(entry: Reader, key: str, default: Any) -> tuple[str, ...]:
    """One text, or a list of them."""
    if isinstance(entry.raw(key, default), str):
        text = entry.text(key)
        return (text,) if text else ()
    return entry.texts(key, default) or ()


def single(entry: Reader, key: str) -> dict[str, str | None]:
    """Facts by name where none has several values, as on steps and edges."""
    found = facts(entry, key)
    for name, values in found.items():
        if len(values) > 1:
            entry.problem("has one value here, not several", f"{key}.{name}")
    return {name: values[0] for name, values in found.items() if values}


def facts(entry: Reader, key: str) -> dict[str, tuple[str | None, ...]]:
    """Facts by name: a text, null for "declared as unknown", or a list of these.

    An empty list says nothing, where a name, or another lineage, would say something.
    """
    if not entry.has(key):
        entry.raw(key, None)
        return {}
    section = entry.reader(key)
    found: dict[str, tuple[str | None, ...]] = {}
    for name in section.keys():  # noqa: SIM118
        value = section.raw(name)
        listed = value if isinstance(value, list) else [value]
        if any(not isinstance(v, (str, type(None))) for v in listed):
            section.problem("must be a text (numbers in quotes), or null", name)
        else:
            found[name] = tuple(listed)
    return found


def checked(
    entry: Reader, stated: Mapping[str, tuple[str | None, ...]]
) -> tuple[Fact, ...]:
    """Facts as values; what cannot be one is a problem."""
    origins = frozenset({ORIGIN})
    try:
        return merge_facts(
            Fact(name, value, origins)
            for name, values in stated.items()
            for value in values
        )
    except AibomError as error:
        entry.problem(str(error), "facts")
        return ()


def digest(entry: Reader, name: str) -> Digest | None:
    """Made from the id, unless it is given; None where there is to be none."""
    text = entry.text("digest", None)
    if text is None:
        return Digest("tree", sha(f"node {name}"))
    if text == "none":
        return None
    try:
        return Digest.parse(text)
    except AibomError as error:
        entry.problem(f"{error.message}, nor none", "digest")
        return None


def files(entry: Reader) -> tuple[File, ...]:
    """A list of paths, whose digests are made from them, or digests by path."""
    stated = entry.raw("files", None)
    if isinstance(stated, dict):
        section = entry.reader("files")
        digests = {path: _file_digest(section, path) for path in section.keys()}  # noqa: SIM118
    else:
        listed = entry.texts("files", ()) or ()
        digests = {path: Digest("file", sha(f"file {path}")) for path in listed}
    return tuple(
        File(path, 1, digest) for path, digest in sorted(digests.items()) if digest
    )


def _file_digest(section: Reader, path: str) -> Digest | None:
    text = section.text(path)
    try:
        found = Digest.parse(text) if isinstance(text, str) else None
    except AibomError as error:
        section.problem(error.message, path)
        return None
    if found is not None and found.form != "file":
        section.problem("is not the digest of one file", path)
    return found


def policy_digest(entry: Reader) -> str:
    """That of a policy by which somebody else decided; one of no use, unless given."""
    text = entry.text("policy_digest", None)
    if text is None:
        return f"sha256:{sha('policy')}"
    if not isinstance(text, str) or not _SHA256.fullmatch(text):
        entry.problem("is not sha256: and 64 lower-case hex digits", "policy_digest")
    return str(text)


def measurement(entry: Reader) -> Measurement | None:
    """One number of an audit; problems go to the reader."""
    before = len(entry.problems)
    metric, samples = entry.text("metric"), entry.integer("samples")
    value, count = entry.number("value", None), entry.integer("count", None)
    slices = {}
    if entry.has("slice"):
        section = entry.reader("slice")
        slices = {name: section.text(name) for name in section.keys()}  # noqa: SIM118
    else:
        entry.raw("slice", None)
    entry.close()
    if (value is None) == (count is None):
        entry.problem("give either value or count")
    if samples is not None and samples < 1:
        entry.problem("must be 1 or more", "samples")
    if len(entry.problems) > before:
        return None
    number = value if count is None else count / samples
    return Measurement(
        metric, float(number), samples, count, tuple(sorted(slices.items()))
    )


def sha(text: str) -> str:
    """A SHA-256 made from a text that is unique within a test."""
    return hashlib.sha256(f"ptest {text}".encode("utf-8", "surrogatepass")).hexdigest()
