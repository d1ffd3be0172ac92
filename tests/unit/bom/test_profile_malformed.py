"""Documents in our profile with parts that cannot be read: a reason, never a crash."""

from __future__ import annotations

import json

import pytest
from bom_graphs import (
    ACME,
    BASE,
    GUIDE,
    LABELLING,
    MODEL,
    RAW,
    TRAINING,
    add_property,
    element,
    everything,
    inputs,
    metadata_property,
    set_property,
    stubs,
    written,
)
from builders import QUICK
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.bom.profile import notices, profile_problems
from aibom.bom.schema import schema_problems

DIGEST = "0" * 64


def reasons(document):
    return [problem.reason for problem in profile_problems(document, DIGEST)]


#: name → (change, reason)
MALFORMED = {
    "kind-changed": (
        lambda d: set_property(element(d, RAW.id), "aibom:kind", "model"),
        "kind-contradicted",
    ),
    "kind-removed": (
        lambda d: set_property(element(d, RAW.id), "aibom:kind", None),
        "kind-contradicted",
    ),
    "kind-unknown": (
        lambda d: set_property(element(d, TRAINING.id), "aibom:kind", "magic"),
        "kind-contradicted",
    ),
    "kind-twice": (
        lambda d: add_property(element(d, RAW.id), "aibom:kind", "dataset"),
        "property-repeated",
    ),
    "component-added": (
        lambda d: d["components"].append(
            {"type": "library", "bom-ref": "x", "name": "x"}
        ),
        "kind-contradicted",
    ),
    "component-without-a-bom-ref": (
        lambda d: d["components"].append({"type": "library", "name": "x"}),
        "kind-contradicted",
    ),
    "main-component-removed": (
        lambda d: d["metadata"].pop("component"),
        "root-missing",
    ),
    "main-component-without-a-bom-ref": (
        lambda d: d["metadata"]["component"].pop("bom-ref"),
        "root-missing",
    ),
    "profile-2": (
        lambda d: metadata_property(d, "aibom:profile", "2"),
        "profile-unsupported",
    ),
    "profile-twice": (
        lambda d: add_property(d["metadata"], "aibom:profile", "1"),
        "property-repeated",
    ),
    "profile-removed": (
        lambda d: metadata_property(d, "aibom:profile", None),
        "profile-missing",
    ),
    "spec-1.5": (lambda d: d.update(specVersion="1.5"), "spec-version-unsupported"),
    "origin-beyond-the-table": (
        lambda d: set_property(element(d, RAW.id), "aibom:origins", "0 99"),
        "origin-invalid",
    ),
    "origin-no-number": (
        lambda d: set_property(element(d, RAW.id), "aibom:origins", "-1"),
        "origin-invalid",
    ),
    "origin-of-a-million-digits": (
        lambda d: set_property(element(d, RAW.id), "aibom:origins", "1" * 1_000_000),
        "origin-invalid",
    ),
    "origins-too-few-for-the-values": (
        lambda d: set_property(element(d, RAW.id), "aibom:origins:licence", "0"),
        "origin-invalid",
    ),
    "fact-that-nobody-says": (
        lambda d: set_property(element(d, GUIDE.id), "aibom:origins", ""),
        "fact-invalid",
    ),
    "origin-removed-from-the-table": (
        lambda d: metadata_property(d, "aibom:origin:0", None),
        "origin-invalid",
    ),
    "origin-of-the-table-twice": (
        lambda d: add_property(d["metadata"], "aibom:origin:0", "{}"),
        "property-repeated",
    ),
    "origin-no-json": (
        lambda d: metadata_property(d, "aibom:origin:0", "hub"),
        "property-malformed",
    ),
    "origin-no-object": (
        lambda d: metadata_property(d, "aibom:origin:0", "[]"),
        "origin-invalid",
    ),
    "origin-of-no-mode": (
        lambda d: metadata_property(
            d,
            "aibom:origin:0",
            '{"cataloger":"hub","digest":"","mode":"trusted","pointer":""}',
        ),
        "origin-invalid",
    ),
    "field-name-with-a-space": (
        lambda d: add_property(element(d, RAW.id), "aibom:fact:a b", "x"),
        "fact-invalid",
    ),
    "parameter-without-a-name": (
        lambda d: element(d, LABELLING.id)["inputs"].append(
            {"parameters": [{"value": "1"}]}
        ),
        "fact-invalid",
    ),
    "role-no-word": (
        lambda d: set_property(inputs(d, LABELLING)[0], "aibom:role", "Training Data"),
        "edge-invalid",
    ),
    "role-twice": (
        lambda d: add_property(inputs(d, LABELLING)[0], "aibom:role", "x"),
        "property-repeated",
    ),
    "input-without-a-reference": (
        lambda d: inputs(d, LABELLING)[0].update(
            resource={"externalReference": {"type": "other", "url": "https://a.b"}}
        ),
        "edge-invalid",
    ),
    "input-that-is-a-step": (
        lambda d: inputs(d, LABELLING)[0].update(resource={"ref": TRAINING.id}),
        "edge-invalid",
    ),
    "ancestor-without-a-relation": (
        lambda d: set_property(stubs(d, BASE)[0], "aibom:relation", None),
        "edge-invalid",
    ),
    "ancestor-of-no-relation": (
        lambda d: set_property(stubs(d, BASE)[0], "aibom:relation", "loves"),
        "edge-invalid",
    ),
    "ancestor-that-is-not-there": (
        lambda d: set_property(stubs(d, BASE)[0], "aibom:ref", "model:file:x"),
        "edge-dangling",
    ),
    "agent-that-is-no-party": (
        lambda d: add_property(element(d, TRAINING.id), "aibom:agent:x", RAW.id),
        "edge-invalid",
    ),
    "agent-that-is-not-there": (
        lambda d: add_property(element(d, TRAINING.id), "aibom:agent", "party:org:X"),
        "edge-dangling",
    ),
    "requires-itself": (
        lambda d: add_property(element(d, RAW.id), "aibom:requires", RAW.id),
        "edge-invalid",
    ),
    "party-removed": (
        lambda d: metadata_property(d, "aibom:party", None),
        "edge-dangling",
    ),
    "extra-twice": (
        lambda d: add_property(d["metadata"], "aibom:extra:x-note", "1"),
        "property-repeated",
    ),
}
DEEP = "[" * 100_000
JSON_TEXTS = {
    "no-json": ("supplier", "property-malformed"),
    "empty": ("", "property-malformed"),
    "no-object": ("[]", "property-malformed"),
    "no-keys": ("{}", "property-malformed"),
    "more-than-one-value": ('1,"value":2', "property-malformed"),
    "another-member": ('1,"x":2', "property-malformed"),
    "nothing-closed": ("{", "property-malformed"),
    "one-closed-too-many": ("1}", "property-malformed"),
    "deep": (DEEP, "property-malformed"),
    "deep-but-balanced": ("[" * 500 + "]" * 500, "property-malformed"),
    "infinite": ('{"a":1e999}', "property-malformed"),
    "nan": ("NaN", "property-malformed"),
    "lone-surrogate": ('{"a":"\\ud800"}', "property-malformed"),
    "number-of-5000-digits": ("1" * 5000, "property-malformed"),
    "key-twice": ('{"a":1,"a":1}', "property-malformed"),
}
EDGE = {"relation": "attributed-to", "role": "owner", "target": ACME.id}
EDGES = {
    "properties-no-list": ({**EDGE, "properties": {}}, "property-malformed"),
    "properties-of-texts": ({**EDGE, "properties": ["x"]}, "property-malformed"),
    "property-without-value": (
        {**EDGE, "properties": [{"name": "aibom:role"}]},
        "property-malformed",
    ),
    "property-of-numbers": (
        {**EDGE, "properties": [{"name": "aibom:origins", "value": 0}]},
        "property-malformed",
    ),
    "relation-no-text": (
        {**EDGE, "properties": [], "relation": ["used"]},
        "property-malformed",
    ),
    "relation-unknown": (
        {**EDGE, "properties": [], "relation": "loves"},
        "edge-invalid",
    ),
    "target-no-text": ({**EDGE, "properties": [], "target": {}}, "property-malformed"),
    "role-null": ({**EDGE, "properties": [], "role": None}, "property-malformed"),
    "more-keys": ({**EDGE, "properties": [], "x": ""}, "property-malformed"),
    "without-its-plain-property": (
        {**EDGE, "properties": [], "role": "writer"},
        "edge-invalid",
    ),
    "origin-beyond-the-table": (
        {**EDGE, "properties": [{"name": "aibom:origins", "value": "9"}]},
        "origin-invalid",
    ),
}
PARTIES = {
    "ref-no-text": ({"ref": 1, "properties": []}, "property-malformed"),
    "ref-no-party": ({"ref": RAW.id, "properties": []}, "kind-contradicted"),
    "ref-missing": ({"properties": []}, "property-malformed"),
    "party-that-is-not-shown": (
        {"ref": "party:org:Ghost", "properties": []},
        "view-mismatch",
    ),
    "party-that-claims-to-be-a-step": (
        {"ref": TRAINING.id, "properties": []},
        "kind-contradicted",
    ),
}


