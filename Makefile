# `make run` sets everything up and runs scrpy; `make test` guards a change. Nothing here asks anything.
.PHONY: run setup test test-full check bench chaos soak screenshots lock clean venv venv-dev chromium

PYTHON := .venv/bin/python
BIN := .venv/bin
PRODUCTION := SCRPY_ENV=production SCRPY_PUBLIC_URL=https://scrpy.example.com \
	SCRPY_SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))')
PYTEST := $(PYTHON) -m pytest --numprocesses 3
# What touches the database, and so is run on each; what does so only by way of these waits for `make test-full`.
STORED := tests/api tests/queue tests/schedules tests/webhooks \
	$(patsubst %,tests/platform/test_%.py,credits database_outages kills)
STORED_TOO := tests/admin tests/dashboard tests/platform
# What is refused before anything is stored is refused alike on each.
UNSTORED := $(patsubst %,--ignore=tests/api/test_%.py,actions_option anything bodies docs documentation fields hostile_urls openapi options)
COMPILE := $(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes --strip-extras \
	--no-emit-find-links --no-emit-index-url --no-emit-options --no-emit-trusted-host

run: setup
	@$(PYTHON) manage.py up

setup: venv
	@$(PYTHON) manage.py setup

test: venv-dev chromium
	$(PYTEST) -m "not slow"
	SCRPY_TEST_DATABASE=postgres $(PYTEST) -m "not slow" $(UNSTORED) $(STORED)

test-full: test
	$(PYTEST) -m slow
	SCRPY_TEST_DATABASE=postgres $(PYTEST) $(STORED_TOO)
	SCRPY_TEST_DATABASE=postgres $(PYTEST) -m slow $(STORED) tests/chaos

check: venv-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(if $(shell find templates -name '*.html'),$(BIN)/djlint --check --lint templates)
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING

# How fast it is; `make bench PEERS=1` has other tools take turns, each in an environment of its own.
bench: venv-dev chromium
	$(PYTHON) -m tests.bench $(if $(PEERS),--peers)

chaos: venv-dev chromium
	$(PYTHON) -m tests.chaos

# Whether anything grows while it works: `make soak MINUTES=30`.
soak: venv-dev chromium
	$(PYTHON) -m tests.soak --minutes $(or $(MINUTES),30)

# The pages for people, light, dark and on a phone, into docs/screenshots.
screenshots: venv-dev chromium
	$(PYTHON) -m tests.screenshots

# New versions of what requirements*.in name, pinned with hashes.
lock: venv-dev
	$(COMPILE) --upgrade --output-file=requirements.txt requirements.in
	$(COMPILE) --upgrade --output-file=requirements-dev.txt requirements-dev.in

# All that is made again by `make run`; var/, which is yours, stays.
clean:
	rm -rf .venv .peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

venv:
	@deploy/venv.sh requirements.txt

venv-dev:
	@deploy/venv.sh requirements.txt requirements-dev.txt

chromium:
	@$(PYTHON) manage.py setup --only-chromium
