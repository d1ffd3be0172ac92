"""Names such as ``acme/lab-7`` and the patterns that namespaces are written as.

A name is split at ``/``; a pattern is compared segment by segment, letter by letter.
``*`` stands for any run of characters inside one segment, and ``**`` as a whole last
segment for one or more segments. Nothing else is special, and nothing crosses a ``/``,
so ``acme/*`` matches neither ``acme`` nor ``acme-evil/x`` nor ``acme/a/b``.

A name that could be read as another one matches nothing: one with an empty, ``.`` or
``..`` segment, or with a character that does not print.
"""

from __future__ import annotations

__all__ = ["name_matches"]


def name_matches(pattern: str, name: str) -> bool:
    """Whether the whole name matches the whole pattern; time is linear in the name."""
    wanted, found = pattern.split("/"), name.split("/")
    if not name.isprintable() or {"", ".", ".."}.intersection(found):
        return False
    if wanted[-1] == "**":
        wanted = wanted[:-1]
        if len(found) <= len(wanted):
            return False
        found = found[: len(wanted)]
    return len(wanted) == len(found) and all(
        _segment(one, other) for one, other in zip(wanted, found, strict=True)
    )


def _segment(pattern: str, text: str) -> bool:
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    if not text.startswith(first):
        return False
    # Taking the leftmost fit of each part leaves the most for those after it, so that
    # there is no way back to try: no pattern makes a hostile name expensive.
    position = len(first)
    for part in rest[:-1]:
        start = text.find(part, position)
        if start < 0:
            return False
        position = start + len(part)
    return len(text) - len(rest[-1]) >= position and text.endswith(rest[-1])
