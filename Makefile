# Followspot. `make demo` and `make test` are all a fresh machine needs: Python 3.10 or later, make, a package registry.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

# One more process than cores, since many tests wait for a command; each with one thread. The tests of a file share fixtures.
ON_ALL_CORES := --numprocesses $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)') --dist loadfile --no-loadscope-reorder
# Compiled modules are kept, also where the environment says otherwise: dozens of processes start, and torch is large.
TESTS_RUN := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1

# Seconds of damaged files for each format that is read.
FUZZ_SECONDS ?= 60
# Commands that are ended at random moments.
KILLS ?= 300
# Seconds of simulated dance that are tracked: six hours, a quarter of an hour of work.
LONG_SECONDS ?= 21600

.PHONY: setup demo test test-fast test-faults coverage lint types format lock audit clean

setup: $(STAMP)

# uv is taken from PATH; where it is missing, a private one is put into .venv-uv.
$(STAMP): requirements.lock pyproject.toml
	@set -e; \
	if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then UV=uv; else \
	  echo "uv not found: bringing one into .venv-uv"; \
	  $(PYTHON) -m venv .venv-uv && .venv-uv/bin/python -m pip install --quiet uv; UV=.venv-uv/bin/uv; fi; \
	test -x $(BIN)/python || $$UV venv --quiet --python $(PYTHON) .venv; \
	$$UV pip sync --quiet --python $(BIN)/python requirements.lock; \
	$$UV pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	touch $(STAMP)

demo: setup
	$(BIN)/followspot demo

test: setup
	$(TESTS_RUN) $(BIN)/python -m pytest $(ON_ALL_CORES)

test-fast: setup
	$(TESTS_RUN) $(BIN)/python -m pytest $(ON_ALL_CORES) -m "not slow"

test-faults: setup
	$(TESTS_RUN) FUZZ_SECONDS=$(FUZZ_SECONDS) KILLS=$(KILLS) LONG_SECONDS=$(LONG_SECONDS) \
	  $(BIN)/python -m pytest $(ON_ALL_CORES) --timeout 7200 tests/faults

# Lines that the tests run, in the processes that they start, too. Coverage is not one of the locked packages.
coverage: setup
	$$(command -v uv || echo .venv-uv/bin/uv) pip install --quiet --python $(BIN)/python 'coverage>=7.10'
	$(TESTS_RUN) $(BIN)/python -m coverage run -m pytest $(ON_ALL_CORES) --timeout 1500 $(TESTS)
	$(BIN)/python -m coverage combine --quiet
	for room in tracker reid models tools; do \
	  echo "$$room: $$($(BIN)/python -m coverage report --format total --include "$$room/*")%"; done
	$(BIN)/python -m coverage report --sort cover

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:
	uv pip compile --universal --generate-hashes --python-version 3.10 --no-emit-index-url --no-header \
	  --extra dev --extra onnx pyproject.toml --output-file requirements.lock

# Known holes of the locked packages; pip-audit is not one of them, and asks pypi.org.
audit:
	uv tool run pip-audit --requirement requirements.lock --disable-pip --no-deps

clean:
	rm -rf .venv .venv-uv build *.egg-info .mypy_cache .pytest_cache .ruff_cache
