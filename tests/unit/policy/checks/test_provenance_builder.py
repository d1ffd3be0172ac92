"""provenance-builder: the builder, and who says so, for every step that made it."""

from __future__ import annotations

import pytest
from policy_builders import AUDITOR, PIPELINE, RELEASE, Case, again, verify

from aibom.lineage.build import GraphBuilder
from aibom.lineage.nodes import Origin
from aibom.statement import AUDIT_V1, PROVENANCE_V1

CI = "https://ci.example/builder@v1"
LAPTOP = "https://w3id.org/aibom/builder/local/v1"
SETTINGS = {"builders": [CI], "signer_roles": ["pipeline"]}
OBSERVED = {**SETTINGS, "inputs": "observed"}
TRAINED = {**SETTINGS, "only_steps": ["train"]}


def built(builder=CI, kind="train", **how):
    def arrange(world):
        model = world.model()
        facts = {"builder": builder} if builder else {}
        world.step(kind, model, **how, **facts)
        return model

    return arrange


def twice(*builders, **how):
    """Two steps are said to have made the same model."""

    def arrange(world):
        for nth, builder in enumerate(builders, 1):
            model = built(builder, nth=nth, **how)(world)
        return model

    return arrange


def second_unsigned(world):
    model = built()(world)
    return built(nth=2, signer=None)(world) and model


def signed_again(signer):
    """The same record, signed by a second one."""

    def arrange(world):
        model = world.model()
        step = world.step("train", model, builder=CI)
        own = frozenset({step, model})
        world.say(PROVENANCE_V1, model, signer, world.build.graph(), own)
        return model

    return arrange


def claimed_builder(builder, model="sentiment"):
    """The signed record names no builder; somebody else does."""

    def arrange(world):
        made = world.model(model)
        step = world.step("train", made)
        world.build.step(step.removeprefix("step:"), "train", {"builder": builder})
        return made

    return arrange


def two_names(world):
    model = world.model()
    step = world.step("train", model, builder=CI)
    world.build.step(step.removeprefix("step:"), "train", {"builder": LAPTOP})
    return model


def declared_unknown(world):
    model = world.model()
    step = world.step("train", model, recorded=False)
    record = GraphBuilder(Origin("step-record"))
    for build in (world.build, record):
        build.step(step.removeprefix("step:"), "train", {"builder": None})
        again(build, model)
        build.generated(step, model)
    own = frozenset({step, model})
    world.say(PROVENANCE_V1, model, PIPELINE, record.graph(), own)
    return model


def other_output(world):
    """A record of the allowed builder, of another model, is put under this one."""
    step = world.step("train", world.model("honest"), builder=CI)
    model = world.model()
    world.build.generated(step, model)
    return model


def audit_of_the_step(world):
    model = built(recorded=False)(world)
    (step,) = world.build.graph().generating_steps(model)
    world.say(AUDIT_V1, model, PIPELINE, world.build.graph(), frozenset({step, model}))
    return model


def parents_builder(world):
    base = built()(world)
    model = world.model("tuned")
    world.step("fine-tune", model, {"base-model": base}, recorded=False)
    return model


def accepted(world):
    world.accept("sentiment")
    return built(LAPTOP)(world)


def passing(arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "pass", "builder-allowed", settings, minimum)


def failing(arrange, settings=SETTINGS):
    return Case(arrange, "fail", "builder-not-allowed", settings)


def unknown(reason, arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "unknown", reason, settings, minimum)


def spared(reason, arrange, settings):
    return Case(arrange, "not-applicable", reason, settings)


CASES = {
    "by CI": passing(built()),
    "one of two builders": passing(built(), {**SETTINGS, "builders": [LAPTOP, CI]}),
    "one of two roles": passing(
        built(signer=RELEASE), {**SETTINGS, "signer_roles": ["release", "pipeline"]}
    ),
    "signed by another as well": passing(signed_again(RELEASE)),
    "by CI, twice": passing(twice(CI, CI)),
    "inputs declared": passing(built(inputs="declared")),
    "inputs observed": passing(built(inputs="observed"), OBSERVED),
    "inputs isolated": passing(built(inputs="isolated"), OBSERVED),
    "trained, and that is asked": passing(built(), TRAINED),
    "on a laptop": failing(built(LAPTOP)),
    "look-alike": failing(built(CI + "/")),
    "another case": failing(built(CI.upper())),
    "the beginning of it": failing(built(CI[:-1])),
    "once on a laptop": failing(twice(CI, LAPTOP)),
    "a laptop, and one that is not signed": failing(
        lambda w: (built(LAPTOP)(w), built(nth=2, recorded=False)(w))[0]
    ),
    "trained on a laptop": failing(built(LAPTOP), TRAINED),
    "anybody writes CI": Case(
        built(signer=AUDITOR), "fail", "signer-role-not-allowed", SETTINGS
    ),
    "role look-alike": Case(
        built(),
        "fail",
        "signer-role-not-allowed",
        {**SETTINGS, "signer_roles": ["Pipeline"]},
    ),
    "no record": unknown("step-record-absent", built(recorded=False)),
    "an audit is no record": unknown("step-record-absent", audit_of_the_step),
    "the parent's record": unknown("step-record-absent", parents_builder),
    "a stranger's record": unknown("step-record-untrusted", built(signer=None)),
    "a stranger's record of a laptop": unknown(
        "step-record-untrusted", built(LAPTOP, signer=None)
    ),
    "a second step that a stranger recorded": unknown(
        "step-record-untrusted", second_unsigned
    ),
    "no builder": unknown("builder-missing", built(None)),
    "builder declared unknown": unknown("builder-missing", declared_unknown),
    "two builders of one step": unknown("contradicted", two_names),
    "inputs only declared": unknown("inputs-only-declared", built(), OBSERVED),
    "inputs by another word": unknown(
        "inputs-only-declared", built(inputs="everything"), OBSERVED
    ),
    "not even declared": unknown("inputs-only-declared", built(inputs="none")),
    "only the BOM says CI": unknown("assurance-too-low", claimed_builder(CI)),
    "an output that the record does not have": unknown(
        "assurance-too-low", other_output
    ),
    "more than a signature": unknown("assurance-too-low", built(), minimum="verified"),
    "nothing made it": unknown("lineage-open", lambda w: w.model()),
    "nothing made it, trained are asked": unknown(
        "lineage-open", lambda w: w.model(), TRAINED
    ),
    "merged, by a stranger": unknown(
        "lineage-open", built(kind="merge", signer=None), TRAINED
    ),
    "merged on a laptop": spared("no-such-step", built(LAPTOP, kind="merge"), TRAINED),
    "accepted root": spared("accepted-root", accepted, SETTINGS),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("provenance-builder", case)


def test_the_path_leads_on_to_the_step():
    result = verify("provenance-builder", CASES["once on a laptop"])
    assert [hop.kind for hop in result.path] == ["model", "step"]
    assert result.actual == f"train: {LAPTOP}"
    assert result.expected == f"made by {CI}"


def test_the_record_that_was_used_is_named():
    result = verify("provenance-builder", CASES["by CI"])
    assert result.evidence == ("evidence/0.sigstore.json",)
    assert result.assurance == "attested"
