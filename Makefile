# Tidegate's commands. `make help` lists them. Nothing is assumed but GNU make, git and a Python of at least 3.11;
# everything else is installed into .venv, once, and again whenever pyproject.toml changes.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV ?= .venv
WORKERS ?= auto

# PYTHON=/path/to/python chooses; otherwise the first of these that is new enough makes the environment.
PYTHON ?=
CANDIDATES := python3 python3.13 python3.12 python3.11 python3.14 python
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

INSTALLED := $(VENV)/.installed
BIN := $(VENV)/bin
PROTO = $(shell find proto -name '*.proto' | sort)
TYPED = $(wildcard server/tidegate clients/python clients/agent clients/handler tests benchmarks)

# Writes what protoc makes of the contract under the folder given as $(1).
# The package tidegate.v1 and the folder tidegate/v1 are the same path, so no import needs rewriting.
define write_contract
@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m grpc_tools.protoc -Iproto \
	--python_out=$(1) --grpc_python_out=$(1) --mypy_out=quiet:$(1) --mypy_grpc_out=quiet:$(1) $(PROTO)
@printf '"""What protoc makes of proto/tidegate/v1. Never edited: change the contract, then `make generate`."""\n' \
	> $(1)/tidegate/v1/__init__.py
endef

.PHONY: help demo demo-hosts test check check-contract check-generated check-style check-types format generate schemas bench wheel clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*  ## ' Makefile | sed -E 's/^([a-z-]+):.*  ## (.*)/  make \1\t\2/' | expand -t 26

demo: $(INSTALLED)  ## watch Tidegate roll an upgrade over a simulated fleet
	@$(BIN)/tidegate demo

demo-hosts: $(INSTALLED)  ## watch it roll upgrades over real agents that run a real handler
	@$(BIN)/tidegate demo-hosts

test: $(INSTALLED)  ## run every test
	@$(BIN)/python -m pytest -n $(WORKERS)

check: check-contract check-generated check-style check-types  ## judge the contract, the generated code, style and types

check-contract: $(INSTALLED)
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	@PATH="$(abspath $(BIN)):$$PATH" .ci/breaking

check-generated: $(INSTALLED)
	@fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; mkdir -p "$$fresh/tidegate/v1"; \
	$(MAKE) --no-print-directory -s generate INTO="$$fresh"; \
	diff -ru --exclude=__pycache__ server/tidegate/v1 "$$fresh/tidegate/v1" \
	  || { echo 'server/tidegate/v1 is not what protoc makes of proto/: run `make generate` and commit the result.' >&2; exit 1; }; \
	echo 'server/tidegate/v1 is what protoc makes of proto/.'

check-style: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

check-types: $(INSTALLED)
	$(BIN)/mypy $(TYPED)

format: $(INSTALLED)  ## write contract and Python in the house's format
	$(BIN)/buf format --write
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

INTO ?= server
generate: $(INSTALLED)  ## write server/tidegate/v1 anew from proto/
	@mkdir -p $(INTO)/tidegate/v1
	@find $(INTO)/tidegate/v1 -type f -delete
	$(call write_contract,$(INTO))

schemas: $(INSTALLED)  ## write rules/*.schema.json anew from the facts and operators
	@for name in schema rehearsal_schema; do \
	  file=$$([ "$$name" = schema ] && echo policy || echo rehearsal); \
	  $(BIN)/python -c "import sys; from tidegate.policy.$$name import published_text; sys.stdout.write(published_text())" \
	    > "rules/$$file.schema.json"; \
	done

bench: $(INSTALLED)  ## measure, and print the figures
	@$(BIN)/python -m benchmarks

wheel: $(INSTALLED)  ## build dist/tidegate-*.whl
	$(BIN)/python -m build --wheel --outdir dist

clean:  ## remove everything the other commands made
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml
	@python=''; \
	for candidate in $(or $(PYTHON),$(CANDIDATES)); do \
	  if "$$candidate" -c '$(NEW_ENOUGH)' 2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo 'Tidegate needs Python 3.11 or newer; none of "$(or $(PYTHON),$(CANDIDATES))" is.' >&2; \
	  echo 'Install one, or name it: make PYTHON=/path/to/python3.12 demo' >&2; \
	  exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$python" --version) ..."; \
	"$$python" -m venv $(VENV); \
	$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $@
