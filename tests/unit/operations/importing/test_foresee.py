"""What is denied before the bytes: never anything that the gate would let through.

The property is over random small repositories and policies: the same files are foreseen
from what a hub claims of them, and then put through the gate itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fetch_world import safetensors
from hub_world import FakeSource
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.attest.signing import KeySigner
from aibom.catalogers.place import Place
from aibom.lineage.nodes import Kind
from aibom.operations.gate import Options, gate
from aibom.operations.importing.foresee import foresee
from aibom.operations.importing.imported import bom_of_place, bom_of_snapshot
from aibom.operations.policies.exceptions import sign_waivers
from aibom.operations.policies.folder import load_folder, lock_folder
from aibom.operations.scanning.snapshot import open_snapshot
from aibom.operations.signing.sign import load_key, make_key_pair, sign_artifact
from aibom.sources.reference import Reference
from aibom.verdict import Status, Verdict

NOW = datetime(2026, 11, 21, tzinfo=UTC)
COMMIT = "1f" * 20
NAME = "hf/acme/fine"
REFERENCE = Reference.parse(f"hf:acme/fine@{COMMIT}")
WEIGHTS = "model.safetensors"

_SIGNERS = """\
apiVersion: aibom/signers/v1
signers:
  - name: importer
    role: importer
    party: "org:Acme"
    public_key: "{key}"
    predicates: [bom]
    namespaces: ["hf/**"]
  - name: risk
    role: risk
    party: "org:Acme risk"
    public_key: "{risk}"
    predicates: [waivers]
    namespaces: ["hf/**"]
"""
_SOURCES = """\
apiVersion: aibom/trusted-sources/v1
lists:
  hubs:
{entries}"""
_ENTRY = """\
    - match: {{type: huggingface, namespace: {namespace}{revision}}}
      trust: {trust}
      reason: looked at
      owner: "org:Acme"
      approved_by: "org:Acme"
      expires: "{expires}"
{dates}"""
_ADVISORIES = """\
apiVersion: aibom/advisories/v1
sequence: 3
expires: "2999-01-01"
advisories: {advisories}
"""


@dataclass(frozen=True)
class Made:
    """One repository, one policy, and the folder that they lie in."""

    folder: Path
    files: Mapping[str, bytes]
    options: Options

    @property
    def verifier(self) -> Path:
        return self.folder / "verifier"

    @property
    def source(self) -> FakeSource:
        where = "https://huggingface.co"
        return FakeSource(self.files, lfs={WEIGHTS}, commit=COMMIT, where=where)

    def key(self, name: str = "importer") -> KeySigner:
        return KeySigner(load_key(self.folder / f"{name}.key", None))

    def foreseen(self, *, tree: bool = True) -> Verdict | None:
        """What is said before the bytes."""
        source = self.source
        if not tree:
            source.claims = False
        resolved = source.resolve(REFERENCE)
        with open_snapshot(source, resolved) as snapshot:
            bom = bom_of_snapshot(snapshot, NAME, Kind.MODEL, NOW)
            folder = load_folder(self.verifier, require_lock=True)
            return foresee(bom, snapshot, folder, self.options, NOW)

    def gated(self) -> Verdict:
        """What the gate says of the same bytes, under the same name."""
        artifact = self.folder / "artifact"
        if not artifact.exists():
            for path, data in self.files.items():
                (artifact / path).parent.mkdir(parents=True, exist_ok=True)
                (artifact / path).write_bytes(data)
            place = Place.of(artifact)
            bom = artifact / "aibom.cdx.json"
            resolved = self.source.resolve(REFERENCE)
            bom_of_place(place, resolved, NAME, Kind.MODEL, NOW, bom)
            sign_artifact(artifact, self.key(), content=place.content)
        return gate(artifact, self.verifier, self.options, NOW)

    def write(self, **texts: str) -> None:
        """Files of the verifier's folder (``policy`` for policy.yaml), locked again."""
        for name, text in texts.items():
            (self.verifier / f"{name.replace('_', '-')}.yaml").write_text(text)
        (self.verifier / "policy.lock").unlink(missing_ok=True)
        lock_folder(self.verifier)


