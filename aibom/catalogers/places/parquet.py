"""Parquet files: what their footer says.

Only the footer is read, by our own reader (:mod:`aibom.catalogers.parquet_footer`): the
number of records, the columns, what wrote the file, and its key-value metadata. No page
of data is read, so the number of records is what the file says of itself.

Source: apache/parquet-format, "File format"; huggingface/datasets writes the key
``huggingface``.
"""

from __future__ import annotations

import json
import re

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.data_file import add_data_file
from aibom.catalogers.notes import Notes
from aibom.catalogers.parquet_footer import (
    FooterMalformed,
    ParquetFooter,
    read_footer,
)

__all__ = ["CATALOGER"]

_MAX_FOOTER = 4 * 1024 * 1024
_MAX_METADATA = 100
_MAX_TEXT = 4000
_MAX_KEY = 100
#: How the columns are laid out; long, and said by the schema already.
_LAYOUT = frozenset({"ARROW:schema", "pandas"})


def _wants(path: str, form: str) -> bool:
    return form == "parquet"


def _read(notes: Notes) -> None:
    footer = _footer(notes)
    facts: dict[str, str | None] = {}
    if footer is not None:
        facts = {
            "records": str(footer.records),
            "columns": str(len(footer.columns)),
            **_metadata(notes, footer),
        }
        if footer.made_with:
            facts["made-with"] = footer.made_with[:_MAX_TEXT]
    add_data_file(notes, "data", facts)


def _footer(notes: Notes) -> ParquetFooter | None:
    size = notes.place.size(notes.path)
    with notes.place.open(notes.path) as stream:
        stream.seek(max(0, size - 8))
        tail = stream.read(8)
        if tail[4:] == b"PARE":
            notes.skip("parquet-encrypted")
            return None
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != b"PAR1" or length > size - 12:
            notes.skip("parquet-malformed", "", "no footer at its end")
            return None
        if length > _MAX_FOOTER:
            notes.skip("footer-too-large", "", f"{length:,} bytes")
            return None
        stream.seek(size - 8 - length)
        data = stream.read(length)
    try:
        return read_footer(data)
    except FooterMalformed as error:
        notes.skip("parquet-malformed", "", str(error))
        return None


def _metadata(notes: Notes, footer: ParquetFooter) -> dict[str, str | None]:
    facts: dict[str, str | None] = {}
    if len(footer.metadata) > _MAX_METADATA:
        notes.skip("metadata-too-long", "", f"{len(footer.metadata):,} keys")
    for key, value in footer.metadata[:_MAX_METADATA]:
        name = re.sub(r"[\x00-\x1f\x7f]", "", key)[:_MAX_KEY]
        if key in _LAYOUT or value is None or not name:
            continue
        if key == "huggingface":
            facts.update(_hugging_face(notes, value))
        elif len(value) > _MAX_TEXT:
            notes.skip("metadata-too-long", f"kv:{name}", f"{len(value):,} characters")
        elif facts.setdefault(f"metadata.{name}", value) != value:
            notes.odd("key-twice", f"kv:{name}")
    return facts


def _hugging_face(notes: Notes, value: str) -> dict[str, str | None]:
    """The columns' features are not repeated; a fingerprint identifies nothing."""
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        notes.skip("metadata-malformed", "kv:huggingface")
        return {}
    found = document.get("fingerprint") if isinstance(document, dict) else None
    return {"weak-digest.fingerprint": found} if _is_text(found) else {}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_KEY and value.isascii()


CATALOGER = Cataloger(
    id="parquet",
    title="Parquet file",
    wants=_wants,
    read=_read,
    supplies=(
        "the number of records and columns, as the file says of itself",
        "what wrote it, and its key-value metadata",
    ),
    cannot=(
        "tell what is in it: no data is read, so neither labels nor labelers",
        "tell whether the number of records is right",
    ),
    findings={
        "footer-too-large": "a footer larger than is read; nothing in it is known",
        "key-twice": "a key of the metadata stands twice; the first one counts here, "
        "elsewhere maybe not",
        "metadata-malformed": "the metadata of the datasets library is not JSON",
        "metadata-too-long": "metadata longer than is read; that part is not known",
        "parquet-encrypted": "an encrypted footer; nothing in it is known",
        "parquet-malformed": "not a Parquet footer; nothing in it is known",
    },
)
