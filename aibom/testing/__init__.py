"""For your own tests: what your pipeline talks to, on loopback.

:mod:`aibom.testing.sigstore` is a whole Sigstore, and :mod:`aibom.testing.plugin` makes
it a pytest fixture::

    def test_our_release_is_signed(local_sigstore):
        token = local_sigstore.github_token(repository="acme/trainer")
        config = local_sigstore.trust_config()

:mod:`aibom.testing.hub` is a Hugging Face Hub (fixture ``local_hub``).

Nothing here is imported by the rest of aibom, and nothing here is for production: keys
live in memory and die with the test. Install the extra ``testing``.
"""
