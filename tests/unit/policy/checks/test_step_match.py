"""step-match: the bytes that one step made are the bytes that the next one used."""

from __future__ import annotations

from itertools import pairwise

import pytest
from policy_builders import PIPELINE, Case, again, digest, sha, verify

from aibom.digest import Digest
from aibom.lineage.build import GraphBuilder
from aibom.lineage.nodes import Kind, Origin, Relation
from aibom.statement import AUDIT_V1, PROVENANCE_V1

NAME = "acme/reviews"
MORNING = {"started": "2026-11-01T08:00:00Z", "finished": "2026-11-01T09:00:00Z"}
NOON = {"started": "2026-11-01T12:00:00Z", "finished": "2026-11-01T13:00:00Z"}
EVENING = {"started": "2026-11-01T20:00:00Z", "finished": "2026-11-01T21:00:00Z"}


def step(
    world,
    kind,
    made,
    uses=(),
    signer=PIPELINE,
    recorded=True,
    in_bom=True,
    predicate=PROVENANCE_V1,
    times=None,
):
    """``made`` is (entity, name); ``uses`` holds (role, entity, name)."""
    output, called = made
    record = GraphBuilder(Origin("step-record"))
    payload = sha(f"{kind} {made} {uses} {times}")
    for build in (world.build, record) if in_bom else (record,):
        name = build.step(payload, kind, times)
        for role, entity, said in uses:
            again(build, entity)
            build.used(name, entity, role, {"name": said} if said else None)
        again(build, output)
        facts = {"name": called} if called else None
        build.edge(name, Relation.GENERATED, output, facts=facts)
    if recorded:
        own = frozenset({name, output})
        world.say(predicate, output, signer, record.graph(), own)
    return name


def thing(world, seed, kind=Kind.DATASET, **facts):
    """An entity that bears no name of its own, unless one is given."""
    return world.build.entity(kind, digest(seed), **facts)


def chain(made=NAME, said=NAME, swapped=False, first=None, then=None):
    """Filtered data that a model was trained on; or other data under that name."""

    def arrange(world):
        raw, data = thing(world, "raw"), thing(world, "reviews")
        world.accept("raw")
        step(world, "filter", (data, made), [("data", raw, "raw")], **first or {})
        used = thing(world, "evil") if swapped else data
        model = world.model()
        uses = [("training-data", used, said)]
        step(world, "train", (model, "acme/sentiment"), uses, **then or {})
        return model

    return arrange


def swapped(made=NAME, said=NAME, first=None, then=None):
    return chain(made, said, True, first, then)


def until(seconds):
    """It ended so long after the step that came next began, each by its own clock."""
    return {**MORNING, "finished": f"2026-11-01T12:00:0{seconds}Z"}


def one_sure_one_not(world):
    """A step made it long before, and another one at about the time of its use."""
    model = swapped(first={"times": MORNING}, then={"times": NOON})(world)
    newer, raw = thing(world, "newer"), thing(world, "raw")
    how = {"times": until(1), "in_bom": False}
    step(world, "filter", (newer, NAME), [("data", raw, None)], **how)
    return model


def accepted_instead(world):
    world.accept("evil")
    return swapped()(world)


def called_so_by_the_bom(world):
    """The step says no name for what it used; the BOM does."""
    model = swapped(said=None)(world)
    world.build.entity(Kind.DATASET, digest("evil"), name=NAME)
    return model


def renamed_by_the_bom(world):
    """A BOM may not lend other bytes the name under which a step made some."""
    model = swapped()(world)
    evil = thing(world, "evil", name=NAME)
    step(world, "collect", (evil, "mine"), [("data", thing(world, "raw"), None)])
    return model


def unsigned_maker(world):
    """Somebody says of the other bytes that they were made under this name."""
    model = swapped()(world)
    evil, raw = thing(world, "evil"), thing(world, "raw")
    step(world, "collect", (evil, NAME), [("data", raw, "raw")], recorded=False)
    return model


def versions(*names, last="v3"):
    """A dataset that three steps each replaced under one name."""

    def arrange(world):
        world.accept("v0")
        made = [thing(world, f"v{n}") for n in range(4)]
        for before, after in pairwise(made):
            step(world, "filter", (after, NAME), [("data", before, NAME)])
        model = world.model()
        used = thing(world, last)
        step(world, "train", (model, None), [("training-data", used, NAME)])
        return model

    return arrange


