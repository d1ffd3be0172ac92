"""Arbitrary lineages with arbitrary evidence, data and exceptions, for properties.

Everything is made from one source of randomness, so that a world can be made by
hypothesis, and again, byte for byte, in another process. A lineage has two to six
things; what a rule may be fooled by is common in it: records of strangers, audits that
fail, two records of one step, people with two parts, words of the wrong kind. Digests
are made from names, as in :mod:`policy_builders`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from policy_builders import (
    ACME,
    ANNE,
    AUDITOR,
    BERT,
    CARL,
    COMMIT,
    NOW,
    PIPELINE,
    RELEASE,
    STRANGER,
    World,
    digest,
    number,
    sha,
)

from aibom.lineage.evidence import Evidence, RemoteCode, Signer, UpstreamVerdict
from aibom.lineage.nodes import Kind, Relation
from aibom.policy.context import Context
from aibom.statement import SUMMARY_V1
from aibom.verdict import Tier

__all__ = ["PEOPLE", "AnyWorld", "a_world"]

OTHER_SOURCE = f"pkg:huggingface/forum/posts@{'1f' * 20}"
GATE = "https://gate.example"
VERIFIER = Signer("gate", "verifier", "org:gate")
NOBODY_KNOWS = Signer("somebody", "pipeline")

PEOPLE = (ANNE, BERT, CARL, STRANGER, "org:acme", "software:builder")
#: Who has which part, where nothing is wrong.
_USUAL = (
    ("labeler", ANNE),
    ("labeler", BERT),
    ("reviewer", CARL),
    ("writer", ANNE),
    ("participant", ANNE),
    ("owner", CARL),
)
_STEPS = (
    "label",
    "train",
    "fine-tune",
    "merge",
    "review",
    "filter",
    "embed",
    "evaluate",
    "federated-round",
    "quantize",
)
_USES = ("items", "training-data", "base-model", "retrieval-corpus", "feedback", "code")
_ARTIFACTS = (Kind.MODEL, Kind.MODEL, Kind.DATASET, Kind.SYSTEM)
_THINGS = (*(Kind.DATASET,) * 3, Kind.MODEL, Kind.CODE, Kind.SERVICE)
_RELATIONS = (Relation.DERIVED_FROM, Relation.REVISION_OF, Relation.REQUIRES)
_DAYS = ("2026-01-10", "2026-06-01", "2026-11-01", "2026-11-20")
#: Facts of things and of steps; the first value of each is the good one.
_FACTS: Mapping[str, tuple[str | None, ...]] = {
    "revision": (COMMIT, "main"),
    "licence": ("Apache-2.0", "AGPL-3.0-only"),
    "published": _DAYS,
    "scanner-flagged": ("a.bin: caution", "a.bin: unsafe"),
}
_STEP_FACTS: Mapping[str, tuple[str, ...]] = {
    "started": _DAYS,
    "finished": _DAYS[1:],
    "builder": ("https://ci.example", "https://other.example"),
    "inputs": ("isolated", "observed", "declared"),
    "parameter.reason": ("first labels", " "),
    "parameter.aggregation": ("median", "mean"),
    "parameter.contribution-cap": ("10", "1000"),
    "parameter.items": ("5", "many"),
}


def a_world(random: Random) -> World:
    """A lineage with the evidence for it, and what the verifier has decided about it.

    The artifact is the last thing. It is a model, a dataset or a system.
    """
    return _Making(random, random.choice((0.5, 0.9, 1.0))).world()


@dataclass
class AnyWorld(World):
    """A world in which the artifact's files were read: formats, and code asked for."""

    formats: Mapping[str, str] = field(default_factory=dict)
    unclear: Mapping[str, str] = field(default_factory=dict)

    def context(self) -> Context:
        """As it is, with what was read in files."""
        whole = super().context()
        seen = replace(
            whole.evidence,
            formats=self.formats,
            remote_code=RemoteCode((), self.unclear),
        )
        return replace(whole, evidence=seen)


