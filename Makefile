# The targets for people are those with a ## comment; "make help" lists them.

# The registry and path that images are pushed to, and from which "make deploy" takes them.
PUSH ?=
# KEEP=1 leaves the cluster of "make test" and "make e2e" up for a look.
KEEP ?=
# Nodes of a cluster that is started; one, or as many as it has.
NODES ?=
# What a test of one package may take.
TIMEOUT ?= 10m

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up down images deploy build generate lint unit apiserver e2e test bench go tool prepare

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z0-9%-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: prepare ## Start Kubernetes, the operator and a Kafka cluster here, and see it keep 10,000 records
	bin/dev up $(if $(NODES),--nodes $(NODES))
	bin/dev deploy
	bin/dev quickstart

down: tool ## End the Kubernetes of this checkout and delete all its data
	bin/dev down

images: prepare ## Build the container images; PUSH=registry/path pushes them
	bin/dev images $(if $(PUSH),--push $(PUSH))

deploy: tool ## Install the operator to your kubeconfig's cluster; PUSH=registry/path has the images
	bin/dev deploy --current $(if $(PUSH),--images $(PUSH))

build: tool ## Compile everything
	go build -trimpath -o bin/ ./cmd/...
	go build ./...
	cd dev && go build ./...

generate: go ## Write what follows from api/ and install/: code, definitions, docs/spec, the chart's copies
	go generate ./api/... ./install

lint: go bin/golangci-lint ## Check the code's form and the directions of its imports
	bin/golangci-lint run ./...
	cd dev && ../bin/golangci-lint run --config ../.golangci.yml ./...
	cd test/install && ../../bin/golangci-lint run --config ../../.golangci.yml ./...

unit: go ## Run the tests that need nothing but Go
	go test -timeout $(TIMEOUT) ./...
	cd dev && go test -timeout $(TIMEOUT) ./...
	cd test/install && go test -timeout $(TIMEOUT) ./...

apiserver: tool ## Run the tests that need a Kubernetes API server
	KUBEBUILDER_ASSETS=$$(bin/dev assets) go test -timeout $(TIMEOUT) -tags apiserver ./...

e2e: prepare ## Run the tests on real Kubernetes and real Kafka; KEEP=1 leaves the cluster up
	@was=down; if bin/dev status >/dev/null 2>&1; then was=up; fi; \
	trap 'if [ $$was = down ] && [ -z "$(KEEP)" ]; then "$(CURDIR)/bin/dev" down; fi' EXIT; \
	trap 'exit 130' INT TERM; \
	set -ex; \
	if [ $$was = down ]; then bin/dev up $(if $(NODES),--nodes $(NODES)); fi; \
	bin/dev deploy; \
	go test -c -tags e2e -o bin/e2e.test ./test/e2e; \
	cd test/e2e && ../../bin/dev shell -- ../../bin/e2e.test -test.v -test.timeout 40m

test: lint unit apiserver e2e ## Run everything: lint, unit, API server, end to end

bench: bench-all ## Measure against the same brokers without an operator; RUNS=n, 3 if not said

bench-%: prepare ## One part of it: bench-start, -restart, -many, -install, -topics, -manytopics, -users, -manyusers, or -pki (half an hour)
	@was=down; if bin/dev status >/dev/null 2>&1; then was=up; fi; \
	trap 'if [ $$was = down ] && [ -z "$(KEEP)" ]; then "$(CURDIR)/bin/dev" down; fi' EXIT; \
	trap 'exit 130' INT TERM; \
	set -ex; \
	if [ $$was = down ]; then bin/dev up $(if $(NODES),--nodes $(NODES)); fi; \
	bin/dev deploy; \
	go build -trimpath -o bin/ ./cmd/... ./test/bench; \
	KUBEBUILDER_ASSETS=$$(bin/dev assets) bin/dev shell -- bin/bench $(filter-out all,$*) --runs $(or $(RUNS),3)

# Below: not for people.

go:
	@command -v go >/dev/null || { echo "Go is missing: install Go 1.26 or newer, see https://go.dev/doc/install" >&2; exit 1; }

tool: go
	@cd dev && go build -o ../bin/dev ./cmd/dev

prepare: tool
	@bin/dev prepare

bin/golangci-lint: dev/tools/go.mod
	cd dev/tools && go build -o ../../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@