def from_elsewhere_then_replaced(world):
    """The first bytes of that name came from elsewhere; then they were cleaned."""
    first, second = thing(world, "first"), thing(world, "second")
    model = world.model()
    step(world, "filter", (second, NAME), [("data", first, NAME)])
    third = thing(world, "third")
    step(world, "split", (third, NAME), [("data", second, NAME)])
    step(world, "train", (model, None), [("training-data", third, NAME)])
    return model


def evaluated(used, when=EVENING, trained=NOON, signer=PIPELINE, said="acme/sentiment"):
    """An evaluation, in the evidence only, of what it calls the model."""

    def arrange(world):
        model = chain(then={"times": trained})(world)
        tested = thing(world, used, Kind.MODEL)
        report = thing(world, "report", Kind.REPORT)
        uses = [("model", tested, said)]
        how = {"times": when, "signer": signer, "in_bom": False}
        step(world, "evaluate", (report, None), uses, **how)
        return model

    return arrange


def parts(listed, used="part", said=NAME):
    """A step made a folder, and the next used one file under its name."""

    def arrange(world):
        files = {"files": ("part", "other")} if listed else {}
        raw, data = thing(world, "raw"), world.data("folder", **files)
        step(world, "filter", (data, NAME), [("data", raw, None)])
        part = world.build.entity(Kind.DATASET, Digest("file", sha(used)))
        model = world.model()
        step(world, "train", (model, None), [("training-data", part, said)])
        return model

    return arrange


def part_of(nth, listed=("first", "second")):
    """A step after the other made a folder; a file of the ``nth`` was used."""

    def arrange(world):
        raw, model = thing(world, "raw"), world.model()
        for name in ("first", "second"):
            files = {"files": (f"{name}-part",)} if name in listed else {}
            folder = world.data(name, **files)
            step(world, "filter", (folder, NAME), [("data", raw, None)])
        digest_of = Digest("file", sha(f"{nth}-part"))
        part = world.build.entity(Kind.DATASET, digest_of)
        step(world, "train", (model, None), [("training-data", part, NAME)])
        return model

    return arrange


def no_digest(world):
    data, raw = thing(world, "reviews"), thing(world, "raw")
    step(world, "filter", (data, NAME), [("data", raw, None)])
    service = world.build.entity(Kind.SERVICE, None, name=NAME)
    model = world.model()
    step(world, "train", (model, None), [("data", service, NAME)])
    return model


def doubt_and_mismatch(world):
    model = no_digest(world)
    evil = thing(world, "evil")
    step(world, "merge", (model, None), [("training-data", evil, NAME)])
    return model


def above_an_accepted_root(world):
    base = swapped()(world)
    world.accept("sentiment")
    model = world.model("tuned")
    step(world, "fine-tune", (model, None), [("base-model", base, None)])
    return model


def accepted(world):
    world.accept("sentiment")
    return swapped()(world)


def in_a_circle(world):
    one, two = thing(world, "one"), thing(world, "two")
    step(world, "filter", (one, "acme/one"), [("data", two, "acme/two")])
    step(world, "split", (two, "acme/two"), [("data", one, "acme/one")])
    return one


def record_only(*, signer=PIPELINE, predicate=PROVENANCE_V1):
    """Nothing in the BOM leads to the step that made the right bytes."""
    how = {"in_bom": False, "signer": signer, "predicate": predicate}
    return swapped(first=how)


def passing(arrange, minimum="attested"):
    return Case(arrange, "pass", "steps-match", {}, minimum)


def failing(arrange):
    return Case(arrange, "fail", "step-mismatch")


def unknown(reason, arrange, minimum="attested"):
    return Case(arrange, "unknown", reason, {}, minimum)


