# mapps: what a person types. `make demo` and `make test` install what is missing first.

PYTHON := .venv/bin/python
SOURCES := app workers tests benchmarks migrations

.PHONY: help install demo test lint types check bench taplint browser-test survey-demo clean

help:
	@echo "make install  system packages (apt, asks sudo) and Python packages (.venv); says first what it will do"
	@echo "make demo     observe, reduce and release two small simulated nights"
	@echo "make test     run all tests on a private PostgreSQL; some of them by pytest's words in ARGS:"
	@echo "              make test ARGS=\"tests/unit/app/sky -q\"       make test ARGS=\"-m 'not database'\""
	@echo "make lint     ruff: rules and format"
	@echo "make types    mypy, strict"
	@echo "make check    lint, types and test, as .ci/run does"
	@echo "make bench    measure speed and accuracy"
	@echo "make survey-demo  a small survey through both stages to the all-sky release, against truth (an hour at most;"
	@echo "              goes on where it was cut short: its folder is ./survey-demo, or FOLDER=...)"
	@echo "make taplint  check the services over HTTP by STILTS (package stilts)"
	@echo "make browser-test  look at the console in a headless Chromium (package chromium)"
	@echo "make clean    remove .venv and caches; the database stays (mapps db stop, then remove MAPPS_HOME)"

# Quick when nothing changed: install.sh compares a stamp with requirements.lock and pyproject.toml.
install:
	@sh app/setup/install.sh

demo: install
	@.venv/bin/mapps demo

# All of them in two processes: half of the time is waiting for commands and for PostgreSQL.
test: install
	$(PYTHON) -m pytest $(if $(ARGS),$(ARGS),--numprocesses 2 --no-loadscope-reorder)

lint: install
	.venv/bin/ruff check $(SOURCES)
	.venv/bin/ruff format --check $(SOURCES)

types: install
	.venv/bin/mypy

check: lint types test

bench: install
	@for name in loader release scan_overlaps simulation accuracy crowded lost_stars pairs galaxies speed; do echo "== $$name"; $(PYTHON) -m benchmarks.$$name || exit 1; done

# Both say "skipped: not installed" and end well where STILTS or Chromium is absent, unless MAPPS_CI_STRICT=1.
taplint: install
	$(PYTHON) -m benchmarks.taplint

browser-test: install
	$(PYTHON) -m pytest tests/contract/test_browser.py -m browser $(ARGS)

# No part of `check`: it takes tens of minutes.
survey-demo: install
	$(PYTHON) -m benchmarks.survey_demo --folder $(or $(FOLDER),survey-demo)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis mapps.egg-info
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
