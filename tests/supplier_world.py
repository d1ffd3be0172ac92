"""Questionnaires of the small world, and how a supplier would fill them in."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from worlds import NOW, World

from aibom.attest.answers_statement import ANSWERS_V1
from aibom.attest.document_statement import DOCUMENT_V1
from aibom.attest.signers import AllowedSigner
from aibom.operations.reporting.report import Asked, report_and_material
from aibom.operations.suppliers.imported import Imported, import_answers
from aibom.operations.suppliers.questions import Questionnaire, questionnaire
from aibom.operations.suppliers.request import (
    known_questions,
    load_catalogue,
    request_answers,
)
from aibom.report.diligence.material import Material

SUPPLIER = "org:Acme"


def material_of(world: World, **asked: Any) -> Material:
    return report_and_material(world.bom, Asked(**asked), NOW)[1]


def questions_of(world: World, *, everything: bool = False) -> Questionnaire:
    report, material = report_and_material(world.bom, Asked(), NOW)
    return questionnaire(report, material, load_catalogue(), everything=everything)


def requested(world: World, name: str = "questions.yaml") -> Path:
    path = world.root / name
    request_answers(world.bom, path, Asked(), NOW)
    return path


def filled(world: World, edit: Callable[[dict[str, Any]], object]) -> Path:
    """The questionnaire as JSON, as the page saves it, changed by ``edit``."""
    from aibom.operations.suppliers.forms import as_document

    document = as_document(questions_of(world))
    edit(document)
    path = world.root / "answers.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def one(document: dict[str, Any], question: str, name: str = "") -> dict[str, Any]:
    """The first entry for a question, about the thing of a name."""
    return next(
        entry
        for entry in document["questions"]
        if entry["id"].startswith(f"{question}@") and name in entry["about"]["name"]
    )


def answering(
    question: str, name: str = "", **values: Any
) -> Callable[[dict[str, Any]], object]:
    return lambda document: one(document, question, name).update(values)


def imported(world: World, path: Path, **options: Any) -> Imported:
    given = {
        "by": SUPPLIER,
        "received": NOW,
        "now": NOW,
        "output": world.root / "answers",
        "known": known_questions(),
    }
    return import_answers(path, **{**given, **options})


def allowing(
    signers: tuple[AllowedSigner, ...],
    role: str,
    party: str | None = SUPPLIER,
    namespaces: tuple[str, ...] = ("acme/**",),
) -> tuple[AllowedSigner, ...]:
    """The same signers; that of ``role`` may answer as ``party``."""
    return tuple(
        replace(
            one,
            signer=replace(one.signer, party=party),
            predicates=one.predicates | {ANSWERS_V1, DOCUMENT_V1},
            namespaces=namespaces,
        )
        if one.signer.role == role
        else one
        for one in signers
    )


def rezipped(
    data: bytes,
    change: Mapping[str, bytes | None] | None = None,
    edit: Callable[[str, bytes], bytes] = lambda _, part: part,
) -> bytes:
    """A spreadsheet with parts replaced, added, or (None) left out."""
    held = io.BytesIO()
    changes = dict(change or {})
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            part = changes.pop(name, source.read(name))
            if part is not None:
                target.writestr(name, edit(name, part))
        for name, part in changes.items():
            if part is not None:
                target.writestr(name, part)
    return held.getvalue()
