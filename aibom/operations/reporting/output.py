"""Where a report is written: beside the BOM, and never into the artifact."""

from __future__ import annotations

from pathlib import Path

from aibom.digest import BOM_NAME
from aibom.errors import UsageError
from aibom.operations.files import is_inside

__all__ = ["place_for"]


def place_for(bom: Path, output: Path | None, end: str) -> Path:
    """The file to write; ``end`` is the usual ending of its form.

    A BOM in the folder of its artifact has its report beside that folder: another file
    inside would be a part of the artifact, which nobody signed.

    Raises :class:`~aibom.errors.UsageError`: ``output-inside-artifact`` for a place in
    there, ``output-is-input`` for the BOM itself.
    """
    inside = bom.name == BOM_NAME
    if output is None:
        if not bom.name:  # a folder such as `.`, which whoever reads it refuses
            return Path(f"report.{end}")
        if not inside:
            return bom.with_name(f"{bom.name}.report.{end}")
        folder = (
            bom.parent if bom.parent.name not in ("", "..") else bom.parent.resolve()
        )
        return folder.with_name(f"{folder.name}.report.{end}")
    if output.resolve() == bom.resolve():
        raise UsageError(
            "is the BOM itself",
            reason="output-is-input",
            where=str(output),
            hint="name another file",
        )
    if inside and is_inside(output, bom.parent):
        raise UsageError(
            "a report in the artifact's folder would be part of the artifact",
            reason="output-inside-artifact",
            where=str(output),
            hint="write it beside the folder",
        )
    return output
