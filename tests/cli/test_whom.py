"""Whom to believe for one call: named by the caller, from outside of the artifact."""

from __future__ import annotations

import pytest

INSIDE = {
    "a key": ("--public-key", "model/release.pub"),
    "a trust root": (
        *("--identity", "a@b.example", "--issuer", "https://b.example"),
        *("--trust-root", "model/root.json"),
    ),
    "signers": ("--signers", "model/signers.yaml"),
}


@pytest.mark.parametrize("words", INSIDE.values(), ids=INSIDE)
def test_nothing_inside_the_artifact_says_whom_to_believe(world, here, words):
    (world.folder / words[-1]).write_bytes((world.folder / "release.pub").read_bytes())
    ran = here("verify", "model", *words)
    assert (ran.code, ran.out) == (2, "")
    assert "[policy-inside-artifact]" in ran.err
