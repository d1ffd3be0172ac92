"""``gate --attest`` and ``verify --verdict``: decided here, relied on there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cli_world import World

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.attest.keys import load_private
from aibom.attest.summary_statement import EXTENSION
from aibom.digest import Digest, hash_path
from aibom.statement import Resource, Statement, to_json

VERIFIER = "https://acme.example/gate"
V = "out/v.sigstore.json"
GATE = ("gate", "model", "--policy", "verifier", "--evidence", "evidence")
ATTEST = ("--attest", V, "--verifier-id", VERIFIER)
KEY = ("--key", "gate.key")
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def world(world: World) -> World:
    """With a key for the gate, whom those who rely on verdicts believe."""
    if not (world.folder / "gate.key").exists():
        world.done("keygen", "gate", "--no-password")
    (world.folder / "out").mkdir()
    believe(world)
    return world


@pytest.fixture(scope="session")
def built(built: World) -> World:
    """The key is made once, for all copies of the world."""
    built.done("keygen", "gate", "--no-password")
    return built


def believe(world: World, **members: Any) -> None:
    entry = {
        "name": "acme gate",
        "role": "verifier",
        "public_key": (world.folder / "gate.pub").read_text(),
        "predicates": ["verdict"],
        "namespaces": ["acme/models/*"],
        "verifier_id": VERIFIER,
        **members,
    }
    listed = {name: value for name, value in entry.items() if value is not None}
    document = {"apiVersion": "aibom/signers/v1", "signers": [listed]}
    (world.folder / "gates.yaml").write_text(json.dumps(document))


def policy_digest(world: World) -> str:
    lock = json.loads((world.verifier / "policy.lock").read_text())
    return str(lock["digest"])


def rely(world: World, *more: str) -> tuple[str, ...]:
    """The words of a consumer; options in ``more`` replace the usual ones."""
    usual = {
        "--verdict": V,
        "--signers": "gates.yaml",
        "--policy-digest": policy_digest(world),
        "--require-tier": "high",
        "--max-age": "7d",
    }
    options = [w for pair in usual.items() if pair[0] not in more for w in pair]
    return ("verify", "model", *options, *more)


def bundle(world: World) -> dict[str, Any]:
    return json.loads((world.folder / V).read_bytes())


def statement(world: World) -> dict[str, Any]:
    data = (world.folder / V).read_bytes()
    return json.loads(parse_bundle(data, V).payload)


def resign(world: World, document: Any, key: str = "gate.key") -> None:
    payload = document if isinstance(document, bytes) else to_json(document)
    private = load_private((world.folder / key).read_bytes(), None, key)
    (world.folder / V).write_bytes(to_json(make_bundle(payload, private)))


# ── made ────────────────────


def test_a_yes_is_signed(world, here):
    ran = here(*GATE, *ATTEST, *KEY)
    assert ran.code == 0
    assert ran.out.startswith("ALLOWED  acme/models/tiny")
    assert ran.err == f"aibom: signed: {V}\n"
    document = statement(world)
    (subject,) = document["subject"]
    digest = hash_path(world.model).digest
    assert subject["name"] == "acme/models/tiny"
    assert subject["digest"] == {"sha256": digest.value}
    predicate = document["predicate"]
    assert document["predicateType"] == "https://slsa.dev/verification_summary/v1"
    assert predicate["verifier"]["id"] == VERIFIER
    assert predicate["verificationResult"] == "PASSED"
    assert predicate["verifiedLevels"] == ["AIBOM_TIER_HIGH_PASSED"]
    assert predicate[EXTENSION + "expires"] is None


def test_the_end_that_was_asked_for(world, here):
    assert here(*GATE, *ATTEST, *KEY, "--valid-for", "2d").code == 0
    predicate = statement(world)["predicate"]
    made, ends = (
        datetime.fromisoformat(predicate[name].replace("Z", "+00:00"))
        for name in ("timeVerified", EXTENSION + "expires")
    )
    assert ends - made == timedelta(days=2)


def swap(world: World) -> None:
    (world.model / "weights.bin").write_bytes(b"other\n")


def unsign(world: World) -> None:
    (world.model / "aibom.sigstore.json").unlink()


def forget(world: World) -> None:
    shutil.rmtree(world.folder / "evidence")
    (world.folder / "evidence").mkdir()


def taint(world: World) -> None:
    entry = {
        "id": "ACME-1",
        "summary": "poison",
        "published": "2026-01-01",
        "affects": {"digests": [str(hash_path(world.folder / "data").digest)]},
    }
    text = (world.verifier / "advisories.yaml").read_text()
    text = text.replace("sequence: 1", "sequence: 2")
    world.write_policy(
        "advisories.yaml",
        text.replace("advisories: []", f"advisories: [{json.dumps(entry)}]"),
    )


def undecidable(world: World) -> None:
    (world.model / "aibom.cdx.json").write_text("{}")


#: name → (what is done to the world, exit code)
NOES: dict[str, tuple[Callable[[World], None], int]] = {
    "a poisoned ancestor": (taint, 10),
    "no record": (forget, 3),
    "other bytes": (swap, 11),
    "no signature": (unsign, 11),
    "another BOM": (undecidable, 11),
}


@pytest.mark.parametrize(("change", "code"), NOES.values(), ids=NOES)
@pytest.mark.parametrize("report_only", [False, True], ids=["gate", "report-only"])
def test_a_no_is_signed_too_and_nobody_relies_on_it(
    world, here, change, code, report_only
):
    change(world)
    flags = ("--report-only",) if report_only else ()
    ran = here(*GATE, *ATTEST, *KEY, *flags, "--output", "json=out/v.json")
    decided = json.loads((world.folder / "out/v.json").read_text())
    # Findings are let through then; what does not verify ends the run as ever.
    assert ran.code == (0 if report_only and code in (3, 10) else code)
    assert f"aibom: signed: {V}\n" in ran.err
    document = statement(world)
    assert document["predicate"]["verificationResult"] == "FAILED"
    assert document["predicate"]["verifiedLevels"] == ["FAILED"]
    assert document["predicate"][EXTENSION + "reportOnly"] is report_only
    assert document["predicate"][EXTENSION + "exitCode"] == ran.code
    assert document["predicate"][EXTENSION + "reason"] == decided["reason"]
    (subject,) = document["subject"]
    assert subject["digest"] == {"sha256": hash_path(world.model).digest.value}
    believe(world, namespaces=["**"])
    ran = here(*rely(world))
    reason = "verdict-report-only" if report_only else "verdict-not-passed"
    assert (ran.code, ran.out) == (11, "")
    assert f"[{reason}]" in ran.err


def test_a_yes_of_a_report_only_run_is_none(world, here):
    assert here(*GATE, *ATTEST, *KEY, "--report-only").code == 0
    ran = here(*rely(world))
    assert (ran.code, "[verdict-report-only]" in ran.err) == (11, True)


#: name → (options after `aibom gate …`, reason)
WRONG_CALLS = {
    "no verifier": (("--attest", V, *KEY), "verifier-id-missing"),
    "no signer": (ATTEST, "signer-missing"),
    "no file": (("--verifier-id", VERIFIER, *KEY), "usage"),
    "an end of nothing": (("--valid-for", "7d"), "usage"),
    "no length of time": ((*ATTEST, *KEY, "--valid-for", "soon"), "time-malformed"),
    "no length at all": ((*ATTEST, *KEY, "--valid-for", "0d"), "time-malformed"),
    "one place for both": (
        (*ATTEST, *KEY, "--output", f"json=out/../{V}"),
        "output-place-twice",
    ),
    "inside the artifact": (
        ("--attest", "model/v.json", *ATTEST[2:], *KEY),
        "output-inside-artifact",
    ),
    "inside the policy": (
        ("--attest", "verifier/v.json", *ATTEST[2:], *KEY),
        "output-inside-policy",
    ),
}


@pytest.mark.parametrize(("options", "reason"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_decides_nothing(world, here, options, reason):
    ran = here(*GATE, *options)
    assert (ran.code, ran.out) == (2, "")
    assert f"[{reason}]" in ran.err
    assert list((world.folder / "out").iterdir()) == []


#: name → how the next gate fails
FAILURES: dict[str, tuple[Callable[[World], object], tuple[str, ...]]] = {
    "no key": (lambda world: None, ("--key", "gone.key")),
    "no signer": (lambda world: None, ()),
    "no policy": (lambda world: (world.verifier / "policy.yaml").unlink(), KEY),
    "a broken policy": (
        lambda world: (world.verifier / "policy.yaml").write_text("[}"),
        KEY,
    ),
    "no artifact": (lambda world: shutil.rmtree(world.model), KEY),
    "no such time": (lambda world: None, (*KEY, "--effective-time", "never")),
}


@pytest.mark.parametrize(("change", "options"), FAILURES.values(), ids=FAILURES)
def test_no_old_yes_outlives_a_gate_that_failed(world, here, change, options):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    change(world)
    ran = here(*GATE, *ATTEST, *options)
    assert ran.code in (1, 2)
    assert not (world.folder / V).exists()


#: A signer that is fine until it is asked.
BROKEN = (*KEY, "--timestamp-url", NOBODY, "--timeout", "20")


def test_an_unsigned_yes_is_none(world, here):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    ran = here(*GATE, *ATTEST, *BROKEN)
    assert ran.code == 1
    assert "[service-unreachable]" in ran.err
    assert not (world.folder / V).exists()


@pytest.mark.parametrize(("change", "code"), NOES.values(), ids=NOES)
def test_an_unsigned_no_stays_a_no(world, here, change, code):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    change(world)
    ran = here(*GATE, *ATTEST, *BROKEN)
    assert ran.code == code
    assert "aibom: the verdict was not signed: " in ran.err
    assert "[service-unreachable]" in ran.err
    assert not (world.folder / V).exists()


def test_a_place_that_cannot_be_written(world, here):
    ran = here(*GATE, "--attest", "gone/v.json", *ATTEST[2:], *KEY)
    assert (ran.code, "[file-not-written]" in ran.err) == (1, True)


def test_a_verifier_that_is_no_uri(world, here):
    ran = here(*GATE, "--attest", V, "--verifier-id", "acme gate", *KEY)
    assert (ran.code, "[verifier-id-unusable]" in ran.err) == (2, True)
    assert not (world.folder / V).exists()


def test_a_bundle_on_stdout(world, here):
    words = ("--attest", "/dev/fd/1", *ATTEST[2:], *KEY)
    ran = here(*GATE, *words, "--output", "json=out/v.json")
    assert ran.code == 0
    assert parse_bundle(ran.out.encode(), "stdout").payload


# ── relied on ────────────────────

GOLDEN = """\
allowed by verdict  acme/models/tiny  tree-sha256:DIGEST…
  verifier  https://acme.example/gate
  tier      high
  policy    pkg:generic/acme-tiny@1,
            POLICY
  decided   TIME UTC
  advisories not compared (--advisories FILE)
  lineage   NOT verified here: the verifier did
  left out  aibom.cdx.json, aibom.sigstore.json
