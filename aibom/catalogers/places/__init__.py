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
    "agent_card",
    "argilla",
    "axolotl",
    "behaviour_files",
    "bom_inside",
    "card",
    "chroma",
    "croissant",
    "cvat",
    "data_files",
    "data_provenance",
    "dataset_infos",
    "dvc",
    "executable_files",
    "gguf",
    "git_lfs",
    "haystack_store",
    "keras",
    "label_studio",
    "label_table",
    "llama_factory",
    "llama_index",
    "mcp_config",
    "mcp_server",
    "mergekit",
    "mlflow_model",
    "mlflow_run",
    "onnx",
    "openlineage",
    "parquet",
    "pickle_files",
    "prodigy",
    "prompts",
    "record_manifest",
    "remote_code_requests",
    "safetensors",
    "sentence_transformers",
    "trainer_state",
    "transformers_config",
    "vector_index",
    "weight_index",
)


def catalogers() -> tuple[Cataloger, ...]:
    """All catalogers, in the order in which they read."""
    found = []
    for name in CATALOGERS:
        cataloger: Cataloger = import_module(f"{__name__}.{name}").CATALOGER
        found.append(cataloger)
    return tuple(found)
