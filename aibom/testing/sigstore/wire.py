"""Requests and responses as values, so that services are functions and need no sockets.

A service takes a :class:`Request` and returns a :class:`Response`, or raises
:class:`Refused` with the response that its real counterpart would give.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = [
    "Clock",
    "Refused",
    "Request",
    "Response",
    "b64",
    "grpc_refusal",
    "json_response",
    "read_json",
    "unb64",
    "utc_now",
]

#: Tells the time, in UTC. Passed in, so that a test can hold it still.
Clock = Callable[[], datetime]

#: gRPC code → HTTP status, as grpc-gateway maps them.
_GRPC_STATUS = {3: 400, 5: 404, 13: 500}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: header names in lower case, the last of equal parameters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, complete."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """A service says no; carries the response that says it."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def utc_now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


def json_response(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(value).encode())


def grpc_refusal(message: str, code: int = 3) -> Refused:
    """An error as Fulcio and Rekor v2 send it: a gRPC status in JSON."""
    error = {"code": code, "message": message, "details": []}
    return Refused(json_response(error, _GRPC_STATUS[code]))


def read_json(body: bytes) -> Any:
    """Parse a body; raises ``ValueError``: each service refuses in its own words."""
    try:
        return json.loads(body.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def b64(data: bytes) -> str:
    """Standard base64, as every Sigstore JSON has it."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: Any) -> bytes:
    """Strict base64; raises ``ValueError`` for anything else, or no text at all."""
    if not isinstance(text, str):
        raise ValueError("not base64 text")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
