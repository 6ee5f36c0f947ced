# idxcalc. `make` builds the book, `make test` verifies it, `make help` lists the rest.

PYTHON ?= python3
VENV   := .venv
PIP    := 26.3
KATEX  := 0.16.47
AXE    := 4.14.1

BIN     := $(VENV)/bin
READY   := $(VENV)/.ready
TYPESET := _build/katex/.$(KATEX)-$(AXE)
SPHINX  := "$(BIN)/python" -m sphinx -q -j auto -c . -b html
# A file stays with one worker: its fixtures and a chapter's cells run once.
PYTEST  := "$(BIN)/python" -m pytest -q -n logical --maxprocesses 4 --dist loadfile

# The judge works in float64 on the CPU; without this JAX first looks for accelerators, and says so.
export JAX_PLATFORMS ?= cpu

.DEFAULT_GOAL := html
.SILENT:
.PHONY: html pdf test check lint types lines strict tests slow soundness mutants fuzz bench live clean help FORCE

html: $(READY) $(TYPESET)  ## build the book as HTML; sets up .venv if it is missing
	echo "Building the book"
	$(SPHINX) chapters _build/html
	echo "Read it: _build/html/index.html"

pdf: $(READY) $(TYPESET)  ## build the book as one PDF; needs TeX, and says which packages
	"$(BIN)/python" .ci/pdf.py tools
	echo "Building the book for paper"
	$(SPHINX:html=latex) -d _build/html/.doctrees chapters _build/latex
	"$(BIN)/python" .ci/pdf.py _build/latex _build/idxcalc.pdf
	echo "Read it: _build/idxcalc.pdf"

test: $(READY)  ## verify every derivation, run every chapter's cells; what must never be proved is not, slips are caught
	echo "Verifying every derivation"
	$(PYTEST) chapters tests/test_never_proved.py tests/test_mutants.py

check: lint types lines strict tests  ## all that must hold: lint, format, types, size, a build without warnings, tests

lint: $(READY)
	echo "Checking style and format"
	"$(BIN)/python" -m ruff check --quiet
	"$(BIN)/python" -m ruff format --quiet --diff

types: $(READY)
	echo "Checking types"
	"$(BIN)/python" -m mypy --no-error-summary

lines: $(READY)
	echo "Counting lines of code, room by room"
	"$(BIN)/python" .ci/lines.py

strict: $(READY) $(TYPESET)
	echo "Building the book anew, warnings are errors"
	$(SPHINX) -E -W --keep-going chapters _build/strict

tests: $(READY) $(TYPESET)
	echo "Running the tests of the package"
	$(PYTEST) tests -m "not slow"

slow: $(READY) $(TYPESET)  ## the tests that take longest: every chapter edited, the book made anew twice, long random runs
	echo "Running the slow tests"
	$(PYTEST) tests -m slow

soundness: $(READY)  ## random statements of known truth against the checker; N=1000 of them
	"$(BIN)/python" tests/soundness.py $(or $(N),1000)

mutants: $(READY)  ## one edit of every checked relation of the book: what is caught, what the hints mend
	"$(BIN)/python" tests/mutants.py

fuzz: $(READY)  ## any text through the reader and check; N=2000 of them
	"$(BIN)/python" tests/fuzz.py $(or $(N),2000)

bench: $(READY)  ## measure: derivatives beside peers, checks, pages, growth; ONLY="checking pages" for some
	"$(BIN)/python" benchmarks/run.py $(ONLY)

live: $(READY) $(TYPESET)  ## rebuild and reload the book in the browser while you write
	"$(BIN)/python" -m sphinx_autobuild -q -c . -b html --watch idxcalc --watch conf.py chapters _build/html

clean:  ## remove what was built; .venv stays
	rm -rf _build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

help:  ## list these targets
	awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

# The environment. A .venv that works is kept and brought up to date when pyproject.toml changes; a
# PYTHON that was asked for by name and differs from the one in .venv makes it anew.

VERSION  := import sys; print("%d.%d.%d" % sys.version_info[:3])
MODERN   := import sys; sys.exit(sys.version_info < (3, 11))
version   = $(shell { "$(1)" -c '$(VERSION)'; } 2>/dev/null)
PIP_RUNS := "$(BIN)/python" -m pip

WORKS    := "$(BIN)/python" -c '$(MODERN)' 2>/dev/null && $(PIP_RUNS) --version >/dev/null 2>&1

ifneq ($(origin PYTHON),file)
ifneq ($(call version,$(PYTHON)),$(call version,$(BIN)/python))
$(READY): FORCE
WORKS := false
endif
endif

define MAKE_VENV
if ! "$(PYTHON)" -c '$(MODERN)' 2>/dev/null; then \
    found=$$("$(PYTHON)" -c '$(VERSION)' 2>/dev/null) || found="not there"; \
    for try in python3.14 python3.13 python3.12 python3.11 ""; do \
        if [ -n "$$try" ] && "$$try" -c '$(MODERN)' 2>/dev/null; then break; fi; \
    done; \
    echo "idxcalc needs Python 3.11 or newer; $(PYTHON) is $$found. Try: make PYTHON=$${try:-python3.12}" >&2; \
    exit 1; \
fi; \
if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
    echo "$(PYTHON) cannot make a virtual environment: it has no ensurepip." \
        "On Debian and Ubuntu: apt install python3-venv" >&2; \
    exit 1; \
fi; \
echo "Making $(VENV) with $$("$(PYTHON)" --version)"; \
"$(PYTHON)" -m venv --clear "$(VENV)"
endef

$(READY): pyproject.toml
	if ! { $(WORKS); }; then $(MAKE_VENV); fi
	echo "Installing what idxcalc needs (a minute or two)"
	$(PIP_RUNS) install -qq "pip==$(PIP)"
	$(PIP_RUNS) install -qq --group dev
	$(PIP_RUNS) install -qq --no-deps --no-build-isolation --editable .
	touch "$@"

# KaTeX typesets the formulas while the book is built, axe-core looks for what shuts readers out; Node and npm
# come from the environment's own wheel.
$(TYPESET): | $(READY)
	echo "Installing KaTeX $(KATEX) and axe-core $(AXE)"
	"$(BIN)/npm" install --loglevel=error --no-audit --no-fund --save-exact --prefix _build/katex \
	    katex@$(KATEX) axe-core@$(AXE) >/dev/null
	touch "$@"
