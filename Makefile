# STACK=tf1 is the reference stack (Python 3.7, TensorFlow 1.15), STACK=tf2 the modern one.
# Their environments are made in .venv/ when a target first needs them.

ifneq ($(filter-out tf1 tf2,$(STACK))$(word 2,$(STACK)),)
$(error STACK must be tf1 or tf2, not '$(STACK)')
endif

found   := $(shell for s in tf1 tf2; do scripts/find-python $$s > /dev/null 2>&1 && echo $$s; done)
stacks  := $(or $(STACK),$(found),tf2)
stack   := $(firstword $(stacks))
python  := .venv/$(stack)/bin/python
figures := $(patsubst experiments/%.py,%,$(sort $(wildcard experiments/figure*.py)))
# Those without an embedded network; their specs name the file in its place.
waiting := $(patsubst experiments/specs/%.json,%,$(shell grep -l '"embedded": "' experiments/specs/figure*.json))
drawn := $(filter-out $(waiting),$(figures))
benchmarks := start_up read_torch pca feature_pca synthesis biggan sweep project explore scale_out train
options := $(if $(NETWORKS),--networks '$(NETWORKS)')
packaged := from regan.networks import models; print(next(n for n, m in models.registry().items() if m.packaged))

.NOTPARALLEL:
.PHONY: help setup test test-slow test-wheel parity bench zoo zoo-table zoo-smoke segan-table docs lint clean missing \
        figures check-figures reference-figures table1 delta claims check-claims truncation-study study bench-curves \
        explore test-browser screenshots setup-bench setup-docs setup-lint setup-browser $(foreach t,setup test test-slow test-wheel parity bench bench-curves zoo-smoke check-figures check-claims,$(stacks:%=$t-%)) \
        $(figures) $(figures:%=check-%) $(figures:%=reference-%)

help:
	@echo 'make TARGET [STACK=tf1|tf2]'
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-22s%s\n", $$1, $$2 }' Makefile
	@echo '  FIGURE                draw one into figures/out/ [NETWORKS=VARIANT|NAME|PATH]'
	@echo '  check-FIGURE          draw it and compare it with its reference images'
	@echo '  reference-FIGURE      replace the reference image of one stack'
	@echo 'FIGURE is one of $(figures).'

setup: missing $(stacks:%=setup-%)            ## make the environments in .venv/
test: missing $(stacks:%=test-%)              ## run the tests on every stack whose Python is there
test-slow: missing $(stacks:%=test-slow-%)    ## run the tests that take minutes
test-wheel: missing $(stacks:%=test-wheel-%)  ## build the wheel, and use it in a fresh environment without this checkout
test-browser: missing $(stacks:%=setup-%) setup-browser  ## try the explorer's page in Chromium, on servers of every stack
	.venv/browser/bin/python -m pytest -q tests/browser

screenshots: setup-$(stack) setup-browser     ## take the pictures of the explorer in docs/
	.venv/browser/bin/python tests/browser/screenshots.py

parity: missing $(stacks:%=parity-%)          ## print how far each network is from the golden data
zoo-smoke: missing $(stacks:%=zoo-smoke-%)    ## world, data set, training, resumption and metrics on a toy network
check-figures: missing $(stacks:%=check-figures-%)   ## draw every figure on every stack and compare it with its references
check-claims: missing $(stacks:%=check-claims-%)     ## measure a small sample of the claims again and compare it with the report

figures: $(drawn)                             ## draw every figure into figures/out/
reference-figures: $(drawn:%=reference-%)     ## replace every reference image of one stack

table1: setup-$(stack)                        ## Table 1: the first normal of three generators, without PyTorch
	$(python) experiments/table1.py

delta: setup-$(stack)                         ## pixel deltas between the compatibility modes [NETWORKS=NAME|PATH]
	$(python) experiments/delta.py $(options)

explore: setup-$(stack)                       ## find edits by hand, on a page in a browser [NETWORK=NAME|PATH]
	$(python) -m regan explore $(or $(NETWORK),$$($(python) -c "$(packaged)"))

