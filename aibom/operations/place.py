"""Where an artifact's sidecars lie: inside a folder, or beside a single file.

::

    model/                          model/aibom.cdx.json   model/aibom.sigstore.json
    labels.jsonl                    labels.jsonl.aibom.cdx.json
                                    labels.jsonl.aibom.sigstore.json
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aibom.digest import BOM_NAME, BUNDLE_NAME, OMS_NAME
from aibom.errors import InputError

__all__ = ["Place", "bom_beside", "bundle_beside", "is_bom_name"]


@dataclass(frozen=True, slots=True)
class Place:
    """An artifact on disk: a folder, or one file."""

    path: Path

    @classmethod
    def of(cls, path: Path) -> Place:
        """The place of what is there; raises ``InputError`` (``path-missing``)."""
        if not path.is_dir() and not path.is_file():
            raise InputError(
                "no such file or folder",
                reason="path-missing",
                where=str(path),
                hint="check the spelling of the path",
            )
        return cls(path)

    @property
    def is_folder(self) -> bool:
        """Whether the artifact is a folder with its sidecars inside."""
        return self.path.is_dir()

    @property
    def bom(self) -> Path:
        """Where its BOM lies."""
        return self._sidecar(BOM_NAME)

    @property
    def bundle(self) -> Path:
        """Where the signature over the BOM lies."""
        return self._sidecar(BUNDLE_NAME)

    @property
    def oms(self) -> Path:
        """Where an OpenSSF model signature lies."""
        return self._sidecar(OMS_NAME)

    @property
    def sidecars(self) -> frozenset[Path]:
        """All of these, links resolved."""
        return frozenset(one.resolve() for one in (self.bom, self.bundle, self.oms))

    def _sidecar(self, name: str) -> Path:
        if self.is_folder:
            return self.path / name
        return self.path.with_name(f"{self.path.name}.{name}")


def is_bom_name(name: str) -> bool:
    """Whether a file of this name is the BOM of the folder or file beside it."""
    return name == BOM_NAME or name.endswith("." + BOM_NAME)


def bom_beside(bundle: Path) -> Path | None:
    """The BOM that a bundle of this name belongs to; None for other bundles."""
    if bundle.name != BUNDLE_NAME and not bundle.name.endswith("." + BUNDLE_NAME):
        return None
    return bundle.with_name(bundle.name.removesuffix(BUNDLE_NAME) + BOM_NAME)


def bundle_beside(bom: Path) -> Path:
    """Where the bundle of a BOM with this name lies."""
    return bom.with_name(bom.name.removesuffix(BOM_NAME) + BUNDLE_NAME)
