"""What is known of a step, and what is written of it: a statement, or a failure log.

The statement is SLSA provenance v1 with our own build type: subjects are the outputs,
``resolvedDependencies`` the inputs and the code. All lists are sorted, so that the same
facts are the same bytes and the same step id. Everything that a user or the environment
wrote passes through the redactor here, in one place; digests, roles and kinds do not.

Nothing here reads a file or a clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aibom import __version__
from aibom.digest import Digest
from aibom.errors import AibomError, UsageError
from aibom.recording.redact import Redactor
from aibom.statement import (
    BASE_URI,
    PROVENANCE_V1,
    STEP_BUILD_TYPE,
    Resource,
    Statement,
    to_json,
)

__all__ = [
    "LOCAL_BUILDER",
    "CodeUse",
    "MadeOutput",
    "Scalar",
    "StepFacts",
    "UsedInput",
    "build_statement",
    "failure_document",
    "require_scalar",
    "rfc3339",
]

#: Who ran the step when nobody says: a machine that nothing is known of.
LOCAL_BUILDER = BASE_URI + "builder/local/v1"

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class UsedInput:
    """An input, hashed before the step ran.

    ``changed`` says that it no longer had ``digest`` when the step ended; ``after`` is
    what it had then, or ``None`` if it could not be read any more.
    """

    role: str
    kind: str
    name: str
    digest: Digest
    source: str | None = None
    revision: str | None = None
    changed: bool = False
    after: Digest | None = None


@dataclass(frozen=True, slots=True)
class MadeOutput:
    """An output, hashed after the step ran."""

    kind: str
    name: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class CodeUse:
    """The commit the step ran from; ``dirty`` is ``None`` where git did not tell."""

    commit: str
    remote: str | None
    dirty: bool | None


@dataclass(frozen=True, slots=True)
class StepFacts:
    """Everything that a record says. ``started`` and ``finished`` are Unix seconds."""

    kind: str
    recheck: str
    started: float
    finished: float
    inputs: Sequence[UsedInput]
    outputs: Sequence[MadeOutput]
    label: str | None = None
    command: Sequence[str] | None = None
    parameters: Mapping[str, Scalar] | None = None
    parties: Sequence[tuple[str, str]] = ()
    environment: Mapping[str, str] | None = None
    code: CodeUse | None = None
    builder: str = LOCAL_BUILDER


def build_statement(facts: StepFacts, redactor: Redactor) -> Statement:
    """The statement for ``facts``, which must have at least one output."""
    subjects = [
        Resource.subject(
            redactor.text(output.name), output.digest, **{"aibom:kind": output.kind}
        )
        for output in facts.outputs
    ]
    definition: dict[str, Any] = {
        "buildType": STEP_BUILD_TYPE,
        "externalParameters": _external(facts, redactor),
        "resolvedDependencies": _dependencies(facts, redactor),
    }
    if facts.environment:
        environment = {
            name: redactor.value(name, value)
            for name, value in facts.environment.items()
        }
        definition["internalParameters"] = {"environment": environment}
    details = {
        "builder": {
            "id": redactor.text(facts.builder),
            "version": {"aibom": __version__},
        },
        "metadata": {
            "startedOn": rfc3339(facts.started),
            "finishedOn": rfc3339(facts.finished),
        },
    }
    return Statement.build(
        sorted(subjects, key=lambda subject: to_json(subject.to_document())),
        PROVENANCE_V1,
        {"buildDefinition": definition, "runDetails": details},
    )


def failure_document(
    facts: StepFacts,
    exit_code: int | None,
    error: BaseException | None,
    redactor: Redactor,
) -> dict[str, Any]:
    """What is logged of a step that failed: for people, and evidence of nothing.

    It differs in shape from a statement, so that it cannot be mistaken for one.
    """
    document: dict[str, Any] = {
        **_external(facts, redactor),
        "startedOn": rfc3339(facts.started),
        "finishedOn": rfc3339(facts.finished),
        "used": _dependencies(facts, redactor),
    }
    if exit_code is not None:
        document["exitCode"] = exit_code
    if error is not None:
        document["error"] = {
            "type": type(error).__name__,
            "message": redactor.text(str(error)),
        }
        if isinstance(error, AibomError):
            document["error"]["reason"] = error.reason
    return document


def require_scalar(name: str, value: object) -> None:
    """Refuse a parameter that is not text, a finite number or a truth value.

    Raises :class:`~aibom.errors.UsageError` (``parameter-not-scalar``, and
    ``parameter-unnamed`` for a name that is empty or cannot be shown).
    """
    if not name.strip() or not name.isprintable():
        raise UsageError(
            f"a parameter cannot be called {name!r}",
            reason="parameter-unnamed",
            hint="give it a name of visible characters",
        )
    finite = not isinstance(value, float) or math.isfinite(value)
    if not isinstance(value, str | int | float) or not finite:
        raise UsageError(
            f"the parameter {name!r} is not text, a finite number or a truth value",
            reason="parameter-not-scalar",
            hint="give lists and tables as a file, with step.input",
        )


def rfc3339(seconds: float) -> str:
    """Unix seconds as a time in UTC, cut to whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _external(facts: StepFacts, redactor: Redactor) -> dict[str, Any]:
    external: dict[str, Any] = {
        "step": facts.kind,
        "inputs": "declared",
        "recheck": facts.recheck,
    }
    if facts.label is not None:
        external["label"] = redactor.text(facts.label)
    if facts.command is not None:
        external["command"] = redactor.arguments(facts.command)
    if facts.parameters:
        external["parameters"] = {
            redactor.text(name): redactor.value(name, value)
            if isinstance(value, str)
            else _number(name, value, redactor)
            for name, value in facts.parameters.items()
        }
    if facts.parties:
        parties = sorted(
            {(role, redactor.text(party)) for role, party in facts.parties}
        )
        external["parties"] = [{"role": role, "id": party} for role, party in parties]
    return external


def _number(name: str, value: Scalar, redactor: Redactor) -> Scalar:
    """A number stays one, unless its text is a secret."""
    written = str(value)
    redacted = redactor.value(name, written)
    return value if redacted == written else redacted


def _dependencies(facts: StepFacts, redactor: Redactor) -> list[dict[str, Any]]:
    documents = [_input(used, redactor).to_document() for used in facts.inputs]
    if facts.code:
        documents.append(_code(facts.code, redactor).to_document())
    return sorted(
        documents, key=lambda item: (item["annotations"]["aibom:role"], to_json(item))
    )


def _input(used: UsedInput, redactor: Redactor) -> Resource:
    notes: dict[str, Any] = {"aibom:role": used.role, "aibom:kind": used.kind}
    if used.revision is not None:
        notes["aibom:revision"] = redactor.text(used.revision)
    if used.changed:
        notes["aibom:changed-while-running"] = True
        if used.after is not None:
            notes["aibom:digest-after"] = str(used.after)
    source = None if used.source is None else redactor.text(used.source)
    return Resource.dependency(redactor.text(used.name), used.digest, source, **notes)


def _code(code: CodeUse, redactor: Redactor) -> Resource:
    # null where git did not tell: unknown, which is not the same as clean.
    notes = {"aibom:role": "code", "aibom:kind": "code", "aibom:dirty": code.dirty}
    uri = None if code.remote is None else redactor.text(f"git+{code.remote}")
    return Resource(uri=uri, digest={"gitCommit": code.commit}, annotations=notes)
