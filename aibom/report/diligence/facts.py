"""Entries from facts: what they are worth in this run, and where they were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from aibom.lineage.assurance import Assurance, Level, fact_assurance
from aibom.lineage.evidence import Evidence
from aibom.lineage.nodes import Facts, Node, Origin, State
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Entry, Status
from aibom.report.fillers import Said, text_says

__all__ = [
    "STATUS_OF",
    "entry_of",
    "fact_entries",
    "is_placeholder",
    "origins_of",
    "plain_basis",
    "signed_by",
]

#: What a level of assurance is called here.
STATUS_OF: Mapping[Level, Status] = MappingProxyType(
    {
        Level.VERIFIED: Status.PROVED,
        Level.ATTESTED: Status.SIGNED,
        Level.CLAIMED: Status.STATED,
        Level.UNKNOWN: Status.MISSING,
        Level.MISSING: Status.MISSING,
        Level.CONTRADICTED: Status.CONFLICTING,
    }
)


def is_placeholder(text: str) -> bool:
    """Whether it says nothing, or only that something is not known."""
    return text_says(text) is not Said.SOMETHING


def entry_of(node: Node, status: Status, text: str, **more: object) -> Entry:
    """An entry about a node; its digest and name are the node's."""
    digest = str(node.digest) if node.digest else ""
    more["basis"] = plain_basis(str(more.get("basis", "")))
    return Entry(node.id, node.label, status, text, digest=digest, **more)  # type: ignore[arg-type]


def plain_basis(basis: str) -> str:
    """Why something has its status, in the report's own words for what it is worth."""
    return basis.replace("not attested", "not signed by anybody who answers for it")


def origins_of(facts: Facts, name: str, value: str | None = None) -> tuple[Origin, ...]:
    """Every place where a field, or one value of it, was read."""
    found = {
        origin
        for fact in facts.facts
        if fact.field == name and (value is None or fact.value == value)
        for origin in fact.origins
    }
    return tuple(sorted(found))


def signed_by(item: Evidence | None) -> dict[str, str]:
    """Who signed, and in which file."""
    if item is None or item.signer is None:
        return {}
    return {"signer": item.signer.name, "evidence": item.location}


def fact_entries(
    material: Material, node: Node, holder: Node, field: str
) -> Iterator[Entry]:
    """What ``holder`` says in one field, told about ``node``; nothing where it is not.

    ``holder`` is the node itself, or a step that made it.
    """
    state = holder.state(field)
    if state is State.MISSING:
        return
    if state in (State.UNKNOWN, State.CONTRADICTED):
        worth = fact_assurance(holder, field, material.evidence)
        said = " / ".join(
            f.value or "unknown" for f in holder.facts if f.field == field
        )
        text = said if state is State.CONTRADICTED else "declared as unknown"
        yield entry_of(
            node,
            STATUS_OF[worth.level],
            text,
            basis=worth.basis,
            field=field,
            sources=origins_of(holder, field),
        )
        return
    for value in holder.values(field):
        if is_placeholder(value):
            yield entry_of(
                node,
                Status.MISSING,
                f"declared as unknown ({value})",
                basis="a word for nothing stands where the answer should be",
                field=field,
                sources=origins_of(holder, field, value),
            )
            continue
        worth = fact_assurance(holder, field, material.evidence, value)
        item = _attesting(material, holder, field, value, worth)
        yield entry_of(
            node,
            STATUS_OF[worth.level],
            value,
            basis=worth.basis,
            field=field,
            sources=origins_of(holder, field, value),
            **signed_by(item),
        )


def _attesting(
    material: Material, node: Node, field: str, value: str, worth: Assurance
) -> Evidence | None:
    if worth.level is not Level.ATTESTED:
        return None
    for item in material.evidence.owning(node.id):
        stated = item.graph.nodes.get(node.id) if item.graph else None
        if stated is not None and value in stated.values(field):
            return item
    return None
