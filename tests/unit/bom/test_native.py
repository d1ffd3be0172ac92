"""Facts in CycloneDX fields of their own, and values that do not fit one."""

from __future__ import annotations

import pytest
from bom_graphs import HUB, LINK, PURL, TEST
from builders import QUICK, TEXT, a_digest, a_node
from hypothesis import given
from hypothesis import strategies as st

from aibom.bom.native import (
    COMPONENT_TYPES,
    DATA_TYPES,
    component_fields,
    is_service_element,
    read_component_fields,
    read_step_fields,
    split_link,
    step_fields,
    task_type,
)
from aibom.lineage.identity import entity_id, undigested_id
from aibom.lineage.nodes import Fact, Kind, Node

HEX = "ab" * 32
BOM_LINK = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1"


def node(kind, *said):
    """A node about which two readers said these (field, value) pairs."""
    facts = tuple(Fact(field, value, frozenset({TEST})) for field, value in said)
    known = a_node(kind, "x")
    return Node(
        tuple(sorted(facts, key=lambda fact: fact.key)),
        frozenset({TEST, HUB}),
        id=known.id,
        kind=kind,
    )


#: name → (what is said, the fields it gives)
FITS = {
    "name": ([("name", "acme/x")], {"name": "acme/x"}),
    "revision": ([("revision", "1")], {"version": "1"}),
    "description": ([("description", "d")], {"description": "d"}),
    "source": ([("source", PURL)], {"purl": PURL}),
    "licence": (
        [("licence", "Apache-2.0")],
        {"licenses": [{"license": {"name": "Apache-2.0"}}]},
    ),
    "licence-in-words": (
        [("licence", "ask the authors; (c) 2026")],
        {"licenses": [{"license": {"name": "ask the authors; (c) 2026"}}]},
    ),
    "location": (
        [("location", "https://acme.example:8443/a/b")],
        {
            "externalReferences": [
                {"type": "distribution", "url": "https://acme.example:8443/a/b"}
            ]
        },
    ),
    "upstream-bom": (
        [("upstream-bom", f"{BOM_LINK}@sha256:{HEX}")],
        {
            "externalReferences": [
                {
                    "type": "bom",
                    "url": BOM_LINK,
                    "hashes": [{"alg": "SHA-256", "content": HEX}],
                }
            ]
        },
    ),
}
#: name → said pairs of which none fits a field
DOES_NOT_FIT = {
    "unknown-revision": [("revision", None)],
    "two-revisions": [("revision", "1"), ("revision", "2")],
    "revision-and-unknown": [("revision", "1"), ("revision", None)],
    "revision-too-long": [("revision", "1" * 1025)],
    "empty-revision": [("revision", "")],
    "two-licences": [("licence", "MIT"), ("licence", "CC0-1.0")],
    "empty-licence": [("licence", "")],
    "two-descriptions": [("description", "a"), ("description", "b")],
    "empty-name": [("name", "")],
    "source-no-purl": [("source", "hf:acme/base")],
    "source-half-a-purl": [("source", "pkg:huggingface")],
    "source-purl-without-a-name": [("source", "pkg:huggingface/")],
    "location-of-another-scheme": [("location", "file:///etc/passwd")],
    "location-with-a-space": [("location", "https://acme.example/a b")],
    "location-with-a-user": [("location", "https://user@acme.example/")],
    "location-with-a-query": [("location", "https://acme.example/?a=[b]")],
    "location-in-words": [("location", "the old disk")],
    "location-with-a-newline": [("location", "https://acme.example/\n")],
    "link-without-a-digest": [("upstream-bom", BOM_LINK)],
    "link-with-half-a-digest": [("upstream-bom", f"{BOM_LINK}@sha256:abc")],
    "link-in-capitals": [("upstream-bom", f"{BOM_LINK}@sha256:{HEX.upper()}")],
    "link-to-an-element": [("upstream-bom", f"{BOM_LINK}#x@sha256:{HEX}")],
    "fact-of-our-own": [("commit", "0123")],
}


@pytest.mark.parametrize(("said", "fields"), FITS.values(), ids=FITS)
def test_fact_that_fits_stands_in_its_field(said, fields):
    given_node = node(Kind.MODEL, *said)
    written, held = component_fields(given_node)
    assert written == {"name": given_node.id, **fields}
    assert held == set(said)
    assert read_component_fields(written, given_node.id) == held


@pytest.mark.parametrize("said", DOES_NOT_FIT.values(), ids=DOES_NOT_FIT)
def test_fact_that_does_not_fit_stands_in_no_field(said):
    given_node = node(Kind.MODEL, *said)
    written, held = component_fields(given_node)
    assert written == {"name": given_node.id}
    assert held == frozenset()


def test_first_of_several_names_and_sources_is_shown():
    other = "pkg:huggingface/acme/other"
    said = [("name", "b"), ("name", "a"), ("source", other), ("source", "a disk")]
    written, held = component_fields(node(Kind.MODEL, *said))
    assert (written["name"], written["purl"]) == ("a", other)
    assert held == {("name", "a"), ("source", other)}


def test_name_equal_to_the_id_is_not_taken_for_no_name():
    plain = a_node(Kind.MODEL, "x")
    said = (Fact("name", plain.id, frozenset({TEST})),)
    _, held = component_fields(Node(said, id=plain.id, kind=Kind.MODEL))
    assert held == frozenset()


