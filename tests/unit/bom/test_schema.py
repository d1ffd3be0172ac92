from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from datetime import datetime

import jsonschema
import pytest
import referencing
from cyclonedx_documents import ABSENT, bom, changed
from referencing.jsonschema import DRAFT7

from aibom.bom.parse import parse
from aibom.bom.problem import MAX_POINTER, pointer_to
from aibom.bom.schema import (
    MAX_PROBLEMS,
    SPEC_VERSIONS,
    load_schemas,
    schema_problems,
)

#: name → (pointer of the member, its new value, reason, pointer of the problem)
MUTANTS = {
    "unknown-key": (
        "/components/0/colour",
        "red",
        "schema-additional-properties",
        "/components/0",
    ),
    "unknown-key-at-the-top": ("/aibom", {}, "schema-additional-properties", ""),
    "name-absent": ("/components/0/name", ABSENT, "schema-required", "/components/0"),
    "component-twice": (
        "/components/1",
        bom()["components"][0],
        "schema-unique-items",
        "/components",
    ),
    "type-unknown": ("/components/0/type", "model", "schema-enum"),
    "version-zero": ("/version", 0, "schema-minimum"),
    "version-text": ("/version", "1", "schema-type"),
    "serial-number-in-capitals": (
        "/serialNumber",
        "urn:uuid:3E671687-395B-41F5-A30F-A58921A69B79",
        "schema-pattern",
    ),
    "bom-ref-empty": ("/components/0/bom-ref", "", "schema-min-length"),
    "licence-id-unknown": (
        "/components/0/licenses/0/license/id",
        "Apache2",
        "schema-one-of",
    ),
    "licence-of-no-form": (
        "/components/0/licenses/0",
        {"name": "MIT"},
        "schema-one-of",
        None,
    ),
    "hash-too-short-for-any": (
        "/components/0/hashes/0/content",
        "abc",
        "schema-pattern",
    ),
    "url-no-iri": (
        "/components/0/externalReferences/0/url",
        "http://[",
        "schema-any-of",
    ),
    "timestamp-without-zone": (
        "/metadata/timestamp",
        "2026-11-20T08:00:00",
        "schema-format",
    ),
    "timestamp-as-in-a-workshop": (
        "/metadata/timestamp",
        "2024-05-1T00:00:00Z",
        "schema-format",
    ),
    "timestamp-no-day-of-the-year": (
        "/metadata/timestamp",
        "2026-02-30T08:00:00Z",
        "schema-format",
    ),
    "email-without-host": ("/metadata/authors/0/email", "author", "schema-format"),
    "task-type-train": (
        "/formulation/0/workflows/0/taskTypes/0",
        "train",
        "schema-enum",
    ),
    "input-of-no-form": (
        "/formulation/0/workflows/0/inputs/0",
        {},
        "schema-one-of",
    ),
    "input-of-two-forms": (
        "/formulation/0/workflows/0/inputs/0/parameters",
        [],
        "schema-one-of",
        "/formulation/0/workflows/0/inputs/0",
    ),
    "dataset-without-type": (
        "/components/0/modelCard/modelParameters/datasets/0",
        {"name": "reviews", "url": "https://example.com"},
        "schema-one-of",
    ),
    "metric-as-a-number": (
        "/components/0/modelCard/quantitativeAnalysis/performanceMetrics/0/value",
        0.91,
        "schema-type",
    ),
    "data-of-no-type": (
        "/components/1/data/0/type",
        ABSENT,
        "schema-required",
        "/components/1/data/0",
    ),
    "dependency-without-ref": (
        "/dependencies/0/ref",
        ABSENT,
        "schema-required",
        "/dependencies/0",
    ),
    "components-of-a-tool": (
        "/metadata/tools",
        {"components": [{"type": "application"}]},
        "schema-one-of",
        "/metadata/tools/components/0",
    ),
    "signature-without-value": (
        "/signature",
        {"algorithm": "ES256"},
        "schema-one-of",
        None,
    ),
    "signature-algorithm-neither-known-nor-uri": (
        "/signature",
        {"algorithm": "not a uri", "value": "x"},
        "schema-one-of",
        "/signature/algorithm",
    ),
}
MUTANTS_SINCE_1_6 = {
    "score-over-one": (
        "/declarations/attestations/0/map/0/conformance/score",
        1.5,
        "schema-maximum",
    ),
    "expires-no-time": ("/declarations/evidence/0/expires", "2027", "schema-format"),
}
MUTANTS_SINCE_1_7 = {
    "citation-of-nobody": (
        "/citations/0/attributedTo",
        5,
        "schema-type",
    ),
}
CASES = {
    f"{version}-{name}": (version, *case, *([case[0]] * (4 - len(case))))
    for version in SPEC_VERSIONS
    for name, case in (
        MUTANTS
        | (MUTANTS_SINCE_1_6 if version >= "1.6" else {})
        | (MUTANTS_SINCE_1_7 if version >= "1.7" else {})
    ).items()
}
#: Valid documents beyond the plain ones: what is easily refused by mistake.
VALID = {
    "schema-url-absent": ("/$schema", ABSENT),
    "timestamp-with-fraction": (
        "/metadata/timestamp",
        "2026-11-20T08:00:00.123456789Z",
    ),
    "timestamp-leap-second": ("/metadata/timestamp", "2016-12-31T23:59:60Z"),
    "signed-with-a-known-algorithm": (
        "/signature",
        {"algorithm": "ES256", "value": "x"},
    ),
    "signed-with-a-uri": (
        "/signature",
        {"algorithm": "https://example.com/pq", "value": "x"},
    ),
    "email-in-another-script": ("/metadata/authors/0/email", "пример@пример.рф"),
    "iri": ("/components/0/externalReferences/0/url", "https://例え.jp/路?q=ü#x"),
    "relative-url": ("/components/0/externalReferences/0/url", "../bom.json"),
    "version-beyond-64-bits": ("/version", 2**80),
}


