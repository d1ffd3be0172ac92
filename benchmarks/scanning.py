"""What scanning costs beyond hashing, and hashing beside other tools, in one run.

``python benchmarks/scanning.py [--smoke] [--model-signing PYTHON]``

* *Hashing* large files and many small ones, beside ``sha256sum`` and OpenSSF
  model-signing. The latter is not in our environment: ``--model-signing`` names the
  Python of one that has it (and pyOpenSSL, which it needs and does not ask for);
  without, it says "not measured".
* *Scanning* 10,000 small files of the kinds that catalogers read: beside hashing them,
  and beside ``scandir`` and ``stat``; and again with the BOM written and validated.
* *A sparse model* of 20 GB: a valid safetensors header and a hole. A scan of it may
  cost little more than its hash, and stays below 300 MB of memory.
* *A record manifest* of a million lines, beside a loop that takes the SHA-256 of each;
  four times as many records may take hardly more memory.

First every answer is compared with one that is computed in another way. Then all take
turns, and the least CPU time counts; wall time is printed and never judged. Memory is
the peak of a process of its own (``VmHWM``). Exit code 1 if a bound is broken.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hashing import Cost, make_large, make_small, report, scan_and_stat, sha256_of
from hashing import Scale as Sizes

from aibom.digest import hash_path
from aibom.lineage.nodes import Kind
from aibom.merkle import leaf_hash
from aibom.operations.manifest import make_manifest
from aibom.operations.scanning.scan import Scanned, scan, scan_bom

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
MIB = 1024 * 1024
RECORD_BYTES = 500
#: MB of memory that a scan of the sparse model may take.
MAX_SCAN_MB = 300
#: MB that four times as many records may add.
MAX_GROWTH_MB = 16


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is, and the bounds that must hold then."""

    sizes: Sizes
    scanned_files: int
    sparse_bytes: int
    records: int
    #: of the CPU of sha256sum, hashing large and small files
    over_sha256sum: tuple[float, float]
    #: of the CPU of model-signing, the same
    over_model_signing: tuple[float, float]
    #: of the CPU of hashing: a scan, and a scan with its BOM
    scan_over_hash: float
    bom_over_hash: float
    #: of the CPU of scandir and stat
    scan_over_stat: float
    #: of the CPU of hashing the sparse model
    sparse_over_hash: float
    #: of the CPU of the plain loop
    manifest_over_loop: float


def _sizes(large_files: int, large_bytes: int, small_files: int) -> Sizes:
    return Sizes(large_files, large_bytes, small_files, 0, 0, 0)


SCALES = {
    "smoke": Scale(
        sizes=_sizes(2, 32 * MIB, 2_000),
        scanned_files=2_000,
        sparse_bytes=2_000_000_000,
        records=100_000,
        over_sha256sum=(2.0, 2.5),
        over_model_signing=(2.0, 1.0),
        scan_over_hash=60,
        bom_over_hash=100,
        scan_over_stat=300,
        sparse_over_hash=2.0,
        manifest_over_loop=6,
    ),
    "default": Scale(
        sizes=_sizes(4, 256 * MIB, 50_000),
        scanned_files=10_000,
        sparse_bytes=20_000_000_000,
        records=1_000_000,
        over_sha256sum=(1.5, 2.0),
        over_model_signing=(1.3, 0.5),
        scan_over_hash=50,
        bom_over_hash=80,
        scan_over_stat=250,
        sparse_over_hash=1.3,
        manifest_over_loop=5,
    ),
}

#: Prints {path: SHA-256} and the CPU and wall seconds of hashing it once more.
MODEL_SIGNING = """
import json, sys, time
from pathlib import Path
from model_signing import hashing
hashing.hash(Path(sys.argv[1]))
wall, cpu = time.perf_counter(), time.process_time()
found = hashing.hash(Path(sys.argv[1]))
spent = time.process_time() - cpu, time.perf_counter() - wall
names = {str(d.identifier): d.digest.digest_hex for d in found.resource_descriptors()}
print(json.dumps([names, *spent]))
"""

#: Prints the CPU seconds of a call, the MB of memory at its peak, and what came of it.
CHILD = """
import sys, time
from pathlib import Path
from aibom.digest import hash_path
from aibom.lineage.nodes import Kind
from aibom.operations.manifest import make_manifest
from aibom.operations.scanning.scan import scan, scan_bom
def whole(path):
    done = scan(path, kind=Kind.MODEL)
    scan_bom(done, spec_version="1.7", output=None)
    return done.root.digest
path = Path(sys.argv[2])
before = time.process_time()
came = {
    "hash": lambda: hash_path(path).digest,
    "scan": lambda: whole(path),
    "manifest": lambda: make_manifest(path).root,
}[sys.argv[1]]()
spent = time.process_time() - before
for line in Path("/proc/self/status").read_text().splitlines():
    if line.startswith("VmHWM"):
        print(spent, int(line.split()[1]) / 1000, came)
"""


