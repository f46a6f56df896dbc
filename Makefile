# Everything is set up by the targets themselves: they need Python 3.11 to 3.13, or uv.
.DEFAULT_GOAL := help
SHELL := /bin/bash
# Tests start hundreds of processes: each would compile what it imports, where nothing is kept compiled.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
TORCHVISION := build/torchvision
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
# PyTorch comes without CUDA, which would be gigabytes; a folder of wheels that pip was told of goes first.
PIP_FIND_LINKS ?= $(shell python3 -m pip config get global.find-links 2>/dev/null)
TORCH_FROM = $(if $(PIP_FIND_LINKS),--find-links "$(PIP_FIND_LINKS)",--torch-backend cpu)
TORCH_LOCK = $(UV) export --quiet --frozen --no-header --no-hashes --no-default-groups --extra train \
  --no-emit-project
OUT ?= out/demo
WORKERS ?= auto
VARS ?= infra/terraform.tfvars
# What runs the jobs, as Terraform's variables say.
ENGINE ?= $(or $(shell sed -n 's/^ingest_engine *= *"\([a-z_]*\)".*/\1/p' "$(VARS)" 2>/dev/null),dataflow)
TERRAFORM = terraform -chdir=infra
# For a target's first line: a program, or a file, that must be there, and how to get it.
need = @command -v $(1) >/dev/null || { echo "make $(MAKECMDGOALS): $(1) is not installed; see $(2)" >&2; exit 2; }
need_file = @test -f "$(1)" || { echo "make $(MAKECMDGOALS): there is no $(1); $(2)" >&2; exit 2; }

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Render a drive, extract and label it, draw both; VIDEO=path takes your own
	@$(BIN)/vidset demo $(if $(VIDEO),"$(VIDEO)") --output "$(OUT)"

demo-numerals: $(VENV)/.all ## Once around the data-centric loop, on drawn numerals
	@$(BIN)/vidset demo --numerals --output out/numerals

demo-loop: $(VENV)/.all ## Select, label, train, predict and select again, on drawn drives
	@$(BIN)/vidset demo --loop --output out/loop

demo-chain: $(VENV)/.all ## From uploads to two versions through emulators, Label Studio and the jobs; VIDEO=path adds yours
	@rm -rf out/chain
	@$(BIN)/python -m tests.end_to_end.chain --output out/chain $(if $(VIDEO),--video "$(VIDEO)")

test: $(VENV)/.all ## All tests; those whose tool is missing say so and are skipped
	@$(BIN)/python -m compileall -qq -j 0 vidset tests # Else each worker does, all at the same time.
	@$(BIN)/python -m tests.programs.rewritten
	@$(BIN)/python -m tests.emulators.prepare
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-fast: $(VENV)/.all ## Without the slow tests and without servers
	$(BIN)/pytest -n $(WORKERS) -m "not slow and not emulator and not chaos" $(ARGS)

# Another PyTorch than that of uv.lock: docs/training.md says why. It is no part of .ci/run.
# PASSIVE: PyTorch's threads sleep while they wait; the tests import it before vidset can say so.
test-torchvision: $(TORCHVISION)/.done ## Mask R-CNN's tests, in an environment of its own (5.5 GB)
	OMP_WAIT_POLICY=PASSIVE $(TORCHVISION)/bin/python -m pytest --durations=0 $(or $(ARGS),tests/torchvision)

chaos: $(VENV)/.all ## Kill runs, mutate videos and break stores for an hour or so
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --hypothesis-profile many -m "chaos or hypothesis" $(ARGS)

attack: $(VENV)/.all ## Hostile inputs: each must fail with a message, in bounded memory and time
	@rm -rf build/attacks && mkdir -p build/attacks
	VIDSET_ATTACK_COSTS=$(CURDIR)/build/attacks $(BIN)/pytest -n $(WORKERS) --dist worksteal -m "attack or every_attack" $(ARGS)
	@$(BIN)/python -m tests.attacks.costs build/attacks

check: $(VENV)/.all ## Style, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml vidset dataflow functions docker infra deploy
	$(BIN)/lint-imports
	$(UV) lock --check
	@$(BIN)/python docker/locks.py check $(UV)
	@$(BIN)/python docker/advisories.py check

advisories: $(VENV)/.all ## Take what a checkout of PyPI's advisory database knows: DATABASE=folder
	@$(BIN)/python docker/advisories.py renew $(DATABASE)

infra-check: $(VENV)/.all ## Check the Terraform code, without cloud and network
	$(BIN)/python infra/check/check.py fmt
	$(BIN)/python infra/check/check.py validate
	$(BIN)/python infra/check/check.py test
	$(BIN)/python infra/check/check.py rules
	$(BIN)/pytest -n $(WORKERS) tests/infra tests/docker $(ARGS)

functions: ## Zip the labeling functions: build/labeling_task.zip
	@python3 docker/functions_archive.py build/labeling_task.zip

bases: ## Pin what the worker image is made of: docker/beam/bases.env
	@docker/beam/pin.sh

image: ## Build and push the jobs' image; IMAGE_REPOSITORY=... if not Terraform's
	@docker/build.sh "$(ENGINE)"

