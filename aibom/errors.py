"""Every error that aibom raises on purpose, as one tree.

::

    AibomError                      exit 1   could not do it
    ├── InputError                  exit 1   a file or folder cannot be used as it is
    ├── UsageError                  exit 2   the call itself is wrong
    ├── PolicyInvalid               exit 2   the verifier's folder cannot be used
    ├── Denied                      exit 10  a policy did not say yes
    ├── VerificationFailed          exit 11  signature, bytes or records do not agree
    ├── DocumentInvalid             exit 12  a document breaks its format
    └── RecordingFailed             exit 125 `aibom run` itself failed, not the command

An error says what is wrong, where, and what to do next. ``reason`` is a stable code
in kebab-case: scripts may depend on it, so one that has been released is never reused
for something else. Exit codes are those of ``docs/exit-codes.md``.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "AibomError",
    "Denied",
    "DocumentInvalid",
    "InputError",
    "PolicyInvalid",
    "RecordingFailed",
    "UsageError",
    "VerificationFailed",
]


class AibomError(Exception):
    """Something could not be done; base of every error in this package.

    ``where`` names the file, pointer or node; ``hint`` says what to do next. Neither is
    escaped: that is the job of whoever prints them (``aibom.report.text.escape``).
    """

    exit_code: ClassVar[int] = 1
    default_reason: ClassVar[str] = "failed"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        where: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class InputError(AibomError):
    """A file or folder cannot be read, or cannot be used as it is."""

    default_reason = "input-unusable"


class UsageError(AibomError):
    """The call is wrong: an option, a reference or a combination of them."""

    exit_code = 2
    default_reason = "usage"


class PolicyInvalid(AibomError):
    """The policy, its data or its lock cannot be used; nothing was evaluated."""

    exit_code = 2
    default_reason = "policy-invalid"


class Denied(AibomError):
    """A policy did not say yes: for callers in Python, who have no exit code to read.

    ``verdict`` is an :class:`aibom.verdict.Verdict`; its reason and exit code (10, 3 or
    1) are those of the error.
    """

    default_reason = "denied"

    def __init__(self, verdict: Any, *, where: str) -> None:
        super().__init__(
            f"not allowed: {verdict.reason}",
            where=where,
            hint="verdict.findings says what blocks",
        )
        self.verdict = verdict
        self.reason: str = verdict.reason
        self.exit_code: int = verdict.exit_code  # type: ignore[misc]


class VerificationFailed(AibomError):
    """A signature, digest or step record does not hold; no rule was evaluated."""

    exit_code = 11
    default_reason = "verification-failed"


class DocumentInvalid(AibomError):
    """A document breaks its format, or a limit that is checked before it is parsed."""

    exit_code = 12
    default_reason = "document-invalid"


class RecordingFailed(AibomError):
    """A step could not be written down; whatever the command did is not recorded."""

    exit_code = 125
    default_reason = "recording-failed"
