"""Tools that an agent may call: services by what a manifest says of them.

A manifest names an address, or a command that starts the tool. Values of environment
variables and headers are secrets and are never kept, and of an address only what names
a place: no user, password, query or fragment, and ``*`` for a part of the path that
looks like a token. Arguments are kept as a SHA-256. That hides what cannot be guessed,
and nothing else: a short password among arguments can be found by trying.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from aibom.catalogers.label_texts import clean
from aibom.catalogers.launching import Launch
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.lineage.nodes import Kind, Relation

__all__ = [
    "MAX_TOOLS",
    "TOOL_FINDINGS",
    "add_tool",
    "address",
    "names_in",
    "say_address",
    "text_at",
    "told_launch",
    "value_sha256",
]

MAX_TOOLS = 500
_MAX_NAME = 200
_MAX_NAMES = 100
_MAX_ADDRESS = 2000
_SCHEMES = (
    *("ftp", "grpc", "grpcs", "gs", "http", "https", "s3", "s3a", "sftp", "ws", "wss"),
    *("abfs", "abfss"),
)
_TOKEN = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_.~%=-]{20,}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

#: What these functions may find; a cataloger that calls them declares it too.
TOOL_FINDINGS: Mapping[str, str] = {
    "tool-address-credentials": "an address with a user, a password or a query; they "
    "are left out",
    "tool-address-malformed": "an address that is none; where the tool is is not known",
    "tool-malformed": "not what the format has there; that part is not known",
    "tool-not-pinned": "a tool that is fetched when it starts, in whatever version is "
    "there then: it can change from one day to the next",
    "tools-too-many": "more tools, or more in one of them, than are read; the rest is "
    "not known",
}


def text_at(document: Any, *keys: str) -> str | None:
    """The first of these members that is a text with something in it, on one line."""
    if not isinstance(document, dict):
        return None
    for key in keys:
        value = document.get(key)
        if isinstance(value, str) and (text := clean(value)):
            return text
    return None


def value_sha256(value: Any) -> str:
    """The SHA-256 of a text as UTF-8, and of anything else as JSON in one form."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def address(text: str) -> tuple[str, bool] | None:
    """The address without secrets, and whether any were left out; None for no address.

    What stands for a variable (``${HOST}``) stays as it is.
    """
    text = text.strip()
    if len(text) > _MAX_ADDRESS or clean(text) != text or " " in text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    user, _, host = parts.netloc.rpartition("@")
    if parts.scheme not in _SCHEMES or not host:
        return None
    pieces = parts.path.split("/")
    path = "/".join("*" if _TOKEN.fullmatch(piece) else piece for piece in pieces)
    left_out = bool(user or parts.query or parts.fragment or path != parts.path)
    return f"{parts.scheme}://{host}{path}", left_out


def say_address(notes: Notes, value: Any, at: str) -> str | None:
    """The address without secrets; None, with a finding, where it is none."""
    found = address(value) if isinstance(value, str) else None
    if found is None:
        notes.odd("tool-address-malformed", at)
        return None
    if found[1]:
        notes.odd("tool-address-credentials", at)
    return found[0]


def names_in(notes: Notes, value: Any, at: str) -> str | None:
    """The names of variables or headers, sorted; never a value. None without any.

    They are the keys of an object, or the members ``name`` of a list of objects.
    """
    if value is None:
        return None
    if isinstance(value, dict):
        names: Iterable[Any] = value
    elif isinstance(value, list):
        names = (v.get("name") if isinstance(v, dict) else None for v in value)
    else:
        notes.skip("tool-malformed", at)
        return None
    listed = list(names)
    good = {name for name in listed if _is_variable(name)}
    if len(good) < len(set(map(str, listed))):
        notes.skip("tool-malformed", at, "a name that cannot be one")
    if len(good) > _MAX_NAMES:
        notes.skip("tools-too-many", at, f"{len(good):,} names")
    return ", ".join(sorted(good)[:_MAX_NAMES]) or None


def _is_variable(name: Any) -> bool:
    return (
        isinstance(name, str)
        and len(name) <= _MAX_NAME
        and _VARIABLE.fullmatch(name) is not None
    )


def told_launch(notes: Notes, launch: Launch, at: str) -> dict[str, str]:
    """What identifies a tool that is started; a finding where that may change."""
    if launch.pinned is False:
        notes.odd("tool-not-pinned", at, launch.told)
    found = {
        "command": launch.command,
        "source": launch.source,
        "version": launch.version,
        "image": launch.image,
    }
    return {key: value for key, value in found.items() if value}


def add_tool(
    notes: Notes,
    at: str,
    identity: Mapping[str, str],
    facts: Mapping[str, str | None] | None = None,
) -> str:
    """A service that the subject, a system, needs as a tool; returns its id."""
    known = {key: value[:_MAX_ADDRESS] for key, value in identity.items()}
    known["name"] = known["name"][:_MAX_NAME]
    told = {key: value[:_MAX_ADDRESS] for key, value in (facts or {}).items() if value}
    name = notes.entity(Kind.SERVICE, known, at, told)
    notes.subject_is(Kind.SYSTEM)
    notes.edge(SUBJECT, Relation.REQUIRES, name, "tool", at)
    return name