template: ## Write the jobs' Flex Templates to the releases bucket
	@docker/beam/template.sh

plan: infra-ready ## What apply would change; VARS=file.tfvars, STATE=bucket of the remote state
	$(TERRAFORM) plan -input=false -var-file="$(abspath $(VARS))" $(ARGS)

apply: infra-ready ## Make the cloud side as the code says; asks first, but for ARGS=-auto-approve
	$(TERRAFORM) apply -var-file="$(abspath $(VARS))" $(ARGS)

destroy: infra-ready ## Take the cloud side down, a running export first; docs/deploy.md has the order
	@infra/destroy.sh -var-file="$(abspath $(VARS))" $(ARGS)

deploy: ## Functions, image, templates for Dataflow, then apply; after a first apply
	$(call need,docker,https://docs.docker.com/engine/install)
	$(call need,gcloud,https://cloud.google.com/sdk/docs/install)
	$(call need,terraform,https://developer.hashicorp.com/terraform/install)
	$(call need_file,docker/beam/bases.env,write it with: make bases)
	$(call need_file,$(VARS),docs/deploy.md shows one; or VARS=another)
	@$(MAKE) --no-print-directory functions
	@$(MAKE) --no-print-directory image
	@$(if $(filter dataflow,$(ENGINE)),$(MAKE) --no-print-directory template)
	@$(MAKE) --no-print-directory apply

# Where the state is comes with the first run, and stays in a file of this checkout.
infra-ready:
	$(call need,terraform,https://developer.hashicorp.com/terraform/install)
	$(call need_file,$(VARS),docs/deploy.md shows one; or VARS=another)
	@$(if $(STATE),test ! -s infra/terraform.tfstate || { echo "make $(MAKECMDGOALS): infra/terraform.tfstate would stay behind; move it first (infra/README.md)" >&2; exit 2; })
	@$(if $(STATE),echo 'terraform { backend "gcs" {} }' > infra/backend_override.tf)
	@$(TERRAFORM) init -input=false \
	  $(if $(STATE),-reconfigure -backend-config="bucket=$(STATE)" -backend-config="prefix=vidset") \
	  >/dev/null

fmt: $(VENV)/.all ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.all ## Build the documentation site into build/site, without a network
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "build/site/index.html"

screenshots: $(VENV)/.all ## Draw the pictures of README and docs anew; needs Chromium
	$(BIN)/python docs/screenshots.py

bench: $(VENV)/.all ## The figures of docs/benchmarks.md; VIDEOS=folder takes your own videos
	$(BIN)/python -m benchmarks $(if $(VIDEOS),"$(VIDEOS)")

lock: $(UV) ## Lock the dependencies anew
	$(UV) lock
	@$(UV) run --quiet --no-project --python '>=3.11' docker/locks.py write $(UV)

clean: ## Remove what the targets made
	rm -rf $(VENV) .uv out build dist .pytest_cache .ruff_cache .hypothesis

# --inexact: the demo takes nothing away that the tests need.
$(VENV)/.demo: uv.lock pyproject.toml | $(UV)
	@echo "Setting up $(VENV) (once) ..."
	@$(UV) sync --quiet --compile-bytecode --locked --inexact --no-default-groups --extra extract --extra label --extra view
	@touch $@

$(VENV)/.all: uv.lock pyproject.toml | $(UV)
	@echo "Setting up $(VENV) with everything (once) ..."
	@$(UV) sync --quiet --compile-bytecode --locked --inexact --all-extras --no-extra train --no-extra all --group dev
	@$(TORCH_LOCK) > $(VENV)/torch.txt
	@$(UV) pip install --quiet --compile-bytecode --python $(VENV) --constraint $(VENV)/torch.txt $(TORCH_FROM) torch
	@touch $@ $(VENV)/.demo

$(TORCHVISION)/.done: tests/torchvision/requirements.txt | $(UV)
	@echo "Setting up $(TORCHVISION) (once) ..."
	@$(UV) venv --quiet --clear --python 3.11 $(TORCHVISION)
	@$(UV) pip install --quiet --no-config --require-hashes --python $(TORCHVISION) \
	  --requirement tests/torchvision/requirements.txt
	@$(UV) pip install --quiet --no-config --no-deps --python $(TORCHVISION) --editable .
	@touch $@

.uv/bin/uv:
	@for python in python3 python3.13 python3.12 python3.11; do \
	  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	    2>/dev/null && break; python=; done; \
	if [ -z "$$python" ]; then \
	  echo "vidset needs Python 3.11 to 3.13 on the PATH, or uv (https://docs.astral.sh/uv)." >&2; \
	  exit 1; fi; \
	"$$python" -m venv .uv || { \
	  echo "Python's venv module is missing: on Debian and Ubuntu, apt-get install python3-venv." >&2; \
	  rm -rf .uv; exit 1; }; \
	.uv/bin/pip install --quiet --require-hashes --requirement docker/uv-requirements.txt

.PHONY: help advisories screenshots demo demo-chain demo-numerals demo-loop test test-fast test-torchvision chaos attack check infra-check functions bases image template plan apply destroy deploy \
  infra-ready fmt docs bench lock clean
