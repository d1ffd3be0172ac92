"""Make the bundles under tests/data/oms with the reference tool, in its environment.

    python vectors.py MODEL_FOLDER KEY_FOLDER OUTPUT_FOLDER

Runs under the interpreter of an environment that has one version of model-signing, and
makes what that version can make. KEY_FOLDER holds private keys ``p256.pem``,
``p384.pem`` and ``p521.pem``, and for the version 1.1 a certificate of ``p256.pem`` as
``leaf.crt`` with its root ``root.crt``.
"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Any

SHARD_BYTES = 16


def make_v02(model: Path, keys: Path, out: Path) -> None:
    """The one kind of 0.2.0: a subject for each file, and its own idea of a PAE."""
    from model_signing import model as api
    from model_signing.hashing import file, memory
    from model_signing.serialization import serialize_by_file
    from model_signing.signature import key
    from model_signing.signing import in_toto, in_toto_signature

    def hasher(path: Path) -> Any:
        return file.SimpleFileHasher(path, memory.SHA256())

    signature = api.sign(
        model,
        in_toto_signature.IntotoSigner(key.ECKeySigner.from_path(keys / "p256.pem")),
        in_toto.DigestsIntotoPayload.from_manifest,
        serialize_by_file.ManifestSerializer(hasher),
    )
    signature.write(out / "key.sig")


def make(version: str, model: Path, keys: Path, out: Path) -> None:
    """What 0.3.1 and later make, through the public interface of the package."""
    from model_signing import hashing, signing

    # Before 1.1 a configuration asks for Sigstore's root over the network, unasked.
    signing.Config.use_sigstore_signer = lambda self: self

    def sign(name: str, path: Path, key: str = "p256", **hashed: Any) -> None:
        config = hashing.Config()
        if "shard_size" in hashed:
            config.use_shard_serialization(**hashed)
        else:
            config.use_file_serialization(**hashed)
        if name == "ignoring":
            config.set_ignored_paths(paths=[Path(model / "config.json")])
        signer = signing.Config().set_hashing_config(config)
        if name == "certificate":
            signer.use_certificate_signer(
                private_key=keys / f"{key}.pem",
                signing_certificate=keys / "leaf.crt",
                certificate_chain=[keys / "root.crt"],
            )
        else:
            signer.use_elliptic_key_signer(private_key=keys / f"{key}.pem")
        signer.sign(path, out / f"{name}.sig")

    sign("key", model)
    sign("ignoring", model)
    sign("single-file", model / "weights.bin")
    sign("shards", model, shard_size=SHARD_BYTES)
    sign("p384", model, key="p384")
    if version.startswith("1.1."):
        sign("p521", model, key="p521")
        sign("blake2b", model, hashing_algorithm="blake2")
        sign(
            "blake2b-shards",
            model,
            shard_size=SHARD_BYTES,
            hashing_algorithm="blake2",
        )
        sign("blake3", model, hashing_algorithm="blake3")
        sign("certificate", model)


def main() -> None:
    """Make every bundle of the installed version."""
    model, keys, out = map(Path, sys.argv[1:])
    version = importlib.metadata.version("model-signing")
    out = out / version
    out.mkdir(parents=True, exist_ok=True)
    if version.startswith("0.2."):
        make_v02(model, keys, out)
    else:
        make(version, model, keys, out)


if __name__ == "__main__":
    main()
