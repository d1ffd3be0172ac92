"""Which facts stand in SPDX properties of their own; all others, under our names.

=================  ==========================================================
fact               SPDX 3.0.1
=================  ==========================================================
``name``           ``name`` (the first of several)
``label``          ``name`` of a step
``description``    ``description``
``revision``       ``software_packageVersion``
``source``         ``software_packageUrl`` (the first package URL)
``location``       ``software_downloadLocation`` (the first plain http(s) one)
``parameter.*``    ``ai_hyperparameter`` of a model, ``build_parameter`` of a step
``metric.*``       ``ai_metric`` of a model
``env.*``          ``build_environment`` of a step
``started``        ``build_buildStartTime`` (a UTC time to the second)
``finished``       ``build_buildEndTime`` (the same, and not before the start)
=================  ==========================================================

A fact on which sources disagree is not settled here: no property of SPDX takes it, and
every value stands in the extension. One declared unknown stands there as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aibom.bom import properties as names
from aibom.bom.losses import Loss, LossKind
from aibom.bom.native import component_fields, step_fields
from aibom.bom.spdx.names import Pairs
from aibom.lineage.nodes import Facts, Kind, Node, State

__all__ = ["extension_facts", "package_members", "step_members"]

#: Facts that are lists of name and value, by the SPDX property that takes them.
_DICTIONARIES = {
    Kind.MODEL: {"parameter.": "ai_hyperparameter", "metric.": "ai_metric"},
    Kind.STEP: {"parameter.": "build_parameter", "env.": "build_environment"},
}
_PACKAGE = {
    "name": "name",
    "version": "software_packageVersion",
    "description": "description",
    "purl": "software_packageUrl",
}
_STEP = {
    "name": "name",
    "timeStart": "build_buildStartTime",
    "timeEnd": "build_buildEndTime",
}
#: Pairs of (field, value) that stand in SPDX properties.
Native = frozenset[tuple[str, str]]


def package_members(node: Node) -> tuple[dict[str, Any], Native]:
    """The properties of an entity that is a package, and the facts they hold."""
    fields, held = component_fields(node)
    members = {_PACKAGE[key]: value for key, value in fields.items() if key in _PACKAGE}
    native = {pair for pair in held if pair[0] in ("name", "revision", "description")}
    if "software_packageUrl" in members:
        native.add(("source", members["software_packageUrl"]))
    if members["name"] == node.id:
        members["name"] = node.label
    places = sorted(value for field, value in held if field == "location")
    if places:
        members["software_downloadLocation"] = places[0]
        native.add(("location", places[0]))
    listed, pairs = _dictionaries(node)
    return {**members, **listed}, frozenset(native | pairs)


def step_members(step: Node) -> tuple[dict[str, Any], Native]:
    """The properties of a step, and the facts they hold."""
    fields, _, held = step_fields(step)
    members = {_STEP[key]: value for key, value in fields.items() if key in _STEP}
    members.setdefault("name", step.label)
    native = {pair for pair in held if pair[0] in ("label", "started", "finished")}
    listed, pairs = _dictionaries(step)
    return {**members, **listed}, frozenset(native | pairs)


def _dictionaries(node: Node) -> tuple[dict[str, Any], set[tuple[str, str]]]:
    """Lists of ``DictionaryEntry``; a contradicted one stays out of them."""
    members: dict[str, Any] = {}
    held: set[tuple[str, str]] = set()
    for prefix, member in _DICTIONARIES.get(node.kind, {}).items():
        pairs = [
            (field, str(node.value(field)))
            for field in node.fields()
            if field.startswith(prefix) and node.state(field) is State.KNOWN
        ]
        if pairs:
            members[member] = [
                {
                    "type": "DictionaryEntry",
                    "key": field.removeprefix(prefix),
                    "value": value,
                }
                for field, value in pairs
            ]
            held.update(pairs)
    return members, held


def extension_facts(
    carrier: Facts, where: str, native: Native = frozenset()
) -> tuple[Pairs, list[Loss]]:
    """All that is no property of SPDX, as name-value pairs, and what that loses.

    Origins and members that nobody knows are not carried in any form.
    """
    pairs: Pairs = []
    losses: list[Loss] = []
    for fact in carrier.facts:
        if fact.value is not None and (fact.field, fact.value) in native:
            continue
        if fact.value is None:
            pairs.append((names.UNKNOWN, fact.field))
        else:
            pairs.append((f"{names.FACT}{fact.field}", fact.value))
        losses.append(
            Loss(LossKind.EXTENSION_ONLY, fact.field, where, _why(carrier, fact.field))
        )
    losses += _not_carried(carrier, where)
    return pairs, losses


def _why(carrier: Facts, field: str) -> str:
    state = carrier.state(field)
    if state is State.CONTRADICTED:
        return "sources disagree, and SPDX has a place for one value only"
    if state is State.UNKNOWN:
        return "declared as unknown"
    return ""


def _not_carried(carrier: Facts, where: str) -> Iterator[Loss]:
    origins = set(carrier.origins)
    for fact in carrier.facts:
        origins |= fact.origins
    if origins:
        detail = "where it was read: cataloger, bytes, place in them"
        yield Loss(LossKind.NOT_CARRIED, "origins", where, detail, len(origins))
    for key in sorted(carrier.extra):
        detail = "a member that aibom keeps and does not know"
        yield Loss(LossKind.NOT_CARRIED, f"extra.{key}", where, detail)
