"""``aibom manifest``: make, check and prove, as somebody would at a terminal."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from aibom.cli import cli


def aibom(*arguments: str) -> Result:
    """Run a command that succeeds, or fails with an error of ours."""
    return CliRunner().invoke(cli, list(arguments))


def test_the_whole_story(tmp_path: Path) -> None:
    data, manifest = tmp_path / "a.jsonl", tmp_path / "m.json"
    data.write_text("".join(f'{{"id": {n}}}\n' for n in range(1_500)))
    made = aibom("manifest", str(data), "-o", str(manifest))
    assert made.exit_code == 0
    root = json.loads(manifest.read_bytes())["root"]
    assert f"1500 records, root {root}" in made.stderr
    same = aibom("manifest", "make", str(data))
    assert json.loads(same.stdout) == json.loads(manifest.read_bytes())

    checked = aibom("manifest", "check", str(manifest), str(data))
    assert (checked.exit_code, checked.stdout) == (
        0,
        "1500 records, all as in the manifest\n",
    )
    proof, record = tmp_path / "p.json", tmp_path / "record"
    arguments = [str(manifest), str(data), "--record", "1200", "-o", str(proof)]
    proved = aibom("manifest", "prove", *arguments, "--record-out", str(record))
    assert proved.exit_code == 0
    assert record.read_bytes() == b'{"id": 1200}'
    shown = aibom(
        "manifest", "check", str(manifest), str(record), "--proof", str(proof)
    )
    assert shown.stdout == "record 1200 of 1500\n"

    data.write_text(data.read_text().replace('"id": 1300}', '"id": 0}'))
    changed = aibom("manifest", "check", str(manifest), str(data))
    assert changed.stdout == "records 1024 to 1499: some differ\n"
    assert getattr(changed.exception, "exit_code", None) == 11
