"""Policy: rules over a lineage graph and the evidence of one run. Pure.

Nothing in here reads a file, a clock or the network: documents arrive parsed, the
effective time arrives as a value, and the answer is a tuple of results.
``aibom.operations`` does the reading.

* :mod:`.document`   a policy file as typed values; unknown keys are load errors
* :mod:`.settings`   the typed settings of a check
* :mod:`.data`       trusted sources, accepted roots, advisories
* :mod:`.sources`    package URLs, and patterns that are compared with them
* :mod:`.context`    what a check may ask: graph, evidence, closure, paths
* :mod:`.measuring`  an audit's numbers against the policy's bounds
* :mod:`.engine`     select nodes, run checks, decide
* :mod:`.checks`     one file per check, in an explicit list
"""
