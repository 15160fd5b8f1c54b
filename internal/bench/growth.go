package main

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// sizes are the newsrooms that are compared: what an answer costs must not grow with them.
var sizes = []int{10_000, 100_000, 1_000_000}

// compareSizes measures Broadsheet on newsrooms of each size, which take turns like contenders do.
func compareSizes(ctx context.Context, o options) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	if err := build(ctx, &o); err != nil {
		return err
	}
	r := newResults(o)
	var fields []*field
	for _, articles := range sizes {
		news, err := openNewsroom(ctx, o, articles)
		if err != nil {
			return err
		}
		f, err := enter(ctx, o, news, plainServer, memoryServer)
		defer f.leave()
		if err != nil {
			return err
		}
		fields = append(fields, f)
	}
	for round := range o.rounds {
		for i := range fields[len(fields)-1].queries {
			for _, f := range fields {
				if err := f.round(ctx, o, r, round, i); err != nil {
					return err
				}
			}
		}
	}
	fmt.Print(r.growthTable(fields))
	return nil
}

// round measures the contenders with the query of this place, if the newsroom is large enough to have it.
func (f *field) round(ctx context.Context, o options, r *results, round, place int) error {
	if place >= len(f.queries) {
		return nil
	}
	q := f.queries[place]
	for _, c := range f.contenders {
		fmt.Fprintf(os.Stderr, "round %d  %s  %s  %d articles\n", round+1, q.name, c.name, f.articles)
		s, err := measure(ctx, o, c, q, f.postmaster)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", c.name, q.name, err)
		}
		r.add(f.pairing(q, c), s)
	}
	return nil
}

func (f *field) pairing(q query, c *contender) pairing {
	return pairing{q.name, fmt.Sprintf("%s, %d", c.name, f.articles)}
}

// growthTable is Markdown: a column for each newsroom, and how much the largest costs of what the smallest does.
func (r *results) growthTable(fields []*field) string {
	var text strings.Builder
	fmt.Fprintf(&text, "CPU of server and Postgres in seconds for 1,000 requests; %d connections, %d rounds of %s, %d MiB for rows in memory, shared_buffers %s; medians.\n\n",
		r.options.connections, r.options.rounds, r.options.duration, r.options.memory>>20, r.options.buffers)
	text.WriteString("| query | server |")
	for _, f := range fields {
		fmt.Fprintf(&text, " %d articles |", f.articles)
	}
	text.WriteString(" largest ÷ smallest | resident at the largest, MiB |\n|---|---|" + strings.Repeat("--:|", len(fields)+2) + "\n")
	largest := fields[len(fields)-1]
	for i, q := range largest.queries {
		for _, c := range largest.contenders {
			fmt.Fprintf(&text, "| %s | %s |", q.name, c.name)
			var costs []float64
			for _, f := range fields {
				if i >= len(f.queries) {
					text.WriteString(" |")
					continue
				}
				costs = append(costs, median(r.samples[f.pairing(q, c)], cost))
				fmt.Fprintf(&text, " %.3f |", costs[len(costs)-1])
			}
			growth := ""
			if len(costs) == len(fields) {
				growth = fmt.Sprintf("%.2f", costs[len(costs)-1]/costs[0])
			}
			fmt.Fprintf(&text, " %s | %d |\n", growth, median(r.samples[largest.pairing(q, c)], func(s sample) int { return s.peak >> 20 }))
		}
	}
	return text.String()
}

func cost(s sample) float64 { return milliseconds(s.serverCPU + s.postgresCPU) }
