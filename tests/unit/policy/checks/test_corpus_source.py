"""corpus-source: what is retrieved speaks with the model's voice."""

from __future__ import annotations

import pytest
from policy_builders import ACME, ANNE, BERT, CARL, PIPELINE, STRANGER, Case, verify

from aibom.lineage.nodes import Kind, Relation

SETTINGS = {"list": "docs", "reviewers": [BERT], "writers": [ANNE, "software:crawler"]}
WROTE = (("writer", ANNE),)
BY = (("reviewer", BERT),)
EVIL = "pkg:huggingface/evil/docs@" + "4f0c" * 10
MARCH = {"started": "2026-03-01T00:00:00Z", "finished": "2026-03-02T00:00:00Z"}
APRIL = {"started": "2026-04-01T00:00:00Z", "finished": "2026-04-02T00:00:00Z"}
MAY = {"started": "2026-05-01T00:00:00Z", "finished": "2026-05-02T00:00:00Z"}


def lists(world, **entry):
    match = {"type": "huggingface", "namespace": "acme"}
    blocked = {
        "match": {"type": "huggingface", "namespace": "evil"},
        "trust": "blocked",
    }
    world.trust({"match": match, **entry}, blocked, name="docs")


def built(
    wrote=WROTE,
    by=BY,
    source=ACME,
    written=PIPELINE,
    signer=PIPELINE,
    review="review",
    reviewed=APRIL,
    used=MAY,
    step="embed",
    role="corpus",
    made=Kind.DATASET,
    asked="kept",
    **entry,
):
    """Collected somewhere, reviewed, and made into an index that a system needs."""

    def arrange(world):
        lists(world, **entry)
        raw, all_of_it = world.data("raw"), world.data("all")
        kept, index = world.entity(made, "kept"), world.data("index")
        world.step(
            "collect", all_of_it, {"items": raw}, wrote, written, source=source, **MARCH
        )
        if review:
            world.step(review, kept, {"data": all_of_it}, by, signer, **reviewed)
        else:
            kept = all_of_it
        world.step(step, index, {role: kept}, (), signer, **used)
        world.root = world.entity(Kind.SYSTEM, "answers")
        world.build.edge(world.root, Relation.REQUIRES, index)
        return {"kept": kept, "index": index, "raw": raw}[asked]

    return arrange


def served(reviewed=APRIL, kind="review"):
    """No index: a system reads the data as they are."""

    def arrange(world):
        lists(world)
        raw, kept = world.data("raw"), world.data("kept")
        by = (*WROTE, *BY)
        world.step(kind, kept, {"data": raw}, by, source=ACME, **reviewed)
        world.root = world.entity(Kind.SYSTEM, "answers")
        world.build.edge(world.root, Relation.REQUIRES, kept)
        return kept

    return arrange


def looked_at(when=APRIL, same=True, signer=PIPELINE):
    """Reviewed as it is: the index takes exactly these bytes."""

    def arrange(world):
        lists(world)
        raw, kept, index = world.data("raw"), world.data("kept"), world.data("index")
        report = world.entity(Kind.REPORT, "report")
        world.step("collect", kept, {"items": raw}, WROTE, source=ACME, **MARCH)
        seen = kept if same else raw
        world.step("review", report, {"data": seen}, BY, signer, source=ACME, **when)
        world.step("embed", index, {"corpus": kept}, **MAY)
        world.root = index
        return kept

    return arrange


def twice_indexed(world):
    """The first index was made before anybody looked."""
    kept = built()(world)
    world.step("embed", world.data("old"), {"corpus": kept}, **MARCH)
    return kept


def model(role="base-model"):
    """A model that an embed step used, in some role."""

    def arrange(world):
        lists(world)
        found, world.root = world.model("encoder"), world.data("index")
        world.step("embed", world.root, {role: found}, **MAY)
        return found

    return arrange


def undigested(world):
    kept = built()(world)
    page = world.build.entity(Kind.DATASET, None, (), name="page", source=ACME)
    world.build.edge(world.data("all"), Relation.DERIVED_FROM, page)
    return kept


def attributed(party, role):
    """Somebody says that somebody else had a hand in it as well."""

    def arrange(world):
        kept = built()(world)
        node = world.build.party(party)
        world.build.edge(world.data("raw"), Relation.ATTRIBUTED_TO, node, role)
        return kept

    return arrange


def claimed_review(world):
    """The record of a review says nothing of what somebody says it let through."""
    kept = served()(world)
    other = world.data("other", source=ACME)
    world.bom(other)
    (step,) = world.build.graph().generating_steps(kept)
    world.build.generated(step, other)
    world.build.edge(world.root, Relation.REQUIRES, other)
    return other


def accepted_upstream(world):
    """What is upstream of an accepted root was decided about with it."""
    kept = built(wrote=(("writer", CARL),), source=EVIL)(world)
    world.accept("all")
    node = world.build.party(ANNE)
    world.build.edge(kept, Relation.ATTRIBUTED_TO, node, "writer")
    world.bom(kept)
    return kept


def accepted_source(world):
    world.accept("raw")
    return built(source=EVIL)(world)


def with_code(world):
    """Code is judged by its pin, which other rules ask for."""
    kept = built()(world)
    code = world.build.entity(Kind.CODE, None, (), commit="4f0c" * 10)
    (step,) = world.build.graph().generating_steps(kept)
    world.build.used(step, code, "code")
    return kept


def accepted(world):
    world.accept("kept")
    return built(source=EVIL)(world)


def only_trained_on(signer=PIPELINE):
    def arrange(world):
        lists(world)
        data, world.root = world.data(), world.model()
        world.step("train", world.root, {"training-data": data}, (), signer)
        return data

    return arrange


