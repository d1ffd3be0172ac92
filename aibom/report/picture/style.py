"""Colours and line styles of the drawing; a test computes the contrasts.

No meaning hangs on a colour alone: kinds have shapes and words, assurance has line
styles and words, a blocking path is thick and has arrows and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PALETTES", "css"]

#: name → light, dark. Texts are text, muted and path on back, fill or step.
PALETTES: Mapping[str, tuple[str, str]] = {
    "back": ("#ffffff", "#14171c"),
    "text": ("#16191d", "#f1f3f5"),
    "muted": ("#454b54", "#b9c0ca"),
    "line": ("#454b54", "#aab2bd"),
    "fill": ("#f3f6fa", "#20262e"),
    "step": ("#ffffff", "#14171c"),
    "root": ("#dbe9ff", "#1d3557"),
    "path": ("#a8071a", "#ff9c9c"),
    "onpath": ("#ffffff", "#14171c"),
    "mark": ("#0b57d0", "#8ab4f8"),
}

_RULES = """
%(s)s{background:var(--back);font-family:system-ui,-apple-system,"Segoe UI",Roboto,\
"Helvetica Neue",Arial,"Noto Sans","DejaVu Sans",sans-serif}
%(s)s text{fill:var(--text);font-size:13px;unicode-bidi:isolate}
%(s)s .small{font-size:11px;fill:var(--muted)}
%(s)s .tiny{font-size:10px;fill:var(--muted)}
%(s)s .name{font-weight:600}
%(s)s .alarm{font-weight:700;fill:var(--path)}
%(s)s .turn{paint-order:stroke;stroke:var(--back);stroke-width:4}
%(s)s .shape{fill:var(--fill);stroke:var(--line);stroke-width:1.6}
%(s)s .step .shape,%(s)s .party .shape,%(s)s .relation .shape{fill:var(--step)}
%(s)s .relation .shape{stroke:none}
%(s)s .edge{fill:none;stroke:var(--line);stroke-width:1.4}
%(s)s .band{fill:none;stroke:var(--path);stroke-width:12;opacity:.25;\
stroke-linejoin:round}
%(s)s .verified>.shape,%(s)s .edge.verified{stroke-width:3}
%(s)s .claimed>.shape,%(s)s .edge.claimed{stroke-dasharray:7 3}
%(s)s .unknown>.shape,%(s)s .edge.unknown{stroke-dasharray:1.6 3.4}
%(s)s .missing>.shape,%(s)s .edge.missing{stroke-dasharray:1.6 3.4}
%(s)s .contradicted>.shape{stroke-width:5}
%(s)s .edge.contradicted{stroke-width:4.6}
%(s)s .inner{fill:none;stroke:var(--back);stroke-width:1.8}
%(s)s .root>.shape{fill:var(--root)}
%(s)s .marked>.ring{fill:none;stroke:var(--mark);stroke-width:2}
%(s)s .onpath>.shape,%(s)s .edge.onpath{stroke:var(--path)}
%(s)s .onpath>.shape{stroke-width:3}
%(s)s .onpath.contradicted>.shape{stroke-width:7}
%(s)s .edge.onpath{stroke-width:4}
%(s)s .edge.onpath.claimed{stroke-dasharray:10 5}
%(s)s .edge.onpath.unknown,%(s)s .edge.onpath.missing{stroke-dasharray:3 5}
%(s)s .edge.onpath.contradicted{stroke-width:7}
%(s)s .edge.onpath+.inner{stroke-width:2.4}
%(s)s .badge{fill:var(--path)}
%(s)s text.number{fill:var(--onpath);font-size:11px;font-weight:700}
%(s)s .head{fill:var(--line)}
%(s)s .head.onpath{fill:var(--path)}
%(s)s .open{fill:none;stroke:var(--line);stroke-width:1.4;stroke-dasharray:1.6 3.4}
%(s)s .stop{stroke-dasharray:none;stroke-width:2.4}
%(s)s a:focus{outline:none}
%(s)s a:focus .shape{stroke:var(--mark);stroke-width:4;stroke-dasharray:none}
%(s)s .dim{opacity:.25}
"""

#: Which of several drawings is shown. One that is not has no place at all: it is not
#: read out, and the Tab key passes it. A drawing alone (a file) is always shown.
_FORMS = """
%(s)s.narrow,%(s)s.paper{display:none}
@media screen and (max-width:48rem){%(s)s.wide:not(:only-of-type){display:none}
%(s)s.narrow{display:block;width:100%%;max-width:26rem;height:auto;margin:0 auto}}
@media print{%(s)s.wide:not(:only-of-type),%(s)s.narrow{display:none}
%(s)s.paper{display:block;max-width:100%%;height:auto;max-height:none;margin:0 auto;\
break-inside:avoid}
%(s)s.paper+%(s)s.paper{break-before:page}}
"""


def _variables(column: int) -> str:
    return "".join(f"--{name}:{pair[column]};" for name, pair in PALETTES.items())


def css(scope: str = "svg.lineage") -> str:
    """The style sheet of a drawing, for the elements below ``scope`` only.

    Light, or dark where the reader prefers that; always light on paper.
    """
    light, dark = _variables(0), _variables(1)
    rules = _RULES.strip() % {"s": scope}
    return (
        f"{scope}{{{light}}}\n"
        f"@media (prefers-color-scheme:dark){{{scope}{{{dark}}}}}\n"
        f"@media print{{{scope}{{{light}}}}}\n{rules}\n"
        f"{_FORMS.strip() % {'s': scope}}\n"
    )
