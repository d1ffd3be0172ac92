"""What a user writes to name an input or an output of a step.

::

    --input  ROLE=PATH[,source=PURL@REV][,name=NAME][,kind=KIND]
    --output PATH[,name=NAME][,kind=KIND]
    --by     ROLE=PARTY

The bytes must lie at ``PATH``: a record holds digests that were computed, not copied,
so a reference to another place (``hf:…``, ``dvc:…``, a purl) is refused here and has to
be fetched first. ``source`` then says what the bytes are taken from; nobody checks that
here.

Parsing looks at the disk only to tell a path that contains a comma or ``=`` from
options.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from aibom.errors import UsageError

__all__ = [
    "InputRef",
    "OutputRef",
    "PartyRef",
    "agreed_revision",
    "source_revision",
    "split_role",
]

_INPUT_KEYS = ("source", "name", "kind")
_OUTPUT_KEYS = ("name", "kind")
_ELSEWHERE = re.compile(
    r"(hf|dvc|mlflow|sha256|pkg|oci|docker|git\+\w+):|[A-Za-z][A-Za-z0-9+.-]+://"
)
_OPTION = re.compile(r",([A-Za-z][A-Za-z_-]*)=")
_PURL = re.compile(r"pkg:[A-Za-z][A-Za-z0-9.+-]*/[^\s]*[^\s/]")


@dataclass(frozen=True, slots=True)
class InputRef:
    """An input as the user named it: role, place of the bytes, and their source."""

    role: str
    path: Path
    source: str | None = None
    name: str | None = None
    kind: str | None = None

    @classmethod
    def parse(cls, text: str) -> InputRef:
        """Read ``ROLE=PATH[,source=…][,name=…][,kind=…]``.

        Does not check that the path exists, or that role and kind are known: recording
        the step does. Raises :class:`~aibom.errors.UsageError`:
        ``reference-not-local``, ``reference-option-unknown``, ``reference-malformed``,
        ``source-not-purl``.
        """
        role, rest = split_role(text)
        path, options = _split(rest, _INPUT_KEYS)
        if "source" in options:
            source_revision(options["source"])
        return cls(role, path, **options)


@dataclass(frozen=True, slots=True)
class OutputRef:
    """An output as the user named it: where its bytes will lie, and what they are."""

    path: Path
    name: str | None = None
    kind: str | None = None

    @classmethod
    def parse(cls, text: str) -> OutputRef:
        """Read ``PATH[,name=…][,kind=…]``; raises as :meth:`InputRef.parse` does."""
        path, options = _split(text, _OUTPUT_KEYS)
        return cls(path, **options)


@dataclass(frozen=True, slots=True)
class PartyRef:
    """Who took part in a step, and as what."""

    role: str
    party: str

    @classmethod
    def parse(cls, text: str) -> PartyRef:
        """Read ``ROLE=PARTY``; whether ``PARTY`` is an id is checked by the step."""
        return cls(*split_role(text))


def split_role(text: str) -> tuple[str, str]:
    """``("base-model", "PATH…")`` from ``base-model=PATH…``.

    Raises :class:`~aibom.errors.UsageError` (``reference-malformed``) where one is
    missing.
    """
    role, mark, rest = text.partition("=")
    if not mark or not role or not rest:
        raise UsageError(
            "needs a role and a value",
            reason="reference-malformed",
            where=role if mark else None,
            hint="write ROLE=VALUE, for example training-data=data/train",
        )
    return role, rest


def source_revision(source: str) -> str | None:
    """The revision in a source such as ``pkg:huggingface/acme/base@REV``, if any.

    It is the part after the last ``@`` and before ``?`` or ``#``, percent-decoded, as
    in the package URL specification. That it is a full commit id is not checked.

    Raises :class:`~aibom.errors.UsageError` (``source-not-purl``) for anything but a
    purl.
    """
    main = re.split(r"[?#]", source, maxsplit=1)[0]
    if not _PURL.fullmatch(main):
        raise UsageError(
            "a source must be a package URL",
            reason="source-not-purl",
            hint="write it as pkg:TYPE/NAMESPACE/NAME@REVISION, for example "
            "pkg:huggingface/acme/base@<commit id>",
        )
    before, mark, revision = main.rpartition("@")
    # In pkg:npm/@scope/name the sign opens a namespace that should have been encoded.
    if not mark or before.endswith("/"):
        return None
    return unquote(revision) or None


def agreed_revision(source: str | None, revision: str | None) -> str | None:
    """The revision that a source states, or the one given beside it.

    Raises :class:`~aibom.errors.UsageError`: ``revision-contradicts-source`` where both
    are given and differ, ``source-not-purl``.
    """
    stated = None if source is None else source_revision(source)
    if stated and revision and stated != revision:
        raise UsageError(
            "the revision is not the one in the source",
            reason="revision-contradicts-source",
            where=source,
            hint="give it once, in the source: PURL@REVISION",
        )
    return revision or stated


def _split(text: str, keys: tuple[str, ...]) -> tuple[Path, dict[str, str]]:
    """The path, and the options behind it; the longest path that exists wins."""
    marks = list(_OPTION.finditer(text))
    starts = [len(text), *(mark.start() for mark in reversed(marks))]
    first = marks[0].start() if marks else len(text)
    end = next((start for start in starts if os.path.lexists(text[:start])), first)
    path = text[:end]
    if not path:
        raise UsageError(
            "names no path",
            reason="reference-malformed",
            hint="write PATH[,OPTION=VALUE]",
        )
    if not os.path.lexists(path) and _ELSEWHERE.match(path):
        raise UsageError(
            "the bytes of a step's input or output must lie on this disk",
            reason="reference-not-local",
            where=path,
            hint="fetch it first, then give PATH,source=PURL@REVISION",
        )
    return Path(path), _options(text, [m for m in marks if m.start() >= end], keys)


def _options(
    text: str, marks: list[re.Match[str]], keys: tuple[str, ...]
) -> dict[str, str]:
    """Values run to the next known key: a purl's qualifiers may hold commas."""
    if marks and marks[0][1] not in keys:
        raise _unknown_option(marks[0][1], text, keys)
    known = [mark for mark in marks if mark[1] in keys]
    ends = [*(mark.start() for mark in known), len(text)][1:]
    options: dict[str, str] = {}
    for mark, end in zip(known, ends, strict=True):
        key, value = mark[1], text[mark.end() : end]
        stray = _OPTION.search(value)
        if stray and not (key == "source" and "?" in value[: stray.start()]):
            raise _unknown_option(stray[1], text, keys)
        if key in options or not value:
            raise UsageError(
                f"{key}= is {'given twice' if key in options else 'empty'}",
                reason="reference-malformed",
                where=text,
                hint=f"give {key}=VALUE once",
            )
        options[key] = value
    return options


def _unknown_option(word: str, text: str, keys: tuple[str, ...]) -> UsageError:
    near = difflib.get_close_matches(word, keys, n=1)
    return UsageError(
        f"unknown option {word!r}",
        reason="reference-option-unknown",
        where=text,
        hint=(f"did you mean {near[0]!r}? " if near else "")
        + f"Known here: {', '.join(keys)}. No path of this name exists",
    )
