"""lineage-closed: one open end anywhere above is enough, and the path leads to it."""

from __future__ import annotations

import pytest
from policy_builders import COMMIT, Case, verify

from aibom.lineage.nodes import Kind, Relation


def trained(world, accept="reviews", expires="2027-01-01", **how):
    data, model = world.data(), world.model()
    if accept:
        world.accept(accept, expires)
    how.setdefault("uses", {"training-data": data})
    world.step("train", model, **how)
    return model


def with_code(**facts):
    def arrange(world):
        code = world.build.entity(Kind.CODE, None, name="train.py", **facts)
        return trained(world, uses={"code": code, "training-data": world.data()})

    return arrange


def used_as_code(world, code):
    world.root = world.model()
    world.step("train", world.root, {"code": code, "training-data": world.data()})
    return code


def pinned_code(world):
    return used_as_code(world, world.entity(Kind.CODE, "train.py"))


def commit_code(world):
    return used_as_code(world, world.build.entity(Kind.CODE, None, commit=COMMIT))


def weights_called_code(world):
    return world.entity(Kind.CODE, "weights")


def itself_accepted(world):
    world.accept("reviews")
    return world.data()


def derived(world):
    base, model = world.model("base"), world.model()
    world.accept("base")
    world.build.edge(model, Relation.DERIVED_FROM, base)
    return model


def derived_from_open(world):
    base, model = world.model("base"), world.model()
    world.build.edge(model, Relation.DERIVED_FROM, base)
    return model


def changed_input(world):
    data, model = world.data(), world.model()
    world.accept("reviews")
    step = world.step("train", model)
    world.build.used(step, data, "training-data", {"changed-while-running": "true"})
    return model


def linked_bom_missing(world):
    model = trained(world)
    world.unresolved.add(model)
    return model


def accepted_above_a_cycle(world):
    """Lineage ends at a decision, so what is told of its origin does not matter."""
    world.accept("one")
    return cycle(world)


def cycle(world):
    one, other = world.model("one"), world.model("other")
    world.step("fine-tune", one, {"base-model": other})
    world.step("fine-tune", other, {"base-model": one})
    return one


def two_open_ends(world):
    data, more, model = world.data(), world.data("more"), world.model()
    world.step("train", model, {"training-data": data, "data": more})
    return model


def far_up(world):
    model = trained(world, accept=None)
    child = world.model("child")
    world.step("fine-tune", child, {"base-model": model})
    return child


def ending(kind=Kind.DATASET, said="dataset", name="reviews"):
    """A model whose lineage ends by decision, where the decision says what it is."""

    def arrange(world):
        above, model = world.entity(kind, name), world.model()
        world.accept(name, **({"kind": said} if said else {}))
        world.step("train", model, {"training-data": above})
        return model

    return arrange


def accepted_base_model(world):
    """A base model that was accepted, and whose own steps are on record."""
    base, model = world.model("base"), world.model()
    trained(world, uses={"base-model": base})
    data = world.data("corpus")
    world.step("train", base, {"training-data": data})
    world.accept("corpus", kind="dataset")
    world.accept("base", kind="model")
    return model


def data_only(arrange, status, reason):
    return Case(arrange, status, reason, {"accepted_roots": "data-only"})


