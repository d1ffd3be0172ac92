"""The folder that a quarantine lies in: nobody else may exchange what lies there."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from aibom.digest import stat_snapshot
from aibom.errors import InputError, VerificationFailed
from aibom.operations.importing.quarantine import Quarantine, quarantine_of

WANTED = {"commit": "1f" * 20}
NOBODY = 65534

Patch = pytest.MonkeyPatch


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir(mode=0o755)
    return tmp_path / "models" / "fine"


def refused(target: Path) -> InputError:
    with (
        pytest.raises(InputError) as caught,
        Quarantine.held(target, WANTED),
    ):
        pass
    return caught.value


OPEN = (0o775, 0o757, 0o777, 0o722)
CLOSED = (0o755, 0o700, 0o1777, 0o1775, 0o3775)


@pytest.mark.parametrize("mode", OPEN, ids=oct)
def test_a_folder_where_others_could_exchange_it(target: Path, mode: int) -> None:
    target.parent.chmod(mode)
    error = refused(target)
    assert (error.exit_code, error.reason) == (1, "quarantine-unusable")
    assert error.where == str(target.parent)
    assert "chmod" in str(error.hint)
    assert os.listdir(target.parent) == []
    assert stat.S_IMODE(target.parent.stat().st_mode) == mode


SAID = {
    0o775: ("group may write there", "chmod g-w {}; "),
    0o757: ("others may write there", "chmod o-w {}; "),
    0o777: ("group and others may write there", "chmod go-w {}; "),
}


@pytest.mark.parametrize("name", ["models", "my models"])
@pytest.mark.parametrize("mode", SAID, ids=oct)
def test_the_command_that_it_names_is_the_one_that_helps(tmp_path, mode, name):
    target = tmp_path / name / "fine"
    target.parent.mkdir()
    target.parent.chmod(mode)
    error = refused(target)
    who, command = SAID[mode]
    quoted = shlex.quote(str(target.parent))
    assert who in error.message
    assert str(error.hint).startswith(command.format(quoted))
    assert str(error.hint).endswith(f": chmod +t {quoted}")
    for shown in (str(error.hint).partition(";")[0], f"chmod +t {quoted}"):
        target.parent.chmod(mode)
        subprocess.run(shlex.split(shown), check=True)
        with Quarantine.held(target, WANTED) as quarantine:
            quarantine.discard()


@pytest.mark.parametrize("mode", OPEN, ids=oct)
def test_what_is_left_there_is_not_gone_on_with(target: Path, mode: int) -> None:
    with Quarantine.held(target, WANTED) as quarantine:
        (quarantine.files / "left").write_text("x")
    before = sorted(quarantine_of(target).rglob("*"))
    target.parent.chmod(mode)
    assert refused(target).reason == "quarantine-unusable"
    assert sorted(quarantine_of(target).rglob("*")) == before
    with (
        pytest.raises(InputError) as caught,
        Quarantine.held(target, None),  # as what would remove it
    ):
        pass
    assert caught.value.reason == "quarantine-unusable"
    assert (quarantine_of(target) / "files" / "left").read_text() == "x"


@pytest.mark.parametrize("mode", CLOSED, ids=oct)
def test_a_folder_where_they_cannot(target: Path, mode: int) -> None:
    target.parent.chmod(mode)
    with Quarantine.held(target, WANTED) as quarantine:
        quarantine.discard()
    assert os.listdir(target.parent) == []


def test_a_folder_of_somebody_else(target: Path, monkeypatch: Patch) -> None:
    """A sticky bit does not keep its owner from exchanging what lies in it."""
    target.parent.chmod(0o1777)
    if os.geteuid() == 0:
        os.chown(target.parent, NOBODY, NOBODY)
    else:
        _somebody_elses(target.parent, monkeypatch)
    error = refused(target)
    assert (error.reason, error.where) == ("quarantine-unusable", str(target.parent))
    assert f"user {NOBODY}" in error.message
    assert "chmod" not in str(error.hint)  # which would not help
    assert os.listdir(target.parent) == []


def _somebody_elses(folder: Path, patch: Patch) -> None:
    """Have the system say so: only root can give a folder away."""
    real = os.stat

    def told(path: object, **how: object) -> os.stat_result:
        found = real(path, **how)  # type: ignore[arg-type]
        if str(path) != str(folder):
            return found
        values = list(found)
        values[4] = NOBODY  # st_uid
        return os.stat_result(values)

    patch.setattr(os, "stat", told)


@pytest.mark.parametrize("umask", [0, 0o002, 0o022, 0o077], ids=oct)
def test_a_folder_that_we_make_is_one_of_those(tmp_path: Path, umask: int) -> None:
    target = tmp_path / "models" / "new" / "fine"
    before = os.umask(umask)
    try:
        with Quarantine.held(target, WANTED) as quarantine:
            quarantine.discard()
    finally:
        os.umask(before)
    assert not stat.S_IMODE(target.parent.stat().st_mode) & 0o022


@pytest.mark.parametrize("place", ["in-the-quarantine", "beside-it"])
def test_files_that_became_a_link_are_not_promoted(target: Path, place: str) -> None:
    """To the very files: the target would be whatever lies there later."""
    with Quarantine.held(target, WANTED) as quarantine:
        (quarantine.files / "a").write_text("a")
        decided = stat_snapshot(quarantine.files)
        away = quarantine.path if place != "beside-it" else target.parent
        real = quarantine.files.rename(away / "real")
        quarantine.files.symlink_to(real)
        with pytest.raises(VerificationFailed) as caught:
            quarantine.promote(target, decided)
        assert caught.value.reason == "changed-since-decided"
    assert not os.path.lexists(target)
    assert (real / "a").read_text() == "a"
