"""Requests and responses as values; what a response sends is read in blocks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aibom.testing.hub.content import Blob, blob_of

__all__ = ["Refused", "Request", "Response", "as_json", "refusal"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``target`` is path and query as they came, headers in lower case.

    ``serve`` is the commit that a fault answers files from, in place of the right one.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    serve: str | None = None

    @property
    def path(self) -> str:
        """The path, still quoted."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The query, every value of each name."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def flag(self, name: str) -> bool:
        """Whether the query sets ``name`` to something true."""
        return self.query.get(name, [""])[-1].lower() in ("true", "1")

    @property
    def token(self) -> str | None:
        """The bearer token, if one was sent."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: ``headers``, and the bytes of ``blob`` from ``start`` to ``stop``."""

    status: int
    headers: Mapping[str, str]
    blob: Blob
    start: int = 0
    stop: int | None = None
    flipped: bool = False

    @property
    def length(self) -> int:
        """How many bytes of body it says it has."""
        return (self.blob.size if self.stop is None else self.stop) - self.start

    def having(self, headers: Mapping[str, str]) -> Response:
        """The same with more headers; names are compared without case."""
        new = {name.lower() for name in headers}
        kept = {one: v for one, v in self.headers.items() if one.lower() not in new}
        return replace(self, headers={**kept, **headers})

    def header(self, name: str) -> str | None:
        """One header, whatever the case."""
        low = {key.lower(): value for key, value in self.headers.items()}
        return low.get(name.lower())

    def json(self) -> Any:
        """The body as JSON, None when it is something else."""
        if not (self.header("Content-Type") or "").startswith("application/json"):
            return None
        return json.loads(b"".join(self.blob.blocks()))

    def blocks(self) -> Iterator[bytes]:
        """The body; where it is tampered with, one byte in the middle is another."""
        at, middle = self.start, self.blob.size // 2
        for block in self.blob.blocks(self.start, self.stop):
            place = middle - at
            at += len(block)
            if self.flipped and 0 <= place < len(block):
                flipped = bytes([block[place] ^ 0x01])
                yield block[:place] + flipped + block[place + 1 :]
            else:
                yield block


class Refused(Exception):
    """Carries the answer that refuses a request."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def as_json(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer."""
    blob = blob_of(json.dumps(value, default=str))
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Response(status, {**kind, **(headers or {})}, blob)


def refusal(
    status: int,
    message: str,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Refused:
    """A refusal as the hub says it: in JSON, and in headers that clients go by."""
    # A message may quote what was asked for, and a header takes only some of that.
    plain = ascii(message)[1:-1]
    said = {"X-Error-Message": plain, **({"X-Error-Code": code} if code else {})}
    return Refused(as_json({"error": message}, status, {**said, **(headers or {})}))
