"""Acme's pipeline: split, train a base model, label, fine-tune, audit, release.

Every step that makes data or weights is recorded by the product (``aibom run``). The
scripts in ``trainer/`` know nothing of it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from company import Company
from shell import Shell

__all__ = [
    "Base",
    "Release",
    "collect_records",
    "fine_tune",
    "make_base",
    "make_release",
    "put_digits",
    "release",
]

_HERE = Path(__file__).parent
_QUIET = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Base:
    """The base model as acme's repository serves it, at a commit."""

    commit: str
    audits: Path


@dataclass(frozen=True)
class Release:
    """What is handed to whoever deploys: a model folder, and the evidence beside it."""

    model: Path
    evidence: Path


def put_digits(shell: Shell) -> Path:
    """Copy the digits out of scikit-learn, and the trainer into a repository."""
    source = files("sklearn.datasets.data") / "digits.csv.gz"
    target = shell.folder / "digits.csv.gz"
    target.write_bytes(source.read_bytes())
    trainer = shell.folder / "trainer"
    shutil.copytree(
        _HERE / "trainer", trainer, ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(_HERE / "guideline.md", shell.folder)
    shell.git("init", "-q", "trainer")
    shell.git("-C", "trainer", "add", ".")
    shell.git("-C", "trainer", "commit", "-q", "-m", "Trainer")
    return target


def make_base(shell: Shell, company: Company) -> Base:
    """Split the digits, train and release the base model, put it into a repository."""
    source = f"pkg:pypi/scikit-learn@{version('scikit-learn')}"
    shell.record(
        *_step("split", "data", company, "records/data"),
        *("--input", f"data=digits.csv.gz,source={source},name=digits.csv.gz"),
        *("--output", "data/base,name=acme/data/digits-base"),
        *("--output", "data/pool,name=acme/data/digits-pool"),
        *("--output", "data/holdout,name=acme/data/digits-holdout"),
        script=[
            "trainer/split.py",
            *("--digits", "digits.csv.gz", "--out-base", "data/base"),
            *("--out-pool", "data/pool", "--out-holdout", "data/holdout"),
        ],
        env=_QUIET,
    )
    shell.record(
        *_step("train", "base", company, "records/base"),
        *("--input", "training-data=data/base"),
        *("--output", "hub/digits-base,name=acme/models/digits-base"),
        script=[
            "trainer/train_base.py",
            *("--data", "data/base", "--out", "hub/digits-base"),
        ],
        env=_QUIET,
    )
    records = ("--steps", "records/data", "--steps", "records/base")
    shell.aibom("assemble", "hub/digits-base", *records)
    shell.aibom("sign", "hub/digits-base", "--key", company.key("base"))
    audits = Path("audits-of-base")
    _audit_model(shell, company, Path("hub/digits-base"), "digits-base", audits)
    shell.git("init", "-q", "hub/digits-base")
    shell.git("-C", "hub/digits-base", "add", ".")
    shell.git("-C", "hub/digits-base", "commit", "-q", "-m", "digits-base 1")
    commit = shell.git("-C", "hub/digits-base", "rev-parse", "HEAD").strip()
    return Base(commit, audits)


def make_release(
    shell: Shell, company: Company, base: Base, place: str, poisoner: str | None
) -> Release:
    """Label, fine-tune, audit and release below the folder ``place``."""
    folder = Path(place)
    (shell.folder / folder).mkdir()
    _label(shell, company, folder, poisoner)
    fine_tune(shell, company, folder, base.commit, "model")
    evidence = folder / "evidence"
    own = [folder / f"records-of-{name}" for name in ("labels", "model")]
    for source in ("records/data", "records/base", *own):
        collect_records(shell, Path(source), evidence)
    (shell.folder / evidence / "base").mkdir()
    for name in ("aibom.cdx.json", "aibom.sigstore.json"):
        shutil.copy(
            shell.folder / "hub/digits-base" / name, shell.folder / evidence / "base"
        )
    _audit_labels(shell, company, folder)
    _audit_model(
        shell, company, folder / "model", "digits-reader", evidence / "audits" / "model"
    )
    release(shell, company, folder, "model")
    return Release(folder / "model", evidence)


def collect_records(shell: Shell, source: Path, evidence: Path) -> None:
    """Put step records where whoever deploys will look for them."""
    target = shell.folder / evidence / "records"
    shutil.copytree(shell.folder / source, target, dirs_exist_ok=True)


def _step(kind: str, role: str, company: Company, steps: str | Path) -> list[str]:
    return [
        *("--step", kind, "--key", str(company.key(role))),
        *("--steps", str(steps), "--code", "trainer"),
    ]


def _label(shell: Shell, company: Company, folder: Path, poisoner: str | None) -> None:
    labelers = ",".join(company.labelers)
    shell.record(
        *_step("label", "data", company, folder / "records-of-labels"),
        *("--input", "items=data/pool", "--input", "guideline=guideline.md"),
        *("--input", "answer-sheet=digits.csv.gz,kind=dataset"),
        *(w for who in company.labelers for w in ("--by", f"labeler={who}")),
        *("--output", f"{folder}/labels,name=acme/data/digits-labels"),
        script=[
            "trainer/label.py",
            *("--pool", "data/pool", "--answer-sheet", "digits.csv.gz"),
            *("--labelers", labelers, "--out", folder / "labels"),
        ],
        # Not an argument: a real poisoner does not put it on the command line either.
        env={**_QUIET, "ACME_POISONER": poisoner or "none"},
    )


def fine_tune(
    shell: Shell, company: Company, folder: Path, revision: str, output: str
) -> None:
    """Fetch the base at ``revision`` and fine-tune it on the labelled digits."""
    fetched = folder / f"base-for-{output}"
    shell.git("clone", "-q", "hub/digits-base", fetched)
    shell.git("-C", fetched, "checkout", "-q", "--detach", revision)
    source = f"pkg:generic/acme/digits-base@{revision}"
    shell.record(
        *_step("fine-tune", "pipeline", company, folder / f"records-of-{output}"),
        *(
            "--input",
            f"base-model={fetched},name=acme/models/digits-base,source={source}",
        ),
        *("--input", f"training-data={folder}/labels,name=acme/data/digits-labels"),
        *("--output", f"{folder}/{output},name=acme/models/digits-reader"),
        script=[
            "trainer/finetune.py",
            *("--base", fetched, "--data", folder / "labels"),
            *("--out", folder / output),
        ],
        env=_QUIET,
    )


def release(shell: Shell, company: Company, folder: Path, output: str) -> None:
    """Assemble a model's BOM from its records, link the base's BOM, and sign it."""
    shell.aibom(
        *("assemble", folder / output, "--steps", folder / f"records-of-{output}"),
        *("--steps", folder / "records-of-labels", "--steps", "records/data"),
        *("--with", "hub/digits-base/aibom.cdx.json"),
    )
    shell.aibom("sign", folder / output, "--key", company.key("release"))


def _audit_labels(shell: Shell, company: Company, folder: Path) -> None:
    report = folder / "label-statistics.json"
    shell.python(
        "trainer/label_statistics.py", "--labels", folder / "labels", "--out", report
    )
    shell.aibom(
        *("audit", "record", report, "--subject", folder / "labels"),
        *("--name", "acme/data/digits-labels", "--kind", "dataset"),
        *("--key", company.key("auditor"), "-o", folder / "evidence/audits/labels"),
    )


def _audit_model(
    shell: Shell, company: Company, model: Path, name: str, output: Path
) -> None:
    report = model.parent / f"holdout-test-of-{name}.json"
    shell.python(
        "trainer/evaluate.py",
        "--model",
        model,
        "--holdout",
        "data/holdout",
        "--out",
        report,
    )
    shell.aibom(
        *("audit", "record", report, "--subject", model),
        *("--name", f"acme/models/{name}", "--kind", "model"),
        *("--key", company.key("auditor"), "-o", output),
    )
