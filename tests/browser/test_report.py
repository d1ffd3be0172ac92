"""The due-diligence report in a real browser: quiet, by keyboard, hostile, on paper."""

from __future__ import annotations

import json
import struct
import time

import pytest
from hostile_boms import LONG, TEXTS, hostile_bom
from worlds import NOW, make_world

from aibom.operations.reporting.report import Asked, report_and_material
from aibom.report.diligence.drawing import draw_lineage
from aibom.report.diligence.html import report_html

PHONE, DESKTOP = (390, 844), (1280, 900)


def write(folder, bom, asked):
    report, material = report_and_material(bom, asked, NOW)
    page = folder / "report.html"
    page.write_bytes(report_html(report, draw_lineage(material)))
    return page


@pytest.fixture(scope="module")
def main(tmp_path_factory):
    folder = tmp_path_factory.mktemp("main")
    world = make_world(folder)
    asked = Asked(evidence=(world.evidence,), policy=world.verifier)
    return write(folder, world.bom, asked)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    bom = folder / "bom.json"
    bom.write_text(json.dumps(hostile_bom()))
    return write(folder, bom, Asked())


@pytest.fixture(params=["main", "hostile"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_leaves_the_file_and_nothing_complains(browser, page, size):
    browser.size(*size, phone=size is PHONE)
    browser.open(page)
    browser.run("document.getElementById('expand').click(); window.scrollTo(0, 1e6)")
    assert browser.requests() == [page.as_uri()]
    assert browser.logs("browser") == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_is_wider_than_the_screen(browser, page, size):
    browser.size(*size, phone=size is PHONE)
    browser.open(page)
    browser.run("document.getElementById('expand').click()")
    wide = browser.run("return document.documentElement.scrollWidth")
    assert wide <= size[0]


def test_folding_by_keyboard(browser, main):
    browser.size(*DESKTOP)
    browser.open(main)
    browser.run("document.querySelector('article.answer summary').focus()")
    is_open = "return document.querySelector('article.answer details').open"
    assert browser.run(is_open) is False
    browser.press("enter")
    assert browser.run(is_open) is True
    browser.press("space")
    assert browser.run(is_open) is False


def test_expand_and_collapse_all_by_keyboard(browser, main):
    browser.size(*DESKTOP)
    browser.open(main)
    count = "return document.querySelectorAll('details.more:not([open])').length"
    total = "return document.querySelectorAll('details.more').length"
    browser.run("document.getElementById('expand').focus()")
    browser.press("enter")
    assert browser.run(count) == 0
    browser.press("tab", "enter")
    assert browser.run(count) == browser.run(total) > 10


def until(held):
    """Wait for what a page does by itself; ten seconds are for a loaded machine."""
    ends = time.monotonic() + 10
    while not held():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.05)


def visible(browser, what):
    return browser.run(
        "return Array.from(document.querySelectorAll(arguments[0]))"
        ".filter(one => one.offsetParent !== null).map(one => one.id)",
        what,
    )


def test_search_by_keyboard(browser, main):
    browser.size(*DESKTOP)
    browser.open(main)
    every = visible(browser, "article.answer")
    browser.press("/")
    assert browser.run("return document.activeElement.id") == "search"
    browser.type("labeler")
    found = visible(browser, "article.answer")
    assert "labelling-governance.labelers" in found
    assert "rollback.target-proved" not in found
    # What matches stands in a fold, and is shown.
    opened = browser.run(
        "return document.getElementById('labelling-governance.labelers')"
        ".querySelector('details').open"
    )
    assert opened is True
    assert "found" in browser.run("return document.getElementById('hits').textContent")
    browser.press("escape")
    assert visible(browser, "article.answer") == every


def test_only_answers_of_one_status(browser, main):
    browser.size(*DESKTOP)
    browser.open(main)
    browser.run(
        "const s = document.getElementById('filter'); s.value = 'proved';"
        "s.dispatchEvent(new Event('change'))"
    )
    found = visible(browser, "article.answer")
    assert set(found) == {
        *("model-supply-chain.vouched", "model-supply-chain.closed-lineage"),
        *("integrity.bom-signature", "incident-evidence.traceable"),
    }


def test_from_the_picture_to_what_is_known(browser, main):
    browser.size(*DESKTOP)
    browser.open(main)
    browser.run("document.querySelector('svg a').focus()")
    browser.press("enter")
    target = browser.run("return location.hash.slice(1)")
    assert target.startswith("node-")
    unfolded = (
        "const one = document.getElementById(arguments[0]);"
        "return one.open && one.closest('details.parts').open"
    )
    # The page learns of its new place a moment after the address has changed.
    until(lambda: browser.run(unfolded, target) is True)


def test_it_can_be_read_without_script(browser, main):
    browser.size(*DESKTOP)
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(main)
        shown = browser.run(
            "return [document.getElementById('tools').offsetParent === null,"
            "document.getElementById('questions').innerText]"
        )
    finally:
        browser.devtools("Emulation.setScriptExecutionDisabled", value=False)
    assert shown[0] is True
    assert "Data provenance" in shown[1]


def test_hostile_names_are_text(browser, hostile):
    browser.size(*DESKTOP)
    browser.open(hostile)
    assert browser.run("return document.title").startswith("Due diligence: ")
    assert browser.run("return document.scripts.length") == 1
    assert browser.run("return document.images.length") == 0
    text = browser.run("return document.body.textContent")
    assert "<script>alert(1)</script>" in text
    assert "safe\\u{202e}txt.exe" in text
    assert LONG in text
    assert "\u202e" not in text
    whole = browser.run(
        "return document.querySelectorAll('details.whole:not([open])').length"
    )
    assert whole > len([one for one in TEXTS if len(one) > 480])


def test_it_prints(browser, page):
    browser.size(*DESKTOP)
    browser.open(page)
    data = browser.pdf()
    assert data.startswith(b"%PDF-")
    assert data.count(b"/Type /Page\n") >= 4
    # A4, in points.
    assert (
        b"/MediaBox [0 0 594.95996 841.91998]" in data or b"/MediaBox [0 0 595" in data
    )
    assert browser.logs("browser") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_screens(browser, main, size, scheme):
    browser.size(*size, phone=size is PHONE)
    browser.open(main)
    browser.colours(scheme)
    image = browser.screenshot()
    ground = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.colours("light")
    assert struct.unpack(">II", image[16:24]) == size
    assert ground == {"light": "rgb(251, 250, 248)", "dark": "rgb(20, 23, 27)"}[scheme]


def test_labels_for_who_hears_the_page(browser, main):
    browser.size(*DESKTOP)
    browser.open(main)
    tree = browser.devtools("Accessibility.getFullAXTree")["nodes"]
    roles = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree]
    for role, name in (
        ("searchbox", "Search"),
        ("navigation", "In this report"),
        ("region", "The seven questions"),
        ("button", "Expand all"),
        ("main", ""),
    ):
        assert any(r == role and name in n for r, n in roles), (role, name)
    unnamed = [r for r, n in roles if r in ("button", "link", "searchbox") and not n]
    assert unnamed == []