"""


def test_what_was_allowed(world, here):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    ran = here(*rely(world))
    assert (ran.code, ran.err) == (0, "")
    text = re.sub(r"tree-sha256:[0-9a-f]{12}", "tree-sha256:DIGEST", ran.out)
    text = re.sub(r"decided   [0-9: -]{19}", "decided   TIME", text)
    assert text.replace(policy_digest(world), "POLICY") == GOLDEN


def test_a_verdict_that_has_ended_is_not_revived(world, here):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    ran = here(*rely(world), "--effective-time", days(-1))
    assert (ran.code, ran.out) == (2, "")
    assert "[effective-time-past]" in ran.err


def test_what_came_after_the_verdict_and_is_not_hashed_is_told(world, here):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    (world.model / ".gitattributes").write_text("* text")
    ran = here(*rely(world))
    assert (ran.code, ".gitattributes" in ran.out) == (0, True)


def test_a_verdict_is_for_a_signer_of_the_folder(world, here):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    words = list(rely(world))
    at = words.index("--signers")
    words[at : at + 2] = ["--public-key", "gate.pub"]
    ran = here(*words)
    assert (ran.code, "[signers-missing]" in ran.err) == (2, True)


#: name → options that ask for more, all of it true
MORE = {
    "advisories": (
        ("--advisories", "verifier/advisories.yaml"),
        "sequence 1, at least 1",
    ),
    "what it is used as": (("--as", "acme/models/tiny"), "allowed by verdict"),
    "a tier that asks less": (("--require-tier", "low"), "tier      high"),
    "minutes": (("--max-age", "30m"), "allowed by verdict"),
}


@pytest.mark.parametrize(("options", "told"), MORE.values(), ids=MORE)
def test_more_that_was_asked_for(world, here, options, told):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    ran = here(*rely(world, *options))
    assert ran.code == 0
    assert told in ran.out


def test_neither_bom_nor_evidence_is_needed(world, here):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    words = rely(world)
    for path in ("evidence", "verifier"):
        shutil.rmtree(world.folder / path)
    for name in ("aibom.cdx.json", "aibom.sigstore.json"):
        (world.model / name).unlink()
    assert here(*words).code == 0


@dataclass
class Replay:
    """A verdict that would be accepted, but for one thing."""

    reason: str
    gate: tuple[str, ...] = ()
    change: Callable[[World], object] = lambda world: None
    ask: tuple[str, ...] = ()
    signers: dict[str, Any] = field(default_factory=dict)


def days(count: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=count):%Y-%m-%dT%H:%M:%SZ}"


def add_byte(world: World) -> None:
    with (world.model / "weights.bin").open("ab") as file:
        file.write(b"\0")


def another_folder(world: World) -> None:
    (world.model / "weights.bin").rename(world.model / "other.bin")


def newer_advisories(world: World) -> None:
    text = (world.verifier / "advisories.yaml").read_text()
    newer = text.replace("sequence: 1", "sequence: 2")
    (world.folder / "newer.yaml").write_text(newer)


def bend(edit: Callable[[dict[str, Any]], object]) -> Callable[[World], None]:
    """What somebody with the gate's key can sign."""

    def change(world: World) -> None:
        document = statement(world)
        edit(document)
        resign(world, document)

    return change


