"""What it costs to write a due-diligence report, against reading and evaluating alone.

``python benchmarks/reports.py [--smoke]``

A made-up BOM of 1,000 things, a third of it in each of three shapes: chains of
revisions, models trained on labelled data, and diamonds of filters and merges; once in
our profile, and once as another tool would write it (components, a model card and
``dependencies``, nothing of ours).

* *reading*, the yardstick: parse, validate, decode, and evaluate the pack ``supplier``,
  as ``aibom check`` does;
* *report*: everything from the file to the bytes of the page, picture included; and of
  the JSON form. Both without completeness, which is a measurement of its own (`aibom
  coverage`); then the page with it.

CPU time of one process, in turns, the least of three. Exit code 1 if a bound is broken:
a report on our BOM takes at most three times as long as reading, completeness included.
Another tool's BOM is read in a third of the time, as there is little to validate and to
evaluate in it; a page about it takes at most six times that.
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
from aibom.operations.reporting.report import Asked, report_and_material
from aibom.operations.validate import load_bom
from aibom.operations.verify import verify_claims
from aibom.report.diligence.drawing import draw_lineage
from aibom.report.diligence.html import report_html
from aibom.report.diligence.machine import report_json

ROUNDS = 3
BARE = Asked(profiles=())
SIZE = {"smoke": 300, "default": 1_000}
MAX_RATIO = {"ours": 3.0, "another's": 6.0}
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


def page(path: Path, asked: Asked = BARE) -> None:
    """From the file to the page."""
    report, material = report_and_material(path, asked, NOW)
    report_html(report, draw_lineage(material))


def machine(path: Path) -> None:
    """From the file to JSON."""
    report, _ = report_and_material(path, BARE, NOW)
    report_json(report)


def cpu(job: Callable[[], None]) -> float:
    """CPU seconds of one call."""
    gc.collect()
    start = time.process_time()
    job()
    return time.process_time() - start


def ratios(path: Path) -> tuple[float, float, float]:
    """How many times as long as reading: the page, JSON, a page with completeness."""
    jobs = [partial(job, path) for job in (reading, page, machine)]
    jobs.append(partial(page, path, Asked()))
    for job in jobs:
        job()
    rounds = [[cpu(job) for job in jobs] for _ in range(ROUNDS)]
    least = [min(times) for times in zip(*rounds, strict=True)]
    return least[1] / least[0], least[2] / least[0], least[3] / least[0]


def main() -> int:
    """Measure both kinds of BOM; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small, and wide bounds")
    smoke = parser.parse_args().smoke
    size = SIZE["smoke" if smoke else "default"]
    graph, root, _, _ = lineage(size)
    graph = Graph.of(graph.nodes.values(), graph.edges, root)
    documents = {
        "ours": to_bytes(encode(graph)),
        "another's": json.dumps(foreign(size)).encode(),
    }
    broken = False
    with tempfile.TemporaryDirectory() as scratch:
        for name, data in documents.items():
            path = Path(scratch, f"{len(data)}.cdx.json")
            path.write_bytes(data)
            as_page, as_json, whole = ratios(path)
            bound = MAX_RATIO[name] * (SMOKE_FACTOR if smoke else 1)
            over = max(as_page, as_json, whole) > bound
            broken |= over
            print(
                f"{name}: {size:,} things, a page takes {as_page:.2f} and JSON "
                f"{as_json:.2f} times as long as reading (bound {bound:g}); a page "
                f"with completeness {whole:.2f}"
                f"{'  BROKEN' if over else ''}"
            )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
