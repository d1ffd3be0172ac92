"""The domain: what a model learned from, as a graph of things, processes and agents.

The words (W3C PROV underneath; ``docs/glossary.md`` has all of them):

* an **entity** is a thing: model, dataset, code, guideline, report, service, system;
* a **step** is a process that used entities and generated others;
* a **party** is an agent: a person (by pseudonym), an organisation, a program.

A :class:`~aibom.lineage.graph.Graph` holds frozen nodes and edges. Each of them carries
*facts*, and each fact says where it was read (its *origins*). Nothing here says what a
fact is worth: :mod:`aibom.lineage.assurance` computes that from the evidence of one
run, :mod:`aibom.lineage.closure` says where lineage is open, and
:mod:`aibom.lineage.carry` along which edges taint flows. All three are pure functions.

    >>> from aibom.lineage.build import GraphBuilder
    >>> from aibom.lineage.nodes import Kind, Origin
    >>> from aibom.digest import Digest
    >>> build = GraphBuilder(Origin("example"))
    >>> data = build.entity(Kind.DATASET, Digest("tree", "11" * 32), name="reviews")
    >>> model = build.entity(Kind.MODEL, Digest("tree", "22" * 32), name="sentiment")
    >>> step = build.step("33" * 32, "train")
    >>> build.used(step, data, "training-data")
    >>> build.generated(step, model)
    >>> graph = build.graph()
    >>> sorted(graph.upstream(model).reached) == sorted([data, step])
    True
"""
