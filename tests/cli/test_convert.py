"""`aibom convert`: data on stdout or in files, losses on stderr, codes of the table."""

from __future__ import annotations

import csv
import json
import subprocess
from base64 import b64decode

import pytest
from cli_world import snapshot

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.attest.keys import load_private
from aibom.attest.summary_statement import EXTENSION
from aibom.statement import to_json

BOM = "model/aibom.cdx.json"
WHEN = ("--created", "2026-01-31T08:00:00Z")


def test_the_document_goes_to_stdout_and_the_losses_to_stderr(here):
    ran = here("convert", BOM, "--to", "spdx-3.0.1", *WHEN)
    assert ran.code == 0
    assert json.loads(ran.out)["@context"].startswith("https://spdx.org/rdf/3.0.1/")
    assert "demanded there, not known here" in ran.err
    assert "builtTime 1" in ran.err
    assert "--losses FILE lists where" in ran.err


def test_files_are_written_and_named(here, world):
    words = ("-o", "out.csv", "--edges", "edges.csv", "--losses", "losses.json")
    ran = here("convert", "model", "--to", "csv", *words)
    assert (ran.code, ran.out) == (0, "out.csv\n")
    with (world.folder / "out.csv").open(newline="") as file:
        names = {row["value"] for row in csv.DictReader(file) if row["field"] == "name"}
    assert {"acme/models/tiny", "acme/data/tiny"} <= names
    with (world.folder / "edges.csv").open(newline="") as file:
        assert "training-data" in {row["role"] for row in csv.DictReader(file)}
    listed = json.loads((world.folder / "losses.json").read_text())
    assert listed["output"]["format"] == "csv"
    assert "second table" not in ran.err


def test_a_bom_in_the_other_version_is_still_ours(here):
    ran = here("convert", BOM, "--to", "cyclonedx-1.7", *WHEN, "-o", "new.json")
    assert ran.code == 0
    assert "nothing was lost" in ran.err
    assert here("validate", "new.json").code == 0
    cited = here("convert", "new.json", "--to", "cyclonedx-1.6", "-o", "old.json")
    assert "citations 1" in cited.err
    assert here("validate", "old.json").code == 0


def test_the_claims_of_a_verdict_are_put_into_the_bom(here, world):
    usual = ("--policy", "verifier", "--evidence", "evidence")
    checked = here("check", BOM, *usual, "--output", "declarations=claims.json")
    assert checked.code == 0, checked.err
    words = ("--declarations", "claims.json", "-o", "new.json")
    ran = here("convert", BOM, "--to", "cyclonedx-1.7", *WHEN, *words)
    assert ran.code == 0, ran.err
    assert here("validate", "new.json").code == 0
    document = json.loads((world.folder / "new.json").read_text())
    root = document["metadata"]["component"]["bom-ref"]
    targets = {claim["target"] for claim in document["declarations"]["claims"]}
    assert root in targets


REFUSALS = {
    "no-time": (("--to", "spdx-3.0.1"), 2, "created-unknown"),
    "malformed-time": (
        ("--to", "spdx-3.0.1", "--created", "yesterday"),
        2,
        "time-malformed",
    ),
    "edges-of-spdx": (
        ("--to", "spdx-3.0.1", *WHEN, "--edges", "e.csv"),
        2,
        "option-not-for-format",
    ),
    "nowhere": (("--to", "csv", "-o", "nowhere/x.csv"), 1, "file-not-written"),
}


def test_refusals_have_their_codes_and_write_nothing(here, world):
    before = sorted(path.name for path in world.folder.iterdir())
    for name, (words, code, reason) in REFUSALS.items():
        ran = here("convert", BOM, *words)
        assert (ran.code, ran.out) == (code, ""), name
        assert f"[{reason}]" in ran.err, name
    assert sorted(path.name for path in world.folder.iterdir()) == before


BESIDE = ("--to", "csv", "-o", "out.csv")
#: name → the words, and the reason
PLACES = {
    "over-the-bom": ((BOM, "--to", "csv", "-o", BOM), "output-is-input"),
    "over-it-by-a-link": ((BOM, "--to", "csv", "-o", "link"), "output-is-input"),
    "over-it-by-its-name": (("hard", "--to", "csv", "-o", BOM), "output-is-input"),
    "over-that-of-a-folder": (("model", "--to", "csv", "-o", BOM), "output-is-input"),
    "losses-over-it": ((BOM, *BESIDE, "--losses", "./" + BOM), "output-is-input"),
    "edges-over-it": ((BOM, *BESIDE, "--edges", "link"), "output-is-input"),
    "over-the-claims": (
        (BOM, "--to", "cyclonedx-1.7", "--declarations", "c.json", "-o", "./c.json"),
        "output-is-input",
    ),
    "edges-and-output": ((BOM, *BESIDE, "--edges", "./out.csv"), "output-place-twice"),
    "losses-and-output": ((BOM, *BESIDE, "--losses", "out.csv"), "output-place-twice"),
    "losses-and-edges": (
        (BOM, "--to", "csv", "--losses", "one", "--edges", "one"),
        "output-place-twice",
    ),
    "into-the-folder": (
        ("model", "--to", "csv", "-o", "model/things.csv"),
        "output-inside-artifact",
    ),
    "into-that-of-the-bom": (
        (BOM, "--to", "csv", "-o", "model/things.csv"),
        "output-inside-artifact",
    ),
    "losses-into-it": (
        ("link", *BESIDE, "--losses", "model/lost.json"),
        "output-inside-artifact",
    ),
}


