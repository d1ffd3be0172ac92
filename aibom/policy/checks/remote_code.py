"""Loading the artifact runs nobody's code but what was reviewed, file by file.

What it checks: what the JSON files in the artifact ask loaders to import (`auto_map` at
any depth, `custom_pipelines`, `trust_remote_code`, modules of the repository in
`modules.json` and `model_index.json`, any text of the form `ORG/REPO--module.Class`),
as this run read them; and every file that is a program or a library by its first bytes,
or Python or a library by its name. Each such file must be in the artifact, with its
digest in `approved`.

Why it matters: with `trust_remote_code` a model is a program, and who publishes it may
change that program with every download. Code in another repository is not even among
the bytes that were looked at.

Passes: nothing asks for code, and no program lies beside (`no-remote-code`); or all of
it is in the artifact, and approved (`code-approved`).

Fails: a file asks for code of another repository (`remote-code-elsewhere`), or for code
that is not in the artifact or not approved (`remote-code`); a program lies in the
artifact that is not approved, though nothing is seen to ask for it
(`program-not-approved`).

Unknown: two parsers could read a file that may ask for code differently, or it is too
large (`configuration-unclear`); a gate ran, but files were not read (`code-not-read`).

Not applicable: a dry run (`aibom check`), which reads no artifact bytes
(`bytes-not-read`), and nodes other than the artifact (`not-the-artifact`).

What to do: use a version that the library itself can load, without `auto_map`; or read
each file of its code, take it into the artifact, and list its digest. A pickle is code
as well: `format-allowed` asks about those.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from aibom.digest import Digest
from aibom.errors import AibomError
from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.evidence import CodeRequest, RemoteCode
from aibom.lineage.nodes import ENTITY_KINDS, Node
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)

__all__ = ["CHECK", "PROGRAMS", "Settings"]

#: Formats of files that are run, or imported, as they are.
PROGRAMS = frozenset(
    {"elf", "mach-o", "pe", "python", "python-bytecode", "script", "wasm"}
)
_NAMED = re.compile(r"(?i).*\.(py[cdiow]?|so(\.[0-9.]+)?|dll|dylib|exe|sh)")
_SHOWN = 3
_AGAIN = (
    "Gate the artifact again, with all of its files to be read. Nothing says that it "
    "asks for code."
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Which code may run."""

    approved: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "The sha256: digests of files of code that somebody has read and "
            "approved."
        },
    )

    def __post_init__(self) -> None:
        for text in self.approved:
            try:
                form = Digest.parse(text).form
            except AibomError as error:
                raise ValueError(f"{text!r}: {error.message}") from error
            if form != "file":
                raise ValueError(f"{text!r} is not the digest of one file")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for the artifact; other nodes' bytes are not there to be read."""
    evidence = context.evidence
    if not evidence.bytes_checked:
        return not_applicable("bytes-not-read")
    if not context.is_artifact(node.id):
        return not_applicable("not-the-artifact")
    expected = "no code but what is approved, and in these bytes"
    code = evidence.remote_code
    files = _files(node, evidence.formats)
    if code is None or not files:
        text = "nobody looked into the files"
        return unknown("code-not-read", expected=expected, actual=text, advice=_AGAIN)
    approved = frozenset(Digest.parse(text) for text in settings.approved)
    answer = (
        _elsewhere(code)
        or _asked_for(code, files, approved)
        or _beside(evidence.formats, files, approved)
        or _not_told(code, set(files) - set(evidence.formats))
        or _approved(evidence.formats, files)
    )
    worth = Assurance(Level.VERIFIED, "read in this run")
    return replace(answer, expected=expected, assurance=worth)


def _files(node: Node, formats: Mapping[str, str]) -> Mapping[str, Digest]:
    """The digest of each file; an artifact that is one file lists none."""
    if node.files:
        return {file.path: file.digest for file in node.files}
    if node.digest is None or node.digest.form != "file":
        return {}
    return dict.fromkeys(formats, node.digest)


def _elsewhere(code: RemoteCode) -> Outcome | None:
    told = [
        f"{one.path}: {one.key} asks for {one.module or 'code'} of {one.repository}"
        for one in code.requests
        if one.repository
    ]
    if not told:
        return None
    return fails(
        "remote-code-elsewhere",
        actual=_listed(told),
        advice="Take that code into the artifact, at a commit that was read, and list "
        "the digest of each file in `approved`; or take a version that needs none.",
    )


def _asked_for(
    code: RemoteCode, files: Mapping[str, Digest], approved: Container[Digest]
) -> Outcome | None:
    told = []
    for one in code.requests:
        there = [files[path] for path in _candidates(one) if path in files]
        if not there or not all(digest in approved for digest in there):
            state = "not approved" if there else "not in the artifact"
            what = f"{one.module}, {state}" if one.module else "code, not saying which"
            told.append(f"{one.path}: {one.key} asks for {what}")
    return fails("remote-code", actual=_listed(told)) if told else None


def _candidates(request: CodeRequest) -> Iterator[str]:
    """Where loaders look: from the top of the artifact on, or beside what asks."""
    if request.module:
        yield request.module
        folder, _, _ = request.path.rpartition("/")
        if folder:
            yield f"{folder}/{request.module}"


def _beside(
    formats: Mapping[str, str], files: Mapping[str, Digest], approved: Container[Digest]
) -> Outcome | None:
    bad = [path for path in _programs(formats, files) if files[path] not in approved]
    told = [f"{path} is {formats.get(path, 'code by its name')}" for path in bad]
    if not told:
        return None
    return fails(
        "program-not-approved",
        actual=_listed(told),
        advice="Leave these files out, if nothing needs them; or read each, and list "
        "its digest in `approved`. Nothing is seen to ask for them.",
    )


def _programs(formats: Mapping[str, str], files: Mapping[str, Digest]) -> list[str]:
    return sorted(
        path
        for path in files
        if formats.get(path) in PROGRAMS or _NAMED.fullmatch(path)
    )


def _not_told(code: RemoteCode, unread: Collection[str]) -> Outcome | None:
    if code.unclear:
        told = [f"{path}: {why}" for path, why in sorted(code.unclear.items())]
        return unknown(
            "configuration-unclear",
            actual=_listed(told),
            advice="Have the file written in one plain way (JSON without doubled keys, "
            "small), so that it can be told what it asks for.",
        )
    if unread:
        text = f"not read: {_listed(sorted(unread))}"
        return unknown("code-not-read", actual=text, advice=_AGAIN)
    return None


def _approved(formats: Mapping[str, str], files: Mapping[str, Digest]) -> Outcome:
    """All that is left is good; whether there was any code at all tells two passes."""
    programs = _programs(formats, files)
    if programs:
        return passes("code-approved", actual=_listed(programs))
    return passes("no-remote-code", actual="nothing asks for code")


def _listed(told: Sequence[str]) -> str:
    more = len(told) - _SHOWN
    return "; ".join(told[:_SHOWN]) + (f"; {more} more" if more > 0 else "")


CHECK = Check("remote-code", Settings, evaluate, ENTITY_KINDS)
