# Two commands do all the set-up: `make demo` and `make test`. `make check` is the one gate.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test check bench gas docs lock format debian clean

help:
	@echo "make demo   build a demo tape, measure it, write demo/report.html"
	@echo "make test   run the tests"
	@echo "make check  format, lint, types, import contracts, tests, docs: what CI runs"
	@echo "make bench  compare speed with other packages (SMALL=1 for a short run)"
	@echo "make gas    what each call of the contract costs, beside the same in Solidity"
	@echo "make docs   build the documentation into site/"
	@echo "make lock   resolve the requirements again"

$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "makerscope wants Python 3.11 or newer; set PYTHON=python3.11"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the requirements (about 300 MB, once) ..."
	@$(BIN)/pip install --quiet --requirement requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "installing the tools for tests ..."
	@$(BIN)/pip install --quiet --no-deps --requirement requirements-dev.lock
	@touch $@

# A local chain, the reference Merkle tree and a Solidity compiler, for tests and benchmarks. Without npm the tests that
# need them say so and are skipped; `make check` insists.
node_modules/.done: package-lock.json
	@command -v npm >/dev/null || { echo "no npm here: tests against Anvil and OpenZeppelin's package will be skipped"; exit 0; }; \
	echo "installing Anvil and OpenZeppelin's Merkle tree ..." && npm install --no-save --no-audit --no-fund --silent && touch $@

demo: $(VENV)/.run
	@$(BIN)/makerscope demo --out demo

test: $(VENV)/.dev node_modules/.done
	@$(BIN)/python -m pytest -n 2

debian:
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }
	@command -v npm >/dev/null || { apt-get update -qq && apt-get install -y -qq nodejs npm >/dev/null; }

check: $(VENV)/.dev debian node_modules/.done
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	MAKERSCOPE_INSIST=1 $(BIN)/python -m pytest -n 2
	$(BIN)/mkdocs build --strict --quiet

$(VENV)/.bench: $(VENV)/.dev node_modules/.done requirements-bench.lock
	@echo "installing the packages to compare with ..."
	@$(BIN)/pip install --quiet --no-deps --requirement requirements-bench.lock || echo "some did not install: they are left out"
	@touch $@

bench: $(VENV)/.bench
	$(BIN)/python -m bench $(if $(SMALL),--small)

gas: $(VENV)/.dev node_modules/.done
	@$(BIN)/python -m bench.gas

docs: $(VENV)/.dev
	$(BIN)/mkdocs build --strict

lock: $(VENV)/.dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header requirements.in --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header --override requirements-overrides.txt requirements.in requirements-dev.in --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header --override requirements-overrides.txt requirements.in requirements-dev.in requirements-bench.in --output-file requirements-bench.lock

format: $(VENV)/.dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:
	rm -rf $(VENV) node_modules demo site .pytest_cache .ruff_cache
