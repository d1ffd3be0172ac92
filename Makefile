# Everything a developer types. Needs Debian (or the like) with Python 3.11+, git, make.
# Each environment is built from a hash-locked file and rebuilt when that file changes.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Which interpreter makes the environments; empty: .ci/find-python picks the newest.
export PYTHON ?=
# What pytest gets, as in: make test ARGS="tests/unit -k digest"
ARGS ?=
# A process for each core; each takes over tests that another has not come to. Empty to
# see tests one after the other, as for a debugger.
PARALLEL ?= -n auto --dist worksteal
# Where sigstore-conformance is checked out, for `make conformance-sigstore`.
SUITE ?=
# `make lock` keeps what is locked; `make lock LOCK=--upgrade` takes the newest.
LOCK ?=
UV_VERSION := 0.13.8

BIN := .venv/bin
READY := .venv/.ready
ORACLE_READY := .venv-oracle/.ready
LOWEST_READY := .venv-lowest/.ready
# Wheels only: nothing that is installed gets to run a build script of its own.
PIP_INSTALL := -m pip --disable-pip-version-check --quiet install --only-binary=:all:
COMPILE := .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --custom-compile-command "make lock" $(LOCK)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

.PHONY: demo
demo: $(READY) ## poisoned labels, from the first batch to the refused deployment
	$(BIN)/python examples/poisoned-labels/run.py

.PHONY: test
test: $(READY) $(ORACLE_READY) ## every test; ARGS=… goes to pytest
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

.PHONY: test-lowest
test-lowest: $(LOWEST_READY) $(ORACLE_READY) ## unit tests with the oldest dependencies allowed
	.venv-lowest/bin/python -m pytest tests/unit $(PARALLEL) $(ARGS)

.PHONY: venv
venv: $(READY) $(ORACLE_READY) ## the environments that the tests need

.PHONY: lint
lint: $(READY) ## formatting and lint, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

.PHONY: format
format: $(READY) ## format, and fix what lint can fix by itself
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: types
types: $(READY) ## mypy, strict
	$(BIN)/mypy

.PHONY: docs
docs: $(READY) ## write the generated pages of docs/ anew
	$(BIN)/python docs/generate.py

.PHONY: docs-check
docs-check: $(READY) ## fail where a generated page has drifted
	$(BIN)/python docs/generate.py --check

.PHONY: bench-smoke
bench-smoke: $(READY) ## the benchmarks, small, with their bounds enforced
	for file in benchmarks/[!_]*.py; do
	  echo "-- $$file"
	  $(BIN)/python "$$file" --smoke
	done

.PHONY: conformance-node
conformance-node: $(READY) ## our Sigstore's bundles against npm's verifier (needs node)
	cd tests/conformance/node && npm ci --no-fund --no-audit && cd -
	$(BIN)/python tests/conformance/node/run.py

.PHONY: conformance-sigstore
conformance-sigstore: $(READY) ## the stored bundles of sigstore-conformance: SUITE=its checkout
	$(BIN)/python tests/conformance/sigstore/run.py "$(SUITE)"

.PHONY: conformance-oms
conformance-oms: $(READY) ## OpenSSF model signatures, both ways with the reference tool
	tests/conformance/oms/run.sh

.PHONY: lock
lock: ## resolve the lock files anew from pyproject.toml
	python="$$(.ci/find-python)"
	"$$python" -m venv .venv-lock
	.venv-lock/bin/python $(PIP_INSTALL) uv==$(UV_VERSION)
	$(COMPILE) pyproject.toml --extra example --extra expressions --extra hsm --extra parquet --extra spdx --extra xlsx --group dev -o requirements.lock
	# --upgrade: a pin from before would win over a lower bound that is lower now.
	$(COMPILE) --upgrade pyproject.toml --extra expressions --extra hsm --extra parquet --extra spdx --extra xlsx --group test --group build \
	  --resolution lowest-direct -o requirements-lowest.lock
	$(COMPILE) --group oracle -o requirements-oracle.lock

.PHONY: clean
clean: ## remove environments, caches and what was built
	rm -rf .venv .venv-* build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call make_venv,FOLDER,LOCK): a fresh environment with exactly what the lock names.
define make_venv
	echo "$(1): installing from $(2)" >&2
	python="$$(.ci/find-python)"
	rm -rf $(1)
	"$$python" -m venv $(1)
	$(1)/bin/python $(PIP_INSTALL) --require-hashes -r $(2)
endef

# Ours goes on top without dependencies and without a build environment: both would be
# downloads that no lock names.
define install_ours
	$(1)/bin/python -m pip --disable-pip-version-check --quiet install \
	  --no-deps --no-build-isolation --editable .
endef

$(READY): requirements.lock pyproject.toml
	@$(call make_venv,.venv,requirements.lock)
	$(call install_ours,.venv)
	touch $@

$(LOWEST_READY): requirements-lowest.lock pyproject.toml
	@$(call make_venv,.venv-lowest,requirements-lowest.lock)
	$(call install_ours,.venv-lowest)
	touch $@

$(ORACLE_READY): requirements-oracle.lock
	@$(call make_venv,.venv-oracle,requirements-oracle.lock)
	touch $@
