"""How complete a BOM is, measured against dated lists of what should be in one.

A profile (``policies/profiles/*.yaml``) lists elements, and for each the places where
CycloneDX or the lineage can answer it. :func:`~.coverage.coverage` answers every
element for every node it is about: verified, signed claim, claim, declared unknown,
absent or not applicable. There are two ratios, no weights, and no single number; and
nothing here says that a standard or a law is met.

Everything in this package is pure: no files, no clock, no network.
"""
