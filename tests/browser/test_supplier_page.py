"""The questionnaire as a page, in a real browser: answered, saved, and read back."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from chromium import Browser
from supplier_world import imported, questions_of
from worlds import NOW, World, make_world

from aibom.operations.reporting.report import Asked
from aibom.operations.suppliers.html import html_form
from aibom.operations.suppliers.request import request_answers

HOSTILE = "</script><script>alert(1)</script>\u202e<img src=x onerror=alert(1)>"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
FILL = """
for (const set of document.querySelectorAll("fieldset")) {
  set.querySelector("[name=answer]").value = "Ours: \\"yes\\"\\nand <b>no</b>";
  set.querySelector("[name=since]").value = "2026-01-01";
  set.querySelector("[name=evidence]").value = "a letter.pdf sha256:" + "D".repeat(64);
}
document.querySelector("button").focus();
"""
WAITS, SHORT = 1200, 0.1


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("page"))


@pytest.fixture
def page(world: World) -> Path:
    path = world.root / "questions.html"
    path.write_bytes(html_form(questions_of(world)))
    return path


def errors(browser: Browser) -> list[Any]:
    return [one for one in browser.logs("browser") if one["level"] == "SEVERE"]


def saved(folder: Path) -> Path:
    path = folder / "answers.json"
    for _ in range(WAITS):
        if path.is_file() and path.stat().st_size:
            return path
        time.sleep(SHORT)
    raise AssertionError("nothing was saved")


def test_what_is_answered_by_keyboard_comes_back(
    browser: Browser, world: World, page: Path, tmp_path: Path
) -> None:
    browser.devtools(
        "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path)
    )
    browser.open(page)
    browser.run(FILL)
    browser.press("enter")
    path = saved(tmp_path)
    assert "Nothing was sent" in browser.run("return document.body.innerText")
    assert errors(browser) == []
    assert {url.partition(":")[0] for url in browser.requests()} <= {"file", "blob"}
    done = imported(world, path)
    assert {a.id for a in done.given.answers} == {
        q.id for q in questions_of(world).questions
    }
    for answer in done.given.answers:
        assert answer.text == 'Ours: "yes"\nand <b>no</b>'
        assert answer.evidence == (("a letter.pdf", "d" * 64),)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_hostile_names_are_text_and_nothing_is_wider_than_the_screen(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"type": "machine-learning-model", "name": HOSTILE}},
        "components": [{"type": "data", "name": "x" * 10_000}],
    }
    bom = tmp_path / "bom.json"
    bom.write_text(json.dumps(document), "utf-8")
    path = tmp_path / "q.html"
    request_answers(bom, path, Asked(), NOW)
    browser.size(*size)
    browser.open(path)
    assert errors(browser) == []
    assert browser.run("return document.images.length") == 0
    assert "<script>alert(1)" in browser.run("return document.body.innerText")
    wide = browser.run("return document.documentElement.scrollWidth")
    assert wide <= size[0]
    assert {url.partition(":")[0] for url in browser.requests()} == {"file"}


def test_without_script_everything_can_be_read(
    browser: Browser, world: World, page: Path
) -> None:
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
        assert len(browser.pdf()) > 10_000
        found = browser.devtools("DOM.getDocument", depth=0)
        whole = browser.devtools("DOM.getOuterHTML", nodeId=found["root"]["nodeId"])
    finally:
        browser.devtools("Emulation.setScriptExecutionDisabled", value=False)
    assert whole["outerHTML"].count("<fieldset>") == len(questions_of(world).questions)
