"""Foreign text in markup: XML, Markdown, messages of SARIF, GitHub workflow commands.

Each function takes a text as a document wrote it, makes it one visible line
(:func:`aibom.report.text.escape`), and then takes from every remaining character the
meaning it would have in the format. Nothing of it is a link, an element, a mention, a
cell of a table or a command afterwards.
"""

from __future__ import annotations

import re

from aibom.report.text import escape

__all__ = [
    "github_data",
    "github_property",
    "markdown_text",
    "sarif_text",
    "xml_text",
]

_LONG = 2000

_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})

#: Backslashes take the meaning from punctuation (CommonMark 2.4). They do not stop what
#: GitHub and GitLab look for in the text that comes out: mentions and references to
#: issues. An element of their own does, as both sides are then separate texts.
_MARKDOWN = str.maketrans(
    {character: f"\\{character}" for character in "\\`*_[]|~$!"}
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    | {character: f"<span>{character}</span>" for character in "@#"}
)
#: What bare addresses are known by (GFM 6.9), after the above.
_BARE = re.compile(r"(?<=:)//|(?<=\bwww)\.", re.IGNORECASE)

_PLACEHOLDER = re.compile(r"\{(\d+)\}")


def xml_text(text: str, limit: int = _LONG) -> str:
    """Character data or the value of an attribute in double quotes (XML 1.0, 2.4).

    Control characters, which XML 1.0 cannot hold even as references, are visible
    escapes by then.
    """
    return escape(text, limit).translate(_XML)


def markdown_text(text: str, limit: int = _LONG) -> str:
    """Text within a line of GitHub Flavored Markdown, or in a cell of a table.

    Never at the start of a line, where further characters mean something.
    """
    marked = escape(text, limit).translate(_MARKDOWN)
    return _BARE.sub(lambda found: f"\\{found[0]}", marked)


def sarif_text(text: str, limit: int = _LONG) -> str:
    """The text of a SARIF message: no link, no placeholder (3.11.5, 3.11.6)."""
    marked = re.sub(r"[\\\[\]]", r"\\\g<0>", escape(text, limit))
    return _PLACEHOLDER.sub(r"{{\1}}", marked)


def github_data(text: str, limit: int = _LONG) -> str:
    """The data of a workflow command, as ``escapeData`` of actions/toolkit has it."""
    return escape(text, limit).replace("%", "%25")


def github_property(text: str, limit: int = _LONG) -> str:
    """A property of a workflow command, as ``escapeProperty`` of actions/toolkit."""
    data = github_data(text, limit)
    return data.replace(":", "%3A").replace(",", "%2C")
