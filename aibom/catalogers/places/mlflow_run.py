"""Runs of MLflow in a file store (``mlruns``): what ran, by whom, on which data.

A run is a folder: ``meta.yaml``, and a file for each tag, parameter and metric. Its
inputs name data sets, which lie beside the runs (``datasets/ID/meta.yaml``). The digest
of one is an MD5 of its first 10,000 rows, and so binds nothing.

Of tags only those of MLflow itself are read; paths of the machine are not kept.

Sources: mlflow ``store/tracking/file_store.py``, ``utils/mlflow_tags.py``,
``data/digest_utils.py``, ``data/huggingface_dataset_source.py``.
"""

from __future__ import annotations

import re
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import (
    DOCUMENT_FINDINGS,
    UNREAD,
    parse_json,
    read_text,
    read_yaml,
    text_of,
)
from aibom.catalogers.label_texts import utc_text
from aibom.catalogers.names import NAME_FINDINGS, refer_to_dataset
from aibom.catalogers.notes import Notes
from aibom.catalogers.pipelines import (
    OTHER_STEP,
    PIPELINE_FINDINGS,
    parameter_facts,
    performed_by_person,
    public_address,
)
from aibom.lineage.hub_names import is_hub_name
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_RUN = r"(?P<run>(?:.*/)?(?P<id>[0-9a-f]{32}))/"
_INPUT = re.compile(_RUN + r"inputs/(?P<input>[0-9a-f]{32})/meta\.yaml")
_FILE = re.compile(_RUN + r"(?:meta\.yaml|(?P<what>tags|params|metrics)/(?P<name>.+))")
#: Folders whose children are no runs, though they are called like them.
_NO_RUNS = ("datasets", "inputs", "models", "outputs", "traces")
_FINISHED = ("3", "FINISHED")
_GIT = "mlflow.source.git."
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_ROLES = {
    **dict.fromkeys(("training", "train"), "training-data"),
    **dict.fromkeys(("evaluation", "eval", "validation"), "evaluation-data"),
    **dict.fromkeys(("test", "testing"), "evaluation-data"),
}
#: Tags of MLflow that are facts of the run as they are.
_TAGS = {
    "mlflow.runName": "name",
    "mlflow.note.content": "description",
    "mlflow.source.type": "source-type",
    "mlflow.parentRunId": "parent-run",
}
_NOBODY = ("", "unknown")
_MAX_VALUE = 64 * 1024
_MAX_METRIC = 16 * 1024 * 1024
_MAX_TEXT = 4_000


def _wants(path: str, form: str) -> bool:
    found = _file(path)
    if found is None:
        return False
    return found["run"].rpartition("/")[0].rpartition("/")[2] not in _NO_RUNS


def _file(path: str) -> re.Match[str] | None:
    """What a path within a run is; an input's folder is called like a run's."""
    return _INPUT.fullmatch(path) or _FILE.fullmatch(path)


def _read(notes: Notes) -> None:
    found = _file(notes.path)
    if found is None or not _is_run(notes, found):
        return
    step = notes.step(OTHER_STEP, {"mlflow-run": found["id"]})
    if found.re is _INPUT:
        _input(notes, step, found["run"])
    elif found["what"] == "tags":
        _tag(notes, step, found)
    elif found["what"] == "params":
        text = _value(notes)
        if text is not None:
            _state(notes, found, parameter_facts(notes, {found["name"]: text}, ""))
    elif found["what"] == "metrics":
        _metric(notes, found)
    else:
        _run(notes, found)


def _is_run(notes: Notes, found: re.Match[str]) -> bool:
    """Whether the folder is a run's: many a folder is called like one."""
    meta = f"{found['run']}/meta.yaml"
    if not notes.place.has(meta):
        return False
    with notes.place.open(meta) as stream:
        head = stream.read(_MAX_VALUE)
    return b"run_id:" in head or b"run_uuid:" in head


def _state(notes: Notes, found: re.Match[str], facts: dict[str, str | None]) -> None:
    notes.step(OTHER_STEP, {"mlflow-run": found["id"]}, "", facts)


def _value(notes: Notes) -> str | None:
    """The text of a file that holds one value."""
    text = read_text(notes, _MAX_VALUE)
    return None if text is None else text.removesuffix("\n")


