package graph_test

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"broadsheet/graph"
	"broadsheet/internal/database/dbtest"
)

// TestAudit runs the public audit of servers for GraphQL over HTTP, the package graphql-http.
func TestAudit(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat("audit/node_modules")
	}
	if err != nil && os.Getenv("BROADSHEET_REQUIRE_AUDIT") == "" {
		t.Skipf("needs Node and its packages: make audit (%v)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	said, err := exec.CommandContext(t.Context(), node, "audit/audit.mjs", door.URL).CombinedOutput()
	if err != nil || !strings.Contains(string(said), "61 of 61 audits passed") {
		t.Errorf("%v\n%s", err, said)
	}
	t.Logf("%s", said)
}
