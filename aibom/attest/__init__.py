"""Statements and who stands behind them: keys, bundles, allowed signers, verification.

* :mod:`.keys`      make, load and use signing keys (P-256, Ed25519)
* :mod:`.bundle`    DSSE envelopes in Sigstore bundle v0.3 form
* :mod:`.signers`   the verifier's ``signers.yaml``: who may say what about which names
* :mod:`.verify`    a bundle and the allowed signers → a statement and who signed it
* :mod:`.bom_statement`  the statement that binds a BOM, a folder and its files

A signature is not safety: it says who said something, not whether it is so.
"""
