"""publisher-namespace: who owned the name when it was approved, and when fetched."""

from __future__ import annotations

import pytest
from policy_builders import ACME, COMMIT, PIPELINE, Case, verify

from aibom.lineage.nodes import Kind, Relation

HUB = {"type": "huggingface", "namespace": "acme"}
JUNE = {"started": "2026-06-20T00:00:00Z", "finished": "2026-06-21T00:00:00Z"}


def owned(since=None, changed=None, approved=None, owner="org:Acme", **entry):
    dates = {"owner_since": since, "owner_changed": changed, "approved_on": approved}
    given = {key: value for key, value in dates.items() if value is not None}
    return {"match": HUB, "owner": owner, **given, **entry}


OWNED = owned("2020-01-01", approved="2026-01-01")
CHANGED = owned("2020-01-01", "2026-07-01", "2026-08-01")


def used(*entries, source=ACME, when=JUNE, signer=PIPELINE, **how):
    """A dataset that training took from somewhere, and what its list says of it."""

    def arrange(world):
        world.trust(*entries)
        data = world.data()
        world.root = world.model()
        step = {"training-data": data}
        world.step("train", world.root, step, (), signer, source=source, **when, **how)
        return data

    return arrange


def as_artifact(*entries):
    def arrange(world):
        world.trust(*entries)
        model = world.model(source=ACME)
        world.bom(model)
        return model

    return arrange


def fetched_as_artifact(*entries, when="2026-06-20T00:00:00Z", signed=True):
    """What ``aibom fetch`` leaves: no step, and the time on the artifact."""

    def arrange(world):
        world.trust(*entries)
        model = world.model(source=ACME, fetched=when)
        if signed:
            world.bom(model)
        return model

    return arrange


def by_account(created, *entries):
    """The source says when the account was made; several times if a tuple."""

    def arrange(world):
        model = fetched_as_artifact(*entries)(world)
        for time in created:
            world.model(source=ACME, **{"owner-created": time})
        world.bom(model)
        return model

    return arrange


def named_base(*entries, relation=Relation.DERIVED_FROM):
    def arrange(world):
        world.trust(*entries)
        world.root = world.model()
        base = world.build.entity(Kind.MODEL, None, source=ACME)
        world.build.edge(world.root, relation, base, "base-model")
        return base

    return arrange


def used_again(when, source=ACME, recorded=True):
    """A second step used the same bytes."""

    def arrange(world):
        data = used(owned("2026-03-01", approved="2026-04-01"))(world)
        more = world.data("more")
        step = {"data": data}
        world.step("filter", more, step, source=source, recorded=recorded, **when)
        return data

    return arrange


def also_claimed(source):
    """A stranger adds another source to the node."""

    def arrange(world):
        data = used(OWNED)(world)
        world.data(source=source)
        return data

    return arrange


def made(**how):
    def arrange(world):
        world.trust(OWNED)
        data = world.data()
        world.step("filter", data, {"data": world.data("raw")}, **how)
        return data

    return arrange


def no_list(world):
    data = used(OWNED)(world)
    world.sources = None
    return data


def case(arrange, status, reason, minimum="attested", **settings):
    return Case(arrange, status, reason, {"list": "approved", **settings}, minimum)


def fails(*entries, **how):
    return case(used(*entries, **how), "fail", "owner-changed")


def unknown(reason, *entries, **how):
    return case(used(*entries, **how), "unknown", reason)


def unrecorded(*entries, **how):
    return unknown("owner-not-recorded", *entries, **how)


