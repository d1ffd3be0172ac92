"""The same question put to a gate: real files, real signatures, a locked folder."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worlds import BASE_SOURCE, MODEL, STARTED, World, signing, step_options

from aibom.digest import BOM_NAME
from aibom.operations.assemble import assemble
from aibom.operations.signing.sign import sign_artifact
from aibom.recording import record
from aibom.verdict import Result

__all__ = ["CLEAN", "Judged", "released"]

_HEADER = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
#: A model as it should be: weights in a format that holds nothing to run.
CLEAN = {
    "model.safetensors": len(_HEADER).to_bytes(8, "little") + _HEADER + bytes(4),
    "config.json": b"{}\n",
}

_BYTES = {
    "id": "bytes-changed",
    "check": "bytes-match",
    "minimum_assurance": "verified",
}


@dataclass
class Judged:
    """A judge for scenarios: each twin is a copy of one world, changed and gated."""

    pristine: Path
    scratch: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __call__(
        self, arrange: Callable[[World], object], rules: list[Mapping[str, Any]]
    ) -> tuple[Result, ...]:
        world = World(self.pristine).copy(self.scratch / str(next(self._numbers)))
        arrange(world)

        def ask(policy: dict[str, Any]) -> None:
            del policy["extends"]
            policy["rules"] = [*rules, _BYTES]

        world.edit_yaml("policy.yaml", ask)
        verdict = world.gate()
        assert verdict.results, verdict.verification
        return verdict.results


def released(files: Mapping[str, bytes]) -> Callable[[World], None]:
    """The model is made anew with these files, recorded, described and signed."""

    def arrange(world: World) -> None:
        world.record_of("tune model").unlink()
        shutil.rmtree(world.model)
        options = step_options(world, "evidence/records", "pipeline")
        later = itertools.count(STARTED + 3600)  # when all that it uses had been made
        options["clock"] = lambda: float(next(later))
        with record("fine-tune", label="tune model", **options) as step:
            base = {"name": "acme/models/base", "source": BASE_SOURCE}
            step.input("base-model", world.root / "base", **base)
            step.input("training-data", world.root / "labels", name="acme/data/labels")
            step.output(world.model, name=MODEL)
            for name, content in files.items():
                path = world.model / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        base_bom = world.root / "base" / BOM_NAME
        assemble(world.model, [world.evidence / "records"], boms=[base_bom])
        sign_artifact(world.model, signing("release"))

    return arrange
