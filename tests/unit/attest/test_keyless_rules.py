"""Who is accepted: exact values, anchored patterns, and what a name alone hides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.attest.keyless_identity import KeylessIdentity
from aibom.attest.keyless_rules import GITHUB_ISSUER, IdentityRule, pattern_matches
from aibom.errors import PolicyInvalid

TRAINER = "https://github.com/acme/trainer"
WORKFLOW = f"{TRAINER}/.github/workflows/train.yml@refs/heads/main"
JOB = KeylessIdentity(
    WORKFLOW,
    "uri",
    GITHUB_ISSUER,
    {
        "source-repository-uri": TRAINER,
        "source-repository-ref": "refs/heads/main",
        "runner-environment": "github-hosted",
        "build-signer-uri": WORKFLOW,
    },
)
PROVIDER = "https://accounts.example.org"
ALICE = KeylessIdentity("alice@example.org", "email", PROVIDER)
RULE = IdentityRule(
    GITHUB_ISSUER,
    identity=WORKFLOW,
    source_repository=TRAINER,
    source_ref="refs/heads/main",
    runner_environment="github-hosted",
)

PATTERNS = {
    "exact": (WORKFLOW, WORKFLOW, True),
    "file": (f"{TRAINER}/.github/workflows/*.yml@refs/heads/main", WORKFLOW, True),
    "repository": (WORKFLOW.replace("trainer", "*"), WORKFLOW, True),
    "owner-crossed": (
        "https://github.com/*/train.yml@refs/heads/main",
        WORKFLOW,
        False,
    ),
    "prefix": (TRAINER, WORKFLOW, False),
    "prefix-starred": (f"{TRAINER}*", WORKFLOW, False),
    "suffix": ("train.yml@refs/heads/main", WORKFLOW, False),
    "tag": ("refs/tags/v*", "refs/tags/v1.2", True),
    "tag-below": ("refs/tags/v*", "refs/tags/v1/evil", False),
    "look-alike-owner": ("https://github.com/acme/*", f"{TRAINER}-x/y", False),
    "dot-is-a-dot": ("a.b", "axb", False),
    "mailbox": ("*@example.org", "alice@example.org", True),
    "mailbox-two-ats": ("*@example.org", "eve@evil.test@example.org", False),
    "mailbox-other": ("*@example.org", "eve@example.org.evil.test", False),
    "mailbox-nobody": ("*@example.org", "@example.org", False),
    "ref-look-alike": (
        f"{TRAINER}/.github/workflows/*@refs/heads/main",
        f"{TRAINER}/.github/workflows/x@refs/heads/x@refs/heads/main",
        False,
    ),
    "parent": ("https://github.com/acme/*/x", "https://github.com/acme/../x", False),
    "newline": ("a*", "a\nb", False),
    "two-stars": ("refs/tags/v*-rc*", "refs/tags/v1-rc2", True),
    "case": ("refs/heads/main", "refs/heads/Main", False),
}


@pytest.mark.parametrize(("pattern", "text", "fits"), PATTERNS.values(), ids=PATTERNS)
def test_patterns_are_anchored(pattern, text, fits):
    assert pattern_matches(pattern, text) is fits


@given(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="*")))
def test_a_text_matches_itself_only(text):
    assert pattern_matches(text, text)
    assert not pattern_matches(text, f"{text}x")
    assert not pattern_matches(text, f"x{text}")


def test_no_pattern_makes_a_hostile_name_expensive():
    # A backtracking matcher would not come back from this one.
    assert not pattern_matches("a*" * 40 + "b", "a" * 20_000)


#: name → what the identity says otherwise, and the reason
REFUSED = {
    "issuer": ({"issuer": "https://gitlab.com"}, "issuer-not-allowed"),
    "issuer-slash": ({"issuer": f"{GITHUB_ISSUER}/"}, "issuer-not-allowed"),
    "name": ({"san": WORKFLOW.replace("main", "dev")}, "identity-not-allowed"),
    "kind": ({"san_kind": "email"}, "identity-not-allowed"),
    "repository": (
        {"source-repository-uri": "https://github.com/eve/trainer"},
        "source-repository-not-allowed",
    ),
    "repository-unsaid": (
        {"source-repository-uri": None},
        "source-repository-not-allowed",
    ),
    "ref": ({"source-repository-ref": "refs/heads/dev"}, "source-ref-not-allowed"),
    "ref-unsaid": ({"source-repository-ref": None}, "source-ref-not-allowed"),
    "runner": ({"runner-environment": "self-hosted"}, "runner-not-allowed"),
    "runner-unsaid": ({"runner-environment": None}, "runner-not-allowed"),
}


def changed(identity, changes):
    """The identity with other fields or, where there is no such field, claims."""
    fields = {k: v for k, v in changes.items() if hasattr(identity, k)}
    claims = {**identity.claims, **changes}
    kept = {k: v for k, v in claims.items() if v is not None and k not in fields}
    return replace(identity, **fields, claims=kept)


def test_the_right_identity_is_accepted():
    assert RULE.identity_refusal(JOB) is None


@pytest.mark.parametrize(("changes", "reason"), REFUSED.values(), ids=REFUSED)
def test_another_identity_is_refused(changes, reason):
    assert RULE.identity_refusal(changed(JOB, changes)) == reason


def test_a_reusable_workflow_of_ours_in_a_strangers_job():
    stranger = changed(JOB, {"source-repository-uri": "https://github.com/eve/x"})
    by_name = IdentityRule(GITHUB_ISSUER, identity=WORKFLOW)
    assert by_name.identity_refusal(stranger) is None
    assert "source_repository" in by_name.warning
    assert RULE.identity_refusal(stranger) == "source-repository-not-allowed"
    assert RULE.warning is None


RULES = {
    "address": (IdentityRule(PROVIDER, identity="alice@example.org"), None),
    "pattern": (IdentityRule(PROVIDER, identity_pattern="*@example.org"), None),
    "star-in-exact": (
        IdentityRule(PROVIDER, identity="*@example.org"),
        "identity-not-allowed",
    ),
    "no-repository": (
        IdentityRule(PROVIDER, source_repository="*"),
        "source-repository-not-allowed",
    ),
}


@pytest.mark.parametrize(("rule", "reason"), RULES.values(), ids=RULES)
def test_people(rule, reason):
    assert rule.identity_refusal(ALICE) == reason
    assert rule.warning is None


def test_a_repository_may_stand_for_the_name():
    rule = IdentityRule(GITHUB_ISSUER, source_repository="https://github.com/acme/*")
    assert rule.identity_refusal(JOB) is None


UNUSABLE = {
    "no-issuer": {"issuer": "", "identity": "a@b"},
    "any-issuer": {"issuer": "*", "identity": "a@b"},
    "nobody": {"issuer": PROVIDER},
    "empty-name": {"issuer": PROVIDER, "identity": ""},
    "ref-only": {"issuer": PROVIDER, "source_ref": "refs/heads/main"},
    "two-names": {"issuer": PROVIDER, "identity": "a@b", "identity_pattern": "*@b"},
}


@pytest.mark.parametrize("fields", UNUSABLE.values(), ids=UNUSABLE)
def test_a_rule_that_would_accept_strangers(fields):
    with pytest.raises(PolicyInvalid) as refused:
        IdentityRule(**fields)
    assert refused.value.reason == "identity-rule-invalid"
