"""The due-diligence report: what is proved, stated, missing, and what to ask next.

:mod:`.build` turns what was read and checked into a :class:`~.model.Report`, a frozen
value; :mod:`.machine`, :mod:`.markdown` and :mod:`.html` write it down, and
:mod:`.compare` says what changed since an earlier one. The questions are data
(``policies/report/``). Nothing here decides anything, and nothing is invented: an
answer without a source is "not provided".
"""
