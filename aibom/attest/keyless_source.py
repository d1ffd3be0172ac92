"""Where a keyless signer's token and trust config come from.

A token is the job's own (ambient), or that of a person who logs in with a browser. The
trust config of the public instance comes with sigstore-python, and nothing is fetched
for it. Which Sigstore is used is for the caller to say: nothing here picks one.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from aibom.errors import AibomError, InputError
from aibom.statement import parse_json

__all__ = ["ambient_token", "browser_token", "public_trust_config", "read_trust_config"]

_PUBLIC_INSTANCE = "https://tuf-repo-cdn.sigstore.dev"
#: How long a person may take to log in.
_STDERR = 2
_PATIENCE_SECONDS = 300.0
_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"


def public_trust_config() -> str:
    """The public instance's servers and keys, as this sigstore-python carries them."""
    from sigstore._utils import read_embedded

    # The public way to them copies into the user's cache and trusts what is there.
    root = json.loads(read_embedded("trusted_root.json", _PUBLIC_INSTANCE))
    config = json.loads(read_embedded("signing_config.v0.2.json", _PUBLIC_INSTANCE))
    return json.dumps(
        {"mediaType": _CONFIG, "trustedRoot": root, "signingConfig": config}
    )


def read_trust_config(data: bytes, where: str) -> str:
    """The text of a ClientTrustConfig; ``InputError`` ``trust-config-invalid`` else.

    Looks at its outline only; :func:`~.keyless_sign.sign_keyless` reads it whole.
    """
    try:
        document = parse_json(data, where)
    except AibomError as error:
        raise _unusable(error.message, where) from error
    members = document if isinstance(document, dict) else {}
    if members.get("mediaType") != _CONFIG:
        raise _unusable(f"it is no document of type {_CONFIG}", where)
    if "signingConfig" not in members or "trustedRoot" not in members:
        raise _unusable("it lacks a signing config or a trusted root", where)
    return data.decode("utf-8")


def _unusable(message: str, where: str) -> InputError:
    return InputError(
        f"not a trust config to sign with: {message}",
        reason="trust-config-invalid",
        where=where,
        hint="a private Sigstore gives out its ClientTrustConfig; the public one is "
        "named with --sigstore public",
    )


def ambient_token() -> str | None:
    """The identity token of the CI job that this runs in; None outside of one.

    Raises :class:`~aibom.errors.InputError` (``token-unavailable``) in a job that may
    not have one, with what is missing.
    """
    import requests
    from sigstore.oidc import IdentityError, detect_credential

    try:
        return detect_credential()
    except (IdentityError, requests.RequestException) as error:
        words = " ".join(str(error).split())[:300]
        raise InputError(
            f"this looks like a CI job, but gives no identity token: {words}",
            reason="token-unavailable",
            where="ambient identity",
            hint="GitHub Actions needs `permissions: id-token: write`, GitLab an "
            "id_tokens entry SIGSTORE_ID_TOKEN with aud: sigstore",
        ) from error


def browser_token(
    trust_config: str, patience_seconds: float = _PATIENCE_SECONDS
) -> str:
    """The token of a person, who logs in with a browser at the instance's issuer.

    Waits for that person, and says on stderr where to go; stdout stays free. Where
    there are alarms (the main thread, not on Windows) it ends after
    ``patience_seconds``. Raises :class:`~aibom.errors.AibomError`:
    ``token-unavailable``, ``trust-config-invalid``.
    """
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import Issuer, IssuerError

    try:
        config = ClientTrustConfig.from_json(trust_config)
        url = config.signing_config.get_oidc_url()
    except (Error, ValueError) as error:
        raise _unusable(str(error), "trust config") from error
    try:
        with _patience(patience_seconds), _told_on_stderr():
            return str(Issuer(url).identity_token())
    # Answers are taken apart without looking, and a closed stdin is an EOFError.
    except (
        *(Error, IssuerError, OSError, EOFError),
        *(LookupError, ValueError, TypeError, AttributeError),
    ) as error:
        words = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(
            f"nobody logged in at {url}: {words}",
            reason="token-unavailable",
            where="browser",
            hint="or give a token: --identity-token",
        ) from error


@contextmanager
def _told_on_stderr() -> Iterator[None]:
    """What sigstore-python prints for the person goes there: stdout is for data."""
    with os.fdopen(os.dup(_STDERR), "w") as told, redirect_stdout(told):
        yield


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Raise ``TimeoutError`` in what takes longer; sigstore-python waits for ever."""
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(*_: object) -> None:
        raise TimeoutError(f"no answer within {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
