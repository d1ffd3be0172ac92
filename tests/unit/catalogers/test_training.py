"""Framework files: no bytes break their readers, and no path leads out of the place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.notes import Notes
from aibom.catalogers.place import Place
from aibom.catalogers.places import (
    axolotl,
    llama_factory,
    mergekit,
    sentence_transformers,
    trainer_state,
    transformers_config,
)
from aibom.catalogers.training import holds_words, path_in_place
from tests.catalog_world import put, read

YAML_TRAINING = b"base_model: acme/a\nnum_epochs: 1\ndatasets:\n- path: acme/b\n"
FACTORY = b"model_name_or_path: acme/a\nstage: sft\ndataset: b\n"

#: name → cataloger, file, a valid one
READERS: Mapping[str, tuple[Cataloger, str, bytes]] = {
    "axolotl": (axolotl.CATALOGER, "a.yml", YAML_TRAINING),
    "llama-factory": (llama_factory.CATALOGER, "a.yaml", FACTORY),
    "mergekit": (
        mergekit.CATALOGER,
        "mergekit_config.yml",
        b"merge_method: ties\nmodels:\n- model: acme/a+acme/b@c\n",
    ),
    "modules": (
        sentence_transformers.CATALOGER,
        "modules.json",
        b'[{"idx": 0, "path": "", "type": "x"}]',
    ),
    "trainer state": (
        trainer_state.CATALOGER,
        "trainer_state.json",
        b'{"global_step": 5, "best_metric": 1e3}',
    ),
    "config": (
        transformers_config.CATALOGER,
        "config.json",
        b'{"model_type": "bert", "_name_or_path": "acme/a"}',
    ),
}


@pytest.mark.parametrize(("cataloger", "name", "valid"), READERS.values(), ids=READERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_bytes_break_it(
    cataloger: Cataloger,
    name: str,
    valid: bytes,
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    at = data.draw(st.integers(0, len(valid)))
    more = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"\n", b": ", b"[", b"{"])
    )
    gone = data.draw(st.integers(0, 12))
    body = valid[:at] + more + valid[at + gone :]
    read(cataloger, tmp_path_factory.mktemp("place"), {name: body})


@pytest.mark.parametrize(("cataloger", "name", "valid"), READERS.values(), ids=READERS)
def test_the_valid_one_is_read(
    cataloger: Cataloger, name: str, valid: bytes, tmp_path: Path
) -> None:
    done = read(cataloger, tmp_path, {name: valid})
    assert done.said or done.edges
    assert not done.unread - {"dataset-info-missing"}


#: name → what a config names, from its folder ``a/b``, and what that is in the place
PATHS = {
    "beside it": ("x.json", "a/b/x.json"),
    "beside it, dotted": ("././x.json", "a/b/x.json"),
    "a folder below": ("c/", "a/b/c"),
    "above it": ("../y.json", "a/y.json"),
    "from the place": ("a/y.json", "a/y.json"),
    "not here": ("z.json", None),
    "out of the place": ("../../../y.json", None),
    "from the root of the disk": ("/a/y.json", None),
    "from somebody's home": ("~/y.json", None),
    "as on another system": ("..\\y.json", None),
    "nothing": (" ", None),
    "no path": ("a\0b", None),
}


@pytest.mark.parametrize(("text", "path"), PATHS.values(), ids=PATHS)
def test_a_path_means_what_lies_in_the_place(
    text: str, path: str | None, tmp_path: Path
) -> None:
    names = ("a/b/x.json", "a/b/c/z.json", "a/y.json", "a/b/config.yml")
    put(tmp_path / "place", dict.fromkeys(names, "1"))
    put(tmp_path, {"y.json": "outside"})
    notes = Notes("tests", Place.of(tmp_path / "place"), "a/b/config.yml")
    assert path_in_place(notes, text) == path


#: name → bytes, whether ``stage`` is a key in them
WORDS = {
    "a line": (b"a: 1\nstage: sft\n", True),
    "the first line": (b"stage : sft\n", True),
    "a key of JSON": (b'{"a":1,"stage":"sft"}', True),
    "a key of JSON, indented": (b'{\n  "stage": "sft"}', True),
    "a part of a word": (b"a_stage: 1\nstages: 2\n", False),
    "a value": (b"a: stage\n", False),
    "behind the first megabyte": (b"#" * (1024 * 1024) + b"\nstage: 1", False),
    "blank lines": (b"\n" * 900_000 + b"x", False),
    "blanks": (b"{" + b" " * 900_000, False),
}


@pytest.mark.parametrize(("data", "held"), WORDS.values(), ids=WORDS)
def test_words_that_are_keys(data: bytes, held: bool, tmp_path: Path) -> None:
    notes = Notes("tests", Place.of(put(tmp_path, {"a": data})), "a")
    assert holds_words(notes, "stage") is held
