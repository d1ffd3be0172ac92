"""What signing and verifying cost beyond hashing, as ratios of CPU time in one run.

``python benchmarks/signing.py [--smoke] [--gib 10] [--files 10] [--in FOLDER]``

A model of a few large files is recorded, assembled, signed and verified through the
command line. The yardstick is ``openssl dgst -sha256`` over the same files. CPU time is
that of the whole process, children included, as the kernel counts it; the three take
turns, and the least of each counts. What the same command costs on files of a byte each
is its start-up, shown on its own: it is taken off where the run is too small for it to
vanish (``--smoke``), and left in otherwise.

Both commands must also read each byte of the model once: one pass serves the check of
the BOM, the statement and whatever else is signed. The kernel's count of bytes that a
process asked for (``rchar`` in ``/proc/PID/io``) tells, so this needs Linux. Files are
made in a temporary folder, which has to have room for the model, and are removed. Exit
code 1 if a bound is broken.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cli_world import SIGNERS, World, environment

MIB = 1024 * 1024
#: Distinct noise in each file; the files repeat it.
BLOCK = 64 * MIB
#: Bytes that a process may read beside the model: its own code, the BOM, records.
OTHER_BYTES = 16 * MIB
MAX_READ = 1.02

COMMANDS: Mapping[str, Sequence[str]] = {
    # With an OpenSSF model signature as well: one pass over the bytes serves all.
    "sign": ("sign", "model", "--key", "release.key", "--oms"),
    "verify": (
        "verify",
        "model",
        "--signers",
        "signers.yaml",
        "--evidence",
        "evidence",
    ),
}


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is signed, how often, and the bound that must hold then."""

    files: int
    file_bytes: int
    rounds: int
    #: at most this many times the CPU of openssl dgst
    over_openssl: float
    #: whether start-up is taken off before that
    net: bool

    @property
    def total(self) -> int:
        """Bytes of the model."""
        return self.files * self.file_bytes


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took: CPU seconds, and bytes that it asked to read."""

    cpu: float = float("inf")
    read: int = 0

    def least(self, other: Cost) -> Cost:
        """The lesser CPU time; the greater number of bytes, as that is what is bad."""
        return Cost(min(self.cpu, other.cpu), max(self.read, other.read))


def make_files(folder: Path, files: int, file_bytes: int) -> None:
    """Write the files, each of noise of its own; this is what the step runs."""
    noise = random.Random(13)
    folder.mkdir()
    for number in range(files):
        block = noise.randbytes(min(BLOCK, file_bytes))
        with (folder / f"model-{number:05}.safetensors").open("wb") as file:
            for start in range(0, file_bytes, len(block)):
                file.write(block[: file_bytes - start])


def make_world(folder: Path, files: int, file_bytes: int) -> World:
    """Record the making of the model, assemble its BOM, and say who may sign it."""
    world = World(folder)
    folder.mkdir()
    for name in ("pipeline", "release"):
        world.done("keygen", name, "--no-password")
    (folder / "data").mkdir()
    (folder / "data" / "a.txt").write_text("good\n")
    step = ("--make", "model", str(files), str(file_bytes))
    world.done(
        *("run", "--step", "train", "--key", "pipeline.key", "--steps", "evidence"),
        *("--input", "training-data=data,name=acme/data/tiny"),
        *("--output", "model,name=acme/models/large"),
        *("--", sys.executable, str(Path(__file__).resolve()), *step),
    )
    world.done("assemble", "model", "--steps", "evidence")
    keys = {
        name: (folder / f"{name}.pub").read_text().replace("\n", "\\n")
        for name in ("pipeline", "release")
    }
    (folder / "signers.yaml").write_text(SIGNERS.format(**keys))
    return world


def jobs(world: World) -> dict[str, list[str]]:
    """The commands to compare, by name; signing comes before verifying."""
    files = sorted(world.model.glob("*.safetensors"))
    ours = {
        f"aibom {name}": [sys.executable, "-m", "aibom", *words]
        for name, words in COMMANDS.items()
    }
    return {"openssl dgst": ["openssl", "dgst", "-sha256", *map(str, files)], **ours}


def cost_of(command: Sequence[str], folder: Path) -> Cost:
    """Run a command that has to succeed; what it and its children took."""
    child = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    # Ended and not yet reaped: the one moment when both counts are complete.
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    counts = Path(f"/proc/{child.pid}/io").read_text()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command[:6])} ended with {child.returncode}")
    fields = dict(line.split(": ") for line in counts.splitlines())
    return Cost(usage.ru_utime + usage.ru_stime, int(fields["rchar"]))


def measure(world: World, rounds: int) -> dict[str, Cost]:
    """Run the commands in turns, so that a busy minute hits all of them."""
    commands = jobs(world)
    costs = dict.fromkeys(commands, Cost())
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name] = costs[name].least(cost_of(command, world.folder))
    return costs


def report(scale: Scale, costs: Mapping[str, Cost], idle: Mapping[str, Cost]) -> bool:
    """Print both tables; say whether every bound held."""
    print(f"\n{scale.files} files, {scale.total / 1024**3:.2f} GiB in all")
    print(f"{'':18}{'CPU s':>9}{'start-up':>10}{'x openssl':>11}{'net':>7}{'read':>9}")
    base = costs["openssl dgst"]
    kept = True
    for name, cost in costs.items():
        whole = cost.cpu / base.cpu
        net = (cost.cpu - idle[name].cpu) / (base.cpu - idle["openssl dgst"].cpu)
        judged = net if scale.net else whole
        once = scale.total <= cost.read <= scale.total * MAX_READ + OTHER_BYTES
        good = judged <= scale.over_openssl and once
        print(
            f"  {name:16}{cost.cpu:9.3f}{idle[name].cpu:10.3f}{whole:11.2f}{net:7.2f}"
            f"{cost.read / scale.total:8.3f}x {'ok' if good else 'BROKEN'}"
        )
        kept = kept and good
    print(
        f"  bounds: {'net ' if scale.net else ''}CPU <= {scale.over_openssl} x openssl,"
        f" read once (<= {MAX_READ} x + {OTHER_BYTES // MIB} MiB)"
    )
    return kept


def scale_of(options: argparse.Namespace) -> Scale:
    """The scale that was asked for."""
    if options.smoke:
        # Each file is larger than OTHER_BYTES, which so hides no second pass over one.
        return Scale(4, 64 * MIB, 3, 1.8, net=True)
    size = int(options.gib * 1024**3) // options.files
    return Scale(options.files, size, 2, 1.3, net=False)


def main() -> int:
    """Make both worlds, measure, print, and return 1 if a bound was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="256 MiB, with slack")
    parser.add_argument("--gib", type=float, default=10, help="size of the model")
    parser.add_argument("--files", type=int, default=10, help="how many files it has")
    parser.add_argument("--in", dest="place", help="where to make the files")
    parser.add_argument("--make", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make_files(Path(options.make[0]), *map(int, options.make[1:]))
        return 0
    scale = scale_of(options)
    with tempfile.TemporaryDirectory(prefix="signing-", dir=options.place) as place:
        idle = measure(make_world(Path(place, "tiny"), scale.files, 1), 3)
        large = make_world(Path(place, "large"), scale.files, scale.file_bytes)
        return 0 if report(scale, measure(large, scale.rounds), idle) else 1


if __name__ == "__main__":
    sys.exit(main())
