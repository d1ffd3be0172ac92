"""The process that :mod:`aibom.attest.keyless_sign` signs in: ask, sign, stamp, log.

It says what it is doing as lines of JSON on its standard output: ``asking`` a server,
then ``bundle`` or ``failure``. What it is told, token included, comes by its standard
input, so that no list of processes shows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aibom.attest.keyless_root import TrustRoot
from aibom.attest.keyless_sign import Failure
from aibom.attest.keyless_verify import verify_keyless
from aibom.errors import AibomError
from aibom.statement import to_json

if TYPE_CHECKING:
    from sigstore._internal.rekor import EntryRequestBody, RekorLogSubmitter
    from sigstore._internal.timestamp import TimestampAuthorityClient
    from sigstore.models import Bundle, ClientTrustConfig, TransparencyLogEntry

__all__ = ["work"]

Tell = Callable[[dict[str, Any]], object]

_STANDARD_OUTPUT = 1
_MAX_QUOTED = 300
#: Refusals that pass by themselves: the server is busy, not the request wrong.
_BUSY = frozenset({408, 429})


class _Failed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def work(payload: str, token: str, trust_config: str) -> None:
    """Sign, and say how it went on the standard output of this process."""
    with open(_STANDARD_OUTPUT, "wb", buffering=0, closefd=False) as output:

        def tell(message: dict[str, Any]) -> None:
            output.write(to_json(message) + b"\n")

        try:
            bundle = _signed(payload.encode("utf-8"), token, trust_config, tell)
        except _Failed as error:
            failure = error.failure
            tell(
                {
                    "failure": {
                        "reason": failure.reason,
                        "message": failure.message,
                        "hint": failure.hint,
                    }
                }
            )
        else:
            tell({"bundle": json.loads(bundle.to_json())})


def _signed(payload: bytes, token: str, trust_config: str, tell: Tell) -> Bundle:
    from sigstore.dsse import Statement
    from sigstore.errors import Error
    from sigstore.oidc import IdentityError, IdentityToken
    from sigstore.sign import Signer, SigningContext

    config = _config(trust_config)
    try:
        statement = Statement(payload)
    except Error as error:
        raise _failed("statement-not-signable", str(error)) from error
    try:
        identity = IdentityToken(token)
    except IdentityError as error:
        raise _failed("token-malformed", str(error)) from error
    signing = config.signing_config
    fulcio = signing.get_fulcio()
    context = SigningContext(
        fulcio=fulcio,
        rekor=_log(signing.get_tlogs()[0], tell),
        trusted_root=config.trusted_root,
        tsa_clients=[_authority(client, tell) for client in signing.get_tsas()],
    )
    with _asking("Fulcio", fulcio.url, tell):
        signer = Signer(identity, context)  # asks for the certificate
    bundle = signer.sign_dsse(statement)
    _check(bundle, trust_config)
    return bundle


def _config(text: str) -> ClientTrustConfig:
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig

    try:
        config = ClientTrustConfig.from_json(text)
        _ = config.signing_config, config.trusted_root
    except (Error, ValueError) as error:
        raise _failed("trust-config-invalid", str(error)) from error
    return config


def _check(bundle: Bundle, trust_config: str) -> None:
    """Hand nothing out that a verifier with the same trust root would refuse."""
    try:
        root = TrustRoot.parse(trust_config.encode("utf-8"), "trust config")
        verify_keyless(bundle.to_json().encode("utf-8"), root, "new bundle")
    except AibomError as error:
        raise _failed("signing-unverifiable", error.message) from error


def _authority(client: TimestampAuthorityClient, tell: Tell) -> Any:
    """A timestamp authority that must answer.

    sigstore-python only warns where one does not, and signs without. Asked before the
    log is, so that nothing is logged that will not be a bundle.
    """
    from sigstore._internal.timestamp import TimestampAuthorityClient

    class Required(TimestampAuthorityClient):
        def request_timestamp(self, signature: bytes) -> Any:
            with _asking("the timestamp authority", self.url, tell):
                return super().request_timestamp(signature)

    return Required(client.url)


def _log(rekor: RekorLogSubmitter, tell: Tell) -> RekorLogSubmitter:
    """The log, with its errors told apart from those of others."""
    create = rekor.create_entry
    url = getattr(rekor, "url", "")

    def create_entry(request: EntryRequestBody) -> TransparencyLogEntry:
        with _asking("Rekor", url, tell):
            return create(request)

    rekor.create_entry = create_entry  # type: ignore[method-assign]
    return rekor


@contextmanager
def _asking(service: str, url: str, tell: Tell) -> Iterator[None]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import ExtensionNotFound, InvalidVersion
    from sigstore._internal.fulcio.client import FulcioClientError
    from sigstore._internal.rekor import RekorClientError
    from sigstore._internal.timestamp import TimestampError
    from sigstore.errors import Error

    who = f"{service} at {url}"
    tell({"asking": who})
    try:
        yield
    except (FulcioClientError, RekorClientError, TimestampError) as error:
        raise _explained(who, error) from error
    except (Error, OSError) as error:
        raise _explained(who, error) from error
    # The clients take an answer apart without looking, and let out what happens then.
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _explained(who, error) from error
    except (InvalidVersion, UnsupportedAlgorithm, ExtensionNotFound) as error:
        raise _explained(who, error) from error


def _explained(who: str, error: BaseException) -> _Failed:
    from sigstore.errors import VerificationError

    origin = _origin(error)
    response = getattr(origin, "response", None)
    if response is not None and response.status_code >= 400:
        status = response.status_code
        text = f"{who} answered {status}: {_quoted(response.text)}"
        if status < 500 and status not in _BUSY:
            return _failed("service-refused", text)
        return _failed("service-failed", text)
    if isinstance(error, VerificationError):
        return _failed("signing-unverifiable", f"{who} sent what fails: {error}")
    if isinstance(origin, OSError) and not isinstance(origin, ValueError):
        return _failed("service-unreachable", f"{who} gave no answer: {origin}")
    detail = getattr(origin, "doc", None) or str(error) or str(origin)
    text = f"{who} sent something else than an answer: {_quoted(str(detail))}"
    return _failed("service-failed", text)


def _origin(error: BaseException) -> BaseException:
    """What went wrong first: a wrapped error of the HTTP client, if there is one."""
    while (inner := error.__cause__ or error.__context__) is not None:
        if not isinstance(inner, OSError):
            break
        # An error of HTTP wraps those of sockets, which say less.
        if isinstance(error, OSError):
            break
        error = inner
    return error


def _quoted(text: str) -> str:
    """A server's own words: its JSON message where it has one, and not too long."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    message = document.get("message") if isinstance(document, dict) else None
    words = " ".join((message if isinstance(message, str) else text).split())
    return words if len(words) <= _MAX_QUOTED else f"{words[:_MAX_QUOTED]}…"


def _failed(reason: str, message: str) -> _Failed:
    return _Failed(Failure(reason, message, _HINTS.get(reason)))


_HINTS = {
    "service-failed": "the service is in trouble; try again later",
    "service-refused": "the message is the server's own; nothing was signed",
    "service-unreachable": "check the network and the URL in the trust config",
    "signing-unverifiable": "the trust config names keys that its servers do not use",
    "trust-config-invalid": "get the trust config of your Sigstore instance again",
    "statement-not-signable": "Sigstore takes SHA-2 and SHA-3 digests of subjects",
}
