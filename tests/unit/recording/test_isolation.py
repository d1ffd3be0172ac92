"""Recording lives in any training environment: the standard library is enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unit.recording.conftest import Project

CHECKOUT = Path(__file__).parents[3]

SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
import aibom.recording
with aibom.recording.record("train", on_warning=lambda _: None) as step:
    step.input("training-data", "train.jsonl", source="pkg:generic/a@1")
    step.output("out")
    code = aibom.recording.run_command([sys.executable, "-c", sys.argv[2]], step)
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
ours = sorted(name for name in sys.modules if name.startswith("aibom."))
print(json.dumps({
    "foreign": sorted(loaded - set(sys.stdlib_module_names) - {"aibom"}),
    "ours": ours, "id": step.id, "code": code,
}))
"""


def test_recording_loads_nothing_but_the_standard_library(project: Project) -> None:
    done = subprocess.run(
        # -I -S: no site-packages, so that a hidden import would fail and not just show.
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            SCRIPT,
            str(CHECKOUT),
            "open('out', 'w').write('made')",
        ],
        cwd=project.root,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    result = json.loads(done.stdout)
    assert result["foreign"] == []
    assert result["code"] == 0
    assert project.written() == [f"{result['id']}.statement.json"]
    # The ground below it, and no other stage.
    parts = {name.split(".")[1] for name in result["ours"]}
    ground = {"digest", "errors", "git", "listing", "statement"}
    assert parts - ground == {"recording"}
