package graph

import (
	"fmt"
	"strings"
	"testing"
)

func TestDocumentsAreReadOnce(t *testing.T) {
	t.Parallel()
	documents := newDocuments(DefaultLimits())
	const text = "query Q { site { name } }"
	first, problems := documents.read(text)
	again, _ := documents.read(text)
	if len(problems) > 0 || first != again {
		t.Errorf("read twice, with %v", problems)
	}
	if other, _ := documents.read(text + " "); other == first {
		t.Error("another text leads to the same document")
	}
	for _, refused := range []string{"{", "{ sight }", "fragment F on Site { name }"} {
		for range 2 {
			if _, problems := documents.read(refused); len(problems) == 0 {
				t.Errorf("%s is taken", refused)
			}
		}
	}
	if documents.kept.Len() != 2 {
		t.Errorf("%d documents are kept, want the 2 that can be executed", documents.kept.Len())
	}
}

// What clients send cannot make the server remember without bounds, and what is sent often stays.
func TestDocumentsKeptAreBounded(t *testing.T) {
	t.Parallel()
	documents := newDocuments(DefaultLimits())
	padding := strings.Repeat(" ", 10_000)
	const often = "query Often { site { name } }"
	kept, _ := documents.read(often)
	for i := range 2 * documentBytesKept / len(padding) {
		if _, problems := documents.read(fmt.Sprintf("query Q%d { __typename }%s", i, padding)); len(problems) > 0 {
			t.Fatal(problems)
		}
		if found, _ := documents.read(often); found != kept {
			t.Fatalf("forgotten after %d others", i)
		}
	}
	bytes := 0
	for _, kept := range documents.kept.Values() {
		bytes += kept.bytes
	}
	if bytes != documents.bytes || bytes > documentBytesKept || bytes < documentBytesKept-2*len(padding) {
		t.Errorf("%d bytes are kept, counted as %d, of %d", bytes, documents.bytes, documentBytesKept)
	}
}
