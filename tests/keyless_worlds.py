"""A small world in which nobody has a key: identities sign, a LocalSigstore vouches.

::

    corpus ─ collect ─ text ─ train ─ grand ─ fine-tune ─ base ─ fine-tune ─ model
     (raw)   GitLab           GitHub  (BOM)     GitHub    (BOM)    GitHub    (BOM)

Three BOMs, each linking the one before; every step is recorded, and an auditor with an
e-mail address has examined the model. Nobody's certificate can be made in the past, so
the clock is the real one. Untouched, ``verify`` and the gate say yes. Tests change a
copy, in one way, and sign in this process (:meth:`KeylessWorld.signing`), which is
fifty times as fast as the real signer; the model itself is signed by the real one.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sigstore_clients import sign
from worlds import STARTED, World, measured, write_report

from aibom.attest.bundle import parse_bundle
from aibom.attest.signing import IdentitySigner, StatementSigner
from aibom.bom.encode import encode, to_bytes
from aibom.digest import BOM_NAME, BUNDLE_NAME, hash_path
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind
from aibom.operations.assemble import assemble
from aibom.operations.audit import record_audit
from aibom.operations.gate import Options, gate
from aibom.operations.run import record_signer
from aibom.operations.signing.sign import sign_artifact
from aibom.operations.verify import Verified, verify
from aibom.recording import record
from aibom.statement import to_json
from aibom.testing.sigstore import GITHUB_ISSUER, GITLAB_ISSUER, LocalSigstore
from aibom.verdict import Verdict

__all__ = [
    "DEADLINE",
    "MODEL",
    "ROLES",
    "KeylessWorld",
    "QuickSigner",
    "Role",
    "github_job",
    "identity_signer",
    "make_keyless_world",
    "opened_world",
]

MAIN = "refs/heads/main"
MODEL = "acme/models/reader"
#: Enough for a loaded machine; nothing waits for it.
DEADLINE = 300.0
GITHUB = "https://github.com"

Edit = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Role:
    """Somebody who signs: a GitHub job, a GitLab job or a person."""

    predicates: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    github: tuple[str, str] | None = None
    gitlab: str = ""
    email: str = ""

    def token(self, sigstore: LocalSigstore, **how: Any) -> str:
        """A token of theirs; ``how`` makes it another one, as LocalSigstore says."""
        if self.github is not None:
            repository, workflow = self.github
            asked = {"repository": repository, "workflow": workflow, **how}
            return sigstore.github_token(**asked)
        if self.gitlab:
            return sigstore.gitlab_token(**{"project": self.gitlab, **how})
        return sigstore.identity_token(**{"email": self.email, **how})

    def rule(self, sigstore: LocalSigstore) -> dict[str, str]:
        """The ``identity:`` of signers.yaml that fits nobody else."""
        if self.github is not None:
            repository, workflow = self.github
            return {
                "issuer": GITHUB_ISSUER,
                "identity": github_job(repository, workflow),
                "source_repository": f"{GITHUB}/{repository}",
                "source_ref": MAIN,
                "runner_environment": "github-hosted",
                "trust_root": "local",
            }
        if self.gitlab:
            home = f"{GITLAB_ISSUER}/{self.gitlab}"
            return {
                "issuer": GITLAB_ISSUER,
                "identity": f"{home}//.gitlab-ci.yml@{MAIN}",
                "source_repository": home,
                "trust_root": "local",
            }
        issued = {"issuer": sigstore.url, "trust_root": "local"}
        return {"identity": self.email, **issued}


ROLES: Mapping[str, Role] = {
    "data": Role(("step-record",), ("acme/data/*",), gitlab="acme/corpus"),
    "grand": Role(
        ("step-record", "bom"), ("acme/models/grand",), ("acme/grand", "train.yml")
    ),
    "base": Role(
        ("step-record", "bom"), ("acme/models/base",), ("acme/base", "tune.yml")
    ),
    "pipeline": Role(
        ("step-record",), ("acme/models/reader",), ("acme/trainer", "train.yml")
    ),
    "release": Role(("bom",), ("acme/models/*",), ("acme/trainer", "release.yml")),
    "auditor": Role(("audit",), ("acme/*/*",), email="auditor@audit.example"),
    # May say everything, of things of their own.
    "lab": Role(
        ("step-record", "bom", "audit"), ("acme/lab-*",), email="lab@acme.example"
    ),
}
STRANGER = Role(github=("eve/trainer", "release.yml"))


def github_job(repository: str, workflow: str, ref: str = MAIN) -> str:
    """What Fulcio calls a job."""
    return f"{GITHUB}/{repository}/.github/workflows/{workflow}@{ref}"


@dataclass(frozen=True)
class QuickSigner:
    """The unmodified sigstore-python, in this process."""

    sigstore: LocalSigstore
    token: str = field(repr=False)
    mode: str = "v2-tsa"

    def prepare(self) -> None:
        """Nothing: the token is a fresh one."""

    def sign(self, payload: bytes) -> dict[str, Any]:
        bundle = sign(self.sigstore, self.mode, self.token, payload)
        return dict(json.loads(bundle.to_json()))


def identity_signer(
    sigstore: LocalSigstore, token: str, **config: Any
) -> IdentitySigner:
    """The real signer; ``config`` says which Rekor, and whether there is a TSA."""
    asked = sigstore.trust_config(**(config or {"rekor": 2}))
    return IdentitySigner(lambda: token, asked, DEADLINE, lambda: datetime.now(UTC))


@dataclass(frozen=True)
class KeylessWorld(World):
    """A world on disk, and the Sigstore that vouches for its signers."""

    sigstore: LocalSigstore

    def copy(self, to: Path) -> KeylessWorld:
        shutil.copytree(self.root, to)
        return KeylessWorld(to, self.sigstore)

    def verify(self, depth: int | None = None, now: datetime | None = None) -> Verified:
        when = now or datetime.now(UTC)
        return verify(self.model, self.signers(), [self.evidence], when, depth=depth)

    def gate(self, now: datetime | None = None, **options: Any) -> Verdict:
        asked = Options(**{"evidence": (self.evidence,), **options})
        return gate(self.model, self.verifier, asked, now or datetime.now(UTC))

    def signing(self, role: str = "release", **how: Any) -> QuickSigner:
        """Who signs as a role; ``how`` says what is different this time."""
        who = STRANGER if role == "stranger" else ROLES[role]
        mode = how.pop("mode", "v2-tsa")
        return QuickSigner(self.sigstore, who.token(self.sigstore, **how), mode)

    def sign_model(self, role: str = "release", **how: Any) -> None:
        """Sign the model's BOM again."""
        sign_artifact(self.model, self.signing(role, **how))

    def rewrite(self, edit: Callable[[Graph], Graph], signer: str = "release") -> None:
        """Edit the model's BOM as somebody who may sign, and sign it again."""
        self.bom.write_bytes(to_bytes(encode(edit(self.graph()))))
        self.sign_model(signer)

    def sign_statement(self, edit: Edit, signer: str = "release") -> None:
        """Edit the statement in the model's bundle, and sign the result."""
        document = json.loads(parse_bundle(self.bundle.read_bytes(), "").payload)
        edit(document)
        bundle = self.signing(signer).sign(to_json(document))
        self.bundle.write_bytes(to_json(bundle))

    def resign(self, path: Path, signer: str, **how: Any) -> None:
        """Put another's signature on what a bundle holds."""
        payload = parse_bundle(path.read_bytes(), "").payload
        path.write_bytes(to_json(self.signing(signer, **how).sign(payload)))

    def upstream(self, name: str, file: str = BUNDLE_NAME) -> Path:
        """A file of a linked BOM in the evidence: ``grand`` or ``base``."""
        return self.evidence / name / file

    def edit_rule(self, role: str, edit: Edit) -> None:
        """Edit the ``identity:`` of a role in signers.yaml."""
        self.edit_signer(role, lambda entry: edit(entry["identity"]))

    def edit_signer(self, role: str, edit: Edit) -> None:
        """Edit the entry of a role in signers.yaml."""

        def apply(document: dict[str, Any]) -> None:
            for entry in document["signers"]:
                if entry["role"] == role:
                    edit(entry)

        self.edit_yaml("signers.yaml", apply)


