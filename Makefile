SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

# The Python that everything runs with; it must be 3.10 or newer. Never downloaded: `make env PYTHON=python3.12`.
PYTHON ?= python3
export UV_PYTHON_DOWNLOADS := never

BIN := .venv/bin
# The uv on the PATH if it runs, else one of our own.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .sosw/uv/bin/uv)
ENV := .venv/.stamp

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- environment -----------------------------------------------------------------------------------------------------

.PHONY: env
env: $(ENV) ## Make the environment .venv: pinned tools and sosw itself, editable

$(ENV): pyproject.toml requirements/dev.txt | uv
	@$(UV) venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	@$(UV) pip sync --quiet --python .venv requirements/dev.txt
	@$(UV) pip install --quiet --python .venv --no-deps --editable .
	@touch $@
	@echo "environment: .venv ($$($(BIN)/python --version)) is ready"

.PHONY: python uv
python:
	@command -v $(PYTHON) >/dev/null || { echo "make: there is no '$(PYTHON)' on the PATH: install Python 3.10 or newer, or name one: make env PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "make: '$(PYTHON)' is $$($(PYTHON) --version 2>&1), but sosw needs Python 3.10 or newer: name one: make env PYTHON=python3.12" >&2; exit 1; }

uv: python
	@$(UV) --version >/dev/null 2>&1 || { \
	  $(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "make: neither uv nor pip is there to make the environment with: install one, e.g. 'apt install python3-pip'" >&2; exit 1; }; \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --upgrade --target .sosw/uv 'uv>=0.8'; }
