package partner_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/changes"
	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/partner"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// desk is a newsroom with its partners, and a door that says who it takes the reader for.
type desk struct {
	*testing.T
	partner.Book
	clock atomic.Pointer[time.Time]
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{T: t, Book: partner.Book{DB: dbtest.New(t)}}
	d.clock.Store(&noon)
	return d
}

// node is a server that knows the partners by now.
func (d *desk) node() *partner.Partners {
	d.Helper()
	return d.nodeWith(func(*partner.Options) {})
}

func (d *desk) nodeWith(set func(*partner.Options)) *partner.Partners {
	d.Helper()
	quiet := slog.New(slog.DiscardHandler)
	options := partner.Options{Log: quiet, Now: func() time.Time { return *d.clock.Load() }}
	set(&options)
	p, err := partner.New(d.Context(), d.DB, changes.NewLog(quiet), options)
	if err != nil {
		d.Fatal(err)
	}
	return p
}

// add writes down a partner with a key.
func (d *desk) add(slug string, terms func(*partner.Partner), expires *time.Time) (partner.Key, string) {
	d.Helper()
	p := partner.Fresh(slug)
	if terms != nil {
		terms(p)
	}
	if err := d.Keep(d.Context(), p); err != nil {
		d.Fatal(err)
	}
	key, text, err := d.AddKey(d.Context(), p, expires)
	if err != nil {
		d.Fatal(err)
	}
	return key, text
}

// door answers with the name of its audience; with 304 to who has a tag already.
func door(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("If-None-Match") != "" {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	name := "public"
	if audience := content.AudienceOf(r.Context()); audience != nil {
		name = audience.Name
	}
	w.Header().Set("Cache-Control", "public, max-age=60")
	w.Header().Set("Surrogate-Key", "articles")
	_, _ = io.WriteString(w, name)
}

var (
	feeds   = partner.Door{Name: "feeds", Addressed: true}
	graphql = partner.Door{Name: "graphql"}
)

func ask(p *partner.Partners, as partner.Door, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if i := strings.IndexByte(r.Header.Get("Password"), ':'); i >= 0 {
		r.SetBasicAuth(r.Header.Get("Password")[:i], r.Header.Get("Password")[i+1:])
	}
	w := httptest.NewRecorder()
	p.Identify(as, http.HandlerFunc(door)).ServeHTTP(w, r)
	return w
}

func TestWhoAsks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	later, before := noon.Add(time.Hour), noon.Add(-time.Hour)
	key, text := d.add("planet", func(p *partner.Partner) { p.Name = "The Planet" }, &later)
	_, other := d.add("bugle", nil, nil)
	_, old := d.add("times", nil, &before)
	gone, revoked := d.add("star", nil, nil)
	if err := d.Revoke(t.Context(), &gone); err != nil {
		t.Fatal(err)
	}
	wrong := text[:len(text)-1] + string('a'+(text[len(text)-1]-'a'+1)%26)
	if text[len(text)-1] < 'a' {
		wrong = text[:len(text)-1] + "z"
	}
	p := d.node()
	const unknown = "not one that this server gave out"
	for _, c := range []struct {
		what   string
		door   partner.Door
		path   string
		header []string
		status int
		says   string
	}{
		{"nothing", graphql, "/", nil, 200, "public"},
		{"bearer", graphql, "/", []string{"Authorization", "Bearer " + text}, 200, "The Planet"},
		{"bearer in small letters", graphql, "/", []string{"Authorization", "bearer " + text}, 200, "The Planet"},
		{"header", graphql, "/", []string{"X-API-Key", other}, 200, "bugle"},
		{"password", feeds, "/", []string{"Password", "anybody:" + text}, 200, "The Planet"},
		{"token", feeds, "/feed?token=" + key.Token(), nil, 200, "The Planet"},
		{"token where none counts", graphql, "/?token=" + key.Token(), nil, 200, "public"},
		{"token as a key", graphql, "/", []string{"X-API-Key", key.Token()}, 401, "the key is wanted"},
		{"key in the address", feeds, "/feed?token=" + text, nil, 401, "must not stand in an address"},
		{"empty token", feeds, "/feed?token=", nil, 401, unknown},
		{"another parameter", feeds, "/feed?mytoken=x", nil, 200, "public"},
		{"empty bearer", graphql, "/", []string{"Authorization", "Bearer"}, 401, unknown},
		{"another scheme", graphql, "/", []string{"Authorization", "Digest x"}, 401, unknown},
		{"nonsense", graphql, "/", []string{"X-API-Key", "nonsense"}, 401, unknown},
		{"wrong secret", graphql, "/", []string{"X-API-Key", wrong}, 401, unknown},
		{"unknown key", graphql, "/", []string{"X-API-Key", "bsk_000000000000_" + text[len(text)-43:]}, 401, unknown},
		{"expired", graphql, "/", []string{"X-API-Key", old}, 401, "expired at 2026-03-10T11:00:00Z"},
		{"revoked", graphql, "/", []string{"X-API-Key", revoked}, 401, "was revoked"},
		{"revoked token", feeds, "/?token=" + gone.Token(), nil, 401, "was revoked"},
	} {
		w := ask(p, c.door, http.MethodGet, c.path, c.header...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s", c.what, w.Code, w.Body)
		}
		header := w.Header()
		if c.status == 401 && (header.Get("WWW-Authenticate") == "" || header.Get("Content-Type") != "application/problem+json" || header.Get("Cache-Control") != "no-store") {
			t.Errorf("%s: %v", c.what, header)
		}
		if keyed := c.status == 200 && c.says != "public"; keyed != (header.Get("Cache-Control") == "private, max-age=0, must-revalidate") || keyed != (header.Get("Surrogate-Key") == "") && c.status == 200 {
			t.Errorf("%s: %v", c.what, header)
		}
	}
	d.clock.Store(&later)
	if w := ask(p, graphql, http.MethodGet, "/", "X-API-Key", text); w.Code != 401 {
		t.Errorf("a key that expires meanwhile: %d", w.Code)
	}
}

