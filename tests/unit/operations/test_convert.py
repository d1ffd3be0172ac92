"""Converting BOMs: ours, those of others, broken ones; and nothing lost silently."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bom_graphs import SMALL, everything, written
from cyclonedx_documents import bom, changed

from aibom.bom.encode import to_bytes
from aibom.errors import AibomError, DocumentInvalid, UsageError
from aibom.operations.convert import FORMATS, Converted, convert
from aibom.operations.validate import problems_of, validate

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


def write(folder: Path, document: Any, name: str = "bom.json") -> Path:
    """A document as a file."""
    path = folder / name
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text, "utf-8")
    return path


def converted(path: Path, target: str, **options: Any) -> Converted:
    """Converted at a time, where the format takes one."""
    if target != "csv":
        options.setdefault("created", NOW)
    return convert(path, target, **options)


def lost(done: Converted) -> set[tuple[str, str, str]]:
    """Every loss: kind, field, place."""
    return {(loss.kind.value, loss.field, loss.where) for loss in done.losses}


def broken() -> dict[str, Any]:
    """A document that breaks the schema in two places."""
    document = changed(bom("1.6"), "/metadata/timestamp", "2024-05-1T")
    document["components"][0]["name"] = 7
    return document


MAIN_MISSING = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [{"type": "data", "name": "reviews"}],
}
#: name → a document; each can be converted into each format
SOURCES = {
    "ours": written(everything()),
    "ours-1.7": written(everything(), "1.7"),
    "another's": bom("1.6"),
    "another's-1.7": bom("1.7"),
    "broken": broken(),
    "without-a-main-component": MAIN_MISSING,
    "dangling": {
        **bom("1.6"),
        "dependencies": [{"ref": "nobody"}],
    },
    "empty": {},
}


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("document", SOURCES.values(), ids=SOURCES)
def test_the_same_input_gives_the_same_bytes_and_losses(
    document: Any, target: str, tmp_path: Path
) -> None:
    path = write(tmp_path, document)
    before = path.read_bytes()
    one, two = converted(path, target), converted(path, target)
    assert (one.data, one.edges, one.losses) == (two.data, two.edges, two.losses)
    assert path.read_bytes() == before
    assert one.source_digest == hashlib.sha256(before).hexdigest()
    if target.startswith("cyclonedx"):
        made = json.loads(one.data)
        assert made["specVersion"] == target.removeprefix("cyclonedx-")
        level = "schema" if one.problems else "references"
        assert problems_of(made, "", level) == ()


@pytest.mark.parametrize("name", SMALL)
def test_ours_goes_there_and_back_to_the_byte(name: str, tmp_path: Path) -> None:
    for there, back in (("1.6", "1.7"), ("1.7", "1.6")):
        start = to_bytes(written(SMALL[name], there))
        (tmp_path / "a.json").write_bytes(start)
        over = convert(tmp_path / "a.json", f"cyclonedx-{back}")
        assert over.data == to_bytes(written(SMALL[name], back))
        (tmp_path / "b.json").write_bytes(over.data)
        again = convert(tmp_path / "b.json", f"cyclonedx-{there}")
        assert again.data == start


def test_ours_with_a_time_has_citations_in_1_7_and_loses_them_in_1_6(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, written(everything()))
    new = converted(path, "cyclonedx-1.7")
    document = json.loads(new.data)
    assert document["metadata"]["timestamp"] == "2026-01-31T08:00:00Z"
    assert {one["timestamp"] for one in document["citations"]} == {
        "2026-01-31T08:00:00Z"
    }
    assert "cdx:reproducible" not in new.data.decode()
    assert new.losses == ()
    (tmp_path / "new.json").write_bytes(new.data)
    assert validate(tmp_path / "new.json").valid
    old = convert(tmp_path / "new.json", "cyclonedx-1.6")
    assert lost(old) == {("not-carried", "citations", "")}
    # What was cited once is not cited again.
    again = convert(tmp_path / "new.json", "cyclonedx-1.7")
    assert again.data == new.data


def test_without_a_time_1_7_has_no_citations_and_says_so(tmp_path: Path) -> None:
    done = convert(write(tmp_path, written(everything())), "cyclonedx-1.7")
    assert "citations" not in json.loads(done.data)
    assert lost(done) == {("mandatory-unknown", "citations.timestamp", "")}


def test_what_another_wrote_stays_in_cyclonedx(tmp_path: Path) -> None:
    document = bom("1.6")
    done = converted(write(tmp_path, document), "cyclonedx-1.7")
    made = json.loads(done.data)
    assert made["components"] == document["components"]
    assert made["declarations"] == document["declarations"]
    assert "citations" not in made
    assert made["serialNumber"] != document["serialNumber"]
    assert lost(done) == {("changed", "serialNumber", "/serialNumber")}


@pytest.mark.parametrize("target", ["csv", "spdx-3.0.1"])
def test_what_is_no_lineage_is_told(target: str, tmp_path: Path) -> None:
    ours = written(everything())
    ours["annotations"] = [
        {
            "subjects": [ours["metadata"]["component"]["bom-ref"]],
            "annotator": {"individual": {"name": "p-17"}},
            "timestamp": "2026-01-31T08:00:00Z",
            "text": "mind this",
        }
    ]
    done = converted(write(tmp_path, ours), target)
    assert ("not-read", "text", "/annotations/text") in lost(done)
    done = converted(write(tmp_path, bom("1.6")), target)
    assert ("not-read", "declarations", "/declarations") in lost(done)


@pytest.mark.parametrize("target", FORMATS)
def test_what_cannot_be_read_is_told(target: str, tmp_path: Path) -> None:
    done = converted(write(tmp_path, broken()), target)
    told = lost(done)
    assert done.problems >= 2
    assert ("not-read", "member-malformed", "/components/0/name") in told


def test_a_key_that_stands_twice_is_told(tmp_path: Path) -> None:
    text = json.dumps(bom("1.6")).replace('"version": 1', '"version": 2, "version": 1')
    done = converted(write(tmp_path, text), "cyclonedx-1.7")
    assert ("not-read", "duplicate-key", "/version") in lost(done)


def test_a_signature_does_not_survive_a_change(tmp_path: Path) -> None:
    document = bom("1.6")
    document["signature"] = {
        "algorithm": "ES256",
        "value": "c2lnbmF0dXJl",
    }
    path = write(tmp_path, document)
    assert problems_of(document, "", "references") == ()
    done = convert(path, "cyclonedx-1.7")
    assert "signature" not in json.loads(done.data)
    assert ("not-carried", "signature", "/signature") in lost(done)
    same = convert(path, "cyclonedx-1.6")
    assert json.loads(same.data) == document
    assert same.losses == ()


def test_the_time_of_spdx_is_that_of_the_bom_unless_it_is_said(tmp_path: Path) -> None:
    ours = written(everything())
    ours["metadata"]["timestamp"] = "2025-12-31T23:30:00.7-02:00"
    path = write(tmp_path, ours)
    times = {None: "2026-01-01T01:30:00Z", NOW: "2026-01-31T08:00:00Z"}
    for created, shown in times.items():
        made = json.loads(convert(path, "spdx-3.0.1", created=created).data)
        assert made["@graph"][0]["created"] == shown


NO_TIME = {
    "none": {},
    "malformed": {"timestamp": "2024-05-1T"},
    "no-text": {"timestamp": 7},
    "no-metadata": None,
}


@pytest.mark.parametrize("metadata", NO_TIME.values(), ids=NO_TIME)
def test_no_time_is_invented(metadata: Any, tmp_path: Path) -> None:
    path = write(tmp_path, {**MAIN_MISSING, "metadata": metadata})
    with pytest.raises(UsageError) as refused:
        convert(path, "spdx-3.0.1")
    assert refused.value.reason == "created-unknown"


def test_a_folder_is_its_bom(tmp_path: Path) -> None:
    path = write(tmp_path, written(everything()), "aibom.cdx.json")
    assert converted(tmp_path, "csv").data == converted(path, "csv").data


def test_the_list_of_losses_names_both_files(tmp_path: Path) -> None:
    done = converted(write(tmp_path, bom("1.6")), "spdx-3.0.1")
    listed = json.loads(done.losses_json())
    assert listed["input"]["sha256"] == done.source_digest
    assert listed["output"] == {
        "format": "spdx-3.0.1",
        "sha256": hashlib.sha256(done.data).hexdigest(),
    }
    assert sum(loss["count"] for loss in listed["losses"]) == sum(
        listed["counts"].values()
    )


def test_the_list_of_losses_keeps_its_schema(tmp_path: Path) -> None:
    import jsonschema

    from aibom.resources import read_schema

    schema = read_schema("losses-1.json")
    for document in SOURCES.values():
        for target in FORMATS:
            done = converted(write(tmp_path, document), target)
            jsonschema.validate(json.loads(done.losses_json()), schema)


def test_a_bom_about_something_that_no_bom_is_about(tmp_path: Path) -> None:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "colour": "red",
        "metadata": {"component": {"type": "library", "name": "left-pad"}},
    }
    path = write(tmp_path, document)
    with pytest.raises(DocumentInvalid) as refused:
        converted(path, "cyclonedx-1.6")
    assert refused.value.reason == "root-kind-unsupported"
    assert b"left-pad" in converted(path, "csv").data
    assert b"left-pad" in converted(path, "spdx-3.0.1").data


CALLS = {
    "no-such-format": ("spdx-2.3", {}, "format-unsupported"),
    "time-of-a-table": ("csv", {"created": NOW}, "option-not-for-format"),
    "claims-in-spdx": (
        "spdx-3.0.1",
        {"declarations": Path("v.json")},
        "option-not-for-format",
    ),
}


@pytest.mark.parametrize(("target", "options", "reason"), CALLS.values(), ids=CALLS)
def test_calls_that_make_no_sense(
    target: str, options: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as refused:
        convert(write(tmp_path, bom("1.6")), target, **options)
    assert refused.value.reason == reason


UNREADABLE = {"no-json": "{", "list": "[]", "not-there": None}


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_document_is_refused(
    text: str | None, target: str, tmp_path: Path
) -> None:
    path = tmp_path / "bom.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(AibomError) as refused:
        converted(path, target)
    assert refused.value.reason in ("document-unreadable", "path-missing")


def test_declarations_that_are_no_document_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, written(everything()))
    claims = write(tmp_path, {"bomFormat": "CycloneDX"}, "claims.json")
    with pytest.raises(DocumentInvalid) as refused:
        convert(path, "cyclonedx-1.7", declarations=claims)
    assert refused.value.where == str(claims)
