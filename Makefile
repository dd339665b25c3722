# make setup | test | test-slow | lint | docs | docs-links | demo | yesno CORPUS_DIR=... | fsdd CORPUS_DIR=... | an4 CORPUS_DIR=... |
#   cifar10 CORPUS=... | rehearse | wheel
# PYTHON is the Python (3.11 or newer) that creates the virtual environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-done
SPHINX = OMP_NUM_THREADS=1 $(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -d docs/_build/doctrees
TESTS = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q

.PHONY: setup lint test test-slow docs docs-links demo yesno fsdd an4 cifar10 rehearse wheel

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: blasr needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e '.[dev]'
	touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(TESTS) -m 'not slow'

test-slow: lint
	$(TESTS)

docs: setup
	$(SPHINX) -b html docs docs/_build/html
	@echo "make: wrote docs/_build/html/index.html"

docs-links: setup
	$(SPHINX) -b linkcheck docs docs/_build/links

demo: setup
	recipes/demo/run.sh

yesno: setup
	recipes/yesno/run.sh $(or $(CORPUS_DIR),$(error CORPUS_DIR is not set; fix: make yesno CORPUS_DIR=waves_yesno))

fsdd: setup
	recipes/fsdd/run.sh $(or $(CORPUS_DIR),$(error CORPUS_DIR is not set; fix: make fsdd CORPUS_DIR=free-spoken-digit-dataset/recordings))

an4: setup
	recipes/an4/run.sh $(or $(CORPUS_DIR),$(error CORPUS_DIR is not set; fix: make an4 CORPUS_DIR=an4))

cifar10: setup
	recipes/cifar10/run.sh $(or $(CORPUS),$(error CORPUS is not set; fix: make cifar10 CORPUS=cifar10.tar.gz))

rehearse: setup
	recipes/swbd/rehearse.sh

wheel: setup
	.ci/wheel.sh
