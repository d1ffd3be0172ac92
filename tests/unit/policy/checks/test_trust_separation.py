"""trust-separation: what nobody reviewed stays out, whatever it is called."""

from __future__ import annotations

import pytest
from policy_builders import (
    ACME,
    ANNE,
    BERT,
    PIPELINE,
    STRANGER,
    Case,
    again,
    policy_of,
    verify,
)

from aibom.errors import PolicyInvalid
from aibom.lineage.nodes import Kind, Relation

FORUM = "pkg:huggingface/forum/posts@" + "1f" * 20
SETTINGS = {"reviewers": [BERT]}
LISTED = {**SETTINGS, "list": "low"}
CAPPED = {**SETTINGS, "max_items": 100}
BOTH = {**LISTED, "max_items": 100}
BY = (("reviewer", BERT),)
SPRING = {"started": "2026-04-01T00:00:00Z", "finished": "2026-04-02T00:00:00Z"}
SUMMER = {"started": "2026-06-01T00:00:00Z", "finished": "2026-06-02T00:00:00Z"}


def low(world, *extra):
    world.trust(
        {"match": {"type": "huggingface", "namespace": "forum"}}, *extra, name="low"
    )


def count(number):
    return {"parameter.items": number}


def reviewed(
    by=BY, signer=PIPELINE, role="feedback", kind="review", made=Kind.DATASET, **how
):
    """Feedback, a step that looked at it, and training on what came out."""

    def arrange(world):
        low(world)
        raw, kept = world.data("raw"), world.entity(made, "kept")
        world.root = world.model()
        world.step(kind, kept, {role: raw}, by, signer, **how)
        world.step("train", world.root, {"training-data": kept})
        return raw

    return arrange


def straight(role="feedback", kind="train", signer=PIPELINE, source=None, **how):
    """Training on it as it came."""

    def arrange(world):
        low(world)
        raw = world.data("raw")
        world.root = world.model()
        world.step(kind, world.root, {role: raw}, (), signer, source=source, **how)
        return raw

    return arrange


def handled(kind="filter", signer=PIPELINE, made=Kind.DATASET, then=True):
    """Handled by one step, and only then reviewed, or not."""

    def arrange(world):
        raw, mid, kept = (
            world.data("raw"),
            world.entity(made, "mid"),
            world.data("kept"),
        )
        world.root = world.model()
        world.step(kind, mid, {"feedback": raw}, (), signer)
        if then:
            world.step("review", kept, {"data": mid}, BY)
        world.step("train", world.root, {"training-data": kept if then else mid})
        return raw

    return arrange


def looked_at(when=SPRING, used=SUMMER, signer=PIPELINE, same=True):
    """Reviewed as it is: the review makes a report, training takes the bytes."""

    def arrange(world):
        raw = world.data("raw")
        world.root = world.model()
        report = world.entity(Kind.REPORT, "report")
        seen = raw if same else world.data("other")
        world.step("review", report, {"data": seen}, BY, signer, **when)
        world.step("train", world.root, {"feedback": raw}, **used)
        return raw

    return arrange


def also_straight(world):
    """One way is reviewed, another is not."""
    raw = reviewed()(world)
    base = world.model("base")
    world.step("train", base, {"data": raw})
    world.step("merge", world.root, {"base-model": base})
    return raw


def learned_then_reviewed(world):
    raw, base, kept = world.data("raw"), world.model("base"), world.data("kept")
    world.root = world.model()
    world.step("train", base, {"feedback": raw})
    world.step("review", kept, {"data": base}, BY)
    world.step("distill", world.root, {"training-data": kept})
    return raw


def derived(explained):
    def arrange(world):
        raw = reviewed()(world) if explained else world.data("raw")
        world.root = world.root or world.model()
        kept = world.data("kept") if explained else world.root
        world.build.edge(kept, Relation.DERIVED_FROM, raw)
        if not explained:
            elsewhere = world.model("elsewhere")
            world.step("train", elsewhere, {"feedback": raw})
        return raw

    return arrange


def required(world):
    raw, world.root = world.data("raw"), world.model()
    world.build.edge(world.root, Relation.REQUIRES, raw)
    elsewhere = world.model("elsewhere")
    world.step("train", elsewhere, {"feedback": raw})
    return raw


def only_required(world):
    raw, world.root = world.data("raw"), world.model()
    world.build.edge(world.root, Relation.REQUIRES, raw)
    return raw


def two_kinds(world):
    raw = reviewed()(world)
    step = next(
        name for name in world.build.graph().generating_steps(world.data("kept"))
    )
    world.build.step(step.removeprefix("step:"), "collect")
    return raw


def reviewer_left_out(world):
    """The record is trusted; who reviewed it is only in somebody's BOM."""
    raw = reviewed(by=())(world)
    (step,) = world.build.graph().generating_steps(world.data("kept"))
    world.build.performed_by(step, world.build.party(BERT), "reviewer")
    return raw


