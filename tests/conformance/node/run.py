"""Have bundles from the loopback Sigstore verified by npm's @sigstore/verify.

A second opinion that shares no code with sigstore-python: if the fixture and that
library were wrong in the same way, this would tell. Opt-in, since it needs node and
what `npm ci` installs here::

    (cd tests/conformance/node && npm ci) && python tests/conformance/node/run.py

Signs every way there is, as everyone there is, with sigstore-python and as `aibom sign`
does; each bundle has to verify as its signer, and be refused as somebody else and under
another instance's root. Exits 1 otherwise.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]


def bundles(sigstore) -> Iterator[tuple[str, str, tuple[str, str], bool]]:
    """Name, bundle, identity with issuer, and whether it signs a file."""
    from sigstore.dsse import Statement
    from sigstore_clients import ARTIFACT, IDENTITIES, MODES, STATEMENT, signer

    from aibom.attest.keyless_sign import sign_keyless
    from aibom.statement import to_json

    for mode in MODES:
        for who, (token, identity) in IDENTITIES.items():
            with signer(sigstore, mode, token(sigstore)) as signing:
                attested = signing.sign_dsse(Statement(STATEMENT))
                signed = signing.sign_artifact(ARTIFACT)
            yield (
                f"{mode} {who} statement",
                attested.to_json(),
                identity(sigstore),
                False,
            )
            yield f"{mode} {who} file", signed.to_json(), identity(sigstore), True
            ours = sign_keyless(
                STATEMENT,
                token(sigstore),
                sigstore.trust_config(**MODES[mode]),
                deadline_seconds=60,
            )
            yield (
                f"{mode} {who} aibom",
                to_json(ours).decode(),
                identity(sigstore),
                False,
            )


def verified(folder: Path, root: str, identity: str, issuer: str, file: bool) -> str:
    """What verify.mjs says of the bundle in this folder."""
    command = ["node", HERE / "verify.mjs", folder / root, identity, issuer]
    artifact = [folder / "artifact"] if file else []
    done = subprocess.run(
        [*command, folder / "bundle.json", *artifact], capture_output=True, text=True
    )
    return (done.stdout or done.stderr).strip()


def check(folder: Path, identity: str, issuer: str, file: bool) -> list[str]:
    """What @sigstore/verify got wrong about one bundle."""
    problems = []
    for root, who, expected in (
        ("root.json", identity, "verified"),
        ("root.json", "eve@example.org", "refused"),
        ("other-root.json", identity, "refused"),
    ):
        said = verified(folder, root, who, issuer, file)
        if not said.startswith(f"{expected}:"):
            problems.append(f"{root} {who}: expected {expected}, but: {said}")
    return problems


def main() -> int:
    """Run every case; prints a line for each."""
    from sigstore_clients import ARTIFACT

    from aibom.testing.sigstore import LocalSigstore

    failed = 0
    with tempfile.TemporaryDirectory() as name, LocalSigstore() as sigstore:
        folder = Path(name)
        (folder / "artifact").write_bytes(ARTIFACT)
        (folder / "root.json").write_text(sigstore.trusted_root())
        with LocalSigstore() as other:
            (folder / "other-root.json").write_text(other.trusted_root())
        for case, bundle, identity, file in bundles(sigstore):
            (folder / "bundle.json").write_text(bundle)
            problems = check(folder, *identity, file)
            failed += bool(problems)
            lines = [f"{'FAIL' if problems else 'ok  '} {case}", *problems]
            sys.stdout.write("\n  ".join(lines) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
