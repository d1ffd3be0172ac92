"""Whether an identity token is worth sending, before anything costs time.

Read with the standard library, so that a wrong token is refused before gigabytes are
hashed and before Sigstore is loaded. The signature of a token is the identity
provider's business and Fulcio's: nothing here says that the claims are true. The token
is a secret while it lives, and no message repeats it.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aibom.errors import DocumentInvalid, InputError
from aibom.statement import parse_json

__all__ = ["AUDIENCE", "TokenClaims", "check_token"]

#: The audience that Fulcio demands.
AUDIENCE = "sigstore"
_WHERE = "identity token"
_CLOCK_SKEW = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a token says of itself; unverified."""

    issuer: str
    subject: str
    expires: datetime


def check_token(token: str, now: datetime) -> TokenClaims:
    """Read a token (RFC 7519, compact form) and check what can be checked here.

    Raises :class:`~aibom.errors.InputError`: ``token-malformed``,
    ``token-wrong-audience``, ``token-expired`` or ``token-not-yet-valid``.
    """
    claims = _claims(token)
    issuer, subject = (_text(claims, name) for name in ("iss", "sub"))
    audience = claims.get("aud")
    if audience != AUDIENCE and not (
        isinstance(audience, list) and AUDIENCE in audience
    ):
        raise _refused(
            "token-wrong-audience",
            f"made for the audience {audience!r}, not for {AUDIENCE!r}",
            f"ask the identity provider for a token with audience {AUDIENCE}",
        )
    expires = _time(claims, "exp")
    if now >= expires:
        raise _refused(
            "token-expired",
            f"expired at {expires:%Y-%m-%d %H:%M:%S} UTC",
            "get a fresh one, right before signing",
        )
    begins = [_time(claims, name) for name in ("iat", "nbf") if name in claims]
    if any(begin > now + _CLOCK_SKEW for begin in begins) or "iat" not in claims:
        raise _refused(
            "token-not-yet-valid",
            "not valid yet, or without the time when it was issued",
            "check the clock of this machine",
        )
    return TokenClaims(issuer, subject, expires)


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    try:
        if len(parts) != 3:
            raise ValueError("it does not have three parts")
        middle = parts[1].encode("ascii")
        data = base64.b64decode(middle + b"=" * (-len(middle) % 4), b"-_", True)
        claims = parse_json(data, _WHERE)
    except (ValueError, binascii.Error) as error:
        raise _malformed(str(error)) from None
    except DocumentInvalid as error:
        raise _malformed(error.message) from None
    if not isinstance(claims, dict):
        raise _malformed("its claims are no object")
    return claims


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _malformed(f"it has no claim {name!r}")
    return value


def _time(claims: dict[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _malformed(f"its claim {name!r} is not a number of seconds")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        raise _malformed(f"its claim {name!r} is no time") from None


def _malformed(message: str) -> InputError:
    return _refused(
        "token-malformed",
        f"not an OpenID Connect token: {message}",
        "give the token as the identity provider returned it",
    )


def _refused(reason: str, message: str, hint: str) -> InputError:
    return InputError(message, reason=reason, where=_WHERE, hint=hint)
