// Command bench measures Broadsheet under load on this machine: how fast it answers, and what an answer costs the server
// and Postgres. It makes its own database, starts the program as it is shipped, and prints a Markdown table.
//
// Contenders take turns in every round, so that what else the machine does falls on all of them; medians are over the
// rounds.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/database"
	"broadsheet/internal/demo"
)

// options of a measurement.
type options struct {
	articles    int
	connections int
	rounds      int
	duration    time.Duration // of one measurement; a fifth of it more to warm up
	dir         string        // of the database, kept for the next time
	binary      string        // the program; built when empty
}

func main() {
	var o options
	flag.IntVar(&o.articles, "articles", 100_000, "synthetic articles in the newsroom")
	flag.IntVar(&o.connections, "connections", 16, "connections that ask all the time")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds, in which the contenders take turns")
	flag.DurationVar(&o.duration, "duration", 5*time.Second, "how long each contender is asked each query in a round")
	flag.StringVar(&o.dir, "dir", filepath.Join(os.TempDir(), "broadsheet-bench"), "directory of the database, kept for the next run")
	flag.StringVar(&o.binary, "binary", "", "the program to measure; built from the source if empty")
	limit := flag.String("limit", "", "be this limit, for the benchmark itself")
	flag.Parse()
	var err error
	if *limit != "" {
		err = serveLimit(context.Background(), *limit)
	} else {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	postgres, db, err := newsroom(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = postgres.Stop() }()
	defer func() { _ = db.Close() }()
	contenders, err := startContenders(ctx, o, postgres.URL())
	defer stopAll(contenders)
	if err != nil {
		return err
	}
	queries, err := readQueries(ctx, contenders[1].address)
	if err != nil {
		return err
	}
	postmaster, err := postmasterOf(o.dir)
	if err != nil {
		return err
	}
	results := newResults(o)
	for _, query := range queries {
		if err := sameStories(ctx, query, contenders[1], contenders[3]); err != nil {
			return err
		}
		if results.statements[query.name], err = query.statements(ctx, contenders[1].address); err != nil {
			return err
		}
	}
	for round := range o.rounds {
		for _, query := range queries {
			for _, contender := range contenders {
				fmt.Fprintf(os.Stderr, "round %d  %s  %s\n", round+1, query.name, contender.name)
				sample, err := measure(ctx, o, contender, query, postmaster)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", contender.name, query.name, err)
				}
				results.add(query.name, contender.name, sample)
			}
		}
	}
	fmt.Print(results.table())
	return nil
}

// newsroom starts a Postgres with the demo newsroom and so many synthetic articles.
func newsroom(ctx context.Context, o options) (*database.Local, *sqlx.DB, error) {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return nil, nil, err
	}
	postgres, err := database.StartLocal(ctx, database.LocalOptions{Dir: o.dir})
	if err != nil {
		return nil, nil, err
	}
	db, err := database.Open(ctx, postgres.URL(), database.Pool{})
	if err == nil {
		_, err = database.Migrate(ctx, db)
	}
	if err == nil {
		_, err = demo.Load(ctx, db, time.Now(), "http://127.0.0.1:8080")
	}
	if err == nil {
		err = demo.Generate(ctx, db, o.articles, func(done, total int) {
			if done%10_000 == 0 {
				fmt.Fprintf(os.Stderr, "\rarticles %d of %d", done, total)
			}
		})
	}
	if err == nil {
		_, err = db.ExecContext(ctx, `vacuum analyze`)
	}
	if err != nil {
		_ = postgres.Stop()
		return nil, nil, err
	}
	fmt.Fprintln(os.Stderr)
	return postgres, db, nil
}

func stopAll(contenders []*contender) {
	for _, c := range contenders {
		c.stop()
	}
}