def measure(jobs: Mapping[str, Callable[[], Cost]]) -> dict[str, Cost]:
    """The least cost of each job, taken in turns; each tells its own."""
    costs = dict.fromkeys(jobs, Cost())
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            costs[name] = costs[name].least(job())
    return costs


def timed(job: Callable[[], object]) -> Callable[[], Cost]:
    """A job in this process, that tells its cost."""
    import time

    def run() -> Cost:
        wall, cpu = time.perf_counter(), time.process_time()
        job()
        return Cost(time.process_time() - cpu, time.perf_counter() - wall)

    return run


def sha256sum(folder: Path) -> tuple[dict[str, str], Cost]:
    """What coreutils say of every file, and what it costs them."""
    import time

    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    listed = ""
    for start in range(0, len(names), 5_000):
        command = ["sha256sum", "--", *names[start : start + 5_000]]
        done = subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True
        )
        listed += done.stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    pairs = (line.split("  ", 1) for line in listed.splitlines())
    cost = Cost(cpu, time.perf_counter() - wall)
    return {name: digest for digest, name in pairs}, cost


def model_signing(python: str, folder: Path) -> tuple[dict[str, str], Cost]:
    """What model-signing says of every file, and what it costs without its import."""
    command = [python, "-c", MODEL_SIGNING, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    names, cpu, wall = json.loads(done.stdout)
    return names, Cost(cpu, wall)


def require_equal(ours: object, theirs: object, who: str) -> None:
    """Stop if two answers differ: the speed of a wrong one is none."""
    if ours != theirs:
        raise SystemExit(f"{who} says something else")


def run_hashing(
    folder: Path, title: str, bounds: tuple[float, float], python: str | None
) -> bool:
    """Hash a folder in all ways; whether the bounds held."""
    ours = {file.path: file.digest.value for file in hash_path(folder).files}
    jobs = {"hash_path": timed(lambda: hash_path(folder))}
    if shutil.which("sha256sum"):
        require_equal(ours, sha256sum(folder)[0], "sha256sum")
        jobs["sha256sum"] = lambda: sha256sum(folder)[1]
    if python is not None:
        require_equal(ours, model_signing(python, folder)[0], "model-signing")
        jobs["model-signing"] = lambda: model_signing(python, folder)[1]
    costs = measure(jobs)
    others = zip(("sha256sum", "model-signing"), bounds, strict=True)
    ratios = [
        (f"CPU, hash_path / {name}", costs["hash_path"].cpu / costs[name].cpu, b, False)
        for name, b in others
        if name in costs
    ]
    kept = report(title, costs, ratios)
    for name in ("sha256sum", "model-signing"):
        if name not in costs:
            print(f"  {name}: not measured")
    return kept


def run_large(folder: Path, scale: Scale, python: str | None) -> bool:
    """Large files."""
    make_large(folder, scale.sizes, random.Random(7))
    title = f"{scale.sizes.large_files} files of {scale.sizes.large_bytes // MIB} MiB"
    bounds = (scale.over_sha256sum[0], scale.over_model_signing[0])
    return run_hashing(folder, title, bounds, python)


def run_small(folder: Path, scale: Scale, python: str | None) -> bool:
    """Small files."""
    make_small(folder, scale.sizes, random.Random(11))
    bounds = (scale.over_sha256sum[1], scale.over_model_signing[1])
    title = f"{scale.sizes.small_files:,} files of 5 KB"
    return run_hashing(folder, title, bounds, python)


def make_mixed(folder: Path, count: int) -> None:
    """Small files as they lie in projects: in ten kinds, ten files in each folder."""
    noise = random.Random(3)
    rows = "text,label,annotator\n" + "fine words,good,ada\n" * 200
    for number in range(count):
        home = folder / f"{number // 10:04}"
        home.mkdir(exist_ok=True)
        base = f"acme/base-{number % 7}"
        name, text = (
            ("README.md", f"---\nlicense: mit\nbase_model: {base}\n---\n# {number}\n"),
            ("adapter_config.json", json.dumps({"base_model_name_or_path": base})),
            ("config.json", json.dumps({"model_type": "bert", "n": number})),
            ("labels.csv", f"{rows}{number},bad,eva\n"),
            ("train.jsonl", json.dumps({"text": "x" * 4000, "n": number})),
            ("notes.txt", f"{number}\n" * 500),
            ("train.py", f"print({number})\n" * 100),
            ("data.json", json.dumps({"n": number, "x": ["y" * 100] * 30})),
            ("train.yaml", f"stage: sft\nmodel_name_or_path: {base}\ndataset: d\n"),
            ("image.png", ""),
        )[number % 10]
        data = text.encode() or b"\x89PNG" + noise.randbytes(4096)
        (home / name).write_bytes(data)


def run_scan(folder: Path, scale: Scale, _: str | None) -> bool:
    """Scan many small files; whether the bounds held."""
    make_mixed(folder, scale.scanned_files)

    def scanned() -> Scanned:
        return scan(folder, kind=Kind.MODEL)

    require_equal(hash_path(folder).digest, scanned().root.digest, "the scan")
    costs = measure(
        {
            "scandir + stat": timed(lambda: scan_and_stat(folder)),
            "hash_path": timed(lambda: hash_path(folder)),
            "scan": timed(scanned),
            "scan, and its BOM": timed(
                lambda: scan_bom(scanned(), spec_version="1.7", output=None)
            ),
        }
    )
    hashing, ours = costs["hash_path"].cpu, costs["scan"].cpu
    over_stat = ours / costs["scandir + stat"].cpu
    with_bom = costs["scan, and its BOM"].cpu / hashing
    return report(
        f"{scale.scanned_files:,} files that catalogers read",
        costs,
        [
            ("CPU, scan / hash_path", ours / hashing, scale.scan_over_hash, False),
            ("CPU, with BOM / hash_path", with_bom, scale.bom_over_hash, False),
            ("CPU, scan / scandir + stat", over_stat, scale.scan_over_stat, False),
        ],
    )


def child(what: str, path: Path) -> tuple[float, float, str]:
    """CPU seconds, MB of memory and the answer of one call in its own process."""
    command = [sys.executable, "-c", CHILD, what, str(path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    cpu, peak, came = done.stdout.split()
    return float(cpu), float(peak), came


def run_sparse(folder: Path, scale: Scale, python: str | None) -> bool:
    """Scan a model that is nearly all hole; whether the bounds held."""
    path = folder / "model.safetensors"
    size = scale.sparse_bytes
    tensor = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    header = json.dumps({"a": tensor}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + size)
    hashing = ours = math.inf
    peak = 0.0
    for _ in range(2):  # the first also makes the pages of the hole
        spent, _, expected = child("hash", path)
        hashing = min(hashing, spent)
        spent, used, came = child("scan", path)
        ours, peak = min(ours, spent), max(peak, used)
        require_equal(expected, came, "the scan")
    costs = {"hash_path": Cost(hashing, math.nan), "scan": Cost(ours, math.nan)}
    return report(
        f"a sparse model of {size / 1e9:.0f} GB",
        costs,
        [
            ("CPU, scan / hash_path", ours / hashing, scale.sparse_over_hash, False),
            ("peak MB of the scan", peak, MAX_SCAN_MB, False),
        ],
    )


def write_records(path: Path, count: int) -> None:
    """Lines of 500 bytes, each of its own."""
    tail = "x" * (RECORD_BYTES - 20)
    with path.open("w", encoding="ascii") as file:
        for number in range(count):
            file.write(f'{{"n": {number:011}}}{tail}\n')


def plain_loop(path: Path) -> bytes:
    """The SHA-256 of every line: the least that names each record."""
    last = b""
    with path.open("rb") as file:
        for line in file:
            last = hashlib.sha256(line).digest()
    return last


def naive_root(path: Path) -> str:
    """The root of RFC 6962 over the lines, by its recursive definition."""
    level = [leaf_hash(line) for line in path.read_bytes().splitlines()]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        odd = level[-1:] if len(level) % 2 else []
        level = [hashlib.sha256(b"\1" + a + b).digest() for a, b in pairs] + odd
    return level[0].hex()


def run_manifest(folder: Path, scale: Scale, _: str | None) -> bool:
    """Name every record; whether the bounds held."""
    path, more = folder / "a.jsonl", folder / "b.jsonl"
    write_records(path, scale.records)
    write_records(more, 4 * scale.records)
    manifest = make_manifest(path)
    require_equal(naive_root(path), manifest.root, "the manifest")
    require_equal(sha256_of(path), manifest.digest, "the manifest")
    costs = measure(
        {
            "plain loop": timed(lambda: plain_loop(path)),
            "make_manifest": timed(lambda: make_manifest(path)),
        }
    )
    ratio = costs["make_manifest"].cpu / costs["plain loop"].cpu
    growth = child("manifest", more)[1] - child("manifest", path)[1]
    return report(
        f"{scale.records:,} records of {RECORD_BYTES} bytes",
        costs,
        [
            ("CPU, manifest / plain loop", ratio, scale.manifest_over_loop, False),
            ("MB more for 4 x the records", growth, MAX_GROWTH_MB, False),
        ],
    )


def main() -> int:
    """Run all, print all, and return 1 if a bound was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="small sizes")
    parser.add_argument("--model-signing", metavar="PYTHON", help="one that has it")
    given = parser.parse_args()
    scale = SCALES["smoke" if given.smoke else "default"]
    kept = True
    for run in (run_large, run_small, run_scan, run_sparse, run_manifest):
        with tempfile.TemporaryDirectory(prefix="scanning-") as folder:
            kept = run(Path(folder), scale, given.model_signing) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
