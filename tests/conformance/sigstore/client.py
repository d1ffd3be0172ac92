"""aibom as a client under test of the public suite sigstore/sigstore-conformance.

The suite calls a program with two commands (its ``docs/cli_protocol.md``)::

    sign-bundle [--staging] [--in-toto] --identity-token TOKEN --bundle FILE
        [--trusted-root FILE] [--signing-config FILE] FILE
    verify-bundle [--staging] --bundle FILE
        (--certificate-identity IDENTITY --certificate-oidc-issuer URL | --key FILE)
        [--trusted-root FILE] FILE_OR_DIGEST

What decides is aibom's own code, and nothing beside it: what aibom does not do is
refused here, not handed to sigstore-python. That is everything about bare artifacts
(``messageSignature``): aibom signs and verifies in-toto statements only. Where a bundle
was signed with a key, aibom neither needs nor checks its log entries.

Exit code 0 if it holds; that of the error otherwise, with ``reason: message`` on
standard error; 2 for a wrong call.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from aibom.attest.bundle import parse_bundle
from aibom.attest.keyless_root import TrustRoot
from aibom.attest.keyless_rules import IdentityRule
from aibom.attest.keyless_sign import sign_keyless
from aibom.attest.keyless_verify import verify_keyless
from aibom.attest.keys import load_public
from aibom.digest import Digest
from aibom.errors import AibomError, InputError, UsageError, VerificationFailed
from aibom.statement import Statement

__all__ = ["main"]

DEADLINE_SECONDS = 120.0
PRODUCTION = "https://tuf-repo-cdn.sigstore.dev"
STAGING = "https://tuf-repo-cdn.sigstage.dev"
TRUST_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
UNSUPPORTED = "aibom handles in-toto statements in DSSE envelopes only"
DIGEST = re.compile("sha256:([0-9a-f]{64})")


def sign(options: argparse.Namespace) -> None:
    """Sign a statement, byte for byte as it is; write the bundle."""
    if not options.in_toto:
        raise UsageError(
            f"cannot sign a bare artifact: {UNSUPPORTED}",
            reason="artifact-unsupported",
            where=options.file,
        )
    payload = read(options.file)
    bundle = sign_keyless(
        payload, options.identity_token, trust_config(options), DEADLINE_SECONDS
    )
    Path(options.bundle).write_text(json.dumps(bundle), encoding="utf-8")


def verify(options: argparse.Namespace) -> None:
    """Verify the bundle, its signer, and that the artifact is one of its subjects."""
    data = read(options.bundle)
    if is_artifact_bundle(data):
        raise VerificationFailed(
            f"signs a bare artifact: {UNSUPPORTED}",
            reason="artifact-unsupported",
            where=options.bundle,
        )
    by_key = options.key is not None
    statement = signed_by_key(data, options) if by_key else signed(data, options)
    require_subject(statement, artifact_digest(options.file), options.bundle)


def signed(data: bytes, options: argparse.Namespace) -> Statement:
    """The statement, if exactly this identity of this issuer signed it."""
    found = verify_keyless(data, trust_root(options), options.bundle)
    rule = IdentityRule(
        issuer=options.certificate_oidc_issuer, identity=options.certificate_identity
    )
    refusal = rule.identity_refusal(found.identity)
    if refusal is not None:
        raise VerificationFailed(
            f"signed by {found.identity.san} of {found.identity.issuer}",
            reason=refusal,
            where=options.bundle,
        )
    return found.statement


def signed_by_key(data: bytes, options: argparse.Namespace) -> Statement:
    """The statement, if this key signed it; trust root and log have no part in it."""
    key = load_public(read(options.key).decode("utf-8", "replace"), options.key)
    bundle = parse_bundle(data, options.bundle)
    if not key.verifies(bundle.signature, bundle.signed_bytes):
        raise VerificationFailed(
            "the signature is not one of this key over this text",
            reason="signature-invalid",
            where=options.bundle,
        )
    return Statement.parse(bundle.payload, options.bundle)


def require_subject(statement: Statement, digest: Digest, where: str) -> None:
    """Refuse a statement that is about something else."""
    if all(subject.content() != digest for subject in statement.subjects):
        raise VerificationFailed(
            f"no subject of the statement is {digest}",
            reason="digest-mismatch",
            where=where,
        )


def artifact_digest(text: str) -> Digest:
    """What ``FILE_OR_DIGEST`` names: a file comes first, as the protocol says."""
    named = DIGEST.fullmatch(text)
    if named is not None and not os.path.lexists(text):
        return Digest("file", named[1])
    return Digest("file", hashlib.sha256(read(text)).hexdigest())


def is_artifact_bundle(data: bytes) -> bool:
    """Whether it holds a signature over bare bytes; no verdict on anything else."""
    try:
        document = json.loads(data)
    except ValueError:
        return False
    return isinstance(document, dict) and "messageSignature" in document


def trust_root(options: argparse.Namespace) -> TrustRoot:
    """The root that was named, else the one of the public instance asked for."""
    if options.trusted_root is not None:
        return TrustRoot.parse(read(options.trusted_root), options.trusted_root)
    if options.staging:
        return TrustRoot.parse(embedded(STAGING, "trusted_root.json"), "staging")
    return TrustRoot.embedded()


def trust_config(options: argparse.Namespace) -> str:
    """Root and signing config in the one document that aibom signs with."""
    instance = STAGING if options.staging else PRODUCTION
    if options.signing_config is not None:
        signing = read(options.signing_config)
    else:
        signing = embedded(instance, "signing_config.v0.2.json")
    try:
        root: Any = json.loads(trust_root(options).data)
        document = {
            "mediaType": TRUST_CONFIG,
            "trustedRoot": root.get("trustedRoot", root),
            "signingConfig": json.loads(signing),
        }
    except ValueError as error:
        raise InputError(
            f"the signing config is not JSON: {error}", reason="trust-config-invalid"
        ) from error
    return json.dumps(document)


def embedded(instance: str, name: str) -> bytes:
    """What sigstore-python carries for one of its two instances; nothing is fetched."""
    from sigstore._utils import read_embedded

    data: bytes = read_embedded(name, instance)
    return data


def read(path: str) -> bytes:
    """The bytes of a file; raises ``InputError``."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {error}", reason="file-unreadable", where=path
        ) from error


