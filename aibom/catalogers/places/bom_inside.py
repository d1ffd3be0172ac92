"""BOMs that lie within a place: said to be there, and not read.

What a document says about something else does not become what is said of this place:
it may be about another version, or about nothing that is here.

Sources: CycloneDX 1.2 to 1.7 (``bomFormat``); SPDX 2.2, 2.3 (``spdxVersion``) and 3.0
(``@context``).
"""

from __future__ import annotations

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.notes import Notes

__all__ = ["CATALOGER"]

_ENDINGS = (".bom.json", ".cdx.json", ".sbom.json", ".spdx.json", ".spdx3.json")
_NAMES = ("bom.json", "sbom.json", "aibom.json")
_HEAD = 64 * 1024


def _wants(path: str, form: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return form == "json" and (name in _NAMES or name.endswith(_ENDINGS))


def _read(notes: Notes) -> None:
    with notes.place.open(notes.path) as stream:
        head = stream.read(_HEAD)
    if b'"bomFormat"' in head and b'"CycloneDX"' in head:
        notes.skip("bom-inside", "", f"CycloneDX: aibom scan {notes.path}")
    elif b'"spdxVersion"' in head or b"spdx.org/rdf/3" in head:
        notes.skip("bom-inside", "", "SPDX, which aibom does not read")


CATALOGER = Cataloger(
    id="bom-inside",
    title="BOMs within a place (CycloneDX, SPDX)",
    wants=_wants,
    read=_read,
    supplies=("that a BOM lies there",),
    cannot=(
        "tell what it is about: scan it by itself, and look at what it names",
        "see one whose first 64 KiB do not say what it is",
    ),
    findings={
        "bom-inside": "a BOM lies here; nothing of it is taken over. Scan it by itself",
    },
)
