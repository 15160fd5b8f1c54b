package server_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the path that our packages begin with.
const module = "broadsheet/"

// arrows lists, for the packages that the design binds, which of ours they may import.
var arrows = map[string][]string{
	"internal/content":     {},
	"internal/database":    {"migrations"},
	"internal/changes":     {"internal/content"},
	"internal/partner":     {"internal/changes", "internal/content"},
	"internal/edge":        {"internal/cache", "internal/changes", "internal/content"},
	"internal/feed":        {"internal/content", "internal/negotiation"},
	"internal/widget":      {"internal/asset", "internal/content"},
	"internal/asset":       {"internal/negotiation"},
	"internal/negotiation": {},
	"graph":                {"internal/content"},
	"migrations":           {},
}

// above are packages that nothing may import but the program itself.
var above = []string{"internal/server", "cmd/"}

// doors may know neither SQL nor the database.
var doors = []string{"graph", "internal/feed", "internal/widget"}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	packages := ours(t)
	if len(packages["internal/content"]) == 0 || !slices.Contains(packages["graph"], module+"internal/content") {
		t.Fatalf("the packages cannot be read: %v", packages)
	}
	for name, imports := range packages {
		for _, imported := range imports {
			short, isOurs := strings.CutPrefix(imported, module)
			allowed, bound := arrows[name]
			switch {
			case isOurs && bound && !slices.Contains(allowed, short):
				t.Errorf("%s may not import %s; it may import %v", name, short, allowed)
			case isOurs && isAbove(short) && !strings.HasPrefix(name, "cmd/"):
				t.Errorf("%s may not import %s, which stands above it", name, short)
			case slices.Contains(doors, name) && isSQL(imported):
				t.Errorf("the door %s may not import %s", name, imported)
			}
		}
	}
}

func isAbove(name string) bool {
	return slices.ContainsFunc(above, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

func isSQL(imported string) bool {
	return strings.HasPrefix(imported, "database/sql") || strings.HasSuffix(imported, "/sqlx") || strings.HasSuffix(imported, "/pq")
}

// ours returns what each package of this module imports, tests left out.
func ours(t *testing.T) map[string][]string {
	t.Helper()
	listing, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := make(map[string][]string)
	for decoder := json.NewDecoder(strings.NewReader(string(listing))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[strings.TrimPrefix(p.ImportPath, module)] = p.Imports
	}
}
