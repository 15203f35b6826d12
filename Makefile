# Every target prints what it does; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
RUN := env -u PYTHONPATH $(BIN)
# Reads the project without a database.
DBT := env -u PYTHONPATH DBT_HOST=none DBT_USER=none DBT_DBNAME=none $(BIN)/dbt
DBT_PLACES := --project-dir dbt_project --profiles-dir dbt_project \
	--target-path $(CURDIR)/build/dbt-docs --log-path $(CURDIR)/build/dbt-docs/logs
BOUNCER := .venv/dbt-bouncer/bin/dbt-bouncer run

# By file, for what its tests share; in the order of pyproject.toml.
TWO_WORKERS := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo test test-fast test-full-size test-reliability test-mutation test-scheduler test-scheduler-small test-browser test-bi test-bi-small test-office test-compose test-compose-small bench bench-full lint lint-python lint-sql lint-dbt audit sbom secrets docs dbt-docs cookbook up superset down clean lock

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

setup: .venv/.runtime ## build the environment in .venv/ (nothing else)

# The installer is locked too; where it cannot work, pip does the same, only slower. The locks are
# whole (--no-deps), but for what requirements/excludes.txt keeps out on purpose.
define install
	@echo "Installing $(1) into .venv (about a minute on a first run) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --no-deps -r $(1) \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(1)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endef

.venv/.runtime: requirements/installer.txt requirements/runtime.txt pyproject.toml
	$(call install,requirements/runtime.txt)
	@touch $@

.venv/.development: .venv/.runtime requirements/development.txt
	$(call install,requirements/development.txt)
	@touch $@

# In folders of their own, for their pins are not those of the rest.
define install_apart
	@echo "Installing requirements/$(1).txt into .venv/$(1) …"
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(BIN)/uv pip install --quiet --python $(@D)/bin/python --require-hashes --no-deps -r requirements/$(1).txt \
		|| $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/$(1).txt
endef

.venv/dbt-bouncer/.installed: .venv/.runtime requirements/dbt-bouncer.txt
	$(call install_apart,dbt-bouncer)
	@touch $@

.venv/superset/.installed: .venv/.runtime requirements/superset.txt
	$(call install_apart,superset)
	@touch $@

.venv/clients/.installed: .venv/.runtime requirements/clients.txt
	$(call install_apart,clients)
	@touch $@

.venv/.benchmarks: .venv/.development requirements/benchmarks.txt
	$(call install,requirements/benchmarks.txt)
	@touch $@

demo: .venv/.runtime ## sample source → ingest → score → publish, on the embedded PostgreSQL
	@$(RUN)/service-index demo

test: .venv/.development ## lint, then every test
	@$(MAKE) --no-print-directory lint
	@$(RUN)/python -m pytest $(TWO_WORKERS)

test-fast: .venv/.development ## the tests but for those at the province's true size
	@$(RUN)/python -m pytest $(TWO_WORKERS) -m 'not full_size'

test-full-size: .venv/.development ## the sample province at its true size, with a day's change of one percent
	@$(RUN)/python -m pytest tests/integration/test_demo.py --long

test-reliability: .venv/.development ## every fault many times over, hundreds of kills; writes docs/reliability.md
	@$(RUN)/python -m pytest $(TWO_WORKERS) -m fault --long --kills 200 \
		--reliability-table=docs/reliability.md

test-mutation: .venv/.development ## a seeded sample of mutants of score path and loader; writes docs/mutation.md
	@$(RUN)/python -m tests.mutation.campaign $(ARGUMENTS)

test-scheduler: .venv/.development ## under the real scheduler: nightly runs, an outage, alerts, the runbook (a month: ARGUMENTS=--long)
	@$(RUN)/python -m pytest tests/scheduler $(ARGUMENTS)

test-scheduler-small: .venv/.development ## the same, but only two nights and an outage
	@$(RUN)/python -m pytest tests/scheduler/test_schedule.py --nights 2

test-browser: .venv/.development ## the public pages in a headless Chromium
	@command -v chromium > /dev/null || { echo "no chromium here: apt-get install chromium"; exit 1; }
	@$(RUN)/python -m pytest tests/browser

test-bi: .venv/.development .venv/superset/.installed .venv/clients/.installed ## every dashboard in the real Superset and a headless Chromium; psql, SQLAlchemy, pandas, DuckDB
	@command -v chromium > /dev/null || { echo "no chromium here: apt-get install chromium"; exit 1; }
	@$(RUN)/python -m pytest tests/bi $(ARGUMENTS)

test-bi-small: ## the same, but for second starts and keys
	@$(MAKE) --no-print-directory test-bi ARGUMENTS="--deselect tests/bi/test_start.py --deselect tests/bi/test_superset_key.py"

