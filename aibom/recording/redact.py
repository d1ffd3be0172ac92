"""Keep secrets out of what is written down.

A step record holds a command line and a few environment variables, and is then signed
and copied to strangers. :class:`Redactor` replaces by ``[redacted]``

- every secret the user named, wherever it stands, also inside longer text and
  URL-encoded;
- the values of options, assignments and fields whose *name* says secret
  (``--token X``, ``HF_TOKEN=X``, ``{"api_key": "X"}``);
- text in the form of a known credential, and the user part of URLs.

It does not know a secret that nobody named and that looks like ordinary text, such as
the password in ``mysql -phunter2``: name it with ``--secret``. Where in doubt it
redacts.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from aibom.errors import UsageError

__all__ = ["REDACTED", "Redactor", "is_secret_name"]

REDACTED = "[redacted]"

# Not "tokenizer" and not "author": both are everywhere in training commands.
_NAME = (
    r"(?:token(?!i[sz])|secret|passw(?:or)?d|passphrase|api[-_]?key|access[-_]?key"
    r"|credential|auth(?!or(?!i))|(?:private|pseudonym)[-_]?key|signature"
    r"|(?<![a-z])sig(?![a-z]))"
)
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_ASSIGNMENT = re.compile(r"(?P<name>[-+]{0,2}[\w.+:/-]+)=(?P<value>.*)", re.DOTALL)
_OPTION = re.compile(r"--?[A-Za-z][\w.-]*")
_NEXT_OPTION = re.compile(r"--[A-Za-z][\w.-]*(=.*)?|-[A-Za-z]", re.DOTALL)
_COUNT = re.compile(r"-?\d{1,7}")
_COUNTED = re.compile(r".*(tokens|token[-_]?(count|ids?|limit))", re.IGNORECASE)

# Repeats are bounded where they could meet themselves: one argument may be 128 KiB
# long, and must not take quadratic time. An open quote runs to the end.
_QUOTED = r"\"(?:[^\"\\]|\\.)*(?:\"|\Z)|'[^']*(?:'|\Z)"
_AFTER_NAME = r"[\"']?\]?\s*[:=]{1,2}\s*|[\"']\s*,\s*|%3D"
_FIELD = re.compile(
    rf"({_NAME}[\w.-]{{0,64}}(?:{_AFTER_NAME}))({_QUOTED}|\S+)",
    re.IGNORECASE | re.DOTALL,
)
_SPACED = re.compile(
    rf"((?<![\w-])--?[\w.-]{{0,64}}?{_NAME}[\w.-]{{0,64}}\s+)({_QUOTED}|(?!-)\S+)",
    re.IGNORECASE | re.DOTALL,
)
_HEADER = re.compile(
    r"((?:authorization|cookie)[\"']?\s*[:=]\s*[\"']?)[^\"'\r\n]+", re.IGNORECASE
)
_BEARER = re.compile(r"\b(Bearer\s+)[\w.~+/=-]{6,}", re.IGNORECASE)
_BASIC = re.compile(r"\b(Basic\s+)([\w+/-]{6,}={0,2})", re.IGNORECASE)
_URL = re.compile(r"((?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^/\s\"']+@")
_ENCODED_URL = re.compile(
    r"(%3A%2F%2F)(?:(?!%2F|%3F|%23|[/&\s]).)+(?:%40|@)", re.IGNORECASE
)
_KNOWN = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}KEY-----|\Z)"
    r"|(?<![A-Za-z0-9])(?:"
    r"hf_(?:(?=[A-Za-z]*\d)[A-Za-z0-9]{8,}|[A-Za-z0-9]{20,})"
    r"|gh[opusr]_\w{8,}|github_pat_\w{8,}|glpat-[\w-]{8,}"
    r"|sk-(?=[\w-]{0,100}\d)[\w-]{8,}"
    r"|A(?:KIA|SIA)[A-Z0-9]{8,}"
    r"|xox[a-z]-[\w-]{6,}"
    r"|eyJ[\w-]{6,}(?:\.[\w-]*)*"
    r")",
    re.DOTALL,
)


def is_secret_name(name: str) -> bool:
    """Whether a variable, option or field of this name is taken to hold a secret."""
    return _SECRET_NAME.search(name) is not None


@dataclass(frozen=True, slots=True)
class Redactor:
    r"""Replaces secrets in text; ``secrets`` are the exact values to look for.

    Build one with :meth:`of`. Text that comes back is valid UTF-8: bytes of a command
    line that are not are written as ``\udcXX`` escapes.
    """

    secrets: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Iterable[str], environ: Mapping[str, str]) -> Redactor:
        """A redactor for the secrets a user names, and for those the environment holds.

        ``given`` are values, or ``env:NAME`` for the value of a variable. Values of
        variables with a secret's name count as well, if they are long enough (8
        characters) not to be a word that stands elsewhere.

        Raises :class:`~aibom.errors.UsageError`: ``secret-unset`` for ``env:NAME``
        without that variable, ``secret-empty`` for an empty value.
        """
        values = {_value(item, environ) for item in given}
        values |= {
            value
            for name, value in environ.items()
            if len(value) >= 8 and is_secret_name(name)
        }
        return cls(tuple(sorted({form for value in values for form in _forms(value)})))

    def text(self, text: str) -> str:
        """``text`` with every secret in it replaced."""
        text = _KNOWN.sub(REDACTED, self._without_named(text))
        text = _URL.sub(rf"\1{REDACTED}@", text)
        text = _ENCODED_URL.sub(rf"\1{REDACTED}@", text)
        text = _HEADER.sub(rf"\1{REDACTED}", text)
        text = _BEARER.sub(rf"\1{REDACTED}", text)
        text = _BASIC.sub(_hide_basic, text)
        text = _SPACED.sub(_hide_field, text)
        text = _FIELD.sub(_hide_field, text)
        return text.encode("utf-8", "backslashreplace").decode("utf-8")

    def value(self, name: str, value: str) -> str:
        """The value of a variable or parameter called ``name``, redacted."""
        return REDACTED if _hides(name, value) else self.text(value)

    def arguments(self, argv: Sequence[str]) -> list[str]:
        """A command line, redacted; as many arguments as before."""
        result: list[str] = []
        option = ""
        for argument in argv:
            if _hides(option, argument) and not _NEXT_OPTION.fullmatch(argument):
                result.append(REDACTED)
                option = ""
                continue
            option = argument if _OPTION.fullmatch(argument) else ""
            result.append(self._argument(argument))
        return result

    def _argument(self, argument: str) -> str:
        assigned = _ASSIGNMENT.fullmatch(argument)
        if assigned and _hides(assigned["name"], assigned["value"]):
            return f"{self.text(assigned['name'])}={REDACTED}"
        return self.text(argument)

    def _without_named(self, text: str) -> str:
        """Replace the named secrets, so that overlapping ones leave no remainder."""
        result, end = "", 0
        for start, stop in _spans(text, self.secrets):
            if start >= end:
                result += text[end:start] + REDACTED
            end = max(end, stop)
        return result + text[end:]


def _spans(text: str, secrets: Iterable[str]) -> list[tuple[int, int]]:
    spans = []
    for secret in secrets:
        start = text.find(secret)
        while start >= 0:
            spans.append((start, start + len(secret)))
            start = text.find(secret, start + 1)
    return sorted(spans)


def _forms(value: str) -> set[str]:
    """A secret as it may be written: plain, in a URL, in a form, in JSON.

    A value that was read from a file often ends in a newline; its text counts without.
    """
    forms = {value, value.strip() or value}
    for text in tuple(forms):
        raw = text.encode("utf-8", "surrogateescape")
        forms |= {quote(raw, safe=""), quote_plus(raw), json.dumps(text)[1:-1]}
    return forms


def _value(item: str, environ: Mapping[str, str]) -> str:
    scheme, _, name = item.partition(":")
    value = environ.get(name) if scheme == "env" else item
    if value is None:
        raise UsageError(
            f"the environment has no {name}",
            reason="secret-unset",
            hint="set it, or leave this --secret out",
        )
    if not value:
        raise UsageError(
            "a secret is empty", reason="secret-empty", hint="leave this --secret out"
        )
    return value


def _hides(name: str, value: str) -> bool:
    return is_secret_name(name) and not _kept_count(name, value)


def _kept_count(name: str, value: str) -> bool:
    """``--max-tokens 512`` and ``pad_token_id=0`` are numbers, and no secrets."""
    return bool(_COUNTED.fullmatch(name) and _COUNT.fullmatch(value))


def _hide_field(match: re.Match[str]) -> str:
    name = match[1].rstrip(" \t:=,]\"'")
    return match[0] if _kept_count(name, match[2]) else f"{match[1]}{REDACTED}"


def _hide_basic(match: re.Match[str]) -> str:
    """``Basic dXNlcjpwYXNz`` is a header, ``basic training`` is English."""
    try:
        decoded = base64.b64decode(match[2] + "=" * (-len(match[2]) % 4), altchars=None)
    except binascii.Error:
        return match[0]
    return f"{match[1]}{REDACTED}" if b":" in decoded else match[0]
