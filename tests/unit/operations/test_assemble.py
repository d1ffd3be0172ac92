"""Assemble: back over records by digest, what is open is said, and the same bytes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from worlds import (
    MODEL,
    World,
    key,
    make_world,
    named,
    payload_of,
    signing,
    step_options,
)

from aibom.attest.bundle import make_bundle
from aibom.digest import BOM_NAME, BUNDLE_NAME
from aibom.errors import AibomError, DocumentInvalid, InputError, UsageError
from aibom.lineage.nodes import Kind
from aibom.operations.assemble import Assembled, assemble, source_date
from aibom.operations.signing.sign import sign_artifact
from aibom.operations.validate import load_bom
from aibom.recording import record
from aibom.statement import to_json


@pytest.fixture
def bare(world: World) -> World:
    """A world whose model has neither BOM nor bundle yet."""
    for name in (BOM_NAME, BUNDLE_NAME):
        (world.model / name).unlink()
    return world


def put_together(world: World, **options: Any) -> Assembled:
    return assemble(world.model, [world.evidence / "records"], **options)


def refused(
    world: World, error: type[AibomError] = InputError, **options: Any
) -> AibomError:
    """The refusal; whatever it is, nothing is written."""
    before = world.files()
    with pytest.raises(error) as caught:
        put_together(world, **options)
    assert world.files() == before
    return caught.value


def tune(world: World, output: str, role: str | None = None, **options: Any) -> str:
    """Record a step that writes one file, with the same bytes each time."""
    kind = options.pop("kind", None)
    with record("train", **{**step_options(world, "more", role), **options}) as step:
        step.input("training-data", world.root / "labels", name="acme/data/labels")
        step.output(world.root / output, name=f"acme/models/{output}", kind=kind)
        (world.root / output).mkdir()
        (world.root / output / "weights.bin").write_text("same")
    assert step.id is not None
    return step.id


def test_everything_up_to_the_roots_is_there(bare: World) -> None:
    done = put_together(bare)
    graph = bare.graph()
    assert graph.nodes == load_bom(done.path.read_bytes(), "").graph.nodes
    assert {node.value("step") for node in graph.nodes.values()} >= {
        "fine-tune",
        "train",
        "label",
    }
    used_by = {end.label: end.used_by for end in done.open_ends}
    assert used_by == {
        "acme/data/items": "label",
        "acme/data/corpus": "train",
        "guideline.md": "label",
    }


def test_records_are_found_by_digest_and_never_by_name(bare: World) -> None:
    """Other bytes under the very names that this lineage uses."""
    other = World(bare.root.parent / "other")
    other.root.mkdir()
    with record("label", **step_options(other, "records", "data")) as step:
        source = other.root / "items.jsonl"
        source.write_text("other items")
        step.input("items", source, name="acme/data/items")
        step.output(other.root / "labels", name="acme/data/labels")
        (other.root / "labels").mkdir()
        (other.root / "labels/labels.jsonl").write_text("other labels")
    steps = [bare.evidence / "records"]
    before = assemble(bare.model, steps).digest
    assert assemble(bare.model, [*steps, other.root / "records"]).digest == before


def test_missing_record_is_an_open_end(bare: World) -> None:
    shutil.copy(bare.root / "base" / BOM_NAME, bare.model / BOM_NAME)
    records = bare.evidence / "records"
    for path in records.iterdir():
        if b"guideline" in payload_of(path):
            path.unlink()
    assert "acme/data/labels" in {end.label for end in put_together(bare).open_ends}


def test_base_that_nothing_explains_is_an_open_end_until_its_bom_is_given(
    bare: World,
) -> None:
    first, second = tune_on_base(bare)
    labels = {end.label for end in first.open_ends}
    assert "acme/models/base" in labels
    assert "acme/models/base" not in {end.label for end in second.open_ends}


def tune_on_base(world: World) -> tuple[Assembled, Assembled]:
    with record("fine-tune", **step_options(world, "more", None)) as step:
        step.input("base-model", world.root / "base", name="acme/models/base")
        step.output(world.root / "small", name="acme/models/small")
        (world.root / "small").mkdir()
        (world.root / "small/w").write_text("w")
    folder, steps = world.root / "small", [world.root / "more"]
    linked = [world.root / "base" / BOM_NAME]
    return assemble(folder, steps), assemble(folder, steps, boms=linked)


def test_two_records_of_one_digest_need_a_choice(bare: World) -> None:
    first = tune(bare, "one")
    second = tune(bare, "two", label="again")
    folder, steps = bare.root / "one", [bare.root / "more"]
    with pytest.raises(InputError) as caught:
        assemble(folder, steps)
    assert caught.value.reason == "step-ambiguous"
    assert first[:16] in caught.value.message
    for chosen in (first, second):
        graph = assemble(folder, steps, chosen=[chosen[:8]]).graph
        assert f"step:{chosen}" in graph.nodes
        assert len([n for n in graph.nodes.values() if n.kind is Kind.STEP]) == 1
    with pytest.raises(InputError) as caught:
        assemble(folder, steps, chosen=[first, second])
    assert caught.value.reason == "step-ambiguous"


CHOICES = {"too-short": "0123456", "of-nothing": "0" * 64, "empty": "", "name": "train"}


@pytest.mark.parametrize("text", CHOICES.values(), ids=CHOICES)
def test_choice_that_chooses_nothing_is_refused(bare: World, text: str) -> None:
    assert refused(bare, UsageError, chosen=[text]).reason == "step-unknown"


def test_folder_that_no_step_made(bare: World) -> None:
    (bare.model / "weights.bin").write_text("other")
    assert refused(bare).reason == "root-unexplained"


def foreign(**members: Any) -> Callable[[World], Path]:
    """Another tool's BOM of the base model: by hash, without our profile."""

    def write(world: World) -> Path:
        path = world.root / "foreign.json"
        document = {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "component": {
                    "type": "machine-learning-model",
                    "bom-ref": "m",
                    "name": "base",
                    **members,
                }
            },
        }
        path.write_text(json.dumps(document))
        return path

    return write