test-office: .venv/.development ## letter, form and workbook opened by LibreOffice
	@command -v soffice > /dev/null || { echo "no soffice here: apt-get install" \
		"libreoffice-writer-nogui libreoffice-calc-nogui poppler-utils"; exit 1; }
	@$(RUN)/python -m pytest tests/office

test-compose: .venv/.development ## docker-compose.yml on a real engine, with killed parts (root; build/compose-transcript.txt)
	@$(RUN)/python -m pytest -s tests/compose

test-compose-small: .venv/.development ## the same, but only from nothing to a published page
	@$(RUN)/python -m pytest -s tests/compose/test_first_start.py

bench: .venv/.benchmarks ## speed beside the floor and the peers, at small sizes (minutes; ROWS=… for some)
	@$(RUN)/python -m tests.benchmarks $(ROWS)

bench-full: .venv/.benchmarks ## the same at the table's sizes (hours); writes docs/benchmarks.md
	@$(RUN)/python -m tests.benchmarks --full $(ROWS)

lint: .venv/.development .venv/dbt-bouncer/.installed ## ruff, mypy (strict), sqlfluff, dbt-bouncer
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint-sql lint-python lint-dbt

lint-python:
	@$(RUN)/ruff check . && $(RUN)/ruff format --check .
	@$(RUN)/mypy

lint-sql:
	@$(RUN)/sqlfluff lint --disable-progress-bar dbt_project

lint-dbt:
	@$(DBT) parse --quiet $(DBT_PLACES)
	@$(BOUNCER) --only manifest_checks

audit: .venv/.development ## known vulnerabilities of every locked package, but for those accepted for a while
	@$(RUN)/python -m supply_chain.audit $(ARGUMENTS)

sbom: .venv/.development ## bills of materials (CycloneDX): build/sbom-runtime.json, build/sbom-container.json
	@$(RUN)/python -m supply_chain.sbom

secrets: .venv/.development ## secrets in tracked files, and in all that was ever committed
	@$(RUN)/python -m supply_chain.secret_scan

docs: .venv/.development ## docs/criteria.md and docs/data-dictionary.md, from the dbt project and the migrations
	@$(RUN)/python -m docs.criteria_page
	@$(RUN)/python -m docs.dictionary_page

cookbook: .venv/.development ## the answers in docs/cookbook.md, from the small sample province (two minutes)
	@$(RUN)/python -m tests.cookbook_warehouse

dbt-docs: .venv/.development .venv/dbt-bouncer/.installed ## dbt's documentation site, from a real build, in build/dbt-docs/
	@$(RUN)/python -m docs.dbt_site
	@$(BOUNCER) --only catalog_checks

up: .venv/.runtime ## Airflow's pages, scheduler and the sample source, on this machine
	@$(RUN)/service-index up

superset: .venv/superset/.installed ## Apache Superset with the dashboards of dashboards/, on this machine (after a demo or a score)
	@$(RUN)/service-index superset

down: .venv/.runtime ## stop what `make up`, `make superset` or a demo left running, the embedded PostgreSQL too
	@$(RUN)/service-index down

clean: ## remove the environment and everything that was built (asks nothing: data in .service-index/ too)
	@test ! -x $(BIN)/service-index || $(RUN)/service-index down
	@rm -rf .venv .service-index dbt_project/target dbt_project/logs

lock: .venv/.runtime ## renew the locks in requirements/ (one package: ARGUMENTS='--upgrade-package NAME')
	@for name in installer runtime; do $(BIN)/uv pip compile -q $(ARGUMENTS) --universal --generate-hashes --no-header \
		--python-version 3.11 -o requirements/$$name.txt requirements/$$name.in || exit 1; done
	@$(BIN)/uv pip compile -q $(ARGUMENTS) --universal --generate-hashes --no-header --python-version 3.11 \
		-c requirements/runtime.txt --excludes requirements/excludes.txt \
		-o requirements/development.txt requirements/development.in
	@for name in dbt-bouncer superset clients; do $(BIN)/uv pip compile -q $(ARGUMENTS) --universal --generate-hashes --no-header \
		--python-version 3.11 -o requirements/$$name.txt requirements/$$name.in || exit 1; done
	@$(BIN)/uv pip compile -q $(ARGUMENTS) --universal --generate-hashes --no-header --python-version 3.11 \
		-c requirements/runtime.txt -o requirements/container.txt requirements/container.in
	@$(BIN)/uv pip compile -q $(ARGUMENTS) --universal --generate-hashes --no-header --python-version 3.11 \
		-c requirements/development.txt --excludes requirements/excludes.txt \
		-o requirements/benchmarks.txt requirements/benchmarks.in
