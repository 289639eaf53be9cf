# Caretrail: everything from a clean clone, with only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Tests mostly wait for disks, and properties compute: several processes run both at once, each with its own server, and
# take over tests from each other at the end. A named server is shared, by one process.
TOGETHER = $(if $(CARETRAIL_TEST_POSTGRES),,--numprocesses 4 --dist worksteal)

.PHONY: help demo install quick test deep lint pages bench bench-nation faults mutants lock clean

# List these targets
help:
	@awk '/^# /{text=substr($$0,3)} /^[a-z-]+:/{split($$0,a,":"); if(text){printf "  make %-12s %s\n",a[1],text}; text=""}' Makefile

# Fill a SQLite store with made-up episodes and tour it
demo: $(VENV)/.run
	@env -u CARETRAIL_DB $(BIN)/caretrail demo

# Make .venv with the program and the tools that test it
install: $(VENV)/.dev

# Run the tests that need no server and no browser, in under a minute
quick: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --hypothesis-profile quick -m "not server and not browser and not slow"

# Run every test, on PostgreSQL, too (started from a wheel, or named by CARETRAIL_TEST_POSTGRES)
test: $(VENV)/.dev
	$(BIN)/python -m pytest $(TOGETHER)

# Try the properties with many new examples, for as long as you like: the suite draws the same ones each time
deep: $(VENV)/.dev
	$(BIN)/python -m pytest $(TOGETHER) --hypothesis-profile deep -m property

# Check style, types and the direction of imports
lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

# Write the generated reference pages again: events, rules, commands
pages: $(VENV)/.dev
	@for page in events cli; do $(BIN)/python -m tests.pages.$${page}_page > docs/reference/page.tmp && mv docs/reference/page.tmp docs/reference/$$page.md || exit 1; done
	@$(BIN)/python -m tests.pages.rules_page --write

# Measure, beside the stock library; writes docs/evidence/bench.md
bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench

# Measure a year of a whole nation on both stores, for hours; writes docs/evidence/nation.md
bench-nation: $(VENV)/.dev
	$(PIP) install matplotlib==3.11.2
	$(BIN)/python -m tests.bench.nation

# Kill processes and cut the power thousands of times, and count what is lost; writes docs/evidence/faults.md
faults: $(VENV)/.dev
	$(BIN)/python -m tests.faults

# Break the rule code a thousand times, and count what the tests notice; writes docs/evidence/mutants.md
mutants: $(VENV)/.dev
	$(PIP) install mutmut==3.8.1
	$(BIN)/python -m tests.mutants

# Resolve the locked dependencies again (needs pip-tools: pip install pip-tools)
lock:
	pip-compile --quiet --upgrade --generate-hashes --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra build --extra dev --output-file requirements-dev.txt pyproject.toml
	pip-compile --quiet --generate-hashes --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra build --constraint requirements-dev.txt --output-file requirements.txt pyproject.toml

# Remove what was built
clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Caretrail needs Python 3.11 or newer. Hint: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing Caretrail into $(VENV) from requirements.txt …" >&2
	@$(PIP) install --require-hashes --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing the test tools into $(VENV) from requirements-dev.txt …" >&2
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@touch $@
