"""What it costs to validate a BOM, and how that grows, in CPU time of one run.

``python benchmarks/validation.py [--smoke]``

BOMs of 1,000 to 100,000 components (a third models with a card, two thirds data with
governance, digests of 64 hex digits, two dependencies each) go through

* *ours*: parse, ``schema`` and ``references``, as ``aibom validate`` runs them;
* *engine*: ``json.loads`` and jsonschema-rs, as anybody would call them: nothing that
  validates can be faster, unless it parses faster;
* beside them, on small BOMs, what others use: plain ``jsonschema``, and the strict
  validator of cyclonedx-python-lib. Both are quadratic.

First all of them must agree on a valid and on a broken BOM. Then they take turns, and
the least CPU time of three counts. Exit code 1 if a bound is broken: the growth
exponent of ours (slope of log time over log components) at most 1.2, and parse with
``schema`` at 10,000 components at most twice the engine. References are not in that
bound, as the engine has nothing like them.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aibom.bom.parse import parse
from aibom.bom.references import reference_problems
from aibom.bom.schema import load_schemas, schema_problems

VERSION = "1.6"
ROUNDS = 3
MAX_EXPONENT = 1.2
#: Over sizes this small, on a busy machine, cache effects alone are a tenth.
SMOKE_MAX_EXPONENT = 1.35
MAX_OVER_ENGINE = 2.0
#: Components at which parse and schema are held against the engine.
BOUND_AT = 10_000

Job = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Scale:
    """How many components; the slow ones get their own, smaller numbers."""

    ours: tuple[int, ...]
    plain: tuple[int, ...]
    library: tuple[int, ...]


SCALES = {
    "smoke": Scale((1_000, 3_000, BOUND_AT), (250, 500), (100, 200)),
    "default": Scale(
        (1_000, 3_000, BOUND_AT, 30_000, 100_000),
        (500, 1_000, 2_000, 4_000),
        (125, 250, 500),
    ),
}


def component(index: int) -> dict[str, Any]:
    """A model with a card, or data with governance."""
    digest = f"{index:064x}"
    common = {
        "bom-ref": f"component-{index}",
        "name": f"acme/artifact-{index}",
        "version": f"{index:040x}",
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "properties": [{"name": "aibom:digest:tree", "value": digest}],
    }
    if index % 3 == 0:
        card = {
            "modelParameters": {
                "task": "text-generation",
                "architectureFamily": "transformer",
                "datasets": [{"ref": f"component-{index + 1}"}],
            },
            "quantitativeAnalysis": {
                "performanceMetrics": [{"type": "accuracy", "value": "0.91"}]
            },
        }
        purl = f"pkg:huggingface/acme/artifact-{index}@{index:040x}"
        kind = "machine-learning-model"
        return {"type": kind, "purl": purl, "modelCard": card, **common}
    owner = {"organization": {"name": f"Organisation {index % 97}"}}
    data = {
        "type": "dataset",
        "contents": {"url": f"https://example.com/data/{index}"},
        "governance": {"owners": [owner]},
    }
    return {"type": "data", "data": [data], **common}


def bom(count: int) -> dict[str, Any]:
    """A valid BOM of about so many components: a multiple of three."""
    count -= count % -3
    return {
        "bomFormat": "CycloneDX",
        "specVersion": VERSION,
        "version": 1,
        "metadata": {"timestamp": "2026-11-20T08:00:00Z"},
        "components": [component(index) for index in range(count)],
        "dependencies": [
            {
                "ref": f"component-{index}",
                "dependsOn": [f"component-{(index + step) % count}" for step in (1, 2)],
            }
            for index in range(count)
        ],
    }


def ours(data: bytes) -> bool:
    """Parse, schema and references."""
    parsed = parse(data, "bom")
    return not schema_problems(parsed.document) and not reference_problems(
        parsed.document, parsed.duplicate_keys
    )


def ours_schema(data: bytes) -> bool:
    """Parse and schema."""
    return not schema_problems(parse(data, "bom").document)


def engine() -> Callable[[bytes], bool]:
    """``json.loads`` and jsonschema-rs, with the schema compiled beforehand."""
    import jsonschema_rs

    (_, schema), *helpers = load_schemas(VERSION).items()
    validator = jsonschema_rs.Draft7Validator(
        schema, registry=jsonschema_rs.Registry(helpers), validate_formats=True
    )
    return lambda data: validator.is_valid(json.loads(data))


def plain() -> Callable[[bytes], bool]:
    """``json.loads`` and Python's jsonschema with the formats it knows by itself."""
    import jsonschema
    import referencing
    from referencing.jsonschema import DRAFT7

    schemas = load_schemas(VERSION)
    registry = referencing.Registry().with_resources(
        (url, referencing.Resource.from_contents(content, DRAFT7))
        for url, content in schemas.items()
    )
    validator = jsonschema.Draft7Validator(
        next(iter(schemas.values())),
        registry=registry,
        format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER,
    )
    return lambda data: validator.is_valid(json.loads(data))


