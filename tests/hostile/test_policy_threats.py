"""Somebody attacks the policy itself: what decides, not what is decided about.

Complaints about other tools that must not become ours, then threats; each with the
test that holds it. Those without a path stand below.

========================================  =============================================
complaint                                 test
========================================  =============================================
an expiry that one path forgets           test_an_expiry_holds_on_every_path
                                          unit/policy/test_property_exceptions.py:
                                          test_what_is_not_in_force_decides_like_nothing
exceptions keyed by rule alone            unit/policy/test_exceptions.py:
                                          test_two_for_one_rule_and_two_digests
no ticket, no end, orphans unseen         unit/policy/test_exceptions.py:
                                          test_what_is_malformed_is_a_load_error
                                          unit/policy/test_exceptions.py: test_states
a date nobody can read counts             unit/policy/test_exceptions.py:
                                          test_what_is_malformed_is_a_load_error
one message for all that is wrong         hostile/test_chain_attacks.py:
                                          test_a_link_of_the_chain_does_not_hold
                                          hostile/test_keyless_attacks.py:
                                          test_identities
evaluated as of another day               unit/operations/test_gate.py:
                                          test_overrides_are_recorded
                                          hostile/test_keyless_attacks.py:
                                          test_no_time_lies_before_what_was_signed
an error that looks like a denial         unit/policy/test_engine.py: test_decision
                                          unit/policy/test_engine.py:
                                          test_a_check_that_breaks_is_an_error_and_blocks
rules that win by being specific          unit/policy/test_document.py:
                                          test_combination_refused
no rule applies, so it passes             test_a_rule_about_nothing_lets_nothing_through
errors that `||` swallows                 unit/policy/test_expressions.py: test_warned
========================================  =============================================

========================================  =============================================
threat                                    test
========================================  =============================================
the policy is swapped                     test_another_policy_is_refused
                                          unit/operations/test_gate.py:
                                          test_policy_that_cannot_be_trusted_is_refused
a pack is replaced by a milder one        test_another_policy_is_refused
                                          unit/policy/test_tightening.py: test_refused
a forged or self-approved exception       unit/operations/policies/test_exceptions.py:
                                          test_what_is_not_in_force_changes_nothing
                                          unit/policy/test_exceptions.py: test_states
an exception for too much, or for a tag   unit/policy/test_property_exceptions.py:
                                          test_an_exception_touches_its_own_rule_digest_and_finding
                                          unit/policy/test_exceptions.py:
                                          test_what_is_malformed_is_a_load_error
the clock goes back                       hostile/test_keyless_attacks.py:
                                          test_a_past_effective_time_is_refused_by_the_command_line
                                          hostile/test_keyless_attacks.py:
                                          test_no_time_lies_before_what_was_signed
a signed verdict is shown again           cli/test_verdicts.py:
                                          test_every_replay_is_refused
evidence for the parent, for the child    hostile/test_lies_with_keys.py:
                                          test_evidence_for_the_parent_is_none_for_the_child
a signer of audits signs a record         test_a_record_signed_by_an_auditor_is_none
a BOM leaves something out                hostile/test_lies_with_keys.py:
                                          test_cutting_lineage_leaves_it_open
a key stands twice                        test_what_can_be_read_in_two_ways_is_refused
                                          cli/test_must_hold.py:
                                          test_a_policy_that_cannot_be_used_is_2
a document is huge, or deep               cli/test_must_hold.py:
                                          test_a_document_that_cannot_be_read
lineage goes round in a circle            test_a_circle_is_no_lineage
look-alikes and case in a source          test_a_spelling_is_no_way_in_and_no_way_around
a percent sign in a package URL           test_a_spelling_is_no_way_in_and_no_way_around
a pattern that is not anchored            test_no_list_reads_patterns
                                          hostile/test_keyless_attacks.py:
                                          test_patterns_are_anchored
an expression that never ends             unit/policy/test_expressions.py:
                                          test_loops_turn_less_than_ten_thousand_times
text that becomes markup                  unit/report/test_markdown.py:
                                          test_whatever_it_holds_its_structure_is_ours
                                          unit/report/test_github.py:
                                          test_whatever_it_holds_there_is_no_other_command
                                          cli/test_must_hold.py:
                                          test_a_hostile_name_stays_text
a path that leads out                     test_no_path_leads_out_of_the_artifact
                                          unit/operations/test_evidence.py:
                                          test_what_cannot_be_read_ends_the_run
evidence swapped after it was hashed      test_evidence_is_read_once
                                          hostile/test_lies_with_keys.py:
                                          test_bom_that_changes_after_it_was_read
a typo turns a rule off                   test_a_typo_turns_nothing_off
nothing to check                          test_a_rule_about_nothing_lets_nothing_through
                                          cli/test_must_hold.py:
                                          test_a_policy_that_cannot_be_used_is_2
a root or a certificate that expired      hostile/test_keyless_attacks.py:
                                          test_a_root_that_nobody_has_compared_for_long
                                          hostile/test_keyless_attacks.py:
                                          test_validity_is_judged_at_the_time_of_signing
a raised tier asks for less               unit/policy/test_properties.py:
                                          test_a_higher_tier_never_lowers_the_exit
========================================  =============================================
"""

