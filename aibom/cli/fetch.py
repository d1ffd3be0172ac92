"""``aibom fetch``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aibom.cli.common import PATH, now, parse_when, progress_bar, warn
from aibom.cli.evaluation import (
    Output,
    fetch_options,
    prepare_outputs,
    write_verdict,
)
from aibom.cli.option_groups import option_group
from aibom.cli.signing import SigningOptions, signing_options
from aibom.errors import AibomError, UsageError

if TYPE_CHECKING:
    from aibom.operations.gate import Options
    from aibom.operations.importing.artifact_lock import LockedArtifact
    from aibom.operations.importing.request import Fetched, Request
    from aibom.sources.reference import Reference

__all__ = ["command"]


_OPTIONS = (
    click.option(
        "--to", type=PATH, required=True, metavar="DIR", help="Where it shall be."
    ),
    click.option(
        "--locked", is_flag=True, help="Only what stands in the lock, byte for byte."
    ),
    click.option(
        "--lock-file",
        type=PATH,
        metavar="FILE",
        help="The lock, with --locked.  [default: aibom.lock]",
    ),
    click.option(
        "--name",
        metavar="NAMESPACE/NAME",
        help="What you call it.  [default: hf/org/name]",
    ),
    click.option(
        "--kind",
        type=click.Choice(["model", "dataset"]),
        help="What it is, where the reference does not say.",
    ),
    click.option(
        "--offline",
        is_flag=True,
        help="Take it from the cache on this disk; ask nobody.",
    ),
    click.option(
        "--endpoint", metavar="URL", help="The hub to ask.  [default: HF_ENDPOINT]"
    ),
    click.option(
        "--keep-quarantine", is_flag=True, help="Keep what was refused, to look at it."
    ),
)


@dataclass(frozen=True, slots=True)
class Fetching:
    """What was asked for on the command line."""

    to: Path
    locked: bool
    lock_file: Path | None
    name: str | None
    kind: str | None
    offline: bool
    endpoint: str | None
    keep_quarantine: bool

    def request(
        self,
        reference: Reference,
        policy: Path,
        options: Options,
        signing: SigningOptions,
    ) -> Request:
        """What the operation is asked for."""
        from aibom.lineage.nodes import Kind
        from aibom.operations.importing.request import Request

        return Request(
            reference,
            policy,
            self.to,
            options,
            signer=signing.optional_signer(),
            locked=self._entry(reference),
            name=self.name,
            kind=Kind(self.kind) if self.kind else None,
            keep_quarantine=self.keep_quarantine,
            pseudonym_key=os.environ.get("AIBOM_PSEUDONYM_KEY"),
        )

    def _entry(self, reference: Reference) -> LockedArtifact | None:
        from aibom.operations.importing.fetched import locked_entry

        if self.locked:
            return locked_entry(self.lock_file or Path("aibom.lock"), reference)
        if self.lock_file is not None:
            raise UsageError(
                "belongs to --locked",
                reason="usage",
                where="--lock-file",
                hint="for example: --locked --lock-file FILE",
            )
        return None


def fetching_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options, handed to the command as one value called ``fetching``."""
    return option_group("fetching", Fetching, _OPTIONS)(command)


@click.command(
    "fetch",
    epilog="""\b
Examples:
  aibom fetch hf:org/name@COMMIT --policy verifier/ --key import.key --to models/name
  aibom fetch hf:org/name --locked --policy verifier/ --key import.key --to models/name

Exit codes are those of `aibom gate`, and 0 is the only one that leaves something in
--to. Interrupted, the same command goes on where it was.
""",
)
@click.argument("reference", metavar="REF")
@fetching_options
@fetch_options
@signing_options
def command(
    reference: str,
    fetching: Fetching,
    policy: Path,
    evidence: tuple[Path, ...],
    effective_time: str | None,
    allow_past: bool,
    tier: str | None,
    policy_digest: str | None,
    outputs: tuple[Output, ...],
    signing: SigningOptions,
) -> int:
    """Fetch a model or dataset, and put it into --to only if the policy allows it.

    What can be decided from metadata is decided before anything is downloaded. The rest
    goes into quarantine: every file is hashed and compared with what the hub and the
    lock say, catalogued into a BOM, signed as you (--key), and put through the whole
    gate. Then all of it appears at once, or nothing does. Either way the verdict lies
    beside --to, in DIR.verdict.json.
    """
    from aibom.operations.gate import make_options
    from aibom.operations.importing.fetch import fetch
    from aibom.sources.opening import open_source
    from aibom.sources.reference import Reference

    asked = Reference.parse(reference)
    prepare_outputs(fetching.to, policy, outputs)
    options, when = make_options(
        evidence,
        asked=parse_when(effective_time),
        clock=now(),
        allow_past=allow_past,
        tier=tier,
        report_only=False,
        policy_digest=policy_digest,
    )
    request = fetching.request(asked, policy, options, signing)
    source = open_source(asked, offline=fetching.offline, endpoint=fetching.endpoint)
    try:
        with progress_bar("fetching") as progress:
            done = fetch(request, source, when, progress)
    except AibomError as error:
        _tell_what_is_left(fetching.to, error)
        raise
    code = write_verdict(done.verdict, outputs)
    _tell(request, done)
    return code


def _tell(request: Request, done: Fetched) -> None:
    resolved = done.resolved
    if done.path is not None:
        size = f", {resolved.size:,} bytes" if resolved.size is not None else ""
        was = "was there already" if done.already else f"{resolved.mode}"
        warn(
            f"{done.path}: {resolved.pinned}, {len(resolved.files)} files{size}, {was}"
        )
        for text in resolved.unsure:
            warn(f"{resolved.pinned}: {text}")
    elif done.already:
        warn(f"{request.to} is still there, and the policy does not allow it any more")
    else:
        warn(f"nothing was put into {request.to}")
    if done.path is None:
        _tell_why(done)
    if done.quarantine is not None:
        warn(f"what was refused is kept in {done.quarantine}")


def _tell_why(done: Fetched) -> None:
    """Where the verdict is: whoever was refused has to show it to somebody."""
    if done.told is not None:
        warn(f"why: {done.told} (aibom explain)")
    else:
        warn("its verdict could not be kept there; --output json=FILE writes it")


def _tell_what_is_left(to: Path, error: AibomError) -> None:
    from aibom.operations.importing.quarantine import quarantine_of

    left = quarantine_of(to)
    is_ours = error.reason != "quarantine-busy"
    if error.exit_code == 1 and is_ours and left.is_dir():
        warn(f"what was downloaded is kept in {left}; the same command goes on there")
