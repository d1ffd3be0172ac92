"""Which listed identity signed a keyless bundle, or why it is none of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sigstore_clients import ALICE, GITHUB_JOB, GITLAB_JOB, IDENTITIES, sign

from aibom.attest.authority import ByIdentity
from aibom.attest.bundle import Bundle, parse_bundle
from aibom.attest.keyless_identity import KeylessIdentity
from aibom.attest.keys import generate, load_private
from aibom.attest.signers import AllowedSigner, read_signers
from aibom.attest.verify import identify, namespace_refusal
from aibom.attest.verify_identity import by_identity, described
from aibom.errors import PolicyInvalid, VerificationFailed
from aibom.statement import to_json
from aibom.testing.sigstore import GITHUB_ISSUER, GITLAB_ISSUER, LocalSigstore

DAY = timedelta(days=1)
TRAINER = "https://github.com/acme/trainer"
REUSED = {
    "job_workflow_ref": "acme/trainer/.github/workflows/train.yml@refs/heads/main"
}
JOB = {
    "issuer": GITHUB_ISSUER,
    "identity": GITHUB_JOB,
    "source_repository": TRAINER,
    "source_ref": "refs/heads/main",
    "runner_environment": "github-hosted",
}


@pytest.fixture(scope="module")
def stranger():
    """A Sigstore that nobody here has chosen."""
    with LocalSigstore() as sigstore:
        yield sigstore


def entry(name: str = "job", root: str = "local", **rule: Any) -> dict[str, Any]:
    members = {k: rule.pop(k) for k in ("predicates", "namespaces") if k in rule}
    window = {k: rule.pop(k) for k in ("valid_from", "valid_until") if k in rule}
    return {
        "name": name,
        "role": name,
        "identity": {**(rule or JOB), "trust_root": root},
        "predicates": ["bom"],
        "namespaces": ["acme/*"],
        **members,
        **window,
    }


def listed(
    *entries: dict[str, Any],
    roots: dict[str, str],
    window: dict[str, str] | None = None,
) -> tuple[AllowedSigner, ...]:
    """signers.yaml with these entries; ``roots`` by name, as JSON."""
    named = [{"name": n, "file": f"{n}.json", **(window or {})} for n in roots]
    document = {
        "apiVersion": "aibom/signers/v1",
        "trust_roots": named,
        "signers": list(entries),
    }
    return read_signers(
        document, "signers.yaml", lambda file: roots[file[: -len(".json")]].encode()
    )


def signed(sigstore: LocalSigstore, token: str | None = None) -> Bundle:
    bundle = sign(sigstore, "v2-tsa", token or sigstore.github_token())
    return parse_bundle(bundle.to_json().encode(), "b.json")


def now() -> datetime:
    return datetime.now(UTC)


def refusal(bundle: Bundle, signers: tuple[AllowedSigner, ...]) -> str | None:
    """What becomes of the bundle; whoever is refused is not the signer."""
    found = by_identity(bundle, signers, now())
    assert bool(found.signers) == (found.refusal is None)
    assert identify(bundle, signers, now()).refusal == found.refusal
    return found.refusal


# ── one rule, one identity ────────────────────

#: how the token differs, how the rule differs → reason
RULES: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "same": ({}, {}, None),
    "issuer": ({}, {"issuer": GITLAB_ISSUER}, "issuer-not-allowed"),
    "issuer-slash": ({}, {"issuer": f"{GITHUB_ISSUER}/"}, "issuer-not-allowed"),
    "issuer-case": (
        {},
        {"issuer": GITHUB_ISSUER.replace("token", "Token")},
        "issuer-not-allowed",
    ),
    "workflow": ({"workflow": "x.yml"}, {}, "identity-not-allowed"),
    "ref": ({"ref": "refs/heads/dev"}, {}, "identity-not-allowed"),
    "reused": (
        {"repository": "eve/x", "claims": REUSED},
        {},
        "source-repository-not-allowed",
    ),
    "reused-and-not-asked": (
        {"repository": "eve/x", "claims": REUSED},
        {"source_repository": None},
        None,
    ),
    "reused-from-a-branch": (
        {"ref": "refs/heads/dev", "claims": REUSED},
        {},
        "source-ref-not-allowed",
    ),
    "runner": (
        {"claims": {"runner_environment": "self-hosted"}},
        {},
        "runner-not-allowed",
    ),
    "repository-alone": ({}, {"identity": None}, None),
    "repository-of-another": (
        {"repository": "eve/trainer"},
        {"identity": None},
        "source-repository-not-allowed",
    ),
    "repository-as-a-prefix": (
        {"repository": "acme/trainer-x"},
        {"identity": None, "source_repository": f"{TRAINER}*"},
        None,
    ),
    "repository-below": (
        {},
        {"identity": None, "source_repository": "https://github.com/acme"},
        "source-repository-not-allowed",
    ),
    "tag": (
        {"ref": "refs/tags/v1"},
        {"identity": None, "source_ref": "refs/tags/v*"},
        None,
    ),
    "tag-below": (
        {"ref": "refs/tags/v1/x"},
        {"identity": None, "source_ref": "refs/tags/v*"},
        "source-ref-not-allowed",
    ),
}


@pytest.mark.parametrize(("how", "edit", "reason"), RULES.values(), ids=RULES)
def test_rules(local_sigstore, how, edit, reason):
    rule = {k: v for k, v in {**JOB, **edit}.items() if v is not None}
    signers = listed(entry(**rule), roots={"local": local_sigstore.trusted_root()})
    bundle = signed(local_sigstore, local_sigstore.github_token(**how))
    assert refusal(bundle, signers) == reason


#: who signs → the name and the issuer that are asked for
PEOPLE = {
    "email": (ALICE, None),
    "github": (GITHUB_JOB, GITHUB_ISSUER),
    "gitlab": (GITLAB_JOB, GITLAB_ISSUER),
}


@pytest.mark.parametrize("asked", PEOPLE)
@pytest.mark.parametrize("who", PEOPLE)
def test_each_identity_is_only_itself(local_sigstore, who, asked):
    name, issuer = PEOPLE[asked]
    rule = {"issuer": issuer or local_sigstore.url, "identity": name}
    signers = listed(entry(**rule), roots={"local": local_sigstore.trusted_root()})
    bundle = signed(local_sigstore, IDENTITIES[who][0](local_sigstore))
    assert refusal(bundle, signers) == (None if who == asked else "issuer-not-allowed")


def test_an_address_is_no_uri_of_the_same_spelling(local_sigstore):
    """Names of two kinds, from one issuer: what can be said of them is not the same."""
    roots = {"local": local_sigstore.trusted_root()}
    rule = {"issuer": local_sigstore.url, "identity": GITHUB_JOB}
    (signer,) = listed(entry(**rule), roots=roots)
    assert isinstance(signer.authority, ByIdentity)
    accepts = signer.authority.rule.identity_refusal
    issuer = local_sigstore.url
    assert accepts(KeylessIdentity(GITHUB_JOB, "uri", issuer)) is None
    assert accepts(KeylessIdentity(GITHUB_JOB, "email", issuer)) == (
        "identity-not-allowed"
    )
    (person,) = listed(entry(issuer=issuer, identity=ALICE), roots=roots)
    assert isinstance(person.authority, ByIdentity)
    refused = person.authority.rule.identity_refusal
    assert refused(KeylessIdentity(ALICE, "email", issuer)) is None
    assert refused(KeylessIdentity(ALICE, "uri", issuer)) == "identity-not-allowed"


# ── several rules, several roots ────────────────────


def test_nobody_is_listed(local_sigstore):
    assert refusal(signed(local_sigstore), ()) == "signer-not-allowed"


def test_only_keys_are_listed(local_sigstore):
    key = load_private(generate("p256", None)[0], None, "key").public.pem
    document = entry()
    del document["identity"]
    signers = listed({**document, "public_key": key}, roots={})
    assert refusal(signed(local_sigstore), signers) == "signer-not-allowed"


def test_the_refusal_is_that_of_the_rule_that_came_closest(local_sigstore):
    roots = {"local": local_sigstore.trusted_root()}
    token = local_sigstore.github_token(claims={"runner_environment": "self-hosted"})
    others = [
        entry("other", issuer=GITLAB_ISSUER, identity=GITLAB_JOB),
        entry("close"),
        entry("person", issuer=local_sigstore.url, identity=ALICE),
    ]
    bundle = signed(local_sigstore, token)
    for signers in (others, others[::-1]):
        assert refusal(bundle, listed(*signers, roots=roots)) == "runner-not-allowed"


def test_of_two_that_match_the_one_who_may_say_it(local_sigstore):
    roots = {"local": local_sigstore.trusted_root()}
    auditing = entry("auditing", predicates=["audit"])
    expired = entry("expired", valid_until="2020-01-01")
    signers = listed(auditing, expired, entry(), roots=roots)
    found = identify(signed(local_sigstore), signers, now())
    assert found.refusal is None
    assert found.signer is not None
    assert found.signer.signer.name == "job"
    alone = identify(signed(local_sigstore), signers[:2], now())
    assert (alone.refusal, alone.signer) == ("predicate-not-allowed", signers[0])


@pytest.mark.parametrize("order", [1, -1], ids=["first", "last"])
def test_of_two_that_may_say_it_the_one_who_may_name_it(local_sigstore, order):
    """One identity twice, for other namespaces; the statement is about ``model``."""
    roots = {"local": local_sigstore.trusted_root()}
    here = entry("models", namespaces=["model*"])
    elsewhere = entry("data", namespaces=["acme/data/*"])
    signers = listed(*[here, elsewhere][::order], roots=roots)
    found = identify(signed(local_sigstore), signers, now())
    assert found.signer is not None
    assert found.signer.signer.name == "models"
    assert namespace_refusal(found) is None
    alone = listed(elsewhere, roots=roots)
    refused = identify(signed(local_sigstore), alone, now())
    assert namespace_refusal(refused) == "namespace-not-allowed"


def test_a_root_vouches_for_the_rules_that_name_it(local_sigstore, stranger):
    """Their Sigstore is known, for somebody else: it makes no job of ours."""
    roots = {"local": local_sigstore.trusted_root(), "their": stranger.trusted_root()}
    other = entry("other", "their", issuer=stranger.url, identity=ALICE)
    signers = listed(entry(), other, roots=roots)
    assert refusal(signed(local_sigstore), signers) is None
    assert refusal(signed(stranger), signers) == "issuer-not-allowed"
    assert refusal(signed(stranger, stranger.identity_token(ALICE)), signers) is None


def test_a_root_that_nobody_names_is_not_asked(local_sigstore, stranger):
    roots = {"local": local_sigstore.trusted_root(), "their": stranger.trusted_root()}
    signers = listed(entry(), roots=roots)
    assert refusal(signed(stranger), signers) == "wrong-trust-root"


@pytest.mark.parametrize("order", [1, -1], ids=["ours-first", "ours-last"])
def test_one_instance_under_two_names(local_sigstore, order):
    """That one name of it has no rule for this job does not hide the other."""
    root = local_sigstore.trusted_root()
    other = entry("other", "again", issuer=GITLAB_ISSUER, identity=GITLAB_JOB)
    entries = [entry(), other][::order]
    signers = listed(*entries, roots={"local": root, "again": root})
    assert refusal(signed(local_sigstore), signers) is None


@pytest.mark.parametrize("order", [1, -1], ids=["older-first", "older-last"])
def test_keys_that_have_changed_since(local_sigstore, stranger, order):
    """Under the older root the timestamp is of nobody known; the newer one knows it."""
    older = json.loads(local_sigstore.trusted_root())
    newer = local_sigstore.trusted_root()
    part = "timestampAuthorities"
    older[part] = json.loads(stranger.trusted_root())[part]
    roots = {"older": json.dumps(older), "newer": newer}
    entries = [entry("before", "older"), entry("since", "newer")][::order]
    bundle = signed(local_sigstore)
    found = identify(bundle, listed(*entries, roots=roots), now())
    assert (found.refusal, found.signer and found.signer.signer.name) == (None, "since")
    with pytest.raises(VerificationFailed) as caught:
        identify(bundle, listed(entry("before", "older"), roots=roots), now())
    assert caught.value.reason == "timestamp-invalid"


@pytest.mark.parametrize("order", [1, -1], ids=["ours-first", "ours-last"])
def test_what_was_changed_ends_the_run_whoever_else_is_listed(
    local_sigstore, stranger, order
):
    roots = {"local": local_sigstore.trusted_root(), "their": stranger.trusted_root()}
    entries = [entry(), entry("other", "their")][::order]
    document = json.loads(sign(local_sigstore, "v2-tsa").to_json())
    (log,) = document["verificationMaterial"]["tlogEntries"]
    log["inclusionProof"]["checkpoint"]["envelope"] = "noise"
    bundle = parse_bundle(to_json(document), "b.json")
    with pytest.raises(VerificationFailed) as caught:
        identify(bundle, listed(*entries, roots=roots), now())
    assert (caught.value.reason, caught.value.where) == ("log-proof-invalid", "b.json")


# ── when ────────────────────


def day(number: int) -> str:
    return f"{now() + number * DAY:%Y-%m-%d}"


#: validity, days until the evaluation → reason
WINDOWS: dict[str, tuple[dict[str, str], int, str | None]] = {
    "open": ({}, 0, None),
    "long-after": ({}, 4000, None),
    "expired-since": ({"valid_until": day(2)}, 400, None),
    "expired-before": ({"valid_until": day(-2)}, 0, "signer-expired"),
    "expired-at-the-evaluation-only": ({"valid_until": day(3)}, 5, None),
    "valid-at-the-evaluation-only": ({"valid_from": day(2)}, 5, "signer-expired"),
    "evaluated-before": ({}, -1, "signed-in-future"),
}


@pytest.mark.parametrize(("window", "days", "reason"), WINDOWS.values(), ids=WINDOWS)
def test_windows_are_judged_when_it_was_signed(local_sigstore, window, days, reason):
    roots = {"local": local_sigstore.trusted_root()}
    signers = listed(entry(**JOB, **window), roots=roots)
    found = identify(signed(local_sigstore), signers, now() + days * DAY)
    assert found.refusal == reason
    assert found.signer == signers[0]
    assert found.signed_at is not None
    assert abs(found.signed_at - now()) < timedelta(minutes=5)


#: days since it was checked, days until the evaluation → whether it still counts
STALE = {"fresh": (1, 0, True), "since": (1, 10, False), "long-since": (11, 0, False)}


@pytest.mark.parametrize(("checked", "days", "counts"), STALE.values(), ids=STALE)
def test_a_root_is_relied_on_for_as_long_as_was_said(
    local_sigstore, checked, days, counts
):
    window = {"checked_on": day(-checked), "max_age": "10d"}
    roots = {"local": local_sigstore.trusted_root()}
    signers = listed(entry(), roots=roots, window=window)
    found = by_identity(signed(local_sigstore), signers, now() + days * DAY)
    assert found.refusal == (None if counts else "trust-root-stale")
    assert bool(found.signers) == counts


@pytest.mark.parametrize("window", [{"checked_on": "2026-01-01"}, {"max_age": "9d"}])
def test_half_a_promise_about_a_root_is_none(local_sigstore, window):
    roots = {"local": local_sigstore.trusted_root()}
    with pytest.raises(PolicyInvalid) as caught:
        listed(entry(), roots=roots, window=window)
    assert "go together" in caught.value.message


# ── what is said of them ────────────────────


def test_words_for_a_job_and_for_a_person(local_sigstore):
    signers = listed(entry(), roots={"local": local_sigstore.trusted_root()})
    assert by_identity(signed(local_sigstore), signers, now()).who == (
        f"{GITHUB_JOB} (by {GITHUB_ISSUER}), for repository {TRAINER}, "
        "at refs/heads/main, on github-hosted"
    )
    assert described(KeylessIdentity(ALICE, "email", "https://x.example")) == (
        f"{ALICE} (by https://x.example)"
    )
