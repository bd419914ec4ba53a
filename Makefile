# Every target sets itself up: Python 3.11 or newer and make are all that is needed.
# Nothing is installed twice: the stamps below change only with pyproject.toml and this folder's place.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install demo test test-all test-autogen check docs clean

VENV := .venv
AUTOGEN_VENV := .venv-autogen
KEY := $(firstword $(shell { cat pyproject.toml; pwd; } | cksum))
INSTALLED := $(VENV)/.installed-$(KEY)
INSTALLED_DEV := $(VENV)/.installed-dev-$(KEY)
INSTALLED_AUTOGEN := $(AUTOGEN_VENV)/.installed-$(KEY)
PIP_INSTALL := -m pip --disable-pip-version-check install --no-input

# Most tests wait more than they compute, so several go side by side. Not these of the executors:
# they measure times, and some of them use up all that a machine has.
ALONE := conformance_* docker* landlock_runs lifeline namespaces *ordinary_user soak warm*
ALONE := $(sort $(wildcard $(ALONE:%=tests/executors/test_%.py)))
ifdef PYTEST_ARGS
suite = $(1) $(PYTEST_ARGS)
else
suite = $(1) --numprocesses 3 --dist loadfile $(ALONE:%=--ignore=%); done=$$?; \
	$(1) $(ALONE) && exit $$done
endif

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

install: $(INSTALLED_DEV) ## only what the other targets set up anyway

demo: $(INSTALLED) ## a whole session in the sandbox, without a key: invoices.yaml becomes a tested service
	@$(VENV)/bin/python -m executors
	@$(VENV)/bin/devteam crud examples/invoices.yaml --model draft
	@echo "  (devteam is $(VENV)/bin/devteam; . $(VENV)/bin/activate puts it on your path)"

test: $(INSTALLED_DEV) ## the test suite without its longest tables; with PYTEST_ARGS=…, pytest with these alone
	@$(VENV)/bin/python -m executors
	@$(call suite,$(VENV)/bin/python -m pytest -m 'not slow')

test-all: $(INSTALLED_DEV) ## the whole test suite
	@$(VENV)/bin/python -m executors
	@$(call suite,$(VENV)/bin/python -m pytest)

test-autogen: $(INSTALLED_AUTOGEN) ## the whole suite on autogen 0.14, in an environment of its own
	@$(AUTOGEN_VENV)/bin/python -m executors
	@$(call suite,$(AUTOGEN_VENV)/bin/python -m pytest)

check: $(INSTALLED_DEV) ## format, lint, types, generated docs, tests
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/python docs/generate.py --check
	@$(MAKE) --no-print-directory test-all

docs: $(INSTALLED_DEV) ## write the generated pages under docs/
	$(VENV)/bin/python docs/generate.py

clean: ## remove the environments and caches; sessions stay
	rm -rf $(VENV) $(AUTOGEN_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*

$(INSTALLED): | $(VENV)/bin/python
	@echo "Installing devteam into $(VENV) (only this once)"
	@$(VENV)/bin/python $(PIP_INSTALL) -e .
	@touch $@

$(INSTALLED_DEV): | $(VENV)/bin/python
	@echo "Installing devteam and what its tests need into $(VENV) (only this once)"
	@$(VENV)/bin/python $(PIP_INSTALL) -e '.[dev]'
	@touch $@ $(INSTALLED)

$(INSTALLED_AUTOGEN): | $(AUTOGEN_VENV)/bin/python
	@echo "Installing devteam on autogen into $(AUTOGEN_VENV) (only this once)"
	@$(AUTOGEN_VENV)/bin/python .ci/autogen_requirements.py > $(AUTOGEN_VENV)/requirements.txt
	@$(AUTOGEN_VENV)/bin/python $(PIP_INSTALL) -r $(AUTOGEN_VENV)/requirements.txt
	@$(AUTOGEN_VENV)/bin/python $(PIP_INSTALL) --no-deps -e .
	@touch $@

# Also when the interpreter that an environment was made from is gone.
$(VENV)/bin/python $(AUTOGEN_VENV)/bin/python:
	@.ci/venv $(patsubst %/bin/python,%,$@) "$(PYTHON)"
