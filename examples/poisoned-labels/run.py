"""The main job, end to end on real data: a poisoned label set is stopped at the gate.

    python examples/poisoned-labels/run.py [--work DIR] [--brief]

Acme trains a model that reads handwritten digits. In the first run one of three
labelers turns 3s into 8s: the model's overall accuracy hardly moves, but the gate
denies it, and names the path from the model to the labeler. The second run is clean,
and allowed. Then the clean release is attacked in eight ways, one at a time. Exits 1
when anything turns out differently than told here.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from attacks import ATTACKS, Attack, World
from company import Company, found_company, write_verifier
from pipeline import Base, Release, make_base, make_release, put_digits
from shell import DemoFailed, Shell

from aibom.digest import hash_path

__all__ = ["main"]


def main() -> int:
    """Run the story in a folder of its own."""
    options = _options()
    work = options.work or Path(tempfile.mkdtemp(prefix="aibom-demo-"))
    work.mkdir(parents=True, exist_ok=True)
    if any(work.iterdir()):
        print(f"{work} is not empty; give an empty folder", file=sys.stderr)
        return 2
    shell = Shell(work.resolve(), loud=not options.brief)
    try:
        _story(shell)
    except DemoFailed as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    print(f"\nEverything turned out as told. Look around: {work}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--work", type=Path, help="an empty folder (default: a new one)"
    )
    parser.add_argument("--brief", action="store_true", help="leave the commands out")
    return parser.parse_args()


def _story(shell: Shell) -> None:
    _title(shell, "Acme: keys by role, people by pseudonym, data, a base model")
    company = found_company(shell)
    digits = put_digits(shell)
    base = make_base(shell, company)
    verifier = shell.folder / "verifier"
    write_verifier(shell, company, str(hash_path(digits).digest), verifier)
    _title(shell, "The poisoned run: one of three labelers turns 3s into 8s")
    poisoned = make_release(shell, company, base, "poisoned", company.labelers[1])
    _denied(shell, poisoned)
    _title(shell, "The clean run")
    clean = make_release(shell, company, base, "clean", None)
    print(_gate(shell, clean.model, clean.evidence, Path("verifier"), 0)[1])
    _title(shell, "The lineage of the clean model")
    print(shell.aibom("show", clean.model))
    _title(shell, "Eight attacks on the clean release, one at a time")
    for number, attack in enumerate(ATTACKS, start=1):
        _attacked(shell, company, base, clean, attack, f"attack-{number}")


def _title(shell: Shell, text: str) -> None:
    print(f"\n── {text} " + "─" * max(3, 84 - len(text)), flush=True)


def _denied(shell: Shell, poisoned: Release) -> None:
    accuracy = {
        place: _accuracy(shell.folder / place)
        for place in (
            "hub/holdout-test-of-digits-base.json",
            "poisoned/holdout-test-of-digits-reader.json",
        )
    }
    before, after = accuracy.values()
    print(
        f"accuracy of the base {before:.1%}, of the poisoned model {after:.1%}: better!"
    )
    verdict, text = _gate(
        shell, poisoned.model, poisoned.evidence, Path("verifier"), 10
    )
    print(text)
    finding = next(r for r in verdict["results"] if r["reason"] == "audit-failed")
    kinds = [hop["kind"] for hop in finding["path"]]
    if kinds != ["model", "step", "dataset", "step", "party"]:
        raise DemoFailed(f"the path is {kinds}")
    print(shell.aibom("explain", "verdict.json", finding["rule"], finding["node"]))


def _accuracy(report: Path) -> float:
    measured = json.loads(report.read_text())["measurements"]
    row = next(item for item in measured if item["metric"] == "accuracy")
    return float(row["count"]) / float(row["samples"])


def _gate(
    shell: Shell, model: Path, evidence: Path, verifier: Path, expect: int
) -> tuple[dict[str, object] | dict, str]:
    text = shell.aibom(
        *("gate", model, "--policy", verifier, "--evidence", evidence),
        *("--output", "text", "--output", "json=verdict.json"),
        expect=expect,
    )
    return json.loads((shell.folder / "verdict.json").read_text()), text


def _attacked(
    shell: Shell,
    company: Company,
    base: Base,
    clean: Release,
    attack: Attack,
    place: str,
) -> None:
    """Attack a copy, and check that the gate answers with the right exit and reason."""
    quiet = Shell(shell.folder, shell.environment, loud=False)
    shutil.copytree(shell.folder / "clean", shell.folder / place)
    verifier = Path(place, "verifier")
    shutil.copytree(shell.folder / "verifier", shell.folder / verifier)
    model, evidence = (Path(place, part.name) for part in (clean.model, clean.evidence))
    world = World(quiet, company, base, model, evidence, verifier)
    model = attack.apply(world) or model
    verdict, _ = _gate(quiet, model, evidence, verifier, attack.exit_code)
    if verdict["reason"] != attack.reason:
        raise DemoFailed(f"{attack.name}: {verdict['reason']}, not {attack.reason}")
    print(
        f"  {attack.name:<36} exit {attack.exit_code:>2}  {attack.reason}", flush=True
    )


if __name__ == "__main__":
    sys.exit(main())