SPRING = {"started": "2026-02-01T00:00:00Z"}
CASES = {
    "account older than its approval": case(
        by_account(["2025-12-31T00:00:00Z"], OWNED), "pass", "owner-known"
    ),
    "account made after its approval": case(
        by_account(["2026-01-02T00:00:00Z"], OWNED), "fail", "owner-changed"
    ),
    "one of two times is after it": case(
        by_account(["2020-01-01T00:00:00Z", "2026-01-02T00:00:00Z"], OWNED),
        "fail",
        "owner-changed",
    ),
    "account made at no time": case(
        by_account(["some day"], OWNED), "pass", "owner-known"
    ),
    "fetched after it settled": case(fetched_as_artifact(OWNED), "pass", "owner-known"),
    "fetched before it changed": case(
        fetched_as_artifact(owned("2026-07-01", approved="2026-08-01")),
        "fail",
        "owner-changed",
    ),
    "somebody claims that it was fetched": case(
        fetched_as_artifact(OWNED, signed=False),
        "unknown",
        "time-missing",
        "claimed",
    ),
    "fetched at no time": case(
        fetched_as_artifact(OWNED, when="in June"), "unknown", "time-missing"
    ),
    "only named": case(named_base(OWNED), "unknown", "time-missing"),
    "only named, ignored": case(
        named_base(OWNED), "not-applicable", "only-named", named="ignore"
    ),
    "needed at run time": case(
        named_base(OWNED, relation=Relation.REQUIRES),
        "unknown",
        "time-missing",
        named="ignore",
    ),
    "owner, no date": case(used(owned()), "pass", "owner-known"),
    "owner since long": case(used(OWNED), "pass", "owner-known"),
    "changed, then approved, then fetched": case(
        used(owned(changed="2025-01-01", approved="2025-02-01")), "pass", "owner-known"
    ),
    "the same day": case(
        used(owned("2026-06-20", approved="2026-06-20")), "pass", "owner-known"
    ),
    "artifact without a date": case(as_artifact(owned()), "pass", "owner-known"),
    "one of two entries expired": case(
        used(OWNED, owned(expires="2026-01-01")), "pass", "owner-known"
    ),
    "used again, later": case(used_again(JUNE), "pass", "owner-known"),
    "used again, of another source": case(
        used_again(SPRING, None), "pass", "owner-known"
    ),
    "claimed is enough": case(
        used(OWNED, recorded=False), "pass", "owner-known", "claimed"
    ),
    "changed after it was fetched": fails(CHANGED),
    "changed after its approval": fails(
        owned(changed="2026-03-01", approved="2026-02-01")
    ),
    "owner came after the approval": fails(owned("2026-03-01", approved="2026-02-01")),
    "owner came after the fetching": fails(owned("2026-07-01", approved="2026-08-01")),
    "changes next year": fails(owned(changed="2027-06-01", approved="2026-01-01")),
    "approval is not dated, but it was fetched": fails(owned(changed="2026-07-01")),
    "changed, nobody knows when fetched": fails(
        owned(changed="2026-03-01", approved="2026-02-01"), when={}
    ),
    "one of two entries tells": fails(OWNED, CHANGED),
    "expired entry tells": fails(OWNED, {**CHANGED, "expires": "2026-01-01"}),
    "a stranger's word is enough": fails(CHANGED, signer=None),
    "used again, before": case(used_again(SPRING), "fail", "owner-changed"),
    "artifact, changed": case(
        as_artifact(owned(changed="2026-03-01", approved="2026-02-01")),
        "fail",
        "owner-changed",
    ),
    "no owner": unrecorded({"match": HUB}),
    "empty list": unrecorded(),
    "another namespace": unrecorded(
        owned(match={"type": "huggingface", "namespace": "other"})
    ),
    "look-alike": unrecorded(
        OWNED,
        source=f"pkg:huggingface/аcme/x@{COMMIT}",  # noqa: RUF001
    ),
    "another case": unrecorded(OWNED, source=ACME.replace("acme", "Acme")),
    "namespace below": unrecorded(
        OWNED, source=f"pkg:huggingface/acme/evil/x@{COMMIT}"
    ),
    "another registry": unrecorded(OWNED, source=f"{ACME}?repository_url=evil.example"),
    "no package url": unrecorded(OWNED, source="https://huggingface.co/acme/x"),
    "blocked entry": unrecorded({**OWNED, "trust": "blocked"}),
    "another source that anybody claims": case(
        also_claimed(f"pkg:huggingface/x/y@{COMMIT}"), "unknown", "owner-not-recorded"
    ),
    "record has expired": unknown(
        "owner-record-expired", {**OWNED, "expires": "2026-01-01"}
    ),
    "approval not dated": unknown("approval-undated", owned(changed="2026-01-01")),
    "fetched, nobody knows when": unknown("time-missing", OWNED, when={}),
    "time that is none": unknown("time-missing", OWNED, when={"started": "june"}),
    "artifact, nobody knows when": case(as_artifact(OWNED), "unknown", "time-missing"),
    "stranger says so": case(
        used(OWNED, recorded=False), "unknown", "assurance-too-low"
    ),
    "time by a stranger": case(
        used_again(JUNE, recorded=False), "unknown", "assurance-too-low"
    ),
    "nothing said": case(made(recorded=False), "unknown", "source-missing"),
    "no such list": case(used(OWNED), "unknown", "source-list-missing", list="x"),
    "no file": case(no_list, "unknown", "source-list-missing"),
    "made here": case(made(), "not-applicable", "generated-by-a-step"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("publisher-namespace", case)


def test_it_is_told_who_and_when():
    result = CASES["changed after it was fetched"].answer("publisher-namespace")
    assert result.actual == (
        f"{ACME}: owner org:Acme, changed 2026-07-01, fetched 2026-06-20"
    )
