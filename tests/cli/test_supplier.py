"""`aibom supplier` and `aibom evidence add` as people call them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_world import World, snapshot

REQUEST = ("supplier", "request", "model/aibom.cdx.json")
IMPORT = ("supplier", "import", "answers.yaml", "--received", "2026-01-02")


def answered(world: World, name: str = "answers.yaml") -> Path:
    """The questionnaire, with one answer in it."""
    document = yaml.safe_load((world.folder / "q.yaml").read_text("utf-8"))
    entry = next(e for e in document["questions"] if e["id"].startswith("identity.v"))
    entry.update(answer="It is 1.2.", exact="1.2")
    path = world.folder / name
    path.write_text(yaml.safe_dump(document), "utf-8")
    return path


def test_the_way_of_a_question(world: World, here: Any) -> None:
    asked = here(*REQUEST, "-o", "q.yaml")
    assert (asked.code, asked.out) == (0, "q.yaml\n")
    assert "questions: " in asked.err
    answered(world)
    done = here(*IMPORT, "--from", "org:Acme", "-o", "answers")
    assert done.code == 0
    assert "answers: 1 of" in done.err
    assert "aibom sign" in done.err
    statement = json.loads((world.folder / done.out.strip()).read_bytes())
    assert statement["predicate"]["from"] == "org:Acme"
    assert statement["predicate"]["answers"][0]["exact"] == "1.2"


def test_what_was_imported_can_be_signed(world: World, here: Any) -> None:
    here(*REQUEST, "-o", "q.yaml")
    answered(world)
    done = here(*IMPORT, "--from", "org:Acme", "-o", "answers")
    assert here("keygen", "acme", "--no-password").code == 0
    signed = here("sign", done.out.strip(), "--key", "acme.key")
    assert signed.code == 0
    assert signed.out.strip().endswith(".sigstore.json")


@pytest.mark.parametrize("ending", ["xlsx", "yaml", "html"])
def test_every_form(world: World, here: Any, ending: str) -> None:
    done = here(*REQUEST, "--all", "-o", f"q.{ending}")
    assert done.code == 0
    assert (world.folder / f"q.{ending}").stat().st_size > 1000


def test_with_evidence_less_is_left_to_ask(world: World, here: Any) -> None:
    def count(*words: str) -> int:
        done = here(*REQUEST, "-o", "q.yaml", *words)
        assert done.code == 0
        (world.folder / "q.yaml").unlink()
        return int(done.err.split()[1].rstrip(","))

    given = ("--evidence", "evidence", "--policy", "verifier")
    assert count(*given) < count()
    assert count(*given, "--all") > count(*given)


def test_the_product_that_is_meant(world: World, here: Any) -> None:
    here(*REQUEST, "-o", "q.yaml")
    answered(world)
    words = (*IMPORT, "--from", "Acme", "-o", "answers", "--about")
    assert here(*words, "model").code == 0
    assert here(*words, "model/aibom.cdx.json").code == 0
    other = here(*words, f"sha256:{'0' * 64}")
    assert (other.code, "[answers-about-another]" in other.err) == (1, True)


def test_files_that_are_named(world: World, here: Any) -> None:
    here(*REQUEST, "-o", "q.yaml")
    path = answered(world)
    document = yaml.safe_load(path.read_text("utf-8"))
    entry = next(e for e in document["questions"] if e["answer"])
    (world.folder / "letter.txt").write_text("We promise.")
    entry["evidence"] = [
        {"name": "letter.txt"},
        {"name": "contract.pdf", "sha256": "0" * 64},
    ]
    path.write_text(yaml.safe_dump(document), "utf-8")
    done = here(*IMPORT, "--from", "Acme", "-o", "answers")
    assert "compared with its digest: letter.txt" in done.err
    assert "not here, only its digest: contract.pdf" in done.err


REFUSED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no such bom": (("supplier", "request", "x", "-o", "q.yaml"), 1, "path-missing"),
    "a folder": (("supplier", "request", "model", "-o", "q.yaml"), 2, "usage"),
    "no form": ((*REQUEST, "-o", "q.doc"), 2, "questions-format-unknown"),
    "no output": (REQUEST, 2, "usage"),
    "no answers": (
        ("supplier", "import", "x", "--from", "A", "--received", "2026-01-02"),
        1,
        "path-missing",
    ),
    "nobody": ((*IMPORT,), 2, "usage"),
    "no organisation": (
        (*IMPORT, "--from", "software:x"),
        2,
        "supplier-not-an-organisation",
    ),
    "no day": (
        ("supplier", "import", "x", "--from", "A", "--received", "soon"),
        2,
        "time-malformed",
    ),
    "no evidence": (
        ("evidence", "add", "x.pdf", "--about", "model", "--from", "Acme"),
        1,
        "path-missing",
    ),
    "half a digest": (
        ("evidence", "add", "x.pdf", "--about", "sha256:0", "--from", "Acme"),
        2,
        "digest-malformed",
    ),
}


@pytest.mark.parametrize(("words", "code", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(
    here: Any, words: tuple[str, ...], code: int, reason: str
) -> None:
    done = here(*words)
    assert (done.code, f"[{reason}]" in done.err) == (code, True)
    assert done.out == ""


def test_what_was_filled_in_is_not_overwritten(world: World, here: Any) -> None:
    here(*REQUEST, "-o", "q.yaml")
    path = answered(world, "q.yaml")
    (world.folder / "link.yaml").symlink_to("q.yaml")
    before = path.read_bytes()
    for name in ("q.yaml", "link.yaml"):
        done = here(*REQUEST, "-o", name)
        assert (done.code, done.out) == (1, "")
        assert "[file-exists]" in done.err
        assert "name another file, or move the old one away" in done.err
        assert path.read_bytes() == before


def test_questions_are_not_written_into_the_artifact(world: World, here: Any) -> None:
    (world.folder / "linked.json").symlink_to("model/aibom.cdx.json")
    before = snapshot(world.folder)
    for bom in ("model/aibom.cdx.json", "linked.json"):
        done = here("supplier", "request", bom, "-o", "model/q.xlsx")
        assert (done.code, "[output-inside-artifact]" in done.err) == (2, True)
    assert snapshot(world.folder) == before


@pytest.mark.parametrize("place", ["model", "model/evidence", "link"])
def test_evidence_is_not_put_into_an_artifact(
    world: World, here: Any, place: str
) -> None:
    here(*REQUEST, "-o", "q.yaml")
    answered(world)
    (world.folder / "link").symlink_to("model")
    before = snapshot(world.folder)
    done = here(*IMPORT, "--from", "Acme", "-o", place)
    assert (done.code, "[output-inside-artifact]" in done.err) == (2, True)
    added = here(
        *("evidence", "add", "q.yaml", "--about", "model", "--from", "Acme"),
        *("-o", place),
    )
    assert (added.code, "[output-inside-artifact]" in added.err) == (2, True)
    assert snapshot(world.folder) == before


def test_a_bom_without_its_files_makes_no_artifact(world: World, here: Any) -> None:
    here(*REQUEST, "-o", "q.yaml")
    answered(world)
    kept = world.folder / "upstream"
    kept.mkdir()
    (kept / "aibom.cdx.json").write_bytes(world.bom.read_bytes())
    assert here(*IMPORT, "--from", "Acme", "-o", "upstream").code == 0
    (kept / "aibom.cdx.json").write_text("{")
    done = here(*IMPORT, "--from", "Acme", "-o", "upstream")
    assert (done.code, "[output-inside-artifact]" in done.err) == (2, True)


def test_what_people_get_wrong_is_told_at_its_place(world: World, here: Any) -> None:
    here(*REQUEST, "-o", "q.yaml")
    path = answered(world)
    text = path.read_text("utf-8").replace("answer: It is 1.2.", "answer: 1.2")
    path.write_text(text, "utf-8")
    done = here(*IMPORT, "--from", "Acme")
    assert done.code == 12
    assert "identity.version@" in done.err
    assert "put it in quotes" in done.err
    assert not (world.folder / "evidence/documents").exists()


def test_a_document_is_kept(world: World, here: Any) -> None:
    (world.folder / "report.pdf").write_bytes(b"%PDF-1.7")
    words = ("evidence", "add", "report.pdf", "--about", "model", "--from", "Acme")
    done = here(*words, "--received", "2026-01-02", "-o", "kept")
    assert done.code == 0
    file, statement = done.out.splitlines()
    assert file.endswith(".pdf")
    predicate = json.loads((world.folder / statement).read_bytes())["predicate"]
    assert predicate["from"] == "org:Acme"
    assert predicate["received"] == "2026-01-02"
    assert here(*words, "--name", "acme/other", "-o", "kept").code == 0


def test_what_was_not_read_is_told(world: World, here: Any) -> None:
    here(*REQUEST, "-o", "q.yaml")
    path = answered(world)
    document = yaml.safe_load(path.read_text("utf-8"))
    first, second = document["questions"][:2]
    first.update(answer="See attachment.", exact="")
    second["known"] = "Acme GmbH"
    path.write_text(yaml.safe_dump(document), "utf-8")
    done = here(*IMPORT, "--from", "Acme", "-o", "answers")
    assert done.code == 0
    assert f"points to a file that it does not name: {first['id']}" in done.err
    assert f"{second['id']}, known, which was changed" in done.err