def parse(words: Sequence[str]) -> tuple[Callable[[argparse.Namespace], None], Any]:
    """The command and its options; exits with 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="client.py", allow_abbrev=False)
    commands = parser.add_subparsers(required=True)
    signing = commands.add_parser("sign-bundle", allow_abbrev=False)
    signing.set_defaults(run=sign)
    signing.add_argument("--in-toto", action="store_true")
    signing.add_argument("--identity-token", required=True)
    signing.add_argument("--signing-config")
    verifying = commands.add_parser("verify-bundle", allow_abbrev=False)
    verifying.set_defaults(run=verify)
    verifying.add_argument("--certificate-identity")
    verifying.add_argument("--certificate-oidc-issuer")
    verifying.add_argument("--key")
    for command in (signing, verifying):
        command.add_argument("--staging", action="store_true")
        command.add_argument("--bundle", required=True)
        command.add_argument("--trusted-root")
        command.add_argument("file")
    options = parser.parse_args(words)
    if options.run is verify:
        identity = (options.certificate_identity, options.certificate_oidc_issuer)
        wanted = (None, None) if options.key is not None else identity
        if identity != wanted or (options.key is None and None in identity):
            verifying.error("needs an identity and its issuer, or else a key")
    return options.run, options


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    run, options = parse(sys.argv[1:] if words is None else words)
    try:
        run(options)
    except AibomError as error:
        sys.stderr.write(f"{error.reason}: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
