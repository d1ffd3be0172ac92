"""Fetch the newest trusted root of a Sigstore instance by TUF, because a user asked.

This is the only place that downloads one; verification never does. As in
:mod:`aibom.attest.keyless_sign`, all that talks to a server happens in a process of its
own, which is killed when the time is up: TUF's clients have a timeout for each read at
best, and a server that sends a byte a second can hold those for ever.

TUF (https://theupdateframework.github.io/specification/latest/, section 5) starts here
from a root that the caller has and from nothing else: its cache is a temporary folder,
removed afterwards. So nothing in a home is read or written, and nobody can have put
anything there. The price is that TUF cannot compare with an earlier run: an older state
of the repository passes until its own timestamp expires. Callers compare what they get
with the file they have.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aibom.attest.keyless_root import TrustRoot
from aibom.errors import (
    AibomError,
    DocumentInvalid,
    InputError,
    UsageError,
    VerificationFailed,
)
from aibom.statement import to_json

if TYPE_CHECKING:
    import urllib.request

    from tuf.ngclient.fetcher import FetcherInterface

__all__ = ["PUBLIC_INSTANCE", "TufSource", "fetch_trust_root", "work"]

PUBLIC_INSTANCE = "https://tuf-repo-cdn.sigstore.dev"

Tell = Callable[[dict[str, Any]], object]

_TARGET = "trusted_root.json"
_STANDARD_OUTPUT = 1
#: The public one has 7 KB; TUF's own metadata may have 5 MB.
_MAX_TARGET = 4 * 1024 * 1024
_MAX_ANSWER = 8 * 1024 * 1024
_MAX_QUOTED = 300
#: A server that is silent for longer than this has gone away; the deadline is another.
_SILENCE_SECONDS = 30
#: As in keyless_sign: what the parent can import, and nothing of the working directory.
_START = (
    "import json, sys\n"
    "request = json.load(sys.stdin.buffer)\n"
    "sys.path[:] = request.pop('path')\n"
    "from aibom.attest.trust_update import work\n"
    "work(**request)\n"
)


@dataclass(frozen=True, slots=True)
class TufSource:
    """A TUF repository, and the root that its trust starts from.

    ``where`` names the root in messages. Raises :class:`~aibom.errors.UsageError`
    (``tuf-url-unusable``) for a URL that is not ``http(s)://HOST[:PORT][/PATH]``.
    """

    url: str
    bootstrap: bytes = field(repr=False)
    where: str

    def __post_init__(self) -> None:
        if not _is_plain_url(self.url):
            raise UsageError(
                f"{self.url!r} is not the URL of a TUF repository",
                reason="tuf-url-unusable",
                hint="http(s)://HOST[:PORT][/PATH], without password, query, fragment",
            )

    @classmethod
    def public(cls) -> TufSource:
        """The public instance, from the root that came with sigstore-python."""
        import sigstore
        from sigstore._utils import read_embedded

        root = read_embedded("root.json", PUBLIC_INSTANCE)
        return cls(
            PUBLIC_INSTANCE, root, f"embedded in sigstore {sigstore.__version__}"
        )


def _is_plain_url(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if not (url.isascii() and url.isprintable() and " " not in url):
        return False
    extra = parts.username, parts.password, parts.query, parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(extra)


def fetch_trust_root(source: TufSource, deadline_seconds: float) -> TrustRoot:
    """The newest ``trusted_root.json`` of a TUF repository, verified; uses the network.

    Named after the repository's URL. Nothing is written outside of a temporary folder,
    and that and the process are gone when this returns or raises. It is not compared
    with any earlier one.

    Raises :class:`~aibom.errors.AibomError` (exit 1) ``fetch-failed``: no answer, a
    refusal, something that is no TUF metadata, or no time left.
    :class:`~aibom.errors.VerificationFailed` (``tuf-invalid``): metadata or target that
    is expired, changed, or not signed by whom the root names.
    :class:`~aibom.errors.DocumentInvalid`: ``bootstrap-root-invalid`` for the root to
    start from, ``trust-root-invalid`` for what was fetched, though it was signed.
    :class:`~aibom.errors.InputError` (``file-not-written``) without a temporary folder.
    """
    import tempfile

    try:
        folder = tempfile.TemporaryDirectory(
            prefix="aibom-tuf-", ignore_cleanup_errors=True
        )
    except OSError as error:
        raise InputError(
            f"no temporary folder for TUF: {error}",
            reason="file-not-written",
            hint="set TMPDIR to a folder that can be written",
        ) from error
    with folder as cache:
        root = TrustRoot.parse(_ask(source, cache, deadline_seconds), source.url)
    root.load()
    return root


def _ask(source: TufSource, cache: str, seconds: float) -> bytes:
    request = {
        "path": sys.path,
        "url": source.url,
        "bootstrap": base64.b64encode(source.bootstrap).decode("ascii"),
        "cache": cache,
    }
    # On every way out, subprocess.run kills the worker first and waits for it.
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _START],
            input=to_json(request),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _fetch_failed(_waiting(error.stdout or b"", seconds), source) from None
    except OSError as error:
        text = f"cannot start a process to fetch in: {error}"
        raise _fetch_failed(text, source) from error
    return _answer(done, source)


def _answer(done: subprocess.CompletedProcess[bytes], source: TufSource) -> bytes:
    for message in _messages(done.stdout):
        if "failure" in message:
            raise _error_for(message["failure"], message["text"], source)
        if done.returncode == 0 and "root" in message:
            return base64.b64decode(message["root"])
    last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    raise _fetch_failed(
        f"the process that fetches ended with {done.returncode}: {last[:500]}", source
    )


def _error_for(kind: str, text: str, source: TufSource) -> AibomError:
    if kind == "bootstrap":
        return DocumentInvalid(
            f"is not the root of a TUF repository: {text}",
            reason="bootstrap-root-invalid",
            where=source.where,
            hint="get root.json from whoever runs the instance, not from its server",
        )
    if kind == "tuf":
        return VerificationFailed(
            f"TUF refuses what the repository serves: {text}",
            reason="tuf-invalid",
            where=source.url,
            hint="check this machine's clock and the bootstrap root; nothing is kept",
        )
    return _fetch_failed(text, source)


def _fetch_failed(text: str, source: TufSource) -> AibomError:
    return AibomError(
        text,
        reason="fetch-failed",
        where=source.url,
        hint="nothing was changed; a file can also be carried here and pinned",
    )


def _waiting(output: bytes, seconds: float) -> str:
    asked = [message["asking"] for message in _messages(output) if "asking" in message]
    at = f"waiting for {asked[-1]}" if asked else "before the server was asked"
    return f"not fetched within {seconds:g} seconds: time ran out {at}"


def _messages(output: bytes) -> Iterator[dict[str, Any]]:
    """What the worker said; a last line that was cut off is left out, and noise too."""
    for line in output.split(b"\n")[:-1]:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict):
            yield message


# ── in the process of its own ────────────────────


class _Failed(Exception):
    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


def work(url: str, bootstrap: str, cache: str) -> None:
    """Fetch, and say how it went on the standard output of this process.

    For :func:`fetch_trust_root` only, which starts the process this runs in.
    """
    with open(_STANDARD_OUTPUT, "wb", buffering=0, closefd=False) as output:

        def tell(message: dict[str, Any]) -> None:
            output.write(to_json(message) + b"\n")

        try:
            data = _fetched(url.rstrip("/"), base64.b64decode(bootstrap), cache, tell)
        except _Failed as error:
            tell({"failure": error.kind, "text": error.text})
        else:
            tell({"root": base64.b64encode(data).decode("ascii")})


def _fetched(url: str, bootstrap: bytes, cache: str, tell: Tell) -> bytes:
    from tuf.api.exceptions import (
        DownloadError,
        DownloadLengthMismatchError,
        RepositoryError,
    )
    from tuf.ngclient.updater import Updater

    try:
        updater = Updater(
            metadata_dir=cache,
            metadata_base_url=url,
            target_dir=cache,
            target_base_url=f"{url}/targets/",
            fetcher=_fetcher(tell),
            bootstrap=bootstrap,
        )
    except RepositoryError as error:
        raise _Failed("bootstrap", _words(error)) from error
    try:
        return _target(updater)
    except (RepositoryError, DownloadLengthMismatchError) as error:
        raise _Failed("tuf", _words(error)) from error
    except DownloadError as error:
        raise _Failed("fetch", _words(error)) from error


def _target(updater: Any) -> bytes:
    found = updater.get_targetinfo(_TARGET)
    if found is None:
        raise _Failed("tuf", f"it signs for no {_TARGET}")
    if found.length > _MAX_TARGET:
        raise _Failed("tuf", f"its {_TARGET} has {found.length:,} bytes, which is none")
    # Not below the name of the target: the cache is also where TUF keeps its metadata.
    path = Path(updater.target_dir) / "fetched"
    return Path(updater.download_target(found, str(path))).read_bytes()


def _fetcher(tell: Tell) -> FetcherInterface:
    from tuf.ngclient.fetcher import FetcherInterface

    class Fetcher(FetcherInterface):
        def _fetch(self, url: str) -> Iterator[bytes]:
            tell({"asking": url})
            return iter([_download(url)])

    return Fetcher()


def _download(url: str) -> bytes:
    """One answer of a server, or TUF's error with the server's own words in it."""
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError

    from tuf.api.exceptions import DownloadError, DownloadHTTPError

    try:
        with _opener().open(url, timeout=_SILENCE_SECONDS) as answer:
            data: bytes = answer.read(_MAX_ANSWER)
            missing = answer.length
    except HTTPError as error:
        text = f"{url} answered {error.code} {error.reason}: {_body(error)}"
        raise DownloadHTTPError(text, error.code) from None
    except URLError as error:
        raise DownloadError(f"{url} gave no answer: {error.reason}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise DownloadError(f"{url} gave no answer: {error!r}") from None
    if missing:
        raise DownloadError(f"{url}: the answer breaks off, or does not end")
    # A portal or proxy that answers everything with a page of its own is no forger.
    if not data.lstrip().startswith(b"{"):
        raise DownloadError(f"{url} sent something else than JSON: {_quoted(data)}")
    return data


def _opener() -> urllib.request.OpenerDirector:
    """HTTP and HTTPS with the environment's proxies; no file, FTP or data URLs."""
    import urllib.request as http

    import aibom

    opener = http.OpenerDirector()
    for handler in (
        http.ProxyHandler(),
        http.UnknownHandler(),
        http.HTTPHandler(),
        http.HTTPSHandler(),
        http.HTTPDefaultErrorHandler(),
        http.HTTPRedirectHandler(),
        http.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", f"aibom/{aibom.__version__}")]
    return opener


def _body(answer: Any) -> str:
    from http.client import HTTPException

    try:
        with answer:
            return _quoted(answer.read(4 * _MAX_QUOTED))
    except (OSError, HTTPException):
        return "(nothing more)"


def _quoted(data: bytes) -> str:
    words = " ".join(data.decode("utf-8", "replace").split())
    return words if len(words) <= _MAX_QUOTED else f"{words[:_MAX_QUOTED]}…"


def _words(error: BaseException) -> str:
    """The library's own words, with those of the error below where there is one."""
    text = f"{error} ({type(error).__name__})"
    below = error.__cause__
    return text if below is None else f"{text}: {below}"[: 2 * _MAX_QUOTED]