@contextmanager
def made(files: Mapping[str, bytes]) -> Iterator[Made]:
    """A folder with keys, and a policy of no rules that somebody still has to write."""
    with TemporaryDirectory() as name:
        world = Made(Path(name), files, Options())
        world.verifier.mkdir()
        keys = {}
        for who in ("importer", "risk"):
            _, public = make_key_pair(world.folder / who, "ed25519", None)
            keys[who] = public.read_text().replace("\n", "\\n")
        text = _SIGNERS.format(key=keys["importer"], risk=keys["risk"])
        (world.verifier / "signers.yaml").write_text(text)
        (world.verifier / "trusted-sources.yaml").write_text(
            _SOURCES.format(entries=_entry("acme"))
        )
        (world.verifier / "advisories.yaml").write_text(
            _ADVISORIES.format(advisories="[]")
        )
        yield world


def _entry(
    namespace: str, trust: str = "trusted", expires: str = "2999-01-01", dates: str = ""
) -> str:
    revision = f', revision: "{COMMIT}"' if dates else ""
    return _ENTRY.format(
        namespace=namespace,
        revision=revision,
        trust=trust,
        expires=expires,
        dates=dates,
    )


# ── the property ────────────────────

_CHECKS: Mapping[str, tuple[str, ...]] = {
    "trusted-source": ("{list: hubs}",),
    "license": (
        "{allow: [MIT, Apache-2.0]}",
        "{deny: [AGPL-3.0-only]}",
        "{allow: [MIT], unknown: fail}",
    ),
    "source-age": ("{settle: 14d, list: hubs}", "{max_age: 30d}"),
    "tainted-ancestor": ("{}",),
    "pinned-revision": ("{}",),
    "remote-code": ("{}", "{approved: [%s]}"),
    "format-allowed": ("{allow: [safetensors, json, text]}",),
    "bytes-match": ("{}",),
    "lineage-closed": ("{}",),
}
_LICENCES = ("mit", "agpl-3.0-only", "apache-2.0", "other", "NONE", None, "[mit, gpl]")
_BASES = (None, "acme/base", "evil/base", "[acme/base, evil/base]")


def _repository(random: Random) -> dict[str, bytes]:
    """A small model: what is dangerous, and what two files may say differently."""
    licence, base = random.choice(_LICENCES), random.choice(_BASES)
    card = ["---"]
    card += [f"license: {licence}"] if licence else []
    card += [f"base_model: {base}"] if base else []
    card += ["model_name: acme/prod"] * random.randrange(2)
    card += ["datasets: [acme/rows]"] * random.randrange(2)
    files = {
        "README.md": "\n".join([*card, "---", "text", ""]).encode(),
        WEIGHTS: safetensors(bytes([random.randrange(3)])),
    }
    config: dict[str, Any] = {"model_type": "bert"}
    if random.random() < 0.4:
        where = random.choice(("modeling.Fine", "evil/code--modeling.Fine"))
        config["auto_map"] = {"AutoModel": where}
    files["config.json"] = json.dumps(config).encode()
    if random.random() < 0.4:
        files["modeling.py"] = b"class Fine: pass\n"
    if random.random() < 0.3:
        adapter = {"base_model_name_or_path": random.choice(("evil/base", "acme/x"))}
        files["adapter_config.json"] = json.dumps(adapter).encode()
    if random.random() < 0.3:
        # A large file that nobody reads before it is fetched, and a card inside.
        files["sub/README.md"] = b"---\nlicense: agpl-3.0-only\n---\n"
        files["sub/model.safetensors"] = safetensors(b"\5")
    return files


