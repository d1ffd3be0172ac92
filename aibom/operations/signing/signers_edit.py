"""Adding an item to a list of a YAML file, with comments and order as they were.

Only the text is edited, at a place that the parser names; nothing is written out anew.
Whether the result says what was meant is for the caller to find out, by reading it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["appended", "as_block"]


def appended(text: str, key: str, item: Mapping[str, Any], after: str) -> str:
    """``text`` with an item more at the end of the list under ``key``.

    A list that is not there is made behind the key ``after``. Comments stay where they
    are; those of the last item stay with it. The text must be YAML with a mapping that
    has ``after``; raises ValueError where that is not so. The result may say something
    else than intended in a text of unusual form.
    """
    import yaml

    try:
        tree = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {error}") from error
    if not isinstance(tree, yaml.MappingNode):
        raise ValueError("no mapping")
    members = {name.value: value for name, value in tree.value}
    if after not in members:
        raise ValueError(f"there is no key {after!r}")
    found = members.get(key)
    if found is None:
        return _with_key(text, tree, members[after], key, item)
    if not isinstance(found, yaml.SequenceNode):
        raise ValueError(f"{key!r} is no list")
    if found.flow_style:
        return _in_brackets(text, tree, found, item)
    column = found.start_mark.column
    at = _end_of(text, found.value[-1], column)
    return _inserted(text, at, as_block(item, column))


def as_block(item: Mapping[str, Any], column: int = 0) -> str:
    """An item of a list as lines of YAML, of which the first begins with a dash."""
    pad = " " * column
    return "".join(
        f"{pad}{'  ' if number else '- '}{line}\n"
        for number, line in enumerate(_lines(item))
    )


def _in_brackets(text: str, tree: Any, found: Any, item: Mapping[str, Any]) -> str:
    start, end = found.start_mark.index, found.end_mark.index
    if found.value:
        at = found.value[-1].end_mark.index
        return f"{text[:at]}, {_flow(item)}{text[at:]}"
    if tree.flow_style or text[start + 1 : end - 1].strip():
        return f"{text[: start + 1]}{_flow(item)}{text[start + 1 :]}"
    # [] becomes a list with lines of its own; what follows it there is a comment.
    before = text[:start].rstrip(" ")
    rest = before + text[end:]
    at = _line_end(rest, len(before))
    return _inserted(rest, at, as_block(item, tree.start_mark.column + 2))


def _with_key(text: str, tree: Any, before: Any, key: str, item: Any) -> str:
    at = before.end_mark.index
    if tree.flow_style:
        return f"{text[:at]}, {_quoted(key)}: [{_flow(item)}]{text[at:]}"
    column = tree.start_mark.column
    block = f"{' ' * column}{key}:\n{as_block(item, column + 2)}"
    return _inserted(text, _line_end(text, at), block)


def _inserted(text: str, at: int, lines: str) -> str:
    first = "" if text[:at].endswith("\n") else "\n"
    if "\r\n" in text:
        first, lines = (part.replace("\n", "\r\n") for part in (first, lines))
    return f"{text[:at]}{first}{lines}{text[at:]}"


def _end_of(text: str, node: Any, column: int) -> int:
    """Where the lines of a block item end, with comments that are indented like it.

    The parser's own end of a block is where the next thing begins, behind comments
    that may belong to that.
    """
    while isinstance(node.value, list) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    at: int = node.end_mark.index
    if not text[:at].endswith("\n"):
        at = _line_end(text, at)
    while (line := text[at : _line_end(text, at)]).lstrip(" ").startswith("#"):
        if len(line) - len(line.lstrip(" ")) <= column:
            break
        at += len(line)
    return at


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


# ── values as YAML ────────────────────


def _lines(item: Mapping[str, Any]) -> Iterator[str]:
    for key, value in item.items():
        if isinstance(value, Mapping):
            yield f"{key}:"
            yield from (f"  {line}" for line in _lines(value))
        elif isinstance(value, str) and value.startswith("-----BEGIN "):
            yield f"{key}: |"
            yield from (f"  {line}" for line in value.splitlines())
        else:
            yield f"{key}: {_flow(value)}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = (f"{_quoted(k)}: {_flow(v)}" for k, v in value.items())
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """Always in quotes: a plain ``yes`` or ``2026-11-21`` would be something else.

    What does not print is escaped, in the one form that YAML and JSON share as far as
    that is possible.
    """
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
