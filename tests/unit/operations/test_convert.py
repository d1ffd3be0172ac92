"""Converting BOMs: ours, those of others, broken ones; and nothing lost silently."""

from __future__ import annotations

import hashlib
import json
import re
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
    assert lost(done) == {
        ("changed", "serialNumber", "/serialNumber"),
        ("changed", "timestamp", "/metadata/timestamp"),
    }


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
    assert ("not-read", "annotations", "/annotations") in lost(done)
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


# ── losses of documents of others ────────────────────

ONE, TWO = "1" * 64, "2" * 64


def about(*components: Any, **members: Any) -> dict[str, Any]:
    """A document of somebody else about one model, and what else it lists."""
    main = {"type": "machine-learning-model", "name": "m", "bom-ref": "m"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {**main, **members}},
        "components": list(components),
    }


def test_hashes_are_handed_on_or_told(tmp_path: Path) -> None:
    hashes = [("SHA-256", ONE), ("SHA-512", "3" * 128), ("MD5", "4" * 32)]
    listed = [{"alg": alg, "content": value} for alg, value in hashes]
    path = write(tmp_path, about(hashes=listed))
    done = converted(path, "spdx-3.0.1")
    (package,) = (
        one for one in json.loads(done.data)["@graph"] if one["type"] == "ai_AIPackage"
    )
    written = {one["algorithm"]: one["hashValue"] for one in package["verifiedUsing"]}
    assert written == {"sha256": ONE, "sha512": "3" * 128, "md5": "4" * 32}
    place = "/metadata/component/hashes"
    assert not [loss for loss in done.losses if loss.where.startswith(place)]
    table = converted(path, "csv")
    (loss,) = (loss for loss in table.losses if loss.where.startswith(place))
    assert (loss.where, loss.count) == (f"{place}/*", 4)


@pytest.mark.parametrize("target", ["csv", "spdx-3.0.1"])
def test_two_digests_of_one_thing_are_a_contradiction(
    target: str, tmp_path: Path
) -> None:
    listed = [{"alg": "SHA-256", "content": value} for value in (ONE, TWO)]
    done = converted(write(tmp_path, about(hashes=listed)), target)
    assert ONE not in done.data.decode()
    (loss,) = (loss for loss in done.losses if loss.field == "hashes")
    assert loss.detail.startswith("contradicted: more than one SHA-256 of one thing")
    assert loss.count == 4


def test_what_has_no_place_is_told_once_with_all_its_leaves(tmp_path: Path) -> None:
    done = converted(write(tmp_path, broken()), "csv")
    found = [loss for loss in done.losses if loss.where == "/components/0/name"]
    assert [(loss.field, loss.count) for loss in found] == [("member-malformed", 1)]


def test_a_time_that_is_replaced_or_cut_is_told(tmp_path: Path) -> None:
    document = about()
    document["metadata"]["timestamp"] = "2025-12-31T23:30:00.7Z"
    path = write(tmp_path, document)
    place = ("changed", "timestamp", "/metadata/timestamp")
    assert place in lost(convert(path, "spdx-3.0.1"))
    assert place in lost(converted(path, "cyclonedx-1.6"))
    assert place not in lost(convert(path, "cyclonedx-1.6"))
    told = ("not-carried", "timestamp", "/metadata/timestamp")
    for target in ("csv", "spdx-3.0.1"):
        assert told in lost(converted(path, target))


@pytest.mark.parametrize("listed", [[[]], None, ["a", 1], {}, "a"], ids=str)
@pytest.mark.parametrize("target", FORMATS)
def test_properties_that_are_none_are_read_past(
    target: str, listed: Any, tmp_path: Path
) -> None:
    document = about()
    document["metadata"]["properties"] = listed
    done = converted(write(tmp_path, document), target)
    assert done.problems > 0 or listed == {}


