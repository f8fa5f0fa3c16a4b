# Everything a person types: `make up` (the product), `make test` (all tests), `make check` (lint, types, structure).
# Sets itself up: hash-locked requirements in .venv, with uv where it is present, plain venv and pip where it is not.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
# Most tests wait for another process: three for a core of a small machine.
JOBS ?= 6
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# A start of the product takes 0.8 s of CPU with bytecode and 1.7 s without; inherited, this would forbid to keep it.
export PYTHONDONTWRITEBYTECODE :=

ifeq ($(UV),)
install = $(BIN)/python -m pip install --quiet --require-hashes -r $(1)
install_self = $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
else
install = $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(1)
install_self = $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
endif

.PHONY: up test coverage clients agents check lint types structure format lock bench soak clean help env env-dev

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

up: $(VENV)/.installed ## Start Ompycord (without a token: the playground)
	@exec $(BIN)/ompycord up $(ARGS)

env: $(VENV)/.installed
env-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Ompycord needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what Ompycord needs into $(VENV) ..."
	@$(call install,requirements.lock)
	@$(install_self)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing the test tools into $(VENV) ..."
	@$(call install,requirements-dev.lock)
	@touch $@

test: $(VENV)/.installed-dev ## Run all tests but the long ones
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup $(ARGS)

coverage: $(VENV)/.installed-dev ## Run all tests; fail under 90 % of the branches
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup --cov --cov-report=term:skip-covered --cov-fail-under=90 $(ARGS)

# The long tests that are ours, with their properties' whole number of examples; then other people's programs.
long: $(VENV)/.installed-dev ## Run the long tests: Chromium, kill -9 at every point, other libraries, real agents
	@EXAMPLES_TRIED=all $(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup \
		-m "(long and not soak and not clients and not agents) or examples" $(ARGS)
	@CI= $(BIN)/python -m pytest -q -n 2 --dist load -m clients
	@CI= AGENTS_TRIED="$(or $(AGENTS_TRIED),omp)" $(BIN)/python -m pytest -q -n 3 --dist load -m agents
	@CI= AGENTS_TRIED="$(or $(AGENTS_TRIED),opencode)" $(BIN)/python -m pytest -q -n 3 --dist load -m agents tests/e2e/agents/test_real_journeys.py tests/e2e/agents/test_real_gateway.py

clients: $(VENV)/.installed-dev ## Run bots of six libraries, and Red, on the playground (installs them from npm and PyPI)
	@$(BIN)/python -m pytest -q -n 2 --dist load -m clients $(ARGS)

agents: $(VENV)/.installed-dev ## Run real agents against a stub model (installs them from npm)
	@$(BIN)/python -m pytest -q -m agents $(ARGS)

check: lint types structure ## Lint, types, structure

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	@$(BIN)/pyright

structure: $(VENV)/.installed-dev
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.citations
	@$(BIN)/python -m tools.shape

format: $(VENV)/.installed-dev ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

lock: $(VENV)/.installed-dev ## Resolve the locks anew, for Python 3.11 to 3.13, hashes in, index lines out
	@$(BIN)/python tools/lock.py

bench: $(VENV)/.installed-dev ## Print the benchmarks, one JSON object each
	@$(BIN)/python -m bench $(ARGS)

soak: $(VENV)/.installed-dev ## The long rounds
	@$(BIN)/python -m pytest -q -m soak --hypothesis-profile=soak --override-ini timeout=3600 $(ARGS)

clean: ## Remove what these targets made
	@rm -rf $(VENV) build dist .pytest_cache .ruff_cache .import_linter_cache .coverage*
