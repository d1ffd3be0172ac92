"""tainted-ancestor: taint flows through all that learns, and is never cleared."""

from __future__ import annotations

import pytest
from policy_builders import (
    ACME,
    ANNE,
    BERT,
    COMMIT,
    STRANGER,
    Case,
    digest,
    sha,
    verify,
)

from aibom.lineage.nodes import Kind, Relation


def lineage(world, by=((("labeler"), ANNE),), source=None, **times):
    """Reviews (labelled) → base → sentiment, by way of a fine-tune."""
    data = world.data(files=["part-0", "part-1"])
    base, world.root = world.model("base"), world.model()
    world.step("label", data, by=by, **times)
    world.step("train", base, {"training-data": data}, source=source, **times)
    world.step("fine-tune", world.root, {"base-model": base})
    return data


def advised(by=(("labeler", ANNE),), expires="2027-01-01", source=None, **affects):
    def arrange(world):
        lineage(world, by, source)
        world.advise(expires, **affects)
        return world.root

    return arrange


def in_window(since=None, until=None, by=ANNE, **times):
    """Anne labelled on 10 March, from 08:00 to 09:00; she is named for a window."""
    times = {
        "started": "2026-03-10T08:00:00Z",
        "finished": "2026-03-10T09:00:00Z",
        **times,
    }
    window = {k: v for k, v in (("since", since), ("until", until)) if v}

    def arrange(world):
        kept = {name: value for name, value in times.items() if value}
        lineage(world, **kept)
        world.advise(parties=[by], **window)
        return world.root

    return arrange


def collected_in(since, until):
    """Taken from a bad source by a step in March, and used by one in October."""

    def arrange(world):
        data, world.root = world.data(source=ACME), world.model()
        spring = {"started": "2026-03-10", "finished": "2026-03-11"}
        autumn = {"started": "2026-10-10", "finished": "2026-10-11"}
        world.step("collect", data, **spring)
        world.step("train", world.root, {"training-data": data}, **autumn)
        bad = [{"type": "huggingface", "namespace": "acme"}]
        world.advise(sources=bad, since=since, until=until)
        return world.root

    return arrange


def evaluated_on(outputs_used):
    """The bad data was only measured with, or its report was learned from."""

    def arrange(world):
        data, world.root = world.data(), world.model()
        report = world.entity(Kind.REPORT, "report")
        world.step("evaluate", report, {"model": world.root, "data": data})
        if outputs_used:
            world.root = world.model("tuned")
            world.step("fine-tune", world.root, {"data": report})
        world.advise(digests=[str(digest("reviews"))])
        return world.root

    return arrange


def joined(relation):
    def arrange(world):
        data, world.root = world.data(), world.model()
        world.build.edge(world.root, relation, data)
        world.advise(digests=[str(digest("reviews"))])
        return world.root

    return arrange


def attributed(since, until):
    """Anne is a labeler of the data, too, without a step that says when."""

    def arrange(world):
        in_window(since, until)(world)
        party = world.build.party(ANNE)
        world.build.edge(world.data(), Relation.ATTRIBUTED_TO, party, "labeler")
        return world.root

    return arrange


def sibling(world):
    data, other, world.root = world.data(), world.data("other"), world.model()
    world.step("train", world.root, {"training-data": data})
    step = world.step("split", data)
    world.build.generated(step, other)
    world.advise(digests=[str(digest("other"))])
    return world.root


def no_advisories(world):
    lineage(world)
    return world.root


def case(arrange, status, reason):
    return Case(arrange, status, reason)


def hit(arrange):
    return case(arrange, "fail", "tainted-ancestor")


def missed(arrange):
    return case(arrange, "pass", "no-advisory")


