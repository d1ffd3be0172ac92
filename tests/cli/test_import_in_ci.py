"""docs/how-to/import-in-ci.md: every command in it, run against the loopback hub."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_world import ROOT, Ran
from fetch_world import safetensors

from aibom.testing.hub import LocalHub

GUIDE = (ROOT / "docs/how-to/import-in-ci.md").read_text("utf-8")
IMPORT = (ROOT / "docs/how-to/import-a-model.md").read_text("utf-8")
REFERENCE = "hf:acme/reviews-bert@main"
WEIGHTS = "model.safetensors"
FILES = {WEIGHTS: safetensors(), "config.json": b'{"model_type": "bert"}\n'}
#: In the page, of another model than this one.
COMMIT = "97bfcdfe2e3da2450354c03db8dd37bd45a9bc80"
SOURCES = """\
apiVersion: aibom/trusted-sources/v1
lists:
  approved:
    - match: {{type: huggingface, namespace: acme, repository_url: "{url}"}}
      trust: trusted
      reason: Looked at who publishes there, and how.
      owner: org:Acme
      approved_by: org:Acme model risk
      expires: 2999-01-01
"""


def shell(text: str, marker: str) -> str:
    """The one block of shell in a page that has this in it."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if marker in block)
    return str(found)


def pipeline(marker: str) -> Any:
    """The one pipeline in the page that has this in it."""
    blocks = re.findall(r"^```text\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if marker in block)
    return yaml.safe_load(found)


SCRIPT = shell(GUIDE, "set -eu")


@dataclass
class Desk:
    """A checkout with a policy, a lock and the job's script, beside a hub."""

    folder: Path
    hub: LocalHub
    policy: str = ""

    def run(self, script: str, **env: str) -> Ran:
        """Run shell as a job does, in which ``aibom`` is the one of this checkout."""
        tools = self.folder.parent / "tools"
        known = {
            "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HF_ENDPOINT": self.hub.url,
            "HF_HOME": str(self.folder.parent / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
            "IMPORT_POLICY": self.policy,
            "KEY_FILE": "keys/import.key",
        }
        done = subprocess.run(
            ["sh", "-e", "-c", script],
            cwd=self.folder,
            env={**os.environ, **known, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def done(self, script: str, **env: str) -> str:
        """The same where it has to succeed; its output."""
        ran = self.run(script, **env)
        assert ran.code == 0, ran
        return ran.out

    def verdict(self) -> dict[str, Any]:
        """What the job kept."""
        path = self.folder / "verdicts" / "reviews-bert.json"
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found

    def asked(self) -> int:
        """How often the weights were asked for."""
        paths = [path for _, path, _ in self.hub.requests if "/resolve/" in path]
        return sum(WEIGHTS in path for path in paths)


@contextmanager
def made(folder: Path) -> Iterator[Desk]:
    """A desk as the page has it made."""
    with LocalHub() as hub:
        desk = Desk(folder / "checkout", hub)
        (desk.folder / "ci").mkdir(parents=True)
        (folder / "tools").mkdir()
        tool = folder / "tools" / "aibom"
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m aibom "$@"\n')
        tool.chmod(0o755)
        hub.model("acme/reviews-bert").commit(dict(FILES), lfs={WEIGHTS})
        desk.done("aibom keygen keys/import --no-password")
        desk.done("aibom policy init imports/ --pack model-import")
        desk.done(shell(IMPORT, "signers add --public-key"))
        sources = SOURCES.format(url=hub.url)
        (desk.folder / "imports" / "trusted-sources.yaml").write_text(sources)
        told = desk.done(shell(GUIDE, "aibom policy lock imports/"))
        desk.policy = next(x for x in told.split() if x.startswith("sha256:"))
        (desk.folder / "ci" / "import.sh").write_text(SCRIPT)
        yield desk


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with made(tmp_path_factory.mktemp("ci")) as desk:
        yield desk


@pytest.fixture
def desk(pristine: Desk, tmp_path: Path) -> Desk:
    """A copy of the checkout, beside a hub that tests leave as it is."""
    for name in ("checkout", "tools"):
        shutil.copytree(pristine.folder.parent / name, tmp_path / name)
    return Desk(tmp_path / "checkout", pristine.hub, pristine.policy)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Desk]:
    """The same beside a hub of its own."""
    with made(tmp_path) as desk:
        yield desk


def test_the_script_imports_what_is_locked(desk):
    told = desk.done("sh ci/import.sh")
    assert told.count("ALLOWED") == 2  # the fetch, and the gate
    assert desk.verdict()["decision"] == "allowed"
    assert (desk.folder / "verdicts" / "reviews-bert.xml").is_file()
    assert "allowed" in desk.done(shell(GUIDE, "aibom explain")).lower()


def test_a_branch_that_moved_changes_nothing_but_is_told_on_a_schedule(own):
    desk = own
    check = shell(GUIDE, "aibom policy lint")
    desk.done(check)
    desk.hub.model("acme/reviews-bert").commit({"README.md": b"new\n"})
    desk.done("sh ci/import.sh")
    assert not (desk.folder / "models" / "reviews-bert" / "README.md").exists()
    before = (desk.folder / "aibom.lock").read_bytes()
    ran = desk.run(check)
    assert (ran.code, "[lock-outdated]" in ran.err) == (11, True)
    assert (desk.folder / "aibom.lock").read_bytes() == before


def test_the_job_on_github(desk):
    steps = {
        s["name"]: s
        for s in pipeline("runs-on")["jobs"]["import"]["steps"]
        if "name" in s
    }
    assert steps["install"]["run"].startswith("pip install --require-hashes ")
    key = (desk.folder / "keys" / "import.key").read_text()
    (desk.folder / "keys" / "import.key").unlink()
    at = str(desk.folder.parent / "import.key")
    desk.done(steps["import"]["run"], IMPORT_KEY=key, KEY_FILE=at)
    assert os.stat(at).st_mode & 0o077 == 0
    assert desk.verdict()["decision"] == "allowed"
    assert steps["verdicts"]["if"] == "always()"
    assert steps["verdicts"]["with"]["path"] == "verdicts/"
    summary = re.search(r"`(--output github-summary >> \S+)`", GUIDE)
    assert summary
    path = desk.folder.parent / "summary.md"
    gate = "aibom gate models/reviews-bert --policy imports/ "
    desk.done(gate + summary[1], GITHUB_STEP_SUMMARY=str(path))
    assert "reviews-bert" in path.read_text()


def test_the_job_on_gitlab(desk):
    job = pipeline("before_script")["import"]
    assert job["before_script"][0].startswith("pip install --require-hashes ")
    key = desk.folder / "keys" / "import.key"
    key.chmod(0o644)  # a variable of type File is what anybody on the runner can read
    desk.done("\n".join(job["script"]), IMPORT_KEY=str(key), KEY_FILE="")
    assert desk.verdict()["decision"] == "allowed"
    assert job["artifacts"]["when"] == "always"
    assert (desk.folder / job["artifacts"]["reports"]["junit"]).is_file()
    assert job["retry"]["exit_codes"] == [1]


def test_folders_that_everybody_may_write_to_are_no_obstacle(desk):
    for folder in (desk.folder, desk.folder / "models"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
    desk.done("sh ci/import.sh")


def test_a_cache_saves_the_download(desk):
    desk.done("sh ci/import.sh")
    asked = desk.asked()
    desk.done("sh ci/import.sh")
    assert desk.asked() == asked


def other_bytes(desk: Desk) -> None:
    weights = desk.folder / "models" / "reviews-bert" / WEIGHTS
    weights.write_bytes(safetensors(b"\7"))


def other_bom(desk: Desk) -> None:
    bom = desk.folder / "models" / "reviews-bert" / "aibom.cdx.json"
    bom.write_bytes(bom.read_bytes().replace(b"reviews-bert", b"reviews-gert"))


def stale(desk: Desk) -> None:
    path = desk.folder / "imports" / "advisories.yaml"
    text = re.sub(r"^expires: .*", "expires: 2020-01-01", path.read_text(), flags=re.M)
    path.write_text(text)


def advised(desk: Desk) -> None:
    path = desk.folder / "imports" / "advisories.yaml"
    found = (
        "advisories:\n  - id: A-1\n    summary: bad\n    published: 2026-11-01\n"
        "    affects: {sources: [{type: huggingface, namespace: acme}]}\n"
    )
    text = path.read_text().replace("advisories: []\n", found)
    path.write_text(text.replace("sequence: 1", "sequence: 2"))


LATER = {
    "other-bytes": (other_bytes, 1, "target-exists"),
    "other-bom": (other_bom, 11, None),
    "advised-against": (advised, 10, None),
    "advisories-stale": (stale, 3, "advisories-stale"),
}


@pytest.mark.parametrize("case", LATER.values(), ids=LATER)
def test_what_lies_in_a_cache_is_not_believed(desk, case):
    change, code, reason = case
    desk.done("sh ci/import.sh")
    change(desk)
    ran = desk.run("sh ci/import.sh")
    assert ran.code == code, ran
    assert reason is None or reason in ran.out + ran.err
    # An old yes never stays where people look.
    kept = desk.folder / "verdicts" / "reviews-bert.json"
    assert not kept.exists() or desk.verdict()["decision"] != "allowed"


def no_policy(desk: Desk) -> None:
    (desk.folder / "imports" / "policy.lock").unlink()


def another_policy(desk: Desk) -> None:
    desk.policy = "sha256:" + "0" * 64


def not_in_the_lock(desk: Desk) -> None:
    (desk.folder / "aibom.lock").unlink()


def gone(desk: Desk) -> None:
    desk.hub.delete("model", "acme/reviews-bert")


def blocked(desk: Desk) -> None:
    path = desk.folder / "imports" / "trusted-sources.yaml"
    path.write_text(path.read_text().replace("trust: trusted", "trust: blocked"))
    relocked(desk)


def relocked(desk: Desk) -> None:
    told = desk.done("aibom policy lock imports/")
    desk.policy = next(x for x in told.split() if x.startswith("sha256:"))


def new_owner(desk: Desk) -> None:
    desk.hub.delete("model", "acme/reviews-bert")
    desk.hub.forget_owner("acme")
    desk.hub.model("acme/reviews-bert").commit(dict(FILES), lfs={WEIGHTS})


OF_THE_HUB = (gone, new_owner)
#: What ends the job, by the code that the page tells of; whether a verdict is kept.
ENDS = {
    "denied": (blocked, 10, True),
    "unknown": (stale, 3, True),
    "another-owner": (new_owner, 11, False),
    "gone": (gone, 1, False),
    "no-policy-lock": (no_policy, 2, False),
    "another-policy": (another_policy, 2, False),
    "not-locked": (not_in_the_lock, 2, False),
}


@pytest.mark.parametrize("case", ENDS.values(), ids=ENDS)
def test_the_job_ends_with_the_code_that_the_page_tells(request, case):
    change, code, kept = case
    desk = request.getfixturevalue("own" if change in OF_THE_HUB else "desk")
    change(desk)
    ran = desk.run("sh ci/import.sh")
    assert ran.code == code, ran
    assert f"\n| {code} |" in GUIDE
    assert not (desk.folder / "models" / "reviews-bert").exists()
    assert (desk.folder / "verdicts" / "reviews-bert.json").exists() is kept
    beside = desk.folder / "models" / "reviews-bert.verdict.json"
    assert beside.exists() is kept


def test_without_network(desk):
    lock = json.loads((desk.folder / "aibom.lock").read_bytes())
    (entry,) = lock["artifacts"].values()
    desk.done(shell(GUIDE, "hf download").replace(COMMIT, entry["commit"]))
    desk.done("mkdir -p models && chmod 755 models")
    path = desk.folder / "imports" / "trusted-sources.yaml"
    bare = SOURCES.partition("approved:\n")[2].replace(', repository_url: "{url}"', "")
    # The cache does not say which hub it is from.
    path.write_text(path.read_text() + bare.format())
    relocked(desk)
    asked = len(desk.hub.requests)
    assert "ALLOWED" in desk.done(shell(GUIDE, "--offline"))
    assert len(desk.hub.requests) == asked
    assert (desk.folder / "models" / "reviews-bert" / WEIGHTS).is_file()
