"""What ``aibom check`` and ``aibom gate`` share: options in, verdicts out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aibom.cli.common import PATH, evidence_option, painter, terminal_width
from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.operations.policies.against import OldVerdict
    from aibom.verdict import Verdict

__all__ = [
    "Output",
    "compared",
    "fetch_options",
    "gate_options",
    "prepare_outputs",
    "read_against",
    "write_verdict",
]

_OUTPUT_HELP = (
    "text, json, sarif, junit, github, github-summary, gitlab, markdown or "
    "declarations, to stdout or FILE. Repeatable.  [default: text]"
)


@dataclass(frozen=True, slots=True)
class Output:
    """One rendering that was asked for; ``file`` is None for stdout."""

    shape: str
    file: str | None

    @classmethod
    def parse(cls, text: str) -> Output:
        """Read ``FORMAT[=FILE]``."""
        from aibom.report.formats import FORMATS

        shape, mark, file = text.partition("=")
        if shape not in FORMATS:
            from aibom.reading import suggest

            raise UsageError(
                f"unknown format {shape!r}{suggest(shape, FORMATS)}",
                reason="output-unknown",
                where="--output",
                hint=f"one of {', '.join(FORMATS)}",
            )
        if mark and not file:
            raise UsageError(
                f"{text!r} names no file",
                reason="output-unknown",
                where="--output",
                hint=f"for example: --output {shape}=FILE",
            )
        return cls(shape, file or None)


def _outputs(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> tuple[Output, ...]:
    """All of ``--output``, before anything is hashed or decided."""
    outputs = tuple(Output.parse(text) for text in texts) or (Output("text", None),)
    places = [output.file for output in outputs]
    for place in places:
        if places.count(place) > 1:
            shapes = " and ".join(o.shape for o in outputs if o.file == place)
            raise UsageError(
                f"{shapes} would all go to {place or 'stdout'}",
                reason="output-place-twice",
                where="--output",
                hint="give each a place of its own: --output json=verdict.json",
            )
    return outputs


_OUTPUT_OPTION = click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT[=FILE]",
    callback=_outputs,
    help=_OUTPUT_HELP,
)


def gate_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What ``check`` and ``gate`` share."""
    for option in reversed((*_subject_options(), *_answer_options())):
        command = option(command)
    return command


def fetch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same without what lets findings pass: what is fetched stays."""
    for option in reversed((*_subject_options(), _OUTPUT_OPTION)):
        command = option(command)
    return command


def _subject_options() -> tuple[Any, ...]:
    """What is evaluated, by which policy, as of when."""
    return (
        click.option(
            "--policy",
            type=PATH,
            required=True,
            metavar="DIR",
            help="The verifier's folder, with policy.yaml and policy.lock.",
        ),
        evidence_option,
        click.option(
            "--tier",
            type=click.Choice(["high", "medium", "low"]),
            help="Assurance tier; may only raise what the policy assigns.",
        ),
        click.option(
            "--policy-digest",
            metavar="DIGEST",
            help="Refuse any policy but this one (aibom policy lock prints it).",
        ),
        click.option(
            "--effective-time",
            metavar="TIME",
            help="Evaluate as of this time; recorded in the verdict.",
        ),
        click.option(
            "--allow-past",
            is_flag=True,
            help="Let that time be in the past, where old evidence is still fresh.",
        ),
    )


def _answer_options() -> tuple[Any, ...]:
    """What becomes of the findings."""
    return (
        click.option(
            "--report-only",
            is_flag=True,
            help="Exit 0 in spite of findings. Marked, and no gate accepts it.",
        ),
        click.option(
            "--against",
            type=PATH,
            metavar="FILE",
            help="An old verdict (JSON): only findings that it does not have block.",
        ),
        _OUTPUT_OPTION,
    )


def prepare_outputs(artifact: Path, policy: Path, outputs: tuple[Output, ...]) -> None:
    """Refuse places where a verdict must not be, then remove what is left of old ones.

    ``artifact`` is the folder, or the BOM, that is decided about. Once this returned, a
    verdict that lies in one of the places is the one of this run: whatever fails from
    here on, no old one is left to say ``allowed``.
    """
    from aibom.operations.files import is_inside, remove_old
    from aibom.operations.place import Place

    places = [Path(output.file) for output in outputs if output.file is not None]
    sidecars = Place(artifact).sidecars
    for place in places:
        if is_inside(place, artifact) or place.resolve() in sidecars:
            # The next gate would find a file too many.
            raise UsageError(
                f"{place} lies inside the artifact",
                reason="output-inside-artifact",
                where="--output",
                hint="a verdict is kept beside the artifact, or with the evidence",
            )
        if is_inside(place, policy):
            raise UsageError(
                f"{place} lies inside the policy folder",
                reason="output-inside-policy",
                where="--output",
                hint="that folder is reviewed and locked; keep verdicts elsewhere",
            )
    for place in places:
        remove_old(place)


def read_against(path: Path | None) -> OldVerdict | None:
    """The old verdict of ``--against``; refused now, and not after hours of hashing.

    To be read before :func:`prepare_outputs`, which may remove that very file.
    """
    if path is None:
        return None
    from aibom.operations.policies.against import read_old_verdict, require_comparable

    old = read_old_verdict(path)
    require_comparable(old)
    return old


def compared(verdict: Verdict, old: OldVerdict | None, policy: Path) -> Verdict:
    """The verdict in which only what is new since an old one blocks."""
    if old is None:
        return verdict
    from aibom.operations.policies.against import never_known, only_new_block

    return only_new_block(verdict, old, never_known(policy, verdict))


def write_verdict(
    verdict: Verdict, outputs: tuple[Output, ...], bom: Path | None = None
) -> int:
    """Write a verdict in every format asked for, and return its exit code.

    ``bom`` is where the BOM lies, as the caller gave it: formats for code hosts show
    findings there. Files come first, each whole or not at all: where one cannot be
    written nothing is said on stdout that the exit code would then contradict.
    """
    from aibom.operations.files import write_named

    json_file = next((o.file for o in outputs if o.shape == "json" and o.file), None)
    drawn = [(o.file, _drawn(verdict, o, json_file, bom)) for o in outputs]
    for file, data in drawn:
        if file is not None:
            write_named(Path(file), data)
    to_stdout = [data for file, data in drawn if file is None]
    for data in to_stdout:
        click.echo(data, nl=False)
    if not to_stdout:
        click.echo(f"aibom: {verdict.decision.value} [{verdict.reason}]", err=True)
    return verdict.exit_code


def _drawn(
    verdict: Verdict, output: Output, json_file: str | None, bom: Path | None
) -> bytes:
    from aibom.report.formats import FORMATS, Where
    from aibom.report.terminal import draw_verdict

    if output.shape != "text":
        where = Where() if bom is None else Where(bom.as_posix())
        return FORMATS[output.shape].render(verdict, where)
    if output.file is not None:
        return draw_verdict(verdict, verdict_file=json_file).encode()
    return draw_verdict(verdict, painter(), json_file, terminal_width()).encode()
