# Peakwise: `make run` needs Python 3.11 to 3.13 and make, nothing else.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export DO_NOT_TRACK := 1
export DBT_PROFILES_DIR := $(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help install run update accept test lint bench docs figures london-figures clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(INSTALLED) ## Set up .venv from requirements.lock

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Peakwise needs Python 3.11 to 3.13. Say which one: make PYTHON=python3.12 …"; exit 2; }
	@echo "Setting up $(VENV) from requirements.lock (a minute or so, once)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

# Empty values mean "not given". Exit code 1 means done with rejects: the summary says so, make need not fail.
OPTIONS = --customers='$(CUSTOMERS)' --system-load='$(SYSTEM_LOAD)' --weather='$(WEATHER)' \
	--weather-columns='$(WEATHER_COLUMNS)' --weather-timezone='$(WEATHER_TIMEZONE)' --outages='$(OUTAGES)' --sources='$(SOURCES)' \
	--format='$(FORMAT)' --kwh-per-unit='$(KWH_PER_UNIT)' --interval-minutes='$(INTERVAL_MINUTES)' \
	--estimate-gaps='$(ESTIMATE_GAPS)' --figures='$(FIGURES)' --label='$(LABEL)' --label-timezone='$(LABEL_TIMEZONE)' \
	--utility-timezone='$(UTILITY_TIMEZONE)' --columns='$(COLUMNS)' \
	--channel='$(CHANNEL)' --holidays='$(HOLIDAYS)' --method='$(METHOD)' --k='$(K)' --seed='$(SEED)' \
	--profiles='$(PROFILES)' --algorithm='$(ALGORITHM)' --keep-outliers='$(KEEP_OUTLIERS)' --run='$(RUN)' \
	--target-count='$(TARGET_COUNT)' --target-kw='$(TARGET_KW)' \
	--synthetic-customers='$(SYNTHETIC_CUSTOMERS)' --synthetic-months='$(SYNTHETIC_MONTHS)'

run: $(INSTALLED) ## Build a new warehouse: synthetic, or from READINGS=… (see README)
	@$(BIN)/python scripts/run_pipeline.py $(OPTIONS) --readings $(READINGS) || [ $$? -eq 1 ]

update: $(INSTALLED) ## Add files to the warehouse in place, change a setting, or fit new segments with K=…
	@$(BIN)/python scripts/run_pipeline.py --update $(OPTIONS) --readings $(READINGS) || [ $$? -eq 1 ]

accept: $(INSTALLED) ## Put the newest candidate segmentation in use
	@$(BIN)/python scripts/run_pipeline.py --accept $(OPTIONS) || [ $$? -eq 1 ]

lint: $(INSTALLED) ## Check style: ruff and sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --processes 2 models tests/data_tests

test: $(INSTALLED) lint ## Everything a contributor needs: style, pytest, and dbt build with all tests
	$(BIN)/pytest

bench: $(INSTALLED) ## Measure speed and memory as ratios, and write docs/benchmarks.md
	$(BIN)/python benchmarks/run_benchmarks.py

docs: $(INSTALLED) ## Write the static dbt documentation to target/static_index.html
	$(BIN)/dbt docs generate --static

figures: ## Put the figures of the published synthetic utility into docs/figures
	@mkdir -p docs/figures
	@cp "$${PEAKWISE_HOME:-output}"/published/figures/{segment_load_shapes,target_curve}.png docs/figures/
	@echo "docs/figures/ now shows the release in $${PEAKWISE_HOME:-output}/published"

london-figures: ## Put the figures of the published London households into docs/figures/london
	@mkdir -p docs/figures/london
	@cp "$${PEAKWISE_HOME:-output}"/published/figures/{segment_{count,profiles,silhouettes,seasons},day_shapes}.png docs/figures/london/
	@echo "docs/figures/london/ now shows the release in $${PEAKWISE_HOME:-output}/published"

clean: ## Remove outputs, build files and the environment
	rm -rf output target logs .pytest_cache .ruff_cache .hypothesis $(VENV)
