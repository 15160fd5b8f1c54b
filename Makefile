.DEFAULT_GOAL := help

# Pinned: a new version may find new faults, and CI should not fail by itself.
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

POSTGRES := command -v postgres || ls /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres \
	/opt/homebrew/opt/postgresql@*/bin/postgres /usr/local/opt/postgresql@*/bin/postgres /usr/local/pgsql/bin/postgres \
	/Applications/Postgres.app/Contents/Versions/*/bin/postgres 2>/dev/null | grep .
CHROMIUM := command -v chromium || command -v chromium-browser || command -v google-chrome
VARNISH := { command -v varnishd || ls /usr/sbin/varnishd; } && ls /usr/lib/*/varnish/vmods/libvmod_xkey.so /usr/lib*/varnish/vmods/libvmod_xkey.so 2>/dev/null | grep .
NODE := command -v node && command -v npm

.PHONY: help
help: ## List what make can do.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '%-12s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: ## Serve the demo newsroom. Installs Postgres if it is missing.
	@{ $(POSTGRES); } >/dev/null 2>&1 || .ci/install postgresql || echo "Broadsheet will try to download Postgres by itself." >&2
	go run ./cmd/broadsheet demo

.PHONY: test
test: ## Run all tests. Installs Postgres, Chromium and Varnish if they are missing.
	@{ $(POSTGRES); } >/dev/null 2>&1 || .ci/install postgresql
	@{ $(CHROMIUM); } >/dev/null 2>&1 || .ci/install chromium fonts-liberation
	@{ $(VARNISH); } >/dev/null 2>&1 || .ci/install varnish varnish-modules
	@command -v xz >/dev/null 2>&1 || .ci/install xz-utils
	@command -v xmllint >/dev/null 2>&1 || .ci/install libxml2-utils
	go test ./...

.PHONY: build
build: ## Build the program as ./broadsheet.
	CGO_ENABLED=0 go build -trimpath -ldflags=-s -o broadsheet ./cmd/broadsheet

.PHONY: generate
generate: ## Write the generated code again.
	go generate ./...

.PHONY: playground
playground: ## Build the playground's assets again, from internal/web/playground. Needs Node.
	@{ $(NODE); } >/dev/null 2>&1 || .ci/install nodejs npm
	cd internal/web/playground && npm ci --no-progress && npm run --silent build

.PHONY: audit
audit: ## Run the public GraphQL-over-HTTP audit against the server. Needs Node.
	@{ $(NODE); } >/dev/null 2>&1 || .ci/install nodejs npm
	cd graph/audit && npm ci --no-progress
	BROADSHEET_REQUIRE_AUDIT=1 go test -count=1 -run '^TestAudit$$' -v ./graph

.PHONY: axe
axe: ## Look for barriers in the embeds with axe-core. Needs Node, and Chromium.
	@{ $(NODE); } >/dev/null 2>&1 || .ci/install nodejs npm
	@{ $(CHROMIUM); } >/dev/null 2>&1 || .ci/install chromium fonts-liberation
	cd internal/widget/axe && npm ci --no-progress
	BROADSHEET_REQUIRE_AXE=1 go test -count=1 -run 'NoBarriers$$' -v ./internal/widget

.PHONY: lint
lint: ## Check the code with go vet and golangci-lint.
	go vet ./...
	go run $(GOLANGCI_LINT) run

.PHONY: bench
bench: ## Measure Broadsheet under load against its limits; BENCH passes flags, such as "-articles 1000000".
	@{ $(POSTGRES); } >/dev/null 2>&1 || .ci/install postgresql
	go run ./internal/bench $(BENCH)

# By number and not by time: Go's fuzzer fails with what it is trying when the time is over.
.PHONY: fuzz
fuzz: ## Fuzz every parser of outside input with FUZZTIME (3000x, which is as many inputs) each.
	@set -e; grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z]+' cmd graph internal | while IFS=: read -r file line; do \
		echo "$$file $${line#func }"; \
		go test -run '^$$' -fuzz "^$${line#func }\$$" -fuzztime "$${FUZZTIME:-3000x}" -fuzzminimizetime 1x "./$$(dirname "$$file")"; \
	done
