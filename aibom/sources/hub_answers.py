"""The Hub's JSON answers, as values. Pure; every type in them may be wrong.

What identifies a revision and its files has to be there and well-formed, or
``source-answer-malformed`` is raised. What only describes it (owner, date, gate, scan)
is left out when it makes no sense, and said to be unsure.

The shapes are those that huggingface_hub reads (its ``hf_api`` module); its classes are
not used, because they let an answer set any attribute and raise for cards that people
write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn
from urllib.parse import urlsplit

from aibom.errors import AibomError, VerificationFailed
from aibom.lineage.hub_names import COMMIT
from aibom.reading import parse_time
from aibom.sources.hub_errors import malformed, status_error
from aibom.sources.remote import Owner, RemoteFile, ScanStatus

__all__ = [
    "Info",
    "commit_date",
    "compare_listings",
    "next_query",
    "parse_json",
    "read_info",
    "read_owner",
    "read_tree",
]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NEXT = re.compile(r'<([^<>\s]{1,4096})>\s*;\s*rel="?next"?')
_MAX_SIZE = 2**60


@dataclass(frozen=True, slots=True)
class Info:
    """What the Hub says of a repository at a revision. ``None`` is: it does not say.

    ``listed`` are path and size of its files, for a comparison with the tree.
    """

    name: str
    commit: str
    repository: str | None
    author: str | None
    gated: str | None
    scan: ScanStatus | None
    listed: Mapping[str, int | None] | None
    unsure: tuple[str, ...] = ()


def parse_json(body: bytes, where: str) -> Any:
    """The value of a JSON text; what is none is ``source-answer-malformed``."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        what = "answers with something that is not JSON"
        raise malformed(what, where) from error


def read_info(data: Any, where: str, *, dataset: bool) -> Info:
    """Read ``GET /api/{models|datasets}/NAME[/revision/REV]``.

    Raises ``source-answer-malformed`` without a name or a full commit id, and
    ``source-disabled`` where the Hub says that it is.
    """
    answer = _mapping(data, "a repository", where)
    name, commit = _text(answer.get("id")), _text(answer.get("sha"))
    if not name or commit is None or not COMMIT.fullmatch(commit):
        _refuse("gives no name and full commit id of a repository", where)
    if answer.get("disabled") not in (None, False):
        raise _disabled(where)
    unsure: list[str] = []
    repository = _text(answer.get("_id"))
    if repository is None or not _ID.fullmatch(repository):
        repository = None
        unsure.append("the hub does not give the id of the repository")
    return Info(
        name,
        commit,
        repository,
        _text(answer.get("author")),
        _gated(answer, unsure),
        None if dataset else _scan(answer.get("securityRepoStatus"), unsure),
        _siblings(answer.get("siblings")),
        tuple(unsure),
    )


def _gated(answer: Mapping[str, Any], unsure: list[str]) -> str | None:
    gated = answer.get("gated")
    if gated is False:
        return None
    if gated in ("auto", "manual"):
        return str(gated)
    unsure.append("the hub does not say whether access is restricted")
    return None


def _scan(data: Any, unsure: list[str]) -> ScanStatus | None:
    if not isinstance(data, dict):
        unsure.append("the hub does not give the state of its scans")
        return None
    done, issues = data.get("scansDone"), data.get("filesWithIssues")
    flagged: list[tuple[str, str]] = []
    whole = isinstance(done, bool) and isinstance(issues, list)
    for issue in issues if isinstance(issues, list) else ():
        path = _text(issue.get("path")) if isinstance(issue, dict) else None
        level = _text(issue.get("level")) if isinstance(issue, dict) else None
        whole = whole and path is not None and level is not None
        # What is flagged stays flagged, however badly it is written.
        flagged.append((path or "(no path)", level or "(no level)"))
    if not whole:
        unsure.append("the state of the hub's scans is not well-formed")
    known = done if isinstance(done, bool) and whole else None
    return ScanStatus(known, tuple(sorted(set(flagged))))


def _siblings(data: Any) -> Mapping[str, int | None] | None:
    if not isinstance(data, list):
        return None
    found: dict[str, int | None] = {}
    for entry in data:
        path = _text(entry.get("rfilename")) if isinstance(entry, dict) else None
        if path is None:
            return None
        found[path] = _size(entry.get("size"))
    return found


