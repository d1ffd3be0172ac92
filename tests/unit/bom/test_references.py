from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from cyclonedx_documents import LINK, bom, changed
from hypothesis import given
from hypothesis import strategies as st

from aibom.bom.parse import parse
from aibom.bom.references import MAX_PROBLEMS, REFERENCE_KEYS, reference_problems
from aibom.bom.schema import SPEC_VERSIONS, load_schemas, schema_problems
from aibom.bom.values import HEX_DIGITS

NOBODY = "nobody"

#: Where a reference stands → the version that brought it.
REFERENCES = {
    "/dependencies/0/ref": "1.5",
    "/dependencies/0/dependsOn/1": "1.5",
    "/compositions/0/assemblies/0": "1.5",
    "/compositions/0/dependencies/0": "1.5",
    "/compositions/0/vulnerabilities/0": "1.5",
    "/annotations/0/subjects/0": "1.5",
    "/vulnerabilities/0/affects/0/ref": "1.5",
    "/components/0/modelCard/modelParameters/datasets/0/ref": "1.5",
    "/formulation/0/workflows/0/inputs/0/resource/ref": "1.5",
    "/formulation/0/workflows/0/inputs/0/source/ref": "1.5",
    "/formulation/0/workflows/0/outputs/0/resource/ref": "1.5",
    "/formulation/0/workflows/0/resourceReferences/0/ref": "1.5",
    "/formulation/0/workflows/0/taskDependencies/0/ref": "1.5",
    "/formulation/0/workflows/0/taskDependencies/0/dependsOn/0": "1.5",
    "/declarations/attestations/0/assessor": "1.6",
    "/declarations/attestations/0/map/0/requirement": "1.6",
    "/declarations/attestations/0/map/0/claims/0": "1.6",
    "/declarations/attestations/0/map/0/counterClaims/0": "1.6",
    "/declarations/attestations/0/map/0/conformance/mitigationStrategies/0": "1.6",
    "/declarations/claims/0/target": "1.6",
    "/declarations/claims/0/evidence/0": "1.6",
    "/declarations/claims/0/counterEvidence/0": "1.6",
    "/declarations/claims/0/mitigationStrategies/0": "1.6",
    "/definitions/standards/0/requirements/1/parent": "1.6",
    "/definitions/standards/0/levels/0/requirements/0": "1.6",
    "/citations/0/attributedTo": "1.7",
    "/citations/0/process": "1.7",
}

