"""What hashing costs beyond what nobody can avoid, as ratios of CPU time in one run.

``python benchmarks/hashing.py [--smoke]``

Two questions. *Large*: how much of the speed of SHA-256 over a buffer in memory is left
when the bytes come from files? *Small*: how much more than ``scandir`` and ``stat`` is
it to hash very many files of 5 KB, and how much more than a bare loop of open, read,
SHA-256 and close, which any program in Python has to do? The loop is the fairer of the
two: what it costs over ``stat`` differs by a factor of two between machines.

First every digest is compared with a naive recomputation. Then baseline and candidate
take turns, and the least CPU time of each counts, which makes the ratios bearable on a
busy machine; wall time is printed and never judged. Files are made in a temporary
folder, are read from the page cache, and are removed. Exit code 1 if a bound is broken.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aibom.digest import Digest, hash_path, manifest_digest

ROUNDS = 3
SMALL_BYTES = 5120
FILES_PER_FOLDER = 1000
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is hashed, and the bounds that must hold then."""

    large_files: int
    large_bytes: int
    small_files: int
    #: at least this much of the throughput of SHA-256 in memory
    large_throughput: float
    #: at most this many times the CPU of scandir and stat
    small_over_stat: float
    #: at most this many times the CPU of the bare loop
    small_over_loop: float


SCALES = {
    "smoke": Scale(2, 32 * MIB, 4_000, 0.50, 12.0, 3.0),
    "default": Scale(4, 256 * MIB, 200_000, 0.75, 8.0, 2.0),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one job: the least of several runs."""

    cpu: float = float("inf")
    wall: float = float("inf")

    def least(self, other: Cost) -> Cost:
        """The lesser of each kind of time."""
        return Cost(min(self.cpu, other.cpu), min(self.wall, other.wall))


def measure(jobs: Mapping[str, Callable[[], object]]) -> dict[str, Cost]:
    """Run the jobs in turns, so that a busy minute hits all of them."""
    costs = dict.fromkeys(jobs, Cost())
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            job()
            cost = Cost(time.process_time() - cpu, time.perf_counter() - wall)
            costs[name] = costs[name].least(cost)
    return costs


def make_large(folder: Path, scale: Scale, noise: random.Random) -> None:
    """Write the large files, each of bytes of its own."""
    for number in range(scale.large_files):
        with (folder / f"model-{number:05}.safetensors").open("wb") as file:
            for _ in range(scale.large_bytes // MIB):
                file.write(noise.randbytes(MIB))


def make_small(folder: Path, scale: Scale, noise: random.Random) -> None:
    """Write the small files: windows of one noise, one byte further each."""
    body = memoryview(noise.randbytes(SMALL_BYTES + scale.small_files))
    for number in range(scale.small_files):
        part, name = divmod(number, FILES_PER_FOLDER)
        if name == 0:
            (folder / f"{part:05}").mkdir()
        path = folder / f"{part:05}" / f"{name:05}.json"
        path.write_bytes(body[number : number + SMALL_BYTES])


def naive(folder: Path) -> Digest:
    """The tree digest with nothing clever."""
    return manifest_digest(
        (path.relative_to(folder).as_posix(), sha256_of(path))
        for path in folder.rglob("*")
        if path.is_file()
    )


def sha256_of(path: Path) -> str:
    """The SHA-256 of one file, as the standard library does it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def in_memory(scale: Scale) -> Callable[[], None]:
    """SHA-256 over as many bytes as the large files have, from one buffer."""
    buffer = bytes(min(64 * MIB, scale.large_bytes))
    rounds = scale.large_files * scale.large_bytes // len(buffer)

    def job() -> None:
        for _ in range(rounds):
            hashlib.sha256(buffer).hexdigest()

    return job


def scan_and_stat(folder: Path) -> list[str]:
    """Walk and stat every file: the least that tells what is there."""
    found = []
    folders = [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as listing:
            for child in listing:
                if child.is_dir(follow_symlinks=False):
                    folders.append(child.path)
                elif child.stat(follow_symlinks=False).st_size:
                    found.append(child.path)
    return found


def bare_loop(folder: Path) -> None:
    """The least that reads and hashes: no check, no order, no manifest."""
    for path in scan_and_stat(folder):
        handle = os.open(path, os.O_RDONLY)
        content = os.read(handle, SMALL_BYTES)
        os.close(handle)
        hashlib.sha256(content).hexdigest()


def report(
    title: str, costs: Mapping[str, Cost], ratios: list[tuple[str, float, float, bool]]
) -> bool:
    """Print a table; say whether each ratio keeps its bound."""
    print(f"\n{title}\n{'':34}{'CPU s':>9}{'wall s':>9}")
    for name, cost in costs.items():
        print(f"  {name:32}{cost.cpu:9.3f}{cost.wall:9.3f}")
    kept = True
    for name, value, bound, at_least in ratios:
        good = value >= bound if at_least else value <= bound
        sign = ">=" if at_least else "<="
        print(f"  {name:32}{value:9.2f} {sign} {bound:<6} {'ok' if good else 'BROKEN'}")
        kept = kept and good
    return kept


def check_equal(folder: Path) -> None:
    """Stop if hash_path and the naive way differ: speed of a wrong answer is none."""
    if hash_path(folder).digest != naive(folder):
        raise SystemExit("hash_path differs from the naive recomputation")


def run_large(folder: Path, scale: Scale) -> bool:
    """Measure the large files; whether the bound held."""
    make_large(folder, scale, random.Random(7))
    check_equal(folder)
    costs = measure({"memory": in_memory(scale), "files": lambda: hash_path(folder)})
    throughput = costs["memory"].cpu / costs["files"].cpu
    return report(
        f"{scale.large_files} files of {scale.large_bytes // MIB} MiB",
        costs,
        [("throughput, files / memory", throughput, scale.large_throughput, True)],
    )


def run_small(folder: Path, scale: Scale) -> bool:
    """Measure the small files; whether both bounds held."""
    make_small(folder, scale, random.Random(11))
    check_equal(folder)
    costs = measure(
        {
            "scandir + stat": lambda: scan_and_stat(folder),
            "bare loop": lambda: bare_loop(folder),
            "hash_path": lambda: hash_path(folder),
        }
    )
    ours = costs["hash_path"].cpu
    over_stat = ours / costs["scandir + stat"].cpu
    over_loop = ours / costs["bare loop"].cpu
    return report(
        f"{scale.small_files:,} files of {SMALL_BYTES} bytes",
        costs,
        [
            (
                "CPU, hash_path / scandir + stat",
                over_stat,
                scale.small_over_stat,
                False,
            ),
            ("CPU, hash_path / bare loop", over_loop, scale.small_over_loop, False),
        ],
    )


def main() -> int:
    """Run both, print both, and return 1 if a bound was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="small sizes")
    scale = SCALES["smoke" if parser.parse_args().smoke else "default"]
    kept = True
    for run in (run_large, run_small):
        with tempfile.TemporaryDirectory(prefix="hashing-") as folder:
            kept = run(Path(folder), scale) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
