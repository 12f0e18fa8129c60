# simcast: `make demo` and `make test` do all the set-up by themselves; `make help` lists the rest.
#
# The virtual environment is .venv-<version of Python>. Another interpreter gets its own:
#   make test PYTHON=/path/to/python3.13

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

ifndef PYTHON
PYTHON := $(shell requirements/find_python.sh)
endif
VERSION := $(shell "$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

VENV := .venv-$(VERSION)
STAMP := $(VENV)/.stamp
BIN := $(VENV)/bin

# Worker processes for the tests: a number, auto, or 0 for none.
JOBS ?= auto
# More for pytest, such as ARGS="-k book -x".
ARGS ?=

# Matrices are small here, and tests run side by side: threads that wait for a share of a matrix take their processors.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help demo test slow coverage sbc backtests docs notebooks lint format check types contracts lock lowest clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP) ## forecast the sample: simcast run scenarios/q3.yaml
	@$(BIN)/simcast run scenarios/q3.yaml

test: $(STAMP) ## the tests that take seconds
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow" $(ARGS)

slow: $(STAMP) ## the statistical tests that take minutes
	$(BIN)/python -m pytest -n $(JOBS) -m slow $(ARGS)

coverage: $(STAMP) ## how often intervals hold the truth of 200 worlds; hours, goes on where it stopped
	$(BIN)/python -m benchmarks.interval_coverage --markdown docs/calibration.md $(ARGS)

sbc: $(STAMP) ## simulation-based calibration, 500 replicates per case; a night, goes on where it stopped
	$(BIN)/python -m benchmarks.sbc --markdown docs/calibration.md $(ARGS)

docs: $(STAMP) ## the reference of scenario files and their JSON Schema, from the schema
	$(BIN)/simcast schema --markdown > docs/scenario.md
	$(BIN)/simcast schema > docs/scenario.schema.json

backtests: $(STAMP) ## backtests of other people's data, but for the holdout; hours, goes on where it stopped
	$(BIN)/python -m benchmarks.backtests $(ARGS)

notebooks: $(STAMP) ## execute the notebooks again and keep their outputs; some minutes
	$(BIN)/python notebooks/render.py

lint: check types contracts ## formatting, rules, types and import contracts

format: $(STAMP) ## format all code
	$(BIN)/ruff format .

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

lock: ## resolve the requirements again (needs uv)
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --upgrade -o requirements/dev.txt

lowest: ## the fast tests on the oldest releases that pyproject.toml allows (needs uv and Python 3.11)
	uv venv --quiet --clear --no-python-downloads --python "$$(requirements/find_python.sh 3.11)" .venv-lowest
	uv pip compile pyproject.toml --all-extras --group dev --python-version 3.11 --resolution lowest-direct --generate-hashes \
		--no-emit-index-url --no-header --quiet -o .venv-lowest/requirements.txt
	requirements/install.sh "$$(requirements/find_python.sh 3.11)" .venv-lowest .venv-lowest/requirements.txt
	.venv-lowest/bin/python -m pytest -n $(JOBS) -m "not slow" $(ARGS)

clean: ## remove the virtual environments, caches and results
	rm -rf .venv .venv-* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache dist runs scenarios/runs
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The one rule that installs; it runs again when the lock or the project's declaration changes.
$(STAMP): requirements/dev.txt pyproject.toml
	@test -n "$(VERSION)" || { echo "simcast: no usable Python; name one with PYTHON=/path/to/python" >&2; exit 1; }
	@requirements/install.sh "$(PYTHON)" $(VENV) requirements/dev.txt
	@touch $@
