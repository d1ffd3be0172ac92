"""A picture as one self-contained HTML page: the drawing, and what is known of each.

Everything can be read without script; a little of it finds names and shows what is
joined to what. The page may load nothing and send nothing (its content security policy
allows just this style and this script, by their digests).
"""

from __future__ import annotations

import base64
import hashlib

from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph
from aibom.report.markup import xml_text
from aibom.report.picture.details import details_of
from aibom.report.picture.labels import anchor, told_xml
from aibom.report.picture.model import Picture
from aibom.report.picture.pages import draw_every
from aibom.report.picture.script import SCRIPT
from aibom.report.picture.style import css
from aibom.report.picture.telling import counted

__all__ = ["draw_html"]

_STYLE = """
:root{color-scheme:light dark}
body{margin:0 auto;max-width:84rem;padding:1rem;line-height:1.45;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;
color:#16191d;background:#fff}
a{color:#0b57d0}
h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.15rem}
.drawing{overflow:auto;border:1px solid #8a919c;max-height:85vh}
.drawing svg{display:block;margin:0 auto}
details,g{scroll-margin-top:4rem}
details{border-top:1px solid #b4bac3;padding:.35rem 0}
summary{cursor:pointer;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;table-layout:fixed}
th,td{text-align:left;vertical-align:top;padding:.15rem .5rem .15rem 0;
overflow-wrap:anywhere}
code,bdi{overflow-wrap:anywhere}
.found{outline:3px solid #0b57d0}
.search{position:sticky;top:0;background:#fff;padding:.4rem 0;z-index:1}
input{font:inherit;width:min(24rem,60vw)}
[hidden]{display:none}
@media (prefers-color-scheme:dark){body,.search{color:#f1f3f5;background:#14171c}
a{color:#8ab4f8}.found{outline-color:#8ab4f8}}
.narrow-only{display:none}
@media screen and (max-width:48rem){.drawing{max-height:none;overflow:visible}
.wide-only{display:none}.narrow-only{display:block}
table,tbody,tr,td,th{display:block}thead{display:none}td{padding-bottom:.3rem}}
@page{size:A4;margin:16mm 15mm}
@media print{body{padding:0;color:#16191d;background:#fff}
.search,.wide-only,.narrow-only{display:none}
.drawing{overflow:visible;border:0;max-height:none;break-after:page}
h1{margin-top:0}}
"""


def draw_html(
    picture: Picture,
    graph: Graph,
    *,
    smaller: Picture | None = None,
    evidence: EvidenceSet | None = None,
) -> str:
    """The page for a picture of ``graph``.

    ``smaller`` is the same picture folded further (as it is, when left out): it is what
    a phone and paper show.
    Facts are told with what they are worth by ``evidence`` (without any, as if none was
    checked), and with where they were read.
    """
    style = _STYLE.strip() + "\n" + css("svg.lineage")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; "
        f"script-src '{_digest(SCRIPT)}'; base-uri 'none'; form-action 'none'"
    )
    few = smaller or picture
    drawing = draw_every(picture, few, links=True, styled=False)
    kinds = ", ".join(_kinds(graph))
    listed = details_of(picture, graph, evidence or EvidenceSet(), smaller)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{told_xml(picture.title)}</title>
<style>{style}</style>
</head>
<body>
<h1>{told_xml(picture.title)}</h1>
<p>{xml_text(kinds)}. What lies above went into what lies below.</p>
{_places(picture, "")}{_places(few, "narrow-")}
<div class="search" id="search" hidden><label>Find
<input type="search" id="query" autocomplete="off"></label>
<span id="count" role="status"></span></div>
<div class="drawing" tabindex="0" role="region" aria-label="Drawing">
{drawing}</div>
<h2>In words</h2>
<p>{told_xml(picture.description, 20_000)}</p>
<h2>Each of them</h2>
{listed}
<script>{SCRIPT}</script>
</body>
</html>
"""


def _places(picture: Picture, prefix: str) -> str:
    """Links into one of the drawings, which may be larger than any screen."""
    drawn = {node.id for node in picture.nodes}
    wanted = [("the artifact", picture.root)]
    for index, path in enumerate(picture.paths, 1):
        told = f"the far end of blocking path {index}"
        wanted.append((told, _last(path, drawn)))
    links = [
        f'<a href="#{prefix}n-{anchor(name)}">{told}</a>'
        for told, name in wanted
        if name is not None and name in drawn
    ]
    style = "narrow-only" if prefix else "wide-only"
    told = f"In the drawing: {', '.join(links)}."
    return f'<p class="{style}">{told}</p>' if links else ""


def _last(path: tuple[str, ...], drawn: set[str]) -> str | None:
    """The last of a path that is a shape of its own: parties stand beside one."""
    return next((name for name in reversed(path) if name in drawn), None)


def _kinds(graph: Graph) -> list[str]:
    kinds = [node.kind.value for node in graph.nodes.values()]
    return [counted(kind, kinds.count(kind)) for kind in sorted(set(kinds))]


def _digest(text: str) -> str:
    value = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(value).decode('ascii')}"
