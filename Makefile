# Two commands are all that a newcomer needs: make demo, make test.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO_LDFLAGS := -s -w -X main.version=$(VERSION)
export CGO_ENABLED := 0
export GOFLAGS := -trimpath

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

test/browser/node_modules/.package-lock.json: test/browser/package.json test/browser/package-lock.json
	cd test/browser && npm ci --no-audit --no-fund
	@touch $@

test/fhirpath/node_modules/.package-lock.json: test/fhirpath/package.json test/fhirpath/package-lock.json
	cd test/fhirpath && npm ci --no-audit --no-fund
	@touch $@

.PHONY: web
web: web/node_modules/.package-lock.json ## build the pages into web/dist
	cd web && npm run build

.PHONY: build
build: web ## build bin/zugou with its pages
	go build -ldflags '$(GO_LDFLAGS)' -o bin/zugou ./cmd/zugou

.PHONY: demo
demo: build ## start the demonstration on http://127.0.0.1:8080; Ctrl-C ends it, the data stays
	@exec bin/zugou demo --data demo-data --http 127.0.0.1:8080 --watch 127.0.0.1:5093

.PHONY: demo-reset
demo-reset: ## forget the demonstration's data
	rm -rf demo-data

.PHONY: needs
needs: ## install or name what the tests need
	@scripts/needs.sh

.PHONY: vet
vet:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not formatted: $$unformatted"; exit 1; }
	go vet ./...

.PHONY: test-go
test-go: test/fhirpath/node_modules/.package-lock.json ## Go tests on both engines, stories, a short crash test
	go test -timeout 25m $$(go list ./... | grep -v '^zugou/test/')
	go test -timeout 25m -count=1 ./test/... # they build the program themselves: no result of an older one

.PHONY: test-web
test-web: web ## types, style, unit tests and size of the pages
	cd web && npm run typecheck && npm run test && npm run size

.PHONY: test-browser
test-browser: build test/browser/node_modules/.package-lock.json ## the real binary in a real browser
	cd test/browser && node --test --test-concurrency=2

.PHONY: test
test: needs vet test-go test-web test-browser ## everything

.PHONY: soak
soak: ## the long tests: 200 kills, a pile of 8,150 drawings, 300 photos
	ZUGOU_CRASH_KILLS=200 ZUGOU_DRAWINGS=8150 go test ./test/crash -run . -count=1 -timeout 240m -v
	go test ./internal/loop/drawing/paper -run Synthetic -photos 300 -count=1 -timeout 120m -v

FUZZTIME ?= 10000000x
PHOTOTIME ?= 2h
FUZZ := internal/loop/gateway/watch:FuzzFramer internal/loop/gateway/watch:FuzzDecode internal/loop/gateway/jt808:FuzzFramer \
	internal/loop/gateway/jt808:FuzzDecode internal/loop/gateway/gt06:FuzzFramer internal/loop/gateway/gt06:FuzzDecode internal/loop/gateway/contract:FuzzRead internal/loop/gateway/decode:FuzzLine
.PHONY: fuzz
fuzz: ## long fuzzing of all that reads bytes: from devices (FUZZTIME=…); of photos for PHOTOTIME
	@for f in $(FUZZ); do echo "== $$f"; go test ./$${f%%:*} -run '^$$' -fuzz "^$${f##*:}$$" -fuzztime $(FUZZTIME) || exit 1; done
	go test ./internal/loop/drawing/paper -run '^$$' -fuzz '^FuzzRead$$' -fuzztime $(PHOTOTIME)

.PHONY: bench
bench: ## figures with a limit or a peer in the same run
	go test ./test/bench -run '^$$' -bench . -benchtime 1x -count 1 -timeout 90m
	go test ./internal/loop/risk/level -run '^$$' -bench WhatIf -benchtime 1x -count 1 -timeout 30m

.PHONY: release
release: web ## static binaries for amd64, arm64 and loong64 in dist/
	scripts/release.sh $(VERSION)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist
	cd web && npm run clean
