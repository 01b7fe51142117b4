# `make run` and `make test` set everything up by themselves; what is done already is not done again.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PORT ?= 8000
VAR ?= $(or $(LUCY_VAR),var)
BIN := .venv/bin

.PHONY: help run test lint format bench screens chaos setup setup-dev clean

help:  ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1 \t\2/p' Makefile

run: setup  ## start everything on http://127.0.0.1:$(PORT), data under $(VAR); Ctrl-C stops it
	@$(BIN)/python -m lucy.embedded "$(VAR)" && LUCY_VAR="$(VAR)" exec $(BIN)/python manage.py up --port $(PORT)

test: setup-dev  ## all tests, the browser ones included
	@scripts/chromium
	@$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile $(ARGS)

lint: setup-dev  ## ruff, mypy --strict, migrations, deployment checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	PYTHONPATH=. $(BIN)/python scripts/check_django.py

format: setup-dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

bench: setup-dev  ## figures beside their floors; BENCH_JSON=file writes them down
	@$(BIN)/python -m bench

screens: setup-dev  ## pictures of every page into docs/screens, from a Lucy that runs on PORT
	@$(BIN)/python scripts/screens.py http://127.0.0.1:$(PORT)

chaos: setup-dev  ## real processes on a bad day: ORDERS=2000 SEED=…; fails if an order or fill is lost or doubled
	@ORDERS="$(ORDERS)" SEED="$(SEED)" $(BIN)/python -m chaos

setup: .venv/.runtime static/vendor/.stamp

setup-dev: setup .venv/.dev

.venv/.runtime: requirements.txt
	@scripts/venv
	@$(BIN)/pip install -qq --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@$(BIN)/pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@touch $@

static/vendor/.stamp: package-lock.json scripts/vendor
	@scripts/vendor

clean:  ## remove what setup made; the data under $(VAR) stays
	rm -rf .venv node_modules static/vendor
