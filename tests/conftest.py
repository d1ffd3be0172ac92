"""What holds for every test: no network, no settings from outside, no home of a user.

Tests that start programs cannot be watched from here, so those inherit a proxy that
refuses every connection; loopback is exempt, because the fakes of hub and Sigstore live
there.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says something about the machine, and nothing about us.
settings.register_profile("aibom", deadline=None)
settings.load_profile("aibom")

ROOT = Path(__file__).resolve().parent.parent

#: Settings of the surrounding machine that would change what is tested.
FOREIGN_PREFIXES = ("AIBOM_", "HF_", "HUGGING", "SIGSTORE_", "TUF_", "XDG_", "GITHUB_")
FOREIGN = (
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "COLUMNS",
    "FORCE_COLOR",
    "NO_COLOR",
    "PYTHONPATH",
    "PYTHONWARNINGS",
    "SOURCE_DATE_EPOCH",
)
NOBODY = "http://127.0.0.1:9"


class NetworkUsed(AssertionError):
    """A test tried to reach something that is not this machine."""


def is_local(address: Any) -> bool:
    """Whether a socket address stays here: a Unix path, or a loopback host."""
    if not isinstance(address, tuple):
        return True
    host = address[0]
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def guarded(name: str) -> Any:
    """A method of ``socket.socket`` that refuses addresses which are not local."""
    original = getattr(socket.socket, name)

    def method(self: socket.socket, *args: Any) -> Any:
        # The address is the last argument of connect, connect_ex and sendto alike.
        if not is_local(args[-1]):
            raise NetworkUsed(f"{name} to {args[-1]!r}: tests do not use the network")
        return original(self, *args)

    return method


def guarded_lookup() -> Any:
    """``socket.getaddrinfo``, refusing names: asking for one is using the network."""
    original = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_local((host,)):
            raise NetworkUsed(f"lookup of {host!r}: tests do not use the network")
        return original(host, *args, **kwargs)

    return getaddrinfo


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection and look-up beyond loopback, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, guarded(name))
        patch.setattr(socket, "getaddrinfo", guarded_lookup())
        yield


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty home, no foreign settings, and no way out for programs we start."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name in FOREIGN or name.startswith(FOREIGN_PREFIXES):
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.setenv(name, NOBODY)
            patch.setenv(name.upper(), NOBODY)
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "localhost,127.0.0.1,::1")
        yield


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top of this checkout."""
    return ROOT


@pytest.fixture(scope="session")
def oracle_python() -> Path:
    """An interpreter with cyclonedx-python-lib[json-validation], for subprocesses."""
    python = ROOT / ".venv-oracle" / "bin" / "python"
    if not python.exists():
        pytest.fail("no oracle environment: run `make venv` first", pytrace=False)
    return python