def case(arrange, status, reason, minimum="attested", **settings):
    return Case(arrange, status, reason, {**SETTINGS, **settings}, minimum)


def passing(arrange, **settings):
    return case(arrange, "pass", "corpus-approved", **settings)


def failing(reason, arrange, **settings):
    return case(arrange, "fail", reason, **settings)


def unknown(reason, arrange, minimum="attested", **settings):
    return case(arrange, "unknown", reason, minimum, **settings)


def spared(reason, arrange, **settings):
    return case(arrange, "not-applicable", reason, **settings)


CASES = {
    "good": passing(built()),
    "by another step, in the role that is asked": passing(
        built(step="filter", role="retrieval-corpus")
    ),
    "served as it is": passing(served()),
    "reviewed as it is": passing(looked_at()),
    "reviewed until the index was begun": passing(
        built(reviewed={**APRIL, "finished": MAY["started"]})
    ),
    "two writers": passing(built((*WROTE, ("collector", "software:crawler")))),
    "those who look on are no writers": passing(built((*WROTE, ("owner", CARL)))),
    "decided about further up": passing(accepted_upstream),
    "decided about where it is from": passing(accepted_source),
    "handled by code": passing(with_code),
    "somebody says who owns it": passing(attributed(CARL, "owner")),
    "blocked source": failing("source-blocked", built(source=EVIL)),
    "blocked, spelt otherwise": failing(
        "source-blocked", built(source=EVIL.replace("evil", "Evil"))
    ),
    "source not listed": failing(
        "source-not-trusted", built(source=ACME.replace("acme", "acme-2"))
    ),
    "approval has expired": failing(
        "source-approval-expired", built(expires="2026-11-01")
    ),
    "somebody else wrote": failing("writer-not-allowed", built((("writer", CARL),))),
    "somebody else as well": failing(
        "writer-not-allowed", built((*WROTE, ("writer", CARL)))
    ),
    "somebody else, by another word": failing(
        "writer-not-allowed", built((*WROTE, ("helper", CARL)))
    ),
    "a writer of another registrar": failing(
        "writer-not-allowed", built((("writer", STRANGER),))
    ),
    "somebody else, far up, only claimed": failing(
        "writer-not-allowed", attributed(CARL, "supplier")
    ),
    "reviewed by somebody else": failing(
        "reviewer-not-allowed", built(by=(("reviewer", CARL),))
    ),
    "a review that makes a model": failing(
        "unreviewed", built(made=Kind.MODEL, role="retrieval-corpus")
    ),
    "index before the review": failing(
        "used-before-review", built(reviewed=MAY, used=APRIL)
    ),
    "index begun during the review": failing(
        "used-before-review", built(reviewed={**APRIL, "finished": MAY["finished"]})
    ),
    "an earlier index": failing("used-before-review", twice_indexed),
    "reviewed in the future": failing(
        "used-before-review", served({**APRIL, "finished": "2027-01-01T00:00:00Z"})
    ),
    "reviewed as it was, later": failing(
        "used-before-review",
        looked_at({"started": MAY["finished"], "finished": "2026-06-01T00:00:00Z"}),
    ),
    "from nowhere": unknown("source-missing", built(source=None)),
    "no such list": unknown("source-list-missing", built(), list="other"),
    "a page without a digest": unknown("digest-missing", undigested),
    "nobody wrote": unknown("writer-missing", built(())),
    "an owner is no writer": unknown("writer-missing", built((("owner", ANNE),))),
    "no review": unknown("review-missing", built(review=None)),
    "filtered is not reviewed": unknown("review-missing", built(review="filter")),
    "other bytes were reviewed": unknown("review-missing", looked_at(same=False)),
    "a stranger's review": unknown("review-not-vouched", looked_at(signer=None)),
    "a stranger's records": unknown("source-missing", built(signer=None)),
    "nobody reviewed": unknown("reviewer-missing", built(by=())),
    "reviewed nobody says when": unknown("time-missing", built(reviewed={})),
    "used nobody says when": unknown("time-missing", built(used={})),
    "used at no time": unknown("time-missing", built(used={"started": "soon"})),
    "a stranger's collecting": unknown("source-missing", built(written=None)),
    "what a review made is only claimed": unknown("assurance-too-low", claimed_review),
    "a writer is only claimed": unknown(
        "assurance-too-low", attributed(ANNE, "writer")
    ),
    "more than a signature": unknown("source-missing", built(), "verified"),
    "required, and made by a claim": unknown(
        "source-missing", built(asked="index", signer=None)
    ),
    "required, and no index": unknown("review-missing", served(kind="filter")),
    "a model in the role that is asked": unknown(
        "source-missing", model("retrieval-corpus")
    ),
    "nobody tells how it was used": unknown("lineage-open", only_trained_on(None)),
    "the index": spared("not-retrieved", built(asked="index")),
    "what the corpus was made of": spared("not-retrieved", built(asked="raw")),
    "training data": spared("not-retrieved", only_trained_on()),
    "the model that embeds": spared("not-retrieved", model()),
    "accepted": spared("accepted-root", accepted),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("corpus-source", case)


PATHS = {
    "blocked source": "raw",
    "somebody else wrote": f"party:{CARL}",
    "somebody else, far up, only claimed": f"party:{CARL}",
}


@pytest.mark.parametrize(("name", "end"), PATHS.items(), ids=PATHS)
def test_the_path_leads_on_to_what_is_wrong(name, end):
    last = verify("corpus-source", CASES[name]).path[-1]
    assert end in (last.label, last.node)


def test_both_times_are_told():
    result = verify("corpus-source", CASES["index before the review"])
    assert result.actual == (
        "reviewed until 2026-05-02T00:00:00Z, used from 2026-04-01T00:00:00Z on"
    )
