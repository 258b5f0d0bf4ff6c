# `make lab` sets everything up and opens the workbench; `make test` sets everything up and tests it.
# Bare machine: Python 3 and make. uv does the rest; pip's and uv's own settings are respected.

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
UV      := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
# Compiled at once: a notebook's first import should not pay for it, nor every import where nothing may be written.
INSTALL  = $(UV) pip install --compile-bytecode --python $(BIN)/python $(if $(CI),--quiet) -c constraints.txt
ARGS    ?=

# Like pip, trust what the system trusts, such as a company's own certificate; uv alone would not.
UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-bundle.crt /etc/ssl/cert.pem),1,0)
export UV_SYSTEM_CERTS

.DEFAULT_GOAL := help
.PHONY: help lab test check audit notebooks screenshots bench format constraints clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

lab: $(VENV)/.lab ## open JupyterLab on the workbench; ARGS=--no-browser on a server
	PATH="$(CURDIR)/$(BIN):$$PATH" workbench lab $(ARGS)

test: check notebooks ## check the code, then run every test; ARGS go to pytest
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.test ## lint, format, types, and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(VENV)/.test ## ask what is known to be wrong with the locked packages
	$(BIN)/python scripts/audit.py $(ARGS)

notebooks: $(VENV)/.test ## run the quickstart notebook, in a home of its own
	@WORKBENCH_HOME=$$(mktemp -d) && export WORKBENCH_HOME && \
	trap '$(BIN)/workbench service stop >/dev/null; rm -rf "$$WORKBENCH_HOME"' EXIT && \
	$(BIN)/pytest --nbval-lax --nbval-current-env notebooks/quickstart.ipynb

screenshots: $(VENV)/.test ## run the browser tests only; they leave their pictures in tests/artifacts
	$(BIN)/pytest -m browser $(ARGS)

bench: $(VENV)/.test ## time a comparison against PyCaret's own
	$(BIN)/python -m tests.benchmarks.compare $(ARGS)

format: $(VENV)/.test ## format the code and mend what the linter can
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

constraints: | $(UV) ## lock versions again; ARGS=--upgrade takes newer ones
	$(UV) pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--no-emit-index-url --no-annotate --no-header --quiet --output-file constraints.txt $(ARGS)

clean: ## remove the environment and all that tests and tools left
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist tests/artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.lab: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the locked packages into $(VENV); the first time takes a few minutes."
	@$(INSTALL) -e ".[training,widgets,server,lab]"
	@touch $@

$(VENV)/.test: $(VENV)/.lab
	@$(INSTALL) -e ".[training,widgets,server,lab,test]"
	@touch $@

$(BIN)/python: | $(UV)
	@UV_VENV_CLEAR=1 $(UV) venv --quiet --python 3.11 $(VENV)

.tools/bin/uv:
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || \
		{ echo "Set-up needs Python 3 with its venv module (Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; }
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv
