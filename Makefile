SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

# The Python that everything runs with: the one .venv was made with, else python3; name another with
# `make env PYTHON=python3.12`. It must be 3.10 or newer, and none is ever downloaded.
PYTHON ?= $(shell .venv/bin/python -c '' 2>/dev/null && echo .venv/bin/python || echo python3)
export UV_PYTHON_DOWNLOADS := never
export SAM_CLI_TELEMETRY := 0

BIN := .venv/bin
SAM_BIN := .sosw/sam/bin
# The uv on the PATH if it runs, else one of our own.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .sosw/uv/bin/uv)
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
BASE_PYTHON = $$($(PYTHON) -c 'import sys; print(sys._base_executable)')
# A stamp for each version of Python: naming another one makes the environment anew.
ENV := .venv/.stamp-$(PYTHON_VERSION)
SAM := .sosw/sam/.stamp-$(PYTHON_VERSION)
CHECKOV := .sosw/checkov/.stamp-$(PYTHON_VERSION)
AUDIT := .sosw/audit/.stamp-$(PYTHON_VERSION)
PEER_VERSION := 0.7.51
PEER := .sosw/peer/.stamp-$(PEER_VERSION)-$(PYTHON_VERSION)
TEMPLATES = $(wildcard cloudformation/*.yaml examples/*/template.yaml)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the two commands of a newcomer ----------------------------------------------------------------------------------

.PHONY: demo
demo: env ## Run 300 tasks of the example on the local stack, from nothing
	@$(BIN)/python -m examples.flight_delays.demo

.PHONY: test
test: env ## Run every test: unit, property, contract, integration, end-to-end (under 15 minutes)
	$(BIN)/pytest $(TIERS) tests/peer $(ON_ALL_CORES)
	$(BIN)/pytest tests/integration tests/e2e

# Who is done takes over from who is not; the contract goes first, lest both start its servers at the end.
TIERS := tests/contract tests/property tests/unit
ON_ALL_CORES := --numprocesses auto --dist worksteal

# --- everyday work ---------------------------------------------------------------------------------------------------

.PHONY: check
check: env ## Run what every commit must pass: style, types, layers, fast tests, coverage (under 3 minutes)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	HYPOTHESIS_PROFILE=ci SOSW_STORIES=50 $(BIN)/pytest $(TIERS) -m "not long" --cov $(ON_ALL_CORES)

.PHONY: peer
peer: env $(PEER) ## Compare thousands of random jobs and health metrics with what sosw 0.7.51 makes of them
	$(BIN)/pytest tests/peer

.PHONY: bench
bench: env $(PEER) ## Measure sosw beside sosw 0.7.51 (SECTIONS="life queue": some of it; LARGE=1: a job of 50,000, too); for holders of an AWS account
	@SOSW_DYNAMODB_LOCAL=1 $(BIN)/python -m bench $(SECTIONS) $(if $(LARGE),--large)

.PHONY: bench-million
bench-million: env $(PEER) ## Schedule one job of a million tasks (a quarter of an hour); for holders of an AWS account
	@SOSW_DYNAMODB_LOCAL=1 $(BIN)/python -m bench million

.PHONY: regulation
regulation: env ## Measure how well a resource is held at its target: ten traces of a simulated plant (a minute or two)
	@$(BIN)/python -m bench regulation

.PHONY: schedules
schedules: env ## Play 10,000 random schedules: is a limit ever exceeded? (some 4 minutes on two cores)
	@$(BIN)/python -m bench schedules

.PHONY: soak
soak: env ## Kill, interleave and shake everything for MINUTES=n (10): crash points, states, seeds; with SOSW_DYNAMODB_LOCAL=1 on the real engine too
	@$(BIN)/python -m tests.soak $(or $(MINUTES),10)

.PHONY: chaos
chaos: env ## Run 1,000 tasks on the local stack while everything around them fails; SOSW_CHAOS_SEED=n throws other dice (some minutes)
	@$(BIN)/pytest --quiet tests/e2e/test_chaos.py -m chaos

.PHONY: verify-deploy
verify-deploy: env ## Deploy, update, destroy and restore the production stack where rights are enforced (2 minutes)
	@$(BIN)/python -m tests.e2e.verify_deploy

.PHONY: fmt
fmt: env ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

.PHONY: up
up: env ## Start the local stack with everything deployed
	@$(BIN)/python -m sosw.local up

.PHONY: down
down: env ## Stop the local stack
	@$(BIN)/python -m sosw.local down

# --- packages and templates ------------------------------------------------------------------------------------------

.PHONY: wheel
wheel: env ## Build the wheel (dist/)
	rm -rf dist && $(UV) build --quiet --wheel --python $(BIN)/python --build-constraints requirements/build.txt --out-dir dist
	@# There is another package of our name on the index, with higher versions.
	$(BIN)/python -c 'from importlib.metadata import version; print("sosw==" + version("sosw"))' > dist/constraints.txt

.PHONY: build
build: wheel $(SAM) ## Build the wheel (dist/), and the deployable Essentials (.sosw/build/) as SAM does
	PATH="$(CURDIR)/$(SAM_BIN):$$PATH" PIP_FIND_LINKS="$(CURDIR)/dist $${PIP_FIND_LINKS-}" PIP_CONSTRAINT="$(CURDIR)/dist/constraints.txt" \
	  sam build --template-file cloudformation/sosw.yaml --build-dir .sosw/build \
	  --parameter-overrides Runtime=python$(PYTHON_VERSION)

