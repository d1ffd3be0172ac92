"""From what was read and checked to the report: pure, and the same every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aibom.lineage.graph import disagreements
from aibom.lineage.nodes import Kind, Relation
from aibom.report.diligence.answers import answer
from aibom.report.diligence.areas import area, strengthening, with_request
from aibom.report.diligence.catalogue import Catalogue
from aibom.report.diligence.findings import findings
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import (
    Answer,
    Ratio,
    Report,
    Request,
    Status,
    Subject,
)
from aibom.report.diligence.pointers import resolve, text_of
from aibom.report.diligence.sections import sections
from aibom.report.diligence.weakest import weakest_path
from aibom.report.diligence.words import GLOSSARY, IS_NOT
from aibom.report.tree import draw_tree

__all__ = ["build_report"]

_SHOWN = 6
_TREE_LINES = 400
#: Disagreements that are listed; all of them stand in the answers.
_MOST_CONFLICTS = 50


def build_report(
    material: Material, catalogue: Catalogue, completeness: Sequence[Ratio] = ()
) -> Report:
    """Answer every question of the catalogue, and lay the answers out."""
    asked = [answer(material, question) for question in catalogue.questions]
    answers = {one.id: one for one in asked}
    areas = tuple(area(catalogue, one.id, answers) for one in catalogue.areas)
    requests = tuple(_requests(material, catalogue, asked))
    told = tuple(with_request(one) for one in asked)
    subject = _subject(material, answers)
    path, why = weakest_path(material)
    verdict = material.verdict
    return Report(
        subject=subject,
        made=verdict.effective_time,
        tool=verdict.tool,
        is_this=_is_this(material),
        is_not=IS_NOT,
        learned_from=tuple(_learned_from(material)),
        areas=areas,
        answers=told,
        counts={s: sum(1 for a in asked if a.status is s) for s in Status},
        weakest=path,
        weakest_why=why,
        conflicts=tuple(_conflicts(material)),
        findings=findings(verdict),
        requests=requests,
        sections=sections(material, subject, told, requests),
        glossary=GLOSSARY,
        tree=draw_tree(material.graph, max_nodes=_TREE_LINES),
        policy=f"{verdict.inputs.policy} {verdict.inputs.policy_version}".strip(),
        policy_digest=verdict.inputs.policy_digest,
        completeness=tuple(completeness),
    )


def _is_this(material: Material) -> tuple[str, ...]:
    """What this report is, in three sentences that fit this run."""
    first = (
        "What one document says of a product, sorted by what each statement is worth: "
        "proved, stated and signed, only stated, not provided, conflicting."
    )
    if not material.evidence_given:
        second = (
            "It was made from the BOM alone, so that hardly anything could be proved. "
            "With signed records beside it (--evidence) and the signers you believe "
            "(--signers or --policy) it says more."
        )
    elif not material.signers_given:
        second = "Evidence was read, but no signer is known here: none of it counts."
    else:
        second = "Signatures in the evidence were verified, by signers that you listed."
    return (first, second)


def _first(material: Material, *pointers: str) -> str:
    for pointer in pointers:
        for _, value in resolve(material.document, pointer):
            if text := text_of(value):
                return text
    return ""


def _subject(material: Material, answers: Mapping[str, Answer]) -> Subject:
    root = material.node(material.root)
    names = root.values("name")
    spec = _first(material, "/specVersion")
    form = _first(material, "/bomFormat")
    tool = _first(
        material,
        *("/metadata/tools/components/*/name", "/metadata/tools/*/name"),
    )
    version = answers.get("identity.version")
    supplier = answers.get("identity.supplier")
    return Subject(
        name=names[0] if names else "",
        kind=root.kind.value,
        version=_said(version),
        digest=str(root.digest) if root.digest else "",
        supplier=_said(supplier),
        bom_name=material.file.name,
        bom_digest=material.file.digest,
        bom_date=_first(material, "/metadata/timestamp"),
        bom_format=f"{form} {spec}".strip(),
        bom_tool=tool,
        serial=_first(material, "/serialNumber"),
        problems=material.file.problems,
        readable=material.file.readable,
    )


def _said(found: Answer | None) -> str:
    texts = [e.text for e in found.entries if e.text] if found else []
    return "; ".join(texts[:3])


def _learned_from(material: Material) -> Iterator[str]:
    """Lines for the first page: what it learned from, by kind."""
    words = {
        Kind.DATASET: ("dataset", "datasets"),
        Kind.MODEL: ("other model", "other models"),
        Kind.SERVICE: ("service", "services"),
        Kind.CODE: ("piece of code", "pieces of code"),
    }
    for kind, (one, many) in words.items():
        names = [
            material.node(name).label
            for name in material.names
            if material.node(name).kind is kind and name != material.root
        ]
        if names or kind in (Kind.DATASET, Kind.MODEL):
            count = len(names)
            shown = ", ".join(names[:_SHOWN])
            more = f" and {count - _SHOWN:,} more" if count > _SHOWN else ""
            noun = one if count == 1 else many
            yield f"{count:,} {noun}: {shown}{more}" if count else f"no {one} is named"
    labelers = {
        edge.target
        for edge in material.graph.edges
        if edge.role == "labeler"
        and edge.relation in (Relation.PERFORMED_BY, Relation.ATTRIBUTED_TO)
    }
    count = len(labelers)
    yield (
        f"{count:,} labeler{'' if count == 1 else 's'} named"
        if count
        else ("no labeler is named")
    )


def _conflicts(material: Material) -> Iterator[str]:
    yield from material.conflicts
    told = disagreements(material.graph)
    yield from told[:_MOST_CONFLICTS]
    if len(told) > _MOST_CONFLICTS:
        yield f"and {len(told) - _MOST_CONFLICTS:,} more disagreements"


_WHY = {
    Status.CONFLICTING: "sources disagree",
    Status.MISSING: "not provided",
    Status.STATED: "stated, without proof",
}


def _requests(
    material: Material, catalogue: Catalogue, answers: Sequence[Answer]
) -> Iterator[Request]:
    """What to ask, the conflicts first, then what is missing, then proof."""
    if material.file.problems:
        yield Request(
            "document.valid",
            "",
            "Send a BOM that is valid CycloneDX; the places to correct stand in "
            "section 1.",
            f"{len(material.file.problems):,} problems in the document",
        )
    areas = {question.id: question.area for question in catalogue.questions}
    for wanted, why in _WHY.items():
        for one in answers:
            if one.status is wanted and one.request:
                yield Request(
                    one.id, areas[one.id], strengthening(one), why, _lacking(one)
                )


def _lacking(one: Answer) -> tuple[str, ...]:
    """The parts that a request is about: those that are as badly known."""
    best: dict[str, Status] = {}
    for entry in one.entries:
        best.setdefault(entry.node, entry.status)
    names = {e.node: e.name for e in one.entries}
    return tuple(names[n] for n, status in best.items() if status is one.status)