@pytest.mark.parametrize(("words", "reason"), PLACES.values(), ids=PLACES)
def test_nothing_is_written_over_what_is_read(here, world, words, reason):
    (world.folder / "link").symlink_to(BOM)
    (world.folder / "hard").hardlink_to(world.folder / BOM)
    (world.folder / "c.json").write_text("{}")
    before = snapshot(world.folder)
    ran = here("convert", *words)
    assert (ran.code, ran.out) == (2, "")
    assert f"[{reason}]" in ran.err
    assert snapshot(world.folder) == before


def test_the_formats_are_told_where_none_is_named(here):
    ran = here("convert", "model", "-o", "f")
    assert (ran.code, ran.out) == (2, "")
    assert "Missing option '--to'. Choose from: spdx-3.0.1, cyclonedx-1.6" in ran.err
    assert "x09" not in ran.err


def test_what_is_no_document_is_12_and_the_old_output_stays(here, world):
    (world.folder / "bad.json").write_text("{")
    (world.folder / "out.csv").write_text("old")
    ran = here("convert", "bad.json", "--to", "csv", "-o", "out.csv")
    assert (ran.code, ran.out) == (12, "")
    assert (world.folder / "out.csv").read_text() == "old"


def test_what_a_document_says_cannot_paint_the_terminal(here, world):
    (world.folder / "bad.json").write_text(
        json.dumps(
            {
                "bomFormat": "CycloneDX",
                "specVersion": "1.6",
                "\x1b[31mred": 1,
                "metadata": {"component": {"type": "data", "name": "a"}},
            }
        )
    )
    ran = here("convert", "bad.json", "--to", "csv", "-o", "out.csv")
    assert ran.code == 0
    assert "\x1b" not in ran.err
    assert "\\x1b[31mred" in ran.err


# ── declarations of a signed verdict ────────────────────