@pytest.mark.parametrize("version", SPEC_VERSIONS)
def test_a_document_with_all_ai_parts_is_valid(version):
    assert schema_problems(bom(version)) == ()


@pytest.mark.parametrize("version", SPEC_VERSIONS)
@pytest.mark.parametrize(("pointer", "value"), VALID.values(), ids=VALID)
def test_valid_documents_are_not_refused(version, pointer, value):
    assert schema_problems(changed(bom(version), pointer, value)) == ()


@pytest.mark.parametrize(
    ("version", "pointer", "value", "reason", "where"), CASES.values(), ids=CASES
)
def test_each_mutant_is_found_where_it_is(version, pointer, value, reason, where):
    problems = schema_problems(changed(bom(version), pointer, value))
    assert {(problem.level, problem.reason) for problem in problems} == {
        ("schema", reason)
    }
    if where is not None:
        assert [problem.pointer for problem in problems] == [where]


def test_a_mutant_of_an_older_version_says_so():
    document = bom("1.7") | {
        "specVersion": "1.5",
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
    }
    assert [p.reason for p in schema_problems(document)] == [
        "schema-additional-properties"
    ]


#: name → (mutant, words that tell how to correct it)
EXPLAINED = {
    "licence": ("licence-id-unknown", "'Apache2' is not one of"),
    "input": ("input-of-no-form", "'resource' is a required property; or:"),
    "tool": ("components-of-a-tool", "'name' is a required property"),
    "url": ("url-no-iri", "'http://[' is not a 'iri-reference'"),
    "plain": ("task-type-train", "other candidates: 'train'"),
}


@pytest.mark.parametrize(("mutant", "words"), EXPLAINED.values(), ids=EXPLAINED)
def test_problems_say_what_was_expected(mutant, words):
    pointer, value, *_ = MUTANTS[mutant]
    (problem,) = schema_problems(changed(bom(), pointer, value))
    assert words in problem.message


