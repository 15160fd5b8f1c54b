package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/cache"
	"broadsheet/internal/changes"
	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/edge"
)

// elsewhere is a destination that remembers what it was told.
type elsewhere struct {
	*httptest.Server
	mu      sync.Mutex
	told    []string
	refuses int // so many times
}

func newElsewhere(t *testing.T) *elsewhere {
	t.Helper()
	e := new(elsewhere)
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.refuses > 0 {
			e.refuses--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		told := []string{r.Method, r.URL.Path}
		for _, header := range []string{"Xkey-Purge", "Fastly-Key", "Surrogate-Key", "Authorization"} {
			told = append(told, r.Header.Get(header))
		}
		e.told = append(e.told, strings.Join(append(told, string(body)), " | "))
	}))
	t.Cleanup(e.Close)
	return e
}

// hears waits for something that is told with all these parts.
func (e *elsewhere) hears(t *testing.T, parts ...string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); ; {
		for _, told := range e.all() {
			if containsAll(told, parts) {
				return
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%q is never told, only\n%s", parts, strings.Join(e.all(), "\n"))
		}
	}
}

func (e *elsewhere) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.told...)
}

func (e *elsewhere) count(parts ...string) (count int) {
	for _, told := range e.all() {
		if containsAll(told, parts) {
			count++
		}
	}
	return count
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// newsroom is a database on which nodes run that tell the destinations.
type newsroom struct {
	*sqlx.DB
	name string
	logs bytes.Buffer
}

func newNewsroom(t *testing.T) *newsroom {
	t.Helper()
	db, name := dbtest.NewNamed(t)
	n := &newsroom{DB: db, name: name}
	n.MustExec(`insert into tags (id, slug, name) overriding system value values (7, 'news', 'News'), (8, 'sport', 'Sport')`)
	return n
}

// node runs until stop is called, or to the end of the test.
func (n *newsroom) node(t *testing.T, options edge.Options) (stop func()) {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(&locked{to: &n.logs}, nil))
	log := changes.NewLog(logger)
	couriers, err := edge.NewCouriers(n.DB, log, logger, options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { changes.NewFollower(log, n.DB).Run(ctx, dbtest.URL(n.name)) })
	running.Go(func() { couriers.Run(ctx) })
	stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(stop)
	return stop
}

type locked struct {
	mu sync.Mutex
	to io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

func (n *newsroom) publish(slug string) {
	n.MustExec(`with a as (insert into articles (slug, title, status) values ($1, $1, 'PUBLISHED') returning id)
		insert into article_tags (article_id, tag_id) select id, 7 from a`, slug)
}

// key is that of the answers that depend on what an announcement names.
func key(announcement string) string {
	keys := cache.SurrogateKeys([]content.Announcement{content.ParseAnnouncement(announcement)})
	return keys[slices.IndexFunc(keys, func(key string) bool { return len(key) == 8 })]
}

func TestPurges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, path       string
		everything, some []string
	}{
		{"varnish", "/", []string{"PURGE | / | any |"}, []string{"PURGE | / |"}},
		{"fastly", "/service/S1", []string{"POST | /service/S1/purge |", "fastly-secret | any |"}, []string{"POST | /service/S1/purge |", "fastly-secret"}},
		{"cloudflare", "/client/v4/zones/Z1", []string{"POST | /client/v4/zones/Z1/purge_cache", "Bearer cloudflare-secret", `{"tags":["any"]}`},
			[]string{"POST | /client/v4/zones/Z1/purge_cache", "Bearer cloudflare-secret", `{"tags":[`}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			far, newsroom := newElsewhere(t), newNewsroom(t)
			options := edge.Options{Caches: []string{c.kind + "+" + far.URL + c.path}, FastlyToken: "fastly-secret", CloudflareToken: "cloudflare-secret"}
			stop := newsroom.node(t, options)
			told := func(key string) int { return far.count(append(c.some, key)...) } // many keys are told by several requests
			hears := func(slug string) { far.hears(t, append(c.some, key("article-slug:"+slug))...) }
			far.hears(t, c.everything...) // nobody knows what it has kept from before
			newsroom.publish("one")
			hears("one")
			far.hears(t, append(c.some, key("articles/tag:news"))...)

			// What comes while no node runs is told by the next one.
			stop()
			newsroom.publish("two")
			stop = newsroom.node(t, options)
			hears("two")
			if count := far.count(c.everything...); count != 1 {
				t.Errorf("everything was purged %d times", count)
			}
			// An answer from before may still have been on its way.
			waitFor(t, "both stories to be purged again", func() bool {
				return told(key("article-slug:one")) >= 2 && told(key("article-slug:two")) >= 2
			})

			// What did not arrive is told again; after many failures nobody knows what has arrived.
			far.mu.Lock()
			far.refuses = 1
			far.mu.Unlock()
			newsroom.publish("three")
			hears("three")
			newsroom.MustExec(`update deliveries set failures = 100`)
			newsroom.publish("four")
			waitFor(t, "everything to be purged again", func() bool { return far.count(c.everything...) == 2 })
			stop()
			if text := newsroom.logs.String(); strings.Contains(text, "secret") || !strings.Contains(text, "503") {
				t.Errorf("the log says: %s", text)
			}
		})
	}
}

