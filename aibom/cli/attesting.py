"""Options of ``aibom gate --attest``: the verdict as a signed statement."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aibom.cli.common import PATH, now, warn
from aibom.cli.evaluation import Output
from aibom.cli.option_groups import option_group
from aibom.cli.signing import SigningOptions
from aibom.cli.verdict_options import parse_age
from aibom.errors import AibomError, UsageError

if TYPE_CHECKING:
    from aibom.attest.signing import StatementSigner
    from aibom.verdict import Verdict

__all__ = ["Attesting", "attesting_options"]

_OPTIONS = (
    click.option(
        "--attest",
        type=PATH,
        metavar="FILE",
        help="Sign the verdict, for pass and fail, as a SLSA Verification Summary.",
    ),
    click.option(
        "--verifier-id",
        metavar="URI",
        help="With --attest: who this verifier is, as signers.yaml of others says.",
    ),
    click.option(
        "--valid-for",
        metavar="AGE",
        help="With --attest: how long the verdict counts, as 7d.  [default: no end]",
    ),
)


@dataclass(frozen=True, slots=True)
class Attesting:
    """What was asked for on the command line."""

    attest: Path | None
    verifier_id: str | None
    valid_for: str | None

    def outputs(self, others: tuple[Output, ...]) -> tuple[Output, ...]:
        """The file with the others, as places that an old verdict must not stay in."""
        if self.attest is None:
            return others
        ours = Path(os.path.realpath(self.attest))
        if any(o.file and Path(os.path.realpath(o.file)) == ours for o in others):
            raise UsageError(
                f"two would go to {self.attest}",
                reason="output-place-twice",
                where="--attest",
                hint="the verdict and its signature are two files",
            )
        return (*others, Output("attest", str(self.attest)))

    def signer(self, signing: SigningOptions) -> StatementSigner | None:
        """Who signs; refused now, and not after the artifact was hashed."""
        if self.attest is None:
            if self.verifier_id is not None or self.valid_for is not None:
                raise UsageError(
                    "belongs to --attest",
                    reason="usage",
                    where="--attest",
                    hint="for example: --attest verdict.sigstore.json --valid-for 7d",
                )
            signing.require_unused()
            return None
        if self.verifier_id is None:
            raise UsageError(
                "a verdict is believed for a signer and the verifier it speaks as",
                reason="verifier-id-missing",
                where="--verifier-id",
                hint="a URI of yours, for example https://acme.example/gate",
            )
        from aibom.attest.summary_statement import check_verifier_id

        check_verifier_id(self.verifier_id)
        if self.valid_for is not None:
            parse_age(self.valid_for, "--valid-for")
        signer = signing.signer()
        signer.prepare()
        return signer

    def write(
        self, verdict: Verdict, artifact: Path, signer: StatementSigner | None
    ) -> None:
        """Sign the verdict and write it, before anybody is told that it is a yes.

        Where that fails, a yes is none: the error goes on. A no stays what it is.
        """
        if self.attest is None or signer is None:
            return
        from aibom.operations.verdicts.files import write_attested

        age = None if self.valid_for is None else parse_age(self.valid_for)
        try:
            write_attested(
                verdict,
                artifact,
                self.attest,
                signer,
                verifier_id=str(self.verifier_id),
                verified_at=now(),
                valid_for=age,
            )
        except AibomError as error:
            if verdict.exit_code == 0:
                raise
            warn(f"the verdict was not signed: {error} [{error.reason}]")
        else:
            warn(f"signed: {self.attest}")


def attesting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options, handed to the command as one value called ``attesting``."""
    return option_group("attesting", Attesting, _OPTIONS)(command)