def read_tree(data: Any, where: str) -> list[RemoteFile]:
    """Read one page of ``GET /api/{type}/NAME/tree/COMMIT?recursive=true``.

    Folders are left out. An entry that is neither file nor folder (a submodule, a
    link) is ``source-path-refused``; one that is not well-formed is
    ``source-answer-malformed``. Whether paths are safe is not looked at.
    """
    if not isinstance(data, list):
        _refuse("gives no list of files", where)
    return [file for entry in data for file in _entry(entry, where)]


def _entry(data: Any, where: str) -> list[RemoteFile]:
    entry = _mapping(data, "a file", where)
    path, kind = _text(entry.get("path")), _text(entry.get("type"))
    if not path or kind is None:
        _refuse("lists a file without path and type", where)
    if kind == "directory":
        return []
    if kind != "file":
        raise VerificationFailed(
            f"lists {path[:200]!r}, which is neither a file nor a folder",
            reason="source-path-refused",
            where=where,
            hint="such an entry can lead out of the folder: do not use it",
        )
    size, blob = _size(entry.get("size")), _text(entry.get("oid"))
    if size is None or blob is None or not COMMIT.fullmatch(blob):
        _refuse("lists a file without size and git object id", where)
    if entry.get("lfs") is None:
        return [RemoteFile(path, size, git_blob=blob)]
    # The git object of a file in LFS is its pointer: it says nothing of the content.
    return [RemoteFile(path, size, sha256=_lfs(entry["lfs"], size, where))]


def _lfs(data: Any, size: int, where: str) -> str:
    lfs = _mapping(data, "a file in LFS", where)
    digest = _text(lfs.get("oid", lfs.get("sha256")))
    if digest is None or not _SHA256.fullmatch(digest):
        _refuse("lists a file in LFS without a SHA-256 digest", where)
    if _size(lfs.get("size")) != size:
        _refuse("lists a file in LFS with two sizes", where)
    return digest


def next_query(link: str | None) -> str | None:
    """The query of the next page, of a ``Link`` header; ``None`` on the last page.

    Only the query: a page that is asked for can never be one of another host.
    """
    found = _NEXT.search(link or "")
    if found is None:
        return None
    try:
        return urlsplit(found[1]).query or None
    except ValueError:
        return None


def compare_listings(
    files: tuple[RemoteFile, ...], listed: Mapping[str, int | None] | None
) -> tuple[str, ...]:
    """What to be unsure of where the Hub lists files twice and not the same."""
    if listed is None:
        return ("the hub gives only one list of the files",)
    sizes = {file.path: file.size for file in files}
    if sizes.keys() != listed.keys():
        return ("the two lists of files that the hub gives are not the same",)
    if any(size not in (None, sizes[path]) for path, size in listed.items()):
        return ("the two lists of files that the hub gives differ in sizes",)
    return ()


def read_owner(
    data: Any, name: str, kind: Literal["organisation", "user"], where: str
) -> tuple[Owner, tuple[str, ...]]:
    """Read ``GET /api/{organizations|users}/NAME/overview``, and what it leaves open.

    Raises ``source-answer-malformed`` where it is about another account.
    """
    answer = _mapping(data, "an account", where)
    found = _text(answer.get("name" if kind == "organisation" else "user"))
    if found != name:
        _refuse("answers with another account than was asked for", where)
    unsure = []
    account, created = _text(answer.get("_id")), _time(answer.get("createdAt"))
    if account is None or not _ID.fullmatch(account):
        account = None
        unsure.append("the hub does not give the id of the account that owns it")
    if created is None:
        unsure.append("the hub does not say since when the account that owns it exists")
    return Owner(name, kind, account, created), tuple(unsure)


def commit_date(data: Any, commit: str) -> str | None:
    """The date of a commit, of ``GET /api/{type}/NAME/commits/COMMIT``, newest first.

    ``None`` where the first entry is of another commit, or has no date with a zone.
    """
    first = data[0] if isinstance(data, list) and data else None
    if not isinstance(first, dict) or first.get("id") != commit:
        return None
    return _time(first.get("date"))


def _time(value: Any) -> str | None:
    text = _text(value)
    if text is None or len(text) < 20 or len(text) > 40:
        return None
    try:
        parse_time(text)
    except (ValueError, OverflowError, AibomError):
        return None
    return text


def _size(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _MAX_SIZE else None


def _text(value: Any) -> str | None:
    """A string that can be written as UTF-8: JSON may hold half of a character."""
    if not isinstance(value, str):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


def _mapping(data: Any, what: str, where: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        _refuse(f"describes {what} with something else than an object", where)
    return data


def _refuse(what: str, where: str) -> NoReturn:
    raise malformed(what, where)


def _disabled(where: str) -> AibomError:
    return status_error(451, {}, where, token=False)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