// The public licence holds at feeds and embeds alone, for those who show no key.
func TestThePublicLicence(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, text := d.add("planet", nil, nil)
	d.add(partner.PublicSlug, func(p *partner.Partner) { p.Name = "everybody" }, nil)
	p := d.node()
	if w := ask(p, feeds, http.MethodGet, "/"); w.Body.String() != "everybody" || w.Header().Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("a feed: %s %v", w.Body, w.Header())
	}
	if w := ask(p, graphql, http.MethodGet, "/"); w.Body.String() != "public" {
		t.Errorf("GraphQL: %s", w.Body)
	}
	if w := ask(p, feeds, http.MethodGet, "/", "X-API-Key", text); w.Body.String() != "planet" {
		t.Errorf("a partner: %s", w.Body)
	}
}

func TestWhoTriesKeysIsSlowedDown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, text := d.add("planet", nil, nil)
	p := d.node()
	var statuses []int
	for range 12 {
		statuses = append(statuses, ask(p, graphql, http.MethodGet, "/", "X-API-Key", "wrong").Code)
	}
	if got := fmt.Sprint(statuses); got != "[401 401 401 401 401 401 401 401 401 401 429 429]" {
		t.Error(got)
	}
	if w := ask(p, graphql, http.MethodGet, "/", "X-API-Key", "wrong"); w.Header().Get("Retry-After") != "6" {
		t.Errorf("%v", w.Header())
	}
	if w := ask(p, graphql, http.MethodGet, "/", "X-API-Key", text); w.Code != 200 {
		t.Errorf("a right key from the same address: %d", w.Code)
	}
	after := noon.Add(6 * time.Second)
	d.clock.Store(&after)
	if w := ask(p, graphql, http.MethodGet, "/", "X-API-Key", "wrong"); w.Code != 401 {
		t.Errorf("after a while: %d", w.Code)
	}
}