def tamper(world: World) -> None:
    document = bundle(world)
    payload = document["dsseEnvelope"]["payload"]
    document["dsseEnvelope"]["payload"] = payload[:-8] + "AAAA" + payload[-4:]
    (world.folder / V).write_text(json.dumps(document))


def of_another_tool(world: World) -> None:
    subject = Resource.subject("acme/models/tiny", hash_path(world.model).digest)
    predicate = {
        "verifier": {"id": VERIFIER},
        "timeVerified": days(0),
        "resourceUri": "https://acme.example/model",
        "policy": {"uri": "https://acme.example/policy"},
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
    }
    kind = "https://slsa.dev/verification_summary/v1"
    resign(world, Statement.build([subject], kind, predicate).payload)


def of_something_else(world: World) -> None:
    """The bundle of the BOM is signed as well, and says nothing about allowed."""
    shutil.copy(world.model / "aibom.sigstore.json", world.folder / V)


def _tree(value: str) -> Digest:
    return Digest("tree", value)


REPLAYS: dict[str, Replay] = {
    "one byte more": Replay("verdict-other-artifact", change=add_byte),
    "another name of a file": Replay("verdict-other-artifact", change=another_folder),
    "one file more": Replay(
        "verdict-other-artifact",
        change=lambda world: (world.model / "more").write_text(""),
    ),
    "used as something else": Replay(
        "verdict-other-artifact", ask=("--as", "acme/models/large")
    ),
    "another policy": Replay(
        "verdict-other-policy", ask=("--policy-digest", f"sha256:{'0' * 64}")
    ),
    "a policy that is no digest": Replay(
        "verdict-other-policy", ask=("--policy-digest", "builtin:tier-high@1")
    ),
    "another verifier": Replay(
        "verdict-other-verifier", gate=("--verifier-id", "https://acme.example/other")
    ),
    "another's verifier": Replay(
        "verdict-other-verifier", signers={"verifier_id": "https://x.example/gate"}
    ),
    "older than that": Replay("verdict-too-old", ask=("--effective-time", days(8))),
    "older than an hour": Replay(
        "verdict-too-old",
        ask=("--max-age", "1h", "--effective-time", days(1)),
    ),
    "as of long ago": Replay(
        "verdict-too-old",
        gate=("--effective-time", days(-8), "--allow-past"),
    ),
    "as of next week": Replay(
        "verdict-from-the-future", gate=("--effective-time", days(7))
    ),
    "before it was made": Replay(
        "verdict-from-the-future",
        ask=("--effective-time", days(-1), "--allow-past"),
    ),
    "past its end": Replay(
        "verdict-expired",
        gate=("--valid-for", "1h"),
        ask=("--effective-time", days(1)),
    ),
    "before an advisory": Replay(
        "verdict-before-advisory",
        change=newer_advisories,
        ask=("--advisories", "newer.yaml"),
    ),
    "a run that only reports": Replay("verdict-report-only", gate=("--report-only",)),
    "another's key": Replay("signer-not-allowed", gate=("--key", "release.key")),
    "a signer of BOMs": Replay(
        "predicate-not-allowed",
        signers={"predicates": ["bom"], "verifier_id": None},
    ),
    "a signer of other things": Replay(
        "namespace-not-allowed", signers={"namespaces": ["acme/data/*"]}
    ),
    "a signer of last year": Replay(
        "signer-expired", signers={"valid_until": "2025-01-01"}
    ),
    "changed afterwards": Replay("signature-invalid", change=tamper),
    "another tool's": Replay("verdict-malformed", change=of_another_tool),
    "the bundle of the BOM": Replay("signer-not-allowed", change=of_something_else),
    "a yes and a no": Replay(
        "verdict-malformed",
        change=bend(lambda it: it["predicate"].update(verificationResult="FAILED")),
    ),
    "two artifacts": Replay(
        "verdict-malformed",
        change=bend(
            lambda it: it["subject"].append(
                Resource.subject("acme/models/x", _tree("0" * 64)).to_document()
            )
        ),
    ),
    "a tier that nobody knows": Replay(
        "verdict-malformed",
        change=bend(lambda it: it["predicate"].update({EXTENSION + "tier": "top"})),
    ),
}


