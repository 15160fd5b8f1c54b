// Package cache keeps finished answers for as long as they are right: it listens to the log of changes, and drops what a
// change concerns.
package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"broadsheet/internal/changes"
	"broadsheet/internal/content"
)

// Options of Responses.
type Options struct {
	Bytes  int64         // what kept answers may take in memory
	Stale  time.Duration // how long answers go on being given that were right when the database was lost
	Shared time.Duration // how long caches further out may keep an answer; they are not told of changes unless purged
}

// Responses keeps finished answers of the doors behind it.
type Responses struct {
	options Options
	log     *changes.Log
	store   *store

	mu      sync.Mutex
	flights map[string]*flight

	outcomes *prometheus.CounterVec
	dropped  prometheus.Counter
}

// flight is an answer on its way that several wait for.
type flight struct {
	landed chan struct{}
	made   *entry // nil: each has to ask for itself
}

// outcome is what the header Broadsheet-Cache says.
type outcome string

const (
	hit    outcome = "hit"
	miss   outcome = "miss"
	bypass outcome = "bypass"
	stale  outcome = "stale"
)

// NewResponses returns an empty cache that listens to the log, which nobody may follow yet.
func NewResponses(log *changes.Log, options Options) *Responses {
	c := &Responses{
		options: options, log: log, store: newStore(options.Bytes), flights: make(map[string]*flight),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "broadsheet_cache_answers_total", Help: "Answers, by what the cache had to do with them: hit, miss, bypass or stale.",
		}, []string{"outcome"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "broadsheet_cache_dropped_total", Help: "Kept answers that were dropped because of a change.",
		}),
	}
	log.OnChange(func(changes []changes.Change) {
		for _, change := range changes {
			c.dropped.Add(float64(c.store.apply(change.Announced)))
		}
	})
	return c
}

// Describe and Collect make the cache's figures part of a Prometheus registry.
func (c *Responses) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, to) }

// Collect implements prometheus.Collector.
func (c *Responses) Collect(to chan<- prometheus.Metric) {
	c.outcomes.Collect(to)
	c.dropped.Collect(to)
	for _, gauge := range []struct {
		name, help string
		value      float64
	}{
		{"broadsheet_cache_bytes", "What kept answers take in memory.", float64(c.store.entries.WeightedSize())},
		{"broadsheet_cache_entries", "Kept answers.", float64(c.store.entries.EstimatedSize())},
		{"broadsheet_changes_position", "The last change that is applied.", float64(c.log.Position())},
	} {
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc(gauge.name, gauge.help, nil, nil), prometheus.GaugeValue, gauge.value)
	}
}

// Before puts the cache before a door. MostBytes bounds the requests that it looks at.
func (c *Responses) Before(door http.Handler, mostBytes int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.waitForPosition(w, r) {
			return
		}
		key, cacheable := requestKey(w, r, mostBytes)
		if !cacheable {
			c.mark(w, bypass)
			door.ServeHTTP(w, r)
			return
		}
		c.answer(w, r, door, key)
	})
}

func (c *Responses) answer(w http.ResponseWriter, r *http.Request, door http.Handler, key string) {
	kept, _ := c.store.entries.GetIfPresent(key)
	lostAt, current := c.log.Current()
	switch {
	case !current:
		c.withoutFeed(w, r, door, kept, lostAt)
	case kept != nil && kept.good(time.Now()):
		c.mark(w, hit)
		kept.send(w, r)
	default:
		c.fill(w, r, door, key)
	}
}

// withoutFeed asks the door, since nobody tells us of changes. Where the door cannot answer either, what was right when
// the connection was lost is better than nothing.
func (c *Responses) withoutFeed(w http.ResponseWriter, r *http.Request, door http.Handler, kept *entry, lostAt time.Time) {
	if kept == nil || !kept.good(lostAt) || time.Since(lostAt) > c.options.Stale {
		c.mark(w, bypass)
		door.ServeHTTP(w, r)
		return
	}
	recorded := record(door, r)
	if recorded.header.Get("Retry-After") == "" { // the door's way to say that it has no database, whatever the status
		c.mark(w, bypass)
		recorded.copyTo(w)
		return
	}
	c.mark(w, stale)
	w.Header().Set("Broadsheet-Stale", lostAt.UTC().Format(time.RFC3339))
	w.Header().Set("Age", strconv.Itoa(int(time.Since(kept.readAt).Seconds())))
	kept.send(w, r)
}

// fill asks the door, for all who ask the same at this time.
func (c *Responses) fill(w http.ResponseWriter, r *http.Request, door http.Handler, key string) {
	c.mu.Lock()
	if other := c.flights[key]; other != nil {
		c.mu.Unlock()
		c.follow(w, r, door, other)
		return
	}
	own := &flight{landed: make(chan struct{})}
	c.flights[key] = own
	c.mu.Unlock()
	defer func() { // a door that panics leaves nobody waiting
		c.mu.Lock()
		delete(c.flights, key)
		c.mu.Unlock()
		close(own.landed)
	}()
	recorded, made := c.make(door, r, key)
	c.mark(w, miss)
	if made == nil {
		recorded.copyTo(w)
		return
	}
	own.made = made
	made.send(w, r)
}