def library() -> Callable[[bytes], bool]:
    """The strict validator of cyclonedx-python-lib, in this environment."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.from_version(VERSION))
    return lambda data: validator.validate_str(data.decode()) is None


def check_agreement(candidates: Mapping[str, Callable[[bytes], bool]]) -> None:
    """Refuse to time candidates that do not give the same verdicts."""
    valid, broken = bom(30), bom(30)
    broken["components"][17]["data"][0]["type"] = "training-set"
    for document, expected in ((valid, True), (broken, False)):
        data = json.dumps(document).encode()
        verdicts = {name: run(data) for name, run in candidates.items()}
        if set(verdicts.values()) != {expected}:
            raise SystemExit(f"verdicts differ, expected {expected}: {verdicts}")


def measure(jobs: Mapping[str, Job]) -> dict[str, float]:
    """The least CPU seconds of each job, taken in turns, with the collector on."""
    least = dict.fromkeys(jobs, math.inf)
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            gc.collect()
            before = time.process_time()
            if not job():
                raise SystemExit(f"{name}: a valid BOM was refused")
            least[name] = min(least[name], time.process_time() - before)
    return least


def exponent(points: Mapping[int, float]) -> float:
    """Slope of log time over log components, by least squares."""
    xs = [math.log(count) for count in points]
    ys = [math.log(seconds) for seconds in points.values()]
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    rise = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    return rise / sum((x - middle_x) ** 2 for x in xs)


def time_all(scale: Scale) -> dict[str, dict[int, float]]:
    """CPU seconds by candidate and number of components."""
    sizes = {
        "ours": scale.ours,
        "parse+schema": scale.ours,
        "engine": scale.ours,
        "jsonschema": scale.plain,
        "cyclonedx-python-lib": scale.library,
    }
    candidates = {
        "ours": ours,
        "parse+schema": ours_schema,
        "engine": engine(),
        "jsonschema": plain(),
        "cyclonedx-python-lib": library(),
    }
    check_agreement(candidates)
    times: dict[str, dict[int, float]] = {name: {} for name in candidates}
    for count in sorted({count for each in sizes.values() for count in each}):
        data = json.dumps(bom(count)).encode()
        # The engine runs at every size, so that each of the slow ones has a ratio.
        jobs = {
            name: partial(run, data)
            for name, run in candidates.items()
            if name == "engine" or count in sizes[name]
        }
        for name, seconds in measure(jobs).items():
            times[name][count] = seconds
    return times


def report(times: Mapping[str, Mapping[int, float]]) -> None:
    """Print one line for each candidate and size, and the exponents."""
    print(f"{'':22}{'components':>12}{'CPU ms':>12}{'x engine':>10}")
    for name, points in times.items():
        for count, seconds in points.items():
            ratio = seconds / times["engine"][count]
            print(f"{name:22}{count:12,}{seconds * 1000:12.1f}{ratio:10.2f}")
    for name, points in times.items():
        print(f"growth exponent of {name}: {exponent(points):.2f}")


def broken_bounds(
    times: Mapping[str, Mapping[int, float]], max_exponent: float
) -> list[str]:
    """What exceeds its bound, in words."""
    broken = []
    growth = exponent(times["ours"])
    if growth > max_exponent:
        broken.append(f"ours grows with exponent {growth:.2f}, over {max_exponent}")
    over = times["parse+schema"][BOUND_AT] / times["engine"][BOUND_AT]
    if over > MAX_OVER_ENGINE:
        broken.append(f"parse+schema is {over:.2f} x engine, over {MAX_OVER_ENGINE}")
    return broken


def main() -> int:
    """Run the benchmark; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--smoke", action="store_true", help="small sizes")
    smoke = parser.parse_args().smoke
    times = time_all(SCALES["smoke" if smoke else "default"])
    report(times)
    broken = broken_bounds(times, SMOKE_MAX_EXPONENT if smoke else MAX_EXPONENT)
    for bound in broken:
        print(f"BROKEN: {bound}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
