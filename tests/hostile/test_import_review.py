"""What a reviewer got past the import gate, or broke it with; each of it again.

The single parts are tested where they are; here it is the whole way, with the real
client, a loopback hub and a policy, and as far as it goes the command line.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from cli_world import Ran
from fetch_world import (
    BLOCK,
    FILES,
    LFS,
    RULES,
    FetchWorld,
    arriving,
    make_fetch_world,
    paths_in,
    safetensors,
)
from import_world import Terminal, reason_of
from keyless_worlds import identity_signer

from aibom.attest.signing import StatementSigner
from aibom.digest import hash_path, stat_snapshot
from aibom.errors import AibomError, VerificationFailed
from aibom.lineage.nodes import Kind, Relation
from aibom.operations.gate import Options
from aibom.operations.importing.beside import verdict_of
from aibom.operations.importing.fetch import fetch
from aibom.operations.importing.request import Fetched, Request
from aibom.operations.policies.folder import lock_folder
from aibom.operations.signing.sign import Description, sign_artifact
from aibom.operations.validate import load_bom
from aibom.recording.fetched import receipt_of
from aibom.sources.reference import Reference
from aibom.testing.hub import Fault, LocalHub
from aibom.testing.sigstore import LocalSigstore

WEIGHTS = "model.safetensors"
SIDECARS = {"aibom.cdx.json", "aibom.sigstore.json"}
BESIDE = ["fine", "fine.fetched.json", "fine.verdict.json"]
FLAGGED = """\
  - id: flagged
    check: scanner-flagged
    select: {scope: artifact}
