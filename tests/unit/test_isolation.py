"""The promises of conftest.py: nothing here reaches a network or a user's settings."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

# 192.0.2.0/24 and 2001:db8::/32 are for documentation and belong to nobody.
OUTSIDE = {
    "connect": lambda s: s.connect(("192.0.2.1", 443)),
    "connect_ex": lambda s: s.connect_ex(("192.0.2.1", 443)),
    "sendto": lambda s: s.sendto(b"x", ("192.0.2.1", 53)),
    "sendto-flags": lambda s: s.sendto(b"x", 0, ("192.0.2.1", 53)),
    "name": lambda s: s.connect(("example.org", 443)),
    "ipv6": lambda s: s.connect(("2001:db8::1", 443, 0, 0)),
    "create": lambda _: socket.create_connection(("192.0.2.1", 443), 1),
    "lookup": lambda _: socket.getaddrinfo("example.org", 443),
}


@pytest.mark.parametrize("attempt", OUTSIDE.values(), ids=OUTSIDE)
def test_outside_is_refused(attempt):
    kind = socket.SOCK_DGRAM
    with (
        socket.socket(socket.AF_INET, kind) as unused,
        pytest.raises(AssertionError, match="tests do not use the network"),
    ):
        attempt(unused)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_allowed(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((host, port), 5) as client:
            assert client.getpeername() == ("127.0.0.1", port)


def test_unix_sockets_are_allowed():
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"x")
        assert right.recv(1) == b"x"


def test_programs_we_start_are_sent_to_a_dead_proxy():
    code = "import urllib.request as u; u.urlopen('http://192.0.2.1/', timeout=5)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Connection refused" in done.stderr


def test_home_is_empty():
    assert list(Path.home().iterdir()) == []


@pytest.mark.parametrize(
    "name", ["SOURCE_DATE_EPOCH", "HF_TOKEN", "AIBOM_PSEUDONYM_KEY", "XDG_CACHE_HOME"]
)
def test_settings_of_the_machine_are_gone(name):
    assert name not in os.environ
