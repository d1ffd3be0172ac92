"""One name at one version is one thing, wherever the lineage mentions it.

What it checks: the node and everything upstream of it against all that the BOM, and any
trusted step record in the evidence, says of the same package URL at the same revision
(with the same `#subpath` and the same place), or of the same qualified name
(`acme/base`) at the same `revision` or `version`. They must be the same bytes. Names
are compared without regard to case and to the form of letters. A file may stand for
itself in its folder, and two folders may be two selections of one repository. What has
no revision is not compared here; see `step-match`.

Why it matters: a mirror, a cache or a proxy that answers one of two requests with other
bytes leaves everything else as it was. The digests are then the only thing that
differs, and each fits its own record.

Passes: nothing that was compared differs (`nothing-substituted`). It means no more than
that; what is mentioned once is compared with nothing.

Fails: there are two digests for one name at one version (`substituted`); the path leads
to the one above the node, and the other is named.

Unknown: two digests may be of two parts of one revision, and nothing says of which
(`parts-not-comparable`); or one of the two has no digest (`digest-missing`).

What to do: fetch that revision again from its publisher, over another way, and see
which of the two it is. Where they are two files of one repository, record each with its
path: `source=pkg:…@COMMIT#path/of/file`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import Level
from aibom.lineage.nodes import ENTITY_KINDS, Facts, Node, Relation
from aibom.policy.ancestry import Ancestry, Nearest, all_above, amount
from aibom.policy.context import Check, Context, Outcome, fails, passes, unknown
from aibom.policy.flow import described, qualified, recorded_graphs
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]

_EXPECTED = "one digest for one name at one version"
_LOCATIONS = ("repository_url", "download_url", "vcs_url")
_RELATIONS = frozenset({Relation.USED, Relation.GENERATED})
#: What mentions of one thing share: what kind of name, as it is told, the subpath.
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Settings:
    """This check has no settings."""


@dataclass(frozen=True, slots=True)
class _Mentions:
    """Entities by what they share, the reverse, and the base names they go by."""

    by_key: dict[_Key, dict[str, Node]] = field(default_factory=dict)
    keys: dict[str, set[_Key]] = field(default_factory=dict)
    called: dict[str, set[str]] = field(default_factory=dict)

    def add(self, entity: Node, keys: Iterable[_Key], *carriers: Facts) -> None:
        """Note what is said of an entity; the first to describe it is kept."""
        for key in keys:
            self.by_key.setdefault(key, {}).setdefault(entity.id, entity)
            self.keys.setdefault(entity.id, set()).add(key)
        names = {n.rpartition("/")[2] for c in carriers for n in c.values("name")}
        self.called.setdefault(entity.id, set()).update(names)


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the nearest that was substituted is told."""
    compared = context.once("substitution", _compare)
    for answers, nearest in (compared.fails, compared.doubts):
        name = nearest.ends.get(node.id)
        if name is not None:
            return replace(answers[name], beyond=nearest.way(node.id))
    key = "substitution-pairs"
    pairs = amount(context, key, compared.ancestry, compared.pairs, node.id)
    return passes(
        "nothing-substituted", expected=_EXPECTED, actual=f"{pairs} pairs compared"
    )


# ── every entity, compared once for all nodes below it ──────────────


@dataclass(frozen=True, slots=True)
class _Compared:
    """What is wrong with each entity, and in how many pairs nothing is."""

    ancestry: Ancestry
    fails: tuple[Mapping[str, Outcome], Nearest]
    doubts: tuple[Mapping[str, Outcome], Nearest]
    pairs: Mapping[str, int]


def _compare(context: Context) -> _Compared:
    ancestry = context.once("ancestry", all_above)
    mentions = _mentions(context)
    fails: dict[str, Outcome] = {}
    doubts: dict[str, Outcome] = {}
    pairs: dict[str, int] = {}
    for name in context.graph.nodes.keys() & mentions.keys.keys():
        answer, pairs[name] = _one(mentions, context.node(name))
        if answer is not None:
            (fails if answer.status is Status.FAIL else doubts)[name] = answer
    return _Compared(
        ancestry,
        (fails, ancestry.nearest(fails)),
        (doubts, ancestry.nearest(doubts)),
        pairs,
    )


