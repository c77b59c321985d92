# Everything here works on a machine that has only Python 3.11 or later and make.
#   make report     measure this machine once, then write out/report.html
#   make test       the tests that take a minute or two;  make test-all adds the slow ones
#   make check      ruff, mypy and the import rules
#   make bench      how fast Benchplan itself is, as JSON under out/benchmarks/

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV ?= .venv
# Processes that run the tests; those of one file stay in one, since they share what takes long to make.
JOBS ?= auto

BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
# Another torch requirement is another stamp, so that `make TORCH=...` installs it.
TORCH_STAMP := $(STAMPS)/torch-$(shell printf '%s' '$(TORCH)' | cksum | cut -d' ' -f1)
BASE_STAMP := $(STAMPS)/base
DEV_STAMP := $(STAMPS)/dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

define IS_MEASURED
import pathlib, sys
files = list(pathlib.Path("measurements").glob("*.json"))
if not files:
    sys.exit(3)
from bench import environment, errors, record
machine = environment.describe_machine(environment.choose_device("auto"))
try:
    found = {record.load(path).machine.fingerprint for path in files}
except errors.BenchplanError as error:
    sys.exit(str(error))
sys.exit(0 if machine.fingerprint in found else 3)
endef
export IS_MEASURED

.DEFAULT_GOAL := help
.PHONY: help report measurements test test-all check format bench clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^#   //p' Makefile

report: measurements
	@mkdir -p out
	$(BIN)/benchplan report scenarios/base.yaml -o out/report.html

# The bench takes a minute or so; it runs when no record of this machine is there yet (status 3).
measurements: $(BASE_STAMP)
	@$(BIN)/python -c "$$IS_MEASURED"; status=$$?; \
	if [ $$status -eq 3 ]; then $(BIN)/benchplan bench run --suite quick -o measurements; else exit $$status; fi

test: $(DEV_STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not slow"

test-all: $(DEV_STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

check: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: measurements
	@mkdir -p out/benchmarks
	@for script in benchmarks/*.py; do \
	  name=$$(basename $$script .py); echo "benchmarks/$$name.py"; \
	  $(BIN)/python $$script -o out/benchmarks/$$name.json || exit 1; \
	done

clean:
	rm -rf out dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(STAMPS):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Benchplan needs Python 3.11 or later; this is " \
	  + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $@

# torch comes first and alone: it is the largest part, and which build is right depends on the machine.
$(TORCH_STAMP): | $(STAMPS)
	@rm -f $(STAMPS)/torch-*
	@echo "installing $(TORCH) (once; may take some minutes)"
	@$(PIP) $(TORCH)
	@touch $@

$(BASE_STAMP): pyproject.toml constraints.txt $(TORCH_STAMP)
	@echo "installing Benchplan and what it needs"
	@$(PIP) -e .
	@touch $@

$(DEV_STAMP): pyproject.toml constraints.txt $(TORCH_STAMP)
	@echo "installing Benchplan with what its tests and checks need"
	@$(PIP) -e '.[dev]'
	@touch $(BASE_STAMP) $@
