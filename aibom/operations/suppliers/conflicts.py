"""What contradicts an answer: another value, and who says that one.

Compared are exact values, and of a free text the whole digests and commit ids in it;
the rest of a free text is nobody's to judge here. The other side is what was hashed in
this run, what signed statements say, and what the BOM says, the best known first. What
differs is conflicting, whichever of the two is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from aibom.lineage.assurance import Assurance, Level, existence_assurance
from aibom.lineage.nodes import Kind, Node, Relation
from aibom.operations.suppliers.answers import SupplierAnswer
from aibom.operations.suppliers.exact import (
    COMMIT_QUESTION,
    DIGEST_QUESTIONS,
    MODELS_QUESTION,
    Named,
    hex_ids,
    is_same,
    is_same_commit,
    is_same_digest,
    named_in,
    plain,
)
from aibom.operations.suppliers.said import (
    FULL_COMMIT,
    Said,
    commits_said,
    digests_said,
    everything,
    facts_said,
    tell,
    unless_said,
)
from aibom.report.diligence.catalogue import Way
from aibom.report.diligence.material import Material
from aibom.report.diligence.ways import WAYS

__all__ = ["contradictions"]


#: Or the beginning of one; digits alone are a version.
_LIKE_COMMIT = re.compile(
    r"[0-9a-f]{40}|[0-9a-f]{64}|(?=[0-9]*[a-f])[0-9a-f]{7,63}", re.IGNORECASE
)
#: Question → the facts that its exact value is compared with.
_FACTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "identity.version": ("version",),
        "licences.terms": ("licence",),
        "data-provenance.sources": ("source", "location"),
    }
)
#: Question → where a BOM has it beside those.
_WRITTEN: Mapping[str, tuple[Way, ...]] = MappingProxyType(
    {
        "identity.version": (Way("elements", ("/version",)),),
        "identity.supplier": (
            Way("parties", ("supplier", "publisher", "owner")),
            Way("elements", ("/supplier/name", "/manufacturer/name", "/publisher")),
            Way("document", ("/metadata/supplier/name", "/metadata/manufacturer/name")),
        ),
        "data-provenance.collector": (
            Way("parties", ("collector", "supplier", "publisher"), ("collect",)),
            Way("elements", ("/supplier/name", "/publisher", "/manufacturer/name")),
        ),
    }
)


def contradictions(
    one: SupplierAnswer, node: Node, material: Material
) -> tuple[str, ...]:
    """What is said otherwise than an answer says, with who says it; pure.

    Empty for an answer that does not hold now, for one that gives nothing which can be
    compared, and where nobody says anything else.
    """
    if one.lapsed or one.not_yet:
        return ()
    if one.question in DIGEST_QUESTIONS:
        return tuple(_other_digest(one, node, material))
    if one.question == COMMIT_QUESTION:
        return tuple(_other_commit(one, node, material))
    if one.question == MODELS_QUESTION:
        return tuple(_other_models(one, node, material))
    if not one.exact:
        return ()
    if one.question == "identity.version" and FULL_COMMIT.fullmatch(one.exact.lower()):
        return unless_said(one.exact, commits_said(node, material), is_same_commit)
    said = facts_said(node, _FACTS.get(one.question, ()), material)
    for value, known in _written(one.question, node, material).items():
        said.setdefault(value, known)
    return unless_said(one.exact, said, partial(is_same, one.question))


# ── a value of one thing ──


def _other_digest(
    one: SupplierAnswer, node: Node, material: Material
) -> tuple[str, ...]:
    said = digests_said([node], material, named=False)
    given = (one.exact,) if one.exact else _hex(one.text, 64)
    if any(is_same_digest(value, known) for value in given for known in said):
        return ()
    return everything(said) if given else ()


def _other_commit(
    one: SupplierAnswer, node: Node, material: Material
) -> tuple[str, ...]:
    said = commits_said(node, material)
    given = (one.exact,) if one.exact else _hex(one.text, 40, 64)
    given = tuple(value.rpartition("@")[2] for value in given)
    if any(is_same_commit(value, known) for value in given for known in said):
        return ()
    return everything(said) if given else ()


def _hex(text: str, *lengths: int) -> tuple[str, ...]:
    found = hex_ids(text)
    return tuple(f for f in found if len(f.rpartition(":")[2]) in lengths)


def _written(question: str, node: Node, material: Material) -> Said:
    """What a BOM has for a question beside the facts of its lineage."""
    said: Said = {}
    for way in _WRITTEN.get(question, ()):
        for entry in WAYS[way.kind](material, node.id, way):
            value, field = entry.text, entry.field
            if way.kind == "parties":
                value = value.partition(" ")[2]
                if not value.startswith("org:"):
                    continue
            if field == "name":
                field = "supplier"
            level = Level.ATTESTED if entry.signer else Level.CLAIMED
            tell(said, value, f"its {field} is", Assurance(level, entry.basis))
    return said


# ── a list of models ──


def _other_models(one: SupplierAnswer, node: Node, material: Material) -> Iterator[str]:
    """Base models that are left out, or not there, or told of otherwise."""
    above = _above(node, material)
    if not one.exact:
        yield from _other_ids(one.text, above, material)
        return
    named = named_in(one.exact)
    direct = _bases(node, material)
    ways = {model.id: _called(model, material) for model in above}
    meant = {word: [m for m in above if _means(word, m, ways)] for word in named}
    found = {model.id for models in meant.values() for model in models}
    if node.id not in found or node.id == material.root:
        yield from _left_out(node, direct, found, material)
    if not direct and node.id not in found and not _is_recorded(node, material):
        return  # nobody says that it has none
    for word, models in meant.items():
        yield from _otherwise(word, models, above, material)


def _above(node: Node, material: Material) -> list[Node]:
    """The models upstream of it; and of a model that it is built on, that one."""
    graph = material.graph
    names = [node.id] if node.id != material.root else []
    names += graph.upstream(node.id).reached
    return [graph.nodes[n] for n in names if graph.nodes[n].kind is Kind.MODEL]


def _bases(node: Node, material: Material) -> list[Node]:
    """The models that it was made from in one step, or is said to derive from."""
    graph = material.graph
    names = {
        edge.target
        for step in graph.generating_steps(node.id)
        for edge in graph.edges_from(step, Relation.USED)
    }
    names |= {e.target for e in graph.edges_from(node.id, Relation.DERIVED_FROM)}
    found = [graph.nodes[name] for name in sorted(names)]
    return [one for one in found if one.kind is Kind.MODEL]


def _is_recorded(node: Node, material: Material) -> bool:
    """Whether trusted records tell of every step that made it: what else it used."""
    steps = material.graph.generating_steps(node.id)
    records = material.evidence.records_of
    return bool(steps) and all(any(r.trusted for r in records(s)) for s in steps)


def _called(model: Node, material: Material) -> frozenset[str]:
    """Whatever an answer may mean it by, without revisions: in doubt it does."""
    known = {model.label}
    for field in ("name", "source", "location", "label"):
        known.update(model.values(field))
    for edge in material.graph.edges_into(model.id, Relation.USED):
        known.update(edge.values("source"))
    found = {plain(text) for text in known if text}
    found |= {one.name for text in tuple(found) for one in named_in(text) if one.name}
    # Without the type of a package URL, as hubs and people call it.
    found |= {n.partition("/")[2] for n in tuple(found) if n.startswith("pkg:")}
    return frozenset(found - {""})


def _means(word: Named, model: Node, ways: Mapping[str, frozenset[str]]) -> bool:
    if word.name:
        return word.name in ways[model.id] or plain(word.word) in ways[model.id]
    return model.digest is not None and is_same_digest(word.digest, str(model.digest))


def _left_out(
    node: Node, direct: Iterable[Node], found: set[str], material: Material
) -> Iterator[str]:
    for base in direct:
        if base.id not in found:
            worth = existence_assurance(base, material.evidence)
            yield (
                f"the lineage has the base model {base.label} "
                f"({worth.level.word}: {worth.basis})"
            )


def _otherwise(
    word: Named, models: list[Node], above: list[Node], material: Material
) -> Iterator[str]:
    """What is known otherwise of the models that a word of the answer means."""
    if not models:
        # A digest may be that of a model of which the lineage has none.
        if word.name or all(model.digest for model in above):
            yield f"the lineage does not have {word.word}"
            if not word.name:
                yield from everything(digests_said(above, material, named=True))
        return
    if word.digest and word.name:
        said = digests_said(models, material, named=True)
        yield from unless_said(word.digest, said, is_same_digest)
    if word.revision:
        yield from _other_revision(word.revision, models, material)


def _other_revision(
    revision: str, models: Iterable[Node], material: Material
) -> Iterator[str]:
    """A commit is compared with commits; a name that can move with such names."""
    is_commit = bool(_LIKE_COMMIT.fullmatch(revision))
    said: Said = {}
    for model in models:
        known = facts_said(model, ("revision", "version"), material, uses=True)
        commits = commits_said(model, material)
        if any(is_same_commit(revision, value) for value in (*known, *commits)):
            return
        names = {k: t for k, t in known.items() if not _LIKE_COMMIT.fullmatch(k)}
        found = commits if is_commit else names
        said |= {k: (level, f"{model.label}: {t}") for k, (level, t) in found.items()}
    yield from everything(said)


def _other_ids(text: str, above: list[Node], material: Material) -> Iterator[str]:
    """Whole digests and commits in a free text of which none is known."""
    digests = digests_said(above, material, named=True)
    commits: Said = {}
    for model in above:
        for value, (level, told) in commits_said(model, material).items():
            commits[value] = (level, f"{model.label}: {told}")
    ids = [found.rpartition(":")[2].lower() for found in hex_ids(text)]
    known = {value.rpartition(":")[2] for value in (*digests, *commits)}
    if not ids or known & set(ids):
        return
    if any(len(found) == 64 for found in ids):
        yield from everything(digests)
    if any(len(found) == 40 for found in ids):
        yield from everything(commits)
