"""nullifAI: pickles that a scanner could not read, and so let pass.

What happened: in February 2025 ReversingLabs found two models on Hugging Face whose
PyTorch files were compressed with 7z instead of ZIP and held a pickle that broke off
after its payload; the scanner failed to read them and raised no alarm. Sources:
ReversingLabs, February 2025; MITRE ATLAS AML.CS0031.

Rule: `format-unlisted` (format-allowed) blocks with `format-not-allowed`: it lists what
may be there, so that what cannot be told is refused like what is known to be bad.

**Limits**: the rule tells formats by their first bytes and loads nothing. That a file
begins like a safetensors file does not mean that it is whole, nor that its weights are
harmless. It looks at the artifact alone: what its ancestors were loaded from is asked
where they were released.
"""

from __future__ import annotations

import pickle

import pytest
from incidents.on_disk import CLEAN, released
from incidents.scenario import Scenario

#: Harmless: a list of numbers, cut off before its end, as a scanner would meet it.
BROKEN_PICKLE = pickle.dumps(list(range(300)), protocol=4)[:-40]
SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(range(256))

RULE = """
id: format-unlisted
check: format-allowed
select: {scope: artifact}
settings: {allow: [safetensors, json, text]}
severity: critical
mode: deny
why: To load a pickle is to run it, and a scanner that cannot read a file knows nothing.
remedy: Convert the weights to safetensors in a recorded step, where you trust them.
"""


def stopped(**files):
    return Scenario(
        rule=RULE,
        bad=released({**CLEAN, **{k.replace("_", "."): v for k, v in files.items()}}),
        clean=released(CLEAN),
        reason="format-not-allowed",
        path_labels=("acme/models/reader",),
    )


SCENARIOS = {
    "compressed in another way": stopped(model_bin=SEVEN_ZIP),
    "a pickle that breaks off": stopped(model_bin=BROKEN_PICKLE),
    "under the name of a safe format": stopped(model_safetensors=BROKEN_PICKLE),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario, on_disk):
    scenario.verify(on_disk)


def test_the_finding_names_the_file(on_disk):
    found = SCENARIOS["compressed in another way"].verify(on_disk)
    assert "model.bin is of no known format" in found.actual