from __future__ import annotations

import builtins
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from policy_builders import ACME, COMMIT, policy_of
from policy_builders import World as Lineage
from worlds import NOW, World, an_edge, key, payload_of, signing, with_parts

from aibom.attest.bundle import make_bundle
from aibom.bom.encode import encode, to_bytes
from aibom.errors import AibomError, PolicyInvalid
from aibom.lineage.nodes import Relation
from aibom.operations.gate import Options, check, gate
from aibom.operations.policies.against import read_old_verdict
from aibom.operations.policies.exceptions import sign_waivers
from aibom.operations.policies.folder import lock_folder
from aibom.policy.data import read_trusted_sources
from aibom.policy.engine import evaluate
from aibom.report.machine import verdict_json
from aibom.statement import to_json
from aibom.verdict import Status, Tier

Change = Callable[[World], object]


def test_every_row_of_the_tables_names_a_test(checkout: Path) -> None:
    """A table that nobody compares soon names what is gone."""
    flat = re.sub(r"\s+", " ", __doc__ or "")
    elsewhere = re.findall(r"([\w/]+\.py): (test_\w+)", flat)
    here = set(re.findall(r"test_\w+", re.sub(r"[\w/]+\.py: test_\w+", "", flat)))
    assert len(elsewhere) > 30
    for path, name in elsewhere:
        text = (checkout / "tests" / path).read_text(encoding="utf-8")
        assert f"def {name}(" in text, (path, name)
    assert here == {
        name
        for name in globals()
        if name.startswith("test_") and "row_of_the_tables" not in name
    }


def refused(world: World, **options: Any) -> str:
    """The reason for which the gate does not even begin."""
    with pytest.raises(AibomError) as caught:
        world.gate(**options)
    assert caught.value.exit_code == 2
    return caught.value.reason


# ── the policy ──────────────


def edited(**members: Any) -> Change:
    return lambda w: w.edit_yaml("policy.yaml", lambda d: d.update(members), lock=False)


def a_folder_of_their_own(world: World) -> None:
    """Everything a gate asks for, the lock too; only the digest tells."""
    edited(extends=["builtin:tier-low@1"])(world)
    lock_folder(world.verifier)


SWAPS: dict[str, tuple[Change, str]] = {
    "a milder pack": (edited(extends=["builtin:tier-low@1"]), "policy-lock-mismatch"),
    "no pack": (
        edited(extends=[], rules=[{"id": "a", "check": "lineage-closed"}]),
        "policy-lock-mismatch",
    ),
    "all of it, locked again": (a_folder_of_their_own, "policy-digest-mismatch"),
}


@pytest.mark.parametrize(("change", "reason"), SWAPS.values(), ids=SWAPS)
def test_another_policy_is_refused(world: World, change: Change, reason: str) -> None:
    digest = world.gate().inputs.policy_digest
    assert world.gate(policy_digest=digest).exit_code == 0
    change(world)
    assert refused(world, policy_digest=digest) == reason


TYPOS: dict[str, dict[str, Any]] = {
    "a rule that is tightened": {"tighten": [{"rule": "lineage-opne", "mode": "deny"}]},
    "a mode": {"rules": [{"id": "a", "check": "lineage-closed", "mode": "deyn"}]},
    "the name of the mode": {
        "rules": [{"id": "a", "check": "lineage-closed", "mod": "deny"}]
    },
    "a check": {"rules": [{"id": "a", "check": "linage-closed"}]},
    "a kind": {
        "rules": [{"id": "a", "check": "lineage-closed", "select": {"kind": "modle"}}]
    },
    "a list of the policy": {"rule": []},
    "off for deny": {"rules": [{"id": "a", "check": "lineage-closed", "mode": False}]},
}


