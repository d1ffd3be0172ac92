"""What starting costs: CPU of a command over CPU of `python -c pass`, in one run.

    python benchmarks/startup.py [--smoke]

Ratios, because seconds say more about the machine than about us. Each round runs every
case once, so that a noisy moment hits all alike; the minimum of the rounds is taken,
since noise only adds. The first round is thrown away: it writes bytecode. A case over
its bound makes the exit code 1.

To add a case, add a line to ``CASES``: a name, a bound, and a function that prepares
what the command needs in a folder of its own and returns the arguments of ``aibom``.
"""

from __future__ import annotations

import argparse
import resource
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

    ``prepare`` gets an empty folder. ``code`` is the exit code of a good run.
    """

    bound: float
    prepare: Callable[[Path], Sequence[str]]
    code: int = 0


CASES = {
    "--help": Case(6, lambda _folder: ["--help"]),
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
    with tempfile.TemporaryDirectory() as scratch:
        for number, (name, case) in enumerate(CASES.items()):
            folder = Path(scratch, str(number))
            folder.mkdir()
            arguments = case.prepare(folder)
            commands[name] = ([sys.executable, "-m", "aibom", *arguments], case.code)
        least = measure(commands, rounds)
    bare = least.pop("")
    over = []
    for name, spent in least.items():
        ratio, bound = spent / bare, CASES[name].bound
        print(f"{name:<12} {ratio:6.1f} x bare Python   (bound {bound:g})")
        if ratio > bound:
            over.append(name)
    if over:
        print(f"over the bound: {', '.join(over)}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
