"""Programs, scripts and code among the files: not read, not run, but said to be there.

What a file is, its bytes tell and not its name or its mode
(:mod:`aibom.catalogers.formats`); only Python source goes by the name under which it
would be imported. A file that is several things at once is among them.
"""

from __future__ import annotations

from aibom.catalogers.binary import field_of
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.notes import Notes

__all__ = ["CATALOGER"]

_CODES = {
    "elf": "native-code",
    "pe": "native-code",
    "mach-o": "native-code",
    "wasm": "native-code",
    "python": "python-source",
    "python-bytecode": "python-bytecode",
    "script": "script",
    "ambiguous": "format-ambiguous",
}


def _wants(path: str, form: str) -> bool:
    return form in _CODES


def _read(notes: Notes) -> None:
    form = notes.place.formats[notes.path]
    notes.odd(_CODES[form], "", form)
    notes.say(field_of("executable", notes.path), form)


CATALOGER = Cataloger(
    id="executable-files",
    title="Programs, scripts and code",
    wants=_wants,
    read=_read,
    supplies=("which files can be run or imported, and as what",),
    cannot=(
        "tell what they do",
        "find source in a language other than Python that has no #! line",
    ),
    findings={
        "native-code": "a program or a library of machine code (or WebAssembly)",
        "script": "a script with an interpreter line",
        "python-source": "Python that is imported by its name (.py, .pyi, .pyw, .pth)",
        "python-bytecode": "compiled Python, which need not be what its source says",
        "format-ambiguous": "loaders of two formats would take this file",
    },
)
