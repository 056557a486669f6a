# One command for everything, the same here and in CI. `make check` is what must pass.

PYTHON ?= python3
VENV ?= .venv
TOOLS ?= .tools
BIN := $(VENV)/bin
# pytest-xdist workers. A file's tests stay together (--dist loadfile): some files build an environment once.
JOBS ?= auto
ROUNDS ?= 10

.DEFAULT_GOAL := help
.PHONY: help setup tools lint test fuzz pythons check coverage docs bench clean

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.stamp tools  ## Make .venv and .tools; does nothing when both are up to date

$(VENV)/.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	  || { echo "keylint needs Python 3.10 or newer: make PYTHON=python3.12 setup" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location -e '.[dev]' -c constraints.txt
	@touch $@

tools: $(TOOLS)/.stamp

# Node programs that judge our SARIF. Without npm their tests are skipped, unless KEYLINT_REQUIRE_TOOLS=1.
$(TOOLS)/.stamp: $(wildcard tests/tools/package.json tests/tools/package-lock.json)
	@mkdir -p $(TOOLS)
	@if [ -z "$^" ]; then :; \
	elif command -v npm >/dev/null; then \
	  cp $^ $(TOOLS)/ && npm install --silent --no-audit --no-fund --prefix $(TOOLS); \
	elif [ "$$KEYLINT_REQUIRE_TOOLS" = 1 ]; then \
	  echo "npm is needed for the SARIF validators" >&2; exit 1; \
	else \
	  echo "npm not found: the tests that run the SARIF validators will be skipped"; \
	fi
	@touch $@

lint: $(VENV)/.stamp  ## Format, style, types, import directions, action, workflows, shell scripts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --no-progress action.yml .github/workflows
	$(BIN)/pre-commit validate-manifest .pre-commit-hooks.yaml
	$(BIN)/shellcheck scripts/*.sh .ci/run

test: setup  ## Run the tests
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

fuzz: setup  ## Run the property tests ROUNDS times with other examples than `make test`
	for round in $$(seq $(ROUNDS)); do \
	  $(BIN)/python -m pytest -n $(JOBS) -m hypothesis --hypothesis-profile=random || exit; \
	done

pythons:  ## Run the tests on every Python from 3.10 on that this machine has
	bash scripts/test-pythons.sh

check: lint test  ## What CI runs

coverage: setup  ## Run the tests and measure branches
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --cov=keylint --cov-branch --cov-report=term-missing:skip-covered

docs: $(VENV)/.stamp  ## Write docs/rules.md again from the rules
	$(BIN)/python -m keylint rules list --format markdown > docs/rules.md

bench: $(VENV)/.stamp  ## Compare with other scanners: staged scans of a small repository (see bench/README.md)
	$(BIN)/python bench/peers.py
	$(BIN)/python bench/run.py staged

clean:  ## Remove what the commands above made
	rm -rf $(VENV) $(TOOLS) bench/.peers bench/.work dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