// Two nodes tell each change once at once, and once when all is settled.
func TestOneOfSeveralNodesPurges(t *testing.T) {
	t.Parallel()
	far, newsroom := newElsewhere(t), newNewsroom(t)
	for range 2 {
		newsroom.node(t, edge.Options{Caches: []string{"varnish+" + far.URL}})
	}
	far.hears(t, "| any |")
	newsroom.publish("story")
	waitFor(t, "all to be settled", func() bool {
		var settled bool
		return newsroom.Get(&settled, `select confirmed = (select max(position) from changes) from deliveries`) == nil && settled
	})
	if count := far.count(key("article-slug:story")); count != 2 {
		t.Errorf("the story was purged %d times:\n%s", count, strings.Join(far.all(), "\n"))
	}
}

// An import changes more than is worth to be named.
func TestManyChangesPurgeEverything(t *testing.T) {
	t.Parallel()
	far, newsroom := newElsewhere(t), newNewsroom(t)
	stop := newsroom.node(t, edge.Options{Caches: []string{"varnish+" + far.URL}})
	far.hears(t, "| any |")
	stop()
	newsroom.MustExec(`insert into articles (slug, title, status) select 's' || n, 's', 'PUBLISHED' from generate_series(1, 1000) as n`)
	newsroom.node(t, edge.Options{Caches: []string{"varnish+" + far.URL}})
	waitFor(t, "everything to be purged again", func() bool { return far.count("| any |") >= 2 })
	if far.count(key("article-slug:s1")) > 0 {
		t.Error("the stories were purged one by one")
	}
}

func TestKeysComeInBatches(t *testing.T) {
	t.Parallel()
	far, newsroom := newElsewhere(t), newNewsroom(t)
	newsroom.node(t, edge.Options{Caches: []string{"cloudflare+" + far.URL}, CloudflareToken: "x"})
	far.hears(t, `["any"]`)
	newsroom.MustExec(`insert into articles (slug, title, status) select 's' || n, 's', 'PUBLISHED' from generate_series(1, 40) as n`)
	for n := range 40 {
		far.hears(t, key(fmt.Sprintf("article-slug:s%d", n+1)))
	}
	for _, told := range far.all() {
		var body struct{ Tags []string }
		if err := json.Unmarshal([]byte(told[strings.LastIndex(told, "| ")+2:]), &body); err != nil || len(body.Tags) > 30 {
			t.Errorf("%d tags in a request, %v", len(body.Tags), err)
		}
	}
}

func TestHubsAreToldOfFeeds(t *testing.T) {
	t.Parallel()
	far, newsroom := newElsewhere(t), newNewsroom(t)
	newsroom.node(t, edge.Options{Hub: far.URL + "/hub", Origin: "https://content.example.org"})
	topic := func(feed string) string { return "hub.topic=https%3A%2F%2Fcontent.example.org%2Ffeeds%2F" + feed + "&" }
	far.hears(t, "POST | /hub", "hub.mode=publish", topic("latest.rss"))
	far.hears(t, topic("tags%2Fsport.ninjs")) // the tag is new
	newsroom.publish("story")
	for _, format := range []string{"rss", "atom", "json", "ninjs", "rss%3Fprofile%3Dflipboard"} {
		far.hears(t, topic("tags%2Fnews."+format))
	}
	if far.count(topic("tags%2Fsport.rss")) != 1 {
		t.Error("a feed is named that did not change")
	}
	before := far.count(topic("tags%2Fnews.rss"))
	newsroom.MustExec(`update articles set title = 'Other'`) // stands where it did, and reads otherwise
	waitFor(t, "the feed to be named again", func() bool { return far.count(topic("tags%2Fnews.rss")) > before })
}

func TestAddressesThatCannotBePurged(t *testing.T) {
	t.Parallel()
	for address, says := range map[string]string{
		"http://127.0.0.1:6081":                       "varnish+http",
		"squid+http://x:secret@127.0.0.1":             "varnish+http",
		"varnish+127.0.0.1:6081":                      "varnish+http",
		"fastly+https://api.fastly.com/service/S1":    "BROADSHEET_FASTLY_TOKEN",
		"cloudflare+https://api.cloudflare.com/zones": "BROADSHEET_CLOUDFLARE_TOKEN",
	} {
		quiet := slog.New(slog.DiscardHandler)
		_, err := edge.NewCouriers(nil, changes.NewLog(quiet), quiet, edge.Options{Caches: []string{address}})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %s", address, err, says)
		}
	}
}

func waitFor(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !isSo(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