def test_errors_beside_a_failing_one_of_are_told_on_their_own():
    document = changed(bom(), "/formulation/0/workflows/0/inputs/0", {"colour": "red"})
    by_reason = {
        problem.reason: problem.message for problem in schema_problems(document)
    }
    assert set(by_reason) == {"schema-one-of", "schema-additional-properties"}
    assert "'resource' is a required property; or:" in by_reason["schema-one-of"]
    assert "colour" in by_reason["schema-additional-properties"]


#: name → (changes, reason, pointer)
NOT_FOR_US = {
    "spdx": ({"bomFormat": ABSENT, "spdxVersion": "SPDX-2.3"}, "bom-format-wrong", ""),
    "other-format": ({"bomFormat": "cyclonedx"}, "bom-format-wrong", "/bomFormat"),
    "format-a-list": ({"bomFormat": ["CycloneDX"]}, "bom-format-wrong", "/bomFormat"),
    "version-absent": ({"specVersion": ABSENT}, "spec-version-unsupported", ""),
    "1.4": ({"specVersion": "1.4"}, "spec-version-unsupported", "/specVersion"),
    "2.0": ({"specVersion": "2.0"}, "spec-version-unsupported", "/specVersion"),
    "number": ({"specVersion": 1.6}, "spec-version-unsupported", "/specVersion"),
    "list": ({"specVersion": ["1.6"]}, "spec-version-unsupported", "/specVersion"),
    "path": (
        {"specVersion": "../../1.6"},
        "spec-version-unsupported",
        "/specVersion",
    ),
}


@pytest.mark.parametrize(
    ("changes", "reason", "pointer"), NOT_FOR_US.values(), ids=NOT_FOR_US
)
def test_other_formats_and_versions_are_one_problem(changes, reason, pointer):
    document = {k: v for k, v in (bom() | changes).items() if v is not ABSENT}
    (problem,) = schema_problems(document)
    assert (problem.reason, problem.pointer) == (reason, pointer)


@pytest.mark.parametrize("version", SPEC_VERSIONS)
def test_the_schema_url_must_be_that_of_the_version(version):
    accepted = f"https://cyclonedx.org/schema/bom-{version}.schema.json"
    assert schema_problems(bom(version) | {"$schema": accepted}) == ()
    for url in (
        "http://cyclonedx.org/schema/bom-1.4.schema.json",
        accepted + "#",
        accepted.replace("cyclonedx.org", "cyclonedx.org.example.com"),
        "",
        7,
        None,
    ):
        problems = schema_problems(bom(version) | {"$schema": url})
        assert "schema-url-mismatch" in [problem.reason for problem in problems]


def oracle_formats() -> jsonschema.FormatChecker:
    """The five formats, written without the engine that decides."""
    checker = jsonschema.FormatChecker(formats=())

    @checker.checks("date-time", raises=ValueError)
    def date_time(text):
        time = re.fullmatch(r"\S{10}T(\S+?)(Z|[+-]\d\d:\d\d)", text)
        leap = text.replace(":60", ":59")
        return bool(time and datetime.fromisoformat(leap))

    @checker.checks("iri-reference")
    @checker.checks("uri")
    def reference(text):
        return not re.search(r"[\s<>\"{}|\\^`\[\]]", text)

    @checker.checks("uri")
    def uri(text):
        return bool(re.match(r"[a-z][a-z0-9+.-]*:", text)) and reference(text)

    @checker.checks("idn-email")
    def email(text):
        return bool(re.fullmatch(r"[^@\s]+@[^@\s]+", text))

    return checker


def oracle(version: str) -> jsonschema.Draft7Validator:
    schemas = load_schemas(version)
    schema, *_ = schemas.values()
    registry = referencing.Registry().with_resources(
        (url, referencing.Resource.from_contents(content, DRAFT7))
        for url, content in schemas.items()
    )
    return jsonschema.Draft7Validator(
        schema, registry=registry, format_checker=oracle_formats()
    )


@pytest.mark.parametrize("version", SPEC_VERSIONS)
def test_another_engine_agrees_on_every_document(version):
    validator = oracle(version)
    documents = {"valid": bom(version)}
    documents |= {name: changed(bom(version), *case) for name, case in VALID.items()}
    documents |= {
        name: changed(bom(version), *case[:2])
        for name, (of, *case) in CASES.items()
        if of == version
    }
    ours = {name: not schema_problems(each) for name, each in documents.items()}
    theirs = {name: validator.is_valid(each) for name, each in documents.items()}
    assert ours == theirs