CASES = {
    "ends at data": data_only(ending(), "pass", "steps-recorded"),
    "is data, accepted": data_only(
        lambda w: w.accept("reviews", kind="dataset") or w.data(),
        "pass",
        "accepted-root",
    ),
    "accepted model with records of its own": data_only(
        accepted_base_model, "pass", "steps-recorded"
    ),
    "ends at a model": data_only(
        ending(Kind.MODEL, "model", "base"), "unknown", "accepted-root-refused"
    ),
    "ends at a model that the decision calls data": data_only(
        ending(Kind.MODEL, "dataset", "base"), "unknown", "accepted-root-refused"
    ),
    "ends at data that the decision calls a model": data_only(
        ending(said="model"), "unknown", "accepted-root-refused"
    ),
    "the decision does not say": data_only(
        ending(said=None), "unknown", "accepted-root-refused"
    ),
    "open elsewhere": data_only(
        lambda w: trained(w, None), "unknown", "root-not-accepted"
    ),
    "inputs known worse, too": Case(
        ending(),
        "unknown",
        "inputs-only-declared",
        {"accepted_roots": "data-only", "inputs_known": "observed"},
    ),
    "recorded": Case(trained, "pass", "steps-recorded"),
    "code by digest": Case(pinned_code, "pass", "pinned-by-digest"),
    "code by commit": Case(commit_code, "pass", "pinned-by-commit"),
    "only called code": Case(weights_called_code, "unknown", "root-not-accepted"),
    "itself accepted": Case(itself_accepted, "pass", "accepted-root"),
    "no record": Case(
        lambda w: trained(w, recorded=False), "unknown", "step-record-absent"
    ),
    "stranger's record": Case(
        lambda w: trained(w, signer=None), "unknown", "step-record-untrusted"
    ),
    "root nobody accepted": Case(
        lambda w: trained(w, accept=None), "unknown", "root-not-accepted"
    ),
    "another root accepted": Case(
        lambda w: trained(w, accept="reviews-evil"), "unknown", "root-not-accepted"
    ),
    "acceptance of today": Case(
        lambda w: trained(w, expires="2026-11-21T12:00:00Z"),
        "unknown",
        "accepted-root-expired",
    ),
    "derived, no step": Case(derived, "unknown", "derived-without-step"),
    "derived from open": Case(derived_from_open, "unknown", "upstream-open"),
    "learned from nothing": Case(
        lambda w: trained(w, uses={}), "unknown", "step-without-inputs"
    ),
    "code by branch": Case(with_code(commit="main"), "unknown", "code-not-pinned"),
    "dirty code": Case(
        with_code(commit=COMMIT, dirty="true"), "unknown", "code-not-pinned"
    ),
    "declared, observed asked": Case(
        trained, "unknown", "inputs-only-declared", {"inputs_known": "observed"}
    ),
    "input changed": Case(changed_input, "unknown", "input-changed-while-running"),
    "its own BOM missing": Case(linked_bom_missing, "unknown", "upstream-bom-missing"),
    "accepted in a cycle": Case(accepted_above_a_cycle, "pass", "accepted-root"),
    "cycle": Case(cycle, "unknown", "lineage-cycle"),
    "far up": Case(far_up, "unknown", "root-not-accepted"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("lineage-closed", case)


@pytest.mark.parametrize("asked", ["declared", "observed", "isolated"])
@pytest.mark.parametrize("stated", ["declared", "observed", "isolated", "guessed"])
def test_inputs_are_known_as_well_as_asked_or_better(stated, asked):
    order = ["guessed", "declared", "observed", "isolated"]
    good = order.index(stated) >= order.index(asked)

    def arrange(world):
        return trained(world, inputs=stated)

    status, reason = (
        ("pass", "steps-recorded") if good else ("unknown", "inputs-only-declared")
    )
    settings = {"inputs_known": asked}
    verify("lineage-closed", Case(arrange, status, reason, settings))


def test_the_path_leads_to_the_open_end():
    result = verify("lineage-closed", CASES["far up"])
    assert [hop.label for hop in result.path][-1] == "reviews"
    assert [hop.kind for hop in result.path] == [
        "model",
        "step",
        "model",
        "step",
        "dataset",
    ]


ADVICE = {
    "code-not-pinned": "Commit or ignore what is not committed",
    "step-record-untrusted": "nobody who may signed it",
    "accepted-root-expired": "give its entry in accepted-roots.yaml a new `expires`",
    "upstream-bom-missing": "Get the signed BOM of",
    "inputs-only-declared": "so that its inputs are known as well",
    "input-changed-while-running": "while nothing writes to",
    "step-without-inputs": "with the data or model that it learned from",
    "lineage-cycle": "Find the record that is wrong",
}


@pytest.mark.parametrize(("reason", "advice"), ADVICE.items(), ids=ADVICE)
def test_the_next_step_is_for_the_reason(reason, advice):
    case = next(case for case in CASES.values() if case.reason == reason)
    remedy = verify("lineage-closed", case).remedy
    assert advice in remedy
    assert "{" not in remedy


def test_more_open_ends_are_counted():
    result = verify(
        "lineage-closed", Case(two_open_ends, "unknown", "root-not-accepted")
    )
    assert result.actual.endswith("; 1 more open end")
