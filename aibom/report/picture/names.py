"""Names that are told apart: no two different things in a drawing look the same.

Labels come from documents, are cut to fit, and may be equal by chance or on purpose.
What is shown of a thing decides, so this is asked by each drawing for itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from aibom.report.picture.model import Picture
from aibom.report.text import escape

__all__ = ["short_party", "told_apart", "told_in_text"]

_HEX = re.compile(r"[0-9a-f]{8,}")
_PERSON = re.compile(r"(?:party:)?person:[^:]*:([0-9a-f]{16,})")
#: Digits of a digest or pseudonym that are shown.
_DIGITS = 8


def short_party(name: str, label: str) -> str:
    """A person by the pseudonym without its registrar, where nobody gave another name.

    It begins as labels do elsewhere, so that one can be found by the other.
    """
    found = _PERSON.fullmatch(name)
    if found is None or not label.removeprefix("party:").startswith("person:"):
        return label
    return f"person {found[1][:_DIGITS]}…"


def told_apart(shown: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """For each id that looks like another: a line to add, so that none does.

    ``shown`` are the lines that a drawing shows of each id. The line is the start of
    the digest in the id (of a person the end of the pseudonym), and a number where
    those are the same, or none, or somebody's name is made to look like them.
    """
    number = {name: index for index, name in enumerate(sorted(shown), 1)}
    told: dict[str, str] = {}
    for names in _alike(shown, shown, told):
        own = [_own(name) for name in names]
        if all(own) and len(set(own)) == len(own):
            told.update(zip(names, own, strict=True))
        else:
            told.update((name, f"no. {number[name]}") for name in names)
    last: set[str] = set(told)
    while last:
        last = set()
        for names in _alike(shown, shown, told):
            wanted = {name: f"no. {number[name]}" for name in names}
            last |= {name for name in names if told.get(name) != wanted[name]}
            told.update(wanted)
    return told


def told_in_text(picture: Picture, limit: int) -> Mapping[str, str]:
    """The same for formats that write names out, up to ``limit`` characters."""
    shown = {n.id: (escape(n.label, limit),) for n in picture.nodes if n.named}
    for node in picture.nodes:
        for party in node.parties:
            if len(party.members) == 1:
                shown[party.id] = (escape(party.label, limit),)
    return told_apart(shown)


def _alike(
    names: Iterable[str], shown: Mapping[str, Sequence[str]], told: Mapping[str, str]
) -> list[list[str]]:
    """The names of which several look the same, in order."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        lines = (*shown[name], told.get(name, ""))
        groups[_seen(" ".join(line for line in lines if line))].append(name)
    return [found for found in groups.values() if len(found) > 1]


def _seen(text: str) -> str:
    """What the eye takes for the same: no matter how wide, or broken into lines."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return "".join(text.split()).casefold()


def _own(name: str) -> str:
    person = _PERSON.fullmatch(name)
    if person is not None:
        return f"id …{person[1][-_DIGITS:]}"
    last = name.rpartition(":")[2]
    return f"id {last[:_DIGITS]}…" if _HEX.fullmatch(last) else ""
