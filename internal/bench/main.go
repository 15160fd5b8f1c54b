// Command bench measures Broadsheet under load on this machine: how fast it answers, and what an answer costs the server
// and Postgres. It makes its own database, starts the program as it is shipped, and prints a Markdown table.
//
// Contenders take turns in every round, so that what else the machine does falls on all of them; medians are over the
// rounds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// options of a measurement.
type options struct {
	articles    int
	connections int
	rounds      int
	duration    time.Duration // of one measurement; a fifth of it more to warm up
	dir         string        // of the databases, kept for the next time
	binary      string        // the program; built when empty
	memory      int64         // bytes of the memory of what was read
	buffers     string        // shared_buffers of each Postgres
	growth      bool
	queries     *regexp.Regexp // the names of those that are asked
}

func main() {
	var o options
	flag.IntVar(&o.articles, "articles", 100_000, "synthetic articles in the newsroom")
	flag.IntVar(&o.connections, "connections", 16, "connections that ask all the time")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds, in which the contenders take turns")
	flag.DurationVar(&o.duration, "duration", 5*time.Second, "how long each contender is asked each query in a round")
	flag.StringVar(&o.dir, "dir", filepath.Join(os.TempDir(), "broadsheet-bench"), "directory of the databases, each named by its articles, kept for the next run")
	flag.StringVar(&o.binary, "binary", "", "the program to measure; built from the source if empty")
	flag.Int64Var(&o.memory, "memory", 64<<20, "memory for what was read, in bytes (BROADSHEET_MEMORY_BYTES)")
	flag.StringVar(&o.buffers, "shared-buffers", "2GB", "memory of each Postgres for pages: with less than the newsroom needs, it is the kernel's copying that is measured")
	flag.BoolVar(&o.growth, "growth", false, "compare newsrooms of 10,000, 100,000 and 1,000,000 articles instead of contenders")
	only := flag.String("queries", "", "ask those queries alone whose names have this in them, a regular expression such as ^Q[12]")
	limit := flag.String("limit", "", "be this limit, for the benchmark itself")
	flag.Parse()
	var err error
	if o.queries, err = regexp.Compile(*only); err == nil {
		err = run(o, *limit)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options, limit string) error {
	if limit != "" {
		return serveLimit(context.Background(), limit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.growth {
		return compareSizes(ctx, o)
	}
	return compare(ctx, o)
}

// compare measures Broadsheet beside its limits, on one newsroom.
func compare(ctx context.Context, o options) error {
	news, err := openNewsroom(ctx, o, o.articles)
	if err != nil {
		return err
	}
	if err := build(ctx, &o); err != nil {
		return errors.Join(err, news.close())
	}
	f, err := enter(ctx, o, news, plainServer, memoryServer, cachedServer, limitMemory, limitStatement)
	defer f.leave()
	if err != nil {
		return err
	}
	plain, memory, l0 := f.called(plainServer), f.called(memoryServer), f.called(limitMemory)
	l0.prepare = func(ctx context.Context, q query) error { return copyAnswer(ctx, q, plain, l0) }
	for _, name := range []string{memoryServer, cachedServer} {
		if err := remember(ctx, f.called(name)); err != nil {
			return err
		}
	}
	cached := f.called(cachedServer)
	byAPQ := cached.by(cachedByAPQ)
	byAPQ.prepare = func(ctx context.Context, q query) error { return register(ctx, byAPQ.address, q) }
	f.contenders = append(f.contenders, cached.by(cachedByGet), byAPQ, cached.by(cachedAgain))
	r := newResults(o)
	for _, q := range f.queries {
		// The newest stories are the demo newsroom's, some of them related twice: L1 is spared to look for that.
		if l1 := f.called(limitStatement); l1.takes(q) && q.name != newestPage {
			if err := sameAnswers(ctx, q, plain, l1); err != nil {
				return err
			}
		}
		for _, c := range []*contender{plain, memory, cached} {
			if r.statements[pairing{q.name, c.name}], err = q.statements(ctx, c); err != nil {
				return err
			}
		}
	}
	for round := range o.rounds {
		for _, q := range f.queries {
			for _, c := range f.contenders {
				if !c.takes(q) {
					continue
				}
				fmt.Fprintf(os.Stderr, "round %d  %s  %s\n", round+1, q.name, c.name)
				sample, err := measure(ctx, o, c, q, f.postmaster)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", c.name, q.name, err)
				}
				r.add(pairing{q.name, c.name}, sample)
			}
		}
	}
	fmt.Print(r.table(), "\n", r.memoryTable())
	return nil
}
