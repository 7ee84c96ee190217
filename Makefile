# One line for each command; invoke does the work. `make help` shows them.
# PYTHON names another interpreter than python3; SOURCE what `make wheels` builds.
SHELL := /bin/sh
PYTHON ?= python3
INVOKE = .venv/bin/python -m invoke
.DEFAULT_GOAL := help
# Every start of a command would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
.DELETE_ON_ERROR:
.PHONY: help setup wheels test deploy lint tag bench clean

help: ## Show this.
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

setup: .venv/ready ## Make this machine ready: engine, Buildx, base image.
	@$(INVOKE) setup

wheels: .venv/ready ## Build wheels into dist/: of the example, or of SOURCE=name==version.
	@$(INVOKE) setup build $(if $(SOURCE),--source "$(SOURCE)")

test: .venv/dev ## Run the whole test suite.
	@$(INVOKE) setup dev.suite

deploy: .venv/ready ## Upload dist/ to PyPI and prove it there; the token is PYPI_TOKEN.
	@$(INVOKE) deploy

lint: .venv/dev ## Check style, types, shell scripts and workflows.
	@$(INVOKE) dev.lint

tag: .venv/ready ## Tag this commit as pyproject.toml's version, once every release check has passed.
	@$(INVOKE) tag

bench: .venv/dev ## Compare with cibuildwheel and a plain docker build.
	@$(INVOKE) setup dev.bench

clean: ## Remove the virtual environments, dist/ and every cache.
	rm -rf .venv .venvs dist .wheeldock .mypy_cache .ruff_cache .pytest_cache

# uv heeds neither pip's configuration nor, unless told, the system's certificates.
UV = UV_SYSTEM_CERTS=1 UV_DEFAULT_INDEX="$$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || echo "$$PIP_INDEX_URL")" .venv/bin/uv pip install --quiet --python .venv

# A virtual environment without its stamp is half made: it is made anew.
.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || \
	  { echo "$(PYTHON) is missing or older than 3.10: name a newer one, e.g. make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) makes no virtual environments: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making .venv."
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(UV) --editable .
	@touch $@

.venv/dev: .venv/ready
	@$(UV) --editable . --group dev
	@touch $@
