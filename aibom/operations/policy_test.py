"""Policy tests: cases with what is expected of each rule, evaluated as a dry run.

Neither artifact bytes nor a lock is looked at, and no verdict comes out: a case that
is as expected says something about the policy, nothing about an artifact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aibom.errors import AibomError, PolicyInvalid, UsageError, VerificationFailed
from aibom.lineage.evidence import Signer
from aibom.operations.exceptions import excepted
from aibom.operations.policy_tested import Tested, load_tested
from aibom.operations.ptest_document import Case, PtestFile, read_ptest
from aibom.operations.ptest_expect import Answer, Unlike, differences
from aibom.operations.verify import verify_document
from aibom.policy.context import Context
from aibom.policy.data import (
    read_accepted_roots,
    read_advisories,
    read_trusted_sources,
)
from aibom.policy.engine import assign_tier, decide, evaluate, rules_in_force
from aibom.policy.exceptions import Subject, apply, digests_of, judge
from aibom.policy.waivers import ExceptionEntry, Waivers, read_waivers
from aibom.reading import suggest
from aibom.verdict import Decision, Mode, Result, Status, Tier

__all__ = [
    "CaseOutcome",
    "Report",
    "Uncovered",
    "find_ptests",
    "run_ptests",
]

_SUFFIX = ".ptest.yaml"
_FINDINGS = (Status.FAIL, Status.UNKNOWN, Status.ERROR)


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What became of a case: as expected where there is no difference.

    ``declared`` says that who signed what stands in the test and was not verified.
    """

    file: str
    name: str
    declared: bool
    differences: tuple[Unlike, ...]


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A rule for which a kind of case is missing: ``pass``, ``finding`` or both."""

    policy: str
    rule: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All cases, in the order of files and cases, and the rules that lack one."""

    cases: tuple[CaseOutcome, ...]
    uncovered: tuple[Uncovered, ...]

    @property
    def as_expected(self) -> bool:
        """Whether no case differs."""
        return not any(case.differences for case in self.cases)


@dataclass(frozen=True, slots=True)
class _Job:
    """One case and what it is tested on, with the case's own data put in."""

    reference: str
    file: Path
    case: Case
    tested: Tested
    waivers: tuple[ExceptionEntry, ...] | None


