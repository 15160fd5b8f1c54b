package database

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A log that somebody is writing to stays short, and what it held before is kept once.
func TestALogStaysShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "postgres.log")
	if err := shorten(path, 10); err != nil {
		t.Errorf("a log that is not there: %v", err)
	}
	writer, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close() }()
	for _, step := range []struct{ write, log, older string }{
		{"1234567890", "1234567890", ""},
		{"1", "", "12345678901"},
		{"after", "after", "12345678901"},
		{strings.Repeat("x", 9), "", "after" + strings.Repeat("x", 9)},
	} {
		if _, err := writer.WriteString(step.write); err != nil {
			t.Fatal(err)
		}
		if err := shorten(path, 10); err != nil {
			t.Fatal(err)
		}
		log, _ := os.ReadFile(path)
		older, _ := os.ReadFile(path + ".1") // not there at first
		if string(log) != step.log || string(older) != step.older {
			t.Errorf("after %q: %q and %q, want %q and %q", step.write, log, older, step.log, step.older)
		}
	}
}