def test_many_problems_are_cut_and_counted():
    document = bom() | {"components": [{"type": "data", "name": 1}] * 200}
    problems = schema_problems(document)
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].reason == "problems-not-shown"
    assert problems[-1].message == "151 more problems"  # 200 names, and not unique
    assert list(problems[:-1]) == sorted(problems[:-1], key=lambda p: p.pointer)


def components(count: int) -> list[dict[str, str]]:
    return [{"type": "data", "name": str(index)} for index in range(count)]


def test_the_place_of_an_error_far_down_a_large_document():
    document = bom() | {"components": components(30_000)}
    document["components"][20_345]["type"] = "dataset"
    (problem,) = schema_problems(document)
    assert (problem.reason, problem.pointer) == (
        "schema-enum",
        "/components/20345/type",
    )
    assert problem.message.endswith("'dataset'")


def test_items_that_are_equal_far_apart_are_found():
    document = bom() | {"components": components(30_000)}
    document["components"][29_999] = document["components"][0]
    (problem,) = schema_problems(document)
    assert (problem.reason, problem.pointer) == ("schema-unique-items", "/components")


#: Documents made to cost, each with what is said about it; all in a few seconds of CPU.
COSTLY = {
    "empty-objects": (
        lambda: {"components": [{}] * 300_000},
        ("schema-unique-items", "schema-required"),
    ),
    "one-item-of-many-values": (
        lambda: {"dependencies": [{"ref": "app", "dependsOn": [1] * 300_000}]},
        ("schema-violated",),
    ),
    "inside-one-of": (
        lambda: {"metadata": {"tools": {"components": [{}] * 300_000}}},
        ("schema-violated",),
    ),
    "objects-to-compare-inside-one-of": (
        lambda: {"metadata": {"tools": {"components": [*components(6_000), {}]}}},
        ("schema-one-of",),
    ),
    "many-unknown-keys": (
        lambda: {f"key-{index}": 1 for index in range(200_000)},
        ("schema-additional-properties",),
    ),
    "long-text": (
        lambda: {"components": [{"type": "x" * 10_000_000, "name": "a"}] * 3},
        ("schema-enum", "schema-unique-items"),
    ),
    "long-key": (
        lambda: {"metadata": {"x" * 10_000_000: 1}},
        ("schema-additional-properties",),
    ),
}


@pytest.mark.parametrize(("made", "reasons"), COSTLY.values(), ids=COSTLY)
def test_documents_made_to_cost_are_explained_in_bounded_time_and_text(made, reasons):
    document = bom() | made()
    before = time.process_time()
    problems = schema_problems(document)
    assert time.process_time() - before < 10
    assert {p.reason for p in problems} - {"problems-not-shown"} == set(reasons)
    assert all(len(p.message) <= 300 and len(p.pointer) <= 1_000 for p in problems)


def test_a_pointer_too_long_ends_at_its_parent():
    assert pointer_to(["a", "x" * MAX_POINTER, "b"]) == "/a"
    assert pointer_to(["a", "/" * 600, "b"]) == "/a"
    assert pointer_to(["a/b", "~", 0, ""]) == "/a~1b/~0/0/"


def test_a_valid_document_loads_neither_the_library_nor_the_slow_engine():
    document = json.dumps(bom())
    program = (
        "import sys\n"
        "from aibom.bom.parse import parse\n"
        "from aibom.bom.schema import schema_problems\n"
        "print(schema_problems(parse(sys.stdin.buffer.read(), 'bom').document))\n"
        "print({'cyclonedx', 'jsonschema', 'referencing'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=document,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "()\nset()\n"


def test_parsed_bytes_and_a_document_get_the_same_verdict():
    document = changed(bom(), "/components/0/type", "model")
    parsed = parse(json.dumps(document).encode(), "bom").document
    assert schema_problems(parsed) == schema_problems(document) != ()
