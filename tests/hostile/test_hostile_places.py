"""Ten thousand hostile files: a scan ends, within bounds, and says what was not read.

Each batch is one place that is scanned as a user would: every cataloger, one graph, one
valid BOM. A file gives facts, or a typed finding, or nobody knows more than its digest;
there is no fourth way, and no error.
"""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from aibom.bom.encode import encode, to_bytes
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.places import catalogers
from aibom.lineage.nodes import Facts, Kind
from aibom.operations.assemble import source_date
from aibom.operations.scanning.bom import is_bom
from aibom.operations.scanning.scan import Scanned, scan, scan_bom
from tests.catalog_world import put
from tests.hostile_bombs import BOMBS, make
from tests.hostile_places import SAMPLES, Batch, batches

FILES, BATCHES = 100, 100
#: Of CPU, for a batch that takes about one: not a measure, but the end of a hang.
CPU_SECONDS = 120
KEY = "tests:0123456789abcdef0123456789abcdef"
ALL = {cataloger.id: cataloger for cataloger in catalogers()}


class Hangs(BaseException):
    """A batch took more CPU than any does that comes to an end.

    No ``Exception``, which a parser that expects the worst would take for bad input.
    """


@contextmanager
def limited_cpu(seconds: float) -> Iterator[None]:
    """Stop what does not end: by CPU, so that a busy machine does not matter.

    Again and again, for what swallows even this, or was in no state to be stopped.
    """

    def stop(_: int, frame: FrameType | None) -> None:
        raise Hangs(str(frame))

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_what_hangs_is_stopped() -> None:
    with pytest.raises(Hangs), limited_cpu(0.05):
        sum(0 for _ in itertools.repeat(0))


@pytest.mark.parametrize("swallowed", [Exception, BaseException])
def test_what_swallows_all_it_can_is_stopped(swallowed: type[BaseException]) -> None:
    def hang() -> None:
        with suppress(swallowed):
            sum(0 for _ in itertools.repeat(0))
        sum(0 for _ in itertools.repeat(0))

    with pytest.raises(Hangs), limited_cpu(0.05):
        hang()


def test_every_cataloger_is_attacked() -> None:
    missing = set(ALL) - set(SAMPLES)
    assert not missing, f"no sample in tests/hostile_places.py: {sorted(missing)}"


@pytest.mark.parametrize("cataloger", ALL.values(), ids=ALL)
def test_a_sample_is_one(cataloger: Cataloger, tmp_path: Path) -> None:
    path, data = SAMPLES[cataloger.id]
    done = scan(put(tmp_path, {path: data}), kind=Kind.MODEL, pseudonym_key=KEY)
    assert done.read.get(cataloger.id) == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_alone_and_its_beginnings(name: str, tmp_path: Path) -> None:
    """A place that is one file, whole and cut off, gives a BOM as well."""
    path, data = SAMPLES[name]
    for end in {len(data), len(data) * 2 // 3, len(data) // 3, 1}:
        file = put(tmp_path, {path: data[:end]}) / path
        if is_bom(file):
            continue  # it says itself what it is about
        done = scan(file, kind=Kind.MODEL, pseudonym_key=KEY)
        assert done.root.kind is Kind.MODEL
        scan_bom(done, spec_version="1.7", output=None)


def check(files: Sequence[tuple[str, bytes]]) -> None:
    """Scan these files, each in a folder of its own, and see that all is told."""
    with tempfile.TemporaryDirectory() as folder:
        named = {f"{n:03}/{path}": data for n, (path, data) in enumerate(files)}
        top = put(Path(folder), named)
        done = scan(top, kind=Kind.MODEL, pseudonym_key=KEY)
        written = scan_bom(done, spec_version="1.7", output=None)
        again = scan(top, kind=Kind.MODEL, pseudonym_key=KEY)
        document = encode(again.graph, spec_version="1.7", timestamp=source_date())
        assert written == to_bytes(document)
        heard = told(done)
        claimed = set(named) - set(done.unclaimed)
        silent = {n for n in claimed if not heard & {n, sha256(named[n]).hexdigest()}}
        assert not silent, f"claimed, and nothing was said: {sorted(silent)}"


def told(done: Scanned) -> set[str]:
    """Files of which something was found, and digests of those that state anything."""
    parts: list[Facts] = [*done.graph.nodes.values(), *done.graph.edges]
    origins = {
        origin.digest
        for part in parts
        for holder in (part, *part.facts)
        for origin in holder.origins
    }
    return origins | {finding.path for finding in done.findings}


@pytest.fixture(scope="module")
def defused(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Any:
    """What a scan of all bombs prints, under limits of memory and CPU."""
    folder = make(tmp_path_factory.mktemp("bombs"))
    command = [sys.executable, "-m", "tests.hostile_bombs", str(folder)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str, defused: Any) -> None:
    """It was scanned with all others in one GiB; here is what was said of it."""
    _, expected = BOMBS[name]
    assert expected <= set(defused["found"].get(name, []))
    assert name not in defused["unclaimed"]


def test_the_limit_of_the_bombs_is_one() -> None:
    """What holds a bomb whole dies of it, so the limit is there."""
    code = "import tests.hostile_bombs as b; b.limit(); bytes(2 * b.GIB)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "MemoryError" in done.stderr


def test_ten_thousand_hostile_files() -> None:
    count = 0
    failed: list[str] = []

    @settings(
        max_examples=BATCHES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(batches(FILES))
    def each(batch: Batch) -> None:
        nonlocal count
        count += len(batch.files)
        failed.extend(failures(batch.files))

    each()
    assert not failed, "\n".join(failed[:20])
    assert count >= 10_000


def failures(files: Sequence[tuple[str, bytes]]) -> list[str]:
    """What went wrong with these files: of each alone, or of all of them together."""
    try:
        with limited_cpu(CPU_SECONDS):
            check(files)
    except (Exception, Hangs) as error:  # noqa: BLE001 - whatever it is, it is told
        if len(files) == 1:
            path, data = files[0]
            return [f"{path} {data[:300]!r}: {error!r}"[:1000]]
        alone = [found for file in files for found in failures([file])]
        return alone or [f"{len(files)} together: {error!r}"[:1000]]
    return []
