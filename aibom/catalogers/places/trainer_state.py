"""How far a training got: ``trainer_state.json`` of transformers' Trainer.

Steps, epochs, sizes, the best metric: numbers about a training that names neither its
data nor its base, so no step is made of it.

Source: huggingface/transformers ``trainer_callback.py`` (``TrainerState``).
"""

from __future__ import annotations

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json, text_of
from aibom.catalogers.notes import Notes, pointer
from aibom.lineage.nodes import Kind

__all__ = ["CATALOGER"]

_FACTS = {
    "best_global_step": "parameter.best-step",
    "best_metric": "metric.best",
    "epoch": "parameter.epoch",
    "global_step": "parameter.global-step",
    "max_steps": "parameter.max-steps",
    "num_input_tokens_seen": "parameter.input-tokens-seen",
    "num_train_epochs": "parameter.train-epochs",
    "train_batch_size": "parameter.train-batch-size",
}


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] == "trainer_state.json"


def _read(notes: Notes) -> None:
    document = read_json(notes)
    if not isinstance(document, dict):
        if document is not UNREAD:
            notes.skip("trainer-state-malformed", "", "not an object")
        return
    if "global_step" not in document:
        notes.skip("trainer-state-malformed", "/global_step", "missing")
        return
    notes.subject_is(Kind.MODEL)
    for key, field in _FACTS.items():
        value = document.get(key)
        if (text := text_of(value)) is not None:
            notes.say(field, text, pointer(key))
        elif value is not None:
            notes.skip("trainer-state-malformed", pointer(key), "no number")
    best = document.get("best_model_checkpoint")
    if isinstance(best, str) and best:
        # The rest is a path of the training host.
        name = best.replace("\\", "/").rstrip("/").rpartition("/")[2]
        notes.say("parameter.best-checkpoint", name, "/best_model_checkpoint")
    notes.odd("training-without-inputs")


CATALOGER = Cataloger(
    id="trainer-state",
    title="State of a training (trainer_state.json)",
    wants=_wants,
    read=_read,
    supplies=("steps, epochs, batch size, tokens seen, the best metric",),
    cannot=("tell the data, the base model, or the code",),
    findings={
        **DOCUMENT_FINDINGS,
        "trainer-state-malformed": "not what the Trainer writes; that part is not "
        "known",
        "training-without-inputs": "says that a training ran, and neither on which "
        "data nor from which base",
    },
)
