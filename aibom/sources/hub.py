"""The Hugging Face Hub, asked now.

One revision is resolved once to a full commit, and that commit is part of every later
question; an answer that says to be of another one is refused. What the Hub lists
(sizes, digests, owner, dates, scans) are its claims: :class:`HubSource` compares bytes
with the digests in that list, and cannot tell whether the list is true.

The Hub is asked with GET requests of its JSON interface, through the session that
huggingface_hub gives, so that proxies and certificates are those that users configured
there. Neither its cache nor any other on this disk answers here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from aibom.errors import InputError
from aibom.sources import hub_answers, hub_errors
from aibom.sources.hub_answers import Info
from aibom.sources.hub_client import TIMEOUT, Answer, HubClient, Question
from aibom.sources.hub_files import Download, read_file
from aibom.sources.paths import MAX_FILES, require_safe_paths
from aibom.sources.reference import Reference
from aibom.sources.remote import Owner, RemoteFile, Resolved

__all__ = ["HubSource"]

_MAX_PAGES = 2_100
_COMMITTED = "the hub does not give the date of the commit"


class HubSource:
    """A hub behind an endpoint; implements :class:`~aibom.sources.remote.Source`.

    ``endpoint`` and ``token`` default to those of huggingface_hub (``HF_ENDPOINT``;
    ``HF_TOKEN`` or the file that ``hf auth login`` writes). The token is sent to the
    origin of the endpoint only, and is in no message; an empty one is none. ``sleep``
    and ``clock`` are for tests.

    Waits ``timeout`` seconds for a connection and for each read, 60 for an answer, and
    asks up to four times (408, 425, 429, 5xx, broken connections). A server that sends
    the header of an answer byte by byte is not stopped before its reads time out.

    The reasons that its methods raise are those of ``docs/exit-codes.md`` under
    "sources", but for the ones that are of a cache or a lock.
    """

    def __init__(
        self,
        *,
        endpoint: str | None = None,
        token: str | None = None,
        timeout: float = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = HubClient(
            endpoint if endpoint is not None else _default_endpoint(),
            token if token is not None else _default_token(),
            timeout=timeout,
            sleep=sleep,
            clock=clock,
        )

    def resolve(self, reference: Reference) -> Resolved:
        """See :meth:`~aibom.sources.remote.Source.resolve`.

        Three to five requests, and one more for each further page of files. Raises also
        ``source-renamed`` where the repository has another name by now, and
        ``commit-contradicted``.
        """
        info = self._info(reference)
        where = str(reference.at(info.commit))
        files = require_safe_paths(self._tree(reference, info.commit, where), where)
        doubts = hub_answers.compare_listings(files, info.listed)
        owner, unsure = self._owner(info)
        committed = self._committed(reference, info.commit, where)
        return Resolved(
            reference=reference,
            files=files,
            mode="online",
            where=self._client.endpoint,
            name=info.name,
            commit=info.commit,
            committed=committed,
            owner=owner,
            repository=info.repository,
            gated=info.gated,
            scan=info.scan,
            unsure=(
                *info.unsure,
                *doubts,
                *unsure,
                *(() if committed else (_COMMITTED,)),
            ),
            complete=info.listed is None or not doubts,
        )

    def read(self, resolved: Resolved, file: RemoteFile, limit: int) -> bytes:
        """See :meth:`~aibom.sources.remote.Source.read`."""
        return read_file(self._client, _file(resolved, file), file, limit)

    def download(
        self,
        resolved: Resolved,
        file: RemoteFile,
        to: Path,
        scratch: Path,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """See :meth:`~aibom.sources.remote.Source.download`.

        What arrived before counts as progress at once when it is gone on with.
        """
        Download(self._client, _file(resolved, file), file, scratch, progress).run(to)

    # ── the questions ────────────────────

    def _info(self, reference: Reference) -> Info:
        dataset = reference.kind == "dataset"
        revision = reference.revision
        question = Question(
            before=f"/api/{_plural(reference)}/",
            name=reference.name,
            after=f"/revision/{quote(revision, safe='')}" if revision else "",
            query="blobs=true" if dataset else "securityStatus=true&blobs=true",
            where=str(reference),
            commit=revision if reference.is_pinned else None,
        )
        answer = self._client.get(question)
        data = hub_answers.parse_json(answer.body, question.where)
        info = hub_answers.read_info(data, question.where, dataset=dataset)
        if info.name != reference.name:
            raise hub_errors.renamed(question.where, info.name)
        stated = answer.headers.get("x-repo-commit", info.commit)
        for asked in (question.commit, stated):
            if asked not in (None, info.commit):
                raise hub_errors.contradicted(question.where, str(asked), info.commit)
        return info

    def _tree(self, reference: Reference, commit: str, where: str) -> list[RemoteFile]:
        files: list[RemoteFile] = []
        query: str | None = "recursive=true&expand=false"
        asked: set[str | None] = set()
        for _ in range(_MAX_PAGES):
            asked.add(query)
            question = _at(reference, "tree", commit, where, query or "")
            answer = self._client.get(question)
            page = hub_answers.parse_json(answer.body, where)
            files += hub_answers.read_tree(page, where)
            if len(files) > MAX_FILES:
                raise hub_errors.too_large("its list of files", where, MAX_FILES)
            query = hub_answers.next_query(answer.headers.get("link"))
            if query is None:
                return files
            if query in asked:
                says = "lists its files in pages that lead back to each other"
                raise hub_errors.malformed(says, where)
        raise hub_errors.too_large("its list of files in pages", where, _MAX_PAGES)

    def _owner(self, info: Info) -> tuple[Owner | None, tuple[str, ...]]:
        name, _, rest = info.name.partition("/")
        if not rest:
            return None, ("a name of one part does not say which account owns it",)
        unsure: tuple[str, ...] = ()
        if info.author != name:
            unsure = ("the hub does not name the account that owns it as its author",)
        try:
            found = self._account(name, "organisation") or self._account(name, "user")
        except InputError as error:
            why = f"the account that owns it could not be asked for: {error.message}"
            return Owner(name), (*unsure, why)
        if found is None:
            return Owner(name), (*unsure, "the hub knows no account that owns it")
        return found[0], (*unsure, *found[1])

    def _account(
        self, name: str, kind: Literal["organisation", "user"]
    ) -> tuple[Owner, tuple[str, ...]] | None:
        plural = "organizations" if kind == "organisation" else "users"
        where = f"{self._client.endpoint}/api/{plural}/{name}"
        try:
            answer = self._client.get(
                Question(f"/api/{plural}/", name, "/overview", where)
            )
        except InputError as error:
            if error.reason == "source-missing-or-private":
                return None
            raise
        data = hub_answers.parse_json(answer.body, where)
        return hub_answers.read_owner(data, name, kind, where)

    def _committed(self, reference: Reference, commit: str, where: str) -> str | None:
        question = _at(reference, "commits", commit, where, "limit=1")
        try:
            answer: Answer = self._client.get(question)
            data: Any = hub_answers.parse_json(answer.body, where)
        except InputError:
            return None
        return hub_answers.commit_date(data, commit)


def _at(
    reference: Reference, verb: str, commit: str, where: str, query: str
) -> Question:
    """A question about one commit of a repository."""
    return Question(
        before=f"/api/{_plural(reference)}/",
        name=reference.name,
        after=f"/{verb}/{commit}",
        query=query,
        where=where,
        commit=commit,
    )


def _file(resolved: Resolved, file: RemoteFile) -> Question:
    """The question for the bytes of one file, at the commit that was resolved."""
    where = f"{resolved.pinned}:{file.path}"
    if resolved.commit is None:
        raise hub_errors.malformed("was not asked for a commit", where)
    return Question(
        before="/datasets/" if resolved.reference.kind == "dataset" else "/",
        name=resolved.reference.name,
        after=f"/resolve/{resolved.commit}/{quote(file.path)}",
        where=where,
        commit=resolved.commit,
    )


def _plural(reference: Reference) -> str:
    return "datasets" if reference.kind == "dataset" else "models"


def _default_endpoint() -> str:
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def _default_token() -> str | None:
    from huggingface_hub import get_token

    return get_token()
