# Flowkeeper's everyday commands. Nothing here needs more than Go, make, bash and git; what the tests need beyond that is installed by
# .ci/tools where that is possible, and named where it is not.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BENCH ?= .
FUZZTIME ?= 30s

# The linter's one place: CI and people run the same version, built from source by Go itself.
GOLANGCI_VERSION := v2.15.0
GOLANGCI := .tools/golangci-lint-$(GOLANGCI_VERSION)

# The folders with our Go code. gofmt would also walk through .tools and module caches.
CODE := bot cmd config deploy rules

# The race detector, everywhere but in SQLite, which is C made into Go: watching its memory would take ten times as long and finds nothing of ours.
# The rules are not watched either, in programs that ask them thousands of times.
RACE := -race $(foreach lib,modernc.org/sqlite/lib modernc.org/libc/... modernc.org/memory flowkeeper/rules/...,-gcflags=$(lib)=-race=false)

# Packages that do one thing after the other, to which TestImportDirections holds them. With the detector their tests take ten times as long, so they run
# without; what of them may run at the same time is watched in a short run of its own.
SEQUENTIAL := ^flowkeeper/(rules|config|bot/command|bot/note|bot/report/document)(/|$$)

# A program with the detector sleeps for a second before it ends, each of the sixty.
RACE_ENV := GORACE=atexit_sleep_ms=0

.PHONY: help
help: ## list the targets
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: ## play a story with a GitLab in memory and show its page; ONCE=1 ends after the story; CONFIG=… tells the story of your own configuration
	@$(GO) run ./cmd/flowkeeper demo $(if $(filter-out 0,$(ONCE)),--once) $(if $(CONFIG),--config '$(CONFIG)')

.PHONY: run
run: build ## serve, configured by FLOWKEEPER_… variables and flowkeeper.yaml; for containers see deploy/
	./flowkeeper serve

.PHONY: build
build: ## build the static binary ./flowkeeper; VERSION=… instead of what git says
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o flowkeeper ./cmd/flowkeeper

.PHONY: test
test: ## run all tests, with the race detector where things run at the same time; installs redis-server and chromium if they are missing
	@.ci/tools test
	$(RACE_ENV) $(GO) test $(RACE) -shuffle=on $$($(GO) list ./... | grep -vE '$(SEQUENTIAL)')
	$(GO) test -shuffle=on $$($(GO) list ./... | grep -E '$(SEQUENTIAL)')
	$(RACE_ENV) $(GO) test -race -short ./rules/engine ./rules/conflict ./rules/policy ./rules/triage ./bot/command

.PHONY: test-short
test-short: ## run the tests that need no services
	$(GO) test -short ./...

.PHONY: faults
faults: ## play thousands of issues on both stores while processes are killed and connections break, some minutes; SEED=… repeats a run
	@.ci/tools redis
	$(GO) test -count=1 -timeout 30m -v -run '^TestTrouble' ./bot/faults -faults.long -faults.seed=$(or $(SEED),0)

.PHONY: bench
bench: ## run the benchmarks, some minutes; BENCH=regex picks some
	@.ci/tools redis
	@# The stores are measured on the disk of the work tree, because /tmp may be in memory; ./bot comes last, because it ends with a table.
	@mkdir -p .cache/bench
	TMPDIR=$(CURDIR)/.cache/bench $(GO) test -run '^$$' -bench '$(BENCH)' $$(grep -rl --include='*_test.go' '^func Benchmark' $(CODE) | xargs -n1 dirname | sort -ru | sed 's|^|./|')

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME=30s; what it finds is kept under testdata/fuzz
	@# Go makes every new input smaller, for a minute each unless it is told how often to try.
	@grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' $(CODE) | while IFS=: read -r file target; do \
		echo "== $$(dirname "$$file") $${target#func }"; \
		$(GO) test -run '^$$' -fuzz "^$${target#func }\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x "./$$(dirname "$$file")" </dev/null; \
	done

# The tests read files outside of their module, which Go does not see change: hence -count=1.
.PHONY: manifests
manifests: ## hold the manifests, the chart and the compose file of deploy/ to what reads them
	cd deploy/check && $(GO) vet ./... && $(GO) mod tidy -diff && $(GO) test -count=1 ./...

.PHONY: lint
lint: $(GOLANGCI) ## check format, go vet, go.mod, generated files and golangci-lint
	@unformatted=$$(gofmt -l $(CODE)); if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) mod tidy -diff
	@# The test compares what would be generated with the committed file, without touching the work tree.
	$(GO) test -run '^TestReference' ./config ./rules
	$(GOLANGCI) run

.PHONY: fmt
fmt: ## format the code
	gofmt -w $(CODE)

.PHONY: generate
generate: ## rewrite config/reference.yaml, config/schema.json, rules/README.md and rules/COMMANDS.md; scenarios by hand: go test ./rules -run Scenario -update
	$(GO) test -run '^TestReference' ./config ./rules -update

.PHONY: clean
clean: ## remove what make has built
	rm -rf flowkeeper .tools

# Go installs under the command's own name; the version in the file's name makes a change of version build it anew.
$(GOLANGCI):
	@mkdir -p .tools
	GOBIN=$(CURDIR)/.tools/new $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv .tools/new/golangci-lint $@ && rmdir .tools/new
