"""Signing with a key that stays where it is: in an HSM, a cloud KMS or Vault.

The key is named by a URI in the syntax of securesystemslib, whose signers do the
talking. What we add is distrust and plain errors:

* The public key is the user's, never one that the remote tells. Each signature is
  verified under it before anybody sees it, so that a wrong key id, another key version
  or another hash never ends in a bundle.
* A URI is checked against its grammar first. securesystemslib reads ``hsm://5`` as the
  default key, and passes over a parameter that is spelled wrong.
* Whatever a remote says is quoted with a bounded length, and without the PIN.

All signers but Vault's hash here, with the hash that :mod:`aibom.attest.keys` uses for
the curve, and send the digest only. They all return ECDSA in DER. Sources: the modules
``securesystemslib.signer._*_signer``, version 1.6; before, HSMs took another package.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aibom.attest.keys import PublicKey, load_public
from aibom.errors import InputError, PolicyInvalid

__all__ = ["SCHEMES", "RemoteKey", "load_remote_key"]

SCHEMES = ("hsm", "awskms", "gcpkms", "azurekms", "hv")

_SYNTAX = {
    "hsm": "hsm:[KEY-ID][?label=TOKEN]",
    "awskms": "awskms:KEY-ID, or an ARN or alias/NAME in its place",
    "gcpkms": "gcpkms:projects/P/locations/L/keyRings/R/cryptoKeys/K"
    "/cryptoKeyVersions/V",
    "azurekms": "azurekms://VAULT.vault.azure.net/keys/NAME/VERSION",
    "hv": "hv:NAME/VERSION",
}
# Full matches. Nothing that they let through can hold a PIN or a password, so a URI
# may be shown once it has matched. Key 0 would be the empty id, which many keys have.
_GRAMMAR = {
    "hsm": r"hsm:([1-9][0-9]{0,76})?(\?label=[\w.~+%-]{1,200})?",
    "awskms": r"awskms:\w[\w:/-]{0,2047}",
    "gcpkms": r"gcpkms:projects/[\w.:-]+/locations/[\w-]+/keyRings/[\w-]+"
    r"/cryptoKeys/[\w-]+/cryptoKeyVersions/[1-9][0-9]*",
    "azurekms": r"azurekms://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+/keys/[\w-]+/\w+",
    "hv": r"hv:\w[\w.-]*/[1-9][0-9]{0,8}",
}

# What each signer can do, in securesystemslib's names. Vault's takes SHA-256 for every
# curve, as Vault does unless told otherwise: that fits P-256 only.
_P256, _P384 = "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"
_KEYS = {
    "hsm": {_P256: "P-256", _P384: "P-384"},
    "awskms": {_P256: "P-256", _P384: "P-384"},
    "gcpkms": {_P256: "P-256", _P384: "P-384"},
    "azurekms": {_P256: "P-256", _P384: "P-384", "ecdsa-sha2-nistp521": "P-521"},
    "hv": {"ed25519": "Ed25519", _P256: "P-256"},
}
_EXTRAS = {"hv": "vault"}  # the others are called like the scheme

# The classes by which the libraries behind the signers say it. By name: none of these
# libraries has to be installed, and botocore makes its classes when it needs them.
_ABSENT = frozenset(
    {
        *("NoSuchKey", "NoSuchToken"),  # python-pkcs11, also for two that match:
        *("MultipleObjectsReturned", "MultipleTokensReturned"),
        "NotFoundException",  # botocore
        "NotFound",  # google-api-core
        "ResourceNotFoundError",  # azure-core
        "InvalidPath",  # hvac
    }
)
_PIN_REFUSED = frozenset({"PinIncorrect", "PinInvalid", "PinLenRange"})
_WORDS_LIMIT = 300
_CHAIN_LIMIT = 50  # a chain may lead back into itself


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """A key behind a URI, for :class:`~aibom.attest.bundle.Signing`; never the key."""

    uri: str
    public: PublicKey
    _signer: _Remote = field(repr=False, compare=False)

    def sign(self, data: bytes) -> bytes:
        """Have the bytes signed; what comes back verifies under :attr:`public`.

        ECDSA is DER-encoded, Ed25519 raw. May ask for a PIN, each time. Raises
        :class:`~aibom.errors.InputError`: ``signing-unverifiable`` (the remote signed
        with another key or hash), ``key-not-found``, ``key-password``,
        ``key-remote-failed``. What the caller's own ``secret`` raises goes through.
        """
        signature = self._signer.sign(data)
        if not self.public.verifies(signature, data):
            raise InputError(
                "what it signed does not verify under the public key given",
                reason="signing-unverifiable",
                where=self.uri,
                hint="give the public key of this very key and version",
            )
        return signature


def load_remote_key(
    uri: str, public_pem: str, secret: Callable[[str], str] | None, where: str
) -> RemoteKey:
    """Get ready to sign with the key behind a URI; does not sign or ask for the PIN.

    ``public_pem`` is the user's copy of the public key and ``where`` names its file.
    ``secret`` is called with the name of what is needed (``pin``), at each signature.
    Whether the key exists mostly shows when it signs. Raises
    :class:`~aibom.errors.InputError`: ``key-uri-unsupported``, ``key-uri-malformed``,
    ``key-unreadable``, ``key-type-unsupported`` (none that this remote can use),
    ``extra-missing``, ``key-password``, ``key-not-found``, ``key-remote-failed``.
    """
    scheme = _scheme(uri)
    try:
        public = load_public(public_pem, where)
    except PolicyInvalid as error:  # not part of a policy here
        raise InputError(
            error.message, reason=error.reason, where=where, hint=error.hint
        ) from error
    key = _their_key(scheme, public, where)
    secrets = _Secrets(secret, uri)
    remote = _Remote(scheme, uri, secrets)
    remote.connect(key)
    if scheme == "hsm":
        _check_hsm(uri, secret)
    return RemoteKey(uri, public, remote)


def _scheme(uri: str) -> str:
    """The scheme of a URI that fits its grammar; shows nothing of one that does not.

    People put PINs into such URIs: RFC 7512 (``pkcs11:``) has a place for them.
    """
    scheme, colon, _ = uri.partition(":")
    if not colon or scheme not in SCHEMES:
        raise InputError(
            f"keys are behind one of {', '.join(f'{name}:' for name in SCHEMES)}",
            reason="key-uri-unsupported",
            where="the key's URI",
            hint="; ".join(_SYNTAX.values()),
        )
    if not re.fullmatch(_GRAMMAR[scheme], uri, re.ASCII):
        raise InputError(
            f"is not {_SYNTAX[scheme]}",
            reason="key-uri-malformed",
            where=f"the key's URI ({scheme}:)",
            hint="other characters in a token's label are written as in a web address",
        )
    return scheme


def _their_key(scheme: str, public: PublicKey, where: str) -> Any:
    """The public key as securesystemslib has it, if this remote can sign with such."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        theirs = _securesystemslib()
    except ImportError as error:
        raise _extra_missing(scheme, where) from error
    key = theirs.SSlibKey.from_crypto(load_pem_public_key(public.pem.encode()))
    if key.scheme not in _KEYS[scheme]:
        raise InputError(
            f"keys behind {scheme}: are {' or '.join(_KEYS[scheme].values())}",
            reason="key-type-unsupported",
            where=where,
            hint="make such a key behind it, and give the public half of that one",
        )
    return key


