"""Malicious pickles at the import: by any name, and flagged by the hub or not.

What happened: in February 2024 JFrog found about a hundred models on Hugging Face that
ran code of their uploaders as soon as they were loaded, most of them by pickles in
PyTorch files. The hub marks many such files as unsafe, and serves them. Source: JFrog
Security Research, February 2024.

Rules: `import-format-unsafe` (format-allowed) of `builtin:model-import@1` blocks with
`format-not-allowed`, whatever the file is called; `import-flagged` (scanner-flagged)
blocks with `scanner-flagged`, before any weights are downloaded.

**Limits**: whether a pickle is harmful is not asked: harmless ones are refused alike. A
scanner knows the tricks of yesterday: that it flagged nothing passes nothing here, and
a hub that wants to can leave its flags out. Harm in the weights themselves is not seen.
"""

from __future__ import annotations

import io
import pickle
import zipfile

import pytest
from incidents.through_fetch import CLEAN, Fetched

PICKLE = pickle.dumps({"w": [0.0]}, protocol=4)
OLD_PICKLE = pickle.dumps({"w": [0.0]}, protocol=0)


def pytorch_file():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"w": [0.0]}, protocol=2))
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()


def clean(one):
    return (one.publish(),)


def holding(path, content, *also):
    return Fetched(
        rule="import-format-unsafe",
        bad=lambda one: (one.publish({**CLEAN, path: content}),),
        clean=clean,
        reason="format-not-allowed",
        also=also,
    )


def flagged(level):
    def bad(one):
        reference = one.publish()
        issues = [{"path": "model.safetensors", "level": level}]
        repository = one.hub.model("acme/reader")
        repository.security = {"scansDone": True, "filesWithIssues": issues}
        return (reference,)

    return Fetched(
        rule="import-flagged",
        bad=bad,
        clean=clean,
        reason="scanner-flagged",
        bytes_asked=False,
    )


SCENARIOS = {
    "a PyTorch file": holding("pytorch_model.bin", pytorch_file()),
    "a bare pickle": holding("pytorch_model.bin", PICKLE),
    "a pickle called safetensors": holding("model.safetensors", PICKLE),
    "an old pickle called safetensors": holding("model.safetensors", OLD_PICKLE),
    "a PyTorch file called safetensors": holding("model.safetensors", pytorch_file()),
    "a pickle called JSON": holding("tokenizer.json", PICKLE, "import-runs-code"),
    "flagged as unsafe": flagged("unsafe"),
    "flagged as suspicious": flagged("suspicious"),
    "flagged in words that nobody knows": flagged("radioactive"),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_fetch_stops_it_and_lets_its_twin_through(scenario, importing):
    scenario.verify(importing)


def test_a_scanner_that_found_nothing_passes_nothing(importing):
    with importing() as one:
        reference = one.publish({**CLEAN, "model.safetensors": PICKLE})
        repository = one.hub.model("acme/reader")
        repository.security = {"scansDone": True, "filesWithIssues": []}
        assert one.fetch(reference).code == 10
