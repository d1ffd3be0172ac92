"""What the configuration in an artifact asks loaders to run, without running any of it.

Loaders of models read JSON files that may name Python to be imported: ``auto_map``
(transformers), ``custom_pipelines`` and ``trust_remote_code``, a module of the
repository in ``modules.json`` (sentence-transformers) or as ``_class_name``
(diffusers). ``ORG/REPO--module.Class`` names another repository, whose code is not
among these bytes, and so does a key like ``_attn_implementation`` that names a kernel
of a hub. ``configuration_files`` may name a configuration that is not searched here.

Every ``*.json`` at any depth is searched for these words, up to :data:`MAX_SEARCHED`
bytes. A file without any of them asks for nothing, however it is parsed. One with such
a word is parsed, up to :data:`MAX_PARSED` bytes; where two parsers could read it
differently (a key that stands twice, text that is not UTF-8, deep nesting), it is
*unclear*.

It does not find what is not written in these words: code in weights (formats tell
those), templates, files of other kinds, such as YAML, that a program of one's own
makes objects from, and keys that name a module which is installed already
(``activation_function``, ``parent_library``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from aibom.catalogers.formats import location_of
from aibom.digest import Content, File
from aibom.lineage.evidence import CodeRequest, RemoteCode
from aibom.listing import lost, refused

__all__ = [
    "MAX_PARSED",
    "MAX_SEARCHED",
    "find_requests",
    "read_remote_code",
    "search_requests",
]

#: Of files that hold one of the words, what is parsed at most.
MAX_PARSED = 4 * 1024 * 1024
#: What is searched for the words at most; tokenizers have tens of megabytes.
MAX_SEARCHED = 256 * 1024 * 1024
#: Levels of a document; no configuration has ten.
_MAX_DEPTH = 100
#: More requests than this are as bad as this many.
_MAX_REQUESTS = 1000

_CHUNK = 1024 * 1024
_OVERLAP = 512
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KEYS = ("auto_map", "custom_pipelines", "trust_remote_code")
#: The words, a reference to another repository, or a letter that is written escaped,
#: which may be part of either; and a NUL, as in UTF-16.
_WORDS = re.compile(
    rb"auto_map|custom_pipelines|trust_remote_code|_class_name|configuration_files"
    rb"|_implementation"
    rb'|"[\w.-]{1,96}\\?/[\w.-]{1,96}--[\w/\\-]{1,96}\.[A-Z]\w{0,95}"'
    rb"|\\u00(?:2[d-fD-F]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF])|\x00"
)
#: A name of a class has a capital first, and small letters: ``a/b--c.png`` is a file.
_ELSEWHERE = re.compile(
    r"(?P<repo>[\w.-]+/[\w.-]+?)--(?P<module>[\w/-]+)\.[A-Z]\w*[a-z]\w*", re.ASCII
)
#: Another configuration, in the place of this one: one that is searched as well.
_CONFIGURATION = re.compile(r"[\w.-]{1,200}\.json", re.ASCII)
_REFERENCE = re.compile(r"(?P<module>[\w/-]+)\.\w+")
#: Read in full whatever words they hold: any entry may name a module.
_ALWAYS = ("modules.json",)
_LIBRARY = "sentence_transformers."


def read_remote_code(
    path: Path,
    content: Content,
    *,
    parsed: int = MAX_PARSED,
    searched: int = MAX_SEARCHED,
) -> RemoteCode:
    """What the JSON files of what has just been hashed ask loaders to run.

    A file of more than ``searched`` bytes, or of more than ``parsed`` with one of the
    words in it, is unclear.

    Each file is opened where it lay when it was hashed, and must have the
    SHA-256 that it was hashed with.

    Raises :class:`~aibom.errors.InputError`: ``changed-while-hashing`` or
    ``path-unreadable`` where a file is not what was hashed, or cannot be read.
    """
    requests: set[CodeRequest] = set()
    unclear = {}
    for file in content.files:
        if not file.path.lower().endswith(".json"):
            continue
        found = _of_file(location_of(path, content, file), file, (parsed, searched))
        requests.update(found.requests)
        if found.unclear:
            unclear[file.path] = found.unclear
    ordered = sorted(requests, key=lambda one: (not one.repository, one))
    if len(ordered) > _MAX_REQUESTS:
        # Those that are left out might be the ones that matter.
        last = ordered[_MAX_REQUESTS].path
        unclear.setdefault(last, f"more than {_MAX_REQUESTS:,} requests in all")
    return RemoteCode(tuple(sorted(ordered[:_MAX_REQUESTS])), unclear)


@dataclass
class _Found:
    """What one document asks for; ``unclear`` says why that may not be all."""

    path: str
    requests: list[CodeRequest] = field(default_factory=list)
    unclear: str = ""

    def asks(self, key: str, module: str = "", repository: str = "") -> None:
        self.requests.append(CodeRequest(self.path, key, module, repository))


def _of_file(location: bytes, file: File, limits: tuple[int, int]) -> _Found:
    try:
        handle = os.open(location, _OPEN_FLAGS)
        with open(handle, "rb", buffering=0) as stream:
            now = os.fstat(handle)
            if not stat.S_ISREG(now.st_mode) or now.st_size != file.size:
                raise refused("changed-while-hashing", file.path)
            return search_requests(stream, file, *limits)
    except OSError as error:
        raise lost(error, file.path) from error


def search_requests(
    stream: BinaryIO,
    file: File,
    parsed: int = MAX_PARSED,
    searched: int = MAX_SEARCHED,
) -> _Found:
    """Search an open file chunk by chunk; parse it where a word stands in it.

    Raises what reading raises, and ``changed-while-hashing``.
    """
    if file.size > searched:
        return _Found(file.path, unclear=f"{file.size:,} bytes, too large to search")
    hashed = hashlib.sha256()
    kept, tail, hit = b"", b"", False
    while part := stream.read(_CHUNK):
        hashed.update(part)
        hit = hit or _WORDS.search(tail + part) is not None
        tail = part[-_OVERLAP:]
        kept += part if len(kept) <= parsed else b""
    if hashed.hexdigest() != file.digest.value:
        raise refused("changed-while-hashing", file.path)
    name = file.path.rpartition("/")[2].lower()
    if not hit and name not in _ALWAYS:
        return _Found(file.path)
    if file.size > parsed:
        return _Found(file.path, unclear=f"{file.size:,} bytes, too large to parse")
    return find_requests(kept, file.path)


def find_requests(data: bytes, path: str) -> _Found:
    """What one JSON document asks for. It never raises for what ``data`` holds."""
    found = _Found(path)
    repeated: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> _Pairs:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            repeated.append(next(k for k, n in Counter(keys).items() if n > 1))
        return _Pairs(pairs)

    try:
        value = json.loads(
            data.decode("utf-8").removeprefix("\ufeff"),
            object_pairs_hook=once,
            # Numbers ask for nothing, but for whether they are zero.
            parse_int=_number,
            parse_float=_number,
            parse_constant=_number,
        )
    except RecursionError:
        found.unclear = "nested too deep"
        return found
    except ValueError:  # also of the decoder
        found.unclear = "not JSON in UTF-8"
        return found
    if repeated:
        found.unclear = f"the key {repeated[0][:40]!r} stands twice"
    _walk(value, found)
    if path.rpartition("/")[2].lower() in _ALWAYS:
        _modules(value, found)
    return found


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with every pair that it was written with, repeated keys too."""


