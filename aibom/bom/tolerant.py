"""Other people's BOMs as they are: what can be read is read, the rest is reported.

Most AI-BOMs in the wild break the schema somewhere, and a supplier's only BOM is worth
reading for all that. :func:`tolerant_view` copies the members that
:mod:`aibom.bom.foreign` reads and that have the type they should have; everything else
of them becomes a :class:`~aibom.bom.problem.Problem` with its place. Nothing is mended:
a date, a hash or a reference that is wrong is left out. Positions in lists stay, so
that every pointer is one into the document as it was received.

Where a name could mean two things it means none: a ``bom-ref`` that stands twice joins
nothing, and one SHA-256 for two kinds of thing identifies neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from aibom.bom.foreign import KINDS
from aibom.bom.problem import Problem, pointer_to
from aibom.lineage.nodes import Kind

__all__ = ["tolerant_view"]

_Path = tuple[str | int, ...]

_HASH = {"alg": str, "content": str}
_REFERENCE = {"type": str, "url": str, "hashes": [_HASH]}
_LICENCE = {"expression": str, "license": {"id": str, "name": str}}
_DATASET = {
    "ref": str,
    "type": str,
    "name": str,
    "description": str,
    "bom-ref": str,
    "contents": {"url": str},
}
_COMPONENT: dict[str, Any] = {
    "type": str,
    "bom-ref": str,
    "name": str,
    "version": str,
    "description": str,
    "purl": str,
    "hashes": [_HASH],
    "licenses": [_LICENCE],
    "externalReferences": [_REFERENCE],
    "modelCard": {"modelParameters": {"datasets": [_DATASET]}},
}
_COMPONENT["components"] = [_COMPONENT]
_COMPONENT["pedigree"] = {"ancestors": [_COMPONENT]}
_DOCUMENT = {
    "metadata": {"component": _COMPONENT},
    "components": [_COMPONENT],
    "dependencies": [{"ref": str, "dependsOn": [str]}],
}
#: What an entry must have to mean anything, by the member whose list it stands in.
_REQUIRED = {
    "components": ("type",),
    "ancestors": ("type",),
    "component": ("type",),
    "hashes": ("alg", "content"),
    "externalReferences": ("type", "url"),
    "dependencies": ("ref",),
}
#: What stands in the place of an entry that is left out; reading passes over it.
_PLACEHOLDERS: Mapping[str, Any] = {
    "components": {"type": "file"},
    "ancestors": {"type": "file"},
    "component": {"type": "file"},
    "hashes": {"alg": "", "content": ""},
    "externalReferences": {"type": "", "url": ""},
    "dependencies": {"ref": "", "dependsOn": []},
    "dependsOn": "",
    "licenses": {},
    "datasets": {"type": ""},
}


def tolerant_view(
    document: Mapping[str, Any],
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """What can be read of a CycloneDX document of whatever validity.

    ``document`` is a JSON object of at most :data:`aibom.bom.parse.MAX_DEPTH` levels.
    The view is fit for :func:`aibom.bom.foreign.decode_foreign`, provided it names a
    main component.
    """
    pruner = _Pruner()
    view: dict[str, Any] = pruner.pruned(document, _DOCUMENT, (), "")
    if view.get("metadata", {}).get("component", {}).get("type") == "file":
        view["metadata"] = {}
    _without_ambiguous_refs(view, pruner.problems)
    _without_ambiguous_digests(view, pruner.problems)
    return view, tuple(sorted(pruner.problems))


class _Pruner:
    """Copies what has the right shape, and notes what has not."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def pruned(self, value: Any, shape: Any, path: _Path, member: str) -> Any:
        """The part of ``value`` that has this shape; None where there is none."""
        if shape is str:
            return value if isinstance(value, str) else self._wrong(path, "a text")
        if isinstance(shape, list):
            if not isinstance(value, list):
                return self._wrong(path, "a list")
            return [
                self._entry(item, shape[0], (*path, index), member)
                for index, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return self._wrong(path, "an object")
        return self._object(value, shape, path)

    def _entry(self, item: Any, shape: Any, path: _Path, member: str) -> Any:
        found = self.pruned(item, shape, path, member)
        missing = None if found is None else _missing(found, member)
        if missing:
            self._wrong(path, f"an entry with {missing!r}")
        return _PLACEHOLDERS[member] if found is None or missing else found

    def _object(
        self, value: Mapping[str, Any], shape: Mapping[str, Any], path: _Path
    ) -> dict[str, Any]:
        found = {}
        for key, inner in shape.items():
            if key not in value:
                continue
            kept = (
                self._entry(value[key], inner, (*path, key), key)
                if key == "component"
                else self.pruned(value[key], inner, (*path, key), key)
            )
            if kept is not None:
                found[key] = kept
        return found

    def _wrong(self, path: _Path, expected: str) -> None:
        self.problems.append(
            Problem(
                "schema",
                "member-malformed",
                pointer_to(path),
                f"left out: not {expected}",
            )
        )


def _missing(found: Any, member: str) -> str | None:
    """The first member that an entry needs and does not have."""
    required = _REQUIRED.get(member, ())
    if member == "datasets":
        required = () if "ref" in found else ("type",)
    return next((key for key in required if key not in found), None)


def _without_ambiguous_refs(view: dict[str, Any], problems: list[Problem]) -> None:
    holders = [
        (path, item)
        for path, item in _components(view)
        if item.get("bom-ref") is not None
    ]
    counts = Counter(item["bom-ref"] for _, item in holders)
    for path, item in holders:
        if counts[item["bom-ref"]] > 1:
            problems.append(
                Problem(
                    "references",
                    "ref-ambiguous",
                    pointer_to((*path, "bom-ref")),
                    "stands more than once, so it joins nothing",
                )
            )
            del item["bom-ref"]


def _without_ambiguous_digests(view: dict[str, Any], problems: list[Problem]) -> None:
    kinds: dict[str, set[Kind]] = {}
    listed = [(path, item) for path, item in _components(view) if item.get("hashes")]
    for _, item in listed:
        kind = KINDS.get(item["type"], Kind.CODE)
        for entry in item["hashes"]:
            kinds.setdefault(entry["content"].lower(), set()).add(kind)
    for path, item in listed:
        if any(len(kinds[entry["content"].lower()]) > 1 for entry in item["hashes"]):
            problems.append(
                Problem(
                    "references",
                    "kind-contradicted",
                    pointer_to((*path, "hashes")),
                    "these bytes are called two kinds of thing, so they identify none",
                )
            )
            del item["hashes"]


def _components(view: Mapping[str, Any]) -> Iterator[tuple[_Path, dict[str, Any]]]:
    """Every component and ancestor, at any depth."""
    pending: list[tuple[_Path, dict[str, Any]]] = [
        (("components", index), item)
        for index, item in enumerate(view.get("components", ()))
    ]
    main = view.get("metadata", {}).get("component")
    if main is not None:
        pending.append((("metadata", "component"), main))
    while pending:
        path, item = pending.pop()
        if item["type"] != "file":
            yield path, item
        inner = {
            ("components",): item.get("components", ()),
            ("pedigree", "ancestors"): item.get("pedigree", {}).get("ancestors", ()),
        }
        for step, items in inner.items():
            pending += [((*path, *step, i), one) for i, one in enumerate(items)]