def _securesystemslib() -> Any:
    """Its public API; untyped, because it does not mark what it exports."""
    from securesystemslib import signer

    return signer


def _check_hsm(uri: str, secret: Callable[[str], str] | None) -> None:
    """What the signer for HSMs would only find out when it signs."""
    if secret is None:
        raise _no_pin(uri)
    if not os.environ.get("PYKCS11LIB"):
        raise InputError(
            "PYKCS11LIB is not set, so there is no way to the HSM",
            reason="key-remote-failed",
            where=uri,
            hint="set PYKCS11LIB to the path of the HSM's PKCS#11 module",
        )


def _extra_missing(scheme: str, where: str) -> InputError:
    extra = _EXTRAS.get(scheme, scheme)
    return InputError(
        f"signing with {scheme}: needs a package that is not installed",
        reason="extra-missing",
        where=where,
        hint="pip install 'aibom[kms]', or only its part: "
        f"pip install 'securesystemslib[{extra}]'",
    )


def _no_pin(uri: str) -> InputError:
    return InputError(
        "the key needs a PIN, and none was given",
        reason="key-password",
        where=uri,
        hint="set AIBOM_KEY_PASSWORD",
    )


class _Secrets:
    """Asks for secrets, and can take those that it handed out back out of a text."""

    __slots__ = ("_ask", "_given", "_uri", "raised")

    def __init__(self, ask: Callable[[str], str] | None, uri: str) -> None:
        self._ask = ask
        self._uri = uri
        self._given: set[str] = set()
        self.raised: BaseException | None = None

    def __call__(self, name: str) -> str:
        """What securesystemslib calls; an empty PIN would mean not to log in at all."""
        try:
            given = self._ask(name) if self._ask is not None else ""
            if not given:
                raise _no_pin(self._uri)
        except BaseException as error:
            self.raised = error
            raise
        self._given.add(given)
        return given

    def hide(self, text: str) -> str:
        """The text without what was handed out since the last :meth:`forget`."""
        for given in sorted(self._given, key=len, reverse=True):
            text = text.replace(given, "(hidden)")
        return text

    def are_in(self, text: str) -> bool:
        """Whether the text has any of what was handed out in it."""
        return any(given in text for given in self._given)

    def forget(self) -> None:
        """Keep no secret longer than the call that needed it."""
        self._given.clear()
        self.raised = None