#: name → (pointer, new value, reason, pointer of the problem where it is another)
MUTANTS = {
    "provides-nothing": (
        "/dependencies/1/provides",
        [NOBODY],
        "ref-dangling",
        "/dependencies/1/provides/0",
    ),
    "tool-of-an-identity": (
        "/components/0/evidence",
        {"identity": [{"field": "hash", "tools": [NOBODY]}]},
        "ref-dangling",
        "/components/0/evidence/identity/0/tools/0",
    ),
    "crypto-algorithm": (
        "/components/0/cryptoProperties",
        {"certificateProperties": {"signatureAlgorithmRef": NOBODY}},
        "ref-dangling",
        "/components/0/cryptoProperties/certificateProperties/signatureAlgorithmRef",
    ),
    "reference-in-other-case": (
        "/dependencies/0/dependsOn/0",
        "Model",
        "ref-dangling",
    ),
    "link-without-element": (
        "/dependencies/0/dependsOn/0",
        LINK,
        "bom-link-malformed",
    ),
    "link-without-version": (
        "/dependencies/0/dependsOn/0",
        LINK.removesuffix("/1") + "#model",
        "bom-link-malformed",
    ),
    "link-to-version-zero": (
        "/dependencies/0/dependsOn/0",
        LINK.removesuffix("1") + "0#model",
        "bom-link-malformed",
    ),
    "link-to-no-serial-number": (
        "/components/0/modelCard/modelParameters/datasets/1/ref",
        "urn:cdx:upstream/1#dataset",
        "bom-link-malformed",
    ),
    "link-as-external-reference": (
        "/components/0/externalReferences/1/url",
        "urn:cdx:upstream",
        "bom-link-malformed",
    ),
    "entry-of-a-dependency-twice": (
        "/dependencies/-",
        {"ref": "app"},
        "dependency-duplicate",
        "/dependencies/2/ref",
    ),
    "task-dependency-twice": (
        "/formulation/0/workflows/0/taskDependencies/-",
        {"ref": "score"},
        "dependency-duplicate",
        "/formulation/0/workflows/0/taskDependencies/1/ref",
    ),
    "dependency-on-itself": (
        "/dependencies/0/dependsOn/1",
        "app",
        "dependency-on-itself",
    ),
    "task-dependency-on-itself": (
        "/formulation/0/workflows/0/taskDependencies/0/dependsOn/0",
        "score",
        "dependency-on-itself",
    ),
    "sha-256-of-sha-1-length": (
        "/components/0/hashes/0/content",
        "a" * 40,
        "digest-length",
    ),
    "digest-with-line-end": (
        "/components/0/hashes/0/content",
        "a" * 63 + "\n",
        "digest-not-hex",
    ),
    "digest-of-other-digits": (
        "/components/0/hashes/0/content",
        "٣" * 64,
        "digest-not-hex",
    ),
    "digest-of-an-external-reference": (
        "/components/0/externalReferences/0/hashes",
        [{"alg": "SHA-512", "content": "a" * 64}],
        "digest-length",
        "/components/0/externalReferences/0/hashes/0/content",
    ),
    "purl-without-scheme": ("/components/0/purl", "huggingface/a/b", "purl-malformed"),
    "purl-without-name": ("/components/0/purl", "pkg:huggingface", "purl-malformed"),
    "purl-of-type-with-space": ("/components/0/purl", "pkg:a b/c", "purl-malformed"),
    "purl-with-broken-host": ("/components/0/purl", "pkg:pypi///[", "purl-malformed"),
    "purl-of-an-ancestor": (
        "/components/0/pedigree/ancestors/0/purl",
        "purl",
        "purl-malformed",
    ),
    "workflow-ends-before-its-start": (
        "/formulation/0/workflows/0/timeEnd",
        "2026-11-01T09:59:59Z",
        "time-order",
    ),
    "ends-before-in-another-zone": (
        "/formulation/0/workflows/0/timeEnd",
        "2026-11-01T10:30:00+01:00",
        "time-order",
    ),
    "task-ends-before-its-start": (
        "/formulation/0/workflows/0/tasks/0",
        {
            "bom-ref": "fit",
            "timeStart": "2026-11-01T00:00:00Z",
            "timeEnd": "2026-10-31T00:00:00Z",
        },
        "time-order",
        "/formulation/0/workflows/0/tasks/0/timeEnd",
    ),
    "evidence-expires-before-it-is-made": (
        "/declarations/evidence/0/expires",
        "2025-12-31T00:00:00Z",
        "time-order",
    ),
    "licence-expires-before-renewal": (
        "/components/0/licenses/0/license/licensing",
        {"lastRenewal": "2026-01-01T00:00:00Z", "expiration": "2025-01-01T00:00:00Z"},
        "time-order",
        "/components/0/licenses/0/license/licensing/expiration",
    ),
    "analysis-updated-before-issued": (
        "/vulnerabilities/0/analysis/lastUpdated",
        "2026-10-31T00:00:00Z",
        "time-order",
    ),
    "model-card-of-a-dataset": (
        "/components/1/modelCard",
        {},
        "model-card-misplaced",
    ),
    "model-card-of-the-application": (
        "/metadata/component/modelCard",
        {},
        "model-card-misplaced",
    ),
    "data-of-a-model": ("/components/0/data", [], "component-data-misplaced"),
    "data-of-an-ancestor": (
        "/components/0/pedigree/ancestors/0/data",
        [],
        "component-data-misplaced",
    ),
}

#: Where a second thing is given a name that another one has.
NAMED = (
    "/metadata/component",
    "/components/1",
    "/components/0/modelCard",
    "/components/0/licenses/0/license",
    "/components/1/data/0",
    "/components/1/data/0/governance/stewards/0/contact",
    "/components/1/data/0/governance/owners/0/organization",
    "/services/0",
    "/compositions/0",
    "/annotations/0",
    "/vulnerabilities/0",
    "/formulation/0",
    "/formulation/0/workflows/0",
    "/formulation/0/workflows/0/tasks/1",
    "/declarations/assessors/0",
    "/declarations/claims/0",
    "/declarations/evidence/0",
    "/declarations/targets/organizations/0",
    "/definitions/standards/0",
    "/definitions/standards/0/requirements/1",
    "/definitions/standards/0/levels/0",
    "/citations/0",
)