HUB = {"type": "huggingface"}
LABEL_STEP = sha(f"label dataset:tree:{sha('reviews')}")
CASES = {
    "no advisory": missed(advised()),
    "another digest": missed(advised(digests=[str(digest("other"))])),
    "another form": missed(advised(digests=[f"sha256:{sha('reviews')}"])),
    "another party": missed(advised(parties=[BERT])),
    "auditors are exempt": missed(advised(by=[("auditor", ANNE)], parties=[ANNE])),
    "only measured with": missed(evaluated_on(outputs_used=False)),
    "sibling output": missed(sibling),
    "longer namespace": missed(
        advised(source=ACME, sources=[{**HUB, "namespace": "acme-evil"}])
    ),
    "digest": hit(advised(digests=[str(digest("reviews"))])),
    "own digest": hit(advised(digests=[str(digest("sentiment"))])),
    "file of a folder": hit(advised(digests=[f"sha256:{sha('part-1')}"])),
    "party": hit(advised(parties=[ANNE])),
    "party in an unknown role": hit(advised(by=[("friend", ANNE)], parties=[ANNE])),
    "organisation": hit(advised(by=[("supplier", "org:x")], parties=["org:x"])),
    "step": hit(advised(steps=[LABEL_STEP])),
    "revision": hit(advised(source=ACME, revisions=[COMMIT])),
    "source": hit(advised(source=ACME, sources=[{**HUB, "namespace": "acme"}])),
    "source, other case": hit(
        advised(source=ACME, sources=[{**HUB, "namespace": "ACME", "name": "Reviews"}])
    ),
    "source by a mirror": hit(
        advised(
            source=f"{ACME}?repository_url=mirror.example",
            sources=[{**HUB, "namespace": "acme"}],
        )
    ),
    "a report was learned from": hit(evaluated_on(outputs_used=True)),
    "derived": hit(joined(Relation.DERIVED_FROM)),
    "revision of": hit(joined(Relation.REVISION_OF)),
    "required at run time": hit(joined(Relation.REQUIRES)),
    "hit though expired": hit(
        advised(expires="2026-01-01", digests=[str(digest("reviews"))])
    ),
    "inside": hit(in_window("2026-03-01", "2026-04-01")),
    "until the second it started": hit(in_window(until="2026-03-10T08:00:00Z")),
    "since the second it ended": hit(in_window(since="2026-03-10T09:00:00Z")),
    "until that day": hit(in_window(until="2026-03-10")),
    "before": missed(in_window(until="2026-03-10T07:59:59Z")),
    "after": missed(in_window(since="2026-03-10T09:00:01Z")),
    "until the day before": missed(in_window(until="2026-03-09")),
    "no start": hit(in_window(until="2026-01-01", started=None)),
    "no times": hit(in_window(since="2026-06-01", started=None, finished=None)),
    "times nobody can read": hit(in_window(since="2026-06-01", finished="lately")),
    "no zone": hit(in_window(since="2026-06-01", finished="2026-03-10T09:00:00")),
    "attributed, time unknown": hit(attributed("2026-06-01", "2026-07-01")),
    "taken in the window": hit(collected_in("2026-03-01", "2026-03-31")),
    "used in the window": hit(collected_in("2026-10-01", "2026-10-31")),
    "neither": missed(collected_in("2026-05-01", "2026-05-31")),
    "missing": case(no_advisories, "unknown", "advisories-missing"),
    "expired": case(advised(expires="2026-11-20"), "unknown", "advisories-stale"),
    "expired now": case(
        advised(expires="2026-11-21T12:00:00Z"), "unknown", "advisories-stale"
    ),
    "another registrar": case(
        advised(parties=[STRANGER]), "unknown", "party-not-comparable"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("tainted-ancestor", case)


PATHS = {
    "digest": ["sentiment", "base", "reviews"],
    "party": ["sentiment", "base", "reviews", "person:acme-2026:" + "a" * 12],
    "own digest": ["sentiment"],
}


@pytest.mark.parametrize(("name", "labels"), PATHS.items(), ids=PATHS)
def test_the_path_leads_to_what_was_hit(name, labels):
    result = verify("tainted-ancestor", CASES[name])
    seen = [hop.label for hop in result.path if hop.kind != "step"]
    assert [label.removeprefix("party:") for label in seen] == labels
    assert "A-1: labels flipped" in result.actual