// follow takes an answer that somebody else has asked for, unless a change came since: it may be older than the request.
func (c *Responses) follow(w http.ResponseWriter, r *http.Request, door http.Handler, other *flight) {
	select {
	case <-other.landed:
	case <-r.Context().Done():
		return
	}
	if other.made == nil || !other.made.good(time.Now()) {
		c.mark(w, bypass)
		door.ServeHTTP(w, r)
		return
	}
	c.mark(w, hit)
	other.made.send(w, r)
}

// make asks the door and keeps what it answers, if it is right and may be kept.
func (c *Responses) make(door http.Handler, r *http.Request, key string) (*recording, *entry) {
	filling := c.store.begin()
	ended := false
	defer func() { // a door may panic
		if !ended {
			c.store.end(filling, nil)
		}
	}()
	ctx, dependencies := content.WithDependencies(r.Context())
	readAt := time.Now()
	recorded := record(door, r.WithContext(ctx))
	if recorded.status != http.StatusOK || strings.Contains(recorded.header.Get("Cache-Control"), "no-store") {
		return recorded, nil
	}
	made := &entry{key: key, readAt: readAt, dependencies: dependencies.All()}
	made.answer = newAnswer(recorded.status, recorded.header, recorded.body.Bytes())
	made.goodUntil = c.log.GoodUntil(readAt, made.dependencies, content.AudienceOf(ctx).Delay())
	made.header.Set("Cache-Control", c.lifetime())
	if c.options.Shared > 0 {
		made.header.Set("Surrogate-Key", surrogateKeys(made.dependencies))
	}
	if _, current := c.log.Current(); !current || time.Since(readAt) > changes.LongestFill {
		return recorded, nil
	}
	ended = true
	if !c.store.end(filling, made) {
		return recorded, nil
	}
	return recorded, made
}

// lifetime is what caches further out are told. Browsers ask every time: 304 costs next to nothing.
func (c *Responses) lifetime() string {
	if c.options.Shared == 0 {
		return "public, max-age=0, must-revalidate"
	}
	return fmt.Sprintf("public, max-age=0, s-maxage=%d, stale-while-revalidate=60, stale-if-error=86400", int(c.options.Shared.Seconds()))
}

func (c *Responses) mark(w http.ResponseWriter, what outcome) {
	c.outcomes.WithLabelValues(string(what)).Inc()
	header := w.Header()
	header["Broadsheet-Cache"] = []string{string(what)}
	header["Broadsheet-Position"] = []string{strconv.FormatInt(c.log.Position(), 10)}
}

// longestWait is how long a request may wait for the position that it asks for.
const longestWait = 5 * time.Second

// waitForPosition lets nobody read what is older than a position that they know of.
func (c *Responses) waitForPosition(w http.ResponseWriter, r *http.Request) bool {
	text := r.Header.Get("Broadsheet-Min-Position")
	if text == "" {
		return true
	}
	position, err := strconv.ParseInt(text, 10, 64)
	if err != nil || position < 0 {
		http.Error(w, "Broadsheet-Min-Position has to be a position that a Broadsheet-Position gave, such as 42.", http.StatusBadRequest)
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), longestWait)
	defer cancel()
	if c.log.Wait(ctx, position) == nil {
		return true
	}
	w.Header().Set("Retry-After", "1")
	http.Error(w, fmt.Sprintf("This server has applied the changes up to %d, not yet %d. Try again shortly.", c.log.Position(), position),
		http.StatusServiceUnavailable)
	return false
}

// requestKey names what is asked for. Two requests with the same key get the same answer. The body can be read again.
func requestKey(w http.ResponseWriter, r *http.Request, mostBytes int64) (key string, cacheable bool) {
	method := r.Method
	switch method {
	case http.MethodGet:
	case http.MethodHead:
		method = http.MethodGet
	case http.MethodPost:
	default:
		return "", false
	}
	audience := content.AudienceOf(r.Context()) // of somebody with a key, whom this server knows
	if r.Header.Get("Broadsheet-Cost") != "" || audience == nil && r.Header.Get("Authorization") != "" {
		return "", false
	}
	head := strings.Join([]string{audience.CacheKey(), method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type"), r.Header.Get("Content-Encoding"),
		strings.Join(r.Header.Values("Accept"), ",")}, "\x00")
	if method == http.MethodGet {
		return head, true
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBytes))
	r.Body = &replayed{Reader: io.MultiReader(bytes.NewReader(body), failing{err})}
	return head + "\x00" + string(body), err == nil
}

// replayed is a request's body that was read once before.
type replayed struct{ io.Reader }

func (*replayed) Close() error { return nil }

// failing fails as the first reading did; without a failure it is at the end.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil && !errors.Is(f.err, io.EOF) {
		return 0, f.err
	}
	return 0, io.EOF
}
