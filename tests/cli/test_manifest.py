"""``aibom manifest``: make, check and prove, as somebody would at a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import CliRunner, Result

from aibom.cli import cli
from aibom.errors import VerificationFailed


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


def test_rows_of_parquet_and_a_file_that_was_written_again(tmp_path: Path) -> None:
    data, manifest = tmp_path / "a.parquet", str(tmp_path / "m.json")
    columns = {"id": pa.array(range(1_500), pa.int64())}
    pq.write_table(pa.table(columns), data)
    assert aibom("manifest", str(data), "-o", manifest).exit_code == 0
    assert aibom("manifest", "check", manifest, str(data)).exit_code == 0

    pq.write_table(pa.table(columns), data, compression="zstd", row_group_size=100)
    again = aibom("manifest", "check", manifest, str(data))
    assert again.stdout == "1500 records, all as in the manifest\n"
    assert isinstance(again.exception, VerificationFailed)
    assert again.exception.reason == "records-rewritten"
    content = aibom("manifest", "check", "--records-only", manifest, str(data))
    assert (content.exit_code, content.stdout) == (0, again.stdout)

    pq.write_table(pa.table({"id": columns["id"].cast(pa.int16())}), data)
    for option in ([], ["--records-only"]):
        other = aibom("manifest", "check", *option, manifest, str(data))
        assert other.stdout == "the schema: differs\n"
        assert isinstance(other.exception, VerificationFailed)
        assert other.exception.reason == "records-differ"


def test_the_first_row_of_a_csv_differs(tmp_path: Path) -> None:
    data, manifest = tmp_path / "a.csv", str(tmp_path / "m.json")
    data.write_text("id\n1\n")
    assert aibom("manifest", str(data), "-o", manifest).exit_code == 0
    data.write_text("ID\n1\n")
    other = aibom("manifest", "check", "--records-only", manifest, str(data))
    assert other.stdout == "the first row: differs\n"
    assert getattr(other.exception, "exit_code", None) == 11