def test_every_kind_that_is_a_component_has_a_type():
    assert set(COMPONENT_TYPES) == set(Kind) - {Kind.STEP}
    data = {kind for kind, name in COMPONENT_TYPES.items() if name == "data"}
    assert data == set(DATA_TYPES)


def test_only_a_service_without_bytes_is_a_service_element():
    digested = entity_id(Kind.SERVICE, a_digest("x"))
    undigested = undigested_id(Kind.SERVICE, {"name": "x"})
    assert is_service_element(Node(id=undigested, kind=Kind.SERVICE))
    assert not is_service_element(Node(id=digested, kind=Kind.SERVICE))
    assert not is_service_element(a_node(Kind.SYSTEM, "x"))


@QUICK
@given(st.lists(st.tuples(st.sampled_from(["name", "source", "licence"]), TEXT)))
def test_what_the_fields_hold_is_what_is_read_back(said):
    given_node = node(Kind.DATASET, *dict.fromkeys(said))
    written, held = component_fields(given_node)
    assert read_component_fields(written, given_node.id) == held
    assert held <= set(said)


# ── links ──────────────


def test_link_is_split_into_bom_link_and_digest():
    assert split_link(f"{BOM_LINK}@sha256:{HEX}") == (BOM_LINK, HEX)
    assert split_link(LINK) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        BOM_LINK,
        f"{BOM_LINK}@{HEX}",
        f"{BOM_LINK[:-1]}0@sha256:{HEX}",
        f"{BOM_LINK}@sha256:{HEX}\n",
        f"URN:CDX:{BOM_LINK[8:]}@sha256:{HEX}",
        f"{BOM_LINK}@sha256:{HEX}0",
    ],
)
def test_other_text_is_no_link(text):
    assert split_link(text) is None


# ── steps ──────────────

TIMES = {
    "plain": ("2026-01-30T08:00:00Z", True),
    "last-of-a-month": ("2026-10-31T23:59:59Z", True),
    "leap-day": ("2028-02-29T00:00:00Z", True),
    "no-leap-day": ("2026-02-29T00:00:00Z", False),
    "month-13": ("2026-13-01T00:00:00Z", False),
    "day-0": ("2026-01-00T00:00:00Z", False),
    "leap-second": ("2026-12-31T23:59:60Z", False),
    "hour-24": ("2026-01-01T24:00:00Z", False),
    "year-0": ("0000-01-01T00:00:00Z", False),
    "year-1": ("0001-01-01T00:00:00Z", True),
    "fraction": ("2026-01-01T00:00:00.5Z", False),
    "offset": ("2026-01-01T00:00:00+00:00", False),
    "no-zone": ("2026-01-01T00:00:00", False),
    "lower-case": ("2026-01-01t00:00:00z", False),
    "date": ("2026-01-01", False),
    "in-words": ("yesterday", False),
    "other-digits": ("\uff12026-01-01T00:00:00Z", False),
    "newline": ("2026-01-01T00:00:00Z\n", False),
    "empty": ("", False),
}


@pytest.mark.parametrize(("text", "fits"), TIMES.values(), ids=TIMES)
@pytest.mark.parametrize(
    ("fact", "key"), [("started", "timeStart"), ("finished", "timeEnd")]
)
def test_time_that_every_validator_takes_stands_in_its_field(fact, key, text, fits):
    fields, _, held = step_fields(node(Kind.STEP, (fact, text)))
    assert fields == ({key: text} if fits else {})
    assert held == ({(fact, text)} if fits else frozenset())


def test_end_before_the_start_stands_in_no_field():
    late, early = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"
    fields, _, held = step_fields(
        node(Kind.STEP, ("started", late), ("finished", early))
    )
    assert fields == {"timeStart": late}
    assert held == {("started", late)}


def test_parameters_and_variables_are_inputs():
    said = [
        ("parameter.lr", "0.1"),
        ("parameter.a.b", ""),
        ("parameter.a.b", "2"),
        ("parameter.unknown", None),
        ("env.PATH", "x"),
    ]
    step = node(Kind.STEP, *said)
    fields, inputs, held = step_fields(step)
    assert fields == {}
    assert inputs == [
        {
            "parameters": [
                {"name": "a.b", "value": ""},
                {"name": "a.b", "value": "2"},
                {"name": "lr", "value": "0.1"},
            ]
        },
        {"environmentVars": [{"name": "PATH", "value": "x"}]},
    ]
    assert held == {pair for pair in said if pair[1] is not None}
    assert read_step_fields({"inputs": inputs}) == held


def test_environment_as_texts_is_not_read():
    assert read_step_fields({"inputs": [{"environmentVars": ["A=1"]}]}) == frozenset()


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((), "other"),
        (("fine-tune",), "build"),
        (("merge",), "merge"),
        (("evaluate",), "test"),
        (("collect",), "copy"),
        (("deduplicate",), "clean"),
        (("review",), "review"),
        (("never-heard-of",), "build"),
    ],
)
def test_task_type_of_a_step(kinds, expected):
    assert task_type(node(Kind.STEP, *(("step", kind) for kind in kinds))) == expected


def test_label_is_the_name_of_a_workflow():
    fields, _, held = step_fields(node(Kind.STEP, ("label", "try 3")))
    assert fields == {"name": "try 3"}
    assert read_step_fields(fields) == held == {("label", "try 3")}
