# cx_metrics: every target is a visible command or two. Plain dbt does the same after the set-up: .venv/bin/dbt build
PYTHON ?= python3
BIN := .venv/bin
INPUT ?=
CONNECTOR ?=

.DEFAULT_GOAL := build
.PHONY: build test lint docs bench clean

# A year of a simulated contact center, or INPUT=folder of your own files, or CONNECTOR=name INPUT="files of that platform".
build: .venv/ready
ifneq ($(INPUT),)
	$(BIN)/cxm load $(if $(CONNECTOR),--connector $(CONNECTOR)) $(INPUT)
else
	test -e input/contacts.parquet || $(BIN)/cxm simulate --out input
	$(BIN)/cxm load input
endif
	$(BIN)/dbt build --quiet
	$(BIN)/cxm headline

test: .venv/ready
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: .venv/ready
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/yamllint --strict .
	$(BIN)/dbt parse --quiet && $(BIN)/mf validate-configs --skip-dw
	$(BIN)/sqlfluff lint --processes 0 models tests analyses
	$(BIN)/dbt-score lint --manifest target/manifest.json && $(BIN)/dbt-bouncer run --config-file dbt-bouncer.yml
	$(BIN)/cxm docs metrics --check && $(BIN)/cxm docs mapping --check

# Writes the metric dictionary, the mapping guide, and the dbt documentation as one HTML page: target/static_index.html
docs: .venv/ready
	$(BIN)/cxm docs metrics && $(BIN)/cxm docs mapping
	$(BIN)/dbt docs generate --static

bench: .venv/ready
	$(BIN)/python benchmarks/contacts_at_scale.py
	$(BIN)/python benchmarks/resolution_at_scale.py
	$(BIN)/python benchmarks/cost_at_scale.py
	$(BIN)/python benchmarks/simulator_throughput.py
	$(BIN)/python benchmarks/simulator_calibration.py
	$(BIN)/python benchmarks/resolution_against_truth.py
	$(BIN)/python benchmarks/cost_against_truth.py
	$(BIN)/python benchmarks/domains_at_scale.py experience
	$(BIN)/python benchmarks/domains_at_scale.py value
	$(BIN)/python benchmarks/survey_bias_against_truth.py
	$(BIN)/python benchmarks/qa_items_against_truth.py
	$(BIN)/python benchmarks/saves_against_truth.py
	$(BIN)/python benchmarks/comparisons_against_truth.py

clean:
	rm -rf target logs build input warehouse.duckdb warehouse.duckdb.wal

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
