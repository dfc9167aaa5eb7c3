# `make demo` needs Python 3.11 or newer and nothing else; `make test` sets up the development tools as well.

TORCH ?= torch==2.13.0
VENV ?= .venv
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3.13 python3 python; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$candidate && break; done)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SPEECH := build/demo/two_cities.wav
RESULTS := demo-results
FUZZ_COUNT ?= 10000
FUZZ_SEED ?= 0

.PHONY: demo test lint fuzz bench parity models cards raters baselines curves browser clean

demo: $(VENV)/.made-base $(SPEECH)
	$(BIN)/mien analyze $(SPEECH) --out $(RESULTS) --overwrite
	@echo
	@echo "Done. Open this report in a browser (no network needed):"
	@echo "  $(CURDIR)/$(RESULTS)/report.html"

test: lint
	$(BIN)/python -m pytest

lint: $(VENV)/.made-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fuzz: $(VENV)/.made-dev
	$(BIN)/python -m tests.signals.fuzz_decode --count $(FUZZ_COUNT) --seed $(FUZZ_SEED)

bench: $(VENV)/.made-dev
	$(BIN)/python benchmarks/run_all.py

# mien's numbers beside openSMILE's, which gets an environment of its own: its licence forbids commerce. Minutes.
parity: $(VENV)/.made-dev build/parity/.made
	$(BIN)/python scripts/parity.py $(DATA) build/parity/bin/python

build/parity/.made:
	$(PYTHON) -m venv build/parity
	build/parity/bin/python -m pip --disable-pip-version-check install --quiet opensmile==2.6.0 scikit-learn soundfile
	touch $@

# Trains the shipped voice models again; DATA holds one folder per corpus. About an hour and a half on two cores.
models: $(VENV)/.made-dev
	$(BIN)/python scripts/ship_models.py $(DATA)
	$(BIN)/python scripts/readme_models.py

# Data cards and studies of raters under docs/results; DATA holds one folder per corpus. A few minutes each.
cards: $(VENV)/.made-dev
	$(BIN)/python scripts/corpus_cards.py $(DATA)

raters: $(VENV)/.made-dev
	$(BIN)/python scripts/rater_results.py $(DATA)

# Simple systems on every corpus, under docs/results/baselines. About an hour on two cores.
baselines: $(VENV)/.made-dev
	$(BIN)/python scripts/baselines.py $(DATA) --workers 2

# How the score on EmoDB grows with the number of labelled clips, under docs/results/learning-curves. Minutes.
curves: $(VENV)/.made-dev
	mkdir -p build docs/results/learning-curves
	ln -sfn $(abspath $(DATA)) build/corpora
	$(BIN)/mien train emodb --data build/corpora --encoder whisper-tiny --label-counts 25,50,100,200,all \
		--seeds 3 --out build/curves
	for kind in csv json md; do cp build/curves/emodb-whisper-tiny-probe-curve-*/learning-curve.$$kind \
		docs/results/learning-curves/emodb-whisper-tiny-probe.$$kind; done

# The report is looked at in a real browser by a test; without one that test is skipped with its reason.
browser:
	@if command -v chromium >/dev/null 2>&1; then \
		echo "chromium is here: $$(command -v chromium)"; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	else \
		echo "chromium is not installed and cannot be installed from here; install it by your package manager"; \
	fi

clean:
	rm -rf $(VENV) $(RESULTS) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +

$(SPEECH): $(VENV)/.made-base scripts/demo_speech.py
	$(BIN)/python scripts/demo_speech.py $@

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then echo "Found no Python 3.11 or newer; install it, or say make PYTHON=/path/to/it"; exit 1; fi
	$(PYTHON) -m venv $(VENV)

# Both ways to fill the environment may come first: each installs what it needs over what is there.
$(VENV)/.made-base: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --editable .
	touch $@

$(VENV)/.made-dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet "$(TORCH)"
	$(PIP) install --quiet --editable ".[descriptors,whisper,words,tensorboard,text,dev]"
	$(PIP) install --quiet --no-deps Resemblyzer==0.1.4
	touch $@