// However many ask at once, as many are answered as the quota has.
func TestTheQuotaIsExact(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quota  partner.Quota
		policy string
		wait   string
	}{
		"minute": {partner.Quota{PerMinute: new(40)}, `"minute";q=40;w=60`, "2"}, // one more after a fortieth of it
		"day":    {partner.Quota{PerMinute: new(1000), PerDay: new(40)}, `"minute";q=1000;w=60, "day";q=40;w=86400`, "43200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			_, text := d.add("planet", func(p *partner.Partner) { p.Quota = c.quota }, nil)
			p := d.node()
			var served, refused atomic.Int64
			var asking sync.WaitGroup
			for range 100 {
				asking.Go(func() {
					switch w := ask(p, graphql, http.MethodGet, "/", "X-API-Key", text); w.Code {
					case 200:
						served.Add(1)
					case 429:
						refused.Add(1)
					}
				})
			}
			asking.Wait()
			if served.Load() != 40 || refused.Load() != 60 {
				t.Errorf("%d served, %d refused", served.Load(), refused.Load())
			}
			w := ask(p, graphql, http.MethodGet, "/", "X-API-Key", text)
			if w.Header().Get("RateLimit-Policy") != c.policy || !strings.Contains(w.Header().Get("RateLimit"), fmt.Sprintf(`%q;r=0;t=`, name)) || w.Header().Get("Retry-After") != c.wait {
				t.Errorf("%v", w.Header())
			}
			if !strings.Contains(w.Body.String(), fmt.Sprintf(`"violated-policies":[%q]`, name)) {
				t.Errorf("%s", w.Body)
			}
		})
	}
}

// What is not modified costs a tenth, and the bucket fills up as time passes.
func TestLightRequestsCostLittle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, text := d.add("planet", func(p *partner.Partner) { p.Quota = partner.Quota{PerMinute: new(6), PerDay: new(100)} }, nil)
	p := d.node()
	steps := []struct {
		method string
		header []string
		after  time.Duration
		want   string
	}{
		{"GET", nil, 0, `"minute";r=5;t=10, "day";r=99;t=43200`},
		{"GET", []string{"If-None-Match", "x"}, 0, `"minute";r=4;t=11, "day";r=98;t=43200`},
		{"HEAD", nil, 0, `"minute";r=4;t=12, "day";r=98;t=43200`},
		{"GET", nil, 20 * time.Second, `"minute";r=5;t=10, "day";r=97;t=43180`},
	}
	now := noon
	for i, s := range steps {
		now = now.Add(s.after)
		d.clock.Store(new(now))
		w := ask(p, feeds, s.method, "/", append([]string{"X-API-Key", text}, s.header...)...)
		if got := w.Header().Get("RateLimit"); got != s.want {
			t.Errorf("step %d: %s, not %s", i, got, s.want)
		}
	}
}

