"""One file per job: each wires stages together for the CLI and for Python users.

================  =============================================================
:mod:`.run`       record a command as a step
:mod:`.assemble`  join step records by digest into a BOM
:mod:`.sign`      sign an artifact's BOM, or a step record
:mod:`.verify`    bundle → bytes → upstream BOMs → step records
:mod:`.gate`      verify, hash, evaluate, decide; ``check`` is its dry run
:mod:`.audit`     turn a report into a signed audit
:mod:`.approve`   say yes to exact bytes, and take it back
:mod:`.validate`  the three levels of document validation
:mod:`.folder`    the verifier's folder and its lock
:mod:`.evidence`  evidence folders → what was checked in this run
:mod:`.naming`    whose names a thing has: who may speak of it
================  =============================================================

An operation reads what it is told to read and returns values. It prints nothing, never
exits, and writes files whole or not at all.
"""
