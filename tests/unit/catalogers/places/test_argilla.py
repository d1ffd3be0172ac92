"""Argilla: responses of people and suggestions of models, in all forms of records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.argilla import CATALOGER
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import pseudonym, read
from tests.label_world import counts_of, step_of

#: As ``to_json`` writes a record.
RECORD = {
    "id": "1",
    "fields": {"text": "a"},
    "metadata": {},
    "suggestions": {"mood": {"value": "good", "score": 0.9, "agent": "gpt-x"}},
    "responses": {"mood": [{"value": "good", "user_id": "u1"}]},
    "status": "completed",
}
COUNTS = {
    f"party:{pseudonym('u1')}": {"annotations": "1", "annotations.good": "1"},
    "party:software:gpt-x": {"predictions": "1", "predictions.good": "1"},
}

#: name → a record that says the same in another form
FORMS: dict[str, dict[str, Any]] = {
    "as to_json writes it": RECORD,
    "as the API has it": {
        "fields": {"text": "a"},
        "responses": [
            {
                "values": {"mood": {"value": "good"}},
                "status": "submitted",
                "user_id": "u1",
            }
        ],
        "suggestions": [
            {
                "question_name": "mood",
                "value": "good",
                "agent": "gpt-x",
                "type": "model",
            }
        ],
    },
    "in columns": {
        "text": "a",
        "mood.responses": ["good"],
        "mood.responses.users": ["u1"],
        "mood.responses.status": ["submitted"],
        "mood.suggestion": "good",
        "mood.suggestion.agent": "gpt-x",
    },
    "in the columns of version 1": {
        "text": "a",
        "mood": [{"user_id": "u1", "value": "good", "status": "submitted"}],
        "mood-suggestion": "good",
        "mood-suggestion-metadata": {"type": "model", "agent": "gpt-x"},
    },
}


@pytest.mark.parametrize("record", FORMS.values(), ids=FORMS)
def test_all_forms_say_the_same(record: dict[str, Any], tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"records.json": json.dumps([record])})
    assert (counts_of(done), done.found) == (COUNTS, set())


def test_nobody_and_no_model_is_named(tmp_path: Path) -> None:
    record = {**RECORD, "responses": {"mood": [{"value": "good"}]}}
    record["suggestions"] = {"mood": {"value": "good"}}
    done = read(CATALOGER, tmp_path, {"records.json": json.dumps([record])})
    assert done.codes == {"labeler-not-recorded", "model-unnamed"}


@pytest.mark.parametrize("name", ["settings.json", ".argilla/settings.json"])
def test_the_guideline_is_in_the_settings(name: str, tmp_path: Path) -> None:
    files = {"d/records.json": json.dumps([RECORD])}
    files[f"d/{name}"] = json.dumps({"guidelines": "Be kind.", "fields": []})
    done = read(CATALOGER, tmp_path, files)
    [guideline] = [n for n in done.nodes.values() if n.kind == "guideline"]
    assert guideline.value("description") == "Be kind."
    assert ("label", "used", guideline.label, "guideline") in done.edges


#: name → settings, findings
SETTINGS: dict[str, tuple[bytes, set[str]]] = {
    "too large": (b" " * (1024 * 1024 + 1), {"settings-too-large"}),
    "malformed": (b"{", {"json-malformed"}),
    "no object": (b"[]", set()),
    "no guideline": (b'{"guidelines": null}', set()),
}


@pytest.mark.parametrize(("settings", "found"), SETTINGS.values(), ids=SETTINGS)
def test_settings_that_say_nothing(
    settings: bytes, found: set[str], tmp_path: Path
) -> None:
    files = {"records.json": json.dumps([RECORD]), "settings.json": settings}
    done = read(CATALOGER, tmp_path, files)
    assert done.codes == found
    assert step_of(done)["annotations"] == "1"


def test_wrong_types_everywhere() -> None:
    for record in FORMS.values():
        for data in wrong_types([record]):
            read_bytes(CATALOGER, "a.json", data)


@given(mutated(json.dumps([RECORD]).encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "a.json", data)
