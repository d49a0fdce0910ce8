# Two commands matter: `make run` and `make test`. Each sets up everything it needs.
# Every path here is relative, so that the checkout may lie under any name.
.PHONY: run test check install lock messages screenshots clean
.PHONY: bench-ingest bench-deliveries bench-claim bench-memory bench-imports bench-exports bench-live bench-pages bench-start bench-nextjs
.PHONY: faults faults-kill faults-many faults-failover faults-disk faults-cut faults-websites faults-shuffle faults-fuzz
.DEFAULT_GOAL := run

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

## run: the hub, its database and worker, and three example parks that sell
run: install
	@$(BIN)/python -m examples.run

# These start processes and look at the clock, or wait for every transaction on their server: one
# after the other, in two lanes of which each has a server of its own. A browser's tests keep an
# event loop running: no others share their process.
BROWSER := tests/browser
WHOLE := tests/end_to_end tests/examples tests/embedded
ALONE := tests/faults \
  tests/deliveries/test_claim_cost.py tests/recovery/test_changes.py tests/cost/test_plan_work.py
PYTEST := $(BIN)/python -m pytest

## test: everything, as a fresh machine would see it
test: check
	@sh tools/need.sh node nodejs
	@sh tools/need.sh etcd etcd-server && sh tools/need.sh haproxy haproxy || \
	  echo "Without etcd and HAProxy the test of a Patroni cluster is skipped."
	@sh tools/need.sh chromium chromium
	$(PYTEST) -n 2 --dist loadfile $(addprefix --ignore=,$(ALONE) $(WHOLE) $(BROWSER))
	$(BIN)/python -m tools.side_by_side '$(PYTEST) $(ALONE)' '$(PYTEST) $(BROWSER) && $(PYTEST) $(WHOLE)'

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

## messages: bring the catalogues to what templates say, and list what is left to translate
messages: install
	$(BIN)/python tools/messages.py

## screenshots: docs/screenshots anew, from a real hub with a season of bookings; NAMES for some
NAMES ?=
screenshots: install
	@sh tools/need.sh chromium chromium
	$(BIN)/python -m tools.screenshots $(NAMES)

# The fault tests of docs/reliability.md: SEED repeats a run, ROUNDS and CASES lengthen it.
SEED ?=
ROUNDS ?=
CASES ?= 100000
FAULTS := $(PYTEST) -s --durations=5

## faults: every fault test as long as docs/reliability.md has it; an hour or two
faults: faults-kill faults-many faults-failover faults-disk faults-cut faults-websites faults-shuffle faults-fuzz

## faults-kill: kill -9 web process, worker, postmaster, park and their keepers, 100 rounds under load
faults-kill: install
	SEED=$(SEED) ROUNDS=$(or $(ROUNDS),100) $(FAULTS) tests/faults/test_killed.py

## faults-many: two web processes and three workers on one database, killed at random
faults-many: install
	SEED=$(SEED) ROUNDS=$(or $(ROUNDS),25) $(FAULTS) tests/faults/test_many_processes.py

## faults-failover: the primary of a Patroni cluster of two is killed under load; needs etcd, HAProxy
faults-failover: install
	@sh tools/need.sh etcd etcd-server
	@sh tools/need.sh haproxy haproxy
	SEED=$(SEED) ROUNDS=$(or $(ROUNDS),4) $(FAULTS) tests/faults/test_failover.py

## faults-disk: the embedded database's disk is full under load, and is freed again (takes root)
faults-disk: install
	SEED=$(SEED) $(FAULTS) tests/faults/test_disk_full.py

## faults-cut: connections cut mid-transaction, the database restarted under load
faults-cut: install
	SEED=$(SEED) ROUNDS=$(or $(ROUNDS),10) $(FAULTS) tests/faults/test_connections_cut.py \
	  tests/faults/test_database_restarted.py

## faults-websites: odd answers of every kind, 10,000 owed to a dead one, workers frozen and killed
faults-websites: install
	SEED=$(SEED) ROUNDS=$(or $(ROUNDS),10) $(FAULTS) tests/faults/test_odd_websites.py \
	  tests/faults/test_dead_website.py tests/faults/test_stopped_worker.py

## faults-shuffle: drop, repeat and shuffle 10,000 events of a website, then reconcile
faults-shuffle: install
	FAULTS_EVENTS=10000 $(FAULTS) tests/faults/test_shuffled.py

## faults-fuzz: CASES syncs of any content: no 5xx, and the database stays sound
faults-fuzz: install
	SEED=$(SEED) CASES=$(CASES) $(FAULTS) tests/faults/test_fuzz.py

## bench-ingest: syncs a second, beside pgbench writing the same rows
bench-ingest: install
	$(BIN)/python -m bench.ingest

## bench-nextjs: syncs a second, beside the same endpoint on Next.js; needs Node and npm
bench-nextjs: install
	@sh tools/need.sh node nodejs && sh tools/need.sh npm npm
	$(BIN)/python -m bench.nextjs

## bench-deliveries: deliveries a second of one worker, and how soon an edit arrives
bench-deliveries: install
	$(BIN)/python -m bench.deliveries

## bench-claim: what a claim costs with up to a million lanes owed
bench-claim: install
	$(BIN)/python -m bench.claim

## bench-memory: resident memory over SYNCS syncs
SYNCS ?= 1000000
bench-memory: install
	$(BIN)/python -m bench.memory --syncs $(SYNCS)

## bench-imports: a CSV of 100,000 bookings, beside the same rows as batches
bench-imports: install
	$(BIN)/python -m bench.imports

## bench-exports: how fast bookings are exported, and in how much memory
bench-exports: install
	$(BIN)/python -m bench.exports

## bench-live: what it costs that pages follow changes: a look, and open streams
bench-live: install
	$(BIN)/python -m bench.live

## bench-pages: pages over BOOKINGS bookings, beside their own SQL
BOOKINGS ?= 1000000
bench-pages: install
	$(BIN)/python -m bench.pages --bookings $(BOOKINGS)

## bench-start: how soon the hub answers, and what it holds when nothing happens
bench-start: install
	$(BIN)/python -m bench.start

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
