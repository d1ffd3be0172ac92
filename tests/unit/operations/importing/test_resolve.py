"""What a reference means: told as the source tells it, and never as more than that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from hub_world import COMMIT, FakeSource

from aibom.errors import AibomError
from aibom.operations.importing.resolve import format_of_name, resolve
from aibom.sources.hub import HubSource
from aibom.sources.reference import Reference
from aibom.sources.remote import ScanStatus
from aibom.testing.hub import Fault, LocalHub

MAIN = Reference.parse("hf:acme/base@main")
OTHER = "9a" * 20

NAMES: dict[str, str] = {
    "model.safetensors": "safetensors",
    "sub/MODEL-00001-of-2.SAFETENSORS": "safetensors",
    "q4.gguf": "gguf",
    "model.onnx": "onnx",
    "model.onnx_data": "onnx",
    "pytorch_model.bin": "torch, which may be pickle",
    "weights.pt": "pickle",
    "a.pkl": "pickle",
    "last.ckpt": "pickle",
    "x.npy": "numpy, which may hold pickles",
    "tf_model.h5": "keras or hdf5",
    "saved_model.pb": "tensorflow or protobuf",
    "flax_model.msgpack": "flax",
    "data-00000-of-00001.arrow": "arrow",
    "train.parquet": "parquet",
    "modeling_x.py": "code",
    "weights.tar.gz": "archive",
    "train.jsonl": "record text",
    "config.json": "json",
    "README.md": "text",
    "safetensors": "other",
    "model.safetensors.exe": "other",
    "a.pkl/readme": "other",
    "": "other",
}


@pytest.mark.parametrize(("path", "name"), NAMES.items(), ids=NAMES)
def test_a_name_says_what_somebody_called_it(path: str, name: str) -> None:
    assert format_of_name(path) == name


def test_formats_are_counted_largest_first() -> None:
    files = {"a.json": b"12", "b.json": b"3", "w.gguf": b"123456", "x": b""}
    found = resolve(MAIN, FakeSource(files))
    counted = [(one.name, one.files, one.bytes) for one in found.formats]
    assert counted == [("gguf", 1, 6), ("json", 2, 3), ("other", 1, 0)]


SHIPPED: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "nothing": (("config.json",), (), ()),
    "our-side-cars": (
        ("aibom.cdx.json", "aibom.sigstore.json", "w.bin"),
        ("aibom.sigstore.json",),
        ("aibom.cdx.json",),
    ),
    "openssf": (("model.sig", "w.bin"), ("model.sig",), ()),
    "of-single-files": (
        ("a/w.bin.sigstore.json", "x.model.sig"),
        ("a/w.bin.sigstore.json", "x.model.sig"),
        (),
    ),
    "other-boms": (
        ("bom/a.cdx.json", "b.spdx.json"),
        (),
        ("b.spdx.json", "bom/a.cdx.json"),
    ),
    "names-alike": (("model.sig.txt", "sigstore.json", "aibom.cdx.json.md"), (), ()),
}


@pytest.mark.parametrize(("paths", "signatures", "boms"), SHIPPED.values(), ids=SHIPPED)
def test_what_is_shipped(
    paths: tuple[str, ...], signatures: tuple[str, ...], boms: tuple[str, ...]
) -> None:
    found = resolve(MAIN, FakeSource(dict.fromkeys(paths, b"x")))
    assert (found.signatures, found.boms) == (signatures, boms)


def test_the_line_names_a_hub_that_is_not_the_public_one() -> None:
    found = resolve(MAIN, FakeSource(where="https://hub.acme.example"))
    assert " --endpoint https://hub.acme.example " in found.fetch_line


LINES: dict[str, tuple[str, str | None, str]] = {
    "floating": ("hf:acme/base", COMMIT, f"hf:acme/base@{COMMIT}"),
    "branch": ("hf:acme/base@main", COMMIT, f"hf:acme/base@{COMMIT}"),
    "dataset": ("hf:datasets/a/b@v1", COMMIT, f"hf:datasets/a/b@{COMMIT}"),
    "pinned": (f"hf:a/b@{COMMIT}", COMMIT, f"hf:a/b@{COMMIT}"),
    "folder": ("mirror/base", None, "mirror/base"),
    "folder-for-a-shell": ("my $(mirror)", None, "'my $(mirror)'"),
    "object-store": ("s3://bucket/p", None, "s3://bucket/p"),
}


@pytest.mark.parametrize(("text", "commit", "named"), LINES.values(), ids=LINES)
def test_the_line_that_fetches_it(text: str, commit: str | None, named: str) -> None:
    found = resolve(
        Reference.parse(text),
        FakeSource(commit=commit, where="https://huggingface.co"),
    )
    assert found.fetch_line == f"aibom fetch {named} --policy DIR --key KEY --to DIR"
    assert found.document()["fetch"] == found.fetch_line


SCANS: dict[str, tuple[ScanStatus | None, object]] = {
    "untold": (None, None),
    "not-done": (ScanStatus(False), {"done": False, "flagged": []}),
    "nothing-reported": (ScanStatus(True), {"done": True, "flagged": []}),
    "flagged": (
        ScanStatus(True, (("a.pkl", "unsafe"),)),
        {"done": True, "flagged": [{"path": "a.pkl", "level": "unsafe"}]},
    ),
}


@pytest.mark.parametrize(("scan", "told"), SCANS.values(), ids=SCANS)
def test_scans_are_told_as_they_were(scan: ScanStatus | None, told: object) -> None:
    document = resolve(MAIN, FakeSource(scan=scan)).document()
    assert document["scan"] == told
    assert "safe" not in json.dumps({**document, "scan": None, "formatsByName": []})


def test_nothing_is_read() -> None:
    source = FakeSource()
    resolve(MAIN, source)
    assert source.asked == [("resolve", str(MAIN))]


# ── against a hub ────────────────────


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        repository = running.model("acme/base")
        repository.commit({"config.json": b"{}", "w.gguf": b"GGUF"}, lfs={"w.gguf"})
        yield running


def source_of(hub: LocalHub) -> HubSource:
    return HubSource(endpoint=hub.url, timeout=5, sleep=lambda _: None)


def test_all_that_a_hub_tells(hub: LocalHub) -> None:
    repository = hub.model("acme/base")
    repository.gated = "manual"
    repository.security = {
        "scansDone": True,
        "filesWithIssues": [{"path": "w.gguf", "level": "unsafe"}],
    }
    head = repository.branches()["main"]
    document = resolve(MAIN, source_of(hub)).document()
    assert document["pinned"] == f"hf:acme/base@{head}"
    assert document["commit"] == head
    assert document["repository"] == repository.id24
    assert document["owner"]["id"] == hub.owner("acme").id24
    assert document["owner"]["kind"] == "organisation"
    assert document["gated"] == "manual"
    assert document["scan"]["flagged"] == [{"path": "w.gguf", "level": "unsafe"}]
    assert (document["files"], document["bytes"]) == (2, 6)
    assert (document["mode"], document["source"]) == ("online", hub.url)


def test_a_dataset(hub: LocalHub) -> None:
    head = hub.dataset("acme/reviews").commit({"a.parquet": b"PAR1"})
    found = resolve(Reference.parse("hf:datasets/acme/reviews"), source_of(hub))
    assert found.fetch_line.startswith(f"aibom fetch hf:datasets/acme/reviews@{head} ")


def test_an_owner_that_nobody_tells_is_told_as_such(hub: LocalHub) -> None:
    hub.forget_owner("acme")
    document = resolve(MAIN, source_of(hub)).document()
    assert document["unsure"]
    assert not (document["owner"] and document["owner"]["id"])


def moved(hub: LocalHub) -> None:
    hub.model("acme/base").renamed_to = "other/base"


def private(hub: LocalHub) -> None:
    hub.model("acme/base").private = True


def disabled(hub: LocalHub) -> None:
    hub.model("acme/base").disabled = True


def hostile(hub: LocalHub) -> None:
    hub.model("acme/base").commit({"../evil.txt": b"x"})


def fails(*faults: Fault) -> Callable[[LocalHub], None]:
    return lambda hub: hub.fail(*faults)


INFO = r"GET /api/models/acme/base(/revision|\?|$)"
TREE = "/tree/"
FAULTS: dict[str, tuple[int, str, Callable[[LocalHub], None]]] = {
    "server-error": (1, "source-unreachable", fails(Fault.error(INFO))),
    "server-error-later": (1, "source-unreachable", fails(Fault.error(TREE))),
    "dropped": (1, "source-unreachable", fails(Fault.dropped(INFO))),
    "rate-limited": (
        1,
        "source-rate-limited",
        fails(Fault.rate_limited(INFO, times=None)),
    ),
    "html": (1, "source-answer-malformed", fails(Fault.html(INFO))),
    "html-list": (1, "source-answer-malformed", fails(Fault.html(TREE))),
    "no-commit": (
        1,
        "source-answer-malformed",
        fails(Fault(INFO, body={"id": "acme/base"})),
    ),
    "renamed": (11, "source-renamed", moved),
    "private": (1, "source-missing-or-private", private),
    "disabled": (1, "source-disabled", disabled),
    "path-that-leaves": (11, "source-path-refused", hostile),
}


@pytest.mark.parametrize(("code", "reason", "happens"), FAULTS.values(), ids=FAULTS)
def test_faults(
    hub: LocalHub, code: int, reason: str, happens: Callable[[LocalHub], None]
) -> None:
    happens(hub)
    with pytest.raises(AibomError) as refused:
        resolve(MAIN, source_of(hub))
    assert (refused.value.exit_code, refused.value.reason) == (code, reason)
    assert refused.value.hint


def test_a_hub_that_answers_for_another_commit(hub: LocalHub) -> None:
    head = hub.model("acme/base").branches()["main"]
    hub.fail(Fault.lying_commit(OTHER))
    with pytest.raises(AibomError) as refused:
        resolve(MAIN.at(head), source_of(hub))
    assert (refused.value.exit_code, refused.value.reason) == (
        11,
        "commit-contradicted",
    )


RETRIED: dict[str, Fault] = {
    "server-error": Fault.error(INFO, times=1),
    "rate-limited": Fault.rate_limited(INFO, times=1),
    "dropped": Fault.dropped(TREE, times=1),
}


@pytest.mark.parametrize("fault", RETRIED.values(), ids=RETRIED)
def test_faults_that_pass(hub: LocalHub, fault: Fault) -> None:
    hub.fail(fault)
    assert resolve(MAIN, source_of(hub)).resolved.commit is not None


def test_a_branch_that_moves_between_two_questions(hub: LocalHub) -> None:
    repository = hub.model("acme/base")
    before = repository.branches()["main"]
    hub.fail(Fault.moving(TREE, lambda: repository.commit({"new.bin": b"1"})))
    found = resolve(MAIN, source_of(hub)).resolved
    assert found.commit == before
    assert [file.path for file in found.files] == ["config.json", "w.gguf"]
