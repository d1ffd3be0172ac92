"""Malicious pickles on the hub: to load the model is to run somebody's code.

What happened: in February 2024 JFrog found about a hundred models on Hugging Face that
ran code of their uploaders as soon as they were loaded, most of them by pickles in
PyTorch files; one opened a shell to an address of its own. Source: JFrog Security
Research, February 2024.

Rule: `format-unlisted` (format-allowed) blocks with `format-not-allowed`, whichever
loader would have run it: a PyTorch file, an object array of NumPy, a program beside the
weights.

**Limits**: the rule does not ask whether this pickle is harmful, and refuses harmless
ones alike. Code that a loader fetches elsewhere, and harm that is in the weights, are
not seen. The artifact is read; the files of its ancestors are not.
"""

from __future__ import annotations

import io
import pickle
import zipfile

import pytest
from incidents.on_disk import CLEAN, released
from incidents.scenario import Scenario

RULE = """
id: format-unlisted
check: format-allowed
select: {scope: artifact}
settings: {allow: [safetensors, json, text]}
severity: critical
mode: deny
why: To load a pickle is to run it, and so it is with much that has a pickle inside.
remedy: Convert the weights to safetensors in a recorded step, where you trust them.
"""


def pytorch_file():
    """A harmless one, in the form in which PyTorch writes weights."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"w": [0.0]}, protocol=2))
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()


def object_array():
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    header += b" " * (64 - (10 + len(header) + 1) % 64) + b"\n"
    size = len(header).to_bytes(2, "little")
    return b"\x93NUMPY\x01\x00" + size + header + pickle.dumps([1], protocol=4)


def stopped(name, content):
    return Scenario(
        rule=RULE,
        bad=released({**CLEAN, name: content}),
        clean=released(CLEAN),
        reason="format-not-allowed",
        path_labels=("acme/models/reader",),
    )


SCENARIOS = {
    "a PyTorch file": stopped("pytorch_model.bin", pytorch_file()),
    "a bare pickle": stopped("model.pkl", pickle.dumps({"w": [0.0]}, protocol=4)),
    "an array of objects": stopped("weights.npy", object_array()),
    "a module to be imported": stopped("modeling_reader.py", b"x = 1\n"),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario, on_disk):
    scenario.verify(on_disk)


TOLD = {
    "a PyTorch file": "pytorch_model.bin is pytorch-zip",
    "a bare pickle": "model.pkl is a pickle",
    "an array of objects": "weights.npy is numpy-objects",
    "a module to be imported": "modeling_reader.py is python",
}


@pytest.mark.parametrize("name", TOLD)
def test_the_finding_names_file_and_format(name, on_disk):
    assert TOLD[name] in SCENARIOS[name].verify(on_disk).actual