#: Valid documents beyond the plain ones: what is easily refused by mistake.
VALID = {
    "link-as-dependency": ("/dependencies/0/dependsOn/0", f"{LINK}#any thing/else"),
    "link-to-an-element-as-url": (
        "/components/0/externalReferences/1/url",
        f"{LINK}#model",
    ),
    "cycle": ("/dependencies/1/dependsOn", ["app"]),
    "reference-to-formulation": ("/dependencies/0/dependsOn/0", "training"),
    "digest-in-capitals": ("/components/0/hashes/0/content", "A" * 64),
    "longer-blake3": (
        "/components/0/hashes/0",
        {"alg": "BLAKE3", "content": "a" * 128},
    ),
    "ends-as-it-starts": (
        "/formulation/0/workflows/0/timeEnd",
        "2026-11-01T11:00:00+01:00",
    ),
    "same-ref-in-two-lists": (
        "/formulation/0/workflows/0/runtimeTopology",
        [{"ref": "score"}],
    ),
    "evidence-of-a-component": ("/components/0/evidence", {"copyright": []}),
    "data-of-a-service": ("/services/0/data", []),
    "signature-algorithm": ("/signature", {"algorithm": "ES256", "value": "x"}),
}


def reasons(document) -> list[str]:
    return [problem.reason for problem in reference_problems(document)]


@pytest.mark.parametrize("version", SPEC_VERSIONS)
def test_a_document_with_all_ai_parts_has_no_problem(version):
    assert reference_problems(bom(version)) == ()


@pytest.mark.parametrize(("pointer", "value"), VALID.values(), ids=VALID)
def test_documents_without_a_problem(pointer, value):
    assert reference_problems(changed(bom("1.7"), pointer, value)) == ()


@pytest.mark.parametrize("pointer", REFERENCES)
def test_a_reference_to_nothing_is_found_everywhere(pointer):
    document = changed(bom(REFERENCES[pointer]), pointer, NOBODY)
    problems = reference_problems(document)
    assert [(p.level, p.reason, p.pointer) for p in problems] == [
        ("references", "ref-dangling", pointer)
    ]
    assert schema_problems(document) == ()


@pytest.mark.parametrize("case", MUTANTS.values(), ids=MUTANTS)
def test_each_mutant_is_found_where_it_is(case):
    pointer, value, reason, *where = case
    problems = reference_problems(changed(bom("1.7"), pointer, value))
    found = [(problem.reason, problem.pointer) for problem in problems]
    assert found == [(reason, where[0] if where else pointer)]


@pytest.mark.parametrize("pointer", NAMED)
def test_a_name_given_twice_is_found_everywhere(pointer):
    document = bom("1.7")
    document["components"].append({"type": "data", "name": "x", "bom-ref": "twice"})
    where = f"{pointer}/bom-ref"
    problems = reference_problems(changed(document, where, "twice"))
    duplicates = [p.pointer for p in problems if p.reason == "ref-duplicate"]
    assert len(duplicates) == 1
    assert duplicates[0] in (where, "/components/2/bom-ref")


def test_each_further_use_of_a_name_points_to_the_first():
    document = bom() | {"components": [{"bom-ref": "x"} for _ in range(3)]}
    problems = [p for p in reference_problems(document) if p.reason == "ref-duplicate"]
    assert [p.pointer for p in problems] == [
        "/components/1/bom-ref",
        "/components/2/bom-ref",
    ]
    assert all("/components/0" in problem.message for problem in problems)


@pytest.mark.parametrize("algorithm", HEX_DIGITS)
def test_the_length_of_each_algorithm(algorithm):
    for digits in (0, 32, 40, 64, 96, 128, 65):
        entry = {"alg": algorithm, "content": "0" * digits}
        document = changed(bom(), "/components/0/hashes/0", entry)
        expected = [] if digits in HEX_DIGITS[algorithm] else ["digest-length"]
        assert reasons(document) == expected


def test_every_algorithm_of_the_schemas_has_a_length():
    for version in SPEC_VERSIONS:
        schema, *_ = load_schemas(version).values()
        assert set(schema["definitions"]["hash-alg"]["enum"]) <= set(HEX_DIGITS)


REFERENCE_TYPES = ("refType", "refLinkType", "bomLinkElementType")


