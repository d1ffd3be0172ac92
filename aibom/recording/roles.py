"""The closed lists of a step record: steps, roles of inputs, kinds of things, parties.

A role says what an input is *for*; the kind says what it *is*. Each list is closed,
since a misspelt role would be a fact that no rule ever looks at: an unknown word is
refused with the nearest known one. Only a role may be new, and then its kind must be
given.

Nothing here decides which role carries taint: that is the carry table of ``lineage/``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from aibom.errors import UsageError

__all__ = [
    "ENTITY_KINDS",
    "PARTY_ROLES",
    "ROLE_KINDS",
    "STEP_OUTPUT_KINDS",
    "check_party",
    "input_kind",
    "output_kind",
    "require_step",
]

ENTITY_KINDS = frozenset(
    {"code", "dataset", "guideline", "model", "report", "service", "system"}
)

#: Kinds that are used in the role of their own name and in no other.
_OWN_ROLES = frozenset({"code", "guideline"})

#: What an input with this role is.
ROLE_KINDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("adapter", "base-model", "model", "reward-model", "teacher"), "model"
        ),
        **dict.fromkeys(
            (
                "corpus",
                "data",
                "evaluation-data",
                "feedback",
                "images",
                "items",
                "labels",
                "pool",
                "preference-data",
                "training-data",
            ),
            "dataset",
        ),
        "code": "code",
        "guideline": "guideline",
    }
)

#: Every kind of step, with what its outputs are when the user does not say.
STEP_OUTPUT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("collect", "deduplicate", "embed", "filter", "label", "review", "split"),
            "dataset",
        ),
        **dict.fromkeys(
            (
                "align",
                "convert",
                "distill",
                "federated-round",
                "fine-tune",
                "merge",
                "prune",
                "quantize",
                "train",
            ),
            "model",
        ),
        "evaluate": "report",
    }
)

PARTY_ROLES = frozenset(
    {
        "approver",
        "auditor",
        "collector",
        "labeler",
        "owner",
        "participant",
        "publisher",
        "reviewer",
        "supplier",
        "writer",
    }
)

_ROLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PERSON = re.compile(r"person:[a-z0-9][a-z0-9._-]*:[0-9a-f]{32}")
_NAMED = re.compile(r"(org|software):\S(.{0,198}\S)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s\d]+\.[A-Za-z]{2,}")


def require_step(kind: str) -> str:
    """Return ``kind`` if it is a kind of step.

    Raises :class:`~aibom.errors.UsageError` (``step-unknown``) for any other word.
    """
    if kind not in STEP_OUTPUT_KINDS:
        raise _unknown("step", kind, STEP_OUTPUT_KINDS)
    return kind


def input_kind(role: str, kind: str | None = None) -> str:
    """The kind of an input with ``role``: that of the table, else the given ``kind``.

    Raises :class:`~aibom.errors.UsageError`: ``role-unknown`` for a role that is not in
    the table and comes without a kind, or is not kebab-case; ``kind-unknown`` for a
    kind that is none; ``kind-contradicts-role`` for one that the table does not give
    this role, since rules go by kinds, and training data must not pass for code.
    """
    if kind is None:
        if role not in ROLE_KINDS:
            raise _unknown("role", role, ROLE_KINDS, ", or give its kind with kind=")
        return ROLE_KINDS[role]
    if len(role) > 64 or not _ROLE.fullmatch(role):
        raise UsageError(
            f"{role!r} cannot be a role",
            reason="role-unknown",
            hint="write it in kebab-case: small letters, digits and single hyphens",
        )
    known = ROLE_KINDS.get(role)
    if _require_kind(kind) != (known or kind) or (not known and kind in _OWN_ROLES):
        raise UsageError(
            f"an input used as {role!r} is not of kind {kind!r}",
            reason="kind-contradicts-role",
            hint=f"it is of kind {known!r}"
            if known
            else f"what is of kind {kind!r} is used as {kind!r}",
        )
    return kind


def output_kind(step: str, kind: str | None = None) -> str:
    """The kind of what ``step`` makes; a given ``kind`` wins over the table.

    Raises :class:`~aibom.errors.UsageError` (``step-unknown``, ``kind-unknown``).
    """
    return (
        STEP_OUTPUT_KINDS[require_step(step)] if kind is None else _require_kind(kind)
    )


def check_party(role: str, party: str) -> None:
    """Refuse a role that is none, and a party that is not written as an id.

    An id is ``person:KEYID:HEX`` (a pseudonym), ``org:NAME`` or
    ``software:NAME[@VERSION]``. A name of a person or an e-mail address must never
    reach a record, which others will copy. Whether the pseudonym belongs to anybody is
    not checked.

    Raises :class:`~aibom.errors.UsageError`: ``party-role-unknown``,
    ``party-not-pseudonymous``.
    """
    if role not in PARTY_ROLES:
        raise _unknown("party-role", role, PARTY_ROLES)
    named = _NAMED.fullmatch(party) and not _EMAIL.fullmatch(party.partition(":")[2])
    if not named and not _PERSON.fullmatch(party):
        # The text itself is not repeated: it may be the very name to keep out of logs.
        raise UsageError(
            f"the party given as {role} is not an id",
            reason="party-not-pseudonymous",
            hint="make a pseudonym with `aibom party id`, or write org:NAME or "
            "software:NAME@VERSION",
        )


def _require_kind(kind: str) -> str:
    if kind not in ENTITY_KINDS:
        raise _unknown("kind", kind, ENTITY_KINDS)
    return kind


def _unknown(
    what: str, word: str, known: Collection[str], more: str = ""
) -> UsageError:
    near = difflib.get_close_matches(word, sorted(known), n=1)
    listed = ", ".join(sorted(known))
    return UsageError(
        f"unknown {what.replace('-', ' ')} {word!r}",
        reason=f"{what}-unknown",
        hint=(f"did you mean {near[0]!r}? " if near else "") + f"Known: {listed}{more}",
    )
