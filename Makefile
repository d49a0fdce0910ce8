# Two commands matter: `make run` and `make test`. Each sets up everything it needs.
# Every path here is relative, so that the checkout may lie under any name.
.PHONY: run test check install lock bench-ingest clean faults faults-kill faults-shuffle
.DEFAULT_GOAL := run

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

## run: the hub, its database and worker, and three example parks that sell
run: install
	@$(BIN)/python -m examples.run

## test: everything, as a fresh machine would see it
test: check
	@sh tools/need.sh node nodejs
	$(BIN)/python -m pytest

## check: lint, types and import rules alone
check: install
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

## install: a virtual environment with exactly what requirements.lock names
install: $(READY)

$(READY): requirements.lock pyproject.toml sdk/python/pyproject.toml tools/install.sh
	@PYTHON="$(PYTHON)" sh tools/install.sh
	@touch $(READY)

## lock: write requirements.lock anew from pyproject.toml
lock: install
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock

# The fault tests as they are in docs/reliability.md; SEED repeats a run, ROUNDS lengthens it.
ROUNDS ?= 100
FAULTS := SEED=$(SEED) ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -s

## faults-kill: kill -9 at random, ROUNDS times, under load
faults-kill: install
	$(FAULTS) tests/faults/test_killed.py

## bench-ingest: syncs a second, beside pgbench writing the same rows
bench-ingest: install
	$(BIN)/python -m bench.ingest

## faults-shuffle: drop, repeat and shuffle 10,000 events of a website, then reconcile
faults-shuffle: install
	FAULTS_EVENTS=10000 $(BIN)/python -m pytest tests/faults/test_shuffled.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