def _number(text: str) -> bool:
    return text.strip("-0.") != ""


def _walk(value: Any, found: _Found) -> None:
    """Look at every value of a document, at most ``_MAX_DEPTH`` levels deep."""
    pending = [(value, 0)]
    while pending:
        current, depth = pending.pop()
        if depth > _MAX_DEPTH:
            found.unclear = found.unclear or "nested too deep"
            return
        if isinstance(current, _Pairs):
            for key, inner in current:
                _pair(key, inner, found)
                pending.append((inner, depth + 1))
        elif isinstance(current, list):
            pending += [(inner, depth + 1) for inner in current]
        elif isinstance(current, str):
            _elsewhere("a value", current, found)


def _pair(key: str, value: Any, found: _Found) -> None:
    if key == "trust_remote_code":
        if value not in (False, None, "false", "False", ""):
            found.asks(key)
    elif key == "_class_name" and isinstance(value, list):
        # [module of the repository, class]; a text alone names a class of the library.
        first = value[0] if value else None
        _reference(key, f"{first}.C" if isinstance(first, str) else first, found)
    elif "_implementation" in key:
        # A kernel of the Hub: ORG/REPO, perhaps with a version or a function.
        for text in _texts(value, found, only=""):
            if isinstance(text, str) and "/" in text:
                found.asks(key, "", text)
    elif key == "configuration_files":
        named = value if isinstance(value, list) else [value]
        if not all(isinstance(n, str) and _CONFIGURATION.fullmatch(n) for n in named):
            found.unclear = found.unclear or f"{key} names what is not searched"
    elif key in _KEYS:
        before = len(found.requests)
        for text in _texts(value, found, only="impl" if key != "auto_map" else ""):
            _reference(key, text, found)
        if key == "custom_pipelines" and value and len(found.requests) == before:
            found.unclear = found.unclear or f"{key} names no module"


def _texts(value: Any, found: _Found, only: str) -> Iterator[Any]:
    """Every text in a value; with ``only``, those under that key. Nothing is None."""
    pending = [("", value)]
    for _ in range(_MAX_REQUESTS):
        if not pending:
            return
        key, current = pending.pop()
        if isinstance(current, _Pairs):
            pending += [(only and key_, inner) for key_, inner in current]
        elif isinstance(current, list):
            pending += [(key, inner) for inner in current]
        elif current is not None and key == only:
            yield current
    found.unclear = found.unclear or "more references than are read"


def _reference(key: str, text: Any, found: _Found) -> None:
    """One reference to code: ``module.Class``, or ``ORG/REPO--module.Class``."""
    if not isinstance(text, str):
        found.unclear = found.unclear or f"{key} holds what is no text"
        return
    if "--" in text:
        repository, _, rest = text.partition("--")
        match = _REFERENCE.fullmatch(rest)
        found.asks(key, f"{match['module']}.py" if match else "", repository)
        return
    match = _REFERENCE.fullmatch(text)
    found.asks(key, f"{match['module']}.py" if match else "")


def _elsewhere(key: str, text: str, found: _Found) -> None:
    """A text of that form under any key: loaders have more keys than we know."""
    match = _ELSEWHERE.fullmatch(text)
    if match is None:
        return
    module, repository = f"{match['module']}.py", match["repo"]
    known = {(one.module, one.repository) for one in found.requests}
    if (module, repository) not in known:
        found.asks(key, module, repository)


def _modules(value: Any, found: _Found) -> None:
    """Entries of ``modules.json``: a type is in the library, or in the repository."""
    for entry in value if isinstance(value, list) else ():
        for key, type_ in entry if isinstance(entry, _Pairs) else ():
            if key != "type" or (isinstance(type_, str) and type_.startswith(_LIBRARY)):
                continue
            _reference("type", type_, found)
