"""The user's own configuration: which Sigstore to sign with.

One small file, ``aibom/config.yaml`` in the user's configuration folder, or the one
that ``AIBOM_CONFIG`` names. It is never looked for beside what is signed: a repository
must not choose the servers that a token is sent to.
"""

from __future__ import annotations

import os
from pathlib import Path

from aibom.errors import PolicyInvalid, UsageError

__all__ = ["configured_sigstore"]

PUBLIC = "public"


def configured_sigstore() -> str | None:
    """What the user's file says of ``sigstore``; None without a file or a word of it.

    ``public``, or the path of a trust config, relative to the file's own folder. Raises
    :class:`~aibom.errors.UsageError` (``config-invalid``).
    """
    path = _path()
    if path is None or not path.is_file():
        return None
    from aibom.operations.files import read_small
    from aibom.reading import Reader, parse_yaml

    try:
        document = parse_yaml(read_small(path), str(path))
    except PolicyInvalid as error:  # not part of a policy here
        raise UsageError(
            error.message, reason="config-invalid", where=str(path), hint=error.hint
        ) from error
    top = Reader(document, str(path))
    named = top.text("sigstore", None)
    top.close()
    top.finish(UsageError, "config-invalid", hint="for example: sigstore: public")
    if not isinstance(named, str) or named == PUBLIC:
        return named if isinstance(named, str) else None
    return str(path.parent / named)


def _path() -> Path | None:
    named = os.environ.get("AIBOM_CONFIG")
    if named:
        if not Path(named).is_file():
            raise UsageError(
                "is not a file",
                reason="config-invalid",
                where=named,
                hint="correct or unset AIBOM_CONFIG",
            )
        return Path(named)
    # Relative ones mean nothing (XDG Base Directory Specification); they would lead
    # into the folder that is worked in.
    base = os.environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.environ.get("HOME", ""), ".config")
    return Path(base) / "aibom" / "config.yaml" if os.path.isabs(base) else None
