package ingest

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Report tells what an import did, or would do.
type Report struct {
	DryRun  bool   `json:"dryRun"`
	Authors Counts `json:"authors"`
	Tags    Counts `json:"tags"`
	Posts   Counts `json:"posts"`
	// Problems are what was skipped or lost, with reasons: the first thousand, and how many more there were.
	Problems     []Problem `json:"problems"`
	MoreProblems int       `json:"moreProblems"`

	InlineStories int `json:"inlineStories"` // cards that lead to another story
}

// Counts of one noun.
type Counts struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Skipped   int `json:"skipped"`
}

// Problem is something that did not come over as it was.
type Problem struct {
	Subject string `json:"subject"` // such as the slug of a post
	What    string `json:"what"`    // skipped, lost or kept
	Why     string `json:"why"`
}

const mostProblems = 1000

func (r *Report) problem(subject, what, why string, values ...any) {
	if len(r.Problems) == mostProblems {
		r.MoreProblems++
		return
	}
	r.Problems = append(r.Problems, Problem{subject, what, fmt.Sprintf(why, values...)})
}

// Print writes the report as text.
func (r *Report) Print(to io.Writer) error {
	out := &strings.Builder{}
	if r.DryRun {
		out.WriteString("A dry run: nothing was written. An import would come to this:\n\n")
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "\tadded\tchanged\tunchanged\tskipped\t")
	for _, noun := range []struct {
		name string
		Counts
	}{{"authors", r.Authors}, {"tags", r.Tags}, {"posts", r.Posts}} {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t\n", noun.name, noun.Added, noun.Changed, noun.Unchanged, noun.Skipped)
	}
	_ = table.Flush() // a strings.Builder takes everything
	fmt.Fprintf(out, "\nCards that lead to another story: %d\n", r.InlineStories)
	r.printProblems(out)
	_, err := io.WriteString(to, out.String())
	return err
}

func (r *Report) printProblems(out *strings.Builder) {
	if len(r.Problems) == 0 {
		out.WriteString("Nothing was lost.\n")
		return
	}
	fmt.Fprintf(out, "\nNot as it was (%d):\n", len(r.Problems)+r.MoreProblems)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, p := range r.Problems {
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\n", p.What, p.Subject, p.Why)
	}
	_ = table.Flush()
	if r.MoreProblems > 0 {
		fmt.Fprintf(out, "  and %d more\n", r.MoreProblems)
	}
}