def without_serial(world: World) -> Path:
    path = world.root / "no-serial.json"
    document = json.loads((world.root / "base" / BOM_NAME).read_bytes())
    del document["serialNumber"]
    path.write_text(json.dumps(document))
    return path


def unrelated(world: World) -> Path:
    other = make_world(world.root / "unrelated")
    (other.root / "base/weights.bin").write_text("others")
    shutil.rmtree(other.evidence)
    with record("train", **step_options(other, "more", None)) as step:
        step.input("training-data", other.root / "raw/corpus.txt")
        step.output(other.root / "x", name="acme/models/base")
        (other.root / "x").mkdir()
        (other.root / "x/w").write_text("w")
    return assemble(other.root / "x", [other.root / "more"]).path


def text_file(text: str) -> Callable[[World], Path]:
    def write(world: World) -> Path:
        path = world.root / "given.json"
        path.write_text(text)
        return path

    return write


BOMS: dict[str, tuple[str, type[AibomError], Callable[[World], Path]]] = {
    "unrelated": ("bom-unrelated", InputError, unrelated),
    "no-serial-number": ("bom-not-linkable", InputError, without_serial),
    "foreign-of-something-else": ("bom-unrelated", InputError, foreign()),
    "no-json": ("document-unreadable", DocumentInvalid, text_file("{")),
    "not-there": ("path-missing", InputError, lambda world: world.root / "none.json"),
}


@pytest.mark.parametrize(("reason", "error", "make"), BOMS.values(), ids=BOMS)
def test_bom_that_cannot_be_joined_is_refused(
    bare: World,
    reason: str,
    error: type[AibomError],
    make: Callable[[World], Path],
) -> None:
    path = make(bare)
    assert refused(bare, error, boms=[path]).reason == reason


def test_copied_facts_are_claims_of_the_bom_they_are_from(bare: World) -> None:
    path = bare.root / "base" / BOM_NAME
    graph = put_together(bare, boms=[path]).graph
    base = named(graph, "acme/models/base")
    (link,) = base.values("upstream-bom")
    assert link.endswith(f"@sha256:{load_bom(path.read_bytes(), '').digest}")
    assert {o.cataloger for o in base.origins} == {"bom", "step-record"}


def bad_files(name: str, data: bytes) -> Callable[[World], object]:
    return lambda world: (world.evidence / "records" / name).write_bytes(data)


UNREADABLE: dict[str, tuple[str, Callable[[World], object]]] = {
    "bundle-cut": ("bundle-malformed", bad_files("x.sigstore.json", b"{")),
    "statement-cut": ("document-unreadable", bad_files("x.statement.json", b"{")),
    "statement-of-another-type": (
        "statement-type-unsupported",
        bad_files("x.statement.json", b'{"_type": "x"}'),
    ),
    "record-without-parts": (
        "step-record-malformed",
        bad_files(
            "x.statement.json",
            to_json(
                {
                    "_type": "https://in-toto.io/Statement/v1",
                    "subject": [{"name": "x", "digest": {"sha256": "a" * 64}}],
                    "predicateType": "https://slsa.dev/provenance/v1",
                    "predicate": {
                        "buildDefinition": {
                            "buildType": "https://w3id.org/aibom/step/v1"
                        }
                    },
                }
            ),
        ),
    ),
    "folder-in-place-of-a-record": (
        "path-unreadable",
        lambda world: (world.evidence / "records/x.sigstore.json").mkdir(),
    ),
}


