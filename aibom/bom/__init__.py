"""CycloneDX documents: read, validate and write them without losing anything.

The JSON document itself is the BOM: a plain ``dict`` that is never pressed into a
smaller model. Reading goes in levels, each useful on its own::

    bytes ── parse ──> document ── schema ──> references ──> profile

:mod:`aibom.bom.parse` turns hostile bytes into a document or refuses them,
:mod:`aibom.bom.schema` holds it against the CycloneDX schemas, and
:mod:`aibom.bom.references` checks what no schema can say. A level reports problems as
values (:mod:`aibom.bom.problem`) and never changes the document.
"""
