# One script stands behind every target: dev.py, which needs nothing but Python.
PYTHON ?= python3

.PHONY: setup run test check bench chaos screenshots

setup: ## .venv with everything for work on the project
	@$(PYTHON) dev.py setup

run: ## the whole product on this machine; Ctrl-C stops it
	@$(PYTHON) dev.py run

test: ## set up, check, and every test on real services
	@$(PYTHON) dev.py test

check: ## style, types, templates, imports, migrations
	@$(PYTHON) dev.py check

bench: ## measure, beside the peers: benchmarks/RESULTS.md; BENCH="--quick" for a short look
	@BENCH="$(BENCH)" $(PYTHON) dev.py bench

chaos: ## exports under every fault: 25 schedules of killed processes, restarts, ten thousand items; CHAOS_SEED=7 for another
	@$(PYTHON) dev.py chaos

screenshots: ## docs/images/*.png, of the running product
	@$(PYTHON) dev.py screenshots
