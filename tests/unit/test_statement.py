"""in-toto statements: one text per statement, and hostile texts refused."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from builders import a_digest, sha256
from hypothesis import given
from hypothesis import strategies as st

from aibom.digest import Digest
from aibom.errors import DocumentInvalid
from aibom.statement import (
    FORM,
    MAX_DEPTH,
    PROVENANCE_V1,
    STATEMENT_V1,
    Resource,
    Statement,
    parse_json,
    to_json,
)

SUBJECT = Resource.subject("model", a_digest("m"), **{"aibom:kind": "model"})


def document(**changes: Any) -> dict[str, Any]:
    """A small statement; a value of ``...`` leaves the member out."""
    members: dict[str, Any] = {
        "_type": STATEMENT_V1,
        "subject": [{"name": "m", "digest": {"sha256": sha256("m")}}],
        "predicateType": PROVENANCE_V1,
        "predicate": {"a": 1},
        **changes,
    }
    return {name: value for name, value in members.items() if value is not ...}


def parsed(**changes: Any) -> Statement:
    return Statement.parse(json.dumps(document(**changes)).encode(), "s.json")


# ── statements ──────────────


def test_what_is_built_is_what_is_parsed() -> None:
    built = Statement.build([SUBJECT], PROVENANCE_V1, {"b": [1, "ß"], "a": None})
    again = Statement.parse(built.payload, "s.json")
    assert again == built
    assert again.payload_digest == hashlib.sha256(built.payload).hexdigest()
    assert built.payload.startswith(b'{"_type":"https://in-toto.io/Statement/v1"')
    assert "ß".encode() in built.payload


def test_the_same_statement_is_the_same_bytes() -> None:
    one = Statement.build([SUBJECT], PROVENANCE_V1, {"a": 1, "b": {"c": 1, "d": 2}})
    other = Statement.build([SUBJECT], PROVENANCE_V1, {"b": {"d": 2, "c": 1}, "a": 1})
    assert one.payload == other.payload


def test_the_bytes_that_were_read_are_kept() -> None:
    payload = json.dumps(document(), indent=3).encode()
    assert Statement.parse(payload, "x").payload == payload


def test_a_statement_without_a_subject_is_not_built() -> None:
    with pytest.raises(ValueError, match="subject"):
        Statement.build([], PROVENANCE_V1, {})


def test_a_predicate_may_be_absent() -> None:
    assert parsed(predicate=...).predicate == {}


HEX = sha256("m")
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "another type": ({"_type": "https://in-toto.io/Statement/v0.1"}, "statement-type"),
    "no type": ({"_type": ...}, "statement-type-unsupported"),
    "no subject": ({"subject": ...}, "subject-missing"),
    "an empty list": ({"subject": []}, "subject-missing"),
    "a subject that is a text": ({"subject": ["m"]}, "document-invalid"),
    "subjects as an object": ({"subject": {"name": "m"}}, "subject-missing"),
    "a subject without a digest": ({"subject": [{"name": "m"}]}, "subject-undigested"),
    "a subject with no digest in it": (
        {"subject": [{"name": "m", "digest": {}}]},
        "subject-undigested",
    ),
    "one of two without a digest": (
        {"subject": [{"digest": {"sha256": HEX}}, {"name": "x"}]},
        "subject-undigested",
    ),
    "a digest in capitals": (
        {"subject": [{"digest": {"sha256": HEX.upper()}}]},
        "digest-malformed",
    ),
    "a short tree digest": ({"subject": [{"digest": {"dirHash": "ab"}}]}, "digest-mal"),
    "a digest that is a number": (
        {"subject": [{"digest": {"sha512": 5}}]},
        "document-invalid",
    ),
    "a digest that is a list": ({"subject": [{"digest": [HEX]}]}, "document-invalid"),
    "a name that is a number": (
        {"subject": [{"name": 5, "digest": {"sha256": HEX}}]},
        "document-invalid",
    ),
    "an address that is nothing": (
        {"subject": [{"uri": None, "digest": {"sha256": HEX}}]},
        "document-invalid",
    ),
    "annotations as a list": (
        {"subject": [{"annotations": [], "digest": {"sha256": HEX}}]},
        "document-invalid",
    ),
    "no predicate type": ({"predicateType": ...}, "document-invalid"),
    "an empty predicate type": ({"predicateType": ""}, "document-invalid"),
    "a predicate type that is a list": ({"predicateType": []}, "document-invalid"),
    "a predicate that is a list": ({"predicate": []}, "document-invalid"),
    "a predicate that is nothing": ({"predicate": None}, "document-invalid"),
}


@pytest.mark.parametrize(("changes", "reason"), BAD.values(), ids=BAD)
def test_what_is_no_statement(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        parsed(**changes)
    assert caught.value.reason.startswith(reason)
    assert str(caught.value.where).startswith("s.json")


# ── resources ──────────────

TREE, FILE = a_digest("x", "tree"), a_digest("x", "file")
CONTENTS: dict[str, tuple[Resource, Digest | None]] = {
    "a file": (Resource(digest={"sha256": FILE.value}), FILE),
    "a folder as a subject": (
        Resource(digest={"sha256": TREE.value}, annotations={FORM: "tree"}),
        TREE,
    ),
    "a folder as an input": (Resource(digest={"dirHash": TREE.value}), TREE),
    "a folder, by its other name": (Resource(digest={"dirHash1": TREE.value}), TREE),
    "another annotation": (
        Resource(digest={"sha256": FILE.value}, annotations={FORM: "folder"}),
        FILE,
    ),
    "a commit": (Resource(digest={"gitCommit": "ab" * 20}), None),
    "nothing": (Resource(), None),
}


@pytest.mark.parametrize(("resource", "content"), CONTENTS.values(), ids=CONTENTS)
def test_the_digest_of_a_resource(resource: Resource, content: Digest | None) -> None:
    assert resource.content() == content


@pytest.mark.parametrize("digest", [TREE, FILE])
def test_subjects_and_dependencies_keep_their_digest(digest: Digest) -> None:
    subject = Resource.subject("x", digest, note=1)
    assert subject.content() == digest
    assert set(subject.digest) == {"sha256"}, "Sigstore refuses dirHash on subjects"
    dependency = Resource.dependency("x", digest, "pkg:x/y", note=1)
    assert dependency.content() == digest
    for resource in (subject, dependency):
        assert Resource.from_document(resource.to_document(), "x") == resource


def test_absent_members_are_left_out() -> None:
    assert Resource().to_document() == {}
    bare = Resource.dependency(None, FILE)
    assert bare.to_document() == {"digest": {"sha256": FILE.value}}


# ── JSON ──────────────

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner)
    ),
    max_leaves=10,
)


@given(JSON)
def test_what_is_written_can_be_read(value: Any) -> None:
    data = to_json(value)
    assert parse_json(data, "x") == value
    assert to_json(parse_json(data, "x")) == data


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "document-unreadable"),
    "half of it": (b'{"a": ', "document-unreadable"),
    "two of it": (b"{} {}", "document-unreadable"),
    "a comma too many": (b"[1,]", "document-unreadable"),
    "single quotes": (b"{'a': 1}", "document-unreadable"),
    "not UTF-8": (b'"\xff"', "document-unreadable"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "document-unreadable"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "document-unreadable"),
    "NaN": (b'{"a": NaN}', "document-unreadable"),
    "Infinity": (b"[Infinity]", "document-unreadable"),
    "-Infinity": (b"[-Infinity]", "document-unreadable"),
    "a number beyond a double": (b"[1e999]", "document-unreadable"),
    "a number of 5,000 digits": (b"9" * 5_000, "document-unreadable"),
    "a lone surrogate": (b'{"a": "\\ud800"}', "document-unreadable"),
    "a lone surrogate as a key": (b'{"\\uDFFF": 1}', "document-unreadable"),
    "surrogates the wrong way round": (b'"\\udc00\\ud800"', "document-unreadable"),
    "a control character": (b'"\x01"', "document-unreadable"),
    "a key twice": (b'{"a": 1, "a": 1}', "duplicate-key"),
    "a key twice, written otherwise": (b'{"a": 1, "\\u0061": 2}', "duplicate-key"),
    "a key twice, inside": (b'[{"b": {"a": 1, "a": 2}}]', "duplicate-key"),
    "too deep": (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "document-too-deep"),
    "too deep, objects": (
        b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
        "document-too-deep",
    ),
    "100,000 levels": (b"[" * 100_000, "document-too-deep"),
    "too large": (b" " * 101, "document-too-large"),
}


@pytest.mark.parametrize(("data", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_json_is_refused(data: bytes, reason: str) -> None:
    limit = 100 if reason == "document-too-large" else 1_000_000
    with pytest.raises(DocumentInvalid) as caught:
        parse_json(data, "x.json", limit=limit)
    assert caught.value.reason == reason
    assert caught.value.where == "x.json"


ALLOWED: dict[str, tuple[bytes, Any]] = {
    "a pair of surrogates": (b'"\\ud83d\\ude42"', "\U0001f642"),
    "an escaped backslash": (b'"\\\\ud800"', "\\ud800"),
    "as deep as allowed": (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, ...),
    "brackets in a text": (b'"' + b"[" * 500 + b'"', "[" * 500),
    "as large as allowed": (b" " * 98 + b"{}", {}),
}


@pytest.mark.parametrize(("data", "expected"), ALLOWED.values(), ids=ALLOWED)
def test_odd_json_is_read(data: bytes, expected: Any) -> None:
    found = parse_json(data, "x", limit=max(100, len(data)))
    assert found == expected or expected is ...


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_what_is_not_json_is_not_written(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json(value)
