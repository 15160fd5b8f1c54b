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
	samples    map[pairing][]sample
	statements map[string]int // for one request, by query
}

type pairing struct{ query, contender string }

func newResults(o options) *results {
	return &results{options: o, samples: make(map[pairing][]sample), statements: make(map[string]int)}
}

func (r *results) add(query, contender string, s sample) {
	key := pairing{query, contender}
	if r.samples[key] == nil {
		r.order = append(r.order, key)
	}
	r.samples[key] = append(r.samples[key], s)
}

// table is Markdown. A processor's milliseconds for one request are its seconds for a thousand.
func (r *results) table() string {
	var text strings.Builder
	o := r.options
	fmt.Fprintf(&text, "%d articles, %d connections, %d rounds of %s; medians. CPU in seconds for 1,000 requests.\n\n",
		o.articles, o.connections, o.rounds, o.duration)
	text.WriteString("| query | contender | requests/s | p50 ms | p99 ms | server CPU | Postgres CPU | statements | bytes |\n")
	text.WriteString("|---|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, key := range r.order {
		samples := r.samples[key]
		fmt.Fprintf(&text, "| %s | %s | %.0f | %.2f | %.2f | %.3f | %.3f | %s | %d |\n", key.query, key.contender,
			median(samples, func(s sample) float64 { return s.perSecond }),
			median(samples, func(s sample) float64 { return milliseconds(s.p50) }),
			median(samples, func(s sample) float64 { return milliseconds(s.p99) }),
			median(samples, func(s sample) float64 { return milliseconds(s.serverCPU) }),
			median(samples, func(s sample) float64 { return milliseconds(s.postgresCPU) }),
			r.statementsOf(key), samples[0].bytes)
	}
	return text.String()
}

// statementsOf is known of Broadsheet without its cache, and of the limits by what they are.
func (r *results) statementsOf(key pairing) string {
	switch key.contender {
	case plainServer:
		return strconv.Itoa(r.statements[key.query])
	case limitStatement:
		return "1"
	case limitMemory:
		return "0"
	default:
		return ""
	}
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
