"""``aibom trust-root``."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, now, painter, refuse_folder
from aibom.cli.group import Group
from aibom.errors import AibomError

if TYPE_CHECKING:
    from aibom.attest.keyless_root import TrustRoot
    from aibom.operations.signing.trust_root import Anchor, Change, Update
    from aibom.report.text import Paint

__all__ = ["command"]

_STYLES = {"valid": "good", "ended": "dim", "not-yet": "warn"}


@click.group("trust-root", cls=Group)
def command() -> None:
    """The keys that keyless signatures are checked against: a file of the verifier's.

    Verification never fetches one. `update` does, since you ask for it.
    """


@command.command("show")
@click.argument("file", metavar="[FILE]", type=PATH, required=False)
@click.option(
    "--output",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
def show(file: Path | None, shape: str) -> None:
    """List the keys of FILE, or of the root that sigstore-python carries.

    Nothing is fetched, and nothing is written anywhere.
    """
    from aibom.operations.signing.trust_root import load_trust_root, to_document
    from aibom.statement import to_json

    if file is not None:
        refuse_folder(file, f"name the file, as in: {file}/trusted_root.json")
    root = load_trust_root(file)
    if shape == "json":
        click.echo(to_json(to_document(root, now())))
    else:
        _print_root(root, now())


@command.command("pin")
@click.argument("source", metavar="FILE|public")
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    metavar="FILE",
    help="Where the policy folder keeps it: POLICY/trusted_root.json.",
)
@click.option(
    "--name",
    metavar="NAME",
    help="What signers.yaml calls it.  [default: public, or the name of FILE]",
)
@click.option("--replace", is_flag=True, help="Overwrite a file with other bytes.")
def pin(source: str, output: Path, name: str | None, replace: bool) -> None:
    """Copy a trust root into the policy folder, and print its entry for signers.yaml.

    `public` is the one that sigstore-python carries; write ./public for a file of that
    name. Of a ClientTrustConfig only the trusted root is copied. Nothing is fetched,
    and with --replace an older root is taken as well: read what it says has changed.
    """
    from aibom.operations.signing.trust_root import PUBLIC, compare, load_trust_root
    from aibom.operations.signing.trust_root import pin as pin_root

    refuse_folder(output, f"name the file, as in: -o {output}/trusted_root.json")
    public = source == PUBLIC
    if not public:
        refuse_folder(Path(source), f"name the file, as in: {source}/trusted_root.json")
    root = load_trust_root(None if public else Path(source))
    replaced = compare(output, root, replace=True) if replace else None
    pinned = pin_root(root, output, replace=replace)
    if replaced is not None and replaced.before is not None:
        _print_replaced(replaced)
    _print_entry(pinned, output, name or (PUBLIC if public else Path(source).stem))


@command.command("update")
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    metavar="FILE",
    help="The file to bring up to date, or to make.",
)
@click.option(
    "--url", metavar="TUF_URL", help="TUF repository.  [default: the public instance]"
)
@click.option(
    "--bootstrap-root",
    type=PATH,
    metavar="ROOT.json",
    help="TUF root that trust in --url starts from, got over another channel.",
)
@click.option(
    "--timeout",
    type=click.IntRange(1, 3600),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="Give up after this time, whatever the server does.",
)
@click.option(
    "--check", is_flag=True, help="Only compare: exit 1 if it differs. Writes nothing."
)
@click.option(
    "--replace",
    is_flag=True,
    help="Write it even if it looks older, or is another instance's.",
)
def update(
    output: Path,
    url: str | None,
    bootstrap_root: Path | None,
    timeout: int,
    check: bool,
    replace: bool,
) -> None:
    """Fetch the newest trust root by TUF, show what changed, and write it to FILE.

    Uses the network, except with AIBOM_OFFLINE set. Refuses one that looks older than
    FILE, or is of another instance. Review the changes, then lock the policy folder.
    """
    from aibom.operations.signing.trust_root import (
        fetch_update,
        source_of,
        write_update,
    )

    refuse_folder(output, f"name the file, as in: -o {output}/trusted_root.json")
    found = fetch_update(
        output,
        source_of(url, bootstrap_root),
        timeout,
        offline=bool(os.environ.get("AIBOM_OFFLINE")),
        required=check,
        replace=replace,
    )
    _print_update(found, output)
    if check:
        _require_same(found, output)
    elif write_update(found, output, replace=replace):
        _print_next(output, "review, set checked_on in signers.yaml, then")
    else:
        _tell(f"set checked_on: {_quoted(_today())} in signers.yaml, if you like")


def _require_same(found: Update, output: Path) -> None:
    if found.same:
        return
    found.require_successor()
    raise AibomError(
        "the newest trust root is another one",
        reason="trust-root-changed",
        where=str(output),
        hint=f"aibom trust-root update -o {output}, as here but without --check",
    )


# ── output ────────────────────


def _print_root(root: TrustRoot, moment: datetime) -> None:
    from aibom.operations.signing.trust_root import anchors_of
    from aibom.report.text import escape

    anchors = anchors_of(root)
    days = root.age(moment).days
    since = f"{days} days ago" if days >= 0 else "in the future"
    click.echo(escape(root.name))
    click.echo(f"  sha256:{root.digest}")
    click.echo(f"  newest key in use from {root.newest_key:%Y-%m-%d}, {since}")
    paint = painter()
    for anchor in anchors:
        state = anchor.state(moment)
        mark = "" if state == "valid" else f"  {paint(_STYLES[state], _shown(state))}"
        click.echo(f"\n{_line(anchor)}{mark}")
        click.echo(f"  {_detail(anchor)}")


def _shown(state: str) -> str:
    return {"ended": "NOT VALID NOW: ended", "not-yet": "NOT VALID NOW: not yet"}[state]


def _line(anchor: Anchor) -> str:
    from aibom.report.text import escape

    holder = f" ({escape(anchor.holder)})" if anchor.holder else ""
    return f"{anchor.kind:<21} {escape(anchor.url)}{holder}"


def _detail(anchor: Anchor) -> str:
    from aibom.report.text import escape

    start = f"{anchor.start:%Y-%m-%d}" if anchor.start else "the beginning"
    end = f" to {anchor.end:%Y-%m-%d}" if anchor.end else ", without an end"
    return f"{escape(anchor.key)}, from {start}{end}, sha256:{anchor.fingerprint[:16]}…"


def _print_entry(pinned: TrustRoot, output: Path, name: str) -> None:
    """YAML that can be pasted, on stdout; what to do with it on stderr."""
    click.echo(f"# sha256:{pinned.digest}")
    click.echo("trust_roots:")
    click.echo(f"  - name: {_quoted(name)}")
    click.echo(f"    file: {_quoted(output.name)}")
    click.echo(f"    checked_on: {_quoted(_today())}")
    click.echo("    max_age: 180d")
    _tell(
        "checked_on: when somebody compared it with its instance; correct it if not now"
    )
    _print_next(output, "paste this into signers.yaml, then")


def _print_replaced(replaced: Update) -> None:
    from aibom.report.text import plain

    for change in replaced.changes:
        click.echo(_changed(change, plain), err=True)
    if not replaced.changes:
        _tell("the keys are the same as before")


def _print_next(output: Path, what: str) -> None:
    import shlex

    _tell(f"{what}: aibom policy lock {shlex.quote(str(output.parent))}")


def _print_update(found: Update, output: Path) -> None:
    before = f"sha256:{found.before.digest}" if found.before else "no trust root yet"
    _tell(f"{output} holds {before}; {found.after.name} has:")
    click.echo(f"sha256:{found.after.digest}")
    if found.same:
        click.echo("the same keys and nothing else that differs")
    elif not found.changes:
        click.echo("the same keys; something else in the file differs")
    paint = painter()
    for change in found.changes:
        click.echo(_changed(change, paint))


def _changed(change: Change, paint: Paint) -> str:
    style = "good" if change.what == "added" else "warn"
    head = paint(style, f"{change.what:<8}")
    return f"{head} {_line(change.anchor)}\n           {_detail(change.anchor)}"


def _tell(text: str) -> None:
    from aibom.report.text import escape

    click.echo(escape(text, 2000), err=True)


def _quoted(text: str) -> str:
    """A YAML string: JSON's strings are some."""
    import json

    from aibom.report.text import escape

    return escape(json.dumps(text, ensure_ascii=False))


def _today() -> str:
    return f"{now():%Y-%m-%d}"
