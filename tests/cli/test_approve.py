"""``aibom approve``: from two people's yes to a gate's, and back again."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from cli_world import ADVISORIES, SIGNERS, snapshot

from aibom.digest import hash_path

ANNE, BERT = (f"person:acme-2026:{letter * 32}" for letter in "ab")
#: Who made the model: someone whom two people can be compared with.
CARL = f"person:acme-2026:{'c' * 32}"
RULE = """\
apiVersion: aibom/policy/v1
name: acme-four-eyes
version: "1"
data: [signers.yaml, accepted-roots.yaml, advisories.yaml]
rules:
  - id: four-eyes
    check: approvals
    select: {{scope: artifact}}
    severity: high
    mode: deny
    why: One person can be wrong.
    remedy: Have it approved by two who did not make it.
    settings:
      minimum: 2
      approvers: ["{anne}", "{bert}"]
      named_in: []
      signer_roles: [approver]
      tier: {tier}
"""
APPROVER = """\
  - name: {name}
    role: approver
    party: "{party}"
    public_key: "{key}"
    predicates: [{predicate}]
    namespaces: ["acme/models/*"]
"""
YES = ("--tier", "medium", "--expires", "2999-01-01", "--ticket", "ACME-12")
TO = ("-o", "evidence/approvals")


def pem(world, name):
    return (world.folder / f"{name}.pub").read_text().replace("\n", "\\n")


def write_signers(world, predicate="approval"):
    keys = {name: pem(world, name) for name in ("pipeline", "release")}
    text = SIGNERS.format(**keys).replace("org:Acme platform", f'"{CARL}"')
    for name, party in (("anne", ANNE), ("bert", BERT)):
        text += APPROVER.format(
            name=name, party=party, key=pem(world, name), predicate=predicate
        )
    world.write_policy("signers.yaml", text)


@pytest.fixture
def asking(world):
    """A world in which two people must approve."""
    for name in ("anne", "bert"):
        world.done("keygen", name, "--no-password")
    rule = RULE.format(anne=ANNE, bert=BERT, tier="medium")
    world.write_policy("policy.yaml", rule, lock=False)
    write_signers(world)
    return world


@pytest.fixture
def approve(asking, here):
    """One approval; the file it was written to."""

    def call(who, *words, ref="model", to=TO):
        ran = here("approve", ref, *(words or YES), "--key", f"{who}.key", *to)
        assert ran.code == 0, ran.err
        return asking.folder / ran.out.strip()

    return call


@pytest.fixture
def gate(asking, here):
    """What the gate says: exit code, reason of the rule, and the whole verdict."""

    def call(*words):
        usual = ("--policy", "verifier", "--evidence", "evidence")
        ran = here("gate", "model", *usual, "--output", "json", *words)
        verdict = json.loads(ran.out)
        (result,) = verdict["results"] or [{"reason": verdict["reason"]}]
        return ran.code, result["reason"], result

    return call


def withdraw(world, here, path):
    ran = here("approve", "--revoke", path, "--reason", "The wrong one.")
    assert ran.code == 0, ran.err
    head = ADVISORIES.replace("sequence: 1", "sequence: 2")
    text = head.replace("advisories: []\n", f"advisories:\n{ran.out}")
    world.write_policy("advisories.yaml", text)
    return ran


# ── the whole story ────────────────────


def test_two_approve_it_and_one_takes_it_back(asking, here, approve, gate):
    assert gate()[:2] == (3, "approvals-too-few")
    approve("anne")
    assert gate()[:2] == (3, "approvals-too-few")
    path = approve("bert")
    code, reason, result = gate()
    assert (code, reason) == (0, "approved")
    assert len(result["evidence"]) == 2
    assert f"evidence/approvals/{path.name}" in result["evidence"]
    withdraw(asking, here, path)
    code, reason, result = gate()
    assert (code, reason) == (10, "approval-revoked")
    assert result["evidence"] == [f"evidence/approvals/{path.name}"]
    # Deleting the file does not bring the yes back, and a new one does.
    path.unlink()
    assert gate()[:2] == (3, "approvals-too-few")
    approve("bert")
    assert gate()[:2] == (0, "approved")


def test_it_ends(approve, gate):
    approve("anne")
    approve("bert", *YES[:2], "--expires", "2998-01-01", *YES[4:])
    assert gate("--effective-time", "2997-12-31")[:2] == (0, "approved")
    assert gate("--effective-time", "2998-01-01")[:2] == (3, "approval-expired")


def test_it_is_of_these_bytes_only(asking, here, approve, gate):
    """Both approved the model before it was trained again under the same name."""
    other = asking.folder / "other"
    shutil.copytree(asking.model, other)
    (other / "weights.bin").write_text("tuned")
    for who in ("anne", "bert"):
        approve(who, *YES, "--name", "acme/models/tiny", ref="other")
    assert gate()[:2] == (3, "approvals-too-few")
    digest = str(hash_path(asking.model).digest)
    for who in ("anne", "bert"):
        approve(who, *YES, "--name", "acme/models/tiny", ref=digest)
    assert gate()[:2] == (0, "approved")


def test_whoever_may_not_approve_only_claims_to(asking, approve, gate):
    approve("anne")
    approve("bert")
    write_signers(asking, "bom")
    assert gate()[:2] == (3, "approvals-too-few")


def test_a_laxer_tier_is_not_enough(asking, approve, gate):
    approve("anne")
    approve("bert")
    rule = RULE.format(anne=ANNE, bert=BERT, tier="high")
    asking.write_policy("policy.yaml", rule)
    assert gate()[:2] == (3, "approval-tier-too-low")
    # Who leaves the setting out asks for the strictest.
    asking.write_policy("policy.yaml", rule.replace("      tier: high\n", ""))
    assert gate()[:2] == (3, "approval-tier-too-low")


def test_it_cannot_be_told_without_advisories(asking, approve, gate):
    approve("anne")
    approve("bert")
    rule = RULE.format(anne=ANNE, bert=BERT, tier="medium")
    asking.write_policy("policy.yaml", rule.replace(", advisories.yaml", ""))
    assert gate()[:2] == (3, "advisories-missing")
    asking.write_policy("policy.yaml", rule)
    old = ADVISORIES.replace("2999-01-01", "2998-01-01")
    asking.write_policy("advisories.yaml", old)
    assert gate("--effective-time", "2998-06-01")[:2] == (3, "advisories-stale")


def test_one_that_was_changed_ends_the_run(asking, approve, gate):
    approve("anne")
    path = approve("bert")
    document = json.loads(path.read_text())
    signature = document["dsseEnvelope"]["signatures"][0]
    signature["sig"] = signature["sig"].replace(signature["sig"][20:24], "AAAA")
    path.write_text(json.dumps(document))
    assert gate()[:2] == (11, "signature-invalid")


def test_the_verdict_shows_it_as_evidence(asking, approve, here):
    paths = [approve("anne"), approve("bert")]
    usual = ("--policy", "verifier", "--evidence", "evidence")
    ran = here("gate", "model", *usual, "--output", "json=verdict.json")
    assert ran.code == 0
    ran = here("explain", "verdict.json", "four-eyes")
    for path in paths:
        assert path.name[:16] in ran.out


# ── the command ────────────────────


def test_it_tells_the_id_and_how_to_withdraw_it(asking, here):
    ran = here("approve", "model", *YES, "--key", "anne.key", "-o", "a b")
    path = ran.out.strip()
    name = path.removeprefix("a b/").removesuffix(".sigstore.json")
    assert ran.code == 0
    assert f"approval sha256:{name}\n" in ran.err
    assert f"aibom approve --revoke 'a b/{name}.sigstore.json' --reason" in ran.err


def test_what_withdraws_it_says_where_it_belongs(asking, here, approve):
    path = approve("anne")
    before = snapshot(asking.verifier)
    ran = here("approve", "--revoke", path, "--reason", "The wrong one.")
    name = path.name.removesuffix(".sigstore.json")
    assert re.sub(r'published: ".*"', 'published: "…"', ran.out) == (
        f'  - id: "withdrawn-{name[:16]}"\n'
        '    summary: "The wrong one."\n'
        '    published: "…"\n'
        "    affects:\n"
        f'      approvals: ["sha256:{name}"]\n'
    )
    assert "advisories.yaml" in ran.err
    assert snapshot(asking.verifier) == before
    by_id = here("approve", "--revoke", f"sha256:{name}", "--reason", "x")
    assert (by_id.code, f"sha256:{name}" in by_id.out) == (0, True)


KEY = ("--key", "anne.key")
WRONG = {
    "nothing": ((), 2, "Missing argument"),
    "no tier": (("model", *YES[2:], *KEY), 2, "--tier"),
    "no end": (("model", *YES[:2], *YES[4:], *KEY), 2, "--expires"),
    "no ticket": (("model", *YES[:4], *KEY), 2, "--ticket"),
    "nobody signs": (("model", *YES), 2, "[signer-missing]"),
    "unknown tier": (("model", "--tier", "highest", *YES[2:], *KEY), 2, "'low'"),
    "ended yesterday": (
        ("model", *YES[:2], "--expires", "2026-01-01", *YES[4:], *KEY),
        2,
        "[approval-unusable]",
    ),
    "no date": (
        ("model", *YES[:2], "--expires", "soon", *YES[4:], *KEY),
        2,
        "[time-malformed]",
    ),
    "half a digest": (("sha256:abc", *YES, *KEY), 2, "[digest-malformed]"),
    "a digest without a name": (
        (f"sha256:{'a' * 64}", *YES, *KEY),
        2,
        "[name-missing]",
    ),
    "not there": (("modle", *YES, *KEY), 1, "[path-missing]"),
    "withdrawn without a reason": (
        ("--revoke", "evidence/x.sigstore.json"),
        2,
        "--reason",
    ),
    "withdrawn and approved": (
        ("--revoke", "model", "--reason", "x", *YES),
        2,
        "'--tier' does not go with '--revoke'",
    ),
    "withdrawn with a key": (
        ("--revoke", "model", "--reason", "x", *KEY),
        2,
        "nothing is signed",
    ),
    "withdrawn, and no approval": (
        ("--revoke", "model/aibom.sigstore.json", "--reason", "x"),
        2,
        "[not-an-approval]",
    ),
    "withdrawn, and not there": (
        ("--revoke", "nothing.sigstore.json", "--reason", "x"),
        1,
        "[path-missing]",
    ),
}


@pytest.mark.parametrize(("words", "code", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_call_leaves_nothing(asking, here, words, code, told):
    before = snapshot(asking.folder)
    ran = here("approve", *words)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert snapshot(asking.folder) == before
