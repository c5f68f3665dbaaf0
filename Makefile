# Gradoscope from a fresh clone: `make help` lists what can be made.
# Everything is installed into .venv from hashed locks; a stamp says what is in place, so a second run downloads nothing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
UV_VERSION := 0.13.8
COMPILE := $(BIN)/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help install compare test check format bench coverage accuracy lock clean

help: ## list what can be made
	@awk -F ': .*## ' '/^[a-z]+: .*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/package.stamp ## put the program into .venv (.venv/bin/gradoscope)

compare: install ## compare activations on the tumour data and write a report
	$(BIN)/gradoscope compare tumour

test: $(VENV)/test.stamp ## run every test and every example in the documentation
	data=$$(tools/fashion-mnist) && GRADOSCOPE_DATA="$$data" $(BIN)/python -m pytest

check: $(VENV)/test.stamp ## lint, format, types and the import ladder
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict src
	$(BIN)/lint-imports

format: $(VENV)/test.stamp ## rewrite the code as ruff likes it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/test.stamp ## race Gradoscope against its peers (some minutes)
	$(BIN)/python -m benchmarks

coverage: $(VENV)/test.stamp ## simulate how often the intervals of a comparison hold (some minutes)
	$(BIN)/python -m benchmarks.coverage

accuracy: $(VENV)/test.stamp ## measure every function and its peers in units in the last place (some minutes)
	$(BIN)/python -m benchmarks.accuracy --page docs/accuracy.md

# `make lock` keeps every version that still fits; `make lock UPGRADE=--upgrade` takes the newest of all.
lock: $(VENV)/python.stamp ## write requirements/*.lock anew from pyproject.toml
	$(PIP) install uv==$(UV_VERSION)
	$(COMPILE) $(UPGRADE) --group build --group torch-needs --extra keras --extra onnx --extra cluster --extra test -o requirements/test.lock
	$(COMPILE) --group build --constraint requirements/test.lock -o requirements/core.lock

clean: ## remove what was made: .venv, caches (not your studies)
	rm -rf $(VENV) .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
		"Gradoscope needs Python 3.11 or newer as '$(PYTHON)': install it, or name another, as in 'make compare PYTHON=python3.12'." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo \
		"'$(PYTHON)' cannot make virtual environments: install what it lacks with 'apt-get install python3-venv', then run make again." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/core.stamp: requirements/core.lock | $(VENV)/python.stamp
	@echo "Installing what Gradoscope needs into $(VENV): once, about 250 MB to download." >&2
	@$(PIP) install --require-hashes -r $<
	@touch $@

$(VENV)/package.stamp: pyproject.toml $(VENV)/core.stamp
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/test.stamp: requirements/test.lock requirements/torch.txt $(VENV)/package.stamp
	@echo "Installing what the tests and checks need into $(VENV): once." >&2
	@$(PIP) install --require-hashes -r requirements/test.lock
	@$(PIP) install -r requirements/torch.txt
	@touch $@
