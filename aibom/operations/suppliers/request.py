"""Write down what to ask a supplier about one BOM, in the form that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from aibom.errors import InputError, UsageError
from aibom.operations.files import write_named
from aibom.operations.reporting.report import Asked, load_catalogue, report_and_material
from aibom.operations.suppliers.questions import Questionnaire, questionnaire
from aibom.reading import MAX_YAML_BYTES

__all__ = ["FORMS", "Requested", "form_of", "known_questions", "request_answers"]


@dataclass(frozen=True, slots=True)
class Requested:
    """What was asked; ``path`` is None where nothing was left to ask."""

    path: Path | None
    questions: int
    things: int


def _yaml(asked: Questionnaire) -> bytes:
    from aibom.operations.suppliers.forms import yaml_form

    data = yaml_form(asked)
    if len(data) > MAX_YAML_BYTES:
        raise InputError(
            f"{len(data):,} bytes of YAML, more than is read back",
            reason="questions-too-many",
            hint="ask with a spreadsheet: -o questions.xlsx",
        )
    return data


def _xlsx(asked: Questionnaire) -> bytes:
    from aibom.operations.suppliers.xlsx import xlsx_form

    return xlsx_form(asked)


def _html(asked: Questionnaire) -> bytes:
    from aibom.operations.suppliers.html import html_form

    return html_form(asked)


#: Ending of the file → what writes it.
FORMS: Mapping[str, Callable[[Questionnaire], bytes]] = MappingProxyType(
    {".xlsx": _xlsx, ".yaml": _yaml, ".yml": _yaml, ".html": _html}
)


def form_of(path: Path) -> Callable[[Questionnaire], bytes]:
    """What writes a file of this name.

    Raises :class:`~aibom.errors.UsageError` (``questions-format-unknown``).
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise UsageError(
            f"questions are written as {', '.join(FORMS)}",
            reason="questions-format-unknown",
            where=str(path),
            hint="for example: -o questions.xlsx",
        )
    return form


def request_answers(
    bom: Path,
    output: Path,
    asked: Asked,
    now: datetime,
    *,
    everything: bool = False,
) -> Requested:
    """Ask what a report on the BOM leaves open; ``everything`` asks all of it.

    Nothing is written where nothing is left to ask. Raises what
    :func:`~aibom.operations.reporting.report.make_report` raises,
    ``questions-format-unknown``, ``questions-too-many``, and ``extra-missing`` for
    spreadsheets without openpyxl.
    """
    form = form_of(output)
    report, material = report_and_material(bom, asked, now)
    found = questionnaire(report, material, load_catalogue(), everything=everything)
    if not found.questions:
        return Requested(None, 0, 0)
    write_named(output, form(found))
    return Requested(output, len(found.questions), found.things)


def known_questions() -> tuple[str, ...]:
    """The ids of all questions that there are."""
    return tuple(question.id for question in load_catalogue().questions)