def test_what_a_conversion_drops_and_nobody_tells_is_told(tmp_path: Path) -> None:
    """Tools as services are no part of ours, and make room for the citations."""
    ours = written(everything(), "1.7")
    ours["metadata"]["tools"] = {
        **ours["metadata"]["tools"],
        "services": [{"name": "scanner", "group": "acme"}],
    }
    done = converted(write(tmp_path, ours), "cyclonedx-1.7")
    assert "scanner" not in done.data.decode()
    (loss,) = (loss for loss in done.losses if loss.field == "services")
    assert (loss.where, loss.count) == ("/metadata/tools/services", 2)


# ── hostile documents ────────────────────


def nested(levels: int, *members: str) -> dict[str, Any]:
    """Components in components, or in what else."""
    found: dict[str, Any] = {"type": "data", "name": "deepest"}
    for _ in range(levels):
        inner: Any = [found]
        for member in reversed(members):
            inner = {member: inner}
        found = {"type": "data", "name": "n", **inner}
    return found


FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1")
HOSTILE: dict[str, Any] = {
    "deep-parts": about(nested(95, "components")),
    "deep-ancestors": about(nested(60, "pedigree", "ancestors")),
    "huge-text": about(description="x" * 2_000_000, version="9" * 5_000),
    "bidi": about(name="a\u202eb\u2066c", version="\u200b1"),
    "nul": about(name="a\0b", description="\0", purl="pkg:npm/a\0b"),
    "controls": about(name="\x1b[31m\x07\x85\u2028"),
    "refs-twice": {
        **about(*({"type": "data", "name": n, "bom-ref": "m"} for n in "ab")),
        "dependencies": [{"ref": "m", "dependsOn": ["m"]}],
    },
    "circles": {
        **about(*({"type": "data", "name": n, "bom-ref": n} for n in "ab")),
        "dependencies": [
            {"ref": "m", "dependsOn": ["a"]},
            {"ref": "a", "dependsOn": ["b"]},
            {"ref": "b", "dependsOn": ["m", "a"]},
        ],
        "compositions": [
            {"bom-ref": "c", "aggregate": "complete", "assemblies": ["c", "m"]}
        ],
    },
    "formulas": about(*({"type": "data", "name": name} for name in FORMULAS)),
    "wrong-types": about(name=1.5, hashes={}, licenses=[None], pedigree=True),
    "many-digests": about(
        hashes=[{"alg": "SHA-256", "content": f"{n:064x}"} for n in range(2_000)]
    ),
    "long-keys": about(**{f"{'k' * 1_000}{n}": "v" for n in range(500)}),
    "keys-like-shapes": {**about(), "*": {"*": [1]}, "": {"": 1}, "/": {"~": 1}},
}


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_converted_and_harmless(
    document: Any, target: str, tmp_path: Path
) -> None:
    import csv
    import io

    done = converted(write(tmp_path, document), target)
    assert len(done.losses_json()) < 2_000_000
    if target != "csv":
        made = json.loads(done.data)
        if target.startswith("cyclonedx"):
            assert problems_of(made, "", "schema") == ()
        return
    for table in (done.data, done.edges or b""):
        for row in csv.reader(io.StringIO(table.decode(), newline="")):
            for cell in row:
                assert not re.match("[=+@\t\r\n \u2212]|-(?![0-9.]+$)", cell)
                assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", cell)
                assert len(cell) <= 32_001


REFUSED = {
    "too-deep": ("[" * 100_000, "document-too-deep"),
    "too-deep-parts": (
        json.dumps(about(nested(200, "components"))),
        "document-too-deep",
    ),
    "surrogate": ('{"name": "\\ud800"}', "document-unreadable"),
    "surrogate-key": ('{"\\udc00": 1}', "document-unreadable"),
    "huge-number": ('{"version": ' + "9" * 5_000 + "}", "document-unreadable"),
    "no-number": ('{"version": NaN}', "document-unreadable"),
    "nul-outside-of-texts": ('{"a": 1}\0', "document-unreadable"),
}


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_two_readers_could_read_differently_is_refused(
    text: str, reason: str, target: str, tmp_path: Path
) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        converted(write(tmp_path, text), target)
    assert refused.value.reason == reason
