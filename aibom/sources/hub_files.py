"""The bytes of one file of the Hub: in memory, or into a file that is resumed.

Read straight from ``/resolve/COMMIT/PATH``, not through ``hf_hub_download``: that one
takes another commit than was asked for, answers from what lies in its folder when the
Hub does not, and looks at no digest. A file in xet storage is read over plain HTTP,
which the Hub offers for every client without it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from aibom.errors import InputError
from aibom.sources import hub_errors
from aibom.sources.hub_client import DEADLINE, SLOWEST, HubClient, Question
from aibom.sources.hub_errors import Again
from aibom.sources.hub_session import Response
from aibom.sources.remote import RemoteFile

__all__ = ["Download", "read_file", "require_digests"]

_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")
_ETAG = re.compile(r'(?:W/)?"?([0-9a-f]{64})"?')


def read_file(
    client: HubClient, question: Question, file: RemoteFile, limit: int
) -> bytes:
    """The content of a file, compared with its size and digests.

    Raises ``source-too-large`` beyond ``limit`` before anything is asked, and
    ``source-digest-mismatch`` where the bytes are not those announced.
    """
    size = _size(file, question)
    if size > limit:
        raise hub_errors.too_large("the file", question.where, limit)

    def once() -> bytes:
        with client.file(question) as response:
            _require_announced(response, file, question, start=0)
            deadline = client.clock() + DEADLINE + size * SLOWEST
            data = bytearray()
            for chunk in client.chunks(response, question.where, deadline):
                data += chunk
                _require_no_more(len(data), size, question)
        if len(data) < size:
            raise Again(hub_errors.truncated(question.where, len(data), size))
        return bytes(data)

    content = client.persist(once)
    require_digests(content, file, question.where)
    return content


def require_digests(content: bytes, file: RemoteFile, where: str) -> None:
    """Raise ``source-digest-mismatch`` unless the digests of a file hold."""
    if file.sha256 is not None:
        right = hashlib.sha256(content).hexdigest() == file.sha256
    elif file.git_blob is not None:
        header = b"blob %d\0" % len(content)
        blob = hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
        right = blob == file.git_blob
    else:
        right = True
    if not right:
        raise hub_errors.mismatch(where, "the bytes are not those that the hub lists")


class Download:
    """One file on its way to this disk; used by one thread.

    What has arrived lies in ``scratch`` under a name made of the repository, commit,
    path and digest: what is resumed can only be of the same file. It is moved to its
    place by one rename once its size is right. Nothing is synced to the disk: after a
    loss of power a file may be there without its bytes.
    """

    def __init__(
        self,
        client: HubClient,
        question: Question,
        file: RemoteFile,
        scratch: Path,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._client = client
        self._question = question
        self._file = file
        self._size = _size(file, question)
        self._part = scratch / _part_name(question, file)
        self._progress = progress
        self._told = 0

    def run(self, to: Path) -> None:
        """Fetch what is missing, and put the file at ``to``.

        Raises ``file-not-written`` where this disk refuses.
        """
        try:
            if self._have() != self._size:
                self._client.persist(self._once)
            self._tell(self._size)
            os.replace(self._part, to)
        except OSError as error:
            raise _not_written(error, str(to)) from error

    def _have(self) -> int:
        """How much has arrived; more than the file has is thrown away."""
        try:
            size = self._part.lstat().st_size
        except FileNotFoundError:
            return -1
        if size > self._size or not self._part.is_file() or self._part.is_symlink():
            self._part.unlink()
            return -1
        return size

    def _once(self) -> None:
        start = max(self._have(), 0)
        if start == self._size:
            start = 0
        with self._client.file(self._question, start) as response:
            if response.status == 416:
                # What lies here is not the beginning of what the hub has.
                self._part.unlink(missing_ok=True)
                raise Again(hub_errors.truncated(self._where, start, self._size))
            if response.status == 200:
                start = 0
            _require_announced(response, self._file, self._question, start)
            with _opened(self._part, start) as out:
                self._copy(response, out, start)

    def _copy(self, response: Response, out: BinaryIO, done: int) -> None:
        deadline = self._client.clock() + DEADLINE + (self._size - done) * SLOWEST
        for chunk in self._client.chunks(response, self._where, deadline):
            done += len(chunk)
            if done > self._size:
                # Nothing of it is worth going on with.
                out.truncate(0)
            _require_no_more(done, self._size, self._question)
            out.write(chunk)
            self._tell(done)
        if done < self._size:
            raise Again(hub_errors.truncated(self._where, done, self._size))

    def _tell(self, done: int) -> None:
        # A try that begins again is not told of until it is past the one before.
        if self._progress is not None and done > self._told:
            self._progress(done - self._told)
        self._told = max(self._told, done)

    @property
    def _where(self) -> str:
        return self._question.where


def _opened(part: Path, start: int) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(part, flags | getattr(os, "O_BINARY", 0), 0o600)
    out = os.fdopen(handle, "wb")
    out.truncate(start)
    out.seek(start)
    return out


def _part_name(question: Question, file: RemoteFile) -> str:
    parts = (
        *(question.before, question.name, question.commit, file.path),
        *(file.size, file.sha256, file.git_blob),
    )
    text = "\0".join(map(str, parts))
    return f"{hashlib.sha256(text.encode()).hexdigest()}.part"


def _size(file: RemoteFile, question: Question) -> int:
    if file.size is None:
        raise hub_errors.malformed("gives no size of this file", question.where)
    return file.size


def _require_announced(
    response: Response, file: RemoteFile, question: Question, start: int
) -> None:
    """Refuse, before its body is read, what is announced to be something else."""
    size = _size(file, question)
    found = _RANGE.fullmatch(response.headers.get("content-range", ""))
    if response.status == 206:
        if found is None or int(found[1]) != start:
            says = "answers with another part of a file than was asked for"
            raise hub_errors.malformed(says, question.where)
        whole = response.length + start if response.length is not None else None
    else:
        whole = response.length
    if whole not in (None, size):
        raise hub_errors.mismatch(
            question.where, f"the hub lists {size} bytes, and then announces {whole}"
        )
    etag = _ETAG.fullmatch(response.headers.get("x-linked-etag", ""))
    if etag and file.sha256 and etag[1] != file.sha256:
        raise hub_errors.mismatch(
            question.where, "the hub lists one digest, and then announces another"
        )


def _require_no_more(got: int, size: int, question: Question) -> None:
    if got > size:
        what = f"more than the {size} bytes that the hub lists arrive"
        raise hub_errors.mismatch(question.where, what)


def _not_written(error: OSError, where: str) -> InputError:
    return InputError(
        f"cannot be written: {error.strerror or type(error).__name__}",
        reason="file-not-written",
        where=where,
        hint="check the folder, its permissions and the space on that disk",
    )