@pytest.mark.parametrize("members", TYPOS.values(), ids=TYPOS)
def test_a_typo_turns_nothing_off(world: World, members: dict[str, Any]) -> None:
    edited(**members)(world)
    with pytest.raises(PolicyInvalid):
        world.lock()
    with pytest.raises(PolicyInvalid):
        world.check()
    with pytest.raises(PolicyInvalid):
        world.gate()


SERVICES = {
    "id": "services",
    "check": "field-required",
    "select": {"kind": "service", "scope": "ancestors"},
    "settings": {"fields": ["name"]},
}


def test_a_rule_about_nothing_lets_nothing_through(world: World) -> None:
    edited(extends=[], rules=[SERVICES])(world)
    world.lock()
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (3, "nothing-applicable")
    world.record_of("label").unlink()
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (3, "lineage-open")


# ── exceptions ──────────────


def with_an_exception(world: World, expires: str) -> None:
    """The audit of the model is gone, and somebody accepted that."""
    for path in (world.evidence / "audits").iterdir():
        if b"holdout-test" in payload_of(path):
            path.unlink()
    (finding,) = (r for r in world.gate().results if r.reason == "audit-missing")
    entry = {
        "id": "E-1",
        "rule": finding.rule,
        "subject": finding.node.replace("model:tree:", "tree-sha256:"),
        "reason_code": finding.reason,
        "reason": "tested by hand",
        "ticket": "RISK-1",
        "requested_by": "org:Acme product",
        "approved_by": "org:Acme risk",
        "approved_on": "2026-11-01",
        "expires": expires,
    }
    document = {"apiVersion": "aibom/waivers/v1", "waivers": [entry]}
    (world.verifier / "waivers.yaml").write_text(json.dumps(document))
    risk = {
        "name": "acme risk",
        "role": "risk-owner",
        "party": "org:Acme risk",
        "public_key": key("risk").public.pem,
        "predicates": ["waivers"],
        "namespaces": ["acme/**"],
    }
    world.edit_yaml("signers.yaml", lambda d: d["signers"].append(risk), lock=False)
    days = {"high": 60, "medium": 90, "low": 180}

    def allow(policy: dict[str, Any]) -> None:
        policy["data"].append("waivers.yaml")
        policy["exceptions"] = {"roles": ["risk-owner"], "max_days": days}

    world.edit_yaml("policy.yaml", allow, lock=False)
    sign_waivers(world.verifier / "waivers.yaml", signing("risk"))
    world.lock()


def by_gate(world: World, options: Options) -> Any:
    return gate(world.model, world.verifier, options, NOW)


def by_check(world: World, options: Options) -> Any:
    """The dry run, of a BOM that lies in the evidence with its signature."""
    folder = world.evidence / "model"
    folder.mkdir()
    for path in (world.bom, world.bundle):
        (folder / path.name).write_bytes(path.read_bytes())
    return check(world.bom, world.verifier, options, NOW)


@pytest.mark.parametrize("ask", [by_gate, by_check])
@pytest.mark.parametrize(
    ("expires", "state"), [("2026-11-21", "expired"), ("2026-12-30", "active")]
)
def test_an_expiry_holds_on_every_path(
    world: World, ask: Callable[..., Any], expires: str, state: str
) -> None:
    with_an_exception(world, expires)
    verdict = ask(world, Options((world.evidence,)))
    (note,) = verdict.exceptions
    assert note.state == state
    (finding,) = (r for r in verdict.results if r.reason == "audit-missing")
    assert (finding.exception, finding.blocks) == (
        ("E-1", False) if state == "active" else ("", True)
    )


# ── evidence ──────────────


def test_a_record_signed_by_an_auditor_is_none(world: World) -> None:
    world.resign(world.record_of("fine-tune"), "auditor")
    verdict = world.gate()
    (found,) = (r for r in verdict.results if r.check == "lineage-closed")
    assert (verdict.exit_code, found.status) == (3, Status.UNKNOWN)
    assert "step-record-untrusted" in found.actual + found.term
    refusals = {item.refusal for item in world.verify().evidence.items}
    assert "predicate-not-allowed" in refusals


