"""What the import gate costs beside a plain download, as ratios in one run.

``python benchmarks/fetching.py [--smoke] [--in FOLDER]``

A model of 200 files is fetched from a hub on loopback. *Plain* is what people do
without us: ``huggingface_hub.snapshot_download`` of a commit, then ``sha256sum`` over
the files. *Ours* is ``aibom fetch`` of the same commit with the pack ``model-import``
and a key: resolve, read what is small, foresee, download into quarantine, hash,
catalog, write and sign the BOM, the whole gate (which hashes again), and the rename.

The hub is a process of its own, whose CPU is nobody's. Each client is a process too:
its CPU is that which the kernel counted, children included, and its memory the peak.
Both start with an empty cache and an empty target in each round and take turns; the
least counts, for memory the most. What each costs on as many files of a few bytes is
shown apart: it is the start-up, and the price of 200 requests. It is taken off where
the run is too small for it to vanish (``--smoke``), and left in otherwise.

CPU and memory are judged. Wall time is printed, as a ratio too, and never judged: hub
and client share the processors. First every digest in our receipt is compared with what
``sha256sum`` said of the other copy. Files are made in a temporary folder, which has to
have room for the model twice, and are removed. Exit code 1 if a bound is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

MIB = 1024 * 1024
REPOSITORY = "acme/large"
#: It names a base, which the policy trusts: of a model without one the pack asks for an
#: accepted root.
CARD = "---\nlicense: apache-2.0\nbase_model: acme/base\n---\n# Large\n"
#: Beside the weights, so that there are as many files as it says.
SMALL = {"README.md": CARD, "config.json": '{"model_type": "bert"}'}

PLAIN = """
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], revision=sys.argv[2], local_dir=sys.argv[3])
"""
#: The hub of the benchmark; and the name of a base in a card, which says no hub.
SOURCES = """\
apiVersion: aibom/trusted-sources/v1
lists:
  approved:
    - match: {{type: huggingface, namespace: acme}}
      trust: trusted
      reason: it is ours
      owner: org:acme
      approved_by: org:acme
      expires: "2999-01-01"
    - match: {{type: huggingface, namespace: acme, repository_url: "{url}"}}
      trust: trusted
      reason: it is ours
      owner: org:acme
      approved_by: org:acme
      expires: "2999-01-01"
"""
SIGNERS = """\
apiVersion: aibom/signers/v1
signers:
  - name: importer
    role: release
    party: org:acme
    public_key: "{key}"
    predicates: [bom]
    namespaces: ["hf/**"]
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is fetched, how often, and the bounds that must hold then."""

    files: int
    total_bytes: int
    rounds: int
    #: at most this many times the CPU of plain
    over_plain: float
    #: MB of memory that ``aibom fetch`` may take
    max_mb: float
    #: whether the cost of tiny files is taken off before that
    net: bool


SCALES = {
    "smoke": Scale(200, 256 * MIB, 3, 2.0, 200, net=True),
    "default": Scale(200, 2_000_000_000, 3, 1.5, 200, net=False),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a client took: seconds, and MB of memory at its peak."""

    cpu: float = float("inf")
    wall: float = float("inf")
    peak: float = 0.0

    def least(self, other: Cost) -> Cost:
        """The lesser times; the greater memory, as that is what is bad."""
        return Cost(
            min(self.cpu, other.cpu),
            min(self.wall, other.wall),
            max(self.peak, other.peak),
        )

    def then(self, other: Cost) -> Cost:
        """One after the other."""
        return Cost(
            self.cpu + other.cpu, self.wall + other.wall, max(self.peak, other.peak)
        )


def serve(files: int, file_bytes: int) -> None:
    """Be the hub until stdin ends; says its URL and the commit first."""
    from aibom.testing.hub import LocalHub, Sparse

    with LocalHub() as hub:
        weights = {
            f"model-{number:05}-of-{files:05}.safetensors": Sparse(
                len(head := header(file_bytes)) + file_bytes, number, head
            )
            for number in range(1, files - len(SMALL) + 1)
        }
        model = hub.model(REPOSITORY)
        commit = model.commit({**SMALL, **weights}, lfs=set(weights))
        print(json.dumps({"url": hub.url, "commit": commit}), flush=True)
        sys.stdin.read()


def header(size: int) -> bytes:
    """The beginning of a safetensors file with one tensor of so many bytes."""
    tensor = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    text = json.dumps({"weights": tensor}).encode()
    return struct.pack("<Q", len(text)) + text


@contextmanager
def served(files: int, file_bytes: int) -> Iterator[Mapping[str, str]]:
    """A hub in a process of its own: where it is, and what it has."""
    words = ("--serve", str(files), str(file_bytes))
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise AssertionError("both are pipes")
        try:
            yield json.loads(child.stdout.readline())
        finally:
            child.stdin.close()