@pytest.mark.parametrize("case", REPLAYS.values(), ids=REPLAYS)
def test_every_replay_is_refused(world, here, case):
    named = {word for word in case.gate if word.startswith("--")}
    usual = [("--attest", V), ("--verifier-id", VERIFIER), KEY]
    options = [word for pair in usual if pair[0] not in named for word in pair]
    made = here(*GATE, *options, *case.gate)
    assert (made.code, (world.folder / V).is_file()) == (0, True), made.err
    case.change(world)
    if case.signers:
        believe(world, **case.signers)
    words = list(rely(world, *case.ask))
    if case.ask[:2] == ("--signers", ""):
        at = words.index("--signers")
        del words[at : at + 2]
    ran = here(*words)
    assert (ran.code, ran.out) == (11, ""), ran.err
    assert f"[{case.reason}]" in ran.err
    assert len(ran.err.splitlines()) > 1  # what to do next


def test_a_lower_tier_is_not_enough(world, here):
    """The policy gives this one the tier that asks least."""
    text = (world.verifier / "policy.yaml").read_text()
    tiers = 'tiers:\n  - match: {name: "acme/**"}\n    tier: low\n'
    world.write_policy("policy.yaml", text + tiers)
    assert here(*GATE, *ATTEST, *KEY).code == 0
    ran = here(*rely(world))
    assert (ran.code, "[verdict-tier-too-low]" in ran.err) == (11, True)
    for tier, code in (("medium", 11), ("low", 0)):
        assert here(*rely(world, "--require-tier", tier)).code == code
    # Without a word the strictest is meant.
    words = list(rely(world))
    at = words.index("--require-tier")
    del words[at : at + 2]
    assert here(*words).code == 11


