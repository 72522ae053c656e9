# The commands of this repository; `make help` lists them. Go, git and make are all they need to start.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run build test test-quick lint assets bench fuzz soak

FUZZTIME ?= 30s

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: ## Start Turnout with demo data and print its addresses
	go run ./cmd/turnout serve --demo

build: ## Build the program, ./turnout, as small as it gets (nomsgpack: without a codec of Gin's that nothing here speaks)
	CGO_ENABLED=0 go build -trimpath -tags nomsgpack -ldflags '-s -w' -o turnout ./cmd/turnout

test: ## Everything: lint, assets, tests with the race detector on SQLite and PostgreSQL, browser tests
	@.ci/test

test-quick: ## The tests on SQLite alone, without race detector and browser
	go test ./...

lint: ## gofmt, go vet and the linter, which is built from lint.mod (three minutes the first time)
	go tool -modfile=lint.mod golangci-lint run ./...

assets: ## Build the scripts and styles again from their sources (the result is committed)
	go generate ./templates/...

bench: ## Measure the goals of the README's table on SQLite and, where there is one, PostgreSQL
	@.ci/with-postgres --durable go run ./cmd/turnout bench

fuzz: ## Run each fuzz target for FUZZTIME (30s)
	@.ci/fuzz $(FUZZTIME)

soak: ## Fault and misuse tests at their full counts, for hours
	@TURNOUT_TEST_SOAK=1 .ci/with-postgres go test -count=1 -timeout 12h ./...