claims: setup-$(stack)                        ## measure the paper's claims on the zoo and write figures/claims/
	$(python) experiments/claims.py

truncation-study: setup-$(stack)              ## strips and curves over psi, into figures/out/
	$(python) experiments/truncation_study.py

study: setup-$(stack)                         ## the StyleGAN study in numbers: own pictures and their mixtures, into figures/study/
	$(python) experiments/study.py

bench: missing setup-bench $(stacks:%=bench-%)       ## measure speed and memory against peers and limits; prints one table
	$(python) benchmarks/table.py

bench-curves: missing $(stacks:%=bench-curves-%)     ## draw the curves of docs/scaling.md again
	$(python) benchmarks/curves.py

zoo: setup-$(stack)                           ## train the five networks again, into build/zoo/ (days; PRECISION=bf16 on tf2)
	$(python) experiments/zoo.py build $(if $(PRECISION),--precision $(PRECISION))

zoo-table: setup-$(stack)                     ## measure the networks in networks/ and write their cards
	$(python) experiments/zoo.py judge
	$(python) experiments/zoo.py readers

segan-table: setup-$(stack)                   ## train SEGAN's modes side by side and compare them with the published table
	$(python) experiments/segan_table.py $(if $(PRECISION),--precision $(PRECISION))

docs: setup-docs                              ## build the documentation into build/docs; a broken link is an error
	NO_MKDOCS_2_WARNING=1 .venv/docs/bin/python -m mkdocs build --strict

lint: setup-lint                              ## find mistakes and unusual style in the code, and check its types
	.venv/lint/bin/ruff check .
	.venv/lint/bin/mypy

clean:                                        ## remove the environments, the drawn figures and caches
	rm -rf .venv figures/out build *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Says which stack is left out where nobody chose one.
missing:
	@for s in $(if $(STACK),,$(filter-out $(stacks),tf1 tf2)); do scripts/find-python $$s || true; done

setup-bench setup-docs setup-lint setup-browser $(stacks:%=setup-%): setup-%:
	@scripts/set-up $*

$(stacks:%=test-%): test-%: setup-%
	OMP_NUM_THREADS=1 .venv/$*/bin/python -m pytest -q -n 2 --dist worksteal

$(stacks:%=test-slow-%): test-slow-%: setup-%
	OMP_NUM_THREADS=2 .venv/$*/bin/python -m pytest -q -m slow

$(stacks:%=test-wheel-%): test-wheel-%: setup-%
	OMP_NUM_THREADS=2 .venv/$*/bin/python -m pytest -q -m wheel tests/test_wheel.py

$(stacks:%=parity-%): parity-%: setup-%
	.venv/$*/bin/python -m tests.parity

$(stacks:%=bench-%): bench-%: setup-% setup-bench
	@for b in $(benchmarks); do .venv/$*/bin/python benchmarks/$$b.py || exit; done

$(stacks:%=bench-curves-%): bench-curves-%: setup-%
	.venv/$*/bin/python benchmarks/pca.py --scaling
	.venv/$*/bin/python benchmarks/synthesis.py --scaling
	.venv/$*/bin/python benchmarks/scale_out.py

$(stacks:%=zoo-smoke-%): zoo-smoke-%: setup-%
	.venv/$*/bin/python experiments/zoo.py smoke --folder build/zoo/smoke-$*

$(stacks:%=check-figures-%): check-figures-%: setup-%
	@for f in $(drawn); do .venv/$*/bin/python experiments/$$f.py --check || failed="$$failed $$f"; done; \
	    test -z "$$failed" || { echo "on $* these differ:$$failed"; exit 1; }

$(stacks:%=check-claims-%): check-claims-%: setup-%
	.venv/$*/bin/python experiments/claims.py --check

$(figures): %: setup-$(stack)
	$(python) experiments/$@.py $(options)

$(figures:%=check-%): check-%: setup-$(stack)
	$(python) experiments/$*.py --check $(options)

$(figures:%=reference-%): reference-%: setup-$(stack)
	$(python) experiments/$*.py --reference $(options)
