"""What a run is declared to have found in the bytes of the artifact.

A gate reads bytes and hashes them; a policy test says what came of it. Said of
anything, it says that bytes were looked at at all: a rule about them is
``not-applicable`` in a dry run, which is what a test without these keys describes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aibom.catalogers.formats import FORMATS
from aibom.digest import Digest
from aibom.lineage.evidence import CodeRequest, RemoteCode
from aibom.operations.ptest.names import Names
from aibom.reading import Reader, suggest

__all__ = ["Bytes", "read_bytes"]


@dataclass(frozen=True, slots=True)
class Bytes:
    """What was recomputed, and what was told of the artifact's files, by path.

    ``code`` is None where nobody looked for what loaders are asked to run.
    """

    recomputed: frozenset[Digest]
    checked: bool
    formats: Mapping[str, str]
    code: RemoteCode | None


def read_bytes(top: Reader, names: Names, root: str | None) -> Bytes:
    """Read ``hashed``, ``formats`` and ``remote_code``; problems go to the reader."""
    hashed = top.texts("hashed", None)
    found = [names.node(top, name, "hashed") for name in hashed or ()]
    digests = {names.nodes[name].digest for name in found if name is not None}
    files = [] if root is None else [file.path for file in names.nodes[root].files]
    return Bytes(
        frozenset(digest for digest in digests if digest is not None),
        any(top.has(key) for key in ("hashed", "formats", "remote_code")),
        _formats(top, files),
        _code(top, files),
    )


def _formats(top: Reader, files: Sequence[str]) -> Mapping[str, str]:
    """The format of each file of the artifact that was told one."""
    found = {}
    for section, path in _paths(top, "formats", files):
        found[path] = section.text(path)
        if isinstance(found[path], str) and found[path] not in FORMATS:
            told = f"unknown format {found[path]!r}{suggest(found[path], FORMATS)}"
            section.problem(told, path)
    return found


def _code(top: Reader, files: Sequence[str]) -> RemoteCode | None:
    """What loaders are asked to run; an empty mapping says that it is nothing."""
    if not top.has("remote_code"):
        top.raw("remote_code", None)
        return None
    section = top.reader("remote_code")
    requests = tuple(_request(one, files) for one in section.readers("requests", ()))
    unclear = {
        path: text.text(path) for text, path in _paths(section, "unclear", files)
    }
    section.close()
    return RemoteCode(requests, unclear)


def _request(entry: Reader, files: Sequence[str]) -> CodeRequest:
    path = entry.text("path")
    if isinstance(path, str):
        _require_file(entry, path, files, "path")
    module, repository = entry.text("module", ""), entry.text("repository", "")
    found = CodeRequest(path, entry.text("key", "auto_map"), module, repository)
    entry.close()
    return found


def _paths(top: Reader, key: str, files: Sequence[str]) -> Iterator[tuple[Reader, str]]:
    """A mapping whose keys are files of the artifact: its reader, and each of them."""
    if not top.has(key):
        top.raw(key, None)
        return
    section = top.reader(key)
    for path in section.keys():  # noqa: SIM118  a Reader is not a dict
        _require_file(section, path, files, path)
        yield section, path


def _require_file(entry: Reader, path: str, files: Sequence[str], key: str) -> None:
    if path not in files:
        told = f"{path!r} is not among the files of the artifact{suggest(path, files)}"
        entry.problem(told, key)
