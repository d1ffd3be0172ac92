"""A questionnaire as one HTML file: read, printed and answered without any other file.

It needs no script to be read or printed. A little script saves the answers into a file
on the reader's own machine; the page may not send anything anywhere, by its own policy
(CSP). Every text in it is escaped.
"""

from __future__ import annotations

import hashlib
import html
import json
from base64 import b64encode
from collections.abc import Iterator

from aibom.operations.suppliers.forms import ABOUT_THIS, as_document
from aibom.operations.suppliers.questions import OpenQuestion, Questionnaire
from aibom.report.text import escape

__all__ = ["html_form"]

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto;
  padding: 0 1rem; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
fieldset { border: 1px solid var(--line); margin: 1.5rem 0; padding: .5rem 1rem 1rem;
  min-width: 0; }
legend { font-weight: bold; padding: 0 .4rem; }
code { font-size: .85em; }
dl { display: grid; grid-template-columns: 8rem 1fr; gap: .2rem 1rem; }
dt { opacity: .75; } dd { margin: 0; }
label { display: block; margin-top: .6rem; }
textarea, input { font: inherit; width: 100%; box-sizing: border-box; }
textarea { min-height: 4.5rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem; }
.save { position: sticky; bottom: 0; background: Canvas; padding: .6rem 0;
  border-top: 1px solid var(--line); }
button { font: inherit; padding: .4rem 1rem; }
@media (max-width: 34rem) { dl, .pair { grid-template-columns: 1fr; } }
@media print { .save { display: none; } fieldset { break-inside: avoid; }
  textarea { min-height: 7rem; } }
"""
_SCRIPT = """
"use strict";
const form = document.querySelector("form");
const base = JSON.parse(document.getElementById("questions").textContent);
const value = (set, name) => {
  const found = set.querySelector("[name=" + name + "]");
  return found ? found.value.trim() : "";
};
const files = text => text.split("\\n").map(line => line.trim()).filter(Boolean)
  .map(line => {
    const found = line.match(/^(.*?)[\\s,;]+(?:sha256:)?([0-9a-fA-F]{64})$/);
    return found ? {name: found[1], sha256: found[2].toLowerCase()} : {name: line};
  });
document.querySelector(".save").hidden = false;
form.addEventListener("submit", event => {
  event.preventDefault();
  form.querySelectorAll("fieldset").forEach((set, index) => {
    const one = base.questions[index];
    for (const name of ["answer", "exact", "since", "valid_until"]) {
      if (name in one) one[name] = value(set, name);
    }
    one.evidence = files(value(set, "evidence"));
  });
  const text = JSON.stringify(base, null, 2) + "\\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type: "application/json"}));
  link.download = "answers.json";
  link.click();
  document.getElementById("saved").textContent =
    "Saved as answers.json on this machine. Nothing was sent: send that file yourself.";
});
"""


def html_form(asked: Questionnaire) -> bytes:
    """The questionnaire as a page; the same questions give the same bytes."""
    return ("\n".join(_page(asked)) + "\n").encode()


def _t(text: str) -> str:
    """A foreign text in HTML: one visible line, without meaning."""
    return html.escape(escape(text, 2_000))


def _page(asked: Questionnaire) -> Iterator[str]:
    found = b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src 'unsafe-inline'; script-src 'sha256-{found}'"
    )
    title = f"Questions about {_t(asked.product.name)}"
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body><main>"
    yield f"<h1>{title}</h1>"
    yield from _intro(asked)
    yield "<form>"
    heading = ""
    for number, one in enumerate(asked.questions, start=1):
        if one.heading != heading:
            heading = one.heading
            yield f"<h2>{_t(heading)}</h2>"
        yield from _question(number, one)
    yield '<p class="save" hidden><button>Save the answers as a file</button>'
    yield '<span id="saved" role="status"></span></p></form></main>'
    yield f'<script type="application/json" id="questions">{_data(asked)}</script>'
    yield f"<script>{_SCRIPT}</script></body></html>"


def _data(asked: Questionnaire) -> str:
    """The document for the script; ``<`` cannot end the element it stands in."""
    text = json.dumps(as_document(asked), ensure_ascii=True, sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _intro(asked: Questionnaire) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{_t(line)}</li>" for line in ABOUT_THIS)
    yield "</ul><dl>"
    product = asked.product
    rows = [("Product", product.name), ("Digest", product.digest or "not provided")]
    rows += [("BOM", asked.bom), ("Questions", f"{len(asked.questions):,}")]
    yield from (f"<dt>{name}</dt><dd>{_t(text)}</dd>" for name, text in rows)
    yield "</dl><noscript><p>Scripts are off: fill in and print, or ask for the same "
    yield "questions as YAML or as a spreadsheet.</p></noscript>"


def _question(number: int, one: OpenQuestion) -> Iterator[str]:
    yield f'<fieldset><legend>{number}. {_t(one.asks)}</legend><dl class="asked">'
    digest = f"<br><code>{_t(one.about.digest)}</code>" if one.about.digest else ""
    yield f"<dt>About</dt><dd>{_t(one.about.name)}{digest}</dd>"
    yield f"<dt>Known now</dt><dd>{_t(one.known)}</dd>"
    yield f"<dt>Wanted</dt><dd>{_t(one.wanted)}</dd>"
    yield f"<dt>Id</dt><dd><code>{_t(one.id)}</code></dd></dl>"
    yield '<label>Your answer<textarea name="answer"></textarea></label>'
    if one.exact:
        yield f"<label>Exact value: {_t(one.exact)}"
        yield '<input name="exact" autocomplete="off"></label>'
    yield '<div class="pair"><label>Holds since'
    yield '<input name="since" placeholder="YYYY-MM-DD"></label>'
    yield "<label>Valid until"
    yield '<input name="valid_until" placeholder="YYYY-MM-DD"></label></div>'
    yield "<label>Files that support it: one a line, name and SHA-256"
    yield '<textarea name="evidence"></textarea></label></fieldset>'
