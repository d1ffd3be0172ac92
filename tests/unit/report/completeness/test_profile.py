"""Completeness profiles: dated data, read strictly; their schema and reader agree."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from aibom.errors import PolicyInvalid
from aibom.reading import parse_yaml
from aibom.report.completeness.makers import asks_who
from aibom.report.completeness.profile import (
    Obligation,
    Probe,
    ProbeKind,
    Role,
    Rule,
    Way,
    read_profile,
)
from aibom.resources import read_schema, resource_dir

FILES = {p.stem: p for p in (resource_dir("policies") / "profiles").glob("*.yaml")}
SCHEMA = Draft202012Validator(read_schema("profile-1.json"))

#: id → number of elements, by group where the list has groups.
COUNTS = {
    "g7-2026": [10, 9, 13, 10, 2, 4, 2],
    "ntia-2021": [5, 2],
    "cisa-2025-draft": [7, 4],
    "bsi-tr-03183-2-v2.1.0": [3, 17],
    "cert-in-aibom-v2": [13, 1, 5],
    "spdx-3.0.1-ai": [3, 6],
    "spdx-3.0.1-dataset": [3, 7],
    "aiact-annex-iv-2": [3, 3, 2, 2, 1],
    "aiact-annex-xi": [6, 5, 3],
    "aiact-annex-xii": [8, 3],
    "gpai-summary": [3, 7, 3],
    "owasp-aibom-registry": [4, 5, 7, 28, 4],
}
TOTALS = {
    "g7-2026": 50,
    "ntia-2021": 7,
    "cisa-2025-draft": 11,
    "bsi-tr-03183-2-v2.1.0": 20,
    "cert-in-aibom-v2": 19,
    "owasp-aibom-registry": 48,
}
ROLES = {
    "cisa-2025-draft": Role.DRAFT,
    "owasp-aibom-registry": Role.COMMUNITY,
    "g7-2026": Role.VOLUNTARY,
    "aiact-annex-xi": Role.LAW,
}


def parsed(name):
    return parse_yaml(FILES[name].read_bytes(), FILES[name].name)


def profile(name):
    return read_profile(parsed(name), name)


def test_the_files_are_those_that_are_counted():
    assert set(FILES) == set(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
def test_every_file_fits_the_schema_and_is_called_what_it_is(name):
    assert [error.message for error in SCHEMA.iter_errors(parsed(name))] == []
    found = profile(name)
    assert found.id == name
    assert found.dated <= found.as_of
    assert not found.partial


@pytest.mark.parametrize("name", COUNTS)
def test_every_list_has_its_elements(name):
    found = profile(name)
    groups = [e.group for e in found.elements]
    assert [groups.count(group) for group in found.groups] == COUNTS[name]
    assert len(found.elements) == TOTALS.get(name, sum(COUNTS[name]))


def test_the_marks_of_the_bsi():
    marks = [e.obligation for e in profile("bsi-tr-03183-2-v2.1.0").elements]
    assert [marks.count(mark) for mark in Obligation] == [0, 12, 5, 3]


@pytest.mark.parametrize("name", ROLES)
def test_roles(name):
    assert profile(name).role is ROLES[name]


@pytest.mark.parametrize("name", COUNTS)
def test_nothing_says_that_a_law_or_standard_is_met(name):
    text = FILES[name].read_text("utf-8").casefold()
    assert not any(word in text for word in ("compliant", "complies", "certified"))


@pytest.mark.parametrize("name", COUNTS)
def test_only_signatures_are_verified_by_a_signature(name):
    """What somebody states stays a claim when it is signed."""
    for element in profile(name).elements:
        asks = {p.argument for p in element.where if p.kind is ProbeKind.EVIDENCE}
        audits = any(p.kind is ProbeKind.AUDIT for p in element.where)
        if Way.SIGNATURE in element.verify:
            asked = audits or asks_who(element) or asks - {"schema-valid"}
            assert asked, element.id


@pytest.mark.parametrize("name", COUNTS)
def test_no_profile_takes_who_signs_for_who_made(name):
    """That somebody signs for a thing answers nothing about who made it."""
    for element in profile(name).elements:
        asks = {p.argument for p in element.where if p.kind is ProbeKind.EVIDENCE}
        assert "owner" not in asks, element.id


def an_element(**changes):
    return {
        "id": "A-1",
        "group": "all",
        "title": "A name",
        "applies_to": "model",
        "where": [{"fact": "name"}],
        "verify": ["text"],
        "ask": "What is it called?",
        **changes,
    }


def a_profile(*elements, **changes):
    return {
        "apiVersion": "aibom/profile/v1",
        "id": "acme-1",
        "title": "A list",
        "edition": "1",
        "dated": "2026-11",
        "publisher": "Acme",
        "url": "https://acme.example/list",
        "role": "community",
        "status_note": "Binds nobody.",
        "as_of": "2026-11-20",
        "read_in": "primary",
        "elements_total": len(elements) or 1,
        "groups": {"all": "All"},
        "elements": list(elements) or [an_element()],
        **changes,
    }


def asked(*where, **changes):
    return a_profile(an_element(where=list(where), **changes))


GOOD = {
    "one element": a_profile(),
    "partial": a_profile(elements_total=48),
    "with notes": a_profile(notes=["Read in a copy."]),
    "a rule": asked({"fact": "name"}, rule="all"),
    "a path": asked({"component": "modelCard.modelParameters.inputs[].format"}),
    "every fact that begins so": asked({"step-fact": "parameter.*"}),
    "bytes": asked({"digest": "content"}, verify=["bytes"]),
    "of a document": asked(
        {"evidence": "document-signature"}, applies_to="document", verify=["signature"]
    ),
    "nowhere": asked({"none": "there is no place"}),
    "optional": asked({"fact": "name"}, obligation="optional", note="For some."),
}
#: With the words that the problem is told in, and whether a schema can say it too.
BAD = {
    "nothing": (None, "must be a mapping", True),
    "another version": (a_profile(apiVersion="aibom/profile/v2"), "v1", True),
    "a key nobody knows": (a_profile(score=1), "unknown key 'score'", True),
    "weights": (a_profile(an_element(weight=3)), "unknown key 'weight'", True),
    "an id with a space": (a_profile(id="acme 1"), "is not an id", True),
    "a role nobody knows": (a_profile(role="binding"), "is not one of", True),
    "no elements": (a_profile(elements=[]), "cannot hold 0 of 1", True),
    "more than there are": (
        a_profile(an_element(), an_element(id="A-2"), elements_total=1),
        "cannot hold 2 of 1",
        False,
    ),
    "one twice": (a_profile(an_element(), an_element()), "stands twice", False),
    "no such group": (a_profile(an_element(group="none")), "is in no group", False),
    "nowhere": (asked(), "names no place", True),
    "no probe of ours": (asked({"xpath": "//name"}), "is not one of", True),
    "two in one": (asked({"fact": "name", "step": "any"}), "is not one of", True),
    "not a path": (asked({"component": "a..b"}), "does not fit", True),
    "not a filter": (asked({"component": "a[?(@.b)]"}), "does not fit", True),
    "not a question": (asked({"edge": "grandmother"}), "is not one of", True),
    "not a digest": (asked({"digest": "md5"}), "is not one of", True),
    "no reason": (asked({"none": ""}), "is empty", True),
    "no way": (asked({"fact": "name"}, verify=[]), "names no way", True),
    "a way nobody knows": (asked({"fact": "name"}, verify=["trust"]), "is not", True),
    "bytes without bytes": (asked({"digest": "content"}), "bytes must be", False),
    "a fact of a document": (
        asked({"fact": "name"}, applies_to="document"),
        "is not asked of a document",
        False,
    ),
    "a place in the document for each model": (
        asked({"document": "version"}),
        "says nothing of one node",
        False,
    ),
    "steps above each model": (
        asked({"upstream-step": "label"}),
        "subject or main model alone",
        False,
    ),
}


@pytest.mark.parametrize("value", GOOD.values(), ids=GOOD)
def test_what_is_good(value):
    assert SCHEMA.is_valid(value)
    assert read_profile(value, "x.yaml").title == "A list"


@pytest.mark.parametrize(("value", "told", "by_schema"), BAD.values(), ids=BAD)
def test_what_is_bad(value, told, by_schema):
    assert SCHEMA.is_valid(value) is not by_schema
    with pytest.raises(PolicyInvalid, match=r"x\.yaml") as raised:
        read_profile(value, "x.yaml")
    assert told in raised.value.message
    assert raised.value.reason == "policy-invalid"


def test_what_is_read():
    (element,) = read_profile(GOOD["a rule"], "x.yaml").elements
    assert element.where == (Probe(ProbeKind.FACT, "name"),)
    assert str(element.where[0]) == "fact name"
    assert element.rule is Rule.ALL
    assert element.obligation is Obligation.LISTED


def test_a_partial_list_says_so():
    assert read_profile(GOOD["partial"], "x.yaml").partial