def _policy(random: Random, files: Mapping[str, bytes]) -> str:
    import hashlib

    code = hashlib.sha256(files.get("modeling.py", b"")).hexdigest()
    rules = []
    for nth in range(random.randint(1, 4)):
        check = random.choice(sorted(_CHECKS))
        chosen = random.choice(_CHECKS[check]).replace("%s", f'"sha256:{code}"')
        scope = random.choice(("artifact", "ancestors", "artifact-and-ancestors"))
        # A stricter tier may not ask for less.
        places = sorted(random.choice((0, 0, 0, 1, 2)) for _ in range(3))
        modes = [("deny", "warn", '"off"')[place] for place in places]
        tiers = zip(("high", "medium", "low"), modes, strict=True)
        mode = ", ".join(f"{tier}: {one}" for tier, one in tiers)
        rules.append(
            f"  - id: rule-{nth}\n    check: {check}\n    settings: {chosen}\n"
            f"    select: {{scope: {scope}}}\n    mode: {{{mode}}}\n"
            f"    minimum_assurance: {random.choice(('claimed', 'attested'))}\n"
        )
    always = "  - id: always\n    check: bytes-match\n    select: {scope: artifact}\n"
    name = random.choice((NAME, "acme/prod", "hf/**"))
    tier = random.choice(("low", "medium"))
    return (
        'apiVersion: aibom/policy/v1\nname: p\nversion: "1"\n'
        "data: [signers.yaml, trusted-sources.yaml, advisories.yaml]\n"
        f'tiers: [{{match: {{name: "{name}"}}, tier: {tier}}}]\n'
        f"rules:\n{''.join(rules)}{always}"
    )


def _sources(random: Random) -> str:
    entries = [
        _entry(
            random.choice(("acme", "evil")),
            random.choice(("trusted", "trusted", "blocked")),
            random.choice(("2999-01-01", "2026-01-01")),
            random.choice(
                (
                    "",
                    '      published: "2026-11-20"\n',
                    '      published: "2026-01-01"\n',
                )
            ),
        )
        for _ in range(random.randint(1, 2))
    ]
    return _SOURCES.format(entries="".join(entries))


def _advisories(random: Random, files: Mapping[str, bytes]) -> str:
    import hashlib

    weights = hashlib.sha256(files[WEIGHTS]).hexdigest()
    affects = random.choice(
        (
            None,
            f'revisions: ["{COMMIT}"]',
            "sources: [{type: huggingface, namespace: evil}]",
            f'digests: ["sha256:{weights}"]',
        )
    )
    if affects is None:
        return _ADVISORIES.format(advisories="[]")
    entry = (
        "\n  - id: ACME-1\n    summary: bad\n    published: 2026-11-01\n"
        f"    affects: {{{affects}}}"
    )
    return _ADVISORIES.format(advisories=entry)


def _world(seed: int) -> tuple[Verdict | None, Verdict | None]:
    """What is foreseen, and what the gate says if that is a denial."""
    random = Random(seed)
    files = _repository(random)
    with made(files) as world:
        world.write(
            policy=_policy(random, files),
            trusted_sources=_sources(random),
            advisories=_advisories(random, files),
        )
        foreseen = world.foreseen()
        return foreseen, None if foreseen is None else world.gated()


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_is_denied_before_the_bytes_the_gate_denies_too(seed):
    foreseen, gated = _world(seed)
    if foreseen is None or gated is None:
        return
    assert foreseen.exit_code == 10
    assert gated.exit_code == 10, (foreseen.results, gated.reason, gated.verification)
    fails = {
        (one.rule, one.reason) for one in gated.results if one.status is Status.FAIL
    }
    assert {(one.rule, one.reason) for one in foreseen.results} <= fails
    assert foreseen.tier is gated.tier


def test_the_property_is_about_something():
    """Of such worlds a good part is denied early, for most of the reasons there are."""
    found = [_world(seed)[0] for seed in range(60)]
    denied = [verdict for verdict in found if verdict is not None]
    assert 10 < len(denied) < 60
    assert len({one.check for v in denied for one in v.results}) >= 4


# ── by hand ────────────────────

GOOD = {
    "README.md": b"---\nlicense: mit\n---\n",
    "config.json": b"{}",
    WEIGHTS: safetensors(),
}
LICENCE = "license", "{allow: [MIT]}"


def rule(check: str, settings: str = "{}", more: str = "") -> str:
    """A policy of one rule about the artifact."""
    return (
        'apiVersion: aibom/policy/v1\nname: p\nversion: "1"\n'
        f"data: [signers.yaml, trusted-sources.yaml, advisories.yaml]\n{more}"
        f"rules:\n  - id: the-rule\n    check: {check}\n    settings: {settings}\n"
        "    minimum_assurance: claimed\n    select: {scope: artifact}\n"
    )