def _one(mentions: _Mentions, mine: Node) -> tuple[Outcome | None, int]:
    """The first fail of one entity, else its first doubt; and the pairs compared."""
    doubt, pairs = None, 0
    for key in sorted(mentions.keys[mine.id]):
        for other in mentions.by_key[key].values():
            if other.id == mine.id:
                continue
            pairs += 1
            answer = _compared(mentions, key, mine, other)
            if answer is not None and answer.status is Status.FAIL:
                return answer, pairs
            doubt = doubt or answer
    return doubt, pairs


# ── what is mentioned under which name ──────────────


def _mentions(context: Context) -> _Mentions:
    """Everything that is said of entities, by the BOM and by trusted step records."""
    found = _Mentions()
    # The graph comes first: its nodes know the files that records leave out.
    for graph in (context.graph, *(graph for graph, _, _ in recorded_graphs(context))):
        for node in graph.nodes.values():
            if node.kind in ENTITY_KINDS:
                found.add(node, _keys(node), node)
        for edge in graph.edges:
            if edge.relation in _RELATIONS:
                entity = graph.nodes[edge.target]
                found.add(entity, _keys(edge, entity), edge)
    by_key = {key: dict(sorted(held.items())) for key, held in found.by_key.items()}
    return replace(found, by_key=by_key)


def _keys(*carriers: Facts) -> Iterator[_Key]:
    for facts in carriers:
        for source in facts.values("source"):
            yield from _package(source)
    names = qualified(*carriers)
    for facts in carriers:
        for version in (*facts.values("revision"), *facts.values("version")):
            yield from (("name", f"{name}@{_loose(version)}", "") for name in names)


def _package(text: str) -> Iterator[_Key]:
    """A package URL that has a revision, in the form that is compared."""
    from packageurl import PackageURL

    try:
        purl = PackageURL.from_string(text)
    except ValueError:
        return
    if not purl.version:
        return
    path = "/".join(part for part in (purl.namespace, purl.name) if part)
    places = sorted(purl.qualifiers[k] for k in _LOCATIONS if k in purl.qualifiers)
    told = _loose(f"pkg:{purl.type}/{path}@{purl.version}")
    yield "package", " at ".join([told, *places]), purl.subpath or ""


def _loose(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


# ── whether two are one ──────────────


def _compared(
    mentions: _Mentions, key: _Key, mine: Node, other: Node
) -> Outcome | None:
    """What is wrong with two that should be one; None: nothing is."""
    told = f"{key[1]} is {described(mine)}, and {described(other)}"
    if mine.digest is None or other.digest is None:
        return unknown("digest-missing", expected=_EXPECTED, actual=told)
    if mine.digest == other.digest or _holds(mine, other) or _holds(other, mine):
        return None
    if key[0] == "package" and not key[2] and _may_be_parts(mentions, mine, other):
        return unknown("parts-not-comparable", expected=_EXPECTED, actual=told)
    return fails("substituted", expected=_EXPECTED, actual=told)


def _holds(folder: Node, file: Node) -> bool:
    """Whether the one is a folder that is known to hold exactly this file."""
    return any(item.digest == file.digest for item in folder.files)


def _may_be_parts(mentions: _Mentions, one: Node, other: Node) -> bool:
    """Whether they may be two parts of one repository, going by what files are called.

    Two folders, or two files, of which that is not known are taken for the same part.
    """
    parts, others = _contents(mentions, one), _contents(mentions, other)
    if parts is None or others is None:
        forms = {node.digest.form for node in (one, other) if node.digest}
        return len(forms) > 1
    shared = parts.keys() & others.keys()
    return all(parts[path] == others[path] for path in shared)


def _contents(mentions: _Mentions, node: Node) -> Mapping[str, str] | None:
    """Digests of its files by path, or of a file by its base name; None: not known."""
    if node.files:
        return {file.path: str(file.digest) for file in node.files}
    if node.digest is None or node.digest.form != "file":
        return None
    names = mentions.called.get(node.id)
    return dict.fromkeys(names, str(node.digest)) if names else None


CHECK = Check("substitution", Settings, evaluate, ENTITY_KINDS)
