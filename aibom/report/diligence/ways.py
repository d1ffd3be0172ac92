"""The ways in which a question can be answered, from facts, edges, steps and audits.

Each takes the material, a node and the words to look for, and gives entries: what is
said, what that is worth in this run, and where it was read. None makes anything up:
where nothing is said it gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from types import MappingProxyType

from aibom.lineage.assurance import Assurance, Level, edge_assurance, fact_assurance
from aibom.lineage.evidence import Evidence
from aibom.lineage.nodes import Edge, Facts, Kind, Node, Origin, Relation, State
from aibom.report.diligence.catalogue import Way
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Entry, Status
from aibom.report.diligence.pointers import resolve, text_of

__all__ = ["STATUS_OF", "WAYS", "WayOf", "entry_of", "making_steps"]

WayOf = Callable[[Material, str, Way], Iterator[Entry]]

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
_MEASUREMENTS = 3
#: In place of an answer: what generators and people write where there is none.
_PLACEHOLDERS = frozenset(
    {
        *("", "-", "?", "n/a", "na", "none", "null", "nil", "tbd", "todo"),
        *("unknown", "undefined", "unspecified", "not specified", "not provided"),
        *("not available", "not applicable", "noassertion", "no assertion"),
        *("no information available", "no description available"),
    }
)


def is_placeholder(text: str) -> bool:
    """Whether it is one of the words that tools write where they know nothing."""
    return text.strip().strip(".").casefold() in _PLACEHOLDERS


def entry_of(node: Node, status: Status, text: str, **more: object) -> Entry:
    """An entry about a node; its digest and name are the node's."""
    digest = str(node.digest) if node.digest else ""
    return Entry(node.id, node.label, status, text, digest=digest, **more)  # type: ignore[arg-type]


def _origins(facts: Facts, name: str, value: str | None = None) -> tuple[Origin, ...]:
    found = {
        origin
        for fact in facts.facts
        if fact.field == name and (value is None or fact.value == value)
        for origin in fact.origins
    }
    return tuple(sorted(found))


def _by(item: Evidence | None) -> dict[str, str]:
    """Who signed, and in which file."""
    if item is None or item.signer is None:
        return {}
    return {"signer": item.signer.name, "evidence": item.location}


# ── facts of the thing itself ──


def _facts(material: Material, name: str, way: Way) -> Iterator[Entry]:
    node = material.node(name)
    for field in way.words:
        yield from _fact(material, node, node, field)


def _fact(material: Material, node: Node, holder: Node, field: str) -> Iterator[Entry]:
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
            sources=_origins(holder, field),
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
                sources=_origins(holder, field, value),
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
            sources=_origins(holder, field, value),
            **_by(item),
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


# ── edges ──


def _edge_entry(
    material: Material, node: Node, edge: Edge, text: str, field: str
) -> Entry:
    worth = edge_assurance(edge, material.evidence)
    item = None
    if worth.level is Level.ATTESTED:
        owning = material.evidence.owning(edge.source)
        item = next((i for i in owning if i.graph and i.graph.edge(edge.key)), None)
    origins = _origins(edge, field) or tuple(sorted(edge.origins))
    return entry_of(
        node,
        STATUS_OF[worth.level],
        text,
        basis=worth.basis,
        field=field,
        sources=origins,
        date=_date(material, edge),
        **_by(item),
    )


def _date(material: Material, edge: Edge) -> str:
    """When the step of an edge ended, as far as that is told."""
    source = material.node(edge.source)
    return source.value("finished") or "" if source.kind is Kind.STEP else ""


def _edge_facts(material: Material, name: str, way: Way) -> Iterator[Entry]:
    """What the steps that used it say of where they took it from."""
    node = material.node(name)
    for edge in material.graph.edges_into(name, Relation.USED):
        for field in way.words:
            for value in edge.values(field):
                yield _edge_entry(material, node, edge, value, field)


def making_steps(material: Material, name: str, kinds: tuple[str, ...]) -> list[Node]:
    """The steps that generated a thing, of these kinds; of all kinds for none."""
    steps = [material.node(s) for s in material.graph.generating_steps(name)]
    return [s for s in steps if not kinds or set(kinds) & set(s.values("step"))]


def _parties(material: Material, name: str, way: Way) -> Iterator[Entry]:
    node = material.node(name)
    attributed = material.graph.edges_from(name, Relation.ATTRIBUTED_TO)
    edges = [edge for edge in attributed if edge.role in way.words]
    if way.steps:
        for step in making_steps(material, name, way.steps):
            performed = material.graph.edges_from(step.id, Relation.PERFORMED_BY)
            edges += [edge for edge in performed if edge.role in way.words]
    for edge in edges:
        party = edge.target.removeprefix("party:")
        yield _edge_entry(material, node, edge, f"{edge.role} {party}", edge.role)


