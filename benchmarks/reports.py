"""What it costs to write a due-diligence report, against reading and evaluating alone.

``python benchmarks/reports.py [--smoke]``

A made-up BOM of 1,000 things, a third of it in each of three shapes: chains of
revisions, models trained on labelled data, and diamonds of filters and merges; once in
our profile, and once as another tool would write it (components, a model card and
``dependencies``, nothing of ours).

* *reading*, the yardstick: parse, validate, decode, and evaluate the pack ``supplier``,
  as ``aibom check`` does with a policy of as many rules; the document is read once;
* *report*: everything from the file to the bytes of the page, picture included; and of
  the JSON form; each without completeness (``--profile`` of none) and with it.

CPU time of one process, in turns, the least of five. What a process does once, whatever
document it is given, is in neither: importing modules, compiling the CycloneDX schema
and the templates of the page, reading the questions and profiles that come with this
program.

Exit code 1 if the bound is broken: a report takes at most three times as long as
reading, for both BOMs, with completeness and without it, as a page and as JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from _policy_lineage import NOW, lineage

from aibom.bom.encode import encode, to_bytes
from aibom.bom.parse import read_bytes
from aibom.lineage.graph import Graph
from aibom.operations.gate import Options, decided
from aibom.operations.reporting.preset import preset_folder
from aibom.operations.reporting.report import Asked, written_report
from aibom.operations.validate import load_bom
from aibom.operations.verify import verify_claims

ROUNDS = 5
BARE = Asked(profiles=())
SIZE = {"smoke": 300, "default": 1_000}
MAX_RATIO = 3.0
#: On a busy machine and with little to do, what is done once per run shows.
SMOKE_FACTOR = 1.5


def foreign(size: int) -> dict[str, Any]:
    """A BOM as others write them: models that need models and name datasets."""
    names = [f"model-{number}" for number in range(size // 2)]
    components = [
        {
            "type": "machine-learning-model",
            "bom-ref": name,
            "name": name,
            "version": "1.0",
            "licenses": [{"license": {"id": "Apache-2.0"}}],
            "modelCard": {
                "modelParameters": {
                    "datasets": [{"type": "dataset", "name": f"data-of-{name}"}]
                }
            },
        }
        for name in names
    ]
    dependencies = [
        {"ref": name, "dependsOn": [names[number // 2]]}
        for number, name in enumerate(names)
        if number
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "product"}},
        "components": components,
        "dependencies": dependencies,
    }


def reading(path: Path) -> None:
    """Everything but the report."""
    data = read_bytes(path)
    level = "profile" if b"aibom:profile" in data else "references"
    bom = load_bom(data, str(path), level)
    folder, _ = preset_folder()
    verified = verify_claims(bom, (), (), NOW)
    decided(folder, verified, Options(), NOW, dry_run=True)


def report(path: Path, form: str, asked: Asked) -> None:
    """From the file to the bytes that `aibom report` writes."""
    written_report(path, asked, NOW, form)


REPORTS: dict[str, Callable[[Path], None]] = {
    "page": partial(report, form="html", asked=BARE),
    "page with completeness": partial(report, form="html", asked=Asked()),
    "JSON": partial(report, form="json", asked=BARE),
    "JSON with completeness": partial(report, form="json", asked=Asked()),
}


def cpu(job: Callable[[], None]) -> float:
    """CPU seconds of one call."""
    gc.collect()
    start = time.process_time()
    job()
    return time.process_time() - start


def ratios(path: Path) -> tuple[float, dict[str, float]]:
    """Seconds of reading, and how many times as long each kind of report takes."""
    jobs = [partial(job, path) for job in (reading, *REPORTS.values())]
    for job in jobs:
        job()
    rounds = [[cpu(job) for job in jobs] for _ in range(ROUNDS)]
    base, *least = [min(times) for times in zip(*rounds, strict=True)]
    found = {name: time / base for name, time in zip(REPORTS, least, strict=True)}
    return base, found


def documents(size: int) -> dict[str, bytes]:
    """The two BOMs."""
    graph, root, _, _ = lineage(size)
    graph = Graph.of(graph.nodes.values(), graph.edges, root)
    return {
        "ours": to_bytes(encode(graph)),
        "another's": json.dumps(foreign(size)).encode(),
    }


def main() -> int:
    """Measure both kinds of BOM; 1 if the bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small, and wide bounds")
    smoke = parser.parse_args().smoke
    size = SIZE["smoke" if smoke else "default"]
    bound = MAX_RATIO * (SMOKE_FACTOR if smoke else 1)
    broken = False
    with tempfile.TemporaryDirectory() as scratch:
        for name, data in documents(size).items():
            path = Path(scratch, f"{len(data)}.cdx.json")
            path.write_bytes(data)
            base, found = ratios(path)
            print(f"{name}: {size:,} things, read in {base * 1000:.0f} ms")
            for form, ratio in found.items():
                over = "  BROKEN" if ratio > bound else ""
                print(f"  {form}: {ratio:.2f} times that (bound {bound:g}){over}")
                broken |= ratio > bound
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