def kind_not_said(world):
    raw, mid, world.root = world.data("raw"), world.data("mid"), world.model()
    step = "step:" + "8" * 64
    again(world.build, step)
    world.build.used(step, raw, "feedback")
    world.build.generated(step, mid)
    world.step("train", world.root, {"training-data": mid})
    return raw


def artifact(world):
    low(world)
    return world.data("raw", source=FORUM)


def claimed_source(world):
    low(world)
    data, world.root = world.data("raw", source=ACME), world.model()
    world.step("train", world.root, {"training-data": data})
    return data


def accepted(world):
    world.accept("raw")
    return derived_only(world)


def derived_only(world):
    data, world.root = world.data("raw"), world.model()
    world.build.edge(world.root, Relation.DERIVED_FROM, data)
    return data


def derived_and_told(world):
    data = straight("data")(world)
    world.build.edge(world.root, Relation.DERIVED_FROM, data)
    return data


def filtered(world):
    """Made by a step here, of what is from nowhere."""
    low(world)
    raw, data, world.root = world.data("raw"), world.data("mid"), world.model()
    world.step("filter", data, {"data": raw})
    world.step("train", world.root, {"training-data": data})
    return data


def from_elsewhere(world):
    """Only its source is known, and that is good."""
    low(world)
    data, world.root = world.data("raw", source=ACME), world.model()
    world.bom(data)
    world.build.edge(world.root, Relation.DERIVED_FROM, data)
    return data


def in_a_circle(world):
    raw, mid, world.root = world.data("raw"), world.data("mid"), world.model()
    world.step("filter", mid, {"feedback": raw})
    world.step("filter", raw, {"data": mid})
    world.step("train", world.root, {"training-data": mid})
    return raw


def batches(*counts, source=FORUM, apart=False, last=PIPELINE):
    """Several things from one source, each reviewed on its own."""

    def arrange(world):
        low(world, *([{"match": {"type": "huggingface", "namespace": "acme"}}]))
        world.root = world.model()
        for place, number in enumerate(counts):
            raw, kept = world.data(f"raw{place}"), world.data(f"kept{place}")
            taken = ACME if apart and place else source
            facts = count(number) if number is not None else {}
            signer = last if place else PIPELINE
            world.step("review", kept, {"data": raw}, BY, signer, source=taken, **facts)
            world.step("train", world.root, {"training-data": kept}, nth=place + 1)
        return world.data("raw0")

    return arrange


def case(arrange, status, reason, settings=SETTINGS, minimum="attested"):
    return Case(arrange, status, reason, settings, minimum)


def passing(arrange, settings=SETTINGS):
    return case(arrange, "pass", "reviewed", settings)


def failing(reason, arrange, settings=SETTINGS):
    return case(arrange, "fail", reason, settings)


def unknown(reason, arrange, settings=SETTINGS, minimum="attested"):
    return case(arrange, "unknown", reason, settings, minimum)


def spared(reason, arrange, settings=SETTINGS, minimum="attested"):
    return case(arrange, "not-applicable", reason, settings, minimum)


