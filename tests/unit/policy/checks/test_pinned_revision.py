"""pinned-revision: a full commit id, or an exact version that never changes."""

from __future__ import annotations

import pytest
from policy_builders import ACME, COMMIT, RELEASE, Case, verify

from aibom.lineage.nodes import Kind, Relation


def taken_from(*sources, signer=RELEASE):
    """A dataset with a signed BOM of its own that says where it is from."""

    def arrange(world):
        data = world.data(source=sources[0])
        for source in sources[1:]:
            world.data(source=source)
        world.bom(data, signer)
        return data

    return arrange


def used_from(source, **how):
    def arrange(world):
        data = world.data()
        world.root = world.model()
        step = {"training-data": data}
        world.step("train", world.root, step, source=source, **how)
        return data

    return arrange


def made(**how):
    def arrange(world):
        data = world.data()
        world.step("collect", data, **how)
        return data

    return arrange


def no_digest(world):
    return world.build.entity(Kind.DATASET, None, source=ACME)


def named(relation=Relation.DERIVED_FROM, **facts):
    """A base that the model's card names, and nobody has."""

    def arrange(world):
        world.root = world.model()
        base = world.build.entity(Kind.MODEL, None, source=HUB, **facts)
        world.build.edge(world.root, relation, base, "base-model")
        return base

    return arrange


def above_a_root(world, accepted=True):
    """A base that the card of a model names, at which lineage ends by decision."""
    world.root = world.model()
    root = world.model("root", source=ACME)
    world.step("fine-tune", world.root, {"base-model": root})
    if accepted:
        world.accept("root")
    base = world.build.entity(Kind.MODEL, None, source=HUB)
    world.build.edge(root, Relation.DERIVED_FROM, base, "base-model")
    return base


def above_a_root_and_beside(world):
    base = above_a_root(world)
    world.build.edge(world.root, Relation.DERIVED_FROM, base, "base-model")
    return base


def used_above_a_root(world):
    base = above_a_root(world)
    world.step("train", world.model("root"), {"base-model": base})
    return base


def no_source_above_a_root(world):
    above_a_root(world)
    data = world.build.entity(Kind.DATASET, None, name="far")
    world.build.edge(world.model("root"), Relation.DERIVED_FROM, data, "dataset")
    return data


def named_and_used(world):
    world.root = world.model()
    base = world.build.entity(Kind.MODEL, None, source=HUB)
    world.build.edge(world.root, Relation.DERIVED_FROM, base, "base-model")
    world.step("fine-tune", world.root, {"base-model": base})
    return base


def named_with_bytes(world):
    world.root = world.model()
    base = world.model("base", source=HUB)
    world.build.edge(world.root, Relation.DERIVED_FROM, base, "base-model")
    return base


def only_a_name(world):
    world.root = world.build.entity(Kind.MODEL, None, source=HUB)
    return world.root


def two_revisions(world):
    world.data(revision=COMMIT)
    return world.data(revision="0" * 40)


def from_outside(source, status, reason, **how):
    return Case(taken_from(source), status, reason, **how)


HUB = "pkg:huggingface/acme/reviews"
IGNORE = {"named": "ignore"}
ABOVE = {"named": "ignore-above-roots"}
PASS, FAIL = ("pass", "pinned"), ("fail", "revision-not-pinned")
CASES = {
    "full commit": from_outside(ACME, *PASS),
    "64 hex digits": from_outside(f"{HUB}@{'a' * 64}", *PASS),
    "percent-encoded": from_outside(f"pkg:huggingface/%61cme/reviews@{COMMIT}", *PASS),
    "exact version": from_outside("pkg:pypi/datasets@3.1.0", *PASS),
    "exact maven": from_outside("pkg:maven/org.acme/data@1.0-rc1", *PASS),
    "on the step's edge": Case(used_from(ACME), *PASS),
    "claimed is enough": Case(taken_from(ACME, signer=None), *PASS, {}, "claimed"),
    "branch": from_outside(f"{HUB}@main", *FAIL),
    "short hash": from_outside(f"{HUB}@{COMMIT[:12]}", *FAIL),
    "39 digits": from_outside(f"{HUB}@{COMMIT[:39]}", *FAIL),
    "digits and more": from_outside(f"{HUB}@{COMMIT}-main", *FAIL),
    "no revision": from_outside(HUB, *FAIL),
    "version on a hub": from_outside(f"{HUB}@1.0.0", *FAIL),
    "dist-tag": from_outside("pkg:npm/left-pad@latest", *FAIL),
    "range": from_outside("pkg:pypi/datasets@3.*", *FAIL),
    "snapshot": from_outside("pkg:maven/org.acme/data@1.0-SNAPSHOT", *FAIL),
    "another registry": from_outside(
        "pkg:pypi/datasets@3.1.0?repository_url=https://evil.example", *FAIL
    ),
    "no purl": from_outside("https://acme.example/reviews.zip", *FAIL),
    "one of two": Case(taken_from(ACME, f"{HUB}@main"), *FAIL),
    "no digest": Case(no_digest, "fail", "digest-missing"),
    "nothing said": Case(lambda w: w.data(), "unknown", "source-missing"),
    "made, only claimed": Case(made(signer=None), "unknown", "source-missing"),
    "made, no record": Case(made(recorded=False), "unknown", "source-missing"),
    "stranger says so": Case(
        taken_from(ACME, signer=None), "unknown", "assurance-too-low"
    ),
    "unsigned edge": Case(used_from(ACME, signer=None), "unknown", "assurance-too-low"),
    "two revisions": Case(two_revisions, "unknown", "contradicted"),
    "only named": Case(named(), "fail", "digest-missing"),
    "only named, ignored": Case(named(), "not-applicable", "only-named", IGNORE),
    "needed at run time": Case(
        named(Relation.REQUIRES), "fail", "digest-missing", IGNORE
    ),
    "a step used it": Case(named_and_used, "fail", "digest-missing", IGNORE),
    "somebody has it": Case(named_with_bytes, *FAIL, IGNORE),
    "the artifact itself": Case(only_a_name, "fail", "digest-missing", IGNORE),
    "above a root": Case(above_a_root, "not-applicable", "only-named", ABOVE),
    "above a root, no source": Case(
        no_source_above_a_root, "not-applicable", "only-named", ABOVE
    ),
    "above a root, asked": Case(above_a_root, "fail", "digest-missing"),
    "above a root that nobody accepted": Case(
        lambda w: above_a_root(w, False), "fail", "digest-missing", ABOVE
    ),
    "above a root and beside it": Case(
        above_a_root_and_beside, "fail", "digest-missing", ABOVE
    ),
    "used above a root": Case(used_above_a_root, "fail", "digest-missing", ABOVE),
    "named by the artifact": Case(named(), "fail", "digest-missing", ABOVE),
    "made by a step": Case(made(), "not-applicable", "generated-by-a-step"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("pinned-revision", case)


def test_what_is_only_named_is_told_what_can_be_done():
    result = Case(named(), "fail", "digest-missing").answer("pinned-revision")
    assert "accepted-roots.yaml" in result.remedy
    used = Case(named_and_used, "fail", "digest-missing").answer("pinned-revision")
    assert "accepted-roots.yaml" not in used.remedy
