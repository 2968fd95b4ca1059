# Stromal: two commands matter. `make demo` runs the main job; `make test` proves it.
# Both set up what they need; `make check` is the gate before a commit.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test coverage check bench clean

setup: $(VENV)/.stamp

$(VENV)/.stamp: requirements/dev.txt requirements/build.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/stromal demo

test: setup
	$(BIN)/pytest

coverage: setup
	$(BIN)/pytest --cov --cov-report=term

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) build demo .coverage htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis
