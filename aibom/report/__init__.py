"""Draw what was found: a verdict or a lineage as text. No decisions are taken here.

:mod:`.text` escapes what comes from documents, :mod:`.terminal` is the verdict at a
glance, :mod:`.explain` one finding in full, :mod:`.tree` the lineage as a tree,
:mod:`.verified` what was verified, :mod:`.machine` JSON. Functions return text; only
the CLI prints.
"""
