"""What starting costs: CPU of a command over CPU of `python -c pass`, in one run.

    python benchmarks/startup.py [--smoke]

Ratios, because seconds say more about the machine than about us. Each round runs every
case once, so that a noisy moment hits all alike; the minimum of the rounds is taken,
since noise only adds. The first round is thrown away: it writes bytecode, into a folder
of our own, so that it is there whatever the environment says. A case over its bound
makes the exit code 1.

To add a case, add a line to ``CASES``: a name, a bound, and a function that prepares
what the command needs in a folder of its own and returns the arguments of ``aibom``.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Case:
    """A command, and how many times a bare interpreter it may cost.

    ``prepare`` gets an empty folder. ``code`` is the exit code of a good run. With
    ``has_work`` the bound is for starting alone: what the same command costs in a
    process that has loaded everything is its work, and is taken off. Compiling the
    CycloneDX schema, which every validation needs once, is work; importing is not.
    """

    bound: float
    prepare: Callable[[Path], Sequence[str]]
    code: int = 0
    has_work: bool = False


#: Runs a command three times and prints the least CPU seconds of the later two.
AGAIN = """
import contextlib, io, sys, time
from aibom.bom import schema
from aibom.cli import main
spent = []
for _ in range(3):
    schema._validator.cache_clear()
    before = time.process_time()
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main()
    spent.append(time.process_time() - before)
print(min(spent[1:]))
"""


POLICY = """\
apiVersion: aibom/policy/v1
name: startup
version: "1"
data: [signers.yaml]
rules:
  - id: unsigned-artifact
    check: signed-by
    settings: {roles: [release]}
    severity: high
    mode: deny
    why: A signature that nobody checks proves nothing.
    remedy: Have it signed.
"""
SIGNERS = """\
apiVersion: aibom/signers/v1
signers:
  - name: release
    role: release
    party: org:Acme
    public_key: "{key}"
    predicates: [bom, step-record]
    namespaces: [acme/tiny, acme/two-bytes]
"""


def prepare_check(folder: Path) -> Sequence[str]:
    """The smallest signed world: one file, one step, one key, one rule."""
    data, model, evidence = folder / "data.txt", folder / "model", folder / "evidence"
    data.write_text("x\n")
    key = folder / "release.key"
    copy = "import shutil, sys; shutil.copytree(*sys.argv[1:])"
    source = folder / "source"
    source.mkdir()
    (source / "weights.bin").write_text("x\n")
    for words in (
        ("keygen", key.with_suffix(""), "--no-password"),
        (
            *("run", "--step", "train", "--key", key, "--steps", evidence),
            *("--input", f"training-data={data},name=acme/two-bytes"),
            *("--output", f"{model},name=acme/tiny"),
            *("--", sys.executable, "-c", copy, source, model),
        ),
        ("assemble", model, "--steps", evidence),
        ("sign", model, "--key", key),
    ):
        subprocess.run(
            [sys.executable, "-m", "aibom", *map(str, words)],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
    shutil.copytree(model, evidence / "model")
    policy = folder / "policy"
    policy.mkdir()
    public = key.with_suffix(".pub").read_text().replace("\n", "\\n")
    (policy / "signers.yaml").write_text(SIGNERS.format(key=public))
    (policy / "policy.yaml").write_text(POLICY)
    bom = model / "aibom.cdx.json"
    return [
        *("check", str(bom), "--policy", str(policy), "--evidence", str(evidence)),
        *("--output", "json"),
    ]


#: What a few rounds on a busy machine may be over a bound: CI looks for regressions.
SMOKE_SLACK = 1.3

CASES = {
    "--help": Case(6, lambda _folder: ["--help"]),
    # 14 before there were identities, exceptions and 29 checks; 16 to 17 since.
    "check": Case(17, prepare_check, has_work=True),
}


def cpu_of(command: Sequence[str], code: int) -> float:
    """CPU seconds, user and system, of one child that must exit with ``code``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != code:
        raise SystemExit(f"{command} exited with {done.returncode}:\n{done.stderr}")
    user = after.ru_utime - before.ru_utime
    return user + after.ru_stime - before.ru_stime


def work_of(arguments: Sequence[str]) -> float:
    """CPU seconds of a command in a process where it has run before."""
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def measure(
    commands: dict[str, tuple[list[str], int]], rounds: int
) -> dict[str, float]:
    """The least CPU seconds of each command over ``rounds`` interleaved rounds."""
    least = dict.fromkeys(commands, float("inf"))
    for number in range(rounds + 1):
        for name, (command, code) in commands.items():
            spent = cpu_of(command, code)
            if number > 0:
                least[name] = min(least[name], spent)
    return least


def main() -> int:
    """Measure every case and print a table; 1 when a bound does not hold."""
    parser = argparse.ArgumentParser(description="CPU ratios of starting a command")
    parser.add_argument("--smoke", action="store_true", help="5 rounds instead of 15")
    rounds = 5 if parser.parse_args().smoke else 15
    commands = {"": ([sys.executable, "-c", "pass"], 0)}
    work = {}
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(scratch, "bytecode"))
        for number, (name, case) in enumerate(CASES.items()):
            folder = Path(scratch, str(number))
            folder.mkdir()
            arguments = case.prepare(folder)
            commands[name] = ([sys.executable, "-m", "aibom", *arguments], case.code)
            work[name] = work_of(arguments) if case.has_work else 0.0
        least = measure(commands, rounds)
    return report(least, work, SMOKE_SLACK if rounds == 5 else 1.0)


def report(least: dict[str, float], work: dict[str, float], slack: float) -> int:
    """Print the table; 1 when a bound, times ``slack``, does not hold."""
    bare = least.pop("")
    over = []
    for name, spent in least.items():
        ratio, bound = (spent - work[name]) / bare, CASES[name].bound
        apart = f", and {work[name] / bare:.1f} x of work" if work[name] else ""
        print(f"{name:<12} {ratio:6.1f} x bare Python   (bound {bound:g}){apart}")
        if ratio > bound * slack:
            over.append(name)
    if over:
        print(f"over the bound: {', '.join(over)}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
