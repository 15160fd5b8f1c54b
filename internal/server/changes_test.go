package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/changes"
	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/partner"
	"broadsheet/internal/server"
)

type changePage struct {
	Changes  []content.Change
	Position int64
	More     bool
}

type follower struct {
	*testing.T
	db  *sqlx.DB
	s   *server.Server
	key string // whose; empty: the public's
}

func newStream(t *testing.T) *follower {
	t.Helper()
	db, name := dbtest.NewNamed(t)
	log := changes.NewLog(quietLog())
	partners, err := partner.New(t.Context(), db, log, partner.Options{Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := newServer(t, db, func(o *server.Options) { o.Changes, o.Partners = log, partners })
	announcer := changes.NewAnnouncer(log, db)
	untilTheEnd(t, func(ctx context.Context) { changes.NewFollower(log, db).Run(ctx, dbtest.URL(name)) })
	untilTheEnd(t, announcer.Run)
	waitFor(t, "changes to be heard", func() bool {
		_, current := log.Current()
		return current
	})
	return &follower{t, db, s, ""}
}

// licensed returns the follower as a partner with a licence.
func (f *follower) licensed(change func(*partner.Partner)) *follower {
	f.Helper()
	p := partner.Fresh("planet")
	change(p)
	key, _ := partnerKey(f.T, f.db, p)
	f.waitUntilKnown(key)
	return &follower{f.T, f.db, f.s, key}
}

func (f *follower) waitUntilKnown(key string) {
	f.Helper()
	waitFor(f.T, "the key to be known", func() bool {
		return ask(f.s.Public, "GET", "/changes", "", "X-API-Key", key).Code == http.StatusOK
	})
}

func (f *follower) exec(statement string, args ...any) {
	f.Helper()
	if _, err := f.db.Exec(statement, args...); err != nil {
		f.Fatal(err)
	}
}

func (f *follower) header() []string {
	if f.key == "" {
		return nil
	}
	return []string{"X-API-Key", f.key}
}

func (f *follower) get(query string) changePage {
	f.Helper()
	answer := ask(f.s.Public, "GET", "/changes"+query, "", f.header()...)
	if answer.Code != http.StatusOK {
		f.Fatalf("%s: %d %s", query, answer.Code, answer.Body)
	}
	var page changePage
	if err := json.Unmarshal(answer.Body.Bytes(), &page); err != nil {
		f.Fatal(err)
	}
	return page
}

// after tells in a word or two what a write leads to.
func (f *follower) after(statement string) string {
	f.Helper()
	begin := f.get("").Position
	f.exec(statement)
	var told []string
	for _, c := range f.get(fmt.Sprintf("?since=%d", begin)).Changes {
		text := c.Type + " " + string(c.Effect)
		if c.URL != nil {
			text += " " + strings.TrimPrefix(*c.URL, "https://news.example.org")
		}
		if c.Reason != nil {
			text += " because " + *c.Reason
		}
		for _, alias := range c.Aliases {
			text += " was " + strings.TrimPrefix(alias, "https://news.example.org")
		}
		told = append(told, text)
	}
	return strings.Join(told, "; ")
}

type step struct{ write, told string }

func (f *follower) tell(steps []step) {
	f.Helper()
	for _, step := range steps {
		if told := f.after(step.write); told != step.told {
			f.Errorf("%s\n told %q\n want %q", step.write, told, step.told)
		}
	}
}

func TestChangesSayWhatBecameOfStories(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	f.tell([]step{
		{`insert into articles (slug, title, status) values ('draft', 'D', 'DRAFT')`, ""},
		{`update articles set title = 'Draft' where slug = 'draft'`, ""},
		{`update articles set status = 'PUBLISHED', published_at = now() - interval '1 hour' where slug = 'draft'`, "Article UPDATED /draft/"},
		{`update articles set title = 'Better' where slug = 'draft'`, "Article UPDATED /draft/"},
		{`update articles set slug = 'story' where slug = 'draft'`, "Article UPDATED /story/ was /draft/"},
		{`insert into corrections (article_id, text) select id, 'Wrong' from articles where slug = 'story'`, "Article UPDATED /story/ was /draft/"},
		{`update articles set status = 'RETRACTED', retracted_at = now(), retraction_reason = 'Untrue' where slug = 'story'`,
			"Article RETRACTED because Untrue was /story/ was /draft/"},
		{`insert into articles (slug, title, status) values ('killed', 'K', 'DRAFT')`, ""},
		{`update articles set status = 'RETRACTED', retraction_reason = 'Unsafe' where slug = 'killed'`, ""},
		{`insert into articles (slug, title, status) values ('imported', 'I', 'RETRACTED')`, "Article RETRACTED was /imported/"},
		{`insert into articles (slug, title, status, published_at) values ('later', 'L', 'SCHEDULED', now() + interval '1 day')`, ""},
		{`insert into articles (slug, title, status, published_at, embargoed_until) values ('secret', 'S', 'PUBLISHED', now() - interval '1 day', now() + interval '1 day')`, ""},
		{`delete from articles where slug = 'secret'`, ""},
		{`insert into articles (slug, title, status, published_at) values ('gone', 'G', 'PUBLISHED', now())`, "Article UPDATED /gone/"},
		{`update articles set embargoed_until = now() + interval '1 day' where slug = 'gone'`, "Article REMOVED"},
		{`update articles set embargoed_until = null where slug = 'gone'`, "Article UPDATED /gone/"},
		{`update articles set published_at = now() + interval '1 day', status = 'SCHEDULED' where slug = 'gone'`, "Article REMOVED"},
		{`insert into articles (slug, title, status, published_at) values ('brief', 'B', 'PUBLISHED', now())`, "Article UPDATED /brief/"},
		{`update articles set status = 'DRAFT' where slug = 'brief'`, "Article REMOVED"},
		{`insert into articles (slug, title, status, published_at) values ('dead', 'B', 'PUBLISHED', now())`, "Article UPDATED /dead/"},
		{`delete from articles where slug = 'dead'`, "Article REMOVED"},
		{`insert into tags (slug, name, internal) values ('desk', 'Desk', true)`, ""},
		{`insert into tags (slug, name) values ('news', 'News')`, "Tag UPDATED /tag/news/"},
		{`update tags set internal = true where slug = 'news'`, "Tag REMOVED was /tag/news/"},
		{`insert into authors (slug, name) values ('ada', 'Ada')`, "Author UPDATED /author/ada/"},
		{`delete from authors where slug = 'ada'`, "Author REMOVED was /author/ada/"},
		{`update site set name = 'Other'`, "Site UPDATED /"},
	})
}

func TestChangesRefuseWhatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	for range 3 {
		f.exec(`update site set description = description || 'x'`)
	}
	last := f.get("").Position
	service := content.New(f.db, content.Options{})
	if err := service.ForgetChanges(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for query, status := range map[string]int{
		"?since=0": http.StatusGone, fmt.Sprintf("?since=%d", last+1): http.StatusBadRequest, "?since=x": http.StatusBadRequest,
		"?since=1&first=0": http.StatusBadRequest, fmt.Sprintf("?since=%d", last): http.StatusOK,
	} {
		if answer := ask(f.s.Public, "GET", "/changes"+query, ""); answer.Code != status {
			t.Errorf("%s: %d %s", query, answer.Code, answer.Body)
		}
	}
}

// Whoever applies the changes after any position has what GraphQL says, whoever writes meanwhile.
func TestCopiesThatFollowChangesAreRight(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	f.exec(`insert into articles (slug, title, status, published_at) select 's' || n, 'S', 'DRAFT', now() - interval '1 hour' from generate_series(1, 8) n`)
	live := make(map[string]string)
	writing := make(chan struct{})
	var writers sync.WaitGroup
	for seed := range uint64(3) {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(seed, 1))
			for range 40 {
				write := []string{
					`update articles set status = 'PUBLISHED', published_at = now() - interval '1 hour', retracted_at = null where id = $1`,
					`update articles set status = 'DRAFT' where id = $1`,
					`update articles set title = title || 'x' where id = $1`,
					`update articles set slug = 'r' || nextval('changes_position') where id = $1`,
					`update articles set status = 'RETRACTED', retracted_at = now() where id = $1`,
					`update articles set published_at = now() + interval '1 day' where id = $1`,
				}[random.IntN(6)]
				if _, err := f.db.Exec(write, 1+random.IntN(8)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() {
		writers.Wait()
		close(writing)
	}()
	position, copies := int64(0), map[int64]map[string]string{}
	for done := false; !done; {
		select {
		case <-writing:
			done = true
		default:
		}
		for more := true; more; {
			page := f.get(fmt.Sprintf("?since=%d&first=7", position))
			copies[position] = maps.Clone(live)
			applyTo(live, page.Changes)
			position, more = page.Position, page.More
		}
	}
	copies[position] = live
	want := f.visible()
	for from, held := range copies {
		for more := true; more; {
			page := f.get(fmt.Sprintf("?since=%d&first=5", from))
			applyTo(held, page.Changes)
			from, more = page.Position, page.More
		}
		if fmt.Sprint(held) != fmt.Sprint(want) {
			t.Errorf("a copy has %v, GraphQL says %v", held, want)
		}
	}
}

func applyTo(held map[string]string, all []content.Change) {
	for _, c := range all {
		switch {
		case c.Type != "Article":
		case c.Effect == content.Updated:
			held[*c.ID] = *c.Slug
		default:
			delete(held, *c.ID)
		}
	}
}

func (f *follower) visible() map[string]string {
	answer := ask(f.s.Public, "POST", "/graphql", `{"query": "{ articles(first: 100) { nodes { id slug } } }"}`, "Content-Type", "application/json")
	var got struct {
		Data struct {
			Articles struct{ Nodes []struct{ ID, Slug string } }
		}
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		f.Fatal(err, answer.Body)
	}
	all := make(map[string]string)
	for _, n := range got.Data.Articles.Nodes {
		all[n.ID] = n.Slug
	}
	return all
}

func TestALongPollWakes(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	begin, woken := f.get("").Position, make(chan *httptest.ResponseRecorder)
	go func() { woken <- ask(f.s.Public, "GET", fmt.Sprintf("/changes?since=%d&wait=30", begin), "") }()
	f.exec(`update site set name = 'Woken'`)
	if answer := <-woken; !strings.Contains(answer.Body.String(), `"Site"`) {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

func TestAStreamGoesOnAndEndsWithTheServer(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- f.s.Run(ctx, server.Running{Public: listener, Answer: time.Minute, Grace: time.Hour}) }()
	open := func(last string) (*bufio.Scanner, func()) {
		return openStream(t, "http://"+listener.Addr().String(), last)
	}
	next := func(lines *bufio.Scanner) string { return nextLine(lines, "id: ") }
	begin := f.get("").Position
	lines, leave := open(fmt.Sprint(begin))
	f.exec(`update site set name = 'One'`)
	first := next(lines)
	leave()
	f.exec(`update site set name = 'Two'`)
	lines, leave = open(first)
	defer leave()
	if second := next(lines); second == first || second == "the end" {
		t.Errorf("after %s comes %s", first, second)
	}
	stop()
	if last := next(lines); last != "the end" {
		t.Errorf("%s comes after the server was stopped", last)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func askForStream(t *testing.T, origin, last string, headers ...string) *http.Response {
	t.Helper()
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+"/changes", nil)
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Last-Event-ID", last)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// openStream opens a stream of changes.
func openStream(t *testing.T, origin, last string, headers ...string) (lines *bufio.Scanner, leave func()) {
	t.Helper()
	response := askForStream(t, origin, last, headers...)
	if response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
	return bufio.NewScanner(response.Body), func() { _ = response.Body.Close() }
}

// nextLine returns what follows in the next line that begins so.
func nextLine(lines *bufio.Scanner, prefix string) string {
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
			return rest
		}
	}
	return "the end"
}

// Nobody without a key takes the places of the others, who have to be told when they may come back.
func TestPlacesToWaitAreShared(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	partner := f.licensed(func(*partner.Partner) {})
	door := httptest.NewServer(f.s.Public)
	defer door.Close()
	defer door.CloseClientConnections()
	begin := fmt.Sprint(f.get("").Position)
	var leaves []func()
	for range 8 {
		_, leave := openStream(t, door.URL, begin)
		leaves = append(leaves, leave)
	}
	status := func(headers ...string) int {
		response := askForStream(t, door.URL, begin, headers...)
		defer func() { _ = response.Body.Close() }()
		if refused := response.StatusCode == http.StatusTooManyRequests; refused != (response.Header.Get("Retry-After") != "") {
			t.Errorf("%s with Retry-After: %s", response.Status, response.Header.Get("Retry-After"))
		}
		return response.StatusCode
	}
	if got := status(); got != http.StatusTooManyRequests {
		t.Errorf("the ninth stream: %d", got)
	}
	if got := status(partner.header()...); got != http.StatusOK {
		t.Errorf("a partner's stream: %d", got)
	}
	f.get("?since=" + begin + "&wait=1") // from another address
	leaves[0]()
	waitFor(t, "a place to be free again", func() bool { return status() == http.StatusOK })
}

func TestTheNextAddressAsksInTheSameWay(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	f.exec(`update site set name = 'Other'`)
	begin := f.get("").Position
	for query, next := range map[string]string{
		"": "/changes?since=%d", "?since=0": "/changes?since=%d", "?first=7": "/changes?since=%d&first=7",
		"?wait=3&since=0&first=2": "/changes?since=%d&first=2&wait=3",
	} {
		want := `"next":"` + fmt.Sprintf(next, begin) + `"`
		if got := ask(f.s.Public, "GET", "/changes"+query, "").Body.String(); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
