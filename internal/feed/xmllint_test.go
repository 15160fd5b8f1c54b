package feed_test

import (
	"os/exec"
	"strings"
	"testing"
)

// lint has xmllint check a document, which says what is wrong. Option names the language of the schema.
func lint(t *testing.T, option, schema, document string) error {
	t.Helper()
	path, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("xmllint is missing; make test installs it, as does: apt-get install libxml2-utils")
	}
	command := exec.Command(path, "--noout", "--nonet", option, "testdata/schemas/"+schema, "-")
	command.Stdin = strings.NewReader(document)
	said, err := command.CombinedOutput()
	if err != nil {
		return &lintError{string(said)}
	}
	return nil
}

type lintError struct{ said string }

func (e *lintError) Error() string { return e.said }

func mustLint(t *testing.T, option, schema, document string) {
	t.Helper()
	if err := lint(t, option, schema, document); err != nil {
		t.Errorf("%s: %.2000v\n%.3000s", schema, err, document)
	}
}