def _inputs(material: Material, name: str, way: Way) -> Iterator[Entry]:
    """Things of a role that the steps used which made it."""
    node = material.node(name)
    for step in making_steps(material, name, way.steps):
        for edge in material.graph.edges_from(step.id, Relation.USED):
            if edge.role in way.words:
                used = material.node(edge.target)
                digest = f", {used.digest}" if used.digest else ""
                text = f"{edge.role} {used.label}{digest}"
                yield _edge_entry(material, node, edge, text, edge.role)


def _relations(material: Material, name: str, way: Way) -> Iterator[Entry]:
    node = material.node(name)
    for word in way.words:
        for edge in material.graph.edges_from(name, Relation(word)):
            target = material.node(edge.target)
            digest = f", {target.digest}" if target.digest else ", without a digest"
            text = f"{word.replace('-', ' ')} {target.label}{digest}"
            yield _edge_entry(material, node, edge, text, word)


# ── steps ──


def _steps(material: Material, name: str, way: Way) -> Iterator[Entry]:
    node = material.node(name)
    for step in making_steps(material, name, way.steps):
        edges = material.graph.edges_from(step.id, Relation.GENERATED)
        edge = next(edge for edge in edges if edge.target == name)
        told = step.value("label")
        kind = " or ".join(step.values("step"))
        named = f"{kind} ({told})" if told and told != kind else kind
        used = [
            f"{e.role} {material.node(e.target).label}"
            for e in material.graph.edges_from(step.id, Relation.USED)
        ]
        said = ", ".join(used[:6]) or "nothing that is named"
        text = f"made by the step {named} from {said}"
        more = f" and {len(used) - 6} more" if len(used) > 6 else ""
        yield _edge_entry(material, node, edge, f"{text}{more}", "step")


def _step_facts(material: Material, name: str, way: Way) -> Iterator[Entry]:
    node = material.node(name)
    for step in making_steps(material, name, way.steps):
        for field in way.words:
            for entry in _fact(material, node, step, field):
                yield _named(entry, " or ".join(step.values("step")), field)


def _named(entry: Entry, step: str, field: str) -> Entry:
    return replace(entry, text=f"{step} {field}: {entry.text}")


def _parameters(material: Material, name: str, way: Way) -> Iterator[Entry]:
    inner = Way("step-facts", tuple(f"parameter.{word}" for word in way.words))
    yield from _step_facts(material, name, inner)


# ── examinations ──


def _audits(material: Material, name: str, way: Way) -> Iterator[Entry]:
    """Audits that name exactly these bytes; what they found is told as they say it."""
    node = material.node(name)
    for item in material.evidence.about(node.digest):
        audit = item.audit
        if audit is None or not any(fnmatchcase(audit.type, w) for w in way.words):
            continue
        whole = sorted(audit.measurements, key=lambda m: (len(m.slice), m))
        shown = "; ".join(
            f"{m.metric} {m.value:g} over {m.samples:,} samples"
            f"{''.join(f', {k} {v}' for k, v in m.slice)}"
            for m in whole[:_MEASUREMENTS]
        )
        left = len(whole) - _MEASUREMENTS
        more = f" and {left:,} more numbers" if left > 0 else ""
        status = Status.SIGNED if item.trusted else Status.STATED
        basis = f"an audit of exactly this digest, {_signed_or_not(item)}"
        yield entry_of(
            node,
            status,
            f"{audit.type} with {audit.tool}: {shown}{more}",
            basis=basis,
            field=audit.type,
            sources=(Origin("audit", item.id),),
            date=f"{audit.examined_on:%Y-%m-%d}",
            **(_by(item) or {"evidence": item.location}),
        )


def _signed_or_not(item: Evidence) -> str:
    if item.signer is not None:
        return f"signed by {item.signer.name}"
    return f"not signed by anybody you listed ({item.refusal or 'unsigned'})"


# ── what a BOM says beside its lineage ──


def _elements(material: Material, name: str, way: Way) -> Iterator[Entry]:
    place, element = material.elements.get(name, ("", None))
    for word in way.words:
        yield from _texts(material, name, element, place, word)


def _document(material: Material, name: str, way: Way) -> Iterator[Entry]:
    for word in way.words:
        yield from _texts(material, name, material.document, "", word)


def _texts(
    material: Material, name: str, inside: object, place: str, word: str
) -> Iterator[Entry]:
    if not material.file.readable:
        return
    for where, value in resolve(inside, word):
        text = text_of(value)
        if text is not None and not is_placeholder(text):
            yield entry_of(
                material.node(name),
                Status.STATED,
                text,
                basis="stated by the BOM, not attested",
                field=word.rpartition("/")[2],
                sources=(Origin("bom", material.file.digest, f"{place}{where}"),),
            )


WAYS: Mapping[str, WayOf] = MappingProxyType(
    {
        "facts": _facts,
        "edge-facts": _edge_facts,
        "parties": _parties,
        "inputs": _inputs,
        "relations": _relations,
        "steps": _steps,
        "step-facts": _step_facts,
        "parameters": _parameters,
        "audits": _audits,
        "elements": _elements,
        "document": _document,
    }
)
