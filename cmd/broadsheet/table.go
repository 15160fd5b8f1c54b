package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
)

// table aligns its columns when it is printed to stdout.
type table struct{ writer *tabwriter.Writer }

func newTable(heads ...string) *table {
	t := &table{tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
	if len(heads) > 0 {
		t.row(heads...)
	}
	return t
}

func (t *table) row(cells ...string) { _, _ = fmt.Fprintln(t.writer, strings.Join(cells, "\t")) }

func (t *table) print() error { return t.writer.Flush() }

func printJSON(value any) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
