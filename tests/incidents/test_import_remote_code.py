"""Remote code at the import: a configuration that has the loader run a program.

What happened: models bring Python of their own, and `auto_map` in their config.json has
the loader import it, even from another repository: that of Phi-3-mini, published in
2024, names code of the repository beside it. Whoever can push there runs code wherever
the model is loaded with `trust_remote_code`. It is a way in by design; no theft is told
of here. Source: config.json of microsoft/Phi-3-mini-4k-instruct.

Rule: `import-runs-code` (remote-code) of `builtin:model-import@1` blocks with
`remote-code` where the code lies beside the model, with `remote-code-elsewhere` where
it is another repository's, and with `program-not-approved` for a program that no
configuration names. Both are known before any weights are downloaded: configurations
are small, and programs are known by their names.

**Limits**: whether the code is harmful is not asked; code that was read is allowed file
by file, by its digest. Code that the loading program brings itself, or that a template
or a file of YAML has it make, is not seen.
"""

from __future__ import annotations

import json

import pytest
from incidents.through_fetch import CLEAN, Fetched

CODE = b"class Reader:\n    pass\n"


def config(**values):
    return json.dumps({"model_type": "reader", **values}).encode()


def asking(reason, files):
    return Fetched(
        rule="import-runs-code",
        bad=lambda one: (one.publish({**CLEAN, **files}),),
        clean=lambda one: (one.publish(),),
        reason=reason,
        bytes_asked=False,
    )


BESIDE = {"AutoModel": "modeling_reader.Reader"}
ELSEWHERE = {"AutoModel": "mallory/code--modeling_reader.Reader"}
TOKENIZER = {"AutoTokenizer": ["tokenizing.Reader", None]}

SCENARIOS = {
    "code beside the model": asking(
        "remote-code",
        {"config.json": config(auto_map=BESIDE), "modeling_reader.py": CODE},
    ),
    "code that is not there": asking(
        "remote-code", {"config.json": config(auto_map=BESIDE)}
    ),
    "code of another repository": asking(
        "remote-code-elsewhere", {"config.json": config(auto_map=ELSEWHERE)}
    ),
    "a kernel of another repository": asking(
        "remote-code-elsewhere",
        {"config.json": config(_attn_implementation="mallory/fast-attention")},
    ),
    "in the tokenizer": asking(
        "remote-code",
        {"tokenizer_config.json": json.dumps({"auto_map": TOKENIZER}).encode()},
    ),
    "a program that nobody names": asking("program-not-approved", {"setup.py": CODE}),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_fetch_stops_it_and_lets_its_twin_through(scenario, importing):
    scenario.verify(importing)