def reference_members(schema, key: str = "") -> Iterator[str]:
    """The members that a schema says hold references, or lists of them."""
    if isinstance(schema, dict):
        if schema.get("$ref", "").removeprefix("#/definitions/") in REFERENCE_TYPES:
            yield key
        for member, inner in schema.items():
            if member == "properties":
                for name, described in inner.items():
                    yield from reference_members(described, name)
            elif member not in ("definitions", "$ref"):
                yield from reference_members(inner, key)
        for definition in schema.get("definitions", {}).values():
            yield from reference_members(definition)
    elif isinstance(schema, list):
        for inner in schema:
            yield from reference_members(inner, key)


@pytest.mark.parametrize("version", SPEC_VERSIONS)
def test_every_reference_of_the_schemas_is_checked(version):
    schema, *_ = load_schemas(version).values()
    # A name, not a reference; and URLs, which only may be BOM-Links.
    others = {"", "bom-ref", "source", "destination"}
    assert set(reference_members(schema)) - others <= set(REFERENCE_KEYS)


def test_duplicate_keys_of_the_parser_are_problems():
    data = json.dumps(bom()).replace('"version": 1', '"version": 1, "version": 1')
    parsed = parse(data.encode(), "bom")
    (problem,) = reference_problems(parsed.document, parsed.duplicate_keys)
    assert (problem.reason, problem.pointer) == ("duplicate-key", "/version")


def test_problems_come_sorted_and_the_same_each_time():
    document = bom("1.7")
    for pointer in REFERENCES:
        changed(document, pointer, f"nobody at {pointer}")
    problems = reference_problems(document)
    assert [problem.pointer for problem in problems] == sorted(REFERENCES)
    assert reference_problems(document) == problems


def test_many_problems_are_cut_and_counted():
    document = bom()
    document["dependencies"][0]["dependsOn"] = [NOBODY] * 1_000
    problems = reference_problems(document)
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].reason == "problems-not-shown"
    assert problems[-1].message == "800 more problems"


def chain(levels: int) -> dict:
    component: dict = {"bom-ref": "leaf"}
    for _ in range(levels):
        component = {"components": [component]}
    return component


#: Documents made to cost or to break a walk, each with the reasons expected.
HOSTILE = {
    "deep": (lambda: chain(50_000), []),
    "a-million-dangling": (
        lambda: {"dependencies": [{"ref": "a", "dependsOn": ["b"] * 1_000_000}]},
        ["problems-not-shown", "ref-dangling"],
    ),
    "long-names": (
        lambda: {"components": [{"bom-ref": "x" * 1_000_000}] * 1_000},
        ["problems-not-shown", "ref-duplicate"],
    ),
    "long-keys": (
        lambda: {"x" * 1_000_000: [{"ref": "a"}] * 1_000},
        ["problems-not-shown", "ref-dangling"],
    ),
    "long-purl": (
        lambda: {"components": [{"purl": "pkg:" + "a/@#?&%" * 100_000}]},
        ["purl-malformed"],
    ),
    "long-digest": (
        lambda: {"hashes": [{"alg": "SHA-256", "content": "z" * 10_000_000}]},
        ["digest-length", "digest-not-hex"],
    ),
}


@pytest.mark.parametrize(("made", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_documents_are_checked_in_bounded_time_and_text(made, expected):
    document = made()
    before = time.process_time()
    problems = reference_problems(document)
    assert time.process_time() - before < 10
    assert sorted({problem.reason for problem in problems}) == expected
    assert all(len(p.message) + len(p.pointer) < 2_000 for p in problems)


KEYS = st.sampled_from(
    [
        *(*REFERENCE_KEYS, "bom-ref", "alg", "content", "purl", "components", "type"),
        *("modelCard", "data", "url", "timeStart", "timeEnd", "created", "expires"),
    ]
)
TEXTS = (
    st.sampled_from(["a", "b", "SHA-256", "pkg:a/b", LINK, "2026-01-01"]) | st.text()
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | TEXTS, inner, max_size=5)
    ),
    max_leaves=30,
)


@given(st.dictionaries(KEYS, ANY))
def test_any_document_gets_an_answer(document):
    problems = reference_problems(document)
    assert {problem.level for problem in problems} <= {"references"}


@given(st.dictionaries(KEYS, ANY))
def test_every_pointer_leads_into_the_document(document):
    for problem in reference_problems(document):
        value = document
        for token in problem.pointer.split("/")[1:]:
            step = token.replace("~1", "/").replace("~0", "~")
            value = value[int(step) if isinstance(value, list) else step]
        assert isinstance(value, str | dict | list) or value is None
