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

from aibom.digest import Digest
from aibom.lineage.nodes import Kind, Relation


def lineage(world, by=((("labeler"), ANNE),), source=None, **times):
    """Reviews (labelled) → base → sentiment, by way of a fine-tune."""
    data = world.data(files=["part-0", "part-1"])
    base = world.model("base", files=["base.bin"])
    world.root = world.model(files=["model.bin"])
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


def in_window(since=None, until=None, role="labeler", **times):
    """Anne labelled on 10 March, from 08:00 to 09:00; she is named for a window."""
    times = {
        "started": "2026-03-10T08:00:00Z",
        "finished": "2026-03-10T09:00:00Z",
        **times,
    }
    window = {k: v for k, v in (("since", since), ("until", until)) if v}

    def arrange(world):
        kept = {name: value for name, value in times.items() if value}
        lineage(world, [(role, ANNE)], **kept)
        world.advise(parties=[ANNE], **window)
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


def audited_later(world):
    """Anne labelled in March, before the window, and audited inside of it."""
    in_window("2026-06-01", "2026-07-01")(world)
    june = {"started": "2026-06-10", "finished": "2026-06-11"}
    world.step("review", world.data("other"), by=[("auditor", ANNE)], **june)
    world.step("filter", world.model("base"), {"data": world.data("other")})
    return world.root


def several(*listed, by=(("labeler", ANNE),), source=None):
    """Several advisories, in this order."""

    def arrange(world):
        lineage(world, by, source)
        world.advise(digests=[str(digest("nothing"))])
        (told,) = world.advisories["advisories"]
        world.advisories["advisories"] = [
            {**told, "id": name, "affects": affects} for name, affects in listed
        ]
        return world.root

    return arrange


def bom_missing(name, **affects):
    """A node of this name links a BOM that is not in the evidence."""

    def arrange(world):
        lineage(world)
        world.unresolved = {world.build.entity(Kind.DATASET, digest("other"))}
        if name:
            kind = Kind.DATASET if name == "reviews" else Kind.MODEL
            world.unresolved = {world.build.entity(kind, digest(name))}
        world.advise(**affects)
        return world.root

    return arrange


def measured_with_bom_missing(world):
    """What was only measured with carries nothing, whatever stands above it."""
    node = evaluated_on(outputs_used=False)(world)
    world.unresolved = {world.data()}
    return node


def folders(*lists, **affects):
    """Data → base → model, each with these files; None: nobody listed them."""

    def arrange(world):
        names = ("reviews", "base", "sentiment")
        kinds = (Kind.DATASET, Kind.MODEL, Kind.MODEL)
        made = [
            world.entity(kind, name, files or ())
            for kind, name, files in zip(kinds, names, lists, strict=True)
        ]
        world.step("train", made[1], {"training-data": made[0]})
        world.step("fine-tune", made[2], {"base-model": made[1]})
        world.root = made[2]
        world.advise(**affects)
        return world.root

    return arrange


def single_file(world):
    """The data is one file, and no folder: there is no list to miss."""
    world.root = world.model(files=["model.bin"])
    file = Digest("file", sha("reviews.csv"))
    data = world.build.entity(Kind.DATASET, file, name="reviews.csv")
    world.step("train", world.root, {"training-data": data})
    world.advise(digests=[f"sha256:{sha('other.csv')}"])
    return world.root


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


def files_not_known(arrange):
    return case(arrange, "unknown", "files-not-known")


def bom_unknown(arrange):
    return case(arrange, "unknown", "upstream-bom-missing")


HUB = {"type": "huggingface"}
LABEL_STEP = sha(f"label dataset:tree:{sha('reviews')}")
CASES = {
    "no advisory": missed(advised()),
    "another digest": missed(advised(digests=[str(digest("other"))])),
    "another organisation": missed(
        advised(by=[("supplier", "org:Evil Labs")], parties=["org:Evil Labs 2"])
    ),
    "another version": missed(
        advised(by=[("labeler", "software:tool@1.2")], parties=["software:tool@1.3"])
    ),
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
    "organisation, other case": hit(
        advised(by=[("supplier", "org:Evil Labs")], parties=["org:evil labs"])
    ),
    "organisation, other spaces": hit(
        advised(by=[("supplier", "org:Evil Labs")], parties=["org:Evil  Labs"])
    ),
    "software of any version": hit(
        advised(by=[("labeler", "software:tool@1.2")], parties=["software:tool"])
    ),
    "software, version not recorded": hit(
        advised(by=[("labeler", "software:tool")], parties=["software:Tool@1.2"])
    ),
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
    "used after the window": hit(collected_in("2026-05-01", "2026-05-31")),
    "taken after the window": hit(collected_in("2026-01-01", "2026-01-31")),
    "taken and used before": missed(collected_in("2026-11-01", "2026-11-05")),
    "supplied before the window": missed(
        in_window("2026-05-01", "2026-06-01", role="supplier")
    ),
    **{
        f"{role}, window over when used": hit(
            in_window("2026-01-01", "2026-02-01", role=role)
        )
        for role in ("supplier", "publisher", "collector", "friend")
    },
    **{
        f"{role}, window over when active": missed(
            in_window("2026-01-01", "2026-02-01", role=role)
        )
        for role in ("labeler", "writer", "participant")
    },
    "auditing is no tie": missed(audited_later),
    "BOM of something else missing": missed(bom_missing(None)),
    "BOM of what was measured with": missed(measured_with_bom_missing),
    "one file, no folder": missed(single_file),
    "files known": missed(folders(["a"], ["b"], ["c"], digests=[f"sha256:{sha('d')}"])),
    "files not asked": missed(
        folders(None, None, None, digests=[str(digest("other"))])
    ),
    "hit, though files are not known": hit(
        folders(["a"], None, None, digests=[f"sha256:{sha('a')}"])
    ),
    "hit, though a BOM is missing": hit(bom_missing("base", parties=[ANNE])),
    "files of an ancestor": files_not_known(
        folders(None, ["b"], ["c"], digests=[f"sha256:{sha('d')}"])
    ),
    "files of two": files_not_known(
        folders(None, None, ["c"], digests=[f"sha256:{sha('d')}"])
    ),
    "files of its own": files_not_known(
        folders(None, ["b"], None, digests=[f"sha256:{sha('d')}"])
    ),
    "BOM of an ancestor missing": bom_unknown(bom_missing("reviews")),
    "BOM of its own missing": bom_unknown(bom_missing("sentiment")),
    "first of two for one node": hit(
        several(
            ("A-1", {"sources": [{**HUB, "namespace": "acme"}]}),
            ("A-2", {"digests": [str(digest("reviews"))]}),
            source=ACME,
        )
    ),
    "first of two for one digest": hit(
        several(
            ("A-1", {"digests": [f"sha256:{sha('part-0')}"]}),
            ("A-2", {"digests": [str(digest("reviews"))]}),
        )
    ),
    "nearest before first": hit(
        several(
            ("A-2", {"parties": [ANNE]}),
            ("A-1", {"digests": [str(digest("base"))]}),
        )
    ),
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
    "first of two for one node": ["sentiment", "base", "reviews"],
    "first of two for one digest": ["sentiment", "base", "reviews"],
    "nearest before first": ["sentiment", "base"],
}


