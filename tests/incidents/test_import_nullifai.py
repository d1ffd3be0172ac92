"""nullifAI at the import: a container that nobody expects, named like weights.

What happened: in February 2025 ReversingLabs found two models on Hugging Face whose
PyTorch files were compressed with 7z instead of ZIP; the scanner could not read them
and raised no alarm. Sources: ReversingLabs, February 2025; MITRE ATLAS AML.CS0031.

Rule: `import-format-unsafe` (format-allowed) of `builtin:model-import@1` blocks with
`format-not-allowed`: it lists what may be there, by first bytes and not by name. The
weights are downloaded for that, into the quarantine, and nothing of them is left.

**Limits**: formats are told by their first bytes, and nothing is loaded or unpacked:
that a file begins like safetensors does not make it whole, nor its weights harmless. A
hub says nothing of formats beforehand, so that the bytes are on this disk for a while.
"""

from __future__ import annotations

import io
import zipfile

import pytest
from incidents.through_fetch import CLEAN, Fetched

SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(range(256))


def archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        out.writestr("weights", b"\0" * 64)
    return buffer.getvalue()


def stopped(path, content):
    return Fetched(
        rule="import-format-unsafe",
        bad=lambda one: (one.publish({**CLEAN, path: content}),),
        clean=lambda one: (one.publish(),),
        reason="format-not-allowed",
    )


SCENARIOS = {
    "7z called safetensors": stopped("model.safetensors", SEVEN_ZIP),
    "7z called a PyTorch file": stopped("pytorch_model.bin", SEVEN_ZIP),
    "ZIP called safetensors": stopped("model.safetensors", archive()),
    "ZIP called a text": stopped("notes.txt", archive()),
    "what nobody knows": stopped("model.gguf", b"\x01\x02\x03\x04" * 64),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_fetch_stops_it_and_lets_its_twin_through(scenario, importing):
    scenario.verify(importing)


def test_what_was_refused_is_kept_where_it_is_asked_for(importing):
    with importing() as one:
        bad = {**CLEAN, "pytorch_model.bin": SEVEN_ZIP}
        ran = one.fetch(one.publish(bad), "--keep-quarantine")
        assert ran.code == 10
        kept = one.world.quarantine / "files" / "pytorch_model.bin"
        assert kept.read_bytes() == SEVEN_ZIP
        assert not one.world.target.exists()
        assert one.world.quarantine.stat().st_mode & 0o077 == 0
