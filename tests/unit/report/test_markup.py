"""Foreign text in each kind of markup: the same words, and no meaning."""

from __future__ import annotations

import json

import pytest
from defusedxml.ElementTree import fromstring
from hostile_verdicts import TEXTS, require_visible
from hypothesis import given

from aibom.report.markup import (
    github_data,
    github_property,
    markdown_text,
    sarif_text,
    xml_text,
)
from aibom.report.text import escape

MARKDOWN = {
    "a cell": ("a | b", "a \\| b"),
    "a link": ("[a](b)", "\\[a\\](b)"),
    "an image": ("![a](b)", "\\!\\[a\\](b)"),
    "code": ("`a`", "\\`a\\`"),
    "HTML": ("<b>&", "&lt;b&gt;&amp;"),
    "a mention": ("@acme", "<span>@</span>acme"),
    "an issue": ("a/b#1", "a/b<span>#</span>1"),
    "an address": ("https://a.b", "https:\\//a.b"),
    "another address": ("www.a.b WWW.c", "www\\.a.b WWW\\.c"),
    "a line": ("a\n# b", "a\\\\x0a<span>#</span> b"),
    "emphasis": ("*a* _b_ ~~c~~", "\\*a\\* \\_b\\_ \\~\\~c\\~\\~"),
    "plain": ("acme/labels v1.2 (x-y): 3", "acme/labels v1.2 (x-y): 3"),
}


@pytest.mark.parametrize(("text", "shown"), MARKDOWN.values(), ids=MARKDOWN)
def test_markdown(text, shown):
    assert markdown_text(text) == shown


SARIF = {
    "a link": ("[x](https://evil)", "\\[x\\](https://evil)"),
    "a link, half escaped": ("\\[x\\](y)", "\\\\\\[x\\\\\\](y)"),
    "a placeholder": ("{0} {12} {x} {}", "{{0}} {{12}} {x} {}"),
    "a line": ("a\nb", "a\\\\x0ab"),
    "plain": ("acme/labels <b> *", "acme/labels <b> *"),
}


@pytest.mark.parametrize(("text", "shown"), SARIF.values(), ids=SARIF)
def test_sarif(text, shown):
    assert sarif_text(text) == shown


XML = {
    "an element": ("</a><b c='d'>", "&lt;/a&gt;&lt;b c='d'&gt;"),
    "the end of a value": ('"', "&quot;"),
    "a reference": ("&lt;", "&amp;lt;"),
    "not allowed in XML 1.0": ("\x00\x0b\ufffe", "\\x00\\x0b\\u{fffe}"),
    "an order to a runner": ("##[x]", "#\\x23[x]"),
}


@pytest.mark.parametrize(("text", "shown"), XML.values(), ids=XML)
def test_xml(text, shown):
    assert xml_text(text) == shown


@given(TEXTS)
def test_xml_comes_back(text):
    shown = xml_text(text)
    element = fromstring(f'<a b="{shown}">{shown}</a>')
    assert (element.text or "") == escape(text, 2000)
    assert element.get("b") == escape(text, 2000)


GITHUB = {
    "percent": ("%", "%25", "%25"),
    "an escape": ("%0A%3A", "%250A%253A", "%250A%253A"),
    "lines": ("a\r\nb", "a\\x0d\\x0ab", "a\\x0d\\x0ab"),
    "colon and comma": ("a:b,c", "a:b,c", "a%3Ab%2Cc"),
    "a command": ("::error::x", "\\x3a:error::x", "\\x3a%3Aerror%3A%3Ax"),
}


@pytest.mark.parametrize(("text", "data", "value"), GITHUB.values(), ids=GITHUB)
def test_github(text, data, value):
    assert github_data(text) == data
    assert github_property(text) == value


FUNCTIONS = (github_data, github_property, markdown_text, sarif_text, xml_text)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@given(text=TEXTS)
def test_one_visible_line(function, text):
    shown = function(text)
    require_visible(shown)
    assert "\n" not in shown
    json.dumps(shown, ensure_ascii=False).encode()
