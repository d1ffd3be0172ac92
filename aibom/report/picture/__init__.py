"""The lineage as a picture: what is drawn, where, and in which format.

:func:`~aibom.report.picture.make.picture_of` turns a graph into a
:class:`~aibom.report.picture.model.Picture`, which :mod:`.svg`, :mod:`.page`,
:mod:`.dot` and :mod:`.mermaid` write. Nothing here reads files or verifies anything.
"""
