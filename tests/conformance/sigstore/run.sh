#!/bin/sh
# The entrypoint for the suite, which wants one program:
#   pytest test --entrypoint=/path/to/aibom/tests/conformance/sigstore/run.sh
# AIBOM_PYTHON names another interpreter than the checkout's own environment.
here="$(cd "$(dirname "$0")" && pwd)"
exec "${AIBOM_PYTHON:-$here/../../../.venv/bin/python}" "$here/client.py" "$@"