@pytest.mark.parametrize(("reason", "change"), UNREADABLE.values(), ids=UNREADABLE)
def test_record_that_cannot_be_read_is_never_passed_over(
    bare: World, reason: str, change: Callable[[World], object]
) -> None:
    change(bare)
    assert refused(bare, AibomError).reason == reason


def test_other_files_among_the_records_are_passed_over(bare: World) -> None:
    before = put_together(bare).digest
    audit = next((bare.evidence / "audits").iterdir())
    shutil.copy(audit, bare.evidence / "records")
    bad_files("notes.txt", b"hello")(bare)
    bad_files(".hidden.sigstore.json", b"{")(bare)
    assert put_together(bare).digest == before


def test_kinds_that_contradict_are_refused(bare: World) -> None:
    """The labels, which one step made as a dataset, are another's base model."""
    with record("fine-tune", **step_options(bare, "more", None)) as step:
        step.input("base-model", bare.root / "labels")
        step.output(bare.root / "odd")
        (bare.root / "odd").mkdir()
        (bare.root / "odd/w").write_text("w")
    steps = [bare.root / "more", bare.evidence / "records"]
    with pytest.raises(DocumentInvalid) as caught:
        assemble(bare.root / "odd", steps)
    assert caught.value.reason == "kind-contradicted"
    assert not (bare.root / "odd" / BOM_NAME).exists()


def test_same_records_give_the_same_bytes(bare: World, tmp_path: Path) -> None:
    """Whatever their files are called, wherever they lie, signed by whom."""
    first = put_together(bare).path.read_bytes()
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    for number, path in enumerate(sorted((bare.evidence / "records").iterdir())):
        shutil.copy(path, shuffled / f"{9 - number}.sigstore.json")
        shutil.copy(path, shuffled / f"{number}-again.sigstore.json")
    assert assemble(bare.model, [shuffled]).path.read_bytes() == first
    steps = [shuffled, bare.evidence / "records"]
    assert assemble(bare.model, steps).path.read_bytes() == first
    assert assemble(bare.model, reversed(steps)).path.read_bytes() == first


def test_unsigned_records_say_the_same(bare: World, tmp_path: Path) -> None:
    before = put_together(bare).digest
    for path in (bare.evidence / "records").iterdir():
        payload = payload_of(path)
        path.unlink()
        (path.parent / f"{path.name[:64]}.statement.json").write_bytes(payload)
    assert put_together(bare).digest == before


EPOCHS: dict[str, tuple[str, str]] = {
    "zero": ("0", "1970-01-01T00:00:00Z"),
    "then": ("1700000000", "2023-11-14T22:13:20Z"),
    "word": ("today", ""),
    "empty": ("", ""),
    "fraction": ("1.5", ""),
    "beyond-time": ("9" * 30, ""),
}


@pytest.mark.parametrize(("text", "time"), EPOCHS.values(), ids=EPOCHS)
def test_time_of_the_bom_is_given_or_there_is_none(
    bare: World, monkeypatch: pytest.MonkeyPatch, text: str, time: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    if not time:
        assert refused(bare, UsageError).reason == "source-date-malformed"
        return
    path = put_together(bare).path
    assert json.loads(path.read_bytes())["metadata"]["timestamp"] == time


def test_no_time_is_made_up(bare: World) -> None:
    assert source_date() is None
    path = put_together(bare).path
    assert "timestamp" not in json.loads(path.read_bytes())["metadata"]


def test_bom_elsewhere(bare: World) -> None:
    done = put_together(bare, output=bare.root / "out.json", spec_version="1.7")
    assert not (bare.model / BOM_NAME).exists()
    assert json.loads(done.path.read_bytes())["specVersion"] == "1.7"


def test_steps_folder_that_is_not_there(bare: World) -> None:
    with pytest.raises(InputError) as caught:
        assemble(bare.model, [bare.root / "none"])
    assert caught.value.reason == "path-missing"


def test_assembled_and_signed_is_what_was_released(
    pristine: World, world: World
) -> None:
    boms = [world.root / "base" / BOM_NAME]
    put_together(world, boms=boms)
    sign_artifact(world.model, signing("release"))
    assert world.bom.read_bytes() == pristine.bom.read_bytes()
    assert world.node(MODEL).id == str(world.graph().root)
    bundle = make_bundle(b"", key("release"))
    assert bundle["mediaType"] in world.bundle.read_text()
