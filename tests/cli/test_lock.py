"""``aibom lock``, as somebody would at a terminal, against a hub on loopback."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hub_world import FILES
from jsonschema import Draft202012Validator

from aibom.cli import cli, main
from aibom.resources import read_schema
from aibom.testing.hub import Fault, LocalHub

MAIN = "hf:acme/base@main"


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.model("acme/base").commit(FILES, lfs={"model.safetensors"})
        running.dataset("acme/reviews").commit({"train.parquet": b"PAR1"})
        yield running


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lock(hub: LocalHub, *words: str) -> Result:
    return CliRunner().invoke(cli, ["lock", *words, "--endpoint", hub.url])


def reason(done: Result) -> object:
    return getattr(done.exception, "reason", done.exception)


def entry(folder: Path, key: str = MAIN) -> dict[str, object]:
    document = json.loads((folder / "aibom.lock").read_bytes())
    Draft202012Validator(read_schema("artifact-lock-1.json")).validate(document)
    found: dict[str, object] = document["artifacts"][key]
    return found


def test_the_whole_story(hub: LocalHub, here: Path) -> None:
    repository = hub.model("acme/base")
    first = repository.branches()["main"]
    made = lock(hub, MAIN, "hf:datasets/acme/reviews")
    assert made.exit_code == 0, made.exception
    assert made.stdout.startswith(f"+ {MAIN}\n    commit  {first}\n")
    assert "1 by the source's word" in made.stdout
    assert made.stderr == "aibom: written: aibom.lock\n"
    assert entry(here)["commit"] == first
    assert entry(here)["repository"] == repository.id24

    same = lock(hub)
    assert same.stdout == f"= {MAIN}\n= hf:datasets/acme/reviews\n"
    assert (same.exit_code, same.stderr) == (0, "")

    second = repository.commit({"config.json": b"[1]\n"}, removed={"README.md"})
    before = (here / "aibom.lock").read_bytes()
    outdated = lock(hub, MAIN)
    assert reason(outdated) == "lock-outdated"
    assert f"    commit      {first} → {second}\n" in outdated.stdout
    assert "    ~ 3 → 4 bytes " in outdated.stdout
    assert "  README.md\n" in outdated.stdout
    assert (here / "aibom.lock").read_bytes() == before

    updated = lock(hub, "--update")
    assert updated.stdout.startswith(outdated.stdout)
    assert entry(here)["commit"] == second

    hub.owner("acme").recreate()
    refused = lock(hub, "--update")
    assert reason(refused) == "source-owner-changed"
    assert refused.stdout == ""
    accepted = ["--accept-owner", MAIN, "--accept-owner", "hf:datasets/acme/reviews"]
    assert lock(hub, "--update", *accepted).exit_code == 0
    assert entry(here)["owner"]["id"] == hub.owner("acme").id24  # type: ignore[index]


def test_exit_code_and_hint_at_a_terminal(
    hub: LocalHub,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    lock(hub, MAIN)
    hub.owner("acme").recreate()
    words = ["aibom", "lock", "--update", "--endpoint", hub.url]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capfd.readouterr()
    assert (ended.value.code, out) == (11, "")
    assert "[source-owner-changed]" in err
    assert f"--accept-owner {MAIN}" in err


def test_another_file(hub: LocalHub, here: Path) -> None:
    assert lock(hub, MAIN, "-f", "models.lock").exit_code == 0
    assert [path.name for path in here.iterdir()] == ["models.lock"]


def test_a_folder(hub: LocalHub, here: Path) -> None:
    (here / "mirror").mkdir()
    (here / "mirror" / "w.gguf").write_bytes(b"GGUF")
    done = lock(hub, "mirror")
    assert "1, 4 bytes, all hashed here" in done.stdout
    (here / "mirror" / "w.gguf").write_bytes(b"evil")
    changed = lock(hub)
    assert reason(changed) == "lock-outdated"
    assert changed.stdout.endswith("…  w.gguf\n")


def test_a_large_diff_is_cut_and_says_so(hub: LocalHub, here: Path) -> None:
    lock(hub, MAIN)
    hub.model("acme/base").commit({f"{n:03}.json": b"{}" for n in range(100)})
    done = lock(hub)
    assert len(done.stdout.splitlines()) == 42
    assert done.stdout.endswith("    61 more; the file's own diff has all\n")


def test_names_do_nothing_to_a_terminal(hub: LocalHub, here: Path) -> None:
    lock(hub, MAIN)
    hub.model("acme/base").commit({"x\u202e\u200b.json": b"1"})
    done = lock(hub, "--update")
    assert done.exit_code == 0
    assert "\\u{202e}\\u{200b}.json" in done.stdout
    text = (here / "aibom.lock").read_bytes()
    assert text.isascii()


def test_what_the_hub_did_not_tell(hub: LocalHub, here: Path) -> None:
    hub.forget_owner("acme")
    done = lock(hub, MAIN)
    assert done.exit_code == 0
    assert "owner   " in done.stdout
    assert f"aibom: {MAIN}: " in done.stderr


REFUSED: dict[str, tuple[int, str, tuple[str, ...]]] = {
    "nothing-to-lock": (2, "lock-names-nothing", ()),
    "malformed": (2, "reference-malformed", ("hf:",)),
    "accepted-and-not-named": (
        *(2, "accept-owner-unused"),
        (MAIN, "--accept-owner", "hf:acme/base"),
    ),
    "missing": (1, "source-missing-or-private", (MAIN, "hf:acme/gone")),
    "not-cached": (1, "source-not-cached", (MAIN, "--offline")),
    "no-such-folder": (1, "path-missing", (MAIN, "-f", "no/aibom.lock")),
    "no-lock": (12, "artifact-lock-invalid", (MAIN, "-f", "empty.json")),
}


@pytest.mark.parametrize(("code", "told", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(
    hub: LocalHub, here: Path, code: int, told: str, words: tuple[str, ...]
) -> None:
    (here / "empty.json").write_bytes(b"{}")
    done = lock(hub, *words)
    assert reason(done) == told
    assert getattr(done.exception, "exit_code", None) == code
    assert [path.name for path in here.iterdir()] == ["empty.json"]
    assert (here / "empty.json").read_bytes() == b"{}"


def test_a_tampered_file_is_not_locked(hub: LocalHub, here: Path) -> None:
    hub.fail(Fault.tampered())
    assert reason(lock(hub, MAIN)) == "source-digest-mismatch"
    assert list(here.iterdir()) == []