@pytest.mark.parametrize(
    ("change", "reason"),
    MALFORMED.values(),
    ids=MALFORMED,
)
def test_malformed_part_has_its_reason(change, reason):
    document = written(everything())
    change(document)
    found = profile_problems(document, DIGEST)
    assert reason in {problem.reason for problem in found}
    assert all(problem.level == "profile" for problem in found)
    assert all(problem.pointer[:1] in ("", "/") for problem in found)
    assert all(len(problem.message) < 1000 for problem in found)


@pytest.mark.parametrize(("text", "reason"), JSON_TEXTS.values(), ids=JSON_TEXTS)
@pytest.mark.parametrize("name", ["aibom:edge", "aibom:party"])
def test_hostile_json_in_a_property_has_a_reason(name, text, reason):
    document = written(everything())
    owner = element(document, MODEL.id) if name == "aibom:edge" else None
    add_property(owner or document["metadata"], name, text)
    assert reasons(document) == [reason]


@pytest.mark.parametrize(
    "text",
    [text for text, _ in JSON_TEXTS.values() if text not in ("[]", "{}")],
    ids=[name for name in JSON_TEXTS if name not in ("no-object", "no-keys")],
)
@pytest.mark.parametrize("place", ["metadata", "component", "edge"])
def test_hostile_json_in_an_unknown_member_has_a_reason(place, text):
    document = written(everything())
    owner = {
        "metadata": document["metadata"],
        "component": element(document, RAW.id),
        "edge": inputs(document, LABELLING)[0],
    }[place]
    add_property(owner, "aibom:extra:y", text)
    assert reasons(document) == ["property-malformed"]