CASES = {
    "reviewed": passing(reviewed()),
    "one of two reviewers is allowed": passing(reviewed((("reviewer", ANNE), *BY))),
    "filtered, then reviewed": passing(handled()),
    "reviewed as it is": passing(looked_at()),
    "reviewed until the moment of use": passing(
        looked_at({**SPRING, "finished": SUMMER["started"]})
    ),
    "derived, and a step tells how": passing(derived(True)),
    "from a listed source, under another role": passing(
        reviewed(role="data", source=FORUM), LISTED
    ),
    "of another role that is asked": passing(
        reviewed(role="pool"), {**SETTINGS, "roles": ["pool"]}
    ),
    "as many as may be": passing(reviewed(**count("100")), CAPPED),
    "none let in": passing(reviewed(**count("0")), {**SETTINGS, "max_items": 0}),
    "batches within the cap": passing(batches("60", "40"), BOTH),
    "another source has its own cap": passing(batches("60", "90", apart=True), BOTH),
    "straight in": failing("unreviewed", straight()),
    "straight in, only claimed": failing("unreviewed", straight(signer=None)),
    "straight in, not recorded": failing("unreviewed", straight(recorded=False)),
    "used in two roles": failing(
        "unreviewed",
        lambda w: (
            (straight()(w), w.step("align", w.root, {"data": w.data("raw")}))
            and w.data("raw")
        ),
    ),
    "one of two ways": failing("unreviewed", also_straight),
    "filtered, and never reviewed": failing("unreviewed", handled(then=False)),
    "a model calls itself a filter's output": failing(
        "unreviewed", handled(made=Kind.MODEL)
    ),
    "what was learned is reviewed": failing("unreviewed", learned_then_reviewed),
    "a review that makes a model": failing("unreviewed", reviewed(made=Kind.MODEL)),
    "an index is made of it": failing("unreviewed", handled("embed")),
    "a step of no kind": failing("unreviewed", kind_not_said),
    "required at run time": failing("unreviewed", required),
    "from a listed source": failing(
        "unreviewed", straight("data", source=FORUM), LISTED
    ),
    "from a listed source, spelt otherwise": failing(
        "unreviewed", straight("data", source=FORUM.replace("forum", "Forum")), LISTED
    ),
    "from what is no source": failing(
        "unreviewed", straight("data", source="x"), LISTED
    ),
    "the artifact itself": failing("unreviewed", artifact, LISTED),
    "reviewed after its use": failing("unreviewed", looked_at(SUMMER, SPRING)),
    "reviewed at a time that nobody says": failing("unreviewed", looked_at({})),
    "used at a time that nobody says": failing("unreviewed", looked_at(used={})),
    "other bytes were reviewed": failing("unreviewed", looked_at(same=False)),
    "reviewed as it is, by a stranger's word": failing(
        "unreviewed", looked_at(signer=None)
    ),
    "in a circle": failing("unreviewed", in_a_circle),
    "by somebody else": failing(
        "reviewer-not-allowed", reviewed((("reviewer", ANNE),))
    ),
    "by the same number of another registrar": failing(
        "reviewer-not-allowed",
        reviewed((("reviewer", STRANGER),)),
        {"reviewers": [ANNE]},
    ),
    "by an organisation spelt otherwise": failing(
        "reviewer-not-allowed",
        reviewed((("reviewer", "org:ACME"),)),
        {"reviewers": ["org:acme"]},
    ),
    "one too many": failing("items-over-cap", reviewed(**count("101")), CAPPED),
    "batches over the cap": failing("items-over-cap", batches("60", "41"), BOTH),
    "a stranger's review": unknown("review-not-vouched", reviewed(signer=None)),
    "a stranger's review, where claims do": unknown(
        "review-not-vouched", reviewed(signer=None), SETTINGS, "claimed"
    ),
    "no record of the review": unknown("review-not-vouched", reviewed(recorded=False)),
    "called a review, and something else": unknown("review-not-vouched", two_kinds),
    "the record does not name the reviewer": unknown(
        "review-not-vouched", reviewer_left_out
    ),
    "nobody reviewed it": unknown("reviewer-missing", reviewed(by=())),
    "the reviewer has another role": unknown(
        "reviewer-missing", reviewed((("approver", BERT),))
    ),
    "a share is no count": unknown("count-unknown", reviewed(**count("10%")), CAPPED),
    "a negative count": unknown("count-unknown", reviewed(**count("-5")), CAPPED),
    "a count in other digits": unknown(
        "count-unknown", reviewed(**count("\u0661")), CAPPED
    ),
    "a count of many digits": unknown(
        "count-unknown", reviewed(**count("9" * 5000)), CAPPED
    ),
    "no count": unknown("count-unknown", reviewed(), CAPPED),
    "one batch is not counted": unknown("count-unknown", batches("1", None), BOTH),
    "one batch is a stranger's": unknown(
        "count-unknown", batches("60", "41", last=None), BOTH
    ),
    "filtered, a stranger says": unknown("lineage-open", handled(signer=None)),
    "nobody tells how": unknown("lineage-open", derived(False)),
    "nobody tells in which role": unknown("lineage-open", derived_only),
    "a stranger tells in which role": unknown(
        "lineage-open", straight("data", signer=None)
    ),
    "from nowhere": unknown("source-missing", straight("data"), LISTED),
    "no such list": unknown(
        "source-list-missing", straight(), {**SETTINGS, "list": "other"}
    ),
    "the good source is claimed": unknown("assurance-too-low", claimed_source, LISTED),
    "more than a signature": unknown(
        "assurance-too-low", reviewed(), SETTINGS, "verified"
    ),
    "of high trust": spared("not-low-trust", straight("training-data")),
    "from another source": spared(
        "not-low-trust", straight("data", source=ACME), LISTED
    ),
    "claimed, where that is enough": spared(
        "not-low-trust", straight("data", signer=None), SETTINGS, "claimed"
    ),
    "derived, and a step tells in which role": spared(
        "not-low-trust", derived_and_told
    ),
    "made here": spared("not-low-trust", filtered, LISTED),
    "roles are not asked": spared(
        "not-low-trust", from_elsewhere, {**LISTED, "roles": []}
    ),
    "required, in no role": spared("not-low-trust", only_required),
    "accepted": spared("accepted-root", accepted),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("trust-separation", case)


def test_the_step_that_learned_from_it_is_told():
    assert verify("trust-separation", CASES["straight in"]).actual == "used by train"


def test_the_sum_of_all_batches_is_told():
    result = verify("trust-separation", CASES["batches over the cap"])
    assert result.actual == "101 items of at most 100"


def test_something_has_to_be_of_low_trust():
    settings = {**SETTINGS, "roles": []}
    rule = {"id": "r", "check": "trust-separation", "settings": settings}
    with pytest.raises(PolicyInvalid, match="needs roles or list"):
        policy_of(rule)
