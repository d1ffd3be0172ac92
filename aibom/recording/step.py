"""A step that is being recorded: what goes in is hashed first, what comes out last.

:func:`record` opens a :class:`Step`; the body declares inputs and outputs and does the
work; leaving the body re-checks the inputs, hashes the outputs, and writes one record.
If anything goes wrong, in the body or here, no record is written: a log goes to the
folder ``failed`` beside the records, and the exception goes on to the caller.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Unpack

from aibom.errors import RecordingFailed, UsageError
from aibom.recording import store
from aibom.recording.code import recorded_code
from aibom.recording.content import (
    DeclaredInput,
    DeclaredOutput,
    absolute,
    declared_twice,
    require_apart,
    require_generated,
    require_outside,
)
from aibom.recording.predicate import (
    CodeUse,
    MadeOutput,
    Scalar,
    StepFacts,
    UsedInput,
    build_statement,
    failure_document,
    require_scalar,
)
from aibom.recording.reference import agreed_revision
from aibom.recording.roles import check_party, input_kind, output_kind, require_step
from aibom.recording.settings import RecordOptions, Settings
from aibom.statement import Statement

__all__ = ["Step", "record"]

#: Changed files that a warning names; the rest is counted.
_NAMED = 5


@contextmanager
def record(
    kind: str, *, label: str | None = None, **options: Unpack[RecordOptions]
) -> Iterator[Step]:
    """Record what the body does as one step of this ``kind``, with a free ``label``.

    ::

        with record("fine-tune", secrets=["env:HF_TOKEN"]) as step:
            step.input("base-model", "base/", source="pkg:huggingface/acme/base@4f0c…")
            step.input("training-data", "data/train.jsonl")
            step.output("out/")
            train("base/", "data/train.jsonl", "out/")
        print(step.record, step.id)

    ``options`` are those of :class:`~aibom.recording.settings.RecordOptions`. Inputs
    are what the body declares; nothing watches what it really opens, and the record
    says so.

    Raises :class:`~aibom.errors.UsageError` for a wrong call,
    :class:`~aibom.errors.InputError` for an input that cannot be hashed, and
    :class:`~aibom.errors.RecordingFailed` when the record cannot be made:
    ``output-none``, ``output-missing``, ``output-unchanged``, ``output-is-an-input``,
    ``signer-failed``, ``record-exists``, ``record-not-written``. What a signer raises
    goes through, and the record is written unsigned.
    """
    step = Step(require_step(kind), label, Settings.of(options))
    try:
        yield step
        step._finish()
    except BaseException as error:
        # What was done and written down did not fail, though signing it did.
        if step.record is None:
            step._log(error)
        raise


class Step:
    """One step while it runs; made by :func:`record`, not by hand.

    After success, and where only signing failed, ``record`` is the path of the file
    that was written and ``id`` the SHA-256 of its payload; else both are ``None``.
    ``exit_code`` is that of a wrapped command, if there was one: any but 0 is a
    failure.
    """

    def __init__(self, kind: str, label: str | None, settings: Settings) -> None:
        self.kind = kind
        self.record: Path | None = None
        self.id: str | None = None
        self.exit_code: int | None = None
        self.warnings: list[str] = []
        self._label = label
        self._settings = settings
        self._inputs: list[DeclaredInput] = []
        self._outputs: list[DeclaredOutput] = []
        self._parties: list[tuple[str, str]] = []
        self._parameters: dict[str, Scalar] = {}
        self._command: tuple[str, ...] | None = None
        self._closed = False
        # Now, not at the end: what ran is what was checked out when it started.
        self._code = recorded_code(settings.code)
        store.prepare(settings.steps)
        self._started = settings.clock()

    def input(
        self,
        role: str,
        path: str | os.PathLike[str],
        *,
        source: str | None = None,
        revision: str | None = None,
        name: str | None = None,
        kind: str | None = None,
    ) -> None:
        """Declare and hash an input: call this before the work reads it.

        Whoever gates inputs (the option ``approve``) is asked now; what it raises goes
        through. ``source`` is the package URL the bytes are taken from, as claimed; its
        revision is kept as well. ``name`` is the base name of ``path`` unless given.

        Raises :class:`~aibom.errors.UsageError` (``role-unknown``, ``kind-unknown``,
        ``source-not-purl``, ``revision-contradicts-source``, ``input-twice``,
        ``output-inside-input``, ``records-inside-artifact``) and
        :class:`~aibom.errors.InputError` as ``hash_path`` does.
        """
        kind = input_kind(role, kind)
        revision = agreed_revision(source, revision)
        place = self._place(path)
        if any(item.path == place and item.used.role == role for item in self._inputs):
            raise declared_twice("input", place)
        require_apart(place, [item.path for item in self._outputs])
        self._inputs.append(
            DeclaredInput.take(
                place,
                self._settings.progress,
                role=role,
                kind=kind,
                name=name or place.name,
                source=source,
                revision=revision,
                approve=self._settings.approve,
            )
        )

    def output(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        kind: str | None = None,
    ) -> None:
        """Declare an output before the work writes it; it is hashed at the end.

        Raises :class:`~aibom.errors.UsageError` (``kind-unknown``, ``output-twice``,
        ``output-inside-input``, ``records-inside-artifact``).
        """
        kind = output_kind(self.kind, kind)
        place = self._place(path)
        name = name or place.name
        if any(place == item.path or name == item.name for item in self._outputs):
            raise declared_twice("output", place)
        require_apart(place, [item.path for item in self._inputs])
        self._outputs.append(
            DeclaredOutput.announce(
                place, self._settings.progress, kind=kind, name=name
            )
        )

    def party(self, role: str, party: str) -> None:
        """Say who took part: ``person:KEYID:HEX``, ``org:NAME`` or ``software:NAME``.

        Raises :class:`~aibom.errors.UsageError` (``party-role-unknown``,
        ``party-not-pseudonymous``).
        """
        self._require_open()
        check_party(role, party)
        self._parties.append((role, party))

    def parameter(self, name: str, value: Scalar) -> None:
        """Note a setting of the step: text, a finite number, or a truth value.

        Raises :class:`~aibom.errors.UsageError` (``parameter-not-scalar``,
        ``parameter-twice``).
        """
        self._require_open()
        require_scalar(name, value)
        if name in self._parameters:
            raise UsageError(
                f"the parameter {name!r} is given twice",
                reason="parameter-twice",
                hint="give it once",
            )
        self._parameters[name] = value

    def command(self, argv: Sequence[str]) -> None:
        """Note the command line of the step; it is redacted when it is written down."""
        self._require_open()
        self._command = tuple(argv)

    def warn(self, message: str) -> None:
        """Tell the user of something that does not stop the recording."""
        self.warnings.append(message)
        self._settings.on_warning(message)

    def warn_of_code(self) -> None:
        """Tell the user what the record will not say of the code, or hold against it.

        Call this when everything is declared and the work has not started: there is
        still time to commit.
        """
        folder = self._settings.code
        if folder is None:
            return
        if self._code is None:
            self.warn(f"no code is recorded: git knows of no commit in {folder}")
            return
        changes = self._code.changes(self._declared())
        if changes:
            names = [os.path.relpath(path, folder) for path in changes[:_NAMED]]
            more = len(changes) - len(names)
            listed = ", ".join(names) + (f" and {more} more" if more else "")
            self.warn(f"the code is recorded as changed; no commit holds {listed}")

    def _declared(self) -> list[Path]:
        """What may differ from the commit without being code."""
        steps = self._settings.steps
        used = [item.path for item in self._inputs]
        made = [item.path for item in self._outputs]
        return [steps, store.failed_folder(steps), *used, *made]

    def _place(self, path: str | os.PathLike[str]) -> Path:
        self._require_open()
        place = absolute(path)
        steps = self._settings.steps
        require_outside(place, (steps, store.failed_folder(steps)))
        return place

    def _require_open(self) -> None:
        if self._closed:
            raise UsageError(
                "this step has ended",
                reason="step-closed",
                hint="declare everything inside the with block",
            )

    def _finish(self) -> None:
        self._closed = True
        if self.exit_code:
            self._log(None)
            return
        statement = self._statement()
        try:
            name, data = self._settings.seal(statement)
        except BaseException:
            self._keep_unsigned(statement)
            raise
        self._keep(name, data, statement)

    def _keep(self, name: str, data: bytes, statement: Statement) -> None:
        path = self._settings.steps / name
        store.write_new(path, data)
        self.record, self.id = path, statement.payload_digest

    def _keep_unsigned(self, statement: Statement) -> None:
        """The step was done, and days of work must not hang on a service that is down.

        Unsigned, the record counts for nothing at a gate, until somebody signs it.
        """
        name = f"{statement.payload_digest}.statement.json"
        self._keep(name, statement.payload, statement)
        self.warn(
            f"the step is recorded, but not signed; later: aibom sign {self.record}"
        )

    def _statement(self) -> Statement:
        if not self._outputs:
            raise RecordingFailed(
                "no output was declared, so there is nothing to say anything of",
                reason="output-none",
                hint="declare what the step writes: --output PATH or step.output(PATH)",
            )
        progress = self._settings.progress
        inputs = [self._rechecked(item) for item in self._inputs]
        outputs = [item.made(progress) for item in self._outputs]
        require_generated(outputs, inputs)
        facts = self._facts(inputs, outputs, self._code_use())
        return build_statement(facts, self._settings.redactor)

    def _facts(
        self,
        inputs: Sequence[UsedInput],
        outputs: Sequence[MadeOutput] = (),
        code: CodeUse | None = None,
    ) -> StepFacts:
        return StepFacts(
            kind=self.kind,
            recheck=self._settings.recheck,
            started=self._started,
            finished=self._settings.clock(),
            inputs=inputs,
            outputs=outputs,
            label=self._label,
            command=self._command,
            parameters=self._parameters,
            parties=self._parties,
            environment=self._settings.environment,
            code=code,
            builder=self._settings.builder,
        )

    def _rechecked(self, item: DeclaredInput) -> UsedInput:
        used = item.recheck(self._settings.recheck, self._settings.progress)
        if used.changed:
            self.warn(
                f"the input {used.name!r} changed while the step ran; recorded so"
            )
        return used

    def _code_use(self) -> CodeUse | None:
        if self._code is None:
            return None
        dirty = self._code.dirty(self._declared())
        if dirty is None:
            self.warn("git did not tell in time whether the code was clean")
        return CodeUse(self._code.commit, self._code.remote, dirty)

    def _log(self, error: BaseException | None) -> None:
        self._closed = True
        facts = self._facts([item.used for item in self._inputs])
        document = failure_document(
            facts, self.exit_code, error, self._settings.redactor
        )
        try:
            store.write_failure(self._settings.steps, document)
        except RecordingFailed as unlogged:
            # The failure itself is what the caller must see.
            self.warn(f"the failure could not be logged: {unlogged}")