"""
UNSAFE = {"scansDone": True, "filesWithIssues": [{"path": WEIGHTS, "level": "unsafe"}]}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FetchWorld]:
    (tmp_path / "here").mkdir()
    with LocalHub() as hub:
        yield make_fetch_world(tmp_path / "here" / "world", hub)


@pytest.fixture
def terminal(
    world: FetchWorld,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Terminal:
    return Terminal(world, monkeypatch, capfd)


def refused(world: FetchWorld, *asked: str, **options: Any) -> tuple[int, str]:
    """How a fetch ends that has to fail."""
    with pytest.raises(AibomError) as caught:
        world.fetch(*asked, **options)
    return caught.value.exit_code, caught.value.reason


# ── receipts ────────────────────

MAKE = "import pathlib; pathlib.Path('out/made').write_text('x')"


def run(terminal: Terminal, *more: str) -> Ran:
    """A step on what was fetched; ``out/made`` says that it was started."""
    (terminal.world.folder / "out").mkdir(exist_ok=True)
    return terminal(
        *("run", "--step", "fine-tune", "--key", "keys/import.key"),
        *("--steps", "steps", "--input", "base-model=models/fine"),
        *("--output", "out,name=acme/models/tuned", *more),
        *("--", sys.executable, "-c", MAKE),
    )


def started(world: FetchWorld) -> bool:
    return (world.folder / "out" / "made").exists()


def used(world: FetchWorld) -> Mapping[str, Any]:
    """What the one record says of its one input."""
    (path,) = (world.folder / "steps").rglob("*.json")
    envelope = json.loads(path.read_bytes())["dsseEnvelope"]
    statement = json.loads(base64.b64decode(envelope["payload"]))
    build = statement["predicate"]["buildDefinition"]
    (found,) = [d for d in build["resolvedDependencies"] if "dirHash" in d["digest"]]
    return dict(found)


def vouch_for_what_is_there(target: Path) -> None:
    """A receipt that says of other bytes what it said of those that were fetched."""
    receipt = json.loads(receipt_of(target).read_bytes())
    hashed = {entry[0]: entry[5] for entry in receipt["files"]}
    receipt["files"] = [[*e, hashed[e[0]]] for e in stat_snapshot(target)]
    receipt_of(target).write_text(json.dumps(receipt))


def test_a_step_takes_digest_and_source_of_its_base_from_the_receipt(terminal):
    world = terminal.world
    assert terminal(*world.words()).code == 0
    receipt = json.loads(receipt_of(world.target).read_bytes())
    ran = run(terminal)
    assert ran.code == 0, ran
    found = used(world)
    assert found["digest"] == {"dirHash": hash_path(world.target).digest.value}
    assert f"tree-sha256:{found['digest']['dirHash']}" == receipt["digest"]
    assert found["uri"] == receipt["source"]
    assert f"@{world.commit}" in found["uri"]


@pytest.mark.parametrize("gate", [(), ("--gate", "verifier")], ids=["plain", "gate"])
def test_without_a_receipt_nobody_tells_the_source(terminal, gate):
    world = terminal.world
    assert terminal(*world.words()).code == 0
    receipt_of(world.target).unlink()
    assert run(terminal, *gate).code == 0
    assert "uri" not in used(world)


def test_a_gate_before_a_step_never_goes_by_a_receipt(terminal):
    """Whoever changed the weights rewrote what lies beside them as well."""
    world = terminal.world
    assert terminal(*world.words()).code == 0
    assert run(terminal, "--gate", "verifier", "--label", "as fetched").code == 0
    (world.folder / "out" / "made").unlink()
    (world.target / WEIGHTS).write_bytes(safetensors(b"\7", BLOCK))
    vouch_for_what_is_there(world.target)
    before = sorted((world.folder / "steps").rglob("*"))
    ran = run(terminal, "--gate", "verifier")
    assert ran.code not in (0, 1), ran
    assert reason_of(ran)
    assert not started(world)
    assert sorted((world.folder / "steps").rglob("*")) == before
    # Without a gate the record is worth what the folder is worth; the gate hashes.
    assert world.gate().exit_code == 11


def by_somebody_else(path: Path) -> None:
    path.chmod(0o666)


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_link(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("mine.json")))


ODD = (by_somebody_else, a_pipe, a_link)


@pytest.mark.parametrize("harm", ODD, ids=lambda one: one.__name__)
def test_an_odd_receipt_is_none(world, harm):
    """In a process of its own, which can be ended if it waits for a pipe."""
    assert world.call(*world.words()).code == 0
    harm(receipt_of(world.target))
    (world.folder / "out").mkdir()
    ran = world.call(
        *("run", "--step", "fine-tune", "--key", "keys/import.key"),
        *("--steps", "steps", "--input", "base-model=models/fine"),
        *("--output", "out,name=acme/models/tuned"),
        *("--", sys.executable, "-c", MAKE),
    )
    assert ran.code == 0, ran
    found = used(world)
    assert found["digest"] == {"dirHash": hash_path(world.target).digest.value}
    assert "uri" not in found


# ── the place ────────────────────


@pytest.mark.parametrize("mode", [0o777, 0o775], ids=oct)
def test_a_folder_where_others_could_exchange_the_quarantine(world, mode):
    world.target.parent.chmod(mode)
    assert refused(world) == (1, "quarantine-unusable")
    assert world.there() == []
    assert world.asked(WEIGHTS) == 0


@pytest.mark.parametrize("mode", [0o1777, 0o1775], ids=oct)
def test_one_where_a_sticky_bit_keeps_them_from_it(world, mode):
    world.target.parent.chmod(mode)
    assert world.fetch().path == world.target
    assert world.there() == BESIDE


@pytest.mark.parametrize("name", ["fine.verdict.json", "fine.fetched.json"])
def test_where_nothing_can_be_written_beside_it_there_is_no_target(terminal, name):
    world = terminal.world
    blocked = world.target.with_name(name)
    blocked.mkdir()
    ran = terminal(*world.words())
    assert (ran.code, reason_of(ran)) == (1, "file-not-written")
    assert not os.path.lexists(world.target)
    assert blocked.is_dir()
    blocked.rmdir()
    asked = world.asked(WEIGHTS)
    assert terminal(*world.words()).code == 0
    assert world.there() == BESIDE
    assert world.asked(WEIGHTS) == asked


def test_what_is_there_and_denied_now_is_not_called_allowed_beside_it(terminal):
    world = terminal.world
    assert terminal(*world.words()).code == 0
    assert json.loads(verdict_of(world.target).read_bytes())["decision"] == "allowed"
    files = sorted(paths_in(world.target))
    world.policy("format", RULES["license"].replace("Apache-2.0, MIT", "MIT"))
    ran = terminal(*world.words())
    assert ran.code == 10
    told = json.loads(verdict_of(world.target).read_bytes())
    assert (told["decision"], told["exitCode"]) == ("denied", 10)
    assert sorted(paths_in(world.target)) == files
    assert world.there() == BESIDE


def test_tampered_bytes_that_were_kept_are_not_gone_on_with(terminal):
    world = terminal.world
    world.hub.fail(Fault.tampered(f"resolve/.*{WEIGHTS}"))
    ran = terminal(*world.words("--keep-quarantine"))
    assert (ran.code, reason_of(ran)) == (11, "source-digest-mismatch")
    assert (world.quarantine / "files" / "config.json").is_file()
    world.hub.recover()
    ran = terminal(*world.words("--keep-quarantine"))
    assert ran.code == 0, ran
    assert (world.target / WEIGHTS).read_bytes() == FILES[WEIGHTS]
    assert world.there() == BESIDE


# ── what its supplier says ────────────────────


def ship(
    world: FetchWorld, name: str, kind: Kind = Kind.MODEL, repository: str = "acme/fine"
) -> str:
    """A repository with a BOM signed by an allowed supplier; gives the reference."""
    made = world.folder / "made"
    for path, data in arriving().items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_bytes(data)
    signer = world.signer("supplier")
    sign_artifact(made, signer, described=Description(name, kind))
    files = {path: (made / path).read_bytes() for path in paths_in(made)}
    world.allow(("supplier", '["acme/*", "other/*"]'), ("import", '["hf/**"]'))
    world.policy("format", "advisory")
    return world.publish(files, LFS, repository)


@pytest.mark.parametrize("by", [None, "import"], ids=["alone", "with-a-key"])
def test_a_bom_of_something_else_by_the_same_supplier(world, by):
    """A toy in the place of what was asked for, or a copy of theirs by a stranger."""
    reference = ship(world, "acme/toy", repository="evil/fork")
    assert refused(world, reference, by=by) == (11, "name-contradicted")
    assert world.there() == []
    with pytest.raises(VerificationFailed) as caught:
        world.fetch(reference, by=by)
    assert "--name acme/toy" in str(caught.value.hint)


def test_under_the_name_that_it_has_it_can_be_asked_for(world):
    reference = ship(world, "acme/toy", repository="evil/fork")
    done = world.fetch(reference, name="acme/toy")
    assert (done.path, done.verdict.artifact_name) == (world.target, "acme/toy")


def test_that_it_is_there_under_that_name_changes_nothing(world):
    reference = ship(world, "acme/toy")
    assert world.fetch(reference, name="acme/toy").path == world.target
    assert refused(world, reference) == (11, "name-contradicted")
    assert world.there() == BESIDE
    again = world.fetch(reference, name="acme/toy")
    assert (again.path, again.already) == (world.target, True)


def test_the_name_that_was_told_is_the_only_one(world):
    """Also where it is signed as what the repository is called."""
    reference = ship(world, "acme/fine")
    assert refused(world, reference, name="hf/acme/prod") == (11, "name-contradicted")
    assert world.there() == []
    assert world.fetch(reference).verdict.artifact_name == "acme/fine"


@pytest.mark.parametrize("by", [None, "import"], ids=["alone", "with-a-key"])
def test_a_model_that_its_supplier_signed_as_a_dataset(world, by):
    """Rules for models would not ask it."""
    done = world.fetch(ship(world, "acme/fine", Kind.DATASET), by=by)
    assert done.verdict.exit_code == 11
    assert done.verdict.verification.reason == "kind-contradicted"
    assert world.left() == []


def test_nor_as_one_that_is_there_already(world):
    """Put there by hand, or by a fetch of something else with the same bytes."""
    reference = ship(world, "acme/fine", Kind.DATASET)
    (world.folder / "made").rename(world.target)
    done = world.fetch(reference)
    assert done.verdict.verification.reason == "kind-contradicted"
    assert done.path is None
    told = json.loads(verdict_of(world.target).read_bytes())
    assert told["exitCode"] == 11


@pytest.mark.parametrize("by", [None, "import"], ids=["alone", "with-a-key"])
def test_what_the_hub_flags_is_denied_whatever_is_shipped(world, by):
    reference = ship(world, "acme/fine")
    world.policy("format", FLAGGED)
    world.model.security = UNSAFE
    done = world.fetch(reference, by=by)
    assert done.verdict.exit_code == 10
    assert [result.rule for result in done.verdict.blocking] == ["flagged"]
    assert {result.check for result in done.verdict.results} == {"scanner-flagged"}
    assert done.verdict.dry_run
    assert world.asked(WEIGHTS) == 0
    assert world.left() == []
    world.model.security = {"scansDone": True, "filesWithIssues": []}
    assert world.fetch(reference, by=by).path == world.target


def test_a_policy_that_does_not_ask_for_flags_is_not_made_to(world):
    reference = ship(world, "acme/fine")
    world.model.security = UNSAFE
    assert world.fetch(reference, by=None).path == world.target


# ── what is typed ────────────────────

SECRET = "sEkReT"
SIGNED_IN = {
    "password": f"http://anne:{SECRET}@127.0.0.1:9/x",
    "user": f"http://{SECRET}@127.0.0.1:9/x",
    "query": f"http://127.0.0.1:9/x?sig={SECRET}",
    "fragment": f"http://127.0.0.1:9/x#{SECRET}",
    "file": f"file:///nowhere?sig={SECRET}",
    "chained": f"zip://x.zip::http://anne:{SECRET}@127.0.0.1:9/x",
}


@pytest.mark.parametrize("command", ["resolve", "scan", "lock", "fetch", "json"])
@pytest.mark.parametrize("url", SIGNED_IN.values(), ids=SIGNED_IN)
def test_a_url_that_signs_in_is_refused_and_not_repeated(terminal, url, command):
    world = terminal.world
    words = {
        "resolve": ("resolve", url),
        "json": ("resolve", url, "--json"),
        "scan": ("scan", url, "-o", "out.cdx.json"),
        "lock": ("lock", url),
        "fetch": (*world.words("--name", "hf/acme/x", reference=url),),
    }[command]
    before = terminal.state()
    ran = terminal(*words)
    assert ran.code == 2, ran
    assert reason_of(ran) == "reference-malformed"
    assert SECRET not in ran.out + ran.err
    assert terminal.state() == before


def test_a_kind_that_the_reference_contradicts(terminal):
    world = terminal.world
    for reference, kind in (
        (world.reference, "dataset"),
        (f"hf:datasets/acme/rows@{world.commit}", "model"),
    ):
        asked = len(world.hub.requests)
        ran = terminal(*world.words("--kind", kind, reference=reference))
        assert (ran.code, reason_of(ran)) == (2, "kind-contradicts-reference")
        assert len(world.hub.requests) == asked
    assert world.there() == []
    assert terminal(*world.words("--kind", "model")).code == 0


# ── time ────────────────────

HOURS = 3


def long_download() -> tuple[datetime, Callable[[], float]]:
    """When a fetch began that arrives now, and a clock that says how long it took."""
    here, asked = monotonic(), iter([0.0])
    hours = timedelta(hours=HOURS)

    def timer() -> float:
        return next(asked, hours.total_seconds() + monotonic() - here)

    return datetime.now(UTC) - hours, timer


def fetched(
    world: FetchWorld, signer: StatementSigner, now: datetime, timer: Any
) -> Fetched:
    reference = Reference.parse(world.reference)
    request = Request(reference, world.verifier, world.target, Options(), signer)
    return fetch(request, world.source(), now, timer=timer)


def test_the_gate_decides_when_all_is_here(world):
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    ticks = iter([5.0])
    done = fetched(world, world.signer("import"), now, lambda: next(ticks, 7205.0))
    told = datetime.fromisoformat(done.verdict.effective_time)
    assert told == now + timedelta(hours=2)
    assert done.path == world.target


def test_it_was_fetched_when_the_source_was_asked_and_not_when_all_was_here(world):
    """Whoever owned the name changed hands meanwhile; these are the bytes of before."""
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    ticks = iter([5.0, 8.0])  # three seconds for whoever signs to sign in
    fetched(world, world.signer("import"), now, lambda: next(ticks, 7205.0))
    bom = (world.target / "aibom.cdx.json").read_bytes()
    graph = load_bom(bom, "fetched").graph
    assert graph.nodes[str(graph.root)].values("fetched") == ("2026-11-21T12:00:03Z",)


MAIL = "import@acme.example"


@pytest.fixture
def keyless(world: FetchWorld) -> Iterator[LocalSigstore]:
    """The importer is an identity, whose signatures are stamped."""
    with LocalSigstore() as sigstore:
        rule = {"identity": MAIL, "issuer": sigstore.url, "trust_root": "local"}
        signer = {
            **{"name": "import", "role": "importer", "party": "org:Acme"},
            **{"predicates": ["bom"], "namespaces": ["hf/**"], "identity": rule},
        }
        document = {
            "apiVersion": "aibom/signers/v1",
            "trust_roots": [{"name": "local", "file": "root.json"}],
            "signers": [signer],
        }
        world.policy("source", "format", "advisory")
        (world.verifier / "root.json").write_text(sigstore.trusted_root())
        (world.verifier / "signers.yaml").write_text(json.dumps(document))
        lock_folder(world.verifier)
        yield sigstore


def test_what_is_signed_after_hours_of_download_was_signed_in_time(world, keyless):
    signer = identity_signer(keyless, keyless.identity_token(MAIL))
    done = fetched(world, signer, *long_download())
    assert done.verdict.exit_code == 0, done.verdict.verification
    assert world.there() == BESIDE
    assert world.gate().exit_code == 0


def test_by_a_clock_that_stands_still_it_was_signed_in_the_future(world, keyless):
    """So the test above tells whether time goes on."""
    signer = identity_signer(keyless, keyless.identity_token(MAIL))
    began, _ = long_download()
    with pytest.raises(AibomError) as caught:
        fetched(world, signer, began, lambda: 0.0)
    assert caught.value.reason == "effective-time-before-evidence"
    assert not os.path.lexists(world.target)


# ── what no digest covers ────────────────────

PICKLE = b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x07payload\x94."
HOUSEKEEPING = (".gitattributes", ".gitignore", "registered_model_meta")


@pytest.mark.parametrize("large", [False, True], ids=["in-git", "as-large-files"])
@pytest.mark.parametrize("lock", [False, True], ids=["pinned", "locked"])
def test_what_no_rule_looks_at_does_not_arrive(terminal, large, lock):
    world = terminal.world
    extras = dict.fromkeys(HOUSEKEEPING, PICKLE)
    big = {*LFS, *HOUSEKEEPING} if large else LFS
    reference = world.publish({**FILES, **extras}, big)
    if lock:
        words = ("lock", reference, "--endpoint", world.hub.url)
        assert terminal(*words).code == 0
    more = ("--locked",) if lock else ()
    ran = terminal(*world.words(*more, reference=reference))
    assert ran.code == 0, ran
    assert set(paths_in(world.target)) == {*arriving(), *SIDECARS}
    assert terminal(*world.words(*more, reference=reference)).code == 0  # again


@pytest.mark.parametrize("name", HOUSEKEEPING)
def test_nor_is_it_there_for_the_next_who_fetches(terminal, name):
    """The digest is the same with it; what was asked for came without."""
    world = terminal.world
    assert terminal(*world.words()).code == 0
    (world.target / name).write_bytes(PICKLE)
    ran = terminal(*world.words())
    assert (ran.code, reason_of(ran)) == (1, "target-exists")
    assert (world.target / name).read_bytes() == PICKLE


# ── datasets under the pack ────────────────────

PACK = """\
apiVersion: aibom/policy/v1
name: acme-imports
version: "1"
extends: [builtin:model-import@1]
data: [trusted-sources.yaml, signers.yaml, accepted-roots.yaml, advisories.yaml]
"""
ENTRY = """\
apiVersion: aibom/trusted-sources/v1
lists:
  approved:
    - match: {{type: huggingface, namespace: datasets/acme, repository_url: "{url}"}}
      trust: trusted
      reason: our own
      owner: "org:Acme"
      approved_by: "org:Acme security"
      approved_on: "2026-02-01"
      expires: "2999-01-01"
