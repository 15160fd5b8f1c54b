package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"broadsheet/internal/database"
)

// Under load, while somebody writes, a lost connection, a killed Postgres and a killed node make no answer wrong: each shows
// what the position that it names has brought, what cannot be answered says when to ask again, and all goes on by itself.
func TestNothingIsWrongWhateverIsKilled(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	postgres := startPostgres(t, dir)
	environ := []string{"DATABASE_URL=" + postgres.URL()}
	if code, output := command(t, environ, "migrate", "up").result(); code != exitDone {
		t.Fatalf("migrate: %s", output)
	}
	desk := &countingDesk{t: t, url: postgres.URL()}
	desk.write(`insert into articles (slug, title, status) values ('counted', 'Count 0.', 'PUBLISHED')`)
	nodes := make([]*program, 2)
	readers := make([]*watcher, 2)
	for i := range nodes {
		nodes[i] = command(t, environ, "serve", "--addr", "127.0.0.1:0").serving()
		readers[i] = watch(t, nodes[i].origin, desk)
	}
	allSee := func(count int64) {
		t.Helper()
		for i, reader := range readers {
			await(t, fmt.Sprintf("node %d to show %d", i, count), func() bool { return reader.seen.Load() >= count })
		}
	}
	allSee(desk.count())
	for range 5 {
		desk.write(`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and query ilike 'listen%'`)
		allSee(desk.count())
	}
	if refused := readers[0].refused.Load() + readers[1].refused.Load(); refused > 0 {
		t.Errorf("%d requests were refused, though Postgres was there", refused)
	}

	for _, reader := range readers {
		await(t, "the last answer to be kept", func() bool { return reader.kept.Load() == desk.n })
	}
	killPostgres(t, dir)
	<-postgres.Exited()
	_ = postgres.Stop()
	for _, reader := range readers {
		stale := reader.stale.Load()
		await(t, "what was right to be given", func() bool { return reader.stale.Load() > stale })
	}
	startPostgres(t, dir)
	allSee(desk.count())

	readers[0].stop() // whoever asks it now is not answered at all
	nodes[0].end(syscall.SIGKILL)
	before := readers[1].refused.Load()
	for range 5 {
		count := desk.count()
		await(t, "the other node to go on", func() bool { return readers[1].seen.Load() >= count })
	}
	if readers[1].refused.Load() > before {
		t.Error("a node refuses because another one is gone")
	}
}

func startPostgres(t *testing.T, dir string) *database.Local {
	t.Helper()
	postgres, err := database.StartLocal(t.Context(), database.LocalOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = postgres.Stop() })
	return postgres
}

// countingDesk writes a headline with a number that grows.
type countingDesk struct {
	t   *testing.T
	url string
	n   int64

	mu      sync.Mutex
	written []brought
}

// brought is a number with the position of the change that brought it.
type brought struct{ position, count int64 }

// upTo is the number that the changes up to a position have brought, as far as the desk has noted.
func (d *countingDesk) upTo(position int64) (count int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range d.written {
		if w.position <= position {
			count = w.count
		}
	}
	return count
}

func (d *countingDesk) write(statement string, args ...any) {
	d.t.Helper()
	db, err := database.Open(d.t.Context(), d.url, database.Pool{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(statement, args...); err != nil {
		d.t.Fatal(err)
	}
}

func (d *countingDesk) count() int64 {
	d.t.Helper()
	d.n++
	d.write(`update articles set title = 'Count ' || $1::bigint || '.' where slug = 'counted'`, d.n)
	db, err := database.Open(d.t.Context(), d.url, database.Pool{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	noted := brought{count: d.n}
	if err := db.Get(&noted.position, `select max(position) from changes`); err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.written = append(d.written, noted)
	return d.n
}

// watcher asks a node one thing after the other, and looks that no answer is wrong.
type watcher struct {
	desk           *countingDesk
	seen, kept     atomic.Int64 // the number that was shown last, and last from what was kept
	refused, stale atomic.Int64 // answers
	stop           func()
}

var counted = regexp.MustCompile(`"Count (\d+)\."`)

func watch(t *testing.T, origin string, desk *countingDesk) *watcher {
	t.Helper()
	w, stopped := &watcher{desk: desk}, make(chan struct{})
	var running sync.WaitGroup
	w.stop = sync.OnceFunc(func() {
		close(stopped)
		running.Wait()
	})
	running.Go(func() {
		for {
			select {
			case <-stopped:
				return
			default:
				if err := w.ask(origin); err != nil {
					select {
					case <-stopped:
					default:
						t.Error(err)
						return
					}
				}
			}
		}
	})
	t.Cleanup(w.stop)
	return w
}

func (w *watcher) ask(origin string) error {
	response, err := http.Get(origin + "/graphql?query=%7Barticles(first:3)%7Bnodes%7Btitle%7D%7D%7D")
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	found := counted.FindSubmatch(body)
	switch {
	case found == nil && response.Header.Get("Retry-After") != "":
		w.refused.Add(1)
		return nil
	case found == nil:
		return fmt.Errorf("answered %s: %s", response.Status, body)
	case response.Header.Get("Broadsheet-Stale") != "":
		w.stale.Add(1)
	}
	count, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		return err
	}
	position, err := strconv.ParseInt(response.Header.Get("Broadsheet-Position"), 10, 64)
	if promised := w.desk.upTo(position); err == nil && count < promised {
		return fmt.Errorf("%d is shown at position %d, which had brought %d", count, position, promised)
	}
	w.seen.Store(count)
	if response.Header.Get("Broadsheet-Cache") == "hit" {
		w.kept.Store(count)
	}
	return err
}

func await(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !isSo(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
