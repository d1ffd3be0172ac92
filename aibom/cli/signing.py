"""Options of every command that can sign, and the signer they ask for."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aibom.cli.common import PATH, load_key, password
from aibom.cli.option_groups import option_group
from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.attest.bundle import Signing
    from aibom.attest.signing import StatementSigner

__all__ = ["SigningOptions", "signing_options"]

_DEADLINE_SECONDS = 60.0
_MOST_SECONDS = 86_400.0
_TOKEN_VARIABLE = "SIGSTORE_IDENTITY_TOKEN"


def _number(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """Refuse ``nan``, which is in every range."""
    if math.isnan(value):
        raise click.BadParameter("is not a number of seconds")
    return value


_OPTIONS = (
    click.option(
        "--key",
        type=PATH,
        metavar="FILE",
        help="Private key (aibom keygen); password: AIBOM_KEY_PASSWORD, or asked.",
    ),
    click.option(
        "--key-uri",
        metavar="URI",
        help="Key in an HSM or a cloud: hsm:… awskms:… gcpkms:… azurekms:… hv:…",
    ),
    click.option("--public-key", type=PATH, metavar="FILE", help="Its public half."),
    click.option(
        "--certificate-chain",
        type=PATH,
        metavar="FILE",
        help="Certificates that say whose key it is, PEM, the key's own first.",
    ),
    click.option(
        "--timestamp-url",
        metavar="URL",
        help="RFC 3161 authority that vouches for the time.",
    ),
    click.option(
        "--sigstore",
        metavar="public|FILE",
        help="Sign as an identity: the public Sigstore, or the trust config of "
        "another. Once for all: AIBOM_SIGSTORE.",
    ),
    click.option(
        "--identity-token",
        metavar="TOKEN",
        help="OpenID Connect token: itself, env:NAME or a file.  [default: the CI "
        "job's, or a browser]",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0.1, max=_MOST_SECONDS),
        callback=_number,
        default=_DEADLINE_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="For all that servers are asked in one signature.",
    ),
)


@dataclass(frozen=True, slots=True)
class SigningOptions:
    """What was asked for on the command line."""

    key: Path | None
    key_uri: str | None
    public_key: Path | None
    certificate_chain: Path | None
    timestamp_url: str | None
    sigstore: str | None
    identity_token: str | None = field(repr=False)
    timeout: float

    def signer(self) -> StatementSigner:
        """The signer; raises ``UsageError`` (``signer-missing``) for none."""
        found = self.optional_signer()
        if found is None:
            raise UsageError(
                "nothing says whose signature this shall be",
                reason="signer-missing",
                hint="--key FILE (aibom keygen makes one), or --sigstore public to "
                "sign as yourself or as the CI job",
            )
        return found

    def optional_signer(self) -> StatementSigner | None:
        """The signer that was asked for by an option, by name; None for none.

        What the environment or the user's configuration says of Sigstore counts where
        no key is named.
        """
        self._require_consistent()
        if self.key is not None or self.key_uri is not None:
            from aibom.operations.signing.signers import certified

            return certified(
                self._key(), self.certificate_chain, self.timestamp_url, self.timeout
            )
        sigstore = self.sigstore or self._configured()
        if sigstore is None:
            return None
        from aibom.operations.signing.signers import Keyless, identity_signer

        may_ask = sys.stderr is not None and sys.stderr.isatty()
        token = _token(self.identity_token)
        return identity_signer(Keyless(sigstore, token, self.timeout, may_ask))

    def require_unused(self) -> None:
        """Refuse options that would sign nothing: somebody expects a signature."""
        for name in (
            *("key", "key_uri", "public_key", "certificate_chain"),
            *("timestamp_url", "sigstore", "identity_token"),
        ):
            if getattr(self, name) is not None:
                raise UsageError(
                    "nothing is signed in this call",
                    reason="usage",
                    where=f"--{name.replace('_', '-')}",
                    hint="add --attest FILE to have the verdict signed",
                )

    def _key(self) -> Signing:
        if self.key is not None:
            return load_key(self.key)
        from aibom.operations.signing.signers import remote_key

        if self.public_key is None or self.key_uri is None:
            raise UsageError(
                "a key that stays where it is needs its public half as a file",
                reason="public-key-missing",
                where="--key-uri",
                hint="--key-uri URI --public-key FILE.pub",
            )
        return remote_key(self.key_uri, self.public_key, _secret)

    def _configured(self) -> str | None:
        from aibom.cli.configuration import configured_sigstore

        named = os.environ.get("AIBOM_SIGSTORE") or configured_sigstore()
        if named is None and self.identity_token is not None:
            raise UsageError(
                "an identity token is for one Sigstore, and none is named",
                reason="sigstore-missing",
                where="--identity-token",
                hint="--sigstore public, or --sigstore FILE with the trust config of "
                "your own; or name it once in AIBOM_SIGSTORE",
            )
        return named

    def _require_consistent(self) -> None:
        keys = [self.key is not None, self.key_uri is not None]
        keyless = self.sigstore is not None or self.identity_token is not None
        if sum(keys) > 1 or (any(keys) and keyless):
            raise UsageError(
                "one signature, one signer: a key, a key's URI, or an identity",
                reason="signer-ambiguous",
                hint="name one of --key, --key-uri and --sigstore",
            )
        if self.public_key is not None and self.key_uri is None:
            raise UsageError(
                "belongs to a key's URI",
                reason="signer-ambiguous",
                where="--public-key",
                hint="add --key-uri URI; a key in a file has both halves",
            )
        extras = {
            "--certificate-chain": self.certificate_chain,
            "--timestamp-url": self.timestamp_url,
        }
        for option, value in extras.items():
            if value is not None and not any(keys):
                raise UsageError(
                    "belongs to a key",
                    reason="signer-ambiguous",
                    where=option,
                    hint="add --key FILE; an identity's signature has both by itself",
                )


def _token(text: str | None) -> str | None:
    """The token itself: as given, from a variable, or from a file.

    What is neither is not repeated: it may be most of a token.
    """
    if text is None:
        return os.environ.get(_TOKEN_VARIABLE, "").strip() or None
    if text.startswith("env:"):
        name = text.removeprefix("env:")
        return _some(os.environ.get(name, ""), f"the variable {name} is not set")
    # Not Path.exists, which names the path where it is too long for one.
    if os.path.exists(text):
        from aibom.operations.files import read_small

        data = read_small(Path(text))
        return _some(data.decode("utf-8", "replace"), "the file is empty")
    shaped = text if text.count(".") == 2 else ""
    return _some(shaped, "what was given is no token, no file and no env:NAME")


def _some(token: str, otherwise: str) -> str:
    """The token; an empty one must not end in the job's own identity."""
    if token.strip():
        return token.strip()
    raise UsageError(
        otherwise,
        reason="token-unavailable",
        where="--identity-token",
        hint="for example env:TOKEN, a variable that the CI system or your login sets",
    )


def _secret(what: str) -> str:
    """A PIN: AIBOM_KEY_PASSWORD, or asked for where there is a terminal."""
    known = password()
    if known is not None:
        return known.decode()
    if sys.stdin is None or not sys.stdin.isatty():
        return ""
    answer: str = click.prompt(what, hide_input=True, err=True)
    return answer


def signing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options, handed to the command as one value called ``signing``."""
    return option_group("signing", SigningOptions, _OPTIONS)(command)
