from __future__ import annotations

import pytest

from aibom.errors import UsageError
from aibom.lineage.identity import parse_party, person_pseudonym
from aibom.lineage.nodes import ENTITY_KINDS as LINEAGE_KINDS
from aibom.recording.roles import (
    ENTITY_KINDS,
    PARTY_ROLES,
    ROLE_KINDS,
    STEP_OUTPUT_KINDS,
    check_party,
    input_kind,
    output_kind,
    require_step,
)

PERSON = "person:acme-2026-0a1b2c3d:" + "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        ("base-model", "model"),
        ("teacher", "model"),
        ("adapter", "model"),
        ("reward-model", "model"),
        ("training-data", "dataset"),
        ("evaluation-data", "dataset"),
        ("preference-data", "dataset"),
        ("labels", "dataset"),
        ("pool", "dataset"),
        ("feedback", "dataset"),
        ("guideline", "guideline"),
        ("code", "code"),
    ],
)
def test_a_known_role_says_what_its_input_is(role: str, kind: str) -> None:
    assert input_kind(role) == kind


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("collect", "dataset"),
        ("embed", "dataset"),
        ("federated-round", "model"),
        ("distill", "model"),
        ("evaluate", "report"),
    ],
)
def test_a_step_says_what_its_outputs_are(step: str, kind: str) -> None:
    assert output_kind(step) == kind
    assert output_kind(step, "guideline") == "guideline"


def test_the_tables_agree_with_the_lineage() -> None:
    assert {kind.value for kind in LINEAGE_KINDS} == ENTITY_KINDS
    assert set(ROLE_KINDS.values()) <= ENTITY_KINDS
    assert set(STEP_OUTPUT_KINDS.values()) <= ENTITY_KINDS
    assert len(STEP_OUTPUT_KINDS) == 17


def test_a_new_role_needs_a_kind() -> None:
    assert input_kind("canary-set", "dataset") == "dataset"
    with pytest.raises(UsageError) as refused:
        input_kind("canary-set")
    assert refused.value.reason == "role-unknown"
    assert "kind=" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("call", "reason", "suggestion"),
    [
        (lambda: input_kind("trainning-data"), "role-unknown", "'training-data'"),
        (lambda: input_kind("data", "datset"), "kind-unknown", "'dataset'"),
        (lambda: require_step("finetune"), "step-unknown", "'fine-tune'"),
        (lambda: output_kind("train", "modle"), "kind-unknown", "'model'"),
        (lambda: check_party("labeller", "org:A"), "party-role-unknown", "'labeler'"),
    ],
    ids=["role", "input-kind", "step", "output-kind", "party-role"],
)
def test_a_misspelt_word_is_refused_with_the_nearest(
    call: object, reason: str, suggestion: str
) -> None:
    assert callable(call)
    with pytest.raises(UsageError) as refused:
        call()
    assert refused.value.reason == reason
    assert f"did you mean {suggestion}?" in str(refused.value.hint)


@pytest.mark.parametrize("role", ["", "Base", "a_b", "a--b", "-a", "a\n", "x" * 65])
def test_a_role_is_kebab_case_even_with_a_kind(role: str) -> None:
    with pytest.raises(UsageError, match="cannot be a role"):
        input_kind(role, "dataset")


@pytest.mark.parametrize(
    "party",
    [PERSON, "org:Acme Labels", "software:label-studio@1.12.0", "software:sorter"],
)
def test_an_id_that_is_accepted_can_be_read_by_the_lineage(party: str) -> None:
    for role in PARTY_ROLES:
        check_party(role, party)
    assert parse_party(party).text == party


def test_a_pseudonym_that_we_make_is_accepted() -> None:
    party = person_pseudonym("Ann Smith", "acme-2026:" + "s" * 32)
    check_party("labeler", party)
    assert "Ann" not in party


@pytest.mark.parametrize(
    "party",
    [
        "Ann Smith",
        "ann@example.com",
        "person:Ann Smith",
        "person:acme:ann",
        "person:acme:" + "AB" * 16,
        "org:ann@example.com",
        "software:ann@example.com",
        "org:",
        "org: ",
        "org:two\nlines",
        "mailto:ann@example.com",
        "",
    ],
)
def test_a_name_or_address_is_refused_and_not_repeated(party: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_party("labeler", party)
    assert refused.value.reason == "party-not-pseudonymous"
    assert "aibom party id" in str(refused.value.hint)
    assert "ann" not in f"{refused.value} {refused.value.hint}".lower().split()
    assert "example.com" not in f"{refused.value} {refused.value.hint}"
