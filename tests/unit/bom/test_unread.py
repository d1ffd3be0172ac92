"""What stands in a BOM and is no part of its lineage is told, and nothing else is.

The rule is one property: a leaf of the document is lost and told, or changing it
changes what is written. It is tried on every leaf of every document here.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
from bom_graphs import LABELS, SMALL, element, everything, written
from bom_leaves import (
    FORMAT,
    Read,
    is_below,
    leaf_places,
    silent,
    with_another,
)
from builders import QUICK, graphs
from cyclonedx_documents import bom
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.bom.decode import decode
from aibom.bom.encode import encode
from aibom.bom.leaves import MAX_PLACES, count_leaves, losses_of
from aibom.bom.losses import Loss, LossKind, counts, losses_document, sorted_losses
from aibom.bom.problem import pointer_to
from aibom.bom.unread import Unread, unread_of_another, unread_of_ours
from aibom.errors import DocumentInvalid
from aibom.lineage.graph import Graph

ONE, TWO = "1" * 64, "2" * 64


def about(**members: Any) -> dict[str, Any]:
    """A document of somebody else about one model."""
    main = {"type": "machine-learning-model", "name": "m", "bom-ref": "m", **members}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": main},
    }


def beside(*components: Any, **members: Any) -> dict[str, Any]:
    """The same with other components, and members of the document."""
    return {**about(), "components": list(components), **members}


def told(document: Any) -> dict[str, tuple[str, str, int]]:
    """Place → kind, reason and number of leaves, but for names that are always lost."""
    found = Read(document).found
    return {
        pointer_to(one.path): (one.kind.value, one.detail, one.leaves)
        for one in found.lost
        if one.path[-1] != "bom-ref"
    }


def sha(value: str, algorithm: str = "SHA-256") -> dict[str, str]:
    """A hash of a component."""
    return {"alg": algorithm, "content": value}


OUTSIDE = ("not-read", "no part of the lineage")
NOWHERE = ("not-read", "leads to nothing that was read", 1)
OTHER = ("not-read", "a thing is known by its SHA-256", 2)
WRONG = "contradicted: more than one SHA-256 of one thing"
DATASET = {"type": "dataset", "name": "d"}
MAIN = "/metadata/component"
CARD = f"{MAIN}/modelCard/modelParameters/datasets/0"


def with_dataset(**members: Any) -> dict[str, Any]:
    """A model card with one dataset."""
    return about(modelCard={"modelParameters": {"datasets": [{**DATASET, **members}]}})


#: name → a document of somebody else, and what of it is told
FOREIGN: dict[str, tuple[dict[str, Any], dict[str, tuple[str, str, int]]]] = {
    "nothing": (about(), {}),
    "frame": (
        {**about(), "serialNumber": "urn:uuid:1", "version": 1},
        {
            f"/{key}": (
                "not-carried",
                "about the document, and not about what it describes",
                1,
            )
            for key in ("serialNumber", "version")
        },
    ),
    "top": (
        {**about(), "services": [{"name": "a", "group": "b"}, {}], "patents": []},
        {"/services": (*OUTSIDE, 3), "/patents": (*OUTSIDE, 1)},
    ),
    "members": (
        about(group="g", supplier={"name": "s", "url": ["u"]}),
        {f"{MAIN}/group": (*OUTSIDE, 1), f"{MAIN}/supplier": (*OUTSIDE, 2)},
    ),
    "other-hashes": (
        about(hashes=[sha(ONE), sha("3" * 128, "SHA-512"), sha("4" * 40, "SHA-1")]),
        {f"{MAIN}/hashes/1": OTHER, f"{MAIN}/hashes/2": OTHER},
    ),
    "two-digests": (
        about(hashes=[sha(ONE), sha(TWO)]),
        {f"{MAIN}/hashes/{n}": ("not-read", WRONG, 2) for n in (0, 1)},
    ),
    "two-hashes-of-the-same-bytes": (
        beside(
            *(
                {"type": "data", "name": "d", "hashes": [sha(ONE), sha(other, "MD5")]}
                for other in ("3" * 32, "4" * 32)
            )
        ),
        {
            f"/components/{n}/hashes/1": (
                "not-read",
                "contradicted: more than one MD5 of one thing",
                2,
            )
            for n in (0, 1)
        },
    ),
    "bytes-of-two-kinds": (
        beside(
            {"type": "data", "name": "d", "hashes": [sha(ONE)]},
            {"type": "application", "name": "a", "hashes": [sha(ONE)]},
        ),
        {
            f"/components/{n}/hashes/0": (
                "not-read",
                "identifies nothing: these bytes are called two kinds of thing",
                2,
            )
            for n in (0, 1)
        },
    ),
    "governance": (
        with_dataset(
            governance={"owners": [{"organization": {"name": "Acme"}}]},
            classification="secret",
            sensitiveData=["names", "places"],
        ),
        {
            f"{CARD}/governance": (*OUTSIDE, 1),
            f"{CARD}/classification": (*OUTSIDE, 1),
            f"{CARD}/sensitiveData": (*OUTSIDE, 2),
        },
    ),
    "dataset-of-a-component": (
        beside(
            {"type": "data", "name": "d", "data": [{"type": "dataset", "name": "x"}]}
        ),
        {"/components/0/data": (*OUTSIDE, 2)},
    ),
    "dangling": (
        {**about(), "dependencies": [{"ref": "m", "dependsOn": ["nobody"]}]},
        {"/dependencies/0/dependsOn/0": NOWHERE, "/dependencies/0/ref": NOWHERE},
    ),
    "dangling-dataset": (
        about(modelCard={"modelParameters": {"datasets": [{"ref": "nobody"}]}}),
        {f"{CARD}/ref": NOWHERE},
    ),
    "needs-nothing": (
        {**about(), "dependencies": [{"ref": "m"}]},
        {"/dependencies/0/ref": ("not-read", "says that it needs nothing", 1)},
    ),
    "said-twice": (
        beside(
            {"type": "data", "name": "d", "bom-ref": "d"},
            dependencies=[{"ref": "m", "dependsOn": ["d", "d"]}],
        ),
        {
            "/dependencies/0/dependsOn/1": (
                "not-read",
                "says again what stands elsewhere",
                1,
            )
        },
    ),
    "software-of-any-type": (
        beside({"type": "firmware", "name": "f"}),
        {
            "/components/0/type": (
                "approximated",
                "software of whatever type is code",
                1,
            )
        },
    ),
    "file": (
        beside({"type": "file", "name": "f"}),
        {"/components/0": ("not-read", "was not read", 2)},
    ),
    "no-text": (
        beside({"type": "data", "name": 7, "version": {"a": 1}}),
        {
            "/components/0/name": ("not-read", "was not read", 1),
            "/components/0/version": ("not-read", "was not read", 1),
        },
    ),
    "no-list": (
        {**about(hashes="x"), "dependencies": 7},
        {
            f"{MAIN}/hashes": ("not-read", "was not read", 1),
            "/dependencies": ("not-read", "was not read", 1),
        },
    ),
    "references": (
        about(
            externalReferences=[
                {"type": "vcs", "url": "https://a.example"},
                {"type": "distribution", "url": "https://b.example", "comment": "c"},
            ]
        ),
        {
            f"{MAIN}/externalReferences/0": (*OUTSIDE, 2),
            f"{MAIN}/externalReferences/1/comment": (*OUTSIDE, 1),
        },
    ),
    "licences": (
        about(licenses=[{"license": {"id": "MIT", "url": "u"}}]),
        {f"{MAIN}/licenses/0/license/url": (*OUTSIDE, 1)},
    ),
    "card": (
        about(modelCard={"modelParameters": {"task": "t"}, "considerations": {}}),
        {
            f"{MAIN}/modelCard/modelParameters/task": (*OUTSIDE, 1),
            f"{MAIN}/modelCard/considerations": (*OUTSIDE, 1),
        },
    ),
}


@pytest.mark.parametrize(("document", "places"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_told_of_a_document_of_somebody_else(
    document: dict[str, Any], places: dict[str, tuple[str, str, int]]
) -> None:
    assert told(document) == places


@pytest.mark.parametrize("target", ["csv", "spdx"])
@pytest.mark.parametrize(
    "document",
    [*(case[0] for case in FOREIGN.values()), bom("1.6"), bom("1.7")],
    ids=[*FOREIGN, "ordinary-1.6", "ordinary-1.7"],
)
def test_no_leaf_is_lost_without_a_word(document: Any, target: str) -> None:
    assert silent(document, target) == []


def test_hashes_that_spdx_takes_are_handed_on() -> None:
    document = about(
        hashes=[sha(ONE), sha("3" * 128, "SHA-512"), sha("4" * 64, "Streebog-256")]
    )
    read = Read(document)
    assert {one.algorithm for one in read.found.hashes} == {"SHA-512", "Streebog-256"}
    lost = [one.path[-1] for one in read.lost("spdx") if "hashes" in one.path]
    assert lost == [2]
    assert f'"algorithm": "sha512", "hashValue": "{"3" * 128}"' in read.export("spdx")


def test_parts_and_what_they_are_parts_of() -> None:
    part = {"type": "data", "name": "p"}
    (shape,) = Read(about(components=[part, {**part, "name": "q"}])).found.shapes
    assert (shape.field, shape.count) == ("components", 2)
    assert shape.detail == "of what it is a part is not read"


# ── any document ────────────────────

NAMES = st.sampled_from(["a", "b", "", "c d", "=1+1"])
REFS = st.sampled_from(["m", "a", "b", "c", "nobody"])
ODD = st.one_of(st.none(), st.booleans(), st.integers(0, 3), NAMES, st.just([]))
HASH = st.fixed_dictionaries(
    {
        "alg": st.sampled_from(["SHA-256", "SHA-256", "SHA-512", "MD5", "x"]),
        "content": st.sampled_from([ONE, TWO, ONE.replace("1", "A"), "short"]),
    }
)
URLS = st.sampled_from(["https://a.example/x", "not a url", "pkg:npm/a@1"])
REFERENCE = st.fixed_dictionaries(
    {"type": st.sampled_from(["distribution", "bom", "vcs"]), "url": URLS},
    optional={"hashes": st.lists(HASH, max_size=2), "comment": NAMES},
)
LICENCE = st.one_of(
    st.fixed_dictionaries({"expression": NAMES}),
    st.fixed_dictionaries(
        {
            "license": st.fixed_dictionaries(
                {}, optional={"id": st.just("MIT"), "name": NAMES, "url": NAMES}
            )
        }
    ),
)
DATA = st.one_of(
    st.fixed_dictionaries({"ref": REFS}, optional={"name": NAMES}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["dataset", "other"])},
        optional={
            "name": NAMES,
            "bom-ref": REFS,
            "description": NAMES,
            "contents": st.fixed_dictionaries({}, optional={"url": URLS, "x": ODD}),
            "classification": NAMES,
            "governance": st.just({"owners": [{"organization": {"name": "o"}}]}),
            "sensitiveData": st.lists(NAMES, max_size=2),
        },
    ),
)


def or_odd(strategy: Any) -> Any:
    """Mostly as it should be."""
    return st.integers(0, 9).flatmap(lambda n: ODD if n == 0 else strategy)


def component_of(inner: Any) -> Any:
    """A component with whatever is in it."""
    return st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                ["machine-learning-model", "data", "application", "library", "file"]
            )
        },
        optional={
            "name": or_odd(NAMES),
            "bom-ref": or_odd(REFS),
            "version": or_odd(NAMES),
            "description": or_odd(NAMES),
            "purl": or_odd(URLS),
            "group": ODD,
            "hashes": or_odd(st.lists(or_odd(HASH), max_size=3)),
            "licenses": or_odd(st.lists(or_odd(LICENCE), max_size=2)),
            "externalReferences": or_odd(st.lists(or_odd(REFERENCE), max_size=2)),
            "modelCard": or_odd(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "modelParameters": st.fixed_dictionaries(
                            {"datasets": st.lists(or_odd(DATA), max_size=2)},
                            optional={"task": NAMES},
                        ),
                        "considerations": ODD,
                    },
                )
            ),
            "components": or_odd(st.lists(inner, max_size=2)),
            "pedigree": or_odd(
                st.fixed_dictionaries(
                    {"ancestors": st.lists(inner, max_size=2)},
                    optional={"notes": NAMES},
                )
            ),
        },
    )


COMPONENT = component_of(component_of(st.just({"type": "data", "name": "deep"})))
DEPENDENCY = st.fixed_dictionaries(
    {"ref": REFS}, optional={"dependsOn": or_odd(st.lists(REFS, max_size=3))}
)
DOCUMENT = st.fixed_dictionaries(
    {"bomFormat": st.just("CycloneDX"), "specVersion": st.just("1.6")},
    optional={
        "serialNumber": NAMES,
        "metadata": or_odd(
            st.fixed_dictionaries(
                {}, optional={"component": or_odd(COMPONENT), "timestamp": NAMES}
            )
        ),
        "components": or_odd(st.lists(or_odd(COMPONENT), max_size=3)),
        "dependencies": or_odd(st.lists(or_odd(DEPENDENCY), max_size=3)),
        "services": ODD,
    },
)


@settings(max_examples=25, deadline=None)
@given(document=DOCUMENT, target=st.sampled_from(["csv", "spdx"]))
def test_no_leaf_of_any_document_is_lost_without_a_word(
    document: Any, target: str
) -> None:
    assert silent(document, target) == []


@QUICK
@given(document=DOCUMENT)
def test_every_leaf_is_read_or_lost_and_none_is_both(document: Any) -> None:
    found = Read(document).found
    tops = [one.path for one in found.lost]
    assert len(set(tops)) == len(tops)
    for one in found.lost:
        assert not is_below(one.path[:-1], found.lost)
    for one in found.lost:
        value: Any = document
        for step in one.path:
            value = value[step]
        assert one.leaves == count_leaves(value)
    losses = list(losses_of(found.lost))
    assert sum(counts(losses).values()) == sum(one.leaves for one in found.lost)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@QUICK
@given(document=st.dictionaries(st.text() | st.just("components"), JSON))
def test_never_raises(document: dict[str, Any]) -> None:
    unread_of_another(document, SMALL["root-alone"], ONE)
    unread_of_ours(document, written(SMALL["root-alone"]))


# ── ours ────────────────────


def added(document: Any, graph: Graph) -> dict[str, int]:
    """What others added to a document of ours, by place."""
    found = unread_of_ours(document, written(graph))
    return {
        pointer_to(one.path): one.leaves
        for one in found.lost
        if one.kind is LossKind.NOT_READ
    }


@QUICK
@given(graph=graphs())
def test_nothing_of_ours_is_passed_over(graph: Graph) -> None:
    assert added(written(graph), graph) == {}


def test_what_others_added_to_ours() -> None:
    document = written(everything())
    document["annotations"] = [{"text": "a", "subjects": ["x", "y"]}]
    document["metadata"]["component"]["author"] = "somebody"
    document["components"].insert(0, {"type": "data", "bom-ref": "new"})
    hashed = element(document, LABELS.id)
    hashed["hashes"].append(sha("3" * 40, "SHA-1"))
    index = document["components"].index(hashed)
    assert added(document, everything()) == {
        "/annotations": 3,
        "/metadata/component/author": 1,
        "/components/0": 2,
        f"/components/{index}/hashes/1": 2,
    }


def test_what_was_exchanged_in_ours_is_told() -> None:
    document = written(everything())
    listed = [d for d in document["dependencies"] if "dependsOn" in d]
    one, two = listed[0]["dependsOn"], listed[1]["dependsOn"]
    assert one != two
    listed[0]["dependsOn"], listed[1]["dependsOn"] = two, one
    assert all(
        place.startswith("/dependencies/") for place in added(document, everything())
    )
    assert added(document, everything())


def test_no_leaf_of_ours_changes_without_a_word() -> None:
    document = written(SMALL["root-alone"]) | {"version": 1}
    whole = written(everything())
    for start, graph in ((document, SMALL["root-alone"]), (whole, everything())):
        for place in leaf_places(start):
            if place in FORMAT:
                continue
            changed = with_another(start, place)
            assert _is_noticed(changed, graph, place), place


def _is_noticed(changed: Any, graph: Graph, place: Any) -> bool:
    """By the lineage that is read, by a refusal to read one, or as a loss."""
    try:
        again = decode(copy.deepcopy(changed), "a" * 64)
    except DocumentInvalid:
        return True
    if again != graph:
        return True
    found: Unread = unread_of_ours(changed, encode(again))
    return is_below(place, found.lost)


# ── how it is told ────────────────────


def test_a_place_is_a_pointer_where_it_is_one_and_a_shape_where_there_are_many() -> (
    None
):
    document = beside(*({"type": "data", "name": n, "group": n} for n in "ab"))
    document["metadata"]["component"]["group"] = "g"
    found = [
        loss for loss in losses_of(Read(document).found.lost) if loss.field == "group"
    ]
    assert [(loss.where, loss.count) for loss in found] == [
        ("/components/*/group", 2),
        ("/metadata/component/group", 1),
    ]
    assert found[0].detail.endswith("2 places, the first is /components/0/group")


def test_a_flood_of_places_is_counted() -> None:
    more = {f"x{number:05}": 1 for number in range(MAX_PLACES + 500)}
    found = list(losses_of(Read({**about(), **more}).found.lost))
    assert len(found) == MAX_PLACES + 1
    assert sum(counts(found).values()) == MAX_PLACES + 501  # and one bom-ref
    assert found[-1].detail == "501 more places are not listed"


def test_losses_are_listed_once_and_counted() -> None:
    loss = Loss(LossKind.NOT_READ, "services", "/services", "no part of the lineage")
    assert sorted_losses([loss, loss]) == (loss,)
    found = losses_document([loss, loss], source="a", target="csv", output="b")
    assert found == {
        "apiVersion": "aibom/losses/v1",
        "input": {"sha256": "a"},
        "output": {"sha256": "b", "format": "csv"},
        "counts": {"not-read": 1},
        "losses": [
            {
                "kind": "not-read",
                "field": "services",
                "where": "/services",
                "count": 1,
                "detail": "no part of the lineage",
            }
        ],
    }
