"""``aibom show`` as a picture."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET

import pytest

BEGINS = {
    "svg": "<svg ",
    "html": "<!DOCTYPE html>",
    "mermaid": "flowchart TB\n",
    "dot": "digraph lineage {\n",
    "json": '{"',
}


@pytest.mark.parametrize(("shape", "start"), BEGINS.items(), ids=BEGINS)
def test_each_format(world, here, shape, start):
    ran = here("show", "model", "--format", shape)
    assert ran.code == 0
    assert ran.out.startswith(start)
    to_file = here("show", "model/aibom.cdx.json", "--format", shape, "-o", "out")
    assert (to_file.code, to_file.out) == (0, "")
    assert (world.folder / "out").read_text("utf-8") == ran.out


def test_the_tree_is_what_it_was(world, here):
    tree = here("show", "model").out
    assert tree == here("show", "model", "--format", "tree").out
    here("show", "model", "-o", "tree.txt")
    assert (world.folder / "tree.txt").read_text("utf-8") == tree


def test_the_blocking_path_of_a_verdict(world, here):
    shutil.rmtree(world.folder / "evidence")
    gate = here(
        *("gate", "model", "--policy", "verifier"), "--output", "json=verdict.json"
    )
    assert gate.code != 0
    verdict = json.loads((world.folder / "verdict.json").read_text())
    assert any(result["blocks"] for result in verdict["results"])
    ran = here("show", "model", "--format", "svg", "--path", "verdict.json")
    assert ran.code == 0, ran.err
    ET.fromstring(ran.out)
    assert 'class="badge"' in ran.out
    assert "train: ✖ blocks: open-lineage" in ran.out
    alone = here("show", "model", "--format", "svg").out
    for word in ('class="badge"', "✖", "the path that blocks"):
        assert (word in ran.out, word in alone) == (True, False)
    for shape in ("html", "mermaid", "dot"):
        told = here("show", "model", "--format", shape, "--path", "verdict.json").out
        assert "open-lineage" in told


def test_a_page_has_drawings_for_a_phone_and_for_paper(here):
    page = here("show", "model", "--format", "html").out
    for form in ("wide", "narrow", "paper"):
        assert f'class="lineage {form}" role="img"' in page
    alone = here("show", "model", "--format", "svg").out
    assert alone.count("<svg ") == 1


def about_another(world):
    here = world.folder / "verdict.json"
    digest = "tree-sha256:" + "0" * 64
    here.write_text(
        json.dumps(
            {
                "apiVersion": "aibom/verdict/v1",
                "artifact": {"digest": digest, "name": "x"},
                "results": [],
            }
        )
    )


def no_verdict(world):
    (world.folder / "verdict.json").write_text("{}")


def nothing(world):
    """As it is."""


ENDINGS = {".SVG": "svg", ".html": "html", ".mmd": "mermaid", ".dot": "dot"}


@pytest.mark.parametrize(("end", "shape"), ENDINGS.items(), ids=ENDINGS)
def test_the_ending_says_which_picture(world, here, end, shape):
    assert here("show", "model", "-o", f"x{end}").code == 0
    found = (world.folder / f"x{end}").read_text("utf-8")
    assert found == here("show", "model", "--format", shape).out
    assert here("show", "model", "--format", "json", "-o", f"x{end}").code == 0
    assert (world.folder / f"x{end}").read_text("utf-8").startswith('{"')


@pytest.mark.parametrize("bom", ["model", "model/aibom.cdx.json", "link"])
def test_it_is_not_drawn_over_the_bom(world, here, bom):
    (world.folder / "link").symlink_to("model/aibom.cdx.json")
    before = world.bom.read_bytes()
    for place in ("model/aibom.cdx.json", "link"):
        ran = here("show", bom, "-o", place)
        assert (ran.code, "[output-is-input]" in ran.err) == (2, True)
    ran = here("show", bom, "-o", "model/tree.txt")
    assert (ran.code, "[output-inside-artifact]" in ran.err) == (2, True)
    assert world.bom.read_bytes() == before
    assert not (world.model / "tree.txt").exists()


PATHED = ("show", "model", "--path", "verdict.json")
REFUSED = {
    "a verdict about another": (
        about_another,
        (*PATHED, "--format", "svg"),
        2,
        "verdict-other-artifact",
    ),
    "no verdict": (no_verdict, (*PATHED, "--format", "dot"), 12, "not-a-verdict"),
    "no file": (nothing, (*PATHED, "--format", "html"), 1, "path-missing"),
    "a path in the tree": (nothing, PATHED, 2, "path-not-drawn"),
    "a path in the document": (
        nothing,
        (*PATHED, "--format", "json"),
        2,
        "path-not-drawn",
    ),
    "into the artifact": (
        nothing,
        ("show", "model", "--format", "svg", "-o", "model/picture.svg"),
        2,
        "output-inside-artifact",
    ),
    "into a folder that is not there": (
        nothing,
        ("show", "model", "--format", "svg", "-o", "nowhere/x.svg"),
        1,
        "file-not-written",
    ),
}


@pytest.mark.parametrize(
    ("before", "words", "code", "reason"), REFUSED.values(), ids=REFUSED
)
def test_what_is_refused(world, here, before, words, code, reason):
    before(world)
    ran = here(*words)
    assert (ran.code, ran.out) == (code, "")
    assert f"[{reason}]" in ran.err
    assert not (world.model / "picture.svg").exists()
