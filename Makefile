# Every target only forwards to cargo, Trunk or the trainer, after `.ci/setup.sh` has installed what is missing.
# Tools, virtual environments and build products live in $(TWILL_CACHE), outside the checkout.

TWILL_CACHE ?= $(HOME)/.cache/twill
CARGO_TARGET_DIR ?= $(TWILL_CACHE)/target
CARGO_HOME ?= $(HOME)/.cargo
PATH := $(TWILL_CACHE)/tools/bin:$(CARGO_HOME)/bin:$(PATH)
export TWILL_CACHE CARGO_TARGET_DIR PATH

# Where `make serve` listens; ADDRESS=0.0.0.0 lets a phone in the same network in.
ADDRESS ?= 127.0.0.1
PORT ?= 8080
# The profile of the page itself; its programs that compute are always built for speed. `make serve PROFILE=dev` rebuilds faster.
PROFILE ?= page
# What `make serve` shows: the drawn garments in public/, or `clothing`, a public data set of real photos (CC0) that is
# fetched from GitHub and indexed once, into $(TWILL_CACHE).
CATALOGUE ?=
# Features of the trainer for `make bench`, e.g. FEATURES=wgpu. Without any it computes on the CPU, and is built as for
# the tests, so that nothing is compiled twice.
FEATURES ?=

TRUNK := NO_COLOR=true trunk
# Drawing and indexing use the CPU whatever there is, so the GPU backend need not be compiled for them.
TRAINER := cargo run --release -p trainer --no-default-features $(if $(FEATURES),--features $(FEATURES)) --

.DEFAULT_GOAL := help
.PHONY: help setup serve test dist reproducible sbom fuzz bench catalogue catalogue-clothing fmt lint

help: ## Say what there is to run
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## Install every tool that building and testing need
	@bash .ci/setup.sh test

serve: $(addprefix catalogue-,$(CATALOGUE)) ## Build the page and serve it on http://127.0.0.1:8080 (PORT=, ADDRESS=, PROFILE=, CATALOGUE=clothing)
	@bash .ci/setup.sh serve
	$(if $(CATALOGUE),TWILL_CATALOGUE=$(TWILL_CACHE)/catalogue-$(CATALOGUE)) $(TRUNK) serve --cargo-profile $(PROFILE) --address $(ADDRESS) --port $(PORT)

dist: ## Build the optimised static site into dist/, ready for any static host
	@bash .ci/setup.sh serve
	$(TRUNK) build --release --cargo-profile $(PROFILE)

reproducible: ## Build the site twice, in two folders and from two caches, and compare every byte
	@bash .ci/reproducible.sh

sbom: ## Write what the site is made of, crate by crate, to dist/sbom.cdx.json (CycloneDX)
	@bash .ci/sbom.sh

test: ## Everything: format, lints, unit, doc, wasm and browser tests (STEPS="format unit" runs some)
	@bash .ci/test.sh $(STEPS)

fuzz: ## Fuzz every reader, led by coverage, with a nightly compiler (MINUTES=20, TARGETS="photo items")
	@MINUTES=$(or $(MINUTES),20) bash .ci/fuzz.sh $(TARGETS)

bench: ## The benchmarks, peers included where they are installed, as tables
	@bash .ci/setup.sh rust cc_linker
	@bash .ci/bench.sh $(TRAINER)

catalogue: ## Draw the shipped catalogue again and embed it; the same bytes as in the repository
	@bash .ci/setup.sh rust cc_linker
	$(TRAINER) dataset synth --out $(TWILL_CACHE)/catalogue-drawings --count 3000 --seed 7 --categories all --setting studio
	$(TRAINER) index --images $(TWILL_CACHE)/catalogue-drawings --metadata $(TWILL_CACHE)/catalogue-drawings/labels.csv \
		--weights public/model --out public/catalogue --name "Drawn garments" --licence "MIT OR Apache-2.0"

# Fetches and embeds only what is not there yet.
catalogue-clothing:
	@bash .ci/setup.sh rust cc_linker
	@$(TRAINER) dataset download clothing --out $(TWILL_CACHE)/clothing \
		|| { echo "The clothing data set is not whole, so it cannot be shown; 'make serve' alone shows the drawn catalogue." >&2; exit 1; }
	$(TRAINER) index --metadata $(TWILL_CACHE)/clothing/labels.csv --weights public/model \
		--out $(TWILL_CACHE)/catalogue-clothing --name "Clothing data set" --licence CC0-1.0 \
		$(if $(wildcard $(TWILL_CACHE)/catalogue-clothing/catalogue.json),--update)

fmt: ## Format the sources
	cargo fmt --all

lint: ## Clippy, natively and for wasm
	@bash .ci/test.sh lint_native lint_wasm