def test_a_week_is_what_is_meant_without_a_word(world, here):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    words = list(rely(world))
    at = words.index("--max-age")
    del words[at : at + 2]
    assert here(*words, "--effective-time", days(6)).code == 0
    ran = here(*words, "--effective-time", days(8))
    assert (ran.code, "[verdict-too-old]" in ran.err) == (11, True)


#: Options that ask something of a verdict.
ALONE = {
    "--policy-digest": f"sha256:{'0' * 64}",
    "--require-tier": "high",
    "--max-age": "7d",
    "--advisories": "verifier/advisories.yaml",
    "--as": "acme/models/tiny",
}


@pytest.mark.parametrize("option", ALONE)
def test_what_belongs_to_a_verdict(here, option):
    ran = here("verify", "model", "--public-key", "release.pub", option, ALONE[option])
    assert (ran.code, ran.out) == (2, "")
    assert f"{option}: belongs to --verdict [usage]" in ran.err
    assert "  add --verdict FILE, or leave it out\n" in ran.err


@pytest.mark.parametrize(
    "options", [("--evidence", "evidence"), ("--depth", "0")], ids=" ".join
)
def test_a_verdict_stands_in_for_evidence(world, here, options):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    ran = here(*rely(world), *options)
    assert (ran.code, ran.out) == (2, "")
    assert f"{options[0]}: does not go with --verdict" in ran.err
    assert "or leave out --verdict to have the lineage verified\n" in ran.err


