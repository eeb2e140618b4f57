# An index of commands. Each line says what it runs; the work is done by what it names.
#
#   make lab LAB_ARGS="--no-browser --port 9999"     options for what is run
#   make setup PYTHON=python3.12                     another Python than python3

PYTHON ?= python3

# nbgrader starts its helpers from PATH
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: setup lab test build mutants robust grade-demo bench gpu-check clean

setup:  ## make .venv and install the course into it; at once when nothing has changed
	@$(PYTHON) bootstrap.py $(SETUP_ARGS)

lab: setup  ## build what is stale and open JupyterLab at the first lecture
	.venv/bin/descent lab $(LAB_ARGS)

test: setup  ## everything that CI runs
	.venv/bin/python -m pytest $(TEST_ARGS)

build: setup  ## chapters/ → lectures/ exercises/ solutions/ source/ release/
	.venv/bin/descent build $(BUILD_ARGS)

mutants: setup  ## do the tests notice changed solutions?
	.venv/bin/descent mutants $(MUTANTS_ARGS)

robust: setup  ## the tests under other seeds, dtypes and numbers of threads
	.venv/bin/python -m descent.course.robust $(ROBUST_ARGS)

grade-demo: setup  ## make hand-ins of six kinds, grade them, write feedback and grades.csv
	.venv/bin/python -m descent.course.demo

bench: setup  ## print the ratios that the project promises
	set -e; for script in bench/*.py; do .venv/bin/python "$$script"; done

gpu-check: setup  ## all lectures and all solutions on a GPU; code 3 where there is none
	.venv/bin/python -m descent.course.gpu $(GPU_ARGS)

clean:  ## what set-up and tests left; notebooks, hand-ins and marks stay
	rm -rf .venv build *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find bench chapters descent tests -name __pycache__ -prune -exec rm -rf {} +
