# Needs nothing but python3 (3.11 or newer) with venv; everything else is set up in .venv.
#   make demo    which design runs a weight-sparse transformer best: the study flagship, into reports/demo
#   make test    lint, types, layers, tests
#   make lint    lint, types, layers
#   make versions  all tests with the lowest versions that pyproject.toml allows, then with the newest; needs uv. Kernels are compiled
#                  anew, and other work may run beside them for half an hour: a test has longer until it is taken to hang
#   make soak    N=10000 random cases of engine against engine
#   make soak-rtl N=1000 random clusters, and as many arrays, in hardware, in step with the engines
#   make fuzz    N=1000 hostile files of every kind of input: each command ends well, or in words
#   make soak-sweep  K=20 kills of a sweep's driver, each resumed
#   make best    the best machine of each kind by energy × time × area, for tinygpt and the flagship's workload, into reports/best and reports/best-flagship
#   make breakevens  densities at which each machine and the systolic arrays change places, at equal area, into reports/breakevens
#   make studies  every shipped study answered, into reports/studies
#   make workloads  the traces of whole models in workloads/, made again
#   make bench   commands, sweeps, kernels, and how time and memory grow, into benchmarks/results.json and docs/performance.md: twenty minutes
#   make blocks  every command that README and the docs print, run as printed: many minutes
#   make docs    the documentation as a site, into build/site; REPOSITORY_URL=… leads its links to files there
#   make clean   remove .venv and caches

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

N ?= 10000
K ?= 20

RESOLUTIONS ?= lowest-direct highest

.PHONY: demo test lint versions soak soak-rtl fuzz soak-sweep best breakevens studies workloads bench blocks docs clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	$(BIN)/sparsim study flagship -o reports/demo --force

test: lint
	$(BIN)/python -m pytest -n 2 -q

versions:
	for which in $(RESOLUTIONS); do \
	  uv venv --clear --python $(PYTHON) build/$$which && uv pip install --python build/$$which/bin/python --resolution $$which -e '.[dev]' && \
	    build/$$which/bin/python -m pytest -n 2 -q --timeout 1800 || exit 1; done

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict simulator sparsim.py
	$(BIN)/lint-imports

soak: $(VENV)/.installed-dev
	$(BIN)/python -m tests.differential.soak $(N)

soak-rtl: $(VENV)/.installed-dev
	$(BIN)/python -m tests.rtl.soak $(N)
	$(BIN)/python -m tests.rtl.array.soak $(N)

best: $(VENV)/.installed
	for sweep in best best-flagship; do $(BIN)/sparsim sweep $$sweep -o reports/$$sweep --force && $(BIN)/sparsim plot reports/$$sweep --format both || exit 1; done

breakevens: $(VENV)/.installed
	for load in tinygpt-uniform tinygpt-trained; do for array in systolic systolic-naive; do for first in crossbar hybrid replication partition; do \
	  $(BIN)/sparsim breakeven --axis workload.density --range 0.0009765625:0.5 --points 10 --between $$first,$$array -w $$load --equal-area \
	    -m seconds -m energy_pj -q -o reports/breakevens/$$load-$$first-$$array --force || exit 1; done; done; done
	$(BIN)/sparsim plot reports/breakevens --format both

studies: $(VENV)/.installed
	for file in configs/studies/*.yaml; do study=$$(basename $$file .yaml); $(BIN)/sparsim study $$study -o reports/studies/$$study --page docs/findings.md --force || exit 1; done

workloads: $(VENV)/.installed
	for model in $$($(BIN)/sparsim trace | cut -d" " -f1); do $(BIN)/sparsim trace $$model -o workloads/$$model.yaml --force; done

fuzz: $(VENV)/.installed-dev
	PYTHONPATH=.:tests $(BIN)/python -m fuzz $(N)

soak-sweep: $(VENV)/.installed-dev
	PYTHONPATH=.:tests $(BIN)/python -m study.sweep.kills $(K)

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks

blocks: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m heavy tests/test_shell_blocks.py -q

docs: $(VENV)/.installed-docs
	$(BIN)/mkdocs build --strict

$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null || { echo "sparsim needs Python 3.11 or newer, and there is no '$(PYTHON)'; install it or run: make PYTHON=/path/to/python3.11 demo" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "sparsim needs Python 3.11 or newer, but '$(PYTHON)' is $$($(PYTHON) --version 2>&1); run: make PYTHON=/path/to/python3.11 demo" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# The development install holds the plain one, so it makes both stamps.
$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.created pyproject.toml
	$(PIP) --editable '.[dev]'
	@touch $(VENV)/.installed $@

$(VENV)/.installed-docs: $(VENV)/.created pyproject.toml
	$(PIP) --editable '.[docs]'
	@touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find simulator tests -name __pycache__ -type d -prune -exec rm -rf {} +