class _Remote:
    """A signer of securesystemslib, whose every error becomes one of ours."""

    __slots__ = ("_scheme", "_secrets", "_signer", "_uri")

    def __init__(self, scheme: str, uri: str, secrets: _Secrets) -> None:
        self._scheme = scheme
        self._uri = uri
        self._secrets = secrets
        self._signer: Any = None

    def connect(self, key: Any) -> None:
        """Make the signer, which reads credentials and mostly does not talk yet."""
        make = _securesystemslib().Signer.from_priv_key_uri
        self._signer = self._ours(lambda: make(self._uri, key, self._secrets))

    def sign(self, data: bytes) -> bytes:
        """The signature as it comes, not verified."""
        signature: bytes = self._ours(
            lambda: bytes.fromhex(self._signer.sign(data).signature)
        )
        return signature

    def _ours(self, work: Callable[[], Any]) -> Any:
        """Run their code; their errors become ours, those of ``secret`` stay."""
        try:
            with _without_their_log():
                return work()
        # Five libraries with errors of their own, and securesystemslib promises none:
        # "applications should use generic try-except here".
        except Exception as error:
            if error is self._secrets.raised:
                raise
            # A traceback shows the cause, so one that has the PIN in it is left out.
            cause = None if self._secrets.are_in(_chain(error)) else error
            raise self._as_ours(error) from cause
        finally:
            self._secrets.forget()

    def _as_ours(self, error: Exception) -> InputError:
        names = _names(error)
        if "UnsupportedLibraryError" in names:
            return _extra_missing(self._scheme, self._uri)
        words = self._words(error)
        if names & _PIN_REFUSED:
            return InputError(
                f"the PIN is refused: {words}",
                reason="key-password",
                where=self._uri,
                hint="look it up first: a few more wrong ones lock the token",
            )
        if names & _ABSENT:
            return InputError(
                f"there is no such key, or more than one: {words}",
                reason="key-not-found",
                where=self._uri,
                hint=_SYNTAX[self._scheme],
            )
        return InputError(
            f"the key could not be used: {words}",
            reason="key-remote-failed",
            where=self._uri,
            hint="see whether it can be reached, and whether you may sign with it",
        )

    def _words(self, error: Exception) -> str:
        """What the remote says, on one line of bounded length, without secrets."""
        text = " ".join(self._secrets.hide(str(error)).split())
        name = type(error).__name__
        words = f"{name}: {text}" if text else name
        return words if len(words) <= _WORDS_LIMIT else f"{words[:_WORDS_LIMIT]}…"


@contextmanager
def _without_their_log() -> Iterator[None]:
    """Keep securesystemslib from logging to a terminal what a remote said, unescaped.

    It logs errors that it raises too, so nothing is lost.
    """
    logger = logging.getLogger("securesystemslib")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _names(error: BaseException) -> set[str]:
    """What an error is called, and the one it came from: HSMSigner hides that one."""
    origins = [error] if error.__context__ is None else [error, error.__context__]
    return {kind.__name__ for origin in origins for kind in type(origin).__mro__}


def _chain(error: BaseException) -> str:
    """The texts of an error and of those before it, as a traceback would show them."""
    texts: list[str] = []
    at: BaseException | None = error
    while at is not None and len(texts) < _CHAIN_LIMIT:
        texts.append(f"{at} {at.args!r}")
        at = at.__cause__ or at.__context__
    return "\n".join(texts)
