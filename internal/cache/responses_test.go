package cache

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"broadsheet/internal/changes"
	"broadsheet/internal/content"
)

// newCache is one whose log is current without a database.
func newCache(options Options) *Responses {
	options.Bytes = 1 << 20
	c := NewResponses(changes.NewLog(slog.New(slog.DiscardHandler)), options)
	c.log.Regain(0)
	return c
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWhatIsKeptAndWhatIsNot(t *testing.T) {
	t.Parallel()
	asked := 0
	door := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if said := r.URL.Query().Get("says"); said != "" {
			w.Header().Set("Cache-Control", said)
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Vary", "Accept")
		_, _ = w.Write([]byte("answer"))
	})
	h := newCache(Options{}).Before(door, 1<<10)
	for _, c := range []struct {
		target, want string
		header       []string
		askedAfter   int
	}{
		{"/graphql?query=a", "miss", nil, 1},
		{"/graphql?query=a", "hit", nil, 1},
		{"/graphql?query=a", "miss", []string{"Accept", "application/json"}, 2},
		{"/graphql?query=a", "bypass", []string{"Authorization", "Bearer x"}, 3},
		{"/graphql?query=a", "bypass", []string{"Broadsheet-Cost", "1"}, 4},
		{"/graphql?says=no-store", "miss", nil, 5},
		{"/graphql?says=no-store", "miss", nil, 6},
		{"/graphql?says=private", "miss", nil, 7},
		{"/graphql?says=private", "miss", nil, 8},
		{"/graphql?says=public,max-age=60", "miss", nil, 9},
		{"/graphql?says=public,max-age=60", "hit", nil, 9},
	} {
		w := get(h, c.target, c.header...)
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(w.Header().Get("Vary"), "Accept") {
			t.Errorf("%s %v: the door's header is lost: %v", c.target, c.header, w.Header())
		}
		// What is not kept, no cache further out may keep.
		kept := c.want == "hit" || c.want == "miss" && !strings.Contains(c.target, "no-store") && !strings.Contains(c.target, "private")
		if told := w.Header().Get("Cache-Control"); (told == "no-store") == kept || kept && told != "public, max-age=0, must-revalidate" {
			t.Errorf("%s %v: Cache-Control: %s", c.target, c.header, told)
		}
		if got := w.Header().Get("Broadsheet-Cache"); got != c.want || asked != c.askedAfter || w.Body.String() != "answer" {
			t.Errorf("%s %v: %s, want %s; the door was asked %d times, want %d", c.target, c.header, got, c.want, asked, c.askedAfter)
		}
	}
}

// Each header that the door looks at tells answers apart, and all its values.
func TestKeysTellRequestsApart(t *testing.T) {
	t.Parallel()
	keys := make(map[string]http.Header)
	for _, header := range []http.Header{
		{}, {"Accept": {"application/json"}}, {"Accept": {"text/html", "application/json"}}, {"Accept": {"text/html"}},
		{"Content-Encoding": {"gzip"}}, {"Content-Type": {"application/json"}},
	} {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader("{}"))
		r.Header = header
		var asked question
		cacheable := asked.read(r, 1<<10)
		if other, known := keys[string(asked.key)]; known || !cacheable {
			t.Errorf("%v and %v have the same key", header, other)
		}
		keys[string(asked.key)] = header
	}
}

func TestOneAsksForAll(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	var asked int
	h := newCache(Options{}).Before(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		close(entered)
		<-leave
		_, _ = w.Write([]byte("answer"))
	}), 1<<10)
	var all sync.WaitGroup
	all.Go(func() { get(h, "/graphql") })
	<-entered
	for range 5 {
		all.Go(func() {
			if w := get(h, "/graphql"); w.Body.String() != "answer" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	close(leave)
	all.Wait()
	if asked != 1 {
		t.Errorf("the door was asked %d times", asked)
	}
}

// An answer that was right when the connection was lost is better than none, for a time, and says so.
func TestLostDatabase(t *testing.T) {
	t.Parallel()
	lost := false
	door := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if lost {
			w.Header().Set("Retry-After", "1")
			w.Header().Set("Cache-Control", "no-store")
		}
		_, _ = w.Write([]byte(map[bool]string{true: "no database", false: "answer"}[lost]))
	})
	c := newCache(Options{Stale: time.Hour})
	h := c.Before(door, 1<<10)
	get(h, "/graphql?known")
	c.log.Lose(errors.New("gone"))
	if w := get(h, "/graphql?known"); w.Header().Get("Broadsheet-Cache") != "bypass" {
		t.Errorf("without the feed, with the database: %v", w.Header())
	}
	lost = true
	if w := get(h, "/graphql?known"); w.Body.String() != "answer" || w.Header().Get("Broadsheet-Cache") != "stale" || w.Header().Get("Broadsheet-Stale") == "" {
		t.Errorf("without both: %s %v", w.Body, w.Header())
	}
	if w := get(h, "/graphql?unknown"); !strings.Contains(w.Body.String(), "no database") {
		t.Errorf("one that is not known: %s", w.Body)
	}
	c.options.Stale = 0
	if w := get(h, "/graphql?known"); !strings.Contains(w.Body.String(), "no database") {
		t.Errorf("too old: %s", w.Body)
	}
}

