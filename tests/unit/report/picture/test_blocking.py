"""The paths of a verdict: which, in which order, and of what artifact."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import a_node
from verdicts import FINDING, VERDICT

from aibom.errors import AibomError
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind
from aibom.report.picture.blocking import (
    MOST_PATHS,
    alarms_of_results,
    blocking_alarms,
    blocking_paths,
    paths_of_results,
)
from aibom.verdict import Mode, PathHop, Status

ROOT = a_node(Kind.MODEL, "root")
GRAPH = Graph.of([ROOT], [], ROOT.id)
ABOUT = replace(VERDICT, artifact=str(ROOT.digest))
PATH = tuple(hop.node for hop in FINDING.path)
RESULTS = {
    "one that blocks": ((FINDING,), (PATH,)),
    "the same path twice": ((FINDING, replace(FINDING, rule="other")), (PATH,)),
    "only a warning": ((replace(FINDING, mode=Mode.WARN),), ()),
    "a pass": ((replace(FINDING, status=Status.PASS),), ()),
    "an exception": ((replace(FINDING, exception="x"),), ()),
    "no path": ((replace(FINDING, path=()),), ((FINDING.node,),)),
    "the short one first": (
        (FINDING, replace(FINDING, path=FINDING.path[:2])),
        (PATH[:2], PATH),
    ),
}


@pytest.mark.parametrize(("results", "paths"), RESULTS.values(), ids=RESULTS)
def test_paths(results, paths):
    assert paths_of_results(results) == paths
    document = replace(ABOUT, results=results).to_document()
    assert blocking_paths(document, GRAPH, "v.json") == paths


def test_of_many_paths_the_shortest():
    chain = [PathHop(f"n{number}", "n", "model") for number in range(300)]
    results = tuple(
        replace(FINDING, node=f"n{n}", path=tuple(chain[: n + 1])) for n in range(300)
    )
    paths = paths_of_results(results[::-1])
    assert [len(path) for path in paths] == list(range(1, MOST_PATHS + 1))
    # A document leaves out the middle of what is longer than 100.
    document = replace(ABOUT, results=results).to_document()
    assert len(blocking_paths(document, GRAPH, "v.json")) == MOST_PATHS


UNDIGESTED = Graph.of([], [])
REFUSED = {
    "not an object": ([], GRAPH, "not-a-verdict"),
    "another format": ({"apiVersion": "x"}, GRAPH, "not-a-verdict"),
    "no artifact": ({"apiVersion": "aibom/verdict/v1"}, GRAPH, "not-a-verdict"),
    "results of another type": (
        ABOUT.to_document() | {"results": [1]},
        GRAPH,
        "not-a-verdict",
    ),
    "another artifact": (VERDICT.to_document(), GRAPH, "verdict-other-artifact"),
    "no digest in the verdict": (
        replace(VERDICT, artifact="").to_document(),
        GRAPH,
        "verdict-other-artifact",
    ),
    "no root": (ABOUT.to_document(), UNDIGESTED, "verdict-other-artifact"),
    "a digest nowhere": (
        replace(VERDICT, artifact="").to_document(),
        UNDIGESTED,
        "verdict-other-artifact",
    ),
}


@pytest.mark.parametrize(("document", "graph", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(document, graph, reason):
    with pytest.raises(AibomError) as caught:
        blocking_paths(document, graph, "v.json")
    assert caught.value.reason == reason
    assert caught.value.where == "v.json"


ABOUT_IT = PATH[-1]
AUDIT = replace(FINDING, check="required-audit", rule="labels-unaudited")
ADVISORY = replace(FINDING, check="tainted-ancestor", rule="ancestor-tainted")
OTHER = replace(FINDING, check="format-allowed", rule="format-unsafe")
ALARMS = {
    "a failed audit": ((AUDIT,), ("✖ audit failed: labels-unaudited",)),
    "an audit that nobody knows": (
        (replace(AUDIT, status=Status.UNKNOWN),),
        ("✖ audit not known: labels-unaudited",),
    ),
    "an advisory": ((ADVISORY,), ("✖ advisory against this: ancestor-tainted",)),
    "an advisory that only warns": (
        (replace(ADVISORY, mode=Mode.WARN),),
        ("✖ advisory against this, blocks nothing",),
    ),
    "any other that blocks": ((OTHER,), ("✖ blocks: format-unsafe",)),
    "any other that warns": ((replace(OTHER, mode=Mode.WARN),), None),
    "unknown, and a warning": (
        (replace(AUDIT, status=Status.UNKNOWN, mode=Mode.WARN),),
        None,
    ),
    "a pass": ((replace(AUDIT, status=Status.PASS),), None),
    "what blocks comes first": (
        (replace(ADVISORY, mode=Mode.WARN), OTHER),
        ("✖ blocks: format-unsafe", "✖ advisory against this, blocks nothing"),
    ),
    "many": (
        tuple(replace(OTHER, rule=f"r-{number}") for number in range(9)),
        ("✖ blocks: r-0", "✖ blocks: r-1", "✖ blocks: r-2", "✖ 6 more findings"),
    ),
    "one more than many": (
        tuple(replace(OTHER, rule=f"r-{number}") for number in range(4)),
        ("✖ blocks: r-0", "✖ blocks: r-1", "✖ blocks: r-2", "✖ 1 more finding"),
    ),
}


@pytest.mark.parametrize(("results", "words"), ALARMS.values(), ids=ALARMS)
def test_words_for_what_failed(results, words):
    expected = {ABOUT_IT: words} if words else {}
    assert alarms_of_results(results) == expected
    document = replace(ABOUT, results=results).to_document()
    assert blocking_alarms(document, "v.json") == expected


def test_without_a_path_it_is_the_node_that_failed():
    assert list(alarms_of_results([replace(AUDIT, path=())])) == [AUDIT.node]


HALF = {
    "no results": {},
    "a result without a rule": {"results": [{"path": [], "node": "n", "blocks": True}]},
    "a result of another type": {"results": [1]},
    "a path of another type": {"results": [{"path": [1], "node": "n"}]},
}


@pytest.mark.parametrize("document", HALF.values(), ids=HALF)
def test_words_of_no_whole_verdict(document):
    with pytest.raises(AibomError) as caught:
        blocking_alarms(document, "v.json")
    assert (caught.value.reason, caught.value.where) == ("not-a-verdict", "v.json")
