"""Sign a statement as an identity: no key to keep, a certificate that lives minutes.

Everything that talks to a server happens in a process of its own
(:mod:`aibom.attest.keyless_worker`), which is killed when the time is up. The clients
of Fulcio and Rekor have no timeout, and one for each read would not help against a
server that sends a byte a second; a thread could be abandoned, but not stopped, and
might still put an entry into the log after this one was told that signing failed.

What is logged is a digest. With Rekor v2 only that is sent; Rekor v1 is sent the
envelope with its statement, and keeps the digests of both. A statement about a BOM
names the BOM by digest, so that the BOM itself goes nowhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aibom.attest.keyless_token import check_token
from aibom.errors import AibomError
from aibom.statement import Statement, to_json

__all__ = ["Failure", "sign_keyless"]

#: The search path is the parent's own: a module of the working directory cannot come
#: first, as with ``-m``, and what the parent can import, the worker can as well.
_START = (
    "import json, sys\n"
    "request = json.load(sys.stdin.buffer)\n"
    "sys.path[:] = request.pop('path')\n"
    "from aibom.attest.keyless_worker import work\n"
    "work(**request)\n"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the worker did not sign."""

    reason: str
    message: str
    hint: str | None = None


def sign_keyless(
    payload: bytes, token: str, trust_config: str, deadline_seconds: float
) -> dict[str, Any]:
    """Sign a statement's bytes; returns a bundle that verifies, as JSON-ready values.

    ``trust_config`` is a ClientTrustConfig in JSON: it says which servers are asked and
    which keys they are checked against. The token is checked first, and a certificate
    asked for only then. A timestamp authority that is configured must answer. Nothing
    is written, and the worker is gone when this returns or raises.

    Raises :class:`~aibom.errors.DocumentInvalid` for a payload that is no statement,
    ``InputError`` as :func:`~aibom.attest.keyless_token.check_token`, and
    :class:`~aibom.errors.AibomError` (exit 1): ``trust-config-invalid``,
    ``statement-not-signable`` (Sigstore refuses its form, as of a subject whose digest
    is neither SHA-2 nor SHA-3), ``service-refused``, ``service-failed``,
    ``service-unreachable``, ``signing-unverifiable`` (what came back does not verify),
    ``signing-timed-out`` or ``signing-failed``.
    """
    Statement.parse(payload, "statement")
    check_token(token, datetime.now(UTC))
    request = {
        "path": sys.path,
        "payload": payload.decode("utf-8"),
        "token": token,
        "trust_config": trust_config,
    }
    # On every way out, subprocess.run kills the worker first and waits for it.
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _START],
            input=to_json(request),
            capture_output=True,
            timeout=deadline_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _timed_out(error.stdout or b"", deadline_seconds) from None
    except OSError as error:
        raise AibomError(
            f"cannot start a process to sign in: {error}",
            reason="signing-failed",
            hint="nothing was signed; see how many processes this job may start",
        ) from error
    return _bundle(done)


def _bundle(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    for message in _messages(done.stdout):
        if "failure" in message:
            failure = Failure(**message["failure"])
            raise AibomError(failure.message, reason=failure.reason, hint=failure.hint)
        if done.returncode == 0 and isinstance(message.get("bundle"), dict):
            return dict(message["bundle"])
    last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    raise AibomError(
        f"the process that signs ended with {done.returncode}: {last[:500]}",
        reason="signing-failed",
        hint="nothing was signed; report it as a fault of aibom",
    )


def _timed_out(output: bytes, seconds: float) -> AibomError:
    asked = [message["asking"] for message in _messages(output) if "asking" in message]
    at = f"waiting for {asked[-1]}" if asked else "before any server was asked"
    return AibomError(
        f"not signed within {seconds:g} seconds: time ran out {at}",
        reason="signing-timed-out",
        hint="try again, or allow more time; there is no bundle",
    )


def _messages(output: bytes) -> Iterator[dict[str, Any]]:
    """What the worker said; a last line that was cut off is left out.

    So is what is no message of its: some library may write to standard output.
    """
    for line in output.split(b"\n")[:-1]:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict):
            yield message
