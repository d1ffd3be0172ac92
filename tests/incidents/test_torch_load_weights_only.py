"""CVE-2025-32434: a flag of a loader that was to make pickles safe, and did not.

What happened: in April 2025 it became known that `torch.load` with `weights_only=True`
ran code from crafted files in every PyTorch up to 2.5.1; those who relied on the flag
had loaded pickles all along. Source: CVE-2025-32434.

Rule: `format-unlisted` (format-allowed) blocks with `format-not-allowed`: it does not
matter with which flag a file would be loaded when files of that format do not get in.

**Limits**: the rule does not know which version of a loader will be used, nor with
which flags; it says nothing of weaknesses in loaders of the listed formats. An advisory
on the version of a library belongs to the tools that watch libraries.
"""

from __future__ import annotations

import io
import pickle
import tarfile

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
why: A flag of a loader is no boundary; a format that cannot hold code is one.
remedy: Convert the weights to safetensors in a recorded step, where you trust them.
"""


def old_pytorch_file():
    """The form of PyTorch's first versions, a tar of pickles; a harmless one."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        content = pickle.dumps({"w": [0.0]}, protocol=2)
        entry = tarfile.TarInfo("pickle")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


SCENARIOS = {
    "an old form that the loader still takes": Scenario(
        rule=RULE,
        bad=released({"model.pt": old_pytorch_file(), "config.json": b"{}\n"}),
        clean=released(CLEAN),
        reason="format-not-allowed",
        path_labels=("acme/models/reader",),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario, on_disk):
    assert "model.pt is tar" in scenario.verify(on_disk).actual