@pytest.mark.parametrize(("name", "labels"), PATHS.items(), ids=PATHS)
def test_the_path_leads_to_what_was_hit(name, labels):
    result = verify("tainted-ancestor", CASES[name])
    seen = [hop.label for hop in result.path if hop.kind != "step"]
    assert [label.removeprefix("party:") for label in seen] == labels
    assert "A-1: labels flipped" in result.actual


def test_every_advisory_is_told_up_to_a_few():
    six = [(f"A-{n}", {"digests": [str(digest("reviews"))]}) for n in range(2, 8)]
    arrange = several(("A-1", {"parties": [ANNE]}), *six)
    told = hit(arrange).answer("tainted-ancestor").actual
    assert told.startswith("reviews: A-2: labels flipped (advisories.yaml, 2026-11-01)")
    assert all(f"A-{number}: " in told for number in range(1, 7) if number != 6)
    assert "A-6: " not in told
    assert "2026-11-01); also hit by A-1: labels flipped (" in told
    assert told.endswith("; and 2 more")


def test_who_attests_that_it_is_upstream_is_told():
    found = verify("tainted-ancestor", CASES["party"])
    assert found.assurance == "attested"
    assert found.basis == "signed by acme-pipeline (evidence/0.sigstore.json)"
    assert found.evidence == ("evidence/0.sigstore.json",)
    claimed = verify("tainted-ancestor", CASES["derived"])
    assert (claimed.assurance, claimed.evidence) == ("claimed", ())


def test_other_direct_inputs_that_come_from_it_are_counted():
    def arrange(world):
        raw, model = world.data("raw"), world.model()
        parts = [world.data(f"part-{number}") for number in range(3)]
        for part in parts:
            world.step("filter", part, {"items": raw})
        clean = world.data("clean")
        uses = {f"part-{n}": part for n, part in enumerate([*parts, clean])}
        world.step("train", model, uses)
        world.advise(digests=[str(digest("raw"))])
        return model

    found = hit(arrange).answer("tainted-ancestor")
    assert found.actual.endswith(
        "2026-11-01). 2 other direct inputs come from what the first one hits"
    )
    one = verify("tainted-ancestor", CASES["digest"])
    assert "other direct" not in one.actual


ADVICE = {
    "missing": "Put advisories.yaml into the policy's folder",
    "expired": "(this one ended 2026-11-20). Nothing is known against this model.",
    "another registrar": "Ask who issued the advisory, and the registrar",
    "BOM of an ancestor missing": "Get the signed BOM of reviews, and put it",
    "files of two": "Have base recorded with its files",
}


def test_who_keeps_the_advisories_is_told_how_they_go_on():
    remedy = verify("tainted-ancestor", CASES["expired"]).remedy
    assert "raise `sequence`, and move `expires` on" in remedy


@pytest.mark.parametrize(("name", "advice"), ADVICE.items(), ids=ADVICE)
def test_what_is_not_known_to_be_bad_is_not_to_be_retrained(name, advice):
    remedy = verify("tainted-ancestor", CASES[name]).remedy
    assert advice in remedy
    assert "retrain" not in remedy


GAPS = {
    "files of an ancestor": ["sentiment", "base", "reviews"],
    "files of two": ["sentiment", "base"],
    "files of its own": ["sentiment"],
    "BOM of an ancestor missing": ["sentiment", "base", "reviews"],
    "BOM of its own missing": ["sentiment"],
}


@pytest.mark.parametrize(("name", "labels"), GAPS.items(), ids=GAPS)
def test_the_path_leads_to_what_is_not_known(name, labels):
    result = verify("tainted-ancestor", CASES[name])
    assert [hop.label for hop in result.path if hop.kind != "step"] == labels
    assert labels[-1] in result.actual
