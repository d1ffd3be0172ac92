"""The front matter of a card: YAML between two lines ``---`` at the top of a README.

It is read where it is meant to be, also where the Hub's own client silently finds none:
behind a byte order mark, with blanks after the fence, below empty lines. Each of those
is said. Where no front matter can be told from prose (the closing fence is missing, or
text stands before it) nothing is read, and that is said too.

Sources: the Hub's model card and dataset card documentation; huggingface_hub
``repocard.py`` for what its client takes as front matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aibom.catalogers.documents import (
    DOCUMENT_FINDINGS,
    UNREAD,
    parse_yaml,
    read_text,
)
from aibom.catalogers.notes import Notes

__all__ = [
    "FRONT_MATTER_FINDINGS",
    "MAX_FRONT_MATTER_BYTES",
    "FrontMatter",
    "read_front_matter",
]

#: The largest of 29,432 real cards had a twentieth of it.
MAX_FRONT_MATTER_BYTES = 256 * 1024

#: What :func:`read_front_matter` may find; a cataloger that calls it declares it too.
FRONT_MATTER_FINDINGS: Mapping[str, str] = {
    **DOCUMENT_FINDINGS,
    "front-matter-none": "a README that states nothing in a form for machines; what it "
    "says in prose is not read",
    "front-matter-empty": "front matter without any key",
    "front-matter-fence": "blanks stand behind --- on a line of its own, so that other "
    "readers may not see the front matter",
    "front-matter-below-blanks": "blank lines stand above the front matter, so that "
    "other readers may not see it",
    "front-matter-below-text": "text stands above what looks like front matter; "
    "nothing of it is read, here or by the Hub",
    "front-matter-not-closed": "front matter without its closing line ---; nothing of "
    "it is read",
    "front-matter-too-large": "front matter larger than is read; nothing of it is "
    "known",
    "front-matter-malformed": "front matter that is no mapping of keys; nothing in it "
    "is known",
}

_OPEN = re.compile(r"---([^\S\r\n]*)(?:\r\n|\r|\n|\Z)")
_CLOSE = re.compile(r"(?:^|(?<=[\r\n]))---([^\S\r\n]*)(?=[\r\n]|\Z)")
# A rule between paragraphs is --- as well: only a key that cards have makes it a fence.
_LATER = re.compile(
    r"(?<=[\r\n])---[^\S\r\n]*(?:\r\n|\r|\n)(?:language|license|tags|datasets|metrics"
    r"|base_model|library_name|pipeline_tag|model-index|pretty_name|task_categories"
    r"|dataset_info|configs|size_categories|annotations_creators)[^\S\r\n]*:"
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The keys and values, scalars as they were written.

    ``otherwise`` has the JSON pointer of each unquoted text that YAML readers take for
    something else, and for what: ``language: no`` is ``{"/language": "bool"}``.
    """

    values: Mapping[str, Any]
    otherwise: Mapping[str, str]


def read_front_matter(notes: Notes) -> FrontMatter | None:
    """The front matter of the file; None, with a finding, where none can be read."""
    text = read_text(notes)
    if text is None:
        return None
    block = _block(notes, text)
    if block is None:
        return None
    otherwise: dict[str, str] = {}
    values = parse_yaml(notes, block, otherwise=otherwise.__setitem__)
    if values is UNREAD:
        return None
    if values is None or values == {}:
        notes.odd("front-matter-empty")
        return None
    if not isinstance(values, dict):
        notes.skip("front-matter-malformed")
        return None
    return FrontMatter(values, otherwise)


def _block(notes: Notes, text: str) -> str | None:
    start = len(text) - len(text.lstrip())
    opening = _OPEN.match(text, start)
    if opening is None:
        later = _LATER.search(text)
        if later is None:
            notes.odd("front-matter-none")
        else:
            notes.skip("front-matter-below-text", _line(text, later.start()))
        return None
    closing = _CLOSE.search(text, opening.end())
    if closing is None:
        notes.skip("front-matter-not-closed", _line(text, start))
        return None
    block = text[opening.end() : closing.start()]
    if (size := len(block.encode())) > MAX_FRONT_MATTER_BYTES:
        limit = f"over the limit of {MAX_FRONT_MATTER_BYTES:,}"
        notes.skip("front-matter-too-large", "", f"{size:,} bytes, {limit}")
        return None
    if start:
        notes.odd("front-matter-below-blanks", _line(text, start))
    for fence in (opening, closing):
        if fence[1]:
            notes.odd("front-matter-fence", _line(text, fence.start()))
    return block


def _line(text: str, at: int) -> str:
    before = text[:at].replace("\r\n", "\n").replace("\r", "\n")
    return f"line:{before.count(chr(10)) + 1}"