// Nodes learn of each other what a partner has spent, and a node that starts anew knows of the day.
func TestNodesShareTheQuota(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, text := d.add("planet", func(p *partner.Partner) { p.Quota = partner.Quota{PerMinute: new(10), PerDay: new(15)} }, nil)
	one, two := d.node(), d.node()
	askAll := func(p *partner.Partners, times int) (served int) {
		for range times {
			if ask(p, graphql, http.MethodGet, "/", "X-API-Key", text).Code == 200 {
				served++
			}
		}
		return served
	}
	flush := func(nodes ...*partner.Partners) {
		t.Helper()
		for _, p := range nodes {
			if err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if served := askAll(one, 6); served != 6 {
		t.Fatal(served)
	}
	flush(one, two)
	if served := askAll(two, 20); served != 4 {
		t.Errorf("the other node serves %d more in this minute", served)
	}
	flush(two, one, two)
	later := noon.Add(time.Hour)
	d.clock.Store(&later)
	if served := askAll(d.node(), 20); served != 5 {
		t.Errorf("a new node serves %d more on this day", served)
	}
	tomorrow := noon.Add(24 * time.Hour)
	d.clock.Store(&tomorrow)
	if served := askAll(one, 20); served != 10 {
		t.Errorf("on the next day %d are served", served)
	}
}

func TestUsageIsAddedUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	key, text := d.add("planet", func(p *partner.Partner) { p.Quota = partner.Quota{PerDay: new(4)} }, nil)
	for range 2 { // two servers, one after the other
		p := d.node()
		ask(p, feeds, http.MethodGet, "/", "X-API-Key", text)
		ask(p, feeds, http.MethodGet, "/", "X-API-Key", text, "If-None-Match", "x")
		ask(p, graphql, http.MethodGet, "/", "X-API-Key", text)
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	usage, err := d.Usage(t.Context(), "planet", noon)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(len(usage), usage[0].Requests, usage[0].NotModified, usage[0].Bytes, usage[1].Requests, usage[1].Refused); got != "2 3 1 12 1 1" {
		t.Errorf("%s: %+v", got, usage)
	}
	kept, err := d.Key(t.Context(), key.Prefix())
	if err != nil || kept.LastUsedAt == nil || !kept.LastUsedAt.Equal(noon) {
		t.Errorf("%+v, %v", kept, err)
	}
	empty, err := d.Usage(t.Context(), "", noon.Add(24*time.Hour))
	if err != nil || len(empty) != 0 {
		t.Errorf("%+v, %v", empty, err)
	}
}

// What cannot be written is not lost.
func TestUsageOutlivesAFailure(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, text := d.add("planet", nil, nil)
	p := d.node()
	ask(p, feeds, http.MethodGet, "/", "X-API-Key", text)
	ended, end := context.WithCancel(t.Context())
	end()
	if err := p.Flush(ended); err == nil {
		t.Fatal("a flush without a context does not fail")
	}
	ask(p, feeds, http.MethodGet, "/", "X-API-Key", text)
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if usage, err := d.Usage(t.Context(), "", noon); err != nil || len(usage) != 1 || usage[0].Requests != 2 {
		t.Errorf("%+v, %v", usage, err)
	}
}

// A change of a key or of a licence is acted upon as soon as the node says that it has applied it.
func TestChangesOfPartnersAreHeard(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	d := &desk{T: t, Book: partner.Book{DB: db}}
	quiet := slog.New(slog.DiscardHandler)
	log := changes.NewLog(quiet)
	p, err := partner.New(t.Context(), db, log, partner.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { changes.NewFollower(log, db).Run(ctx, dbtest.URL(name)) })
	t.Cleanup(func() { stop(); following.Wait() })
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if _, current := log.Current(); current {
			break
		} else if time.Since(begun) > time.Minute {
			t.Fatal("changes are not heard")
		}
	}
	status := func(text string) int {
		t.Helper()
		if err := log.Wait(t.Context(), position(t, db)); err != nil {
			t.Fatal(err)
		}
		return ask(p, graphql, http.MethodGet, "/", "X-API-Key", text).Code
	}
	key, text := d.add("planet", nil, nil)
	if got := status(text); got != 200 {
		t.Errorf("a new key: %d", got)
	}
	changed := partner.Fresh("planet")
	changed.PerDay = new(1)
	if err := d.Keep(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if got := status(text); got != 429 {
		t.Errorf("a new quota: %d", got)
	}
	if err := d.Revoke(t.Context(), &key); err != nil {
		t.Fatal(err)
	}
	if got := status(text); got != 401 {
		t.Errorf("a revoked key: %d", got)
	}
}

func position(t *testing.T, db *sqlx.DB) (position int64) {
	t.Helper()
	if err := db.Get(&position, `select coalesce(max(position), 0) from changes`); err != nil {
		t.Fatal(err)
	}
	return position
}
