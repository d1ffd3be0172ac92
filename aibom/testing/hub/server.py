"""The whole hub as one object: what a test sets up, breaks and looks at."""

from __future__ import annotations

from types import TracebackType

from aibom.testing.hub.api import answer, answer_linked
from aibom.testing.hub.content import blob_of
from aibom.testing.hub.faults import Fault, Faults
from aibom.testing.hub.repository import Kind, Owner, OwnerKind, Repository
from aibom.testing.hub.state import State
from aibom.testing.hub.transport import Listener, Log, Seen
from aibom.testing.hub.wire import Request, Response

__all__ = ["LocalHub"]


class LocalHub:
    """A running Hugging Face Hub, empty at first; a context manager.

    Two ports of 127.0.0.1: ``url`` is the hub, ``lfs_url`` gives out files in LFS to
    those whom ``Fault.redirected`` sends there. Both are taken at once and answered
    inside ``with``; nothing is left of threads and sockets after it.

    ``tokens`` are those that are valid, none at first; each reads everything, unless
    ``readers`` of a repository says otherwise. ``page_size`` is how many entries a
    page of a list has.
    """

    def __init__(self) -> None:
        self._state = State()
        self._faults = Faults()
        self._log = Log()
        self._hub = Listener(self._answer, self._redirect, self._faults, self._log)
        self._lfs = Listener(self._linked, _unchanged, self._faults, self._log)
        self._state.url = self._hub.url

    def __enter__(self) -> LocalHub:
        self._hub.start()
        self._lfs.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hub.stop()
        self._lfs.stop()

    @property
    def url(self) -> str:
        """Where the hub listens; what ``HF_ENDPOINT`` is set to."""
        return self._hub.url

    @property
    def lfs_url(self) -> str:
        """Where the second port listens."""
        return self._lfs.url

    @property
    def tokens(self) -> set[str]:
        """The tokens that are valid; add to it."""
        return self._state.tokens

    @property
    def page_size(self) -> int:
        """How many entries one page has; lists of expanded entries have 50 at most."""
        return self._state.page_size

    @page_size.setter
    def page_size(self, size: int) -> None:
        self._state.page_size = size

    # ── what is there ────────────────────

    def model(self, id: str) -> Repository:
        """The model repository of that name, made when there is none."""
        return self._state.repository("model", id)

    def dataset(self, id: str) -> Repository:
        """The dataset repository of that name, made when there is none."""
        return self._state.repository("dataset", id)

    def repository(self, kind: Kind, id: str) -> Repository:
        """Either; raises ``UsageError`` for other kinds."""
        return self._state.repository(kind, id)

    def delete(self, kind: Kind, id: str) -> None:
        """Forget a repository: one that is made by its name later is another one."""
        self._state.delete(kind, id)

    def owner(self, name: str, kind: OwnerKind | None = None) -> Owner:
        """The owner of that name, made when there is none; an organisation at first.

        A repository brings its owner along.
        """
        return self._state.owner(name, kind)

    def forget_owner(self, name: str) -> None:
        """Nobody has that name from now on; repositories stay as they are."""
        self._state.forget_owner(name)

    # ── what goes wrong, and what was asked ────────────────────

    def fail(self, *faults: Fault) -> None:
        """Plan faults; the first that matches a request is taken."""
        for fault in faults:
            self._faults.plan(fault)

    def recover(self) -> None:
        """Forget every planned fault, and let go of clients that still wait."""
        self._faults.clear()

    @property
    def requests(self) -> list[Seen]:
        """Every request so far, to both ports: method, path with query, headers.

        A copy, in the order of arrival. Names of headers are in lower case.
        """
        return self._log.seen()

    def _answer(self, request: Request) -> Response:
        return answer(self._state, request)

    def _linked(self, request: Request) -> Response:
        return answer_linked(self._state, request)

    def _redirect(self, response: Response) -> Response:
        """302 to the second port; what is not in LFS is answered as it was."""
        if response.header("X-Linked-Etag") is None:
            return response
        blob = response.blob
        place = self.lfs_url + self._state.link(blob, flipped=response.flipped)
        headers = {
            name: value
            for name, value in response.headers.items()
            if name not in ("Content-Range", "Accept-Ranges")
        }
        return Response(302, {**headers, "Location": place}, blob_of(""))


def _unchanged(response: Response) -> Response:
    return response
