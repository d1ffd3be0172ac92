"""Drafts: what they propose, and that none of it decides anything."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from worlds import World

from aibom.errors import PolicyInvalid
from aibom.operations.policies.draft import Draft, _entry, draft
from aibom.policy.data import read_accepted_roots, read_trusted_sources
from aibom.reading import parse_yaml


def parsed(entries: tuple[str, ...]) -> list[dict[str, Any]]:
    found = yaml.safe_load("\n".join(entries))
    assert isinstance(found, list)
    return found


def test_it_proposes_what_a_gate_would_ask_for(world: World) -> None:
    found = draft([world.model])
    matches = [entry["match"] for entry in parsed(found.sources)]
    assert {"type": "generic", "namespace": "acme", "name": "base"} in matches
    assert len({str(match) for match in matches}) == len(matches)
    kept = world.verifier / "accepted-roots.yaml"
    accepted = read_accepted_roots(parse_yaml(kept.read_bytes(), "kept"), "kept")
    proposed = {entry["digest"] for entry in parsed(found.roots)}
    assert {str(digest) for digest in accepted} & proposed
    (command,) = found.signers
    assert "aibom signers add --from" in command
    assert str(world.bundle) in command


def test_each_is_said_once_however_many_boms_say_it(world: World) -> None:
    assert draft([world.model, world.bom]) == draft([world.model])


@pytest.mark.parametrize("which", ["sources", "roots"])
def test_a_draft_that_nobody_decided_cannot_be_loaded(world: World, which: str) -> None:
    entries = parsed(getattr(draft([world.model]), which))
    readers = {
        "sources": lambda: read_trusted_sources(
            {"apiVersion": "aibom/trusted-sources/v1", "lists": {"approved": entries}},
            which,
        ),
        "roots": lambda: read_accepted_roots(
            {"apiVersion": "aibom/accepted-roots/v1", "roots": entries}, which
        ),
    }
    with pytest.raises(PolicyInvalid) as caught:
        readers[which]()
    for key in ("approved_by", "expires", "reason"):
        assert key in caught.value.message


HOSTILE = {
    "a line break": "x\n- digest: sha256:0",
    "a quote": 'x"}, trust: trusted #',
    "a colon": "x: y",
    "a separator": "x\u2028approved_by: me",
    "an escape": "\x1b[2J",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_of_a_document_breaks_out(text: str) -> None:
    (entry,) = parsed((_entry({"digest": text}, text),))
    assert entry == {
        "digest": text,
        "reason": None,
        "approved_by": None,
        "expires": None,
    }


def test_nothing_to_propose_says_so() -> None:
    assert Draft((), (), ()).text().count("# nothing") == 3
