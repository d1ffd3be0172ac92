"""The commands that take something from a hub, called as a user calls them.

They run in this process, standing in the folder of a :class:`fetch_world.FetchWorld`,
with a token set and temporary files in a place of the test's own. The real client asks;
it only does not wait between two tries, and says how long it would have.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from cli_world import Ran, snapshot
from fetch_world import FetchWorld

from aibom.cli import main
from aibom.sources.hub import HubSource

__all__ = ["TOKEN", "Terminal", "reason_of"]

TOKEN = "hf_" + "aVerySecret" * 3
_REASON = re.compile(r"\[([a-z0-9-]+)\]$", re.MULTILINE)


def reason_of(ran: Ran) -> str:
    """The last reason code that stands at the end of a line; empty for none."""
    return ["", *_REASON.findall(ran.err)][-1]


@dataclass
class Terminal:
    """Where somebody types. ``timeout`` is that of the client, in seconds."""

    world: FetchWorld
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    timeout: float = 10.0
    #: Seconds that the client would have waited.
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        temporary = self.world.folder.parent / "temporary"
        temporary.mkdir()
        self.temporary = temporary
        self.patch.chdir(self.world.folder)
        self.patch.setattr(tempfile, "tempdir", str(temporary))
        self.patch.setenv("HF_TOKEN", TOKEN)
        self.world.hub.tokens.add(TOKEN)

    def __call__(self, *words: str | Path) -> Ran:
        """One call of the command line."""
        source = partial(HubSource, sleep=self.waits.append, timeout=self.timeout)
        self.patch.setattr("aibom.sources.hub.HubSource", source)
        self.patch.setattr(sys, "argv", ["aibom", *map(str, words)])
        self.capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self.capture.readouterr()
        return Ran(ended.value.code, out, err)

    def state(self) -> dict[str, str]:
        """All that lies in the folder, and what is left in the temporary place."""
        left = {f"/tmp/{path}": held for path, held in snapshot(self.temporary).items()}
        return {**snapshot(self.world.folder), **left}

    def words(self, command: str, reference: str | None = None) -> tuple[str, ...]:
        """What is typed for one of the four commands, or for what needs a lock."""
        asked = reference or self.world.reference
        hub = ("--endpoint", self.world.hub.url)
        if command.startswith("fetch"):
            more = ("--locked",) if command == "fetch --locked" else ()
            return tuple(self.world.words(*more, reference=asked))
        more = {"scan": ("-o", "out.cdx.json"), "resolve": ()}.get(command, ())
        return (command.split()[0], asked, *hub, *more)
