"""Other people's BOMs: what is wrong is left out and told, what is right is read."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.bom.foreign import decode_foreign
from aibom.bom.tolerant import tolerant_view

DIGEST = "d" * 64
SHA = "a" * 64


def document() -> dict[str, Any]:
    """A document that uses everything that is read."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "component": {
                "type": "machine-learning-model",
                "bom-ref": "model",
                "name": "acme/reviews",
                "version": "3",
                "hashes": [{"alg": "SHA-256", "content": SHA}],
                "licenses": [{"license": {"id": "MIT"}}],
                "externalReferences": [
                    {"type": "distribution", "url": "https://acme.example/x"}
                ],
                "pedigree": {
                    "ancestors": [
                        {"type": "machine-learning-model", "name": "acme/base"}
                    ]
                },
                "modelCard": {
                    "modelParameters": {
                        "datasets": [{"ref": "data"}, {"type": "dataset", "name": "x"}]
                    }
                },
            }
        },
        "components": [
            {
                "type": "data",
                "bom-ref": "data",
                "name": "acme/data",
                "components": [{"type": "data", "bom-ref": "part", "name": "part"}],
            },
            {"type": "library", "bom-ref": "lib", "name": "torch"},
        ],
        "dependencies": [{"ref": "model", "dependsOn": ["lib", "data"]}],
    }


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """The member at a path."""
    for step in path:
        value = value[step]
    return value


MAIN = ("metadata", "component")

#: name → path, what stands there instead, problems (reason, pointer), labels left
CASES: dict[str, tuple[tuple[str | int, ...], Any, set[Any], set[str]]] = {
    "a version that is a number": (
        (*MAIN, "version"),
        3,
        {("member-malformed", "/metadata/component/version")},
        {"acme/reviews", "acme/base", "acme/data", "x", "part", "torch"},
    ),
    "a component without type": (
        ("components", 1),
        {"bom-ref": "lib", "name": "torch"},
        {("member-malformed", "/components/1")},
        {"acme/reviews", "acme/base", "acme/data", "x", "part"},
    ),
    "a component that is a text": (
        ("components", 0),
        "torch",
        {("member-malformed", "/components/0")},
        {"acme/reviews", "acme/base", "x", "torch"},
    ),
    "components that are an object": (
        ("components",),
        {"type": "library"},
        {("member-malformed", "/components")},
        {"acme/reviews", "acme/base", "x"},
    ),
    "a ref that stands twice joins nothing": (
        ("components", 1, "bom-ref"),
        "data",
        {
            ("ref-ambiguous", "/components/0/bom-ref"),
            ("ref-ambiguous", "/components/1/bom-ref"),
        },
        {"acme/reviews", "acme/base", "x"},
    ),
    "one digest for two kinds of thing": (
        ("components", 0, "hashes"),
        [{"alg": "SHA-256", "content": SHA.upper()}],
        {
            ("kind-contradicted", "/metadata/component/hashes"),
            ("kind-contradicted", "/components/0/hashes"),
        },
        {"acme/reviews", "acme/base", "acme/data", "x", "part", "torch"},
    ),
    "a licence that is a list": (
        (*MAIN, "licenses", 0, "license"),
        ["MIT"],
        {("member-malformed", "/metadata/component/licenses/0/license")},
        {"acme/reviews", "acme/base", "acme/data", "x", "part", "torch"},
    ),
    "a dependency on a number": (
        ("dependencies", 0, "dependsOn", 0),
        7,
        {("member-malformed", "/dependencies/0/dependsOn/0")},
        {"acme/reviews", "acme/base", "acme/data", "x", "part"},
    ),
    "an ancestor that is null": (
        (*MAIN, "pedigree", "ancestors", 0),
        None,
        {("member-malformed", "/metadata/component/pedigree/ancestors/0")},
        {"acme/reviews", "acme/data", "x", "part", "torch"},
    ),
    "a dataset that is a list": (
        (*MAIN, "modelCard", "modelParameters", "datasets", 1),
        [],
        {
            (
                "member-malformed",
                "/metadata/component/modelCard/modelParameters/datasets/1",
            )
        },
        {"acme/reviews", "acme/base", "acme/data", "part", "torch"},
    ),
}


@pytest.mark.parametrize(("path", "value", "told", "left"), CASES.values(), ids=CASES)
def test_what_is_wrong_is_left_out_and_told(
    path: tuple[str | int, ...], value: Any, told: set[Any], left: set[str]
) -> None:
    broken = document()
    at(broken, path[:-1])[path[-1]] = value
    before = copy.deepcopy(broken)
    view, problems = tolerant_view(broken)
    assert broken == before  # kept as it was received
    assert {(p.reason, p.pointer) for p in problems} == told
    graph = decode_foreign(view, DIGEST)
    reached = set(graph.upstream(str(graph.root)).reached) | {str(graph.root)}
    connected = {graph.nodes[name].label for name in reached}
    assert connected | {"part"} == left | {"part"}


def test_what_is_right_is_read_whole() -> None:
    view, problems = tolerant_view(document())
    assert problems == ()
    assert decode_foreign(view, DIGEST) == decode_foreign(document(), DIGEST)


def test_a_main_component_that_is_none_is_not_mended() -> None:
    broken = document()
    broken["metadata"]["component"] = "acme/reviews"
    view, problems = tolerant_view(broken)
    assert view["metadata"] == {}
    assert [p.pointer for p in problems] == ["/metadata/component"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "ref", "name", "components", "hashes", "alg", "x", "license"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def paths(value: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every member, at any depth."""
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    found = []
    for key, inner in items:
        found += [(*here, key), *paths(inner, (*here, key))]
    return found


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(paths(document())), JSON), max_size=3))
def test_any_document_gives_a_graph_or_has_no_main_component(
    changes: list[tuple[tuple[str | int, ...], Any]],
) -> None:
    broken = document()
    for path, value in changes:
        try:
            at(broken, path[:-1])[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took its place away
    view, _ = tolerant_view(broken)
    again, problems = tolerant_view(view)
    assert (again, problems) == (view, ())
    if "component" in view.get("metadata", {}):
        decode_foreign(view, DIGEST)
