"""What a user writes to name an artifact that lies somewhere else.

::

    hf:org/name[@REVISION]               a model on the Hugging Face Hub
    hf:datasets/org/name[@REVISION]      a dataset there
    s3://bucket/prefix, https://…        a folder behind a URL (fsspec)
    path/to/folder                       a folder on this disk

On the Hub a revision is a branch, a tag, or a commit. Only a full commit id (40 hex
digits) is pinned: everything else can be moved by whoever owns the repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from aibom.errors import UsageError
from aibom.lineage.hub_names import COMMIT, hub_source, is_hub_name

__all__ = ["Reference", "is_remote"]

Scheme = Literal["hf", "folder", "url"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
#: Begins as a URL, or as several of which one holds the other; and is none.
_NEARLY = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]*://")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")
_DATASETS = "datasets/"


@dataclass(frozen=True, slots=True)
class Reference:
    """One artifact, as it was named.

    ``name`` is ``org/name``, a path, or a URL; ``revision`` as asked, ``None`` for the
    default one; ``kind`` is ``model`` or ``dataset`` where the reference says so.
    """

    scheme: Scheme
    name: str
    revision: str | None = None
    kind: Literal["model", "dataset"] | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference; whether anything is there is not asked.

        Raises :class:`~aibom.errors.UsageError`: ``reference-malformed``.
        """
        if text.startswith("hf:"):
            return _hub(text)
        if re.match(r"(oci|docker|dvc|mlflow|pkg):", text):
            raise _malformed(text)  # also with two slashes: no registry is asked
        if _URL.fullmatch(text):
            _require_open(text)
            return cls("url", text)
        if found := _NEARLY.match(text):
            raise _malformed(f"{found[0]}…")  # what follows may sign in
        if not text or "\0" in text:
            raise _malformed(text)
        return cls("folder", text)

    def __str__(self) -> str:
        if self.scheme != "hf":
            return self.name
        prefix = _DATASETS if self.kind == "dataset" else ""
        revision = f"@{self.revision}" if self.revision else ""
        return f"hf:{prefix}{self.name}{revision}"

    @property
    def is_pinned(self) -> bool:
        """Whether it names a full commit id."""
        return self.revision is not None and bool(COMMIT.fullmatch(self.revision))

    def at(self, revision: str | None) -> Reference:
        """The same artifact at another revision."""
        return Reference(self.scheme, self.name, revision, self.kind)

    def source(self, commit: str | None) -> str | None:
        """The package URL of it at a commit; ``None`` where there is no type for it."""
        if self.scheme != "hf":
            return None
        return hub_source(self.name, commit, dataset=self.kind == "dataset")


def _require_open(url: str) -> None:
    """Refuse what signs in: references stand in locks and receipts, and are shown."""
    scheme, _, rest = url.partition("://")
    if "?" in url or "#" in url or "@" in rest.partition("/")[0]:
        raise UsageError(
            "a URL here has no user, password, query or fragment",
            reason="reference-malformed",
            where=f"{scheme}://…",
            hint="give what signs in as fsspec reads it: its configuration files, or "
            "the variables of the store",
        )


def is_remote(text: str) -> bool:
    """Whether a text names something elsewhere, and not a path on this disk."""
    return text.startswith("hf:") or _URL.fullmatch(text) is not None


def _hub(text: str) -> Reference:
    name, mark, revision = text.removeprefix("hf:").partition("@")
    kind: Literal["model", "dataset"] = "model"
    if name.startswith(_DATASETS):
        name, kind = name.removeprefix(_DATASETS), "dataset"
    if not is_hub_name(name) or (mark and not _REVISION.fullmatch(revision)):
        raise _malformed(text)
    if ".." in revision or "//" in revision:
        raise _malformed(text)
    return Reference("hf", name, revision or None, kind)


def _malformed(text: str) -> UsageError:
    return UsageError(
        "names no artifact in a form that is known",
        reason="reference-malformed",
        where=text[:200],
        hint="hf:org/name@COMMIT, hf:datasets/org/name@COMMIT, a URL such as "
        "s3://bucket/prefix, or a folder",
    )
