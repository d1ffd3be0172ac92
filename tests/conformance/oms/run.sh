#!/bin/sh
# Sign and verify in both directions with the reference tool of OpenSSF Model Signing.
#
#   tests/conformance/oms/run.sh [PYTHON]
#
# PYTHON (default: .venv/bin/python) has aibom and its tests. Needs a package index: the
# reference tool gets an environment of its own, which is removed again. pyopenssl is
# what it needs and does not declare.
set -eu
cd "$(dirname "$0")/../../.."
python=${1:-.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip --quiet install model-signing==1.1.1 pyopenssl
MODEL_SIGNING="$work/venv/bin/model_signing" \
  "$python" -m pytest tests/conformance/oms/exchange.py
