# Every verb a person types. `make` alone lists them.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install demo run test check format bench chaos migration constraints clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Build .venv with the program; .venv/bin/syndication is the command

demo: install ## See everything work with no network: portals, feeds, pages, a digest in a mailbox (PORT=8000)
	@$(BIN)/syndication demo --port $(PORT)

run: install ## Web and clock on this machine, with the portals of feeds/ (PORT=8000)
	@$(BIN)/syndication init && $(BIN)/syndication run --port $(PORT)

test: $(VENV)/.tested ## Run every test, on SQLite and PostgreSQL; with CI=true the long ones too
	@sh tests/parts.sh
	@$(BIN)/pytest $(if $(CI),,-m "not long")

chaos: $(VENV)/.tested ## Let portals misbehave in every way at once for an hour (CHAOS_SECONDS=3600)
	@CHAOS_SECONDS=$(or $(CHAOS_SECONDS),3600) $(BIN)/pytest -n0 -m long -s tests/chaos

check: $(VENV)/.checked ## Style, types and floors
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --config pyproject.toml

format: $(VENV)/.checked ## Format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.tested ## Measure what is claimed about speed; prints ratios
	@for bench in benchmarks/*.py; do $(BIN)/python $$bench || exit 1; done

migration: install ## Write the next migration (m="what changes")
	@$(BIN)/python -m syndication.store.migrations.write "$(m)"

constraints: ## Pin the newest versions that fit; run the tests before committing them
	@rm -rf var/pins && mkdir -p var && $(PYTHON) -m venv var/pins
	@var/pins/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[check]'
	@{ echo "# The versions everything was tested with; pip reads it with --constraint. Renew with: make constraints"; \
		var/pins/bin/python -m pip freeze --exclude-editable; } > constraints.txt
	@rm -rf var/pins

clean: ## Remove everything that was built or made here, var/ included
	@rm -rf $(VENV) var build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp says that .venv holds what these files ask for.
$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "building $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv is missing: apt install python3-venv"; exit 1; }

define pip_install
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '$(1)'
@touch $@
endef

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(call pip_install,.[demo])

$(VENV)/.tested: $(VENV)/.installed
	$(call pip_install,.[test])

$(VENV)/.checked: $(VENV)/.tested
	$(call pip_install,.[check])