@dataclass(frozen=True, slots=True)
class Import:
    """A verifier's folder and key, and the model on a hub that they are for."""

    folder: Path
    url: str
    commit: str

    def prepare(self) -> None:
        """Make key and policy, as people do."""
        self.done("keygen", "import", "--no-password")
        self.done("policy", "init", "imports", "--pack", "model-import")
        key = (self.folder / "import.pub").read_text().replace("\n", "\\n")
        imports = self.folder / "imports"
        (imports / "signers.yaml").write_text(SIGNERS.format(key=key))
        (imports / "trusted-sources.yaml").write_text(SOURCES.format(url=self.url))
        self.done("policy", "lock", "imports")

    def done(self, *words: str) -> Cost:
        """``aibom`` with these words, which has to succeed."""
        return self.cost_of(sys.executable, "-m", "aibom", *words)

    def ours(self) -> Cost:
        """``aibom fetch`` into a new target, with nothing cached."""
        self._clean("ours", "ours.fetched.json", "ours.verdict.json")
        reference = f"hf:{REPOSITORY}@{self.commit}"
        given = ("--policy", "imports", "--key", "import.key", "--to", "ours")
        return self.done("fetch", reference, *given)

    def plain(self) -> Cost:
        """``snapshot_download`` and ``sha256sum``, the same way."""
        self._clean("plain")
        words = (REPOSITORY, self.commit, "plain")
        fetched = self.cost_of(sys.executable, "-c", PLAIN, *words)
        names = sorted(str(path) for path in (self.folder / "plain").glob("[!.]*"))
        with (self.folder / "sums").open("wb") as out:
            hashed = self.cost_of("sha256sum", "--", *names, output=out.fileno())
        return fetched.then(hashed)

    def require_equal(self) -> None:
        """Stop if our receipt says something else than ``sha256sum``."""
        lines = (self.folder / "sums").read_text().splitlines()
        theirs = {Path(line[66:]).name: line[:64] for line in lines}
        receipt = json.loads((self.folder / "ours.fetched.json").read_bytes())
        ours = {entry[0]: entry[5] for entry in receipt["files"]}
        if {name: ours.get(name) for name in theirs} != theirs:
            raise SystemExit("aibom fetch and sha256sum say different things")

    def cost_of(self, *command: str, output: int = subprocess.PIPE) -> Cost:
        """Run a command that has to succeed; what it and its children took."""
        began = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output == subprocess.PIPE else None,
        )
        said = child.stdout.read().decode() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise SystemExit(f"{command[:6]} ended with {child.returncode}:\n{said}")
        return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1000)

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
        home = tempfile.mkdtemp(dir=self.folder, prefix="home-")
        settings = {"HF_ENDPOINT": self.url, "HF_HOME": home, "NO_PROXY": "127.0.0.1"}
        return {**kept, **settings, "PYTHONPATH": str(ROOT)}

    def _clean(self, *names: str) -> None:
        for name in names:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)


def measure(folder: Path, scale: Scale, file_bytes: int) -> dict[str, Cost]:
    """Fetch a model of such files in both ways, in turns; what each took at least."""
    folder.mkdir()
    with served(scale.files, file_bytes) as hub:
        task = Import(folder, hub["url"], hub["commit"])
        task.prepare()
        jobs: dict[str, Callable[[], Cost]] = {"plain": task.plain, "ours": task.ours}
        costs = dict.fromkeys(jobs, Cost())
        for _ in range(scale.rounds):
            for name, job in jobs.items():
                costs[name] = costs[name].least(job())
            task.require_equal()
    shutil.rmtree(folder)
    return costs


def report(scale: Scale, idle: Mapping[str, Cost], costs: Mapping[str, Cost]) -> bool:
    """Print both tables; say whether every bound held."""
    titles = {"plain": "snapshot_download, sha256sum", "ours": "aibom fetch"}
    for what, table in (("a few bytes each", idle), ("", costs)):
        size = what or f"{scale.total_bytes / 1e9:.2f} GB"
        print(
            f"\n{scale.files} files, {size}\n{'':34}{'CPU s':>9}{'wall s':>9}  peak MB"
        )
        for name, cost in table.items():
            print(f"  {titles[name]:32}{cost.cpu:9.3f}{cost.wall:9.3f}{cost.peak:9.1f}")
    ours, plain = costs["ours"], costs["plain"]
    net = (ours.cpu - idle["ours"].cpu) / (plain.cpu - idle["plain"].cpu)
    judged = ("net CPU", net) if scale.net else ("CPU", ours.cpu / plain.cpu)
    print(f"  {'wall, fetch / plain':32}{ours.wall / plain.wall:9.2f} (not judged)")
    if not scale.net:
        print(f"  {'net CPU, fetch / plain':32}{net:9.2f} (not judged)")
    return all(
        [
            held(f"{judged[0]}, fetch / plain", judged[1], scale.over_plain),
            held("peak MB of fetch", ours.peak, scale.max_mb),
        ]
    )


def held(name: str, value: float, bound: float) -> bool:
    """Print a bound, and whether it held."""
    good = value <= bound
    print(f"  {name:32}{value:9.2f} <= {bound:<6} {'ok' if good else 'BROKEN'}")
    return good


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both sizes, print, and return 1 if a bound was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="256 MiB, with slack")
    parser.add_argument("--in", dest="place", help="where to put the files")
    parser.add_argument("--serve", nargs=2, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.serve:
        serve(*given.serve)
        return 0
    scale = SCALES["smoke" if given.smoke else "default"]
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=given.place) as place:
        idle = measure(Path(place, "tiny"), scale, 1)
        each = scale.total_bytes // (scale.files - len(SMALL))
        costs = measure(Path(place, "large"), scale, each)
        return 0 if report(scale, idle, costs) else 1


if __name__ == "__main__":
    sys.exit(main())
