"""What went wrong at a store behind fsspec, as errors of ours; and URLs to be shown."""

from __future__ import annotations

from aibom.errors import AibomError, InputError, UsageError
from aibom.sources.local import absent

__all__ = ["NoAnswer", "Odd", "malformed_reference", "translated", "without_secrets"]


class Odd(Exception):
    """An answer that no file system gives. Never leaves :mod:`aibom.sources`."""


class NoAnswer(Exception):
    """The text is the seconds that were waited. Never leaves :mod:`aibom.sources`."""


def without_secrets(url: str) -> str:
    """A URL without user, password, query and fragment; to be shown to people."""
    scheme, mark, rest = url.partition("://")
    rest = rest.partition("?")[0].partition("#")[0]
    host, _, path = rest.partition("/")
    _, colon, port = host.partition(":")
    if colon and "@" not in host and "@" in path and not port.isdigit():
        # A password with a slash in it.
        host, _, path = path.rpartition("@")[2].partition("/")
    host = host.rpartition("@")[2]
    return f"{scheme}{mark}{host}/{path}".rstrip("/") if path else scheme + mark + host


def malformed_reference(shown: str, message: str) -> UsageError:
    """``reference-malformed``: the URL names no folder in a store that is known."""
    return UsageError(
        message,
        reason="reference-malformed",
        where=shown,
        hint="a URL such as s3://bucket/prefix, or a folder on this disk",
    )


def translated(
    error: BaseException, protocol: str, file: str | None, store: str
) -> AibomError:
    """The error of ours for whatever a client raised; its text is not passed on.

    ``file`` is the one that was asked for, None for a listing; ``store`` its URL as it
    may be shown.
    """
    where = file or store
    if isinstance(error, ImportError):
        return _not_installed(protocol, where)
    if isinstance(error, Odd):
        return InputError(
            "the store's client answers what no file system does",
            reason="source-answer-malformed",
            where=where,
            hint="look at the store, and at its package for fsspec",
        )
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        return absent(where) if file else _missing(where)
    if isinstance(error, PermissionError):
        return InputError(
            "the store refuses access",
            reason="source-unauthorized",
            where=where,
            hint="set credentials as its fsspec package takes them, with read access",
        )
    return _unreachable(error, where)


def _missing(where: str) -> InputError:
    return InputError(
        "there is no such folder, or it is not for everybody",
        reason="source-missing-or-private",
        where=where,
        hint="check the URL, and the credentials",
    )


def _unreachable(error: BaseException, where: str) -> InputError:
    message = f"its client failed with {type(error).__name__}"
    if isinstance(error, NoAnswer):
        message = f"no answer within {error} seconds"
    return InputError(
        message,
        reason="source-unreachable",
        where=where,
        hint="try again; `ls` of the same URL with fsspec alone shows the whole error",
    )


def _not_installed(protocol: str, where: str) -> InputError:
    from fsspec.registry import known_implementations  # type: ignore[import-untyped]

    place = str(known_implementations.get(protocol, {}).get("class", ""))
    package = place.partition(".")[0]
    if package in ("", "fsspec"):
        package = f"'fsspec[{'http' if protocol == 'https' else protocol}]'"
    return InputError(
        f"the package that reads {protocol}:// is not installed",
        reason="extra-missing",
        where=where,
        hint=f"pip install {package}",
    )