@dataclass
class _Making:
    """A world in the making; ``good`` is how probably each thing is as it should be."""

    random: Random
    good: float

    def pick(self, good: Any, *bad: Any) -> Any:
        if self.random.random() < self.good:
            return good
        return self.random.choice(bad)

    def now_and_then(self, share: float) -> bool:
        return self.random.random() < share

    def some(self, choices: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        """Facts; the first value of each is the good one."""
        return {
            field: self.pick(*values)
            for field, values in choices.items()
            if self.now_and_then(0.3 + self.good / 2)
        }

    def world(self) -> World:
        random, world = self.random, AnyWorld()
        names = [f"thing-{place}" for place in range(random.randint(2, 6))]
        kinds = [random.choice(_THINGS) for _ in names[:-1]]
        kinds.append(random.choice(_ARTIFACTS))
        made: list[str] = []
        files = [self.pick("model.safetensors", "model.bin")]
        world.formats = {file: self.pick("safetensors", "pickle") for file in files}
        world.unclear = self.pick({}, {"config.json": "too large"})
        if self.now_and_then(0.15):
            made.extend(self.corpus(world))
        for name, kind in zip(names, kinds, strict=True):
            thing = world.entity(kind, name, files, **self.facts_of(name))
            self.comes_from(world, thing, name, made)
            made.append(thing)
            if self.now_and_then(self.good / 2 + 0.3):
                world.recomputed.add(digest(name))
        world.root = made[-1]
        for thing in made:
            self.is_vouched_for(world, thing)
        if self.now_and_then(0.9):
            world.trust(*self.entries())
        if self.now_and_then(self.good):
            world.supply(*self.records())
        if self.now_and_then(0.9):
            world.advise()
        return world

    def entries(self) -> Iterator[dict[str, Any]]:
        owned = {"owner": "org:acme", "approved_on": "2026-01-01"}
        match = {"type": "huggingface", "namespace": "acme"}
        yield {"match": match, **self.pick(owned, {}, {"trust": "blocked"})}
        if self.now_and_then(0.3):
            yield {"match": {**match, "namespace": "forum"}}

    def records(self) -> Iterator[dict[str, Any]]:
        for place in ("acme", "forum"):
            match = {"type": "huggingface", "namespace": place}
            status = self.pick("approved", "suspended")
            yield {"supplier": f"org:{place}", "matches": [match], "status": status}

    def corpus(self, world: World) -> list[str]:
        """Collected, reviewed, made into an index: all of it as it should be."""
        raw, kept, index = (world.data(name) for name in ("raw", "kept", "index"))
        world.accept("raw")
        first, second, third = (
            {"started": f"2026-0{month}-01", "finished": f"2026-0{month}-02"}
            for month in (2, 3, 4)
        )
        wrote, read = [("writer", ANNE)], [("reviewer", CARL)]
        world.step("collect", kept, {"items": raw}, wrote, source=ACME, **first)
        report = world.entity(Kind.REPORT, "report")
        world.step("review", report, {"data": kept}, read, source=ACME, **second)
        world.step("embed", index, {"retrieval-corpus": kept}, **third)
        return [raw, kept, index]

    def facts_of(self, name: str) -> dict[str, Any]:
        own = f"pkg:huggingface/acme/{name}@{COMMIT}"
        return self.some({**_FACTS, "source": (own, ACME, OTHER_SOURCE, None)})

    def comes_from(self, world: World, thing: str, name: str, made: list[str]) -> None:
        random = self.random
        if not made or self.now_and_then(0.15):
            if self.now_and_then(0.3):
                party = world.build.party(random.choice(PEOPLE))
                role = random.choice(("supplier", "owner", "publisher"))
                world.build.edge(thing, Relation.ATTRIBUTED_TO, party, role)
            if self.now_and_then(self.good):
                world.accept(name, self.pick("2027-01-01", "2026-11-01"))
            return
        if self.now_and_then(0.2):
            relation = random.choice(_RELATIONS)
            world.build.edge(thing, relation, random.choice(made))
            if self.now_and_then(0.5 - self.good / 2):
                return
        for nth in range(1, 3 if self.now_and_then(0.1) else 2):
            self.is_made(world, thing, made, nth)

    def is_made(self, world: World, thing: str, made: list[str], nth: int) -> None:
        random = self.random
        inputs = random.sample(made, random.randint(1, min(2, len(made))))
        roles = random.sample(_USES, len(inputs))
        parties = [
            (role, random.choice(PEOPLE) if self.now_and_then(0.3) else usual)
            for role, usual in _USUAL
            if self.now_and_then(0.6)
        ]
        world.step(
            random.choice(_STEPS),
            thing,
            dict(zip(roles, inputs, strict=True)),
            parties,
            self.pick(PIPELINE, RELEASE, NOBODY_KNOWS, None),
            recorded=self.now_and_then(self.good),
            source=random.choice((None, ACME, self.pick(ACME, OTHER_SOURCE))),
            nth=nth,
            **self.some(_STEP_FACTS),
        )

    def is_vouched_for(self, world: World, thing: str) -> None:
        random = self.random
        if self.now_and_then(0.8):
            world.bom(thing, self.pick(RELEASE, PIPELINE, None))
        for _ in range(random.choice((0, 1, 1, 2))):
            self.is_audited(world, thing)
        if self.now_and_then(0.3):
            world.evidence.append(self.summary(world, thing))

    def is_audited(self, world: World, thing: str) -> None:
        numbers = [
            number(self.pick(0.1, 0.3), self.pick(100, 5), **chosen)
            for chosen in ({}, {"labeler": ANNE}, {"labeler": BERT})
            if self.now_and_then(0.3 + self.good / 2)
        ]
        day = NOW - timedelta(days=self.pick(1, 40, -2))
        world.audit(thing, numbers, self.pick(AUDITOR, PIPELINE, None), on=day)

    def summary(self, world: World, thing: str) -> Any:
        """A verdict of somebody else's gate about the thing."""
        count, value = len(world.evidence), thing.rpartition(":")[2]
        day = NOW - timedelta(days=self.pick(1, 20, 200))
        said = UpstreamVerdict(
            verifier_id=GATE,
            passed=self.pick(True, False),
            reason="told",
            tier=self.random.choice(list(Tier)),
            report_only=self.pick(False, True),
            policy_digest="sha256:" + "1" * 64,
            verified_at=day,
            effective_time=day,
            advisories_sequence=self.pick(1, None),
        )
        about = next(d for d in _digests(world) if d.value == value)
        signer = self.pick(VERIFIER, None)
        refusal = None if signer else "verdict-other-verifier"
        item = Evidence(
            sha(f"summary {thing} {count}"),
            SUMMARY_V1,
            (("it", about),),
            f"evidence/{count}.sigstore.json",
            signer,
            refusal,
            verdict=said,
        )
        return lambda _: item


def _digests(world: World) -> list[Any]:
    found = [node.digest for node in world.build.graph().nodes.values()]
    return [digest for digest in found if digest is not None]
