"""A real PKCS#11 HSM in software: SoftHSM2, with tokens and keys made for the tests.

Debian has it as ``softhsm2``. Where it is missing, tests that ask for it are skipped
with that reason; with ``AIBOM_REQUIRE_SOFTHSM=1`` they fail instead, so that nobody
believes that they ran. The tests' own keys never leave the folder they are made in.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["PIN", "SoftHsm", "SoftHsmKey", "soft_hsm"]

PIN = "7391-quince"
TOKEN = "aibom release"  # with a space, as real ones have
OTHER_TOKEN = "another"  # so that a URI without a label is ambiguous

#: Read when imported: later, conftest.py takes such settings away from the tests.
REQUIRED = os.environ.get("AIBOM_REQUIRE_SOFTHSM") == "1"

#: Below /usr; distributions do not agree.
MODULES = (
    "lib/softhsm/libsofthsm2.so",
    "lib/*/softhsm/libsofthsm2.so",
    "lib64/softhsm/libsofthsm2.so",
    "lib64/pkcs11/libsofthsm2.so",
    "local/lib/softhsm/libsofthsm2.so",
)

#: name → curve, CKA_ID. The second id has two bytes.
KEYS = {
    "p256": ("secp256r1", 1),
    "p384": ("secp384r1", 0xA1B2),
    "p256b": ("secp256r1", 3),
}


@dataclass(frozen=True)
class SoftHsmKey:
    """A pair on the token: how to name it, and its public half."""

    uri: str
    public_pem: str


@dataclass(frozen=True)
class SoftHsm:
    """Two tokens; the keys are on the first. ``environment`` is how to get at them."""

    environment: Mapping[str, str]
    keys: Mapping[str, SoftHsmKey]
    label: str = "aibom+release"  # as in a URI
    pin: str = PIN


@pytest.fixture
def soft_hsm(monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    """The HSM of this process, with the environment set to it."""
    missing = what_is_missing()
    if missing and REQUIRED:
        pytest.fail(missing, pytrace=False)
    if missing:
        pytest.skip(missing)
    hsm = running_hsm()
    for name, value in hsm.environment.items():
        monkeypatch.setenv(name, value)
    return hsm


def what_is_missing() -> str:
    """What to install before these tests can run; empty when nothing is missing."""
    if shutil.which("softhsm2-util") is None or not module_paths():
        return "SoftHSM2 is not installed: apt-get install softhsm2"
    try:
        import pkcs11  # noqa: F401
    except ImportError:
        return "python-pkcs11 is not installed: make venv, or pip install python-pkcs11"
    return ""


def module_paths() -> list[Path]:
    """Where SoftHSM's PKCS#11 module is; empty when it is nowhere known."""
    return [path for name in MODULES for path in sorted(Path("/usr").glob(name))]


@functools.cache
def running_hsm() -> SoftHsm:
    """One per process: SoftHSM reads its configuration only when it is loaded."""
    folder = Path(tempfile.mkdtemp(prefix="aibom-softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder / 'tokens'}\n"
        "objectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n"
    )
    module = str(module_paths()[0])
    environment = {"SOFTHSM2_CONF": str(configuration), "PYKCS11LIB": module}
    for token in (TOKEN, OTHER_TOKEN):
        make_token(token, environment)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(configuration))
        return SoftHsm(environment, make_keys(module))


def make_token(label: str, environment: Mapping[str, str]) -> None:
    """Initialise a token, as an administrator does."""
    command = ["softhsm2-util", "--init-token", "--free", "--label", label]
    pins = ["--so-pin", "so-pin-for-tests", "--pin", PIN]
    done = subprocess.run(
        [*command, *pins],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def make_keys(module: str) -> dict[str, SoftHsmKey]:
    """Make the pairs of :data:`KEYS` on the first token, over PKCS#11."""
    import pkcs11

    token = pkcs11.lib(module).get_token(token_label=TOKEN)
    with token.open(rw=True, user_pin=PIN) as session:
        return {name: make_key(session, *wanted) for name, wanted in KEYS.items()}


def make_key(session: Any, curve: str, number: int) -> SoftHsmKey:
    """Make one pair, and write its public half out as PEM."""
    import pkcs11
    import pkcs11.util.ec
    from cryptography.hazmat.primitives import serialization

    parameters = session.create_domain_parameters(
        pkcs11.KeyType.EC,
        {
            pkcs11.Attribute.EC_PARAMS: pkcs11.util.ec.encode_named_curve_parameters(
                curve
            )
        },
        local=True,
    )
    public, _ = parameters.generate_keypair(
        store=True, id=pkcs11.util.biginteger(number), label=f"key {number}"
    )
    key = serialization.load_der_public_key(pkcs11.util.ec.encode_ec_public_key(public))
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return SoftHsmKey(f"hsm:{number}?label=aibom+release", pem.decode())