def twice(text: bytes) -> bytes:
    """The same object, with its first member once more, as something else."""
    first = re.match(rb'\s*\{\s*("[^"]+")\s*:', text)
    assert first is not None
    return b"{" + first[1] + b":[]," + text.lstrip()[1:]


def in_the_bundle(world: World) -> None:
    world.bundle.write_bytes(twice(world.bundle.read_bytes()))


def in_what_is_signed(world: World) -> None:
    bundle = make_bundle(twice(payload_of(world.bundle)), key("release"))
    world.bundle.write_bytes(to_json(bundle))


def in_a_record(world: World) -> None:
    path = world.record_of("fine-tune")
    path.write_bytes(to_json(make_bundle(twice(payload_of(path)), key("pipeline"))))


def in_a_claim(world: World) -> None:
    path = world.add_statement(payload_of(world.record_of("fine-tune")), None)
    path.write_bytes(twice(path.read_bytes()))


def in_a_data_file(world: World) -> None:
    path = world.verifier / "accepted-roots.yaml"
    path.write_bytes(twice(path.read_bytes()))


def in_the_lock(world: World) -> None:
    path = world.verifier / "policy.lock"
    path.write_bytes(twice(path.read_bytes()))


def in_an_old_verdict(world: World) -> None:
    path = world.root / "old.json"
    path.write_bytes(twice(verdict_json(world.gate())))
    read_old_verdict(path)


TWICE: dict[str, tuple[Change, int]] = {
    "the bundle": (in_the_bundle, 11),
    "what it signs": (in_what_is_signed, 12),
    "a record": (in_a_record, 12),
    "a claim": (in_a_claim, 12),
    "data of the policy": (in_a_data_file, 2),
    "the lock": (in_the_lock, 2),
    "an old verdict": (in_an_old_verdict, 2),
}


@pytest.mark.parametrize(("change", "code"), TWICE.values(), ids=TWICE)
def test_what_can_be_read_in_two_ways_is_refused(
    world: World, change: Change, code: int
) -> None:
    try:
        change(world)
        found = world.gate().exit_code
    except AibomError as error:
        found = error.exit_code
    assert found == code