.PHONY: release
release: env ## Build all that a release is of, out of the commit, twice, and install it (dist/)
	@$(BIN)/python -m release

.PHONY: validate
validate: $(SAM) $(CHECKOV) ## Validate every template with SAM, cfn-lint and checkov
	@for template in $(TEMPLATES); do \
	  echo "sam validate --lint $$template"; \
	  AWS_DEFAULT_REGION="$${AWS_DEFAULT_REGION-eu-west-1}" $(SAM_BIN)/sam validate --lint --template-file "$$template"; \
	done
	.sosw/checkov/bin/checkov --framework cloudformation --compact --quiet --skip-download --file $(TEMPLATES)

.PHONY: audit
audit: env $(AUDIT) ## Ask a vulnerability service about every locked version (wants the network)
	@$(BIN)/python -m release.auditing .sosw/audit/bin/pip-audit

.PHONY: lock
lock: uv ## Renew the pinned versions in requirements/ and essentials/ (UPGRADE= keeps those that still fit)
	$(LOCK) --extra dev pyproject.toml --output-file requirements/dev.txt
	@# What users install, and what is deployed, is what the tests ran with.
	$(LOCK) $(AS_TESTED) $(foreach extra,$(EXTRAS),--extra $(extra)) pyproject.toml --output-file requirements/extras.txt
	$(LOCK) $(AS_TESTED) --extra essentials pyproject.toml --output-file essentials/constraints.txt
	@mkdir -p .sosw
	$(LOCK) $(AS_TESTED) --extra essentials --only-binary :all: pyproject.toml --output-file .sosw/pylock.toml
	$(PYTHON) -m release.hashes .sosw/pylock.toml > essentials/hashes.txt
	@for each in audit build checkov sam; do \
	  echo "lock requirements/$$each.txt"; $(LOCK) requirements/$$each.in --output-file requirements/$$each.txt; \
	done

UPGRADE ?= --upgrade
EXTRAS := cli deploy essentials local
AS_TESTED := --constraints requirements/dev.txt
LOCK = $(UV) pip compile --quiet $(UPGRADE) --universal --python-version 3.10 --custom-compile-command "make lock"

.PHONY: clean
clean: ## Stop the local stack and remove everything that can be made again
	@if [ -x $(BIN)/python ] && [ -d .sosw ]; then $(BIN)/python -m sosw.local down || true; fi
	rm -rf .venv .sosw dist build .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- environments ----------------------------------------------------------------------------------------------------

.PHONY: env
env: $(ENV) ## Make the environment .venv: pinned tools, and sosw itself, editable

$(ENV): pyproject.toml requirements/dev.txt | uv
	@$(UV) venv --quiet $(if $(wildcard $@),--allow-existing,--clear) --python "$(BASE_PYTHON)" .venv
	@$(UV) pip sync --quiet --python .venv requirements/dev.txt
	@$(UV) pip install --quiet --python .venv --no-deps --editable .
	@touch $@
	@echo "environment: .venv ($$($(BIN)/python --version)) is ready"

# sam wants the pip and the Python of the runtime that it builds for beside it: --seed.
$(SAM): requirements/sam.txt | uv
	@$(UV) venv --quiet --seed $(if $(wildcard $@),--allow-existing,--clear) --python "$(BASE_PYTHON)" .sosw/sam
	@$(UV) pip install --quiet --python .sosw/sam --requirement requirements/sam.txt
	@touch $@

$(CHECKOV): requirements/checkov.txt | uv
	@$(UV) venv --quiet $(if $(wildcard $@),--allow-existing,--clear) --python "$(BASE_PYTHON)" .sosw/checkov
	@$(UV) pip install --quiet --python .sosw/checkov --requirement requirements/checkov.txt
	@touch $@

$(AUDIT): requirements/audit.txt | uv
	@$(UV) venv --quiet $(if $(wildcard $@),--allow-existing,--clear) --python "$(BASE_PYTHON)" .sosw/audit
	@$(UV) pip install --quiet --python .sosw/audit --requirement requirements/audit.txt
	@touch $@

# A package of the same name as ours: it is never installed beside it.
$(PEER): | uv
	@$(UV) venv --quiet $(if $(wildcard $@),--allow-existing,--clear) --python "$(BASE_PYTHON)" .sosw/peer
	@$(UV) pip install --quiet --python .sosw/peer 'sosw==$(PEER_VERSION)'
	@touch $@

.PHONY: python
python:
	@[ -n "$(PYTHON_VERSION)" ] || { \
	  echo "make: '$(PYTHON)' does not run: install Python 3.10 or newer, or name one: make env PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "make: '$(PYTHON)' is Python $(PYTHON_VERSION), but sosw needs 3.10 or newer; name one: make env PYTHON=python3.12" >&2; exit 1; }

.PHONY: uv
uv: python
	@$(UV) --version >/dev/null 2>&1 || { \
	  $(PYTHON) -m pip --version >/dev/null 2>&1 || { \
	    echo "make: neither uv nor pip is here to make the environment with: install one, e.g. apt install python3-pip" >&2; exit 1; }; \
	  PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip install --quiet --disable-pip-version-check --upgrade --target .sosw/uv 'uv>=0.8'; }