@pytest.mark.parametrize(("value", "reason"), EDGES.values(), ids=EDGES)
def test_edge_with_a_wrong_detail_has_a_reason(value, reason):
    document = written(everything())
    add_property(element(document, MODEL.id), "aibom:edge", json.dumps(value))
    assert reasons(document) == [reason]


@pytest.mark.parametrize(("value", "reason"), PARTIES.values(), ids=PARTIES)
def test_party_with_a_wrong_detail_has_a_reason(value, reason):
    document = written(everything())
    add_property(document["metadata"], "aibom:party", json.dumps(value))
    assert set(reasons(document)) == {reason}


def test_second_detail_of_one_edge_is_found_out():
    document = written(everything())
    raw = element(document, RAW.id)
    (text,) = [p["value"] for p in raw["properties"] if p["name"] == "aibom:edge"]
    add_property(raw, "aibom:edge", text.replace("since", "until"))
    assert set(reasons(document)) == {"view-mismatch"}


def places(value, path=()):
    """The path of every member and entry of a document."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


PLACES = list(places(written(everything())))
HOSTILE = (
    *("", "0", "²", "-1", "a;b", "\u2028", "x" * 5000, "[", "{}", "null"),
    *("model:file:x", "party:", "step:", "code:tree:" + "a" * 64),
    *("aibom:view", "aibom:edge", "aibom:party", "aibom:extra:", "aibom:fact:"),
    *("aibom:origins:", "aibom:origin:1", "aibom:unknown", "aibom:agent:Ä"),
    *(0, None, True, [], {}, [{}], ["a"]),
)


@settings(QUICK, max_examples=300)
@given(st.sampled_from(PLACES), st.sampled_from(HOSTILE) | st.none())
def test_any_edit_that_the_schema_lets_through_is_judged_and_never_a_crash(path, value):
    document = written(everything())
    owner = document
    for step in path[:-1]:
        owner = owner[step]
    if value is None:
        del owner[path[-1]]
    else:
        owner[path[-1]] = value
    if schema_problems(document) == ():
        found = profile_problems(document, DIGEST)
        assert {problem.level for problem in found} <= {"profile"}
        assert isinstance(notices(document, DIGEST), tuple)
