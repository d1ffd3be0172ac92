"""The limits that the guide states are those of the code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aibom.bom import parse
from aibom.catalogers import (
    archives,
    data_records,
    documents,
    format_signs,
    front_matter,
    gguf_header,
    history,
    labels,
    notes,
    onnx_model,
    pickles,
    records,
    remote_code,
    safetensors_header,
    training,
)
from aibom.catalogers.places import (
    croissant,
    cvat,
    dvc,
    llama_index,
    parquet,
    pickle_files,
)
from aibom.operations.scanning import findings as scan_findings

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def size(value: int) -> str:
    """A size as the guide writes it: in binary units where it is a whole number."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if value % unit == 0:
            return f"{value // unit} {name}"
    return f"{value // 1_000_000} MB"


#: What is limited → to what.
LIMITS: Mapping[str, str] = {
    "A JSON or text document": f"{size(documents.MAX_DOCUMENT_BYTES)}, "
    f"{documents.MAX_DEPTH} levels",
    "A document store (LlamaIndex, Haystack)": f"{size(llama_index._MAX_DOCUMENT)}, "
    f"{documents.MAX_DEPTH} levels",
    "A YAML document": f"{size(documents.MAX_YAML_BYTES)}, {documents.MAX_DEPTH} "
    "levels, no aliases",
    "The front matter of a card": size(front_matter.MAX_FRONT_MATTER_BYTES),
    "A CycloneDX document": f"{size(parse.MAX_BYTES)}, {parse.MAX_DEPTH} levels",
    "XML (CVAT)": f"{cvat._MAX_DEPTH} levels, {size(cvat._MAX_TOKEN)} for one "
    "element's tag or text, no document type",
    "A safetensors header": size(safetensors_header.MAX_HEADER_BYTES),
    "A GGUF header": f"{gguf_header.MAX_KEYS:,} keys, {gguf_header.MAX_TENSORS:,} "
    f"tensors, {gguf_header.MAX_WALKED:,} members of arrays",
    "An ONNX model": f"{onnx_model.MAX_FIELDS:,} fields",
    "A parquet footer": size(parquet._MAX_FOOTER),
    "A zip": f"{archives.MAX_MEMBERS:,} members, "
    f"{size(pickle_files._MAX_UNPACKED)} unpacked",
    "A pickle": f"{size(pickles.MAX_BYTES)}, {pickles.MAX_OPCODES:,} opcodes, "
    f"{size(pickle_files._MAX_PICKLE)} unpacked from a zip",
    "What tells a format": f"the first {size(format_signs.HEAD_BYTES)} and the last "
    f"{size(format_signs.HEAD_BYTES)} of a file",
    "A JSON file that asks for remote code": f"{size(remote_code.MAX_PARSED)} parsed, "
    f"{size(remote_code.MAX_SEARCHED)} searched",
    "One line or row of labels or data": size(data_records.MAX_RECORD_BYTES),
    "Labelers, and classes, of one file": f"{labels.MAX_LABELERS:,} each",
    "Inputs of one training configuration": f"{training.MAX_INPUTS:,}",
    "Files and fields of one Croissant document": f"{croissant._MAX_FILES:,} each",
    "Stages of one `dvc.yaml` or `dvc.lock`": f"{dvc._MAX_STAGES:,}",
    "Commits that `--history` reads": f"{history.MAX_COMMITS:,}, revisions of "
    f"{size(history.MAX_REVISION_BYTES)}",
    "One record of `aibom manifest`": size(records.MAX_RECORD_BYTES),
    "Findings": f"{notes.MAX_FINDINGS:,} of one cataloger about one file, "
    f"{scan_findings.MAX_FINDINGS:,} in a BOM",
}


def stated(guide: str) -> dict[str, str]:
    """The rows of the guide's table."""
    section = guide.partition("\n## Limits\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines()]
    return {row[0].strip(): row[1].strip() for row in rows if len(row) == 2}


def test_the_guide_states_the_limits_of_the_code(checkout: Path) -> None:
    guide = (checkout / "docs/how-to/scan-a-model.md").read_text()
    said = stated(guide)
    said.pop("What", None)
    assert said == LIMITS
