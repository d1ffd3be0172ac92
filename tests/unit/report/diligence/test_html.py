"""The page: one file, nothing from outside, and hostile text stays text."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hostile_boms import LONG, TEXTS, hostile_bom

from aibom.operations.reporting.report import Asked, report_and_material
from aibom.report.diligence.drawing import draw_lineage
from aibom.report.diligence.html import MOST_ROWS, report_html
from aibom.report.diligence.markdown import report_markdown

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
#: Elements that close themselves.
VOID = frozenset({"meta", "input", "br", "path", "rect"})
#: Attributes that load something, or run it.
ACTIVE = re.compile(r"on\w+|src|srcset|action|formaction|data|poster|background|ping")


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.ids, self.scripts = [], [], [], []
        self._inside = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.elements.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        if tag not in VOID:
            self._inside.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data):
        if self._inside and self._inside[-1] == "script":
            self.scripts.append(data)
        elif not (self._inside and self._inside[-1] == "style"):
            self.texts.append(data)

    def all(self, tag):
        return [found for name, found in self.elements if name == tag]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    path = tmp_path_factory.mktemp("hostile") / "bom.json"
    path.write_text(json.dumps(hostile_bom()))
    return report_and_material(path, Asked(), NOW)


@pytest.fixture(scope="module")
def text(hostile):
    report, material = hostile
    return report_html(report, draw_lineage(material)).decode()


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_the_only_script_is_ours_and_the_policy_names_it(page, text):
    assert len(page.all("script")) == 1
    assert page.all("script")[0] == {}
    assert "alert" not in "".join(page.scripts)
    (policy,) = [m for m in page.all("meta") if "http-equiv" in m]
    assert "default-src 'none'" in policy["content"]
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", policy["content"])
    assert text.index("Content-Security-Policy") < text.index("<script")


def test_nothing_is_loaded_and_every_link_stays_in_the_page(page):
    for tag, found in page.elements:
        assert tag not in ("img", "iframe", "object", "embed", "link", "base", "form")
        for name, value in found.items():
            # Our own `data-…` are names of their own, which load nothing.
            assert not ACTIVE.fullmatch(name), (tag, name)
            if name in ("href", "xlink:href"):
                assert value.startswith("#")


def test_every_link_leads_somewhere_and_ids_stand_once(page):
    assert len(page.ids) == len(set(page.ids))
    targets = {found["href"][1:] for found in page.all("a") if "href" in found}
    assert targets <= set(page.ids)


def test_what_cannot_be_seen_is_made_visible(text):
    for character in set(text) - {"\n"}:
        category = unicodedata.category(character)
        # Isolates are ours: they keep names from moving what stands beside them.
        assert category not in ("Cc", "Cs", "Co") or character == "\t", hex(
            ord(character)
        )
        if category == "Cf":
            assert character in "\u2068\u2069"


def test_every_trick_is_told_as_text(page):
    whole = "".join(page.texts)
    assert "<script>document.title='pwned'</script>" in whole
    assert "<img src=x onerror=y>" in whole
    assert "safe\\u{202e}txt.exe" in whole
    assert "a\\x00b" in whole
    assert "javascript:alert(1)" in whole


def test_a_long_text_is_cut_and_the_whole_is_folded(page):
    whole = "".join(page.texts)
    assert f"{len(LONG):,} characters" in whole
    assert LONG in whole
    assert len(page.all("details")) > len(TEXTS)


def test_headings_labels_and_landmarks(page):
    names = [tag for tag, _ in page.elements]
    assert names.count("h1") == 1
    for landmark in ("header", "nav", "main", "footer"):
        assert names.count(landmark) == 1
    labelled = {found["for"] for found in page.all("label")}
    fields = {found["id"] for found in (*page.all("input"), *page.all("select"))}
    assert fields == labelled
    levels = [int(tag[1]) for tag in names if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    headed = sum(1 for found in page.all("th") if found.get("scope") == "col")
    assert headed > 20


def test_a_huge_table_is_cut_and_says_so(tmp_path):
    path = tmp_path / "bom.json"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "p"}},
        "components": [
            {
                "type": "data",
                "bom-ref": f"d{n}",
                "name": f"d{n}",
                "purl": f"pkg:generic/d{n}",
            }
            for n in range(MOST_ROWS + 50)
        ],
    }
    path.write_text(json.dumps(document))
    report, _ = report_and_material(path, Asked(profiles=()), NOW)
    page = Page(report_html(report).decode())
    assert "… and 50 more statements, in the JSON form." in "".join(page.texts)


def contrast(one, other):
    def light(colour):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [
            c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    *((name, f"{name}-ground") for name in ("proved", "signed", "stated", "missing")),
    ("conflicting", "conflicting-ground"),
    *(
        (name, ground)
        for name in ("ink", "soft", "accent")
        for ground in ("ground", "paper", "ask")
    ),
    ("alarm", "alarm-ground"),
]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_is_enough_for_text(text, scheme):
    blocks = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[scheme]))
    for one, other in PAIRS:
        assert contrast(colours[one], colours[other]) >= 4.5, (one, other)


def test_markdown_keeps_tricks_as_text(hostile):
    lines = report_markdown(hostile[0]).decode().split("\n")
    for line in lines:
        assert not line.lstrip().startswith(("<script", "<img", "::", "##["))
        # What is indented by four is code, in which nothing means anything.
        assert line.startswith("    ") or "](" not in line.replace("\\](", "")
    starts = ("#", "-", "|", "*", "    ", "Nothing", "…", "  -")
    foreign = [line for line in lines if line and not line.startswith(starts)]
    assert all(line[0].isupper() for line in foreign), foreign[:3]