def opened_world(folder: Path) -> Iterator[KeylessWorld]:
    """For a fixture: a world, and its Sigstore for as long as it is used."""
    with LocalSigstore() as sigstore:
        yield make_keyless_world(folder, sigstore)


def make_keyless_world(root: Path, sigstore: LocalSigstore) -> KeylessWorld:
    """Make the whole world in an empty folder."""
    world = KeylessWorld(root, sigstore)
    _put(root / "raw/corpus.txt", "once upon a time\n")
    _step(world, "data", "collect", "data/text", {"items": "raw/corpus.txt"})
    _step(world, "grand", "train", "models/grand", {"training-data": "text"})
    _release(world, "grand", "grand", None)
    _step(world, "base", "fine-tune", "models/base", {"base-model": "grand"})
    _release(world, "base", "base", "grand")
    _step(
        world,
        "pipeline",
        "fine-tune",
        MODEL.removeprefix("acme/"),
        {"base-model": "base", "training-data": "text"},
    )
    _release(world, "model", "release", "base")
    _audit(world)
    _verifier(world)
    return world


def _signer(world: KeylessWorld, role: str) -> StatementSigner:
    """The real signer for the model; for what lies above it, the quick one."""
    if role in ("pipeline", "release"):
        return identity_signer(world.sigstore, ROLES[role].token(world.sigstore))
    return world.signing(role)


