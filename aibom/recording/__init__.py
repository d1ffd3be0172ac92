"""Write a step down while it happens, in any training environment.

A lineage is only worth what its steps are: which bytes went in, which came out, by
whom, with which code. This package writes that down as the step runs, from digests that
it computes itself, in one file per step::

    from aibom import record

    with record("fine-tune", label="reviews, run 7") as step:
        step.input("base-model", "base/", source="pkg:huggingface/acme/base@4f0c…")
        step.input("training-data", "data/train.jsonl")
        step.party("labeler", "org:Acme Labels")
        step.parameter("learning-rate", 2e-5)
        step.output("out/")
        train()

or around a command (:func:`run`, ``aibom run``). Read on in this order:

- :mod:`~aibom.recording.step`: the step itself, and when a record is *not* written
- :mod:`~aibom.recording.content`: the bytes before and after
- :mod:`~aibom.recording.predicate`: what a record says, as an in-toto statement
- :mod:`~aibom.recording.command`, :mod:`~aibom.recording.code`,
  :mod:`~aibom.recording.redact`: the command, the git commit, and what is kept out
- :mod:`~aibom.recording.roles`, :mod:`~aibom.recording.reference`: what users may write
- :mod:`~aibom.recording.settings`, :mod:`~aibom.recording.store`: options, and the disk

What it does not do: watch which files are really opened (inputs are ``declared``, and
the record says so), sign by itself, or ask the network. Standard library only.
"""

from __future__ import annotations

from aibom.recording.command import RunOutcome, run, run_command
from aibom.recording.reference import InputRef, OutputRef, PartyRef
from aibom.recording.settings import DEFAULT_ALLOW_LIST, RecordOptions, Signer
from aibom.recording.step import Step, record

__all__ = [
    "DEFAULT_ALLOW_LIST",
    "InputRef",
    "OutputRef",
    "PartyRef",
    "RecordOptions",
    "RunOutcome",
    "Signer",
    "Step",
    "record",
    "run",
    "run_command",
]
