"""The folder that ``policy init`` writes: valid, says no, and how long it is fresh."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from worlds import NOW, World, make_world

from aibom.errors import AibomError
from aibom.operations.policies.folder import builtin_packs, lint_folder
from aibom.operations.policies.init import fresh_until, init_folder
from aibom.reading import parse_yaml


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("init") / "world")


@pytest.fixture
def world(pristine: World, tmp_path: Path) -> World:
    """A world whose advisories are those that init wrote, 30 days before they end."""
    world = pristine.copy(tmp_path / "world")
    init_folder(tmp_path / "made", "baseline", "acme", NOW)
    text = (tmp_path / "made" / "advisories.yaml").read_text()
    text = text.replace("sequence: 1", "sequence: 3")  # the least that is locked
    (world.verifier / "advisories.yaml").write_text(text)
    return world


@pytest.mark.parametrize("pack", [pack.name for pack in builtin_packs()])
def test_a_folder_of_any_pack_can_be_loaded(tmp_path: Path, pack: str) -> None:
    init_folder(tmp_path / "made", pack, "acme", NOW)
    folder, _ = lint_folder(tmp_path / "made")
    assert folder.signers == ()
    assert folder.policy.rules


def test_its_advisories_end_after_thirty_days_and_say_so(tmp_path: Path) -> None:
    init_folder(tmp_path / "made", "baseline", "acme", NOW)
    data = (tmp_path / "made" / "advisories.yaml").read_bytes()
    ends = f"{NOW + timedelta(days=30):%Y-%m-%d}"
    assert fresh_until(NOW) == ends
    assert str(parse_yaml(data, "advisories")["expires"]).startswith(ends)
    comment = " ".join(data.decode().split("apiVersion")[0].replace("#", " ").split())
    assert "30 days" in comment
    assert "raise `sequence`, and move `expires` on" in comment


def test_what_the_comment_says_to_do_helps_and_needs_no_new_lock(world: World) -> None:
    assert world.gate(NOW).exit_code == 0
    later = NOW + timedelta(days=31)
    stale = {
        r.reason for r in world.gate(later).blocking if r.rule == "ancestor-tainted"
    }
    assert stale == {"advisories-stale"}
    path = world.verifier / "advisories.yaml"
    text = path.read_text().replace("sequence: 3", "sequence: 4")
    path.write_text(text.replace(fresh_until(NOW), fresh_until(later)))
    after = world.gate(later)
    assert "advisories-stale" not in {r.reason for r in after.results}


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    made = tmp_path / "made"
    init_folder(made, "baseline", "acme", NOW)
    shutil.copy(made / "policy.yaml", tmp_path / "kept.yaml")
    with pytest.raises(AibomError) as caught:
        init_folder(made, "tier-high", "other", NOW)
    assert caught.value.reason == "file-exists"
    assert (made / "policy.yaml").read_bytes() == (tmp_path / "kept.yaml").read_bytes()
