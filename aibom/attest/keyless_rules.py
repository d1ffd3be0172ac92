"""Which identities a verifier accepts: exact values, or anchored patterns.

A pattern is compared with the whole text. ``*`` stands for any run of characters that
has neither ``/`` nor ``@`` in it, and nothing else is special: so
``https://github.com/acme/*/.github/workflows/train.yml@refs/tags/v*`` cannot be met by
a repository of somebody else, nor by a branch with a look-alike name. There is no
backtracking, so no identity is expensive to refuse.

For GitHub, the name of a workflow alone proves little: a reusable workflow keeps its
name in whichever repository calls it. :attr:`IdentityRule.warning` says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aibom.attest.keyless_identity import KeylessIdentity
from aibom.errors import PolicyInvalid
from aibom.namespaces import name_matches

__all__ = ["GITHUB_ISSUER", "IdentityRule", "pattern_matches"]

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"

_BOUNDARY = re.compile("([/@])")
#: Any mailbox, any host, or any owner on a host where everybody can be one.
_ANYBODY = re.compile(
    r"[^/]*@\*+|[^/]*://(?:[^/]*\*[^/]*|git(?:hub|lab)\.com/\*+)(?:/.*)?"
)


def pattern_matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches; time is linear in it."""
    wanted, found = _BOUNDARY.split(pattern), _BOUNDARY.split(text)
    return (
        text.isprintable()
        and len(wanted) == len(found)
        and all(map(_part_matches, wanted, found))
    )


def _part_matches(pattern: str, text: str) -> bool:
    return name_matches(pattern, text) if "*" in pattern else pattern == text


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """One identity, or one family of them, that is accepted.

    ``identity`` is compared exactly, ``identity_pattern`` as a pattern; at most one of
    them is set. ``source_repository`` (a URI) and ``source_ref`` may hold ``*``;
    ``issuer`` and ``runner_environment`` are exact. A rule without an issuer, or that
    names neither an identity nor a repository, or only patterns such as ``*@*`` and
    ``https://github.com/*/*``, would accept strangers and is refused with
    ``PolicyInvalid``, reason ``identity-rule-invalid``.
    """

    issuer: str
    identity: str | None = None
    identity_pattern: str | None = None
    source_repository: str | None = None
    source_ref: str | None = None
    runner_environment: str | None = None

    def __post_init__(self) -> None:
        if not self.issuer or "*" in self.issuer:
            raise _unusable(
                "an identity is worth what its issuer is: name it exactly",
                "write it out, as in https://token.actions.githubusercontent.com",
            )
        if self.identity is not None and self.identity_pattern is not None:
            raise _unusable(
                "either an identity or a pattern of identities",
                "keep identity, which is exact, and leave identity_pattern out",
            )
        if not (self.identity or self.identity_pattern or self.source_repository):
            raise _unusable(
                "names neither an identity nor a source repository",
                "add what the signer's certificate says, as in anne@acme.example",
            )
        patterns = (self.identity_pattern, self.source_repository)
        if self.identity is None and all(map(_admits_anybody, patterns)):
            raise _unusable(
                "fits anybody: write out the owner, or the mail domain",
                "for example https://github.com/acme/*, or *@acme.example",
            )

    @property
    def warning(self) -> str | None:
        """Why this rule accepts more than it seems to, if it does."""
        if self.issuer == GITHUB_ISSUER and _admits_anybody(self.source_repository):
            return (
                "without source_repository, a reusable workflow is accepted from "
                "whichever repository calls it"
            )
        return None

    def identity_refusal(self, identity: KeylessIdentity) -> str | None:
        """Why this identity is not the one, or None if it is.

        Reasons: ``issuer-not-allowed``, ``identity-not-allowed``,
        ``source-repository-not-allowed``, ``source-ref-not-allowed``,
        ``runner-not-allowed``. What the rule asks and the certificate does not say is
        refused like what it says otherwise.
        """
        if identity.issuer != self.issuer:
            return "issuer-not-allowed"
        if not self._is_named(identity):
            return "identity-not-allowed"
        if not _fits(self.source_repository, identity.source_repository):
            return "source-repository-not-allowed"
        if not _fits(self.source_ref, identity.source_ref):
            return "source-ref-not-allowed"
        if self.runner_environment not in (None, identity.runner_environment):
            return "runner-not-allowed"
        return None

    def _is_named(self, identity: KeylessIdentity) -> bool:
        named = self.identity or self.identity_pattern
        if named is None:
            return True
        # An e-mail address and a URI with one spelling are still two identities.
        if identity.san_kind != ("uri" if "://" in named else "email"):
            return False
        if self.identity is not None:
            return identity.san == self.identity
        return pattern_matches(named, identity.san)


def _admits_anybody(pattern: str | None) -> bool:
    return pattern is None or _ANYBODY.fullmatch(pattern) is not None


def _fits(pattern: str | None, value: str | None) -> bool:
    return pattern is None or (value is not None and pattern_matches(pattern, value))


def _unusable(message: str, hint: str) -> PolicyInvalid:
    return PolicyInvalid(message, reason="identity-rule-invalid", hint=hint)
