"""``aibom report`` as people call it."""

from __future__ import annotations

import json

import pytest
from cli_world import snapshot

USUAL = ("--policy", "verifier", "--evidence", "evidence")


def test_a_report_on_a_bom_alone_lies_beside_it(world):
    world.bom.rename(world.folder / "supplier.cdx.json")
    ran = world.call("report", "supplier.cdx.json")
    assert ran.code == 0
    assert ran.out == ""
    page = (world.folder / "supplier.cdx.json.report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "0 proved" in ran.err


def test_it_leaves_the_artifact_alone(world):
    before = sorted(path.name for path in world.model.iterdir())
    ran = world.call("report", "model/aibom.cdx.json", *USUAL)
    assert ran.code == 0
    assert (world.folder / "model.report.html").exists()
    assert sorted(path.name for path in world.model.iterdir()) == before
    assert world.gate().code == 0


def test_json_to_stdout_is_data(world):
    words = ("--format", "json", "-o", "/dev/stdout")
    ran = world.call("report", "model/aibom.cdx.json", *USUAL, *words)
    document = json.loads(ran.out)
    assert document["apiVersion"] == "aibom/diligence-report/v1"
    assert document["counts"]["proved"] >= 3


def test_compare_with_an_earlier_report(world):
    base = ("report", "model/aibom.cdx.json", "--format", "json")
    world.done(*base, "-o", "old.json")
    world.done(*base, *USUAL, "--compare", "old.json", "-o", "new.json")
    changes = json.loads((world.folder / "new.json").read_text())["changes"]
    assert changes["against"].startswith("old.json")
    assert changes["changes"]


BEGINS = {"out.md": "# ", "out.json": "{", "out.HTML": "<!doctype", "out": "<!doctype"}


@pytest.mark.parametrize(("name", "start"), BEGINS.items(), ids=BEGINS)
def test_the_ending_says_which_form(world, here, name, start):
    assert here("report", "model/aibom.cdx.json", "-o", name).code == 0
    assert (world.folder / name).read_text("utf-8").startswith(start)
    words = ("--format", "json", "-o", name)
    assert here("report", "model/aibom.cdx.json", *words).code == 0
    assert (world.folder / name).read_text("utf-8").startswith("{")


def test_what_blocks_is_told(world, here):
    calm = here("report", "model/aibom.cdx.json", *USUAL, "-o", "a.json")
    assert len(calm.err.splitlines()) == 1
    words = ("--policy", "verifier", "-o", "b.json")
    ran = here("report", "model/aibom.cdx.json", *words)
    assert ran.code == 0
    found = json.loads((world.folder / "b.json").read_text())["findings"]
    rules = [one["rule"] for one in found if one["blocks"]]
    verb = "finding blocks" if len(rules) == 1 else "findings block"
    line = f"aibom: {len(rules)} {verb}: {', '.join(dict.fromkeys(rules))}"
    assert ran.err.splitlines()[1] == line
    assert "open-lineage" in line


def test_how_much_changed_is_told(world, here):
    base = ("report", "model/aibom.cdx.json")
    here(*base, "-o", "old.json")
    same = here(*base, "--compare", "old.json", "-o", "same.json")
    assert "aibom: 0 answers changed\n" in same.err
    ran = here(*base, *USUAL, "--compare", "old.json", "-o", "new.json")
    changes = json.loads((world.folder / "new.json").read_text())["changes"]["changes"]
    assert len(changes) > 1
    assert f"aibom: {len(changes)} answers changed\n" in ran.err


@pytest.mark.parametrize("place", ["old.json", "link.json", "linked.cdx.json"])
def test_nothing_that_is_read_is_overwritten(world, here, place):
    base = ("report", "model/aibom.cdx.json")
    here(*base, "-o", "old.json")
    (world.folder / "link.json").symlink_to("old.json")
    (world.folder / "linked.cdx.json").hardlink_to(world.bom)
    before = snapshot(world.folder)
    ran = here(*base, "--compare", "old.json", "-o", place)
    assert (ran.code, "[output-is-input]" in ran.err) == (2, True)
    assert snapshot(world.folder) == before


@pytest.mark.parametrize("form", ["html", "markdown", "json"])
def test_the_time_is_passed_in(world, form):
    words = ("--effective-time", "2999-01-01", "--format", form, "-o", "out")
    ran = world.call("report", "model/aibom.cdx.json", *words)
    assert ran.code == 0
    text = (world.folder / "out").read_text()
    assert "2999-01-01T00:00:00Z" in text
    assert "effective-time=2999-01-01" in text


def test_a_conflict_is_told_and_is_no_failure(world):
    for path in (world.folder / "evidence").glob("*.sigstore.json"):
        bundle = json.loads(path.read_text())
        bundle["dsseEnvelope"]["payload"] = "e30="
        path.write_text(json.dumps(bundle))
    ran = world.call("report", "model/aibom.cdx.json", *USUAL)
    assert ran.code == 0
    assert "conflict: verification:" in ran.err


def test_the_artifact_is_read_where_it_is_given(world):
    words = ("--artifact", "model", "--format", "json", "-o", "out.json")
    world.done("report", "model/aibom.cdx.json", *words)
    found = json.loads((world.folder / "out.json").read_text())
    answers = {one["id"]: one["status"] for one in found["answers"]}
    assert answers["identity.digest"] == "proved"


def test_an_artifact_of_other_bytes_is_told_and_is_no_failure(world):
    (world.model / "extra.bin").write_bytes(b"new")
    ran = world.call("report", "model/aibom.cdx.json", "--artifact", "model")
    assert ran.code == 0
    assert "conflict: artifact model: what is there is tree-sha256:" in ran.err
    assert "extra.bin" in ran.err
    assert (world.folder / "model.report.html").exists()


CODES = {
    "missing": (("none.json",), 1, "path-missing"),
    "folder": (("model",), 2, "usage"),
    "no-json": (("data/a.txt",), 12, "document-unreadable"),
    "past": (
        ("model/aibom.cdx.json", "--effective-time", "2020-01-01"),
        2,
        "effective-time-past",
    ),
    "form": (("model/aibom.cdx.json", "--format", "pdf"), 2, "usage"),
    "inside": (("model/aibom.cdx.json", "-o", "model/x"), 2, "output-inside-artifact"),
    "input": (
        ("model/aibom.cdx.json", "-o", "model/aibom.cdx.json"),
        2,
        "output-is-input",
    ),
    "no-artifact": (
        ("model/aibom.cdx.json", "--artifact", "none"),
        1,
        "path-missing",
    ),
    "inside-the-artifact": (
        ("data/a.txt", "--artifact", "data", "-o", "data/x"),
        2,
        "output-inside-artifact",
    ),
    "is-the-artifact": (
        ("model/aibom.cdx.json", "--artifact", "data/a.txt", "-o", "data/a.txt"),
        2,
        "output-inside-artifact",
    ),
    "profile": (("model/aibom.cdx.json", "--profile", "x"), 2, "profile-unknown"),
    "compare": (
        ("model/aibom.cdx.json", "--compare", "model/aibom.cdx.json"),
        12,
        "not-a-report",
    ),
}


@pytest.mark.parametrize("case", CODES.values(), ids=CODES)
def test_exit_codes(world, case):
    words, code, reason = case
    ran = world.call("report", *words)
    assert (ran.code, f"[{reason}]" in ran.err) == (code, True), ran.err
    assert not list(world.folder.glob("*.report.*"))
