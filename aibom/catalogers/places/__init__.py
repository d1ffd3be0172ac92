"""The catalogers: one file for each kind of place, in this explicit list.

A cataloger's file name, with ``-`` for ``_``, is its id and its page in
``docs/catalogers/``. To add one, see ``docs/contributing.md``.
"""

from __future__ import annotations

from importlib import import_module

from aibom.catalogers.cataloger import Cataloger

__all__ = ["CATALOGERS", "catalogers"]

#: Modules of this package, sorted; each is loaded only where catalogers are asked for.
CATALOGERS = (
    "adapter_config",
    "argilla",
    "axolotl",
    "behaviour_files",
    "card",
    "croissant",
    "cvat",
    "data_files",
    "data_provenance",
    "dataset_infos",
    "executable_files",
    "gguf",
    "git_lfs",
    "keras",
    "label_studio",
    "label_table",
    "llama_factory",
    "mergekit",
    "onnx",
    "parquet",
    "pickle_files",
    "prodigy",
    "remote_code_requests",
    "safetensors",
    "sentence_transformers",
    "trainer_state",
    "transformers_config",
    "weight_index",
)


def catalogers() -> tuple[Cataloger, ...]:
    """All catalogers, in the order in which they read."""
    found = []
    for name in CATALOGERS:
        cataloger: Cataloger = import_module(f"{__name__}.{name}").CATALOGER
        found.append(cataloger)
    return tuple(found)
