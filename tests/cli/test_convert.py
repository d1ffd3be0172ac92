"""`aibom convert`: data on stdout or in files, losses on stderr, codes of the table."""

from __future__ import annotations

import csv
import json

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