def test_a_verdict_is_worth_what_its_policy_is(world, here):
    ran = here("verify", "model", "--verdict", V, "--signers", "gates.yaml")
    assert (ran.code, "[policy-digest-missing]" in ran.err) == (2, True)
    assert "policy.lock" in ran.err


def test_somebody_must_be_believed(world, here):
    words = ("--verdict", V, "--policy-digest", policy_digest(world))
    ran = here("verify", "model", *words)
    assert (ran.code, "[signers-missing]" in ran.err) == (2, True)


@pytest.mark.parametrize("age", ["7", "0d", "-1d", "7w", "1.5d", "123456d", "7d "])
def test_what_is_no_length_of_time(world, here, age):
    ran = here(*rely(world, "--max-age", age))
    assert (ran.code, ran.out) == (2, "")
    assert "[time-malformed]" in ran.err


def test_a_verdict_that_is_not_there(world, here):
    ran = here(*rely(world))
    assert (ran.code, "[path-missing]" in ran.err) == (1, True)


def test_a_verdict_inside_of_the_artifact_is_part_of_it(world, here):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    shutil.copy(world.folder / V, world.model / "v.json")
    ran = here(*rely(world, "--verdict", "model/v.json"))
    assert (ran.code, ran.out) == (2, "")
    assert "[verdict-inside-artifact]" in ran.err


def test_signers_inside_of_the_artifact_are_the_suppliers_own(world, here):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    shutil.copy(world.folder / "gates.yaml", world.model / "gates.yaml")
    assert here(*rely(world, "--signers", "model/gates.yaml")).code == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "bundle-malformed"),
        ("[1]", "bundle-malformed"),
        ("{}", "bundle-unsupported"),
    ],
    ids=repr,
)
def test_what_is_no_bundle(world, here, text, reason):
    (world.folder / V).write_text(text)
    ran = here(*rely(world))
    assert (ran.code, ran.out) == (11, "")
    assert f"[{reason}]" in ran.err


def test_what_lists_no_advisories(world, here):
    assert here(*GATE, *ATTEST, *KEY).code == 0
    for name, code in (("gone.yaml", 1), ("verifier/policy.yaml", 2)):
        ran = here(*rely(world, "--advisories", name))
        assert (ran.code, ran.out) == (code, "")
