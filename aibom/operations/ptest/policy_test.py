"""Policy tests: cases with what is expected of each rule, evaluated as a dry run.

Neither artifact bytes nor a lock is looked at, and no verdict comes out: a case that
is as expected says something about the policy, nothing about an artifact. A rule of
which no case shows that it can pass, and none that it can find something, was not
tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aibom.errors import PolicyInvalid, UsageError
from aibom.operations.ptest.document import PtestFile, read_ptest
from aibom.operations.ptest.expect import Unlike, differences
from aibom.operations.ptest.find import Found, find_ptests
from aibom.operations.ptest.job import Job, answer, make_job
from aibom.operations.ptest.tested import Tested, load_tested
from aibom.verdict import Mode, Status

__all__ = ["CaseOutcome", "Report", "Uncovered", "run_ptests"]

_FINDINGS = (Status.FAIL, Status.UNKNOWN, Status.ERROR)


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What became of a case: as expected where there is no difference.

    ``declared`` says that who signed what stands in the test and was not verified;
    ``rules`` are those of which something was expected.
    """

    file: str
    name: str
    policy: str
    declared: bool
    rules: tuple[str, ...]
    differences: tuple[Unlike, ...]


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A rule for which a kind of case is missing: ``pass``, ``finding`` or both.

    ``origin`` is the pack whose own tests have such cases, empty for a rule that no
    pack brings.
    """

    policy: str
    rule: str
    missing: tuple[str, ...]
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All cases, in the order of files and cases, and the rules that lack one."""

    cases: tuple[CaseOutcome, ...]
    uncovered: tuple[Uncovered, ...]

    @property
    def as_expected(self) -> bool:
        """Whether no case differs."""
        return not any(case.differences for case in self.cases)


def run_ptests(
    paths: Iterable[Path], policy: Path | None = None, within: tuple[Path, ...] = ()
) -> Report:
    """Run every case of every file; ``policy`` counts instead of what files name.

    What files name has to lie below one of the ``paths``, or in a folder of ``within``.

    Raises :class:`~aibom.errors.UsageError` (``ptest-none``, and ``ptest-invalid`` with
    every problem of every file, before any case ran), and
    :class:`~aibom.errors.PolicyInvalid` for a policy that cannot be used.
    """
    problems: list[str] = []
    found = find_ptests(paths)
    if policy is not None:  # packs share the tests of what they extend
        found = tuple({one.path: one for one in found}.values())
    files = [read_ptest(f.path, problems, (*f.within, *within)) for f in found]
    tested: dict[str, Tested] = {}
    jobs = _jobs(zip(found, files, strict=True), policy, tested, problems)
    if problems:
        raise UsageError(
            "\n  ".join(problems),
            reason="ptest-invalid",
            hint="correct each of these; docs/how-to/test-a-policy.md has examples",
        )
    outcomes = tuple(_outcome(job) for job in jobs)
    held = [job for job, o in zip(jobs, outcomes, strict=True) if not o.differences]
    return Report(outcomes, tuple(_uncovered(tested, held)))


def _jobs(
    files: Iterable[tuple[Found, PtestFile]],
    policy: Path | None,
    tested: dict[str, Tested],
    problems: list[str],
) -> list[Job]:
    """Every case with its policy, each of which is read once and kept in ``tested``."""
    jobs: list[Job] = []
    for found, file in files:
        reference = str(policy) if policy else found.policy or file.policy
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
            job = make_job(reference, found.shown, case, tested[reference], problems)
            jobs.append(job)
    return jobs


def _outcome(job: Job) -> CaseOutcome:
    case = job.case
    rules = tuple(dict.fromkeys(wanted.rule for wanted in case.expect.rules))
    told = differences(case.expect, answer(job))
    return CaseOutcome(job.file, case.name, job.reference, case.declared, rules, told)


def _uncovered(
    tested: Mapping[str, Tested], held: Iterable[Job]
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
            missing = tuple(k for k in kinds if (reference, rule.id, k) not in seen)
            if missing:
                packs = (reference, rule.origin)
                pack = next((p for p in packs if p.startswith("builtin:")), "")
                yield Uncovered(reference, rule.id, missing, pack)


def _kind(status: Status) -> str:
    return "finding" if status in _FINDINGS else status.value
