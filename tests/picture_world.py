"""Lineages of realistic shape and chosen size, to be drawn and reported on.

Everything comes from numbers, so that the same size gives the same graph: chains of
fine-tunes on labelled datasets, merges, diamonds, evaluation reports, a shared base.
"""

from __future__ import annotations

from pathlib import Path

from builders import sha256

from aibom.digest import Digest
from aibom.lineage.build import GraphBuilder
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Origin, Relation
from aibom.report.picture.make import picture_of
from aibom.report.picture.svg import draw_svg
from aibom.report.picture.units import Levels, levels_of

__all__ = [
    "DOCS",
    "drawn_for_docs",
    "labels_of",
    "lineage",
    "mixed_levels",
    "path_to_party",
]

#: Pictures in docs/pictures: nodes of the graph, and what it is folded to.
DOCS = {"lineage-10": (10, 120), "lineage-100": (100, 70), "lineage-1000": (1000, 60)}

_TOPICS = ("reviews", "support-tickets", "contracts", "web-qa", "code-snippets", "news")


class _World:
    def __init__(self) -> None:
        self.build = GraphBuilder(Origin("test", sha256("world")))
        self.count = 0

    def digest(self, name: str) -> Digest:
        return Digest("tree", sha256(name))

    def entity(self, kind: Kind, name: str, **facts: str | None) -> str:
        self.count += 1
        return self.build.entity(kind, self.digest(name), name=name, **facts)

    def step(self, word: str, name: str) -> str:
        self.count += 1
        return self.build.step(sha256((word, name)), word)

    def dataset(self, number: int, labeler: int) -> str:
        """A dataset that somebody labelled, from raw texts of unknown origin."""
        topic = _TOPICS[number % len(_TOPICS)]
        raw = self.entity(Kind.DATASET, f"crawl/{topic}-raw-{number:03}")
        step = self.step("label", f"{topic}-{number}")
        self.build.used(step, raw, "items")
        if number % 4 == 0:
            rules = self.entity(Kind.GUIDELINE, f"acme/guideline-{number // 12}")
            self.build.used(step, rules, "guideline")
        person = self.build.party(f"person:acme-0123abcd:{sha256(labeler)[:32]}")
        self.build.performed_by(step, person, "labeler")
        if number % 3 == 0:
            self.build.performed_by(
                step, self.build.party("org:Label Works"), "supplier"
            )
        done = self.entity(Kind.DATASET, f"acme/data/{topic}-labelled-{number:03}")
        self.build.generated(step, done)
        return done

    def fine_tune(self, base: str, data: list[str], name: str, word: str) -> str:
        step = self.step(word, name)
        self.build.used(step, base, "base-model")
        for item in data:
            self.build.used(step, item, "training-data")
        done = self.entity(Kind.MODEL, name)
        self.build.generated(step, done)
        return done

    def merge(self, parts: list[str]) -> str:
        """A model made of others."""
        name = f"acme/assistant-merged-{self.count}"
        step = self.step("merge", name)
        for part in parts:
            self.build.used(step, part, "model")
        made = self.entity(Kind.MODEL, name)
        self.build.generated(step, made)
        return made


def lineage(size: int) -> Graph:
    """A lineage of about ``size`` nodes, from ten upwards."""
    world = _World()
    base = world.entity(
        Kind.MODEL, "hub/base-7b", source="pkg:huggingface/hub/base-7b@main"
    )
    current, number = base, 0
    branches: list[str] = []
    loose: list[str] = []
    made = base
    code = world.entity(Kind.CODE, "acme/train-code")
    while world.count < size - 3:
        width = 1 if size < 20 else 2 + (number * 7) % 9
        data = []
        for _ in range(width):
            if world.count < size - 5:
                data.append(world.dataset(number, number % 11))
                number += 1
        word = "align" if number % 5 == 0 else "fine-tune"
        name = f"acme/assistant-7b-round-{len(branches) + 1}"
        made = world.fine_tune(current, data, name, word)
        branches.append(made)
        loose.append(made)
        if len(loose) == 3:
            made = world.merge(loose)
            loose = []
        # Each first of three is a sibling of the next one, not its parent.
        current = current if len(loose) == 1 else made
    if len(loose) > 1:
        made = world.merge(loose)
    current = made
    step = world.step("quantize", "last")
    world.build.used(step, current, "base-model")
    world.build.used(step, code, "code")
    root = world.entity(Kind.MODEL, "acme/support-assistant-7b-int4", licence="MIT")
    world.build.generated(step, root)
    if size >= 20:
        _evaluation(world, root)
        stated = world.entity(Kind.MODEL, "hub/older-base-3b")
        world.build.edge(base, Relation.DERIVED_FROM, stated, "fine-tune")
    return world.build.graph(root)


def _evaluation(world: _World, root: str) -> None:
    step = world.step("evaluate", "last")
    world.build.used(step, root, "model")
    suite = world.entity(Kind.DATASET, "bench/safety-suite")
    world.build.used(step, suite, "evaluation-data")
    report = world.entity(Kind.REPORT, "safety report")
    world.build.generated(step, report)


def mixed_levels(graph: Graph) -> Levels:
    """Assurance of every sort, as a run with some evidence would find it."""
    base = levels_of(graph)
    nodes = dict(base.nodes)
    words = ("attested", "attested", "claimed", "claimed", "claimed", "unknown")
    for index, name in enumerate(sorted(nodes)):
        nodes[name] = words[index % len(words)]
    if graph.root:
        nodes[graph.root] = "verified"
    torn = [n for n in sorted(nodes) if n.startswith("dataset:") and n != graph.root]
    nodes[torn[len(torn) // 2]] = "contradicted"
    edges = dict(base.edges)
    for index, key in enumerate(sorted(edges)):
        edges[key] = words[index % len(words)]
    of_torn = [key for key in sorted(edges) if torn[len(torn) // 2] in key[::2]]
    edges[of_torn[0]] = "contradicted"
    return Levels(nodes, edges)


def path_to_party(graph: Graph) -> tuple[str, ...]:
    """The longest of the shortest ways from the root to a labeler."""
    walk = graph.upstream(str(graph.root))
    parties = [n for n in walk.reached if graph.nodes[n].kind is Kind.PARTY]
    ends = parties or list(walk.reached)
    start, hops = max((walk.path(name) for name in ends), key=lambda p: len(p[1]))
    return (start, *(hop.to for hop in hops))


def labels_of(graph: Graph) -> list[str]:
    """What every node is called."""
    return [node.label for node in graph.nodes.values()]


def drawn_for_docs(name: str) -> str:
    """One of the pictures in ``docs/pictures``, as SVG."""
    size, budget = DOCS[name]
    graph = lineage(size)
    path = path_to_party(graph)
    levels = mixed_levels(graph)
    return draw_svg(picture_of(graph, levels=levels, paths=[path], budget=budget))


if __name__ == "__main__":
    folder = Path(__file__).resolve().parents[1] / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    for picture in DOCS:
        (folder / f"{picture}.svg").write_text(drawn_for_docs(picture), "utf-8")