def _run(notes: Notes, found: re.Match[str]) -> None:
    document = read_yaml(notes)
    if document is UNREAD:
        return
    if not isinstance(document, dict):
        notes.skip("run-malformed", "", "not a mapping")
        return
    for key in ("run_id", "run_uuid"):
        stated = text_of(document.get(key))
        if stated is not None and stated != found["id"]:
            notes.odd("run-id-differs", f"/{key}", stated)
    status = text_of(document.get("status"))
    if status not in _FINISHED:
        notes.odd("run-not-finished", "/status", status or "none")
    if text_of(document.get("lifecycle_stage")) == "deleted":
        notes.odd("run-deleted", "/lifecycle_stage")
    facts: dict[str, str | None] = {}
    for key, field in (("start_time", "started"), ("end_time", "finished")):
        value = text_of(document.get(key))
        told = (
            utc_text(int(value) / 1000) if value and _is_milliseconds(value) else None
        )
        if told is not None:
            facts[field] = told
        elif value is not None:
            notes.odd("date-unclear", f"/{key}", value)
    if name := text_of(document.get("run_name")):
        facts["name"] = name[:_MAX_TEXT]
    _state(notes, found, facts)
    user = text_of(document.get("user_id")) or ""
    if not notes.place.has(f"{found['run']}/tags/mlflow.user"):
        _person(notes, found, user, "/user_id")


def _is_milliseconds(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,15}", text) is not None


def _person(notes: Notes, found: re.Match[str], name: str, at: str) -> None:
    if name.strip() in _NOBODY:
        return
    person = performed_by_person(notes, name, at)
    if person is not None:
        step = notes.step(OTHER_STEP, {"mlflow-run": found["id"]}, at)
        notes.edge(step, Relation.PERFORMED_BY, person, "participant", at)


def _tag(notes: Notes, step: str, found: re.Match[str]) -> None:
    name = found["name"]
    if not name.startswith("mlflow."):
        return
    if name == f"{_GIT}commit":
        _code(notes, step, found)
        return
    text = (
        _value(notes) if name in (*_TAGS, "mlflow.source.name", "mlflow.user") else ""
    )
    if not text:
        return
    if name == "mlflow.user":
        _person(notes, found, text, "")
    elif name == "mlflow.source.name":
        # The rest is a path of the machine, and often a person's name.
        last = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
        _state(notes, found, {"source-name": last[:_MAX_TEXT]})
    else:
        _state(notes, found, {_TAGS[name]: text[:_MAX_TEXT]})


def _code(notes: Notes, step: str, found: re.Match[str]) -> None:
    """The commit that ran, with what the tags beside it say of it."""
    commit = (_value(notes) or "").strip()
    if not _COMMIT.fullmatch(commit):
        notes.skip("run-malformed", "", "no commit")
        return
    beside = {tag: _beside(notes, found, tag) for tag in ("branch", "dirty", "repoURL")}
    identity = {"commit": commit}
    if (beside["dirty"][1] or "").lower() == "true":
        # What ran is not the commit: two such runs may have run different code.
        notes.odd("code-uncommitted")
        identity["mlflow-run"] = found["id"]
    code = notes.entity(Kind.CODE, identity)
    notes.edge(step, Relation.USED, code, "code")
    for tag, (other, text) in beside.items():
        if text and tag == "repoURL":
            source = public_address(other, text, "")
            other.entity(Kind.CODE, identity, "", {"source": source})
        elif text:
            facts = {tag: text[:_MAX_TEXT]}
            other.edge(step, Relation.USED, code, "code", "", facts)
        _add(notes, other)


def _beside(notes: Notes, found: re.Match[str], tag: str) -> tuple[Notes, str | None]:
    """Another tag of the same run, with notes of its own: it has another origin."""
    path = f"{found['run']}/tags/{_GIT}{tag}"
    if not notes.place.has(path):
        return Notes(notes.cataloger, notes.place, notes.path), None
    other = Notes(notes.cataloger, notes.place, path)
    return other, (_value(other) or "").strip()


def _add(notes: Notes, other: Notes) -> None:
    notes.nodes += other.nodes
    notes.edges += other.edges
    notes.findings += other.findings


def _metric(notes: Notes, found: re.Match[str]) -> None:
    """The last value of a metric: of the highest step, as MLflow shows it."""
    text = read_text(notes, _MAX_METRIC)
    best: tuple[int, int, str] | None = None
    for line in (text or "").splitlines():
        parts = line.split()
        if len(parts) < 2 or not all(
            _is_milliseconds(p) for p in (parts[0], *parts[2:3])
        ):
            continue
        at_step = int(parts[2]) if len(parts) > 2 else 0
        best = max(best or (-1, -1, ""), (at_step, int(parts[0]), parts[1][:100]))
    if best is not None:
        _state(notes, found, {f"metric.{_printable(found['name'])}": best[2]})
    elif text is not None:
        notes.skip("run-malformed", "", "no value")


