# make help lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

# Packages whose tests hold golden files, which -update writes anew.
GOLDENS = $(sort $(dir $(shell grep -rlE --include=*_test.go 'flag.Bool."update"|"sidenote/internal/golden"' . | grep -v '^./tools/')))

# The patched Go that go.mod names; the one that is here where that cannot be had.
export GOTOOLCHAIN := $(shell if go version >/dev/null 2>&1; then go env GOTOOLCHAIN; else echo local; fi)

LINTER := bin/golangci-lint
IMAGE ?= sidenote

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  \1	\2/' | expand -t 12

.PHONY: build
build: ## build bin/sidenote
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/sidenote ./cmd/sidenote

.PHONY: dist
dist: ## make the files of a release in dist/, in some minutes; VERSION=v1.2.3 names it
	go run -C tools/dist . -source ../.. -out "$(CURDIR)/dist" $(if $(VERSION),-version $(VERSION))

.PHONY: demo
demo: ## show in ten seconds what sidenote does
	go run ./cmd/sidenote demo

.PHONY: test
test: prepare check ## run every test but the soaks; SIDENOTE_TEST_NO_SKIP=1 lets none be skipped
	@race=-race; if ! command -v "$$(go env CC)" >/dev/null; then \
		race=; echo 'test: no C compiler is here, so the race detector is left out'; \
		if [[ "$${SIDENOTE_TEST_NO_SKIP:-}" == 1 ]]; then exit 1; fi; fi; \
	go run ./internal/project/tally -count=1 -run Alloc ./annotate/rules; \
	CGO_ENABLED=$${race:+1} go run ./internal/project/tally -count=1 $$race -parallel 4 -skip '^TestSoak' -timeout 18m ./...

.PHONY: soak
soak: prepare ## the tests that load the proxy for longer: 1 GiB, ten thousand exchanges, 20,000 rows on the page
	go run ./internal/project/tally -count=1 -run '^TestSoak' -timeout 10m ./e2e

.PHONY: prepare
prepare: # install what the tests want to find, where that is possible
	@internal/project/prepare

.PHONY: check
check: ## gofmt, go vet, and versions of modules with known faults
	@unformatted=$$(gofmt -l $$(find . -name node_modules -prune -o -name '*.go' -print)); if [[ -n "$$unformatted" ]]; then \
		echo 'check: gofmt -w these files:' $$unformatted; exit 1; fi
	go vet ./...
	go test -count=1 -run Faults ./internal/project

.PHONY: update
update: ## write golden files and made documents anew
	go test -count=1 $(GOLDENS) -update

.PHONY: pictures
pictures: ## take the pictures of the dashboards anew, in four minutes
	go test ./e2e -run TestDashboards -count=1 -args -pictures 3m

.PHONY: captures
captures: ## take the captures of the real servers and clients that are installed, in five minutes
	cd e2e/captures/programs && npm install --ignore-scripts --silent
	go run ./e2e/captures
	node e2e/captures/programs/chromium-har.mjs cmd/sidenote/testdata/captures/39-chromium-playwright.har
	go test -count=1 ./annotate/rules -run TestRealTraffic -update
	go test -count=1 ./cmd/sidenote -run TestCaptures -update

.PHONY: clickhouse
clickhouse: ## try the tables for ClickHouse on ClickHouse, half a gigabyte from npm
	cd e2e/clickhouse && npm install --ignore-scripts --silent
	go test -count=1 -tags clickhouse -run TestClickHouse ./e2e

.PHONY: bench
bench: ## CPU time per request beside a bare goproxy, and benchmarks of the parts
	go run ./e2e/bench
	go test -run '^$$' -bench . -benchmem ./annotate/... ./exchange ./sink ./metrics ./proxy

.PHONY: fuzz
fuzz: ## run each fuzz test for ten seconds; one slower than 300 executions per second fails
	go run ./internal/project/fuzz

.PHONY: lint
lint: $(LINTER) ## golangci-lint; building it the first time takes minutes
	$(LINTER) run ./...

$(LINTER): tools/go.mod tools/go.sum
	cd tools && go build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: image
image: ## build the container image with docker, podman or buildah; VERSION=v1.2.3 labels it
	@labels=(--build-arg "VERSION=$(or $(VERSION),devel)"); \
	if commit=$$(git log -1 --format='%H %cI' 2>/dev/null); then \
		labels+=(--build-arg "REVISION=$${commit% *}" --build-arg "CREATED=$${commit#* }"); fi; \
	if docker info >/dev/null 2>&1; then exec docker build "$${labels[@]}" -t $(IMAGE) .; fi; \
	for tool in podman buildah; do \
		if command -v $$tool >/dev/null; then exec $$tool build --format docker "$${labels[@]}" -t $(IMAGE) .; fi; done; \
	echo 'image: no docker runs here, and there is neither podman nor buildah' >&2; exit 1

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist
