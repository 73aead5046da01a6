# `make demo` and `make test` do everything from a bare machine with Python 3.11.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FLINK := build/flink
WORKERS ?= 2
PARALLEL := -n $(WORKERS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help install demo test test-fast test-flink lint format bench error-rates parity lock clean

help:
	@echo "make demo       drawings -> trained, blessed, pushed decoder (installs first if needed)"
	@echo "make test       every test"
	@echo "make test-fast  the tests that take seconds"
	@echo "make test-flink the same shards on a real Flink (needs Java and Maven)"
	@echo "make lint       ruff and mypy"
	@echo "make bench      speed against baselines"
	@echo "make error-rates  how often the verdict errs, by simulation (an hour)"
	@echo "make parity     train the sources' recipes (hours), write docs/parity.md"
	@echo "make lock       rebuild requirements.lock (needs uv)"

$(STAMP): requirements.lock setup.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	  || { echo "Latentforge needs Python 3.11; make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "installing the locked packages (about two minutes, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

install: $(STAMP)

demo: $(STAMP)
	@$(BIN)/latentforge run sample

test: $(STAMP)
	@$(BIN)/python -m pytest -q $(PARALLEL) -m "not slow and not e2e"
	@$(BIN)/python -m pytest -q $(PARALLEL) -m "slow or e2e"

test-fast: $(STAMP)
	@$(BIN)/python -m pytest -q $(PARALLEL) -m "not slow and not e2e"

# Fetched once: Beam's job server and a Flink, every jar checked before the first use.
$(FLINK)/job-server.jar: .ci/flink/pom.xml .ci/flink/SHA256SUMS
	@command -v mvn >/dev/null && command -v java >/dev/null \
	  || { echo "make test-flink needs Maven and Java 11 or 17"; exit 2; }
	@echo "fetching Flink and Beam's job server (about 160 MB, once) ..."
	@rm -rf $(FLINK)
	@mvn -q -B -f .ci/flink/pom.xml package
	@cd $(FLINK)/lib && sha256sum --check --strict --quiet $(CURDIR)/.ci/flink/SHA256SUMS
	@mv $(FLINK)/unchecked.jar $@

test-flink: $(STAMP) $(FLINK)/job-server.jar
	@$(BIN)/python -m pytest -q -m flink

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP)
	@$(BIN)/python benchmarks/rasterize.py
	@$(BIN)/python benchmarks/rasterize_accuracy.py
	@$(BIN)/python benchmarks/preparation.py
	@$(BIN)/python benchmarks/faces.py

error-rates: $(STAMP)
	@$(BIN)/python benchmarks/error_rates.py

parity: $(STAMP)
	@$(BIN)/python benchmarks/parity/run.py

lock:
	uv pip compile requirements.in --quiet --python-version 3.11 --override overrides.txt \
	  --generate-hashes --no-emit-index-url -o requirements.lock

clean:
	rm -rf $(VENV) build *.egg-info runs out