func TestPositionsThatAreNotAppliedYet(t *testing.T) {
	t.Parallel()
	c := newCache(Options{})
	h := c.Before(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("answer")) }), 1<<10)
	answered := make(chan *httptest.ResponseRecorder)
	go func() { answered <- get(h, "/graphql", "Broadsheet-Min-Position", "7") }()
	select {
	case w := <-answered:
		t.Errorf("answered before the position was applied: %s", w.Body)
	default:
	}
	c.log.Apply(nil, 7, nil)
	if w := <-answered; w.Body.String() != "answer" || w.Header().Get("Broadsheet-Position") != "7" {
		t.Errorf("%s %v", w.Body, w.Header())
	}
	if w := get(h, "/graphql", "Broadsheet-Min-Position", "soon"); w.Code != http.StatusBadRequest {
		t.Errorf("no position: %d", w.Code)
	}
}

func TestAnswersEndWhenSomethingAppears(t *testing.T) {
	t.Parallel()
	c := newCache(Options{})
	due := time.Now().Add(time.Hour)
	c.log.Apply(nil, 1, []changes.Appearance{{At: due, Announced: []content.Announcement{content.ParseAnnouncement("articles@50")}}})
	page := content.Dependency{Key: content.Key{Kind: "articles"}, From: 40, To: 60}
	if until := c.log.GoodUntil(time.Now(), []content.Dependency{page}, 0); !until.Equal(due) {
		t.Errorf("the page that it appears on is good until %v, want %v", until, due)
	}
	page.To = 49
	if until := c.log.GoodUntil(time.Now(), []content.Dependency{page}, 0); !until.IsZero() {
		t.Errorf("another page is good until %v", until)
	}
	e := keep(c.store, "a", 1)
	e.goodUntil = due
	if !c.store.good(e, due.Add(-1), 1) || c.store.good(e, due, 1) {
		t.Error("an entry is good up to the moment, and not at it")
	}
}

// The door reads the body as if nobody had looked at it before, whole or not.
func TestTheBodyIsStillThere(t *testing.T) {
	t.Parallel()
	for length, wantKept := range map[int]bool{0: true, 1: true, 511: true, 512: true, 1024: true, 1025: false, 5000: false} {
		for _, known := range []bool{true, false} {
			body := strings.Repeat("x", length)
			r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
			if !known {
				r.ContentLength = -1
			}
			cacheable := new(question).read(r, 1024)
			if read, err := io.ReadAll(r.Body); string(read) != body || err != nil || cacheable != wantKept {
				t.Errorf("%d bytes, length known: %t: %d are read, cacheable: %t, %v", length, known, len(read), cacheable, err)
			}
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/graphql", iotest.ErrReader(errors.New("cut off")))
	if new(question).read(r, 1024) {
		t.Error("half a body makes a key")
	}
	if _, err := io.ReadAll(r.Body); err == nil {
		t.Error("the door is not told that the body was cut off")
	}
}

// An answer that a change overtakes while the door still writes it is given to nobody else.
func TestAFillThatAChangeOvertookIsNotKept(t *testing.T) {
	t.Parallel()
	c := newCache(Options{})
	asked := 0
	h := c.Before(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if asked == 1 {
			c.log.Apply([]changes.Change{{Position: 3, Announced: []content.Announcement{{Key: content.Everything}}}}, 3, nil)
		}
		_, _ = w.Write([]byte("answer"))
	}), 1<<10)
	for _, want := range []string{"miss", "miss", "hit"} {
		if got := get(h, "/graphql").Header().Get("Broadsheet-Cache"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