#: Where things lie, and what they are called.
_NAMES = {
    "raw/corpus.txt": "acme/data/corpus",
    "text": "acme/data/text",
    "grand": "acme/models/grand",
    "base": "acme/models/base",
}


def _step(
    world: KeylessWorld, role: str, kind: str, name: str, inputs: Mapping[str, str]
) -> None:
    """Record a step that makes one folder of two files, signed by a role."""
    output = world.root / name.rpartition("/")[2]
    if role == "pipeline":
        output = world.model
    ticks = itertools.count(STARTED)
    with record(
        kind,
        steps=world.evidence / "records" / role,
        code=None,
        environment=(),
        clock=lambda: float(next(ticks)),
        signer=record_signer(_signer(world, role)),
    ) as step:
        for what, path in inputs.items():
            called = _NAMES[path]
            source = f"pkg:generic/{called}@{'4f0c' * 10}"
            given = {"source": source} if path.startswith("raw/") else {}
            step.input(what, world.root / path, name=called, **given)
        step.output(output, name=f"acme/{name}")
        _put(output / "weights.bin", f"weights of {role}")
        _put(output / "config/config.json", "{}\n")


def _release(world: KeylessWorld, name: str, role: str, base: str | None) -> None:
    """Assemble a BOM from its own step, link that of the base, and sign it."""
    folder = world.root / name
    steps = [world.evidence / "records" / who for who in _STEPS_OF[name]]
    boms = [world.root / base / BOM_NAME] if base else []
    assemble(folder, steps, boms=boms)
    sign_artifact(folder, _signer(world, role))
    if name != "model":
        for file in (BOM_NAME, BUNDLE_NAME):
            target = world.evidence / name / file
            target.parent.mkdir(exist_ok=True)
            shutil.copy(folder / file, target)


#: Whose records a BOM is assembled from; those of the base are in the base's.
_STEPS_OF = {
    "grand": ("data", "grand"),
    "base": ("base",),
    "model": ("data", "pipeline"),
}


def _audit(world: KeylessWorld) -> None:
    report = write_report(
        world.root / "reports/model.json",
        "holdout-test",
        [measured("accuracy", 590, 600)],
    )
    record_audit(
        report,
        world.model,
        name=MODEL,
        kind=Kind.MODEL,
        examined_on=datetime.now(UTC),
        output=world.evidence / "audits",
        signer=_signer(world, "auditor"),
    )


def signers_document(sigstore: LocalSigstore) -> dict[str, Any]:
    """signers.yaml with everybody of this world, and nobody else."""
    entries = [
        {
            "name": f"acme {name}",
            "role": name,
            "party": f"org:Acme {name}",
            "identity": role.rule(sigstore),
            "predicates": list(role.predicates),
            "namespaces": list(role.namespaces),
        }
        for name, role in ROLES.items()
    ]
    return {
        "apiVersion": "aibom/signers/v1",
        "trust_roots": [{"name": "local", "file": "root.json"}],
        "signers": entries,
    }


def _verifier(world: KeylessWorld) -> None:
    digest = str(hash_path(world.root / "raw/corpus.txt").digest)
    decided = {"reason": "read", "approved_by": "org:Acme", "expires": "2999-01-01"}
    rules = [
        _rule("open-lineage", "lineage-closed"),
        _rule("unsigned", "signed-by", roles=[r for r in ROLES if r != "lab"]),
    ]
    files = {
        "signers.yaml": signers_document(world.sigstore),
        "accepted-roots.yaml": {
            "apiVersion": "aibom/accepted-roots/v1",
            "roots": [{"digest": digest, **decided}],
        },
    }
    policy = {
        "apiVersion": "aibom/policy/v1",
        "name": "acme-keyless",
        "version": "1",
        "data": sorted(files),
        "rules": rules,
    }
    for name, document in {"policy.yaml": policy, **files}.items():
        _put(world.verifier / name, json.dumps(document, indent=1))
    _put(world.verifier / "root.json", world.sigstore.trusted_root())
    world.lock()


def _rule(name: str, check: str, **settings: Any) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": name,
        "check": check,
        "minimum_assurance": "attested",
        "severity": "high",
        "mode": "deny",
        "why": "Nobody answers for it otherwise.",
        "remedy": "Have it recorded and signed.",
    }
    return {**rule, "settings": settings} if settings else rule


def _put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
