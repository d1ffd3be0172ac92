"""Argilla: exported records with responses of people and suggestions of models.

Read are records as ``to_json`` writes them, as the API has them, and flattened into
columns as ``to_datasets`` and the Hub have them. The guideline is in the settings
beside them (``.argilla/settings.json``, ``settings.json``).

Source: argilla 2.8.0 ``records/_io/_generic.py``, ``_models/_record/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.data_records import RECORD_FINDINGS, Troubles, json_records
from aibom.catalogers.documents import (
    DOCUMENT_FINDINGS,
    UNREAD,
    parse_json,
    text_of,
)
from aibom.catalogers.label_kinds import MAY_BE_JSON, argilla_questions, label_kind
from aibom.catalogers.label_texts import texts_in
from aibom.catalogers.labels import LABEL_FINDINGS, Tally
from aibom.catalogers.notes import Notes
from aibom.catalogers.place import TooLarge
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_SETTINGS = (".argilla/settings.json", "settings.json")
_MAX_SETTINGS = 1024 * 1024
_MAX_GUIDELINES = 10_000


def _wants(path: str, form: str) -> bool:
    return path.lower().endswith(MAY_BE_JSON)


def _read(notes: Notes) -> None:
    if label_kind(notes) != "argilla":
        return
    troubles, tally = Troubles(), Tally()
    for _, record in json_records(notes, troubles):
        for who, values in (*_responses(record), *_flat_responses(record)):
            tally.add(who, values)
        for agent, values in (*_suggestions(record), *_flat_suggestions(record)):
            tally.add_prediction(agent, values)
    _, step = tally.write(notes)
    troubles.tell(notes)
    _guidelines(notes, step)


_Given = tuple[str | None, list[str]]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _responses(record: dict[str, Any]) -> Iterator[_Given]:
    """``{question: [{value, user_id}]}``, or ``[{values, status, user_id}]``."""
    given = record.get("responses")
    if isinstance(given, dict):
        for answers in given.values():
            for answer in _dicts(answers):
                yield text_of(answer.get("user_id")), texts_in(answer.get("value"))
    for answer in _dicts(given):
        values = answer.get("values")
        chosen = values.values() if isinstance(values, dict) else ()
        for one in chosen:
            value = one.get("value") if isinstance(one, dict) else None
            yield text_of(answer.get("user_id")), texts_in(value)


def _suggestions(record: dict[str, Any]) -> Iterator[_Given]:
    given = record.get("suggestions")
    listed = list(given.values()) if isinstance(given, dict) else given
    for one in _dicts(listed):
        # What a person suggested says so; what does not say is a model's.
        yield text_of(one.get("agent")), texts_in(one.get("value"))


def _flat_responses(record: dict[str, Any]) -> Iterator[_Given]:
    for question in sorted(set(argilla_questions(record))):
        users = record.get(f"{question}.responses.users")
        values = record.get(f"{question}.responses")
        if isinstance(users, list) and isinstance(values, list):
            for index, value in enumerate(values):
                who = users[index] if index < len(users) else None
                yield text_of(who), texts_in(value)
        for answer in _dicts(record.get(question)):
            if "user_id" in answer:
                yield text_of(answer["user_id"]), texts_in(answer.get("value"))


def _flat_suggestions(record: dict[str, Any]) -> Iterator[_Given]:
    for question in sorted(set(argilla_questions(record))):
        dotted, dashed = f"{question}.suggestion", f"{question}-suggestion"
        if record.get(dotted) is not None:
            agent = record.get(f"{dotted}.agent")
            yield text_of(agent), texts_in(record[dotted])
        if record.get(dashed) is not None:
            told = record.get(f"{dashed}-metadata")
            agent = told.get("agent") if isinstance(told, dict) else None
            yield text_of(agent), texts_in(record[dashed])


def _guidelines(notes: Notes, step: str) -> None:
    """The guideline in the settings that lie beside the records, with their digest."""
    for name in _SETTINGS:
        path = f"{notes.folder}/{name}" if notes.folder else name
        if not notes.place.has(path):
            continue
        try:
            text = notes.place.read(path, _MAX_SETTINGS).decode("utf-8", "replace")
        except TooLarge as error:
            notes.skip("settings-too-large", "", str(error))
            continue
        settings = parse_json(notes, text)
        if settings is UNREAD or not isinstance(settings, dict):
            continue
        told = settings.get("guidelines")
        if isinstance(told, str) and told.strip():
            identity = {"file": notes.place.sha256(path), "at": "/guidelines"}
            facts = {"description": told[:_MAX_GUIDELINES]}
            named = notes.entity(Kind.GUIDELINE, identity, "", facts)
            notes.edge(step, Relation.USED, named, "guideline")


CATALOGER = Cataloger(
    id="argilla",
    title="Argilla records (JSON)",
    wants=_wants,
    read=_read,
    supplies=(
        "labelers under pseudonyms (of their user ids), with the answers of each, by "
        "class: one response to one question is one annotation",
        "models that made suggestions, as the export names their agents",
        "the guideline, where the settings lie beside the records",
    ),
    cannot=(
        "tell when anything was labelled: the export does not say",
        "read responses in Parquet, which is how the Hub has them",
    ),
    findings={
        **RECORD_FINDINGS,
        **LABEL_FINDINGS,
        **DOCUMENT_FINDINGS,
        "settings-too-large": "settings larger than are read; the guideline is not "
        "known",
    },
)
