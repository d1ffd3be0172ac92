"""From what was read and checked to the report: pure, and the same every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aibom.lineage.graph import disagreements
from aibom.lineage.nodes import Kind, Relation
from aibom.report.diligence.answers import answer, bearing_on
from aibom.report.diligence.areas import area, strengthening, with_request
from aibom.report.diligence.catalogue import Catalogue
from aibom.report.diligence.findings import findings, grouped
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
#: Where the answers of suppliers come from.
_ANSWERS = "supplier-answers"
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
    """What this report is, in sentences that fit this run."""
    first = (
        "What one document says of a product, sorted by what each statement is worth: "
        "proved, stated and signed, only stated, not provided, conflicting."
    )
    if not material.evidence_given:
        second = (
            "No signed evidence was given, so that hardly anything could be proved. "
            "With signed records beside the BOM (--evidence) and the signers you "
            "believe (--signers or --policy) it says more."
        )
    elif not material.signers_given:
        second = "Evidence was read, but no signer is known here: none of it counts."
    else:
        second = "Signatures in the evidence were verified, by signers that you listed."
    third = (
        "No bytes of the artifact were read (--artifact), so that digests are compared "
        "with records and not with what you were given."
        if material.artifact is None
        else "The bytes of the artifact were read, and hashed."
    )
    return (first, second, third)


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
    """What the BOM itself says; what a supplier answered stands with the question."""
    entries = found.entries if found else ()
    texts = [
        entry.text
        for entry in entries
        if entry.text and all(s.cataloger != _ANSWERS for s in entry.sources)
    ]
    return "; ".join(texts[:3])


def _learned_from(material: Material) -> Iterator[str]:
    """Lines for the first page: what it learned from, by kind."""
    upstream = {name for name in material.names if material.is_connected(name)}
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
            if material.node(name).kind is kind
            and name != material.root
            and name in upstream
        ]
        if names or kind in (Kind.DATASET, Kind.MODEL):
            count = len(names)
            shown = ", ".join(names[:_SHOWN])
            more = f" and {count - _SHOWN:,} more" if count > _SHOWN else ""
            noun = one if count == 1 else many
            yield f"{count:,} {noun}: {shown}{more}" if count else f"no {one} is named"
    yield _labelers(material, upstream)
    yield from _beside(material, upstream)


def _labelers(material: Material, upstream: set[str]) -> str:
    """Those who labelled what it learned from, as pseudonyms."""
    found = {
        material.node(edge.target).label
        for edge in material.graph.edges
        if edge.role == "labeler"
        and edge.source in upstream
        and edge.relation in (Relation.PERFORMED_BY, Relation.ATTRIBUTED_TO)
    }
    if not found:
        return "no labeler is named"
    names = sorted(found)
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    noun = "labeler" if len(names) == 1 else "labelers"
    return f"{len(names):,} {noun}: {', '.join(names[:_SHOWN])}{more}"


def _beside(material: Material, upstream: set[str]) -> Iterator[str]:
    """What is named and is not on any way to the product: a test set, for example."""
    names = [
        node.label
        for name, node in sorted(material.graph.nodes.items())
        if node.kind in (Kind.DATASET, Kind.MODEL) and name not in upstream
    ]
    if names:
        shown = ", ".join(names[:_SHOWN])
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        yield (
            f"named as well, and on no way that is told to the product: {shown}{more}"
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
    """What to ask: what blocks first, what else is wrong, conflicts, gaps, proof."""
    areas = {question.id: question.area for question in catalogue.questions}
    asked = [one for one in answers if one.request]
    blocking = [one for one in asked if one.blocking]
    parts = _parts(material, catalogue)
    for one in sorted(blocking, key=_failing_first):
        yield _request(one, areas, parts[one.id])
    yield from _of_rules(material, blocking, catalogue)
    yield from _of_document(material)
    rest = [one for one in asked if not one.blocking]
    for one in rest:
        if one.failed:
            yield _request(one, areas, parts[one.id])
    for wanted in _WHY:
        for one in rest:
            if one.status is wanted and not one.failed:
                yield _request(one, areas, parts[one.id])


def _parts(material: Material, catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Of each question, what the things are called that it is asked of."""
    called = {
        whom: tuple(
            dict.fromkeys(material.node(name).label for name in material.about(whom))
        )
        for whom in {question.about for question in catalogue.questions}
    }
    return {question.id: called[question.about] for question in catalogue.questions}


def _of_document(material: Material) -> Iterator[Request]:
    """What is wrong with the document; that it names no product is no fault of form."""
    problems = material.file.problems
    nameless = [one for one in problems if one[1] == "main-missing"]
    if nameless:
        yield Request(
            "document.about",
            "",
            "Say in /metadata/component what the BOM describes: name, version, "
            "supplier and digest. CycloneDX does not demand it; without it nobody can "
            "tell which product this is about.",
            "the document does not say what it is about",
        )
    left = len(problems) - len(nameless)
    if left:
        yield Request(
            "document.valid",
            "",
            "Send a BOM that is valid CycloneDX; the places to correct stand in "
            "section 1.",
            f"{left:,} problem{'' if left == 1 else 's'} in the document",
        )


def _failing_first(one: Answer) -> bool:
    return not one.failed


def _request(one: Answer, areas: Mapping[str, str], parts: tuple[str, ...]) -> Request:
    """What is asked about one question, and why; ``parts`` are all that it is about."""
    notes = one.blocking or one.failed[:1]
    told = [
        f"rule {note.rule} {'blocks' if note.blocks else 'fails'}: {note.reason}"
        for note in notes
    ]
    reasons = told if one.failed else [_WHY[one.status], *told]
    about = one.wrong
    return Request(
        one.id,
        areas[one.id],
        strengthening(one),
        "; ".join(dict.fromkeys(reasons)),
        about or _lacking(one) or parts,
        bool(one.blocking),
    )


def _of_rules(
    material: Material, asked: Sequence[Answer], catalogue: Catalogue
) -> Iterator[Request]:
    """What blocks, and that no question asks about: the finding is the request.

    A question may ask about one thing that a rule blocks for, and not about another.
    """
    ids = {one.id for one in asked}
    told = {
        (result.rule, result.node)
        for question in catalogue.questions
        if question.id in ids
        for result in bearing_on(material, question)
    }
    rest = [
        result
        for result in material.verdict.findings
        if result.blocks and (result.rule, result.node) not in told
    ]
    for found in grouped(rest):
        why = f"rule {found.rule} blocks: {found.reason}"
        text = f"{found.about}: {found.actual or found.reason}. {found.remedy}"
        yield Request(f"rule.{found.rule}", "", text.strip(), why, blocks=True)


def _lacking(one: Answer) -> tuple[str, ...]:
    """The parts that a request is about: those that are as badly known."""
    best: dict[str, Status] = {}
    for entry in one.entries:
        best.setdefault(entry.node, entry.status)
    names = {e.node: e.name for e in one.entries}
    return tuple(names[n] for n, status in best.items() if status is one.status)
