"""The `sigstore` command, unmodified, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sigstore_clients import ALICE, ARTIFACT, GITHUB_JOB, MODES

from aibom.testing.sigstore import GITHUB_ISSUER


def sigstore(trust_config, *arguments):
    """Run the command; nothing but the trust configuration is given to it."""
    command = [sys.executable, "-m", "sigstore", "--trust-config", trust_config]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def signed(local_sigstore, tmp_path):
    """Signs a file with the command; gives what is needed to verify it."""

    def sign(mode, token):
        config, artifact = tmp_path / "trust.json", tmp_path / "model.bin"
        bundle = tmp_path / "model.bin.sigstore.json"
        config.write_text(local_sigstore.trust_config(**MODES[mode]))
        artifact.write_bytes(ARTIFACT)
        options = ["--identity-token", token, "--bundle", bundle]
        done = sigstore(config, "sign", *options, artifact)
        assert done.returncode == 0, done.stderr
        return config, artifact, bundle

    return sign


def verify(config, artifact, bundle, identity, issuer):
    return sigstore(
        *(config, "verify", "identity", "--bundle", bundle),
        *("--cert-identity", identity, "--cert-oidc-issuer", issuer, artifact),
    )


@pytest.mark.parametrize("mode", ["v1-tsa", "v2-tsa"])
def test_sign_and_verify(local_sigstore, signed, mode):
    files = signed(mode, local_sigstore.identity_token(ALICE))
    accepted = verify(*files, ALICE, local_sigstore.url)
    assert accepted.returncode == 0, accepted.stderr
    refused = verify(*files, "eve@example.org", local_sigstore.url)
    assert refused.returncode == 1
    assert "SANs" in refused.stderr


def test_a_changed_file_is_refused(local_sigstore, signed):
    config, artifact, bundle = signed("v1", local_sigstore.github_token())
    artifact.write_bytes(b"other weights\n")
    refused = verify(config, artifact, bundle, GITHUB_JOB, GITHUB_ISSUER)
    assert refused.returncode == 1
    assert "mismatch" in refused.stderr