def test_evidence_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is swapped the moment it is open: what is parsed is what is hashed.

    A second look, to hash it or to parse it, would find the other.
    """
    there = {p.resolve(): p.read_bytes() for p in world.evidence.rglob("*.*")}
    opened: Counter[Path] = Counter()
    original = builtins.open

    def swapping(file: Any, *args: Any, **more: Any) -> Any:
        stream = original(file, *args, **more)
        path = Path(file).resolve() if isinstance(file, (str, Path)) else None
        if path in there:
            opened[path] += 1
            path.unlink()
            path.write_bytes(b"{}")
        return stream

    clean = world.gate()
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "open", swapping)
        verdict = world.gate()
    assert (verdict.exit_code, set(opened.values())) == (0, {1})
    assert verdict.inputs.evidence == clean.inputs.evidence
    digests = {d.removeprefix("sha256:") for _, d in verdict.inputs.evidence}
    read = {hashlib.sha256(there[path]).hexdigest() for path in opened}
    assert read <= digests


# ── lineage ──────────────


def sign_elsewhere(world: World, text: str, renamed: Mapping[str, str]) -> None:
    """Put a BOM in place and sign it with a tool that does not look at it."""
    world.bom.write_text(text)
    before = hashlib.sha256(world.bom.read_bytes()).hexdigest()

    def point(statement: dict[str, Any]) -> None:
        for subject in statement["subject"]:
            subject["name"] = renamed.get(subject["name"], subject["name"])
            if subject["name"] == world.bom.name:
                old = subject["digest"]["sha256"]
                subject["digest"] = {"sha256": before}
        told = json.dumps(statement["predicate"])
        assert old in told
        statement["predicate"] = json.loads(told.replace(old, before))

    world.sign_statement(point)


def test_a_circle_is_no_lineage(world: World) -> None:
    base, model = world.node("acme/models/base"), world.node("acme/models/reader")
    edge = an_edge(base.id, Relation.DERIVED_FROM, model.id)
    graph = with_parts(world.graph(), edges=[edge])
    sign_elsewhere(world, to_bytes(encode(graph)).decode(), {})
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (12, "lineage-cycle")
    assert verdict.results == ()


CLIMBING = (
    "../verifier/policy.yaml",
    "/etc/passwd",
    "config/../../labels/labels.jsonl",
)


@pytest.mark.parametrize("path", CLIMBING)
def test_no_path_leads_out_of_the_artifact(world: World, path: str) -> None:
    """The statement and the BOM list a file elsewhere, and both are signed."""
    text = world.bom.read_text().replace("weights.bin", path)
    sign_elsewhere(world, text, {"weights.bin": path})
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (12, "manifest-mismatch")
    assert f"{path!r} cannot be the path of a file" in verdict.verification.message
    assert verdict.results == ()


# ── sources ──────────────

OPEN = {"match": {"type": "huggingface"}, "trust": "trusted"}
ONLY_ACME = {"match": {"type": "huggingface", "namespace": "acme"}, "trust": "trusted"}
NOT_ACME = {"match": {"type": "huggingface", "namespace": "acme"}, "trust": "blocked"}
#: another spelling → whether it is acme, so that a list that trusts acme lets it in
SPELLINGS: dict[str, tuple[str, bool]] = {
    "as it is": ("pkg:huggingface/acme/reviews", True),
    "percent-encoded": ("pkg:huggingface/%61cme/reviews", True),
    "of another scheme": ("pkg://huggingface/acme/reviews", True),
    "in another case": ("pkg:huggingface/ACME/reviews", False),
    "percent-encoded, in another case": ("pkg:huggingface/%41cme/reviews", False),
    "longer": ("pkg:huggingface/acme-evil/reviews", False),
    "longer at the front": ("pkg:huggingface/evilacme/reviews", False),
    "a slash that is none": ("pkg:huggingface/acme%2Fevil/reviews", False),
    "as a name": ("pkg:huggingface/evil/acme", False),
    "below another": ("pkg:huggingface/evil/acme/reviews", False),
    "Cyrillic": ("pkg:huggingface/\u0430cme/reviews", False),
    "Cyrillic, percent-encoded": ("pkg:huggingface/%D0%B0cme/reviews", False),
    "full width": ("pkg:huggingface/\uff41cme/reviews", False),
    "zero width": ("pkg:huggingface/ac\u200bme/reviews", False),
    "of another type": ("pkg:generic/acme/reviews", False),
    "elsewhere": (
        "pkg:huggingface/acme/reviews?repository_url=https://evil.example",
        False,
    ),
}
#: spelled otherwise, and still what is blocked
BLOCKED = (
    "as it is",
    "percent-encoded",
    "of another scheme",
    "in another case",
    "percent-encoded, in another case",
    "elsewhere",
)
SOURCES = {
    "id": "source",
    "check": "trusted-source",
    "settings": {"list": "approved"},
    "minimum_assurance": "claimed",
}


def told_of(text: str, *entries: Mapping[str, Any]) -> Status:
    """What the rule says of a dataset that is from there."""
    head, _, query = text.partition("?")
    world = Lineage()
    source = f"{head}@{COMMIT}{'?' + query if query else ''}"
    world.root = world.data("reviews", source=source)
    world.trust(*entries)
    (found,) = evaluate(world.context(), policy_of(SOURCES), Tier.HIGH)
    return found.status


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_is_no_way_in_and_no_way_around(name: str) -> None:
    text, is_acme = SPELLINGS[name]
    assert (told_of(text, ONLY_ACME) is Status.PASS) is is_acme
    if name in BLOCKED:
        assert told_of(text, OPEN, NOT_ACME) is Status.FAIL
        assert told_of(text, ONLY_ACME, NOT_ACME) is Status.FAIL


PATTERNS = (".*", "ac.e", "^acme$", "acm*", "acme|evil", "acme/**", "[a-z]cme", "acm?")


@pytest.mark.parametrize("text", PATTERNS)
def test_no_list_reads_patterns(text: str) -> None:
    """What is written as one is refused, or meant to the letter."""
    entry = {
        "match": {"type": "huggingface", "namespace": text},
        "trust": "trusted",
        "reason": "known",
        "approved_by": "Ada",
        "expires": "2027-01-01",
    }
    document = {
        "apiVersion": "aibom/trusted-sources/v1",
        "lists": {"approved": [entry]},
    }
    try:
        read_trusted_sources(document, "trusted-sources.yaml")
    except PolicyInvalid:
        return
    assert told_of(ACME.partition("@")[0], entry) is not Status.PASS