VERIFIER = "https://acme.example/gate"
SIGNED = ("--declarations", "v.json", "--signers", "gates.yaml", *WHEN)
INTO = ("convert", BOM, "--to", "cyclonedx-1.7", "-o", "new.json")
JUDGE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
version = {"1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}[sys.argv[1]]
print(JsonStrictValidator(version).validate_str(sys.stdin.read()))
"""


def believe(world, **members):
    """Those whose verdicts are believed: the gate, and nobody else."""
    entry = {
        "name": "acme gate",
        "role": "verifier",
        "public_key": (world.folder / "gate.pub").read_text(),
        "predicates": ["verdict"],
        "namespaces": ["acme/models/*"],
        "verifier_id": VERIFIER,
        **members,
    }
    document = {"apiVersion": "aibom/signers/v1", "signers": [entry]}
    (world.folder / "gates.yaml").write_text(json.dumps(document))


@pytest.fixture
def verdict(world, here):
    """A signed verdict about the model, and its signer."""
    world.done("keygen", "gate", "--no-password")
    believe(world)
    usual = ("--policy", "verifier", "--evidence", "evidence", "--key", "gate.key")
    words = ("--attest", "v.json", "--verifier-id", VERIFIER)
    assert here("gate", "model", *usual, *words).code == 0
    return world.folder / "v.json"


def resigned(world, verdict, change):
    """The verdict with something else in it, signed by the same key."""
    statement = json.loads(parse_bundle(verdict.read_bytes(), "v.json").payload)
    change(statement)
    private = load_private((world.folder / "gate.key").read_bytes(), None, "gate.key")
    verdict.write_bytes(to_json(make_bundle(to_json(statement), private)))


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_a_signed_verdict_is_put_in_with_its_bundle(
    here, world, verdict, oracle_python, version
):
    ran = here(
        "convert", BOM, "--to", f"cyclonedx-{version}", *SIGNED, "-o", "new.json"
    )
    assert ran.code == 0, ran.err
    assert "the signed word of acme gate" in ran.err
    assert here("validate", "new.json").code == 0
    text = (world.folder / "new.json").read_text()
    document = json.loads(text)
    block = document["declarations"]
    (assessor,), (claim,), (proof,) = (
        block[key] for key in ("assessors", "claims", "evidence")
    )
    assert assessor["organization"] == {"name": "acme gate", "url": [VERIFIER]}
    assert claim["target"] == document["metadata"]["component"]["bom-ref"]
    assert claim["evidence"] == [proof["bom-ref"]]
    (mapped,) = block["attestations"][0]["map"]
    assert (mapped["conformance"]["score"], mapped["claims"]) == (1, [claim["bom-ref"]])
    attachment = proof["data"][0]["contents"]["attachment"]["content"]
    assert b64decode(attachment) == verdict.read_bytes()
    judged = subprocess.run(
        [str(oracle_python), "-c", JUDGE, version],
        input=text,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert judged.stdout == "None\n", judged


def test_a_signed_no_is_a_counter_claim(here, world, verdict):
    def refuse(statement):
        predicate = statement["predicate"]
        predicate["verificationResult"] = "FAILED"
        predicate["verifiedLevels"] = ["FAILED"]
        predicate[f"{EXTENSION}decision"] = "denied"
        predicate[f"{EXTENSION}reason"] = "policy-failed"
        predicate[f"{EXTENSION}exitCode"] = 10

    resigned(world, verdict, refuse)
    ran = here(*INTO, *SIGNED)
    assert ran.code == 0, ran.err
    block = json.loads((world.folder / "new.json").read_text())["declarations"]
    assert "counterEvidence" in block["claims"][0]
    (mapped,) = block["attestations"][0]["map"]
    assert mapped["conformance"]["score"] == 0
    assert (mapped["claims"], len(mapped["counterClaims"])) == ([], 1)


def another_artifact(statement):
    digest = statement["subject"][0]["digest"]["sha256"]
    text = json.dumps(statement).replace(digest, "1" * 64)
    statement.update(json.loads(text))


def another_verifier(statement):
    statement["predicate"]["verifier"]["id"] = "https://other.example/gate"


#: name → what is done first, the words, the exit code and its reason
UNSIGNED = {
    "nobody-believed": (None, SIGNED[:2], 2, "signers-missing"),
    "signers-of-nothing": (None, SIGNED[2:4], 2, "option-not-for-format"),
    "a-stranger": ({"namespaces": ["other/*"]}, SIGNED, 11, "namespace-not-allowed"),
    "no-verifier-of-ours": (
        {"verifier_id": "https://other.example/gate"},
        SIGNED,
        11,
        "verdict-other-verifier",
    ),
    "another-verifier": (another_verifier, SIGNED, 11, "verdict-other-verifier"),
    "another-artifact": (another_artifact, SIGNED, 1, "declarations-of-another"),
}


@pytest.mark.parametrize(
    ("before", "words", "code", "reason"), UNSIGNED.values(), ids=UNSIGNED
)
def test_a_verdict_that_is_not_believed_is_refused(
    here, world, verdict, before, words, code, reason
):
    if callable(before):
        resigned(world, verdict, before)
    elif before:
        believe(world, **before)
    ran = here(*INTO, *words)
    assert f"[{reason}]" in ran.err, ran.err
    assert (ran.code, (world.folder / "new.json").exists()) == (code, False)


def test_a_verdict_of_a_stranger_is_refused(here, world, verdict):
    world.done("keygen", "other", "--no-password")
    believe(world, public_key=(world.folder / "other.pub").read_text())
    ran = here(*INTO, *SIGNED)
    assert (ran.code, "[signer-not-allowed]" in ran.err) == (11, True)
    assert not (world.folder / "new.json").exists()


def test_a_verdict_that_was_changed_is_refused(here, world, verdict):
    document = json.loads(verdict.read_text())
    payload = document["dsseEnvelope"]["payload"]
    document["dsseEnvelope"]["payload"] = payload[:-8] + "AAAAAAA="
    verdict.write_text(json.dumps(document))
    ran = here(*INTO, *SIGNED)
    assert ran.code == 11, ran.err
    assert not (world.folder / "new.json").exists()


def test_signers_beside_what_nobody_signed_are_refused(here, world, verdict):
    usual = ("--policy", "verifier", "--evidence", "evidence")
    here("check", BOM, *usual, "--output", "declarations=claims.json")
    words = ("--declarations", "claims.json", "--signers", "gates.yaml")
    ran = here(*INTO, *words)
    assert (ran.code, "[option-not-for-format]" in ran.err) == (2, True)
    ran = here(*INTO, *words[:2])
    assert ran.code == 0
    assert "nobody signed the declarations" in ran.err
