"""Exact values: what counts as one, and when two of them mean the same.

A digest, a commit, a package URL, a licence, the name of an organisation. Nothing here
knows a lineage, and nothing is guessed: where two forms cannot be compared, such as a
digest of a file with a commit, that is said by not finding either in the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "COMMIT_QUESTION",
    "DIGEST_QUESTIONS",
    "MODELS_QUESTION",
    "ORGANISATION_QUESTIONS",
    "Named",
    "hex_ids",
    "is_one_organisation",
    "is_same",
    "is_same_commit",
    "is_same_digest",
    "is_same_licence",
    "is_same_organisation",
    "is_same_source",
    "named_in",
    "plain",
    "points_elsewhere",
    "wrong_with",
    "wrong_with_sha256",
]

#: Questions whose exact value is the digest of what they are about.
DIGEST_QUESTIONS = frozenset(
    {
        "identity.digest",
        "data-provenance.exact-bytes",
        "model-supply-chain.exact-bytes",
    }
)
COMMIT_QUESTION = "model-supply-chain.pinned"
ORGANISATION_QUESTIONS = frozenset({"identity.supplier", "data-provenance.collector"})
MODELS_QUESTION = "model-supply-chain.base-models"

#: That the answer stands somewhere else: without a file that is named it is none.
_ELSEWHERE = re.compile(
    r"(?:please )?(?:see|refer to) (?:the )?(?:attach\w*|annex|appendix|enclosed)"
    r"(?: (?:file|document|pdf)s?)?|attached|enclosed|siehe (?:anhang|anlage)|"
    r"voir (?:la )?(?:pi[eè]ce jointe|annexe)|(?:see|siehe|voir) (?:e-?)?mail"
)
_PREFIX = re.compile(r"(?:tree-)?sha256:", re.IGNORECASE)
_HEX_ID = re.compile(
    r"(?<![0-9a-z])(?:(?:tree-)?sha256:)?(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-z])",
    re.IGNORECASE,
)
_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.IGNORECASE)
_FULL = (40, 64)
#: From this length on somebody meant to write hex digits, and mistyped one.
_MEANT = 20
_NOT_WORDS = re.compile(r"[\W_]+")
#: Forms of companies: whether they are written out says nothing about who is meant.
_FORMS = frozenset(
    {
        *("ab", "ag", "as", "asa", "bv", "co", "company", "corp", "corporation"),
        *("gmbh", "inc", "incorporated", "kg", "limited", "llc", "llp", "ltd", "nv"),
        *("oy", "plc", "sa", "sarl", "sas", "se", "spa", "srl", "the"),
    }
)


def plain(text: str) -> str:
    """The text without regard to case and white space."""
    return " ".join(text.split()).casefold()


class _Words(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def exact(self) -> str: ...
    @property
    def evidence(self) -> tuple[tuple[str, str], ...]: ...


def points_elsewhere(answer: _Words) -> bool:
    """Whether an answer says that it stands in a file, and names none."""
    said = answer.text.strip(" .!()\n").casefold()
    silent = not answer.exact and not answer.evidence
    return silent and _ELSEWHERE.fullmatch(said) is not None


# ── what is no exact value ──


def wrong_with(question: str, exact: str) -> str | None:
    """What keeps a text from being the exact value of this question, for people."""
    if question in DIGEST_QUESTIONS:
        return wrong_with_sha256(exact)
    if question == COMMIT_QUESTION:
        return _wrong_with_commit(exact.strip())
    if question == MODELS_QUESTION:
        for word in _words(exact):
            if _PREFIX.match(word) and (wrong := wrong_with_sha256(word)):
                return f"{word[:100]!r} {wrong}"
    return None


def wrong_with_sha256(text: str) -> str | None:
    """Why it is no SHA-256, with or without a prefix; None where it is one."""
    value = _PREFIX.sub("", text.strip(), count=1)
    return _wrong_with_hex(value, (64,), "a SHA-256")


def _wrong_with_commit(text: str) -> str | None:
    return _wrong_with_hex(text, _FULL, "a full commit id")


def _wrong_with_hex(value: str, lengths: tuple[int, ...], noun: str) -> str | None:
    wanted = " or ".join(map(str, lengths))
    odd = next((c for c in value if c not in "0123456789abcdefABCDEF"), None)
    if odd is not None and len(value) < _MEANT:
        return f"is not {noun} of {wanted} hex digits"
    if odd is not None:
        found = f"{odd!r} is no hex digit"
    elif len(value) not in lengths:
        found = f"it has {len(value)}"
    else:
        return None
    return f"is not {noun} of {wanted} hex digits: {found}"


# ── what it names ──


@dataclass(frozen=True, slots=True)
class Named:
    """One word of a list: a name with or without its revision, or a digest alone."""

    word: str
    name: str = ""
    revision: str = ""
    digest: str = ""


def named_in(exact: str) -> tuple[Named, ...]:
    """The things that a list names; none for ``none``."""
    words = _words(exact)
    if len(words) == 1 and words[0].casefold() in ("none", "no", "-"):
        return ()
    return tuple(map(_named, words))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,;]+", text) if word]


def _named(word: str) -> Named:
    if wrong_with_sha256(word) is None:
        return Named(word, digest=word)
    short = re.split(r"[?#]", word, maxsplit=1)[0]
    name, mark, revision = short.rpartition("@")
    # A scope is no revision, as in @scope/name.
    if not mark or not name or "/" in revision:
        return Named(word, name=plain(short))
    if _PREFIX.match(revision):
        return Named(word, name=plain(name), digest=revision)
    return Named(word, name=plain(name), revision=revision)


def hex_ids(text: str) -> tuple[str, ...]:
    """The whole digests and full commit ids that a free text names."""
    return tuple(dict.fromkeys(_HEX_ID.findall(text)))


# ── what is the same ──


def is_same(question: str, one: str, other: str) -> bool:
    """Whether two exact values of one question mean the same."""
    if question in DIGEST_QUESTIONS:
        return is_same_digest(one, other)
    if question == COMMIT_QUESTION:
        return is_same_commit(one, other)
    if question == "licences.terms":
        return is_same_licence(one, other)
    if question == "data-provenance.sources":
        return is_same_source(one, other)
    if question in ORGANISATION_QUESTIONS:
        return is_same_organisation(one, other)
    if question == MODELS_QUESTION:
        return {*map(plain, _words(one))} == {*map(plain, _words(other))}
    return plain(one) == plain(other)


def is_same_digest(one: str, other: str) -> bool:
    """Whether two digests are of the same bytes; one may be without its prefix."""
    first, second = one.strip().lower(), other.strip().lower()
    if ":" in first and ":" in second:
        return first == second
    return first.rpartition(":")[2] == second.rpartition(":")[2]


def is_same_commit(one: str, other: str) -> bool:
    """Whether two revisions are the same; of a commit the first seven digits do.

    A full id (40 or more digits) is the beginning of nothing but itself.
    """
    first, second = plain(one), plain(other)
    if _COMMIT.fullmatch(first) and _COMMIT.fullmatch(second):
        shorter, longer = sorted((first, second), key=len)
        if len(shorter) < min(_FULL):
            return longer.startswith(shorter)
    return first == second


def is_same_licence(one: str, other: str) -> bool:
    """Whether two licences are the same expression, in whatever order."""
    from aibom.policy.spdx import parse_expression

    first, second = parse_expression(one.strip()), parse_expression(other.strip())
    if first is None or second is None:
        return plain(one) == plain(other)
    return _in_any_order(first) == _in_any_order(second)


def _in_any_order(expression: object) -> object:
    parts = getattr(expression, "parts", None)
    if parts is None:
        return expression
    return type(expression).__name__, frozenset(map(_in_any_order, parts))


def is_same_source(one: str, other: str) -> bool:
    """Whether two sources are the same place, at revisions that do not disagree."""
    from aibom.policy.sources import parse_source

    first, second = parse_source(one.strip()), parse_source(other.strip())
    if first is None and second is None:
        return _address(one) == _address(other)
    if first is None or second is None:
        return False
    here, there = (
        (s.type, s.namespace.casefold(), s.name.casefold(), s.locations)
        for s in (first, second)
    )
    agree = not (first.revision and second.revision) or is_same_commit(
        first.revision, second.revision
    )
    return here == there and agree


def _address(text: str) -> str:
    return plain(text).rstrip("/").removeprefix("https://").removeprefix("http://")


def is_same_organisation(one: str, other: str) -> bool:
    """Whether two names may mean one organisation: one has all words of the other.

    Loosely, as a legal form or a country may be left out: for what contradicts, never
    for what allows by itself, which :func:`is_one_organisation` is for.
    """
    first, second = _name_words(one), _name_words(other)
    if not first or not second:
        return plain(one) == plain(other)
    return first <= second or second <= first


def is_one_organisation(one: str, other: str) -> bool:
    """Whether two names are one organisation's, for what allows by itself.

    Letter by letter, without regard to case; only the legal form at the end may be
    left out, by one of them. Two different forms are two organisations.
    """
    (first, form), (second, other_form) = _name_and_form(one), _name_and_form(other)
    return first == second and (form == other_form or not (form and other_form))


def _name_and_form(text: str) -> tuple[str, str]:
    words = plain(text.removeprefix("org:")).replace(",", " ").split()
    end = len(words)
    while end > 1 and words[end - 1].replace(".", "") in _FORMS:
        end -= 1
    return " ".join(words[:end]), " ".join(words[end:]).replace(".", "")


def _name_words(text: str) -> frozenset[str]:
    words = _NOT_WORDS.sub(" ", plain(text.removeprefix("org:"))).split()
    return frozenset(words) - _FORMS or frozenset(words)
