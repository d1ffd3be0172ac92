"""Options that say whom to believe for one call, in place of a ``signers.yaml``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aibom.cli.common import PATH, refuse_folder
from aibom.cli.option_groups import option_group
from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.attest.signers import AllowedSigner

__all__ = ["Whom", "whom_options"]


_OPTIONS = (
    click.option(
        "--signers",
        type=PATH,
        metavar="FILE",
        help="The verifier's signers.yaml: whom to believe about what.",
    ),
    click.option(
        "--public-key", type=PATH, metavar="FILE", help="Or: whoever has this key."
    ),
    click.option(
        "--identity",
        metavar="WHO",
        help="Or: this e-mail address or URI, exactly, with --issuer.",
    ),
    click.option("--issuer", metavar="URL", help="Who vouches for the identity."),
    click.option(
        "--github-repo",
        metavar="OWNER/NAME",
        help="Or: a job of this repository.",
    ),
    click.option("--workflow", metavar="FILE", help="Its workflow, with --ref."),
    click.option("--ref", metavar="REF", help="Its branch: refs/heads/main."),
    click.option(
        "--trust-root",
        metavar="public|FILE",
        help="Keys of the Sigstore that the identity signed with.  [default: public]",
    ),
)


@dataclass(frozen=True, slots=True)
class Whom:
    """What was asked for on the command line."""

    signers: Path | None
    public_key: Path | None
    identity: str | None
    issuer: str | None
    github_repo: str | None
    workflow: str | None
    ref: str | None
    trust_root: str | None

    def allowed(self, artifact: Path) -> tuple[AllowedSigner, ...]:
        """The signers to believe; raises ``UsageError`` where nobody is named."""
        self._require_one()
        self._require_outside(artifact)
        if self.signers is not None:
            return self._listed(self.signers, artifact)
        from aibom.operations.signing import one_off

        if self.public_key is not None:
            refuse_folder(self.public_key, "name the file of the public key")
            return (one_off.anybody_with_key(self.public_key),)
        root = one_off.trust_root(self.trust_root or one_off.PUBLIC)
        if self.github_repo is not None:
            rule = one_off.github_rule(
                self.github_repo, self.workflow, self.ref, self.issuer
            )
        else:
            rule = one_off.identity_rule(self.identity, self.issuer)
        return (one_off.anybody_with_rule(rule, root),)

    def _require_outside(self, artifact: Path) -> None:
        from aibom.operations.policies.folder import require_outside

        root = self.trust_root
        files = (self.public_key, Path(root) if root and root != "public" else None)
        for path in files:
            if path is not None:
                require_outside(path, artifact)

    def _listed(self, path: Path, artifact: Path) -> tuple[AllowedSigner, ...]:
        from aibom.operations.verify import load_signers

        refuse_folder(path, f"name the file, as in: --signers {path}/signers.yaml")
        return load_signers(path, artifact)

    def _require_one(self) -> None:
        ways = {
            "--signers": self.signers,
            "--public-key": self.public_key,
            "--identity": self.identity,
            "--github-repo": self.github_repo,
        }
        named = [option for option, value in ways.items() if value is not None]
        if len(named) != 1:
            raise UsageError(
                "nothing says whom to believe"
                if not named
                else f"{' and '.join(named)} each say whom to believe",
                reason="signers-missing" if not named else "signers-ambiguous",
                hint="one of: --signers FILE, --public-key FILE, --identity WHO "
                "--issuer URL, --github-repo OWNER/NAME",
            )
        strays = [
            (self.issuer, "--issuer", ("--identity", "--github-repo")),
            (self.trust_root, "--trust-root", ("--identity", "--github-repo")),
            (self.workflow, "--workflow", ("--github-repo",)),
            (self.ref, "--ref", ("--github-repo",)),
        ]
        for value, option, owners in strays:
            if value is not None and named[0] not in owners:
                raise UsageError(
                    f"belongs to {' or '.join(owners)}",
                    reason="usage",
                    where=option,
                    hint=f"leave it out: {named[0]} says all of it",
                )


def whom_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options, handed to the command as one value called ``whom``."""
    return option_group("whom", Whom, _OPTIONS)(command)
