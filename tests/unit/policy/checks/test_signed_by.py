"""signed-by: who answers for exactly this, in which role."""

from __future__ import annotations

import pytest
from policy_builders import AUDITOR, PIPELINE, RELEASE, Case, verify

from aibom.statement import AUDIT_V1, OMS_V1, PROVENANCE_V1


def bom_by(*signers):
    def arrange(world):
        model = world.model()
        for signer in signers:
            world.bom(model, signer)
        return model

    return arrange


def record_by(signer):
    def arrange(world):
        model = world.model()
        world.step("train", model, signer=signer)
        return model

    return arrange


def parent_signed(world):
    base, model = world.model("base"), world.model()
    world.bom(base)
    world.step("fine-tune", model, {"base-model": base}, recorded=False)
    return model


def audit_only(world):
    model = world.model()
    world.say(AUDIT_V1, model, AUDITOR, own=frozenset({model}))
    return model


def model_sig_by(*signers, bom=None):
    """OpenSSF model signatures over exactly its files; they own no node."""

    def arrange(world):
        model = world.model()
        for signer in signers:
            world.say(OMS_V1, model, signer)
        if bom is not None:
            world.bom(model, bom)
        return model

    return arrange


def provenance_of_others(world):
    """Another tool's: it names the digest and says nothing of a step as we know it."""
    model = world.model()
    world.say(PROVENANCE_V1, model, RELEASE)
    return model


def model_sig_of_parent(world):
    base, model = world.model("base"), world.model()
    world.say(OMS_V1, base, RELEASE)
    world.step("fine-tune", model, {"base-model": base}, recorded=False)
    return model


def model_sig_of_ancestor(world):
    """Nobody has a BOM of the base; its supplier signed its files."""
    base, world.root = world.model("base"), world.model()
    world.say(OMS_V1, base, RELEASE)
    world.step("fine-tune", world.root, {"base-model": base})
    return base


def accepted(world):
    """An ancestor; accepting the artifact itself does not excuse its signer."""
    data, world.root = world.data(), world.model()
    world.accept("reviews")
    world.step("train", world.root, {"training-data": data})
    return data


def accepted_artifact(world):
    world.accept("reviews")
    return world.data()


def case(arrange, status, reason, *roles, statement="any", minimum="attested"):
    settings = {"roles": list(roles) or ["release"], "statement": statement}
    return Case(arrange, status, reason, settings, minimum)


CASES = {
    "release": case(bom_by(RELEASE), "pass", "signed"),
    "one of two roles": case(bom_by(PIPELINE), "pass", "signed", "release", "pipeline"),
    "one of two signers": case(bom_by(None, PIPELINE, RELEASE), "pass", "signed"),
    "its record": case(record_by(PIPELINE), "pass", "signed", "pipeline"),
    "its record, asked": case(
        record_by(PIPELINE), "pass", "signed", "pipeline", statement="step-record"
    ),
    "another role": case(bom_by(PIPELINE), "fail", "signer-role-not-allowed"),
    "role look-alike": case(
        bom_by(RELEASE), "fail", "signer-role-not-allowed", "Release", "release-2"
    ),
    "record for a BOM": case(
        record_by(RELEASE), "unknown", "signature-missing", statement="bom"
    ),
    "BOM for a record": case(
        bom_by(RELEASE), "unknown", "signature-missing", statement="step-record"
    ),
    "nobody": case(bom_by(), "unknown", "signature-missing"),
    "stranger": case(bom_by(None), "unknown", "signature-missing"),
    "provenance that is no record of ours": case(
        provenance_of_others, "unknown", "signature-missing"
    ),
    "parent's signature": case(parent_signed, "unknown", "signature-missing"),
    "an audit is no release": case(
        audit_only, "unknown", "signature-missing", "auditor"
    ),
    "more than a signature": case(
        bom_by(RELEASE), "unknown", "assurance-too-low", minimum="verified"
    ),
    "model signature": case(model_sig_by(RELEASE), "pass", "signed"),
    "model signature, asked": case(
        model_sig_by(RELEASE), "pass", "signed", statement="model-signature"
    ),
    "model signature of an ancestor": case(
        model_sig_of_ancestor, "pass", "signed", statement="model-signature"
    ),
    "parent's model signature": case(
        model_sig_of_parent, "unknown", "signature-missing"
    ),
    "stranger's model signature": case(
        model_sig_by(None), "unknown", "signature-missing"
    ),
    "stranger's beside an allowed one": case(
        model_sig_by(None, RELEASE), "pass", "signed", statement="model-signature"
    ),
    "model signature in another role": case(
        model_sig_by(PIPELINE), "fail", "signer-role-not-allowed"
    ),
    "model signature for a BOM": case(
        model_sig_by(RELEASE), "unknown", "signature-missing", statement="bom"
    ),
    "model signature for a record": case(
        model_sig_by(RELEASE), "unknown", "signature-missing", statement="step-record"
    ),
    "BOM for a model signature": case(
        bom_by(RELEASE), "unknown", "signature-missing", statement="model-signature"
    ),
    "BOM in the right role, model signature in another": case(
        model_sig_by(PIPELINE, bom=RELEASE), "pass", "signed"
    ),
    "the same, and the model signature is asked": case(
        model_sig_by(PIPELINE, bom=RELEASE),
        "fail",
        "signer-role-not-allowed",
        statement="model-signature",
    ),
    "model signature proves no more than a signature": case(
        model_sig_by(RELEASE), "unknown", "assurance-too-low", minimum="verified"
    ),
    "accepted root": case(accepted, "not-applicable", "accepted-root"),
    "accepted artifact": case(accepted_artifact, "unknown", "signature-missing"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("signed-by", case)


def test_statements_that_do_not_count_are_told():
    assert "signer-not-allowed" in verify("signed-by", CASES["stranger"]).actual
