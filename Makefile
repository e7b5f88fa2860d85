# Every command the project needs. `make` prints them; each sets up what it needs by itself.
# ENIGM_PYTHON: which Python (3.11 or newer) makes the environment; python3 unless told.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
PYTHON := $(VENV)/bin/python
ENIGM := $(VENV)/bin/enigm
DIR ?= $(or $(ENIGM_VECTORS),../shared/vectors)/mls
RUN := $(VENV)/.ready-to-run
TEST := $(VENV)/.ready-to-test
PAGE := src/enigm/app/ui/vendor/lit.js
BROWSER_SOURCES := $(wildcard src/enigm/faces/command/browser/*.js)

.PHONY: help setup up test check fix demo bench assurance screens vectors chaos wheel clean \
	test-esim-peer

help: ## print these lines
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(RUN): requirements.lock pyproject.toml scripts/setup.sh
	@scripts/setup.sh run

$(TEST): requirements-dev.lock pyproject.toml scripts/setup.sh package-lock.json
	@scripts/setup.sh test

$(PAGE): package-lock.json scripts/build_ui.mjs scripts/setup.sh $(BROWSER_SOURCES)
	@scripts/setup.sh page

setup: $(RUN) $(PAGE) ## install what running Enigm needs: Python parts, the page's parts
	@:

up: setup ## start the service and the App, and open it
	@$(ENIGM) up

test: $(TEST) $(PAGE) ## run every test, with all that they need
	@scripts/test.sh

check: $(TEST) ## format, lint, house rules, types, spelling: under two minutes
	@scripts/check.sh

fix: $(TEST) ## let the tools mend what they can
	@$(VENV)/bin/ruff check --fix -q . || true
	@$(VENV)/bin/ruff format .

demo: setup ## show the whole story with real processes, and what each party saw
	@$(ENIGM) demo

bench: $(TEST) $(PAGE) ## measure the MLS engine and the delivery service
	@scripts/bench.sh

assurance: $(TEST) $(PAGE) ## run the tests and print each requirement with its evidence
	@$(PYTHON) scripts/assurance.py

screens: $(TEST) $(PAGE) ## make the pictures in docs/screens again where a page changed
	@$(PYTHON) scripts/screens.py
	@$(PYTHON) scripts/command_screens.py

vectors: $(TEST) ## run every official MLS vector file in DIR=folder
	@$(PYTHON) -m tests.vectors.run "$(DIR)"

chaos: $(TEST) ## kill the service again and again and count what was lost
	@$(PYTHON) -m pytest tests/chaos -q -p no:randomly

test-esim-peer: $(TEST) ## run the ES2+ tests with Osmocom's pySim in DIR=checkout (docs/esim.md)
	@ENIGM_ESIM_PEER="$(abspath $(DIR))" $(PYTHON) -m pytest tests/peers/esim -q -p no:randomly

wheel: $(TEST) $(PAGE) ## build a wheel that needs pip alone, and install it to prove it
	@scripts/wheel.sh

clean: ## remove everything that was built or installed here
	@rm -rf $(VENV) node_modules build dist src/enigm/app/ui/vendor src/enigm/faces/command/static/vendor \
		.pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
