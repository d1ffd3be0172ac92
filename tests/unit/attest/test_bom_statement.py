"""The statement that binds a BOM, a folder and its files: there and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aibom.attest.bom_statement import (
    MAX_FILE_SUBJECTS,
    bom_statement,
    read_bom_statement,
)
from aibom.catalogers.artifact import artifact_node
from aibom.digest import BOM_NAME, Content, hash_path
from aibom.errors import VerificationFailed
from aibom.lineage.nodes import Fact, Kind, Node, Origin
from aibom.statement import AUDIT_V1, REFERENCE_V01, Statement, to_json

BOM = "b" * 64


def folder(path: Path, count: int = 2) -> tuple[Node, Content]:
    for number in range(count):
        (path / f"file-{number}").write_text(str(number))
    content = hash_path(path)
    facts = (Fact("name", "acme/x", frozenset({Origin("test")})),)
    return replace(artifact_node(Kind.MODEL, content), facts=facts), content


def test_round_trip(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("")
    node, content = folder(tmp_path)
    statement = bom_statement(BOM, node, content)
    found = read_bom_statement(Statement.parse(statement.payload, "there"), "there")
    assert (found.bom.form, found.bom.value) == ("file", BOM)
    assert (found.name, found.kind) == ("acme/x", "model")
    assert found.artifact == content.digest
    assert found.files == tuple((f.path, f.digest.value) for f in content.files)
    assert found.housekeeping == content.housekeeping != ()


@pytest.mark.parametrize(
    ("count", "listed"),
    [(1, 1), (MAX_FILE_SUBJECTS, MAX_FILE_SUBJECTS), (MAX_FILE_SUBJECTS + 1, 0)],
)
def test_up_to_a_hundred_files_are_listed(
    tmp_path: Path, count: int, listed: int
) -> None:
    statement = bom_statement(BOM, *folder(tmp_path, count))
    assert len(statement.subjects) == 2 + listed
    assert len(read_bom_statement(statement, "there").files) == listed


def test_other_folder_is_not_bound(tmp_path: Path) -> None:
    node, _ = folder(tmp_path)
    (tmp_path / "file-0").write_text("changed")
    with pytest.raises(ValueError, match="hashed"):
        bom_statement(BOM, node, hash_path(tmp_path))


def test_nameless_folder_is_not_bound(tmp_path: Path) -> None:
    node, content = folder(tmp_path)
    with pytest.raises(ValueError, match="no name"):
        bom_statement(BOM, replace(node, facts=()), content)


Change = Callable[[dict[str, Any]], object]


def at(number: int, **members: Any) -> Change:
    return lambda d: d["subject"][number].update(members)


def drop(number: int) -> Change:
    return lambda d: d["subject"].pop(number)


def repeat(number: int) -> Change:
    return lambda d: d["subject"].append(d["subject"][number])


def references(*values: Any) -> Change:
    return lambda d: d["predicate"].update(references=list(values))


MISMATCHES: dict[str, Change] = {
    "no-bom": drop(0),
    "bom-twice": repeat(0),
    "no-artifact": drop(1),
    "artifact-twice": repeat(1),
    "bom-is-a-tree": at(0, annotations={"aibom:form": "tree"}),
    "bom-without-sha256": at(0, digest={"sha512": "a" * 128}),
    "artifact-without-sha256": at(1, digest={"sha512": "a" * 128}),
    "file-without-sha256": at(2, digest={"sha512": "a" * 128}),
    "file-that-has-a-kind": at(2, annotations={"aibom:kind": "model"}),
    "other-bom-referred-to": references({"digest": {"sha256": "c" * 64}}),
    "nothing-referred-to": references(),
    "reference-malformed": references("x", {"digest": "x"}, {"digest": {}}, None),
    "references-missing": lambda d: d["predicate"].clear(),
    "references-is-text": lambda d: d["predicate"].update(references=BOM),
}


@pytest.mark.parametrize("change", MISMATCHES.values(), ids=MISMATCHES)
def test_halves_that_disagree_are_refused(tmp_path: Path, change: Change) -> None:
    document = parsed(bom_statement(BOM, *folder(tmp_path)))
    change(document)
    statement = Statement.parse(to_json(document), "there")
    with pytest.raises(VerificationFailed) as caught:
        read_bom_statement(statement, "there")
    assert (caught.value.reason, caught.value.where) == ("subject-mismatch", "there")


def parsed(statement: Statement) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(statement.payload)
    return found


def test_other_predicate_is_refused(tmp_path: Path) -> None:
    subjects = bom_statement(BOM, *folder(tmp_path)).subjects
    with pytest.raises(VerificationFailed) as caught:
        read_bom_statement(Statement.build(subjects, AUDIT_V1, {}), "there")
    assert caught.value.reason == "predicate-not-allowed"


def test_statement_is_the_same_every_time(tmp_path: Path) -> None:
    node, content = folder(tmp_path)
    one, other = (bom_statement(BOM, node, content) for _ in range(2))
    assert one.payload == other.payload
    assert one.predicate_type == REFERENCE_V01
    assert one.subjects[0].name == BOM_NAME


def test_no_supplier_is_named(tmp_path: Path) -> None:
    """What a transparency log would learn: names of files, and digests."""
    payload = bom_statement(BOM, *folder(tmp_path)).payload
    assert b"pkg:" not in payload
    assert set(parsed(Statement.parse(payload, ""))["predicate"]) == {
        "attester",
        "references",
    }