def _printable(name: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", "?", name)[:500]


def _input(notes: Notes, step: str, run: str) -> None:
    document = read_yaml(notes)
    if document is UNREAD:
        return
    named = text_of(document.get("source_id")) if isinstance(document, dict) else None
    if not named or "/" in named:
        notes.skip("run-malformed", "/source_id", "no data set")
        return
    tags = document.get("tags")
    context = (
        text_of(tags.get("mlflow.data.context")) if isinstance(tags, dict) else None
    )
    folder = run.rpartition("/")[0]
    path = "/".join(filter(None, [folder, "datasets", named, "meta.yaml"]))
    if not notes.place.has(path):
        notes.skip("dataset-missing", "/source_id", named)
        return
    beside = Notes(notes.cataloger, notes.place, path)
    _dataset(beside, step, context or "")
    _add(notes, beside)


def _dataset(notes: Notes, step: str, context: str) -> None:
    """One data set, used in the role that its context says."""
    document = read_yaml(notes)
    if not isinstance(document, dict):
        if document is not UNREAD:
            notes.skip("run-malformed", "", "not a mapping")
        return
    role = _ROLES.get(context.lower(), "data")
    facts: dict[str, str | None] = {"context": context[:_MAX_TEXT]} if context else {}
    for key, field in (
        *(("name", "name"), ("schema", "schema"), ("profile", "profile")),
        *(("source_type", "source-type"), ("digest", "weak-digest.mlflow")),
    ):
        text = text_of(document.get(key))
        if text is not None:
            facts[field] = text[:_MAX_TEXT]
    stated = text_of(document.get("source"))
    source = parse_json(notes, stated, "/source") if stated else None
    source = source if isinstance(source, dict) else {}
    path = text_of(source.get("path"))
    if facts.get("source-type") == "hugging_face" and path and is_hub_name(path):
        for key in ("config_name", "split", "data_dir"):
            if text := text_of(source.get(key)):
                facts[key.replace("_", "-")] = text[:_MAX_TEXT]
        refer_to_dataset(
            notes,
            path,
            "/source",
            revision=text_of(source.get("revision")),
            role=role,
            source=step,
            relation=Relation.USED,
            facts=facts,
        )
        return
    identity = _address(notes, source)
    for field in ("name", "weak-digest.mlflow"):
        if text := facts.pop(field, None):
            identity[field] = text
    if not identity:
        notes.skip("run-malformed", "", "a data set without name, digest and source")
        return
    dataset = notes.entity(Kind.DATASET, identity)
    notes.edge(step, Relation.USED, dataset, role, "", facts)


def _address(notes: Notes, source: dict[str, Any]) -> dict[str, str]:
    """Where the data came from, if that is more than a path of the machine."""
    for key in ("uri", "url", "path", "delta_table_name", "table_name"):
        text = text_of(source.get(key))
        if not text:
            continue
        if key in ("delta_table_name", "table_name"):
            return {"table": text[:_MAX_TEXT]}
        if "://" in text and not text.lower().startswith("file:"):
            return {"source": public_address(notes, text, "/source")}
        notes.odd("reference-local-path", "/source", text)
        return {"stated-as": text[:_MAX_TEXT]}
    return {}


CATALOGER = Cataloger(
    id="mlflow-run",
    title="MLflow runs in a file store (mlruns)",
    wants=_wants,
    read=_read,
    supplies=(
        "runs as steps, with parameters, metrics, times, and the commit of their code",
        "the data sets that a run named, with MLflow's digest, kept as weak",
        "who ran it, by pseudonym",
    ),
    cannot=(
        "tell what data a digest stands for: it is of the first 10,000 rows",
        "tell what kind of step a run was, or that all that it used was logged",
        "read tags that users made, or runs in a data base or on a server",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **NAME_FINDINGS,
        **PIPELINE_FINDINGS,
        "code-uncommitted": "the code had changes that are in no commit",
        "dataset-missing": "an input whose data set is not described here",
        "date-unclear": "a time that is none; it is left out",
        "persons-not-named": "persons are named, but cannot be here: set "
        "AIBOM_PSEUDONYM_KEY, and they get pseudonyms",
        "run-deleted": "a run that was deleted, and lies here all the same",
        "run-id-differs": "the run says that it is another one than its folder",
        "run-malformed": "not what MLflow writes; that part is not known",
        "run-not-finished": "a run that did not finish, or does not say so",
    },
)
