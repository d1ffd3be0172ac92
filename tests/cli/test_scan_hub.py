"""``aibom scan`` of what lies elsewhere, as a user calls it."""

from __future__ import annotations

import json
import re

import pytest
from cli_world import snapshot

from aibom.testing.hub import Fault, LocalHub

CONFIG = json.dumps({"model_type": "bert", "architectures": ["BertModel"]})
SHA = "0123456789abcdef0123456789abcdef01234567"
COMMIT = re.compile(r"[0-9a-f]{40}")


@pytest.fixture
def hub():
    with LocalHub() as running:
        base = running.model("acme/base")
        base.commit({"README.md": "# a base\n", "config.json": CONFIG, "w.bin": "w"})
        base.security = {
            "scansDone": True,
            "filesWithIssues": [{"path": "w.bin", "level": "unsafe"}],
        }
        tuned = running.model("acme/tuned")
        card = json.dumps({"base_model": "acme/base", "datasets": ["acme/gone"]})
        files = {
            "README.md": f"---\n{card}\n---\n",
            "config.json": CONFIG,
            "model.safetensors": "weights",
        }
        tuned.commit(files, lfs={"model.safetensors"})
        yield running


@pytest.fixture
def scan(here, hub):
    """Scan, asking the hub of the test."""
    return lambda *words: here("scan", *words, "--endpoint", hub.url)


def lines(ran) -> list[str]:
    return [COMMIT.sub("COMMIT", line) for line in ran.err.splitlines()]


def test_one_line_for_each_repository_and_every_unknown(scan, world):
    ran = scan("hf:acme/tuned", "--depth", "2", "-o", "out.cdx.json")
    assert (ran.code, ran.out) == (0, "out.cdx.json\n")
    assert lines(ran)[:2] == [
        "aibom: scanned hf:acme/tuned@COMMIT (online): 2 files read, "
        "1 known by claimed digests only",
        "aibom: scanned hf:acme/base@COMMIT (online): 3 files read, "
        "flagged by scanners: w.bin (unsafe)",
    ]
    missing = "hf:datasets/acme/gone: source-missing-or-private"
    assert any(line.startswith(f"aibom: not read: {missing}: ") for line in lines(ran))
    assert any("cannot be signed" in line for line in lines(ran))
    assert not any("pointer-not-pulled" in line for line in lines(ran))
    document = json.loads((world.folder / "out.cdx.json").read_text())
    assert document["metadata"]["component"]["name"] == "acme/tuned"


def test_without_depth_only_what_is_named_is_read(scan, hub):
    ran = scan("hf:acme/tuned")
    assert ran.code == 0
    assert "scanned hf:acme/base" not in ran.err
    assert not [one for one in hub.requests if "acme/base" in str(one)]
    assert json.loads(ran.out)["bomFormat"] == "CycloneDX"


def test_quiet_is_quiet(scan):
    assert scan("hf:acme/tuned", "-q").err == ""


def test_a_commit_is_asked_for(scan, hub):
    main = hub.model("acme/base").branches()["main"]
    assert scan(f"hf:acme/base@{main}").code == 0
    ran = scan(f"hf:acme/base@{SHA}")
    assert ran.code == 1
    assert "[source-revision-missing]" in ran.err


def refused(*words: str) -> tuple[tuple[str, ...], str]:
    return words, "usage"


REFUSED = {
    "history of what is elsewhere": refused("hf:acme/tuned", "--history"),
    "inputs of what is elsewhere": refused("hf:a/b", "--input", "training-data=data"),
    "a source beside the source": refused("hf:a/b", "--source", "pkg:generic/a@1"),
    "history of a URL": refused("s3://bucket/model", "--history"),
    "depth of a path": refused("data", "--depth", "1"),
    "offline for a path": refused("data", "--offline"),
    "a hub for a path": refused("data", "--endpoint", "https://hub.example"),
    "signers for a path": refused("data", "--signers", "verifier/signers.yaml"),
    "a hub, and no network": refused(
        "hf:a/b", "--offline", "--endpoint", "https://hub.example"
    ),
    "a negative depth": (("hf:a/b", "--depth", "-1"), "usage"),
    "no name": (("hf:", "--depth", "1"), "reference-malformed"),
    "a name that no hub has": (("hf:a/b/c",), "reference-malformed"),
    "signers that are not there": (
        ("hf:acme/tuned", "--signers", "none.yaml"),
        "path-missing",
    ),
}


@pytest.mark.parametrize(("words", "reason"), REFUSED.values(), ids=REFUSED)
def test_calls_that_make_no_sense_are_refused(here, world, words, reason):
    before = snapshot(world.folder)
    ran = here("scan", *words)
    assert ran.code == (1 if reason == "path-missing" else 2)
    assert f"[{reason}]" in ran.err
    assert (ran.out, snapshot(world.folder)) == ("", before)


FAULTS = {
    "gone": ("hf:acme/gone", None, 1, "source-missing-or-private"),
    "broken": (
        "hf:acme/tuned",
        Fault.html("/api/models"),
        1,
        "source-answer-malformed",
    ),
    "another commit": (
        "hf:acme/tuned",
        Fault.lying_commit(SHA, "/resolve/"),
        11,
        "commit-contradicted",
    ),
    "other bytes": (
        "hf:acme/tuned",
        Fault.tampered("/resolve/"),
        11,
        "source-digest-mismatch",
    ),
}


@pytest.mark.parametrize(
    ("text", "fault", "code", "reason"), FAULTS.values(), ids=FAULTS
)
def test_what_is_wrong_with_the_first_one_leaves_nothing(
    scan, hub, world, text, fault, code, reason
):
    if fault is not None:
        hub.fail(fault)
    before = snapshot(world.folder)
    ran = scan(text, "--depth", "2", "-o", "out.cdx.json")
    assert ran.code == code, ran
    assert f"[{reason}]" in ran.err
    assert "Traceback" not in ran.err
    assert (ran.out, snapshot(world.folder)) == ("", before)


def test_offline_asks_no_network(here, world, tmp_path, monkeypatch):
    ran = world.call(
        *("scan", "hf:acme/tuned", "--offline"), HF_HUB_CACHE=str(tmp_path / "cache")
    )
    assert ran.code == 1
    assert "[source-not-cached]" in ran.err


def test_a_url_is_scanned_without_digests(here, world):
    folder = world.folder / "bucket"
    folder.mkdir()
    (folder / "config.json").write_text(CONFIG)
    (folder / "model.safetensors").write_bytes(b"weights")
    ran = here("scan", folder.as_uri(), "--kind", "model", "-o", "out.cdx.json")
    assert ran.code == 0, ran
    assert "1 file read, 1 not read, without any digest" in ran.err
    assert "cannot be signed" in ran.err


def test_the_bom_of_a_release_is_verified(scan, hub, world):
    """What `aibom sign` wrote, uploaded as it is."""
    files = {
        str(path.relative_to(world.model)): path.read_bytes()
        for path in sorted(world.model.rglob("*"))
        if path.is_file()
    }
    hub.model("acme/tiny").commit(files)
    believing = ("--signers", "verifier/signers.yaml")
    ran = scan("hf:acme/tiny", "--kind", "model", *believing)
    assert ran.code == 0, ran
    assert "its BOM verified, signed by" in ran.err
    links = json.loads(ran.out)["metadata"]["component"]["externalReferences"]
    assert [link["type"] for link in links] == ["bom"]
    ran = scan("hf:acme/tiny", "--kind", "model")
    assert "its BOM not verified" in ran.err
    assert "bom-not-verified" in ran.err
