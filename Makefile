# Every target is a line or two; what they run is set up in pyproject.toml.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
EXTENSIONS ?= .venv-extensions
BENCH ?= .venv-bench

.PHONY: run test test-plain test-extensions bench lint docs clean

run: $(VENV)/runs  ## serve the tutorial's program; prints its address, its routes and the form to open
	@$(BIN)/retort run --debug --port 5000 examples/login/login.py

test: $(VENV)/develops $(VENV)/compares  ## everything, the browser included
	@sh .ci/need --optional chromium sh -c 'command -v chromium || command -v google-chrome'
	$(BIN)/pytest -n auto --dist loadgroup

test-plain: $(VENV)/develops  ## the core again, with all quick ways switched off
	RETORT_PLAIN=1 $(BIN)/pytest -n auto --deselect tests/test_request_path.py tests/test_*.py tests/http tests/routing tests/json tests/testing tests/differential/test_*.py

test-extensions: $(EXTENSIONS)/installed  ## Flask's extensions, in an environment of their own
	$(EXTENSIONS)/bin/python -m retort -m pytest tests/extensions

bench: $(BENCH)/installed  ## Retort, Flask and the peers; fewer with ARGS='--only retort,flask --rounds 1'
	@sh .ci/need wrk sh -c 'command -v wrk'
	$(BENCH)/bin/python -m benchmarks $(ARGS)

lint: $(VENV)/develops  ## format, style, types, floors, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/codespell

docs: $(VENV)/develops  ## the pages, into docs/_build/html
	$(BIN)/sphinx-build --fail-on-warning --keep-going -b html docs docs/_build/html

clean:  ## everything that was made here
	rm -rf $(VENV) $(EXTENSIONS) $(BENCH) benchmarks/programs/logs build dist docs/_build .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	@sh .ci/need python3-venv $(PYTHON) -c 'import ensurepip, venv'
	$(PYTHON) -m venv $(VENV)

# One stamp for what the program needs, one for what its developers need.
$(VENV)/runs: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/develops: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/runs

# The Flask that tests compare with, in a folder that only their processes look in.
$(VENV)/compares: tests/differential/flask/requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
		--target $(VENV)/flask-oracle --requirement $<
	@touch $@

$(EXTENSIONS)/installed: pyproject.toml tests/extensions/requirements.txt tests/extensions/without-dependencies.txt
	@sh .ci/need python3-venv $(PYTHON) -c 'import ensurepip, venv'
	$(PYTHON) -m venv $(EXTENSIONS)
	$(EXTENSIONS)/bin/python -m pip install --quiet --disable-pip-version-check \
		--requirement tests/extensions/requirements.txt --editable .
	$(EXTENSIONS)/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --requirement tests/extensions/without-dependencies.txt
	@touch $@

$(BENCH)/installed: pyproject.toml benchmarks/requirements.txt
	@sh .ci/need python3-venv $(PYTHON) -c 'import ensurepip, venv'
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	$(BENCH)/bin/python benchmarks/install.py
	@touch $@
