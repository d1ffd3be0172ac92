"""What the hub holds: repositories and owners by name, and who may read what."""

from __future__ import annotations

import threading

from aibom.errors import UsageError
from aibom.testing.hub.content import Blob, blob_of
from aibom.testing.hub.git import Commit
from aibom.testing.hub.repository import KINDS, Kind, Owner, OwnerKind, Repository
from aibom.testing.hub.wire import Refused, Request, Response, refusal

__all__ = ["State", "require_commit"]

_PAGE_SIZE = 1000


class State:
    """Everything that answers are made from; safe for threads."""

    def __init__(self) -> None:
        self.url = ""
        self.tokens: set[str] = set()
        self.page_size = _PAGE_SIZE
        self._lock = threading.Lock()
        self._repositories: dict[tuple[Kind, str], Repository] = {}
        self._owners: dict[str, Owner] = {}
        self._made: dict[tuple[Kind, str], int] = {}
        self._linked: dict[str, tuple[Blob, bool]] = {}

    # ── what a test sets up ────────────────────

    def repository(self, kind: Kind, id: str) -> Repository:
        """The repository of that name, made when there is none, and its owner too."""
        if kind not in KINDS:
            raise UsageError(f"no such kind: {kind!r}", reason="hub-kind-unknown")
        with self._lock:
            found = self._repositories.get((kind, id))
            if found is None:
                generation = self._made.get((kind, id), 0)
                self._made[kind, id] = generation + 1
                found = Repository(kind, id, generation)
                self._repositories[kind, id] = found
                if "/" in id:
                    name = id.partition("/")[0]
                    self._owners.setdefault(name, Owner(name))
            return found

    def delete(self, kind: Kind, id: str) -> None:
        """Forget a repository; one made later by its name is another one."""
        with self._lock:
            self._repositories.pop((kind, id), None)

    def owner(self, name: str, kind: OwnerKind | None = None) -> Owner:
        """The owner of that name, made when there is none; ``kind`` changes its."""
        with self._lock:
            owner = self._owners.setdefault(name, Owner(name))
        if kind is not None:
            owner.kind = kind
        return owner

    def forget_owner(self, name: str) -> None:
        """Nobody has that name from now on; its repositories stay."""
        with self._lock:
            self._owners.pop(name, None)

    # ── what a request may see ────────────────────

    def known_owner(self, name: str) -> Owner | None:
        """The owner of that name."""
        with self._lock:
            return self._owners.get(name)

    def named(self, kind: Kind, id: str) -> Repository | None:
        """The repository that answers to a name: by its own, or one renamed to it."""
        with self._lock:
            found = self._repositories.get((kind, id))
            if found is not None:
                return found
            for (its_kind, _), one in self._repositories.items():
                if its_kind == kind and one.renamed_to == id:
                    return one
        return None

    def authenticate(self, request: Request) -> None:
        """Refuse a token that nobody gave out, for what is public too."""
        if request.token is not None and request.token not in self.tokens:
            raise refusal(401, "Invalid credentials in Authorization header")

    def visible(self, kind: Kind, id: str, request: Request) -> Repository:
        """The repository, for one who may know that it exists."""
        found = self.named(kind, id)
        if found is None or (found.private and not self._reads(found, request)):
            if request.token is None:
                raise refusal(401, "Invalid username or password.", "RepoNotFound")
            raise refusal(404, "Repository not found", "RepoNotFound")
        if found.renamed_to not in (None, id):
            raise _moved(request, id, found.renamed_to or "")
        if found.disabled:
            raise refusal(403, "Access to this resource is disabled.")
        return found

    def require_files(self, found: Repository, request: Request) -> None:
        """Refuse the content of a gated repository to who has no access."""
        if found.gated and not self._reads(found, request):
            raise refusal(
                403,
                f"Access to {found.kind} {found.id} is restricted and you are not in "
                "the authorized list. Visit the page of the repository to ask for "
                "access.",
                "GatedRepo",
            )

    def _reads(self, found: Repository, request: Request) -> bool:
        readers = self.tokens if found.readers is None else found.readers
        return request.token is not None and request.token in readers

    # ── what lies on the second port ────────────────────

    def link(self, blob: Blob, *, flipped: bool = False) -> str:
        """The path under which the second port gives a blob out."""
        path = f"/lfs/{'t/' if flipped else ''}{blob.sha256}"
        with self._lock:
            self._linked[path] = (blob, flipped)
        return path

    def linked(self, path: str) -> tuple[Blob, bool] | None:
        """The blob at a path of the second port, and whether it is tampered with."""
        with self._lock:
            return self._linked.get(path)


def require_commit(found: Repository, revision: str) -> Commit:
    """The commit that a revision means, or the hub's refusal."""
    commit = found.resolve(revision)
    if commit is None:
        raise refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return commit


def _moved(request: Request, old: str, new: str) -> Refused:
    # The name begins after what every address begins with; it may be "models" itself.
    target = request.target
    begin = target.index("/", len("/api/")) if target.startswith("/api/") else 0
    at = target.index(f"/{old}", begin) + 1
    target = target[:at] + new + target[at + len(old) :]
    headers = {"Location": target, "Content-Type": "text/plain; charset=utf-8"}
    text = f"Temporary Redirect. Redirecting to {target}"
    return Refused(Response(307, headers, blob_of(text)))
