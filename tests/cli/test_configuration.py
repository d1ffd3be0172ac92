"""Which Sigstore is signed with: said by the user, and never by what is signed."""

from __future__ import annotations

import json

import pytest
import yaml

#: A JSON object that is no trust config: who reads it says so, with its path.
NO_CONFIG = "{}"


@pytest.fixture
def places(world, tmp_path, monkeypatch):
    """A home, and a folder for configuration; both empty, and told to the program."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "AIBOM_CONFIG", "AIBOM_SIGSTORE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def configure(folder, named: str = "mine.json"):
    """A configuration below a folder, whose Sigstore is recognised by its path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(f"sigstore: {json.dumps(named)}\n")
    (folder / named).write_text(NO_CONFIG)
    return folder / "config.yaml"


def used(ran) -> str:
    """The trust config that was read, from the refusal that names it."""
    assert (ran.code, "[trust-config-invalid]" in ran.err) == (1, True), ran.err
    return ran.err.removeprefix("aibom: ").partition(": ")[0]


def test_without_any_nothing_is_signed(places, here):
    ran = here("sign", "model")
    assert (ran.code, ran.out) == (2, "")
    assert "[signer-missing]" in ran.err
    assert "--key FILE" in ran.err


#: name → (folder below the test's, variable, its value below the test's)
FILES = {
    "AIBOM_CONFIG": ("named", "AIBOM_CONFIG", "named/config.yaml"),
    "XDG_CONFIG_HOME": ("xdg/aibom", "XDG_CONFIG_HOME", "xdg"),
    "HOME": ("home/.config/aibom", "HOME", "home"),
}


@pytest.mark.parametrize(("folder", "variable", "value"), FILES.values(), ids=FILES)
def test_a_file_of_the_user(places, here, monkeypatch, folder, variable, value):
    configure(places / folder)
    monkeypatch.setenv(variable, str(places / value))
    # A path in it is meant from the file, wherever one stands.
    assert used(here("sign", "model")) == str(places / folder / "mine.json")


def test_a_relative_folder_is_passed_over(places, here, monkeypatch):
    """As the XDG Base Directory Specification has it."""
    configure(places / "home/.config/aibom")
    monkeypatch.setenv("XDG_CONFIG_HOME", "xdg")
    found = used(here("sign", "model"))
    assert found == str(places / "home/.config/aibom/mine.json")


def test_whoever_is_asked_first(places, here, monkeypatch):
    """An option, then AIBOM_SIGSTORE, then the file; of files, the one named."""
    for folder in ("home/.config/aibom", "xdg/aibom", "named"):
        configure(places / folder)
    variable, option = places / "variable.json", places / "option.json"
    for path in (variable, option):
        path.write_text(NO_CONFIG)
    found = [used(here("sign", "model"))]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(places / "xdg"))
    found.append(used(here("sign", "model")))
    monkeypatch.setenv("AIBOM_CONFIG", str(places / "named/config.yaml"))
    found.append(used(here("sign", "model")))
    monkeypatch.setenv("AIBOM_SIGSTORE", str(variable))
    found.append(used(here("sign", "model")))
    found.append(used(here("sign", "model", "--sigstore", option)))
    assert found == [
        str(places / "home/.config/aibom/mine.json"),
        str(places / "xdg/aibom/mine.json"),
        str(places / "named/mine.json"),
        str(variable),
        str(option),
    ]


def test_a_key_that_is_named_counts_more(places, here, monkeypatch):
    configure(places / "home/.config/aibom")
    monkeypatch.setenv("AIBOM_SIGSTORE", "gone.json")
    assert here("sign", "model", "--key", "release.key").code == 0


@pytest.mark.parametrize("text", ["{}", "# nothing yet\n{}"], ids=repr)
def test_a_file_without_a_word_of_it(places, here, text):
    path = configure(places / "home/.config/aibom")
    path.write_text(text)
    assert "[signer-missing]" in here("sign", "model").err


