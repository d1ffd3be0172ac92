"""aibom: what did this model learn from, who says so, and may it be deployed?

The parts, in the order in which a model meets them:

1. :mod:`aibom.recording` writes a step down while it happens (:func:`aibom.record`).
2. :mod:`aibom.catalogers` read facts from places: folders, hubs, label exports.
3. :mod:`aibom.lineage` joins both by digest into one graph; it is the domain, and every
   other part reads or writes its values.
4. :mod:`aibom.bom` keeps a graph as CycloneDX, and reads it back without loss.
5. :mod:`aibom.attest` signs, and verifies what others signed.
6. :mod:`aibom.audits` examine data or a model.
7. :mod:`aibom.policy` decides, from the graph and what was verified, purely.
8. :mod:`aibom.report` shows the verdict.

:mod:`aibom.operations` wires these together, one file per job, and is the Python API;
:mod:`aibom.cli` is the same from a terminal. Importing this package loads nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aibom.operations.importing.fetched import fetched
    from aibom.recording import record

__all__ = ["__version__", "fetched", "record"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562): starting stays cheap."""
    if name == "record":
        from aibom.recording import record

        return record
    if name == "fetched":
        from aibom.operations.importing.fetched import fetched

        return fetched
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, those not yet loaded included."""
    return sorted({*globals(), *__all__})