@dataclass(frozen=True)
class Case:
    """Files beside the good ones, a policy, and the reason that is foreseen."""

    files: Mapping[str, bytes]
    policy: str
    reason: str | None


def _asks(where: str) -> bytes:
    return json.dumps({"auto_map": {"AutoModel": where}}).encode()


CASES = {
    "good": Case({}, rule(*LICENCE), None),
    "licence": Case(
        {"README.md": b"---\nlicense: agpl-3.0\n---\n"},
        rule(*LICENCE),
        "licence-not-allowed",
    ),
    "licence-is-not-told": Case({"README.md": b"nothing"}, rule(*LICENCE), None),
    "source": Case(
        {}, rule("trusted-source", "{list: hubs}").replace("hubs", "hubs"), None
    ),
    "code-elsewhere": Case(
        {"config.json": _asks("evil/code--modeling.Fine")},
        rule("remote-code"),
        "remote-code-elsewhere",
    ),
    "code-that-is-not-approved": Case(
        {"config.json": _asks("modeling.Fine"), "modeling.py": b"class Fine: pass\n"},
        rule("remote-code"),
        "remote-code",
    ),
    "program-by-its-name": Case(
        {"setup.py": b"print(1)\n"}, rule("remote-code"), "program-not-approved"
    ),
    "format-by-its-bytes": Case(
        {WEIGHTS: b"\x80\x04\x95" + b"\0" * 50},
        rule("format-allowed", "{allow: [safetensors]}"),
        None,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_certain(case):
    with made({**GOOD, **case.files}) as world:
        world.write(policy=case.policy)
        found = world.foreseen()
        if case.reason is None:
            assert found is None
            return
        assert found is not None
        assert [one.reason for one in found.results] == [case.reason]
        assert (found.exit_code, found.dry_run) == (10, True)
        assert found.verification.reason == "before-bytes"
        assert world.gated().exit_code == 10


def test_a_rule_that_only_warns_denies_nothing():
    with made({**GOOD, "README.md": b"---\nlicense: agpl-3.0\n---\n"}) as world:
        world.write(policy=f"{rule(*LICENCE)}    mode: warn\n{_OTHER}")
        assert world.foreseen() is None


_OTHER = "  - id: other\n    check: bytes-match\n    select: {scope: artifact}\n"


def test_nothing_is_certain_where_nobody_tells_the_digest():
    """Evidence and exceptions go by digest, so what they would change is not known."""
    with made({**GOOD, "README.md": b"---\nlicense: agpl-3.0\n---\n"}) as world:
        world.write(policy=rule(*LICENCE))
        assert world.foreseen() is not None
        assert world.foreseen(tree=False) is None


def test_nothing_is_certain_about_a_rule_that_an_exception_is_about():
    """What it excepts is settled with the bytes, however the exception is written."""
    with made({**GOOD, "README.md": b"---\nlicense: agpl-3.0\n---\n"}) as world:
        policy = rule(
            *LICENCE,
            "exceptions: {roles: [risk], max_days: {high: 60, medium: 60, low: 60}}\n",
        )
        world.write(policy=policy)
        denied = world.gated()
        assert denied.exit_code == 10
        waivers = world.verifier / "waivers.yaml"
        waivers.write_text(_WAIVERS.format(subject=denied.artifact))
        sign_waivers(waivers, world.key("risk"))
        world.write(policy=policy.replace("data: [", "data: [waivers.yaml, "))
        assert world.gated().exit_code == 0, world.gated().exceptions
        assert world.foreseen() is None


_WAIVERS = """\
apiVersion: aibom/waivers/v1
waivers:
  - id: WAIVER-1
    rule: the-rule
    subject: "{subject}"
    reason_code: licence-not-allowed
    reason: The lawyers said yes.
    ticket: RISK-1
    requested_by: "org:Acme lab"
    approved_by: "org:Acme risk"
    approved_on: 2026-11-01
    expires: 2026-12-01
"""