def find_ptests(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files themselves, and every ``*.ptest.yaml`` below folders.

    Raises :class:`~aibom.errors.UsageError` (``ptest-none``) for a path with none.
    """
    found: dict[Path, None] = {}
    for path in paths:
        here = [path] if path.is_file() else sorted(path.rglob(f"*{_SUFFIX}"))
        if not here:
            raise UsageError(
                f"has no *{_SUFFIX}: nothing would be tested",
                reason="ptest-none",
                where=str(path),
                hint="name a file, or a folder with such files at any depth",
            )
        found.update(dict.fromkeys(here))
    return tuple(found)


def run_ptests(paths: Iterable[Path], policy: Path | None = None) -> Report:
    """Run every case of every file; ``policy`` counts instead of what files name.

    Raises :class:`~aibom.errors.UsageError` (``ptest-none``, and ``ptest-invalid`` with
    every problem of every file, before any case ran), and
    :class:`~aibom.errors.PolicyInvalid` for a policy that cannot be used.
    """
    problems: list[str] = []
    files = [read_ptest(path, problems) for path in find_ptests(paths)]
    tested: dict[str, Tested] = {}
    jobs = _jobs(files, policy, tested, problems)
    if problems:
        raise UsageError("\n  ".join(problems), reason="ptest-invalid")
    outcomes = tuple(_outcome(job) for job in jobs)
    held = [job for job, o in zip(jobs, outcomes, strict=True) if not o.differences]
    return Report(outcomes, tuple(_uncovered(tested, held)))


def _jobs(
    files: Iterable[PtestFile],
    policy: Path | None,
    tested: dict[str, Tested],
    problems: list[str],
) -> list[_Job]:
    """Every case with its policy, each of which is read once and kept in ``tested``."""
    jobs: list[_Job] = []
    for file in files:
        reference = _reference(file, policy)
        if not file.cases:
            continue  # the reader has said why
        if reference is None:
            problems.append(f"{file.path}: names no policy, and there is no --policy")
            continue
        try:
            if reference not in tested:
                tested[reference] = load_tested(reference)
        except PolicyInvalid as error:
            if not problems:
                raise
            problems.append(str(error))
            continue
        for case in file.cases:
            jobs.append(_job(reference, file, case, tested[reference], problems))
    return jobs


def _outcome(job: _Job) -> CaseOutcome:
    told = differences(job.case.expect, _answer(job))
    return CaseOutcome(str(job.file), job.case.name, job.case.declared, told)


def _reference(file: PtestFile, policy: Path | None) -> str | None:
    if policy is not None:
        return str(policy)
    if not file.policy or file.policy.startswith("builtin:"):
        return file.policy or None
    return str(file.path.parent / file.policy)


def _job(
    reference: str, file: PtestFile, case: Case, tested: Tested, problems: list[str]
) -> _Job:
    """The case on the policy; what does not fit together is a problem."""
    known = [rule.id for rule in tested.policy.rules]
    for wanted in case.expect.rules:
        if wanted.rule not in known:
            told = f"no rule {wanted.rule!r}{suggest(wanted.rule, known)}"
            problems.append(f"{case.where}: {told}")
    read = _read_data(case, problems)
    problems += _missing_data(case, tested, read)
    waivers = read.pop("waivers", None)
    parts = {"trusted-sources": "sources", "accepted-roots": "roots"}
    changed = {parts.get(name, name): value for name, value in read.items()}
    own = replace(tested, data=replace(tested.data, **changed))
    return _Job(reference, file.path, case, own, waivers)


def _read_data(case: Case, problems: list[str]) -> dict[str, Any]:
    readers: Mapping[str, Any] = {
        "trusted-sources": read_trusted_sources,
        "accepted-roots": read_accepted_roots,
        "advisories": read_advisories,
        "waivers": read_waivers,
    }
    read: dict[str, Any] = {}
    for name, (value, where) in case.data.replaced.items():
        try:
            read[name] = readers[name](value, where)
        except AibomError as error:
            problems.append(str(error))
    return read


def _missing_data(case: Case, tested: Tested, read: Mapping[str, Any]) -> Iterable[str]:
    """Data that a rule needs, and that a gate would insist on."""
    there = {f"{name}.yaml" for name in (*read, *case.data.replaced)}
    if tested.folder is not None:
        there.update(tested.policy.data)
    for rule in tested.policy.rules:
        for name in rule.check.needs:
            if name not in there and name != "signers.yaml":
                yield f"{case.where}: the rule {rule.id!r} needs {name} in data"


def _answer(job: _Job) -> Answer:
    """Evaluate a case as ``aibom check`` would, on what it describes or names."""
    case, tested = job.case, job.tested
    if case.world is not None:
        graph, root = case.world.graph, case.world.root
        evidence, name = case.world.evidence, None
    else:
        try:
            verified = verify_document(
                case.bom or Path(), tested.signers, case.evidence, case.time
            )
        except (PolicyInvalid, UsageError):
            raise
        except AibomError as error:
            return _not_evaluated(error)
        graph, root = verified.graph, verified.root
        evidence, name = verified.evidence, verified.name
    # A test may ask about any tier: nothing is let through by its answer.
    tier = case.tier or assign_tier(tested.policy, name, None)
    context = Context(graph, root, evidence, tested.data, case.time)
    results = _results(job, context, tier)
    in_force = len(rules_in_force(tested.policy, tier))
    called = {
        node.id: frozenset({node.id, node.label, *node.values("name")})
        for node in graph.nodes.values()
    }
    decision, reason, code = decide(results, in_force)
    return Answer(decision, reason, code, results, called)


def _results(job: _Job, context: Context, tier: Tier) -> tuple[Result, ...]:
    """What the rules say, with the exceptions of the case, or else of the folder."""
    policy = job.tested.policy
    results = evaluate(context, policy, tier)
    if job.waivers is None:
        if job.tested.folder is None:
            return results
        return excepted(job.tested.folder, context, results, tier)[0]
    exceptable = {rule.id: rule.exceptable for rule in rules_in_force(policy, tier)}
    subject = Subject(context, results, exceptable, tier, policy.exceptions)
    notes = judge(_signed(job.waivers, job.case.data.waivers_signed_by), subject)
    return apply(results, notes, digests_of(context))


def _signed(entries: tuple[ExceptionEntry, ...], signer: Signer | None) -> Waivers:
    """Waivers as if this signer, who may speak of every name, had signed them."""
    if signer is None:
        return Waivers(entries)
    return Waivers(entries, signer.role, signer.party, ("**",))


def _not_evaluated(error: AibomError) -> Answer:
    failed = isinstance(error, VerificationFailed)
    decision = Decision.NOT_VERIFIED if failed else Decision.ERROR
    return Answer(decision, error.reason, error.exit_code, (), {}, str(error))


def _uncovered(
    tested: Mapping[str, Tested], held: Iterable[_Job]
) -> Iterable[Uncovered]:
    """Rules in force somewhere without a case of each kind that is as expected."""
    seen = {
        (job.reference, wanted.rule, _kind(wanted.status))
        for job in held
        for wanted in job.case.expect.rules
    }
    for reference, one in sorted(tested.items()):
        for rule in sorted(one.policy.rules, key=lambda rule: rule.id):
            if all(mode is Mode.OFF for mode in rule.mode.values()):
                continue
            kinds = ("pass", "finding")
            missing = [k for k in kinds if (reference, rule.id, k) not in seen]
            if missing:
                yield Uncovered(reference, rule.id, tuple(missing))


def _kind(status: Status) -> str:
    return "finding" if status in _FINDINGS else status.value