CASES = {
    "the same bytes": passing(chain()),
    "the same bytes by another name": passing(chain(said="acme/other")),
    "one base name in two places": passing(swapped("reviews", "reviews")),
    "one base name, one namespace": passing(swapped("acme/reviews", "reviews")),
    "another name": passing(swapped(said="acme/reviews-2")),
    "two namespaces": passing(swapped(said="labs/reviews")),
    "no name": passing(swapped(said=None)),
    "version after version": passing(versions()),
    "an earlier version that a step made": passing(versions(last="v2")),
    "taken from elsewhere, then replaced": passing(from_elsewhere_then_replaced),
    "decided by digest": passing(accepted_instead),
    "above a decided root": passing(above_an_accepted_root),
    "a file of the folder": passing(parts(True)),
    "a file of the first folder": passing(part_of("first")),
    "a file of the second folder": passing(part_of("second")),
    "a stranger's record of other bytes": passing(record_only(signer=None)),
    "not a step record": passing(record_only(predicate=AUDIT_V1)),
    "made only after that": passing(
        swapped(first={"times": EVENING, "in_bom": False}, then={"times": NOON})
    ),
    "evaluated": passing(evaluated("sentiment")),
    "another model was evaluated": passing(evaluated("other", said="acme/other")),
    "an older model was evaluated before": passing(evaluated("old", MORNING)),
    "a stranger evaluated": passing(evaluated("other", signer=None)),
    "in a circle": passing(in_a_circle),
    "claimed, and that is enough": passing(
        chain(first={"recorded": False}, then={"recorded": False}), "claimed"
    ),
    "swapped": failing(swapped()),
    "swapped, nothing leads to the maker": failing(record_only()),
    "swapped, in another case": failing(swapped(said="Acme/Reviews")),
    "swapped, in wide letters": failing(swapped(said="acme/review\uff53")),
    "swapped, times not attested": failing(
        swapped(first={"times": EVENING, "recorded": False}, then={"times": NOON})
    ),
    "swapped, both only claimed": failing(
        swapped(first={"recorded": False}, then={"recorded": False})
    ),
    "swapped at the very end of the other": failing(
        swapped(
            first={"times": {**MORNING, "finished": NOON["started"]}},
            then={"times": NOON},
        )
    ),
    "swapped, and only the BOM has the name": failing(called_so_by_the_bom),
    "swapped, and the BOM lends the name": failing(renamed_by_the_bom),
    "swapped for a version that no step made": failing(versions(last="v9")),
    "another model was evaluated under its name": failing(evaluated("other")),
    "another model was evaluated, nobody knows when": failing(
        evaluated("other", when=None)
    ),
    "not a file of the folder": failing(parts(True, "evil")),
    "a file of neither folder": failing(part_of("third")),
    "a mismatch beside a doubt": failing(doubt_and_mismatch),
    "swapped, and the maker's clock is a second ahead": unknown(
        "step-order-unknown", swapped(first={"times": until(1)}, then={"times": NOON})
    ),
    "swapped, and the clocks are five seconds apart": unknown(
        "step-order-unknown",
        swapped(first={"times": until(5), "in_bom": False}, then={"times": NOON}),
    ),
    "another version, made just as another was used": passing(
        swapped(first={"times": until(6), "in_bom": False}, then={"times": NOON})
    ),
    "another model was evaluated, by clocks a second apart": unknown(
        "step-order-unknown", evaluated("other", trained=until(1), when=NOON)
    ),
    "swapped, beside another version of about then": failing(one_sure_one_not),
    "no digest": unknown("input-undigested", no_digest),
    "files of the folder not known": unknown("files-not-known", parts(False)),
    "files of the first folder not known": unknown(
        "files-not-known", part_of("third", listed=("second",))
    ),
    "files of the second folder not known": unknown(
        "files-not-known", part_of("third", listed=("first",))
    ),
    "the maker is only claimed": unknown(
        "assurance-too-low", chain(first={"recorded": False})
    ),
    "other bytes claimed to be made so": unknown("assurance-too-low", unsigned_maker),
    "a stranger's records": unknown("assurance-too-low", chain(then={"signer": None})),
    "more than a signature": unknown("assurance-too-low", chain(), "verified"),
    "nothing made it": unknown("lineage-open", lambda w: w.model()),
    "accepted root": Case(accepted, "not-applicable", "accepted-root"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("step-match", case)


def test_the_path_leads_to_the_wrong_bytes_and_both_steps_are_named():
    result = verify("step-match", CASES["swapped"])
    assert [hop.kind for hop in result.path] == ["model", "step", "dataset"]
    evil, data = sha("evil")[:12], sha("reviews")[:12]
    assert result.actual.startswith("train (step:")
    assert f" used {NAME} as dataset:tree:{evil}, but filter (step:" in result.actual
    assert result.actual.endswith(f" made it as dataset:tree:{data}")


def test_an_evaluation_elsewhere_leads_to_the_step_that_made_the_model():
    result = verify("step-match", CASES["another model was evaluated under its name"])
    assert [hop.label for hop in result.path] == ["sentiment", "train"]
    assert result.actual.startswith("evaluate (step:")
