package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// results are the samples of all rounds.
type results struct {
	options    options
	order      []pairing
	samples    map[pairing][]sample // one of each round
	statements map[pairing]int      // for one request
}

type pairing struct{ query, contender string }

func newResults(o options) *results {
	return &results{options: o, samples: make(map[pairing][]sample), statements: make(map[pairing]int)}
}

func (r *results) add(key pairing, s sample) {
	if r.samples[key] == nil {
		r.order = append(r.order, key)
	}
	r.samples[key] = append(r.samples[key], s)
}

// table is Markdown. A processor's milliseconds for one request are its seconds for a thousand.
func (r *results) table() string {
	var text strings.Builder
	o := r.options
	fmt.Fprintf(&text, "%d articles, %d connections, %d rounds of %s, %d MiB for rows in memory, shared_buffers %s; medians. CPU in seconds for 1,000 requests.\n\n",
		o.articles, o.connections, o.rounds, o.duration, o.memory>>20, o.buffers)
	text.WriteString("| query | contender | requests/s | ÷ L1 | ÷ L0 | p50 ms | p99 ms | server CPU | Postgres CPU | statements | bytes |\n")
	text.WriteString("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, key := range r.order {
		samples := r.samples[key]
		fmt.Fprintf(&text, "| %s | %s | %.0f | %s | %s | %.2f | %.2f | %.3f | %.3f | %s | %d |\n", key.query, key.contender,
			median(samples, func(s sample) float64 { return s.perSecond }), r.ratio(key, limitStatement), r.ratio(key, limitMemory),
			median(samples, func(s sample) float64 { return milliseconds(s.p50) }),
			median(samples, func(s sample) float64 { return milliseconds(s.p99) }),
			median(samples, func(s sample) float64 { return milliseconds(s.serverCPU) }),
			median(samples, func(s sample) float64 { return milliseconds(s.postgresCPU) }),
			r.statementsOf(key), samples[0].bytes)
	}
	return text.String()
}

// ratio is the median over the rounds of how many times faster than the limit it was in the same round; empty where the
// limit was not asked.
func (r *results) ratio(key pairing, limit string) string {
	limits := r.samples[pairing{key.query, limit}]
	if limits == nil {
		return ""
	}
	var ratios []float64
	for i, s := range r.samples[key] {
		ratios = append(ratios, s.perSecond/limits[i].perSecond)
	}
	return fmt.Sprintf("%.2f", median(ratios, func(ratio float64) float64 { return ratio }))
}

// statementsOf is known of Broadsheet where it keeps no answers, and of the limits by what they are.
func (r *results) statementsOf(key pairing) string {
	switch key.contender {
	case limitStatement:
		return "1"
	case limitMemory:
		return "0"
	}
	if count, known := r.statements[key]; known {
		return strconv.Itoa(count)
	}
	return ""
}

// memoryTable tells how much of the machine's memory each server has held at the most.
func (r *results) memoryTable() string {
	var text strings.Builder
	text.WriteString("| server | resident MiB, now | at the most |\n|---|--:|--:|\n")
	last := make(map[string]sample)
	var order []string
	for _, key := range r.order {
		if _, seen := last[key.contender]; !seen {
			order = append(order, key.contender)
		}
		last[key.contender] = r.samples[key][len(r.samples[key])-1]
	}
	for _, name := range order {
		fmt.Fprintf(&text, "| %s | %d | %d |\n", name, last[name].resident>>20, last[name].peak>>20)
	}
	return text.String()
}

func median[T any, N cmp.Ordered](values []T, of func(T) N) N {
	numbers := make([]N, len(values))
	for i, value := range values {
		numbers[i] = of(value)
	}
	slices.Sort(numbers)
	return numbers[len(numbers)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
