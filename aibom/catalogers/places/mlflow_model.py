"""Models that MLflow logged: ``MLmodel``.

``source_model_revision`` is the newest commit that the Hub had *when the model was
logged*, not the one whose weights were loaded. So it pins nothing: it is kept as a fact
of its own, and the base is known by name only.

Sources: mlflow ``models/model.py``, ``transformers/flavor_config.py``,
``utils/huggingface_utils.py``.
"""

from __future__ import annotations

import re
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_yaml, text_of
from aibom.catalogers.names import NAME_FINDINGS, refer_to_model, tell_bases
from aibom.catalogers.notes import SUBJECT, Notes, pointer
from aibom.catalogers.pipelines import OTHER_STEP
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_FACTS = {
    "mlflow_version": "parameter.mlflow-version",
    "model_id": "mlflow-model-id",
    "model_uuid": "mlflow-model-uuid",
    "run_id": "mlflow-run",
}
_PYTHON = {
    "loader_module": "parameter.loader-module",
    "python_version": "parameter.python-version",
}
_SIGNATURE = ("inputs", "outputs", "params")
_UTC = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,9})?")
_ROLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MAX_TEXT = 4_000
_MAX_FLAVORS = 50
_MAX_COMPONENTS = 20


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] == "MLmodel"


def _read(notes: Notes) -> None:
    document = read_yaml(notes)
    if document is UNREAD:
        return
    if not isinstance(document, dict) or not isinstance(document.get("flavors"), dict):
        notes.skip("mlmodel-malformed", "/flavors", "no flavors")
        return
    notes.subject_is(Kind.MODEL)
    _facts(notes, document, _FACTS, "")
    _created(notes, document.get("utc_time_created"))
    _signature(notes, document.get("signature"))
    run = text_of(document.get("run_id"))
    if run and len(run) <= _MAX_TEXT:
        step = notes.step(OTHER_STEP, {"mlflow-run": run}, "/run_id")
        notes.edge(step, Relation.GENERATED, SUBJECT, "", "/run_id")
    _flavors(notes, document["flavors"])


def _facts(
    notes: Notes, value: dict[str, Any], fields: dict[str, str], at: str
) -> None:
    for key, field in fields.items():
        text, place = text_of(value.get(key)), at + pointer(key)
        if text is not None and len(text) <= _MAX_TEXT:
            notes.say(field, text, place)
        elif value.get(key) is not None:
            notes.skip("mlmodel-malformed", place, "no short text")


def _created(notes: Notes, value: Any) -> None:
    """Its own key says that the time is in UTC; the text does not."""
    if value is None:
        return
    found = _UTC.fullmatch(text_of(value) or "")
    if found is None:
        notes.odd("date-unclear", "/utc_time_created", text_of(value) or "")
    else:
        notes.say("created", f"{found[1]}T{found[2]}Z", "/utc_time_created")


def _signature(notes: Notes, value: Any) -> None:
    """What the model takes and gives. Not a signature that proves anything."""
    if value is None:
        return
    if not isinstance(value, dict):
        notes.skip("mlmodel-malformed", "/signature", "not a mapping")
        return
    for key in _SIGNATURE:
        text = text_of(value.get(key))
        if text is not None and len(text) <= _MAX_TEXT:
            notes.say(f"interface.{key}", text, f"/signature/{key}")
        elif value.get(key) is not None:
            notes.skip("interface-left-out", f"/signature/{key}")


def _flavors(notes: Notes, flavors: dict[str, Any]) -> None:
    if len(flavors) > _MAX_FLAVORS or any(len(name) > 100 for name in flavors):
        notes.skip("mlmodel-malformed", "/flavors", "too many, or endless names")
        return
    notes.say("flavors", ", ".join(sorted(flavors)), "/flavors")
    for name, value in flavors.items():
        at = pointer("flavors", name)
        if not isinstance(value, dict):
            notes.skip("mlmodel-malformed", at, "not a mapping")
            continue
        if name == "python_function":
            _facts(notes, value, _PYTHON, at)
        if (task := text_of(value.get("task"))) and len(task) <= _MAX_TEXT:
            notes.say("task", task, f"{at}/task")
        _base(notes, value, at)
        _components(notes, value, at)


def _base(notes: Notes, flavor: dict[str, Any], at: str) -> None:
    """The model that was in memory, by the name it was loaded under."""
    place = f"{at}/source_model_name"
    name = text_of(flavor.get("source_model_name"))
    revision = _revision(notes, flavor, "source_model_revision", at)
    if not name or not name.strip():
        return
    adapter = text_of(flavor.get("peft_adaptor"))
    if adapter:
        notes.say("adapter-folder", adapter[:_MAX_TEXT], f"{at}/peft_adaptor")
    facts = {"relation": "adapter"} if adapter else {}
    base = refer_to_model(notes, name, place, facts={**facts, **revision})
    # With a revision MLflow saved no weights, and fetches them where it loads them.
    if base is not None and (adapter or revision):
        notes.edge(SUBJECT, Relation.REQUIRES, base, "base", place, revision)
    tell_bases(notes, [(name, None, place)])


def _components(notes: Notes, flavor: dict[str, Any], at: str) -> None:
    """Tokenizers and processors that are fetched from the Hub at loading."""
    named = [key for key in flavor if key.endswith("_name")]
    named = [key for key in named if key != "source_model_name"]
    if len(named) > _MAX_COMPONENTS:
        notes.skip("mlmodel-malformed", at, "too many components")
        return
    for key in named:
        component = key.removesuffix("_name")
        role, name = component.replace("_", "-"), text_of(flavor[key])
        is_component = (
            f"{component}_revision" in flavor or f"{component}_type" in flavor
        )
        if not name or not is_component or not _ROLE.fullmatch(role) or len(role) > 64:
            continue
        facts = _revision(notes, flavor, f"{component}_revision", at)
        relation = Relation.REQUIRES
        place = at + pointer(key)
        refer_to_model(notes, name, place, role=role, relation=relation, facts=facts)


def _revision(
    notes: Notes, flavor: dict[str, Any], key: str, at: str
) -> dict[str, str | None]:
    text = text_of(flavor.get(key))
    if not text:
        return {}
    notes.odd("revision-at-log-time", at + pointer(key), text)
    return {"revision-at-log-time": text[:_MAX_TEXT]}


CATALOGER = Cataloger(
    id="mlflow-model",
    title="MLflow model (MLmodel)",
    wants=_wants,
    read=_read,
    supplies=(
        "the run that logged the model, when, and with which version of MLflow",
        "flavors, task, inputs and outputs",
        "the model that it was made from, and tokenizers and processors that it "
        "fetches, by name",
    ),
    cannot=(
        "tell which revision of the base was loaded: MLflow writes down the newest one "
        "that the Hub had at that moment",
        "tell the data: that is in the run, if anywhere",
        "tell whether a name is one of the Hub, or a folder on that machine",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **NAME_FINDINGS,
        "date-unclear": "a date that is none; it is left out",
        "interface-left-out": "inputs or outputs too long to keep, or no text",
        "mlmodel-malformed": "not what MLflow writes; that part is not known",
        "revision-at-log-time": "a revision that was the newest when the model was "
        "logged; which one was loaded is not known",
    },
)