"""
LABELS = b"text,label,annotator\ngood,1,anne\nbad,0,ben\n"


@pytest.mark.parametrize(
    "paths",
    [["labels.csv"], ["data/train.csv"], ["data/train.csv", "data/more/test.csv"]],
    ids=["at-the-top", "in-a-folder", "in-two"],
)
@pytest.mark.parametrize("large", [False, True], ids=["in-git", "as-large-files"])
def test_a_table_of_labels_passes_the_pack(terminal, paths, large):
    """It is a part of what was fetched, and no root that somebody has to accept."""
    world = terminal.world
    for name, text in (
        ("trusted-sources.yaml", ENTRY.format(url=world.hub.url)),
        ("signers.yaml", world.texts["signers.yaml"].replace("importer", "release")),
        ("accepted-roots.yaml", "apiVersion: aibom/accepted-roots/v1\nroots: []\n"),
        ("policy.yaml", PACK),
    ):
        (world.verifier / name).write_text(text)
    lock_folder(world.verifier)
    files = {"README.md": b"---\nlicense: mit\n---\n", **dict.fromkeys(paths, LABELS)}
    reference = world.publish(files, paths if large else (), "acme/rows", dataset=True)
    ran = terminal(*world.words(reference=reference))
    assert ran.code == 0, ran
    bom = (world.target / "aibom.cdx.json").read_bytes()
    graph = load_bom(bom, "fetched").graph
    kinds = {name: node.kind for name, node in graph.nodes.items()}
    assert kinds.pop(str(graph.root)) is Kind.DATASET
    assert set(kinds.values()) == {Kind.STEP}  # in which somebody labelled
    made = graph.edges_from(next(iter(kinds)), Relation.GENERATED)
    assert [edge.target for edge in made] == [graph.root]
    assert world.gate().exit_code == 0