def test_public_is_a_word_and_no_file(places, here, monkeypatch):
    path = configure(places / "home/.config/aibom", "public")
    assert yaml.safe_load(path.read_text()) == {"sigstore": "public"}
    # It got as far as looking for somebody to sign as, with nobody there.
    ran = here("sign", "model")
    assert (ran.code, "[token-unavailable]" in ran.err) == (1, True)
    monkeypatch.setenv("AIBOM_SIGSTORE", "public")
    assert "[token-unavailable]" in here("sign", "model").err


BROKEN = {
    "empty": "",
    "not YAML": "sigstore: [}",
    "not UTF-8": b"sigstore: \xff",
    "a list": "[public]",
    "no text": "sigstore: 5",
    "empty text": 'sigstore: ""',
    "a word that is unknown": "sigstroe: public",
    "twice": "sigstore: public\nsigstore: mine.json",
    "an alias": "sigstore: &a public\nx: *a",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_broken_stops_it(places, here, text):
    """A guess would send a token to whoever is public."""
    path = configure(places / "home/.config/aibom")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    ran = here("sign", "model")
    assert (ran.code, ran.out) == (2, "")
    assert "[config-invalid]" in ran.err
    assert str(path) in ran.err


@pytest.mark.parametrize("name", ["gone.yaml", "."], ids=["gone", "folder"])
def test_a_file_that_was_named_must_be_there(places, here, monkeypatch, name):
    monkeypatch.setenv("AIBOM_CONFIG", str(places / name))
    ran = here("sign", "model")
    assert (ran.code, "[config-invalid]" in ran.err) == (2, True)
    assert "AIBOM_CONFIG" in ran.err


def test_a_sigstore_that_is_not_there(places, here):
    path = configure(places / "home/.config/aibom")
    (path.parent / "mine.json").unlink()
    ran = here("sign", "model")
    assert (ran.code, "[path-missing]" in ran.err) == (1, True)
    assert str(path.parent / "mine.json") in ran.err


#: Where a repository might put one, to have tokens sent to servers of its own.
TRAPS = (
    *("config.yaml", "aibom.yaml", ".aibom.yaml", "aibom/config.yaml"),
    *(".aibom/config.yaml", ".config/aibom/config.yaml", "model/config.yaml"),
    *("model/aibom/config.yaml", ".config/config.yaml", "None/aibom/config.yaml"),
)
#: What the environment may be, so that "the user's folder" would be where one stands.
HOMES = {
    "as it should be": {},
    "empty": {"HOME": "", "XDG_CONFIG_HOME": ""},
    "none": {"HOME": None, "XDG_CONFIG_HOME": None},
    "here": {"HOME": ".", "XDG_CONFIG_HOME": "."},
    "below": {"HOME": "aibom", "XDG_CONFIG_HOME": ".config"},
    "an empty name": {"AIBOM_CONFIG": "", "AIBOM_SIGSTORE": ""},
}


@pytest.mark.parametrize("environment", HOMES.values(), ids=HOMES)
@pytest.mark.parametrize("text", ["sigstore: trap.json", "[}"], ids=["trap", "broken"])
def test_what_lies_here_is_never_asked(
    places, world, here, monkeypatch, environment, text
):
    """A broken one is not even read: that would have been refused."""
    for name in TRAPS:
        path = world.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.with_name("trap.json").write_text(NO_CONFIG)
    for name, value in environment.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    ran = here("sign", "model")
    assert (ran.code, ran.out) == (2, "")
    assert "[signer-missing]" in ran.err
    assert "trap" not in ran.err


def test_only_who_signs_reads_it(places, here):
    """Verifying has a trust root of its own; nothing that was configured adds to it."""
    configure(places / "home/.config/aibom").write_text("[}")
    assert here("verify", "model", "--public-key", "release.pub").code == 0
    words = ("--policy", "verifier", "--evidence", "evidence")
    assert here("gate", "model", *words).code == 0
