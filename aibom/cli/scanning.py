"""``aibom scan`` of what lies elsewhere: its options, and what it tells."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, now, refuse_folder, warn
from aibom.cli.option_groups import option_group
from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.catalogers.findings import Finding
    from aibom.lineage.nodes import Kind
    from aibom.operations.scanning.remote import ScannedRemote
    from aibom.operations.scanning.remote_bom import Believed
    from aibom.operations.scanning.remote_one import Visit

__all__ = [
    "Remote",
    "elsewhere_options",
    "is_counted",
    "refuse_local",
    "tell_visits",
]

_OPTIONS = (
    click.option(
        "--depth",
        type=click.IntRange(min=0),
        metavar="N",
        help="Elsewhere: scan what it names on the hub too (bases, datasets), and what "
        "those name, N levels up.  [default: 0]",
    ),
    click.option(
        "--offline",
        is_flag=True,
        help="Elsewhere: ask the hub's cache on this disk, and no network.",
    ),
    click.option(
        "--endpoint",
        metavar="URL",
        help="Elsewhere: ask this hub.  [default: HF_ENDPOINT, or the public one]",
    ),
    click.option(
        "--signers",
        type=PATH,
        metavar="FILE",
        help="Elsewhere: the verifier's signers.yaml, to verify BOMs that repositories "
        "ship.",
    ),
)


@dataclass(frozen=True, slots=True)
class Remote:
    """What was asked for on the command line, of what lies elsewhere."""

    depth: int | None
    offline: bool
    endpoint: str | None
    signers: Path | None

    def refuse(self, where: str) -> None:
        """Refuse every one of these for a path (``usage``): they would do nothing."""
        given = {
            "--depth": self.depth is not None,
            "--offline": self.offline,
            "--endpoint": self.endpoint is not None,
            "--signers": self.signers is not None,
        }
        for option, is_given in given.items():
            if is_given:
                raise UsageError(
                    f"is for what lies elsewhere, and {where} is a path",
                    reason="usage",
                    where=option,
                    hint="name it as hf:org/name, or leave the option out",
                )

    def scan(self, text: str, kind: Kind | None, name: str | None) -> ScannedRemote:
        """Scan what a reference names; raises what the operation raises."""
        from aibom.operations.scanning.remote import scan_remote
        from aibom.sources.opening import open_source
        from aibom.sources.reference import Reference

        reference = Reference.parse(text)
        if self.offline and self.endpoint is not None:
            raise UsageError(
                "a cache does not keep which hub its files are from",
                reason="usage",
                where="--endpoint",
                hint="leave out --endpoint, or --offline",
            )
        return scan_remote(
            reference,
            lambda one: open_source(one, offline=self.offline, endpoint=self.endpoint),
            depth=self.depth or 0,
            kind=kind,
            name=name,
            believed=self._believed(text),
            pseudonym_key=os.environ.get("AIBOM_PSEUDONYM_KEY"),
        )

    def _believed(self, text: str) -> Believed | None:
        if self.signers is None:
            return None
        from aibom.attest.signers import signer_warnings
        from aibom.operations.scanning.remote_bom import Believed
        from aibom.operations.verify import load_signers

        path = self.signers
        refuse_folder(path, f"name the file, as in: --signers {path}/signers.yaml")
        allowed = load_signers(path, Path(text))
        for warning in signer_warnings(allowed):
            warn(warning)
        return Believed(allowed, now())


elsewhere_options = option_group("remote", Remote, _OPTIONS)


def refuse_local(text: str, options: dict[str, bool]) -> None:
    """Refuse options that make no sense for what lies elsewhere (``usage``)."""
    for option, is_given in options.items():
        if is_given:
            raise UsageError(
                f"is for a path on this disk; {text} lies elsewhere",
                reason="usage",
                where=option,
                hint="leave it out, or fetch it and scan the folder",
            )


def tell_visits(done: ScannedRemote) -> None:
    """One line for each repository that was read."""
    for visit in done.visited:
        warn(f"scanned {_line(visit)}")


def is_counted(finding: Finding) -> bool:
    """Whether a finding is told already, as a number of :func:`tell_visits`."""
    return finding.code in ("pointer-not-pulled", "digest-not-stated")


def _line(visit: Visit) -> str:
    from aibom.operations.scanning.source_facts import shown

    resolved = visit.resolved
    parts = [f"{visit.read} file{'s' * (visit.read != 1)} read"]
    if visit.claimed:
        parts.append(f"{visit.claimed} known by claimed digests only")
    if visit.unknown:
        parts.append(f"{visit.unknown} not read, without any digest")
    if visit.bom:
        parts.append(f"its BOM {visit.bom}")
    if resolved.scan is not None and resolved.scan.flagged:
        path, level = min(resolved.scan.flagged)
        more = len(resolved.scan.flagged) - 1
        parts.append(
            f"flagged by scanners: {path} ({level})"
            + (f" and {more} more" if more else "")
        )
    return f"{shown(resolved)} ({resolved.mode}): {', '.join(parts)}"
