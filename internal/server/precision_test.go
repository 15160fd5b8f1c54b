package server_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
)

var (
	dayWrites  = flag.Int("day-writes", 150, "writes of the day that a newsroom is measured on")
	dayDetails = flag.Bool("day-details", false, "name each answer that is dropped in vain")
)

// mostInVain is the share of dropped answers that may be the same when they are read again, in percent.
const mostInVain = 5

// On a day as a newsroom has it, what is dropped has changed, and what is written on drafts drops nothing.
func TestADayDropsWhatItChanges(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	if _, err := demo.Load(t.Context(), db, time.Now(), "http://127.0.0.1:8080"); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(11, 24))
	day := &day{t: t, db: db, node: newNode(t, db, dbtest.URL(name)), kept: make(map[string]string), tally: make(map[string]*tally)}
	day.readers = newReaders(t, db, day.node, random)
	desk := &desk{Rand: random, db: db, t: t}
	for range *dayWrites {
		for range 100 {
			day.read(day.readers.pick())
		}
		day.readers.follow(t, desk.story(0))
		what, write := desk.pick()
		write()
		day.measure(what)
	}
	day.report()
}

// day is what readers were given, and what became of it.
type day struct {
	t       *testing.T
	db      *sqlx.DB
	node    *node
	readers *readers
	kept    map[string]string // what was last answered, by the request
	tally   map[string]*tally // by what was written
}

// tally is what one sort of write did to what was kept.
type tally struct{ writes, kept, dropped, inVain int }

func (d *day) read(request string) *httptest.ResponseRecorder {
	answer := ask(d.node.cached.Public, "POST", "/graphql", request, "Content-Type", "application/json")
	d.kept[request] = answer.Body.String()
	return answer
}

// measure looks what the last write has dropped, and whether it had to be.
func (d *day) measure(what string) {
	d.t.Helper()
	var position int64
	if err := d.db.Get(&position, `select coalesce(max(position), 0) from changes`); err != nil {
		d.t.Fatal(err)
	}
	if err := d.node.log.Wait(d.t.Context(), position); err != nil {
		d.t.Fatal(err)
	}
	if d.tally[what] == nil {
		d.tally[what] = new(tally)
	}
	counts := d.tally[what]
	counts.writes++
	for request, before := range d.kept {
		counts.kept++
		answer := d.read(request)
		if answer.Header().Get("Broadsheet-Cache") != "miss" {
			continue
		}
		counts.dropped++
		if answer.Body.String() == before {
			counts.inVain++
			if *dayDetails {
				d.t.Logf("%s: in vain %.150s", what, request)
			}
		}
	}
}

func (d *day) report() {
	d.t.Helper()
	all := new(tally)
	for what, counts := range d.tally {
		d.t.Logf("%-28s %3d times: dropped %5.2f %% of the kept answers, %4d of %4d in vain", what, counts.writes,
			100*float64(counts.dropped)/float64(counts.kept), counts.inVain, counts.dropped)
		all.kept, all.dropped, all.inVain = all.kept+counts.kept, all.dropped+counts.dropped, all.inVain+counts.inVain
	}
	share := 100 * float64(all.inVain) / float64(max(1, all.dropped))
	d.t.Logf("of %d dropped answers %d were the same again (%.1f %%); %d requests are kept", all.dropped, all.inVain, share, len(d.kept))
	if share >= mostInVain {
		d.t.Errorf("%.1f %% of what is dropped is dropped in vain; less than %d %% is the goal", share, mostInVain)
	}
	if drafts := d.tally["edits a draft"]; drafts == nil || drafts.dropped > 0 {
		d.t.Error("what is written on drafts drops answers, or was never tried")
	}
	if published := d.tally["publishes"]; published == nil || published.dropped == 0 {
		d.t.Error("publishing drops nothing: the test shows little")
	}
}

// readers ask for some things far more often than for others.
type readers struct {
	requests []string // the most popular first
	zipf     *rand.Zipf
}

func newReaders(t *testing.T, db *sqlx.DB, n *node, random *rand.Rand) *readers {
	t.Helper()
	r := &readers{requests: requests(t, db, n)}
	r.zipf = rand.NewZipf(random, 1.1, 4, uint64(len(r.requests)-1))
	return r
}

// follow makes a story the one that is read most, if it is new.
func (r *readers) follow(t *testing.T, story string) {
	t.Helper()
	if page := storyPage(t, story); !slices.Contains(r.requests, page) {
		r.requests = slices.Insert(r.requests, 1, page)
	}
}

func storyPage(t *testing.T, slug string) string {
	t.Helper()
	return request(t, `query ($slug: String!) { article(slug: $slug) { `+dayPage+` } }`, map[string]any{"slug": slug})
}

func (r *readers) pick() string { return r.requests[r.zipf.Uint64()] }

const (
	dayCard = `slug title excerpt url kind publishedAt readingTimeMinutes leadImage { url alt width height } primaryTag { slug name } authors { name slug avatar { url } }`
	dayPage = `title excerpt kind access publishedAt updatedAt readingTimeMinutes body { html complete } leadImage { url alt caption credit } video { url poster { url } }
		primaryTag { slug name } tags { slug name } authors { slug name bio email avatar { url alt } } corrections { text at }
		relatedStories(first: 3) { kind article { ` + dayCard + ` } } seo { title description image { url } } jsonLd`
)

// requests are what a newspaper's site, its app and search engines ask for.
func requests(t *testing.T, db *sqlx.DB, n *node) (all []string) {
	t.Helper()
	add := func(query string, variables map[string]any) { all = append(all, request(t, query, variables)) }
	var stories, tags, authors []string
	for slugs, query := range map[*[]string]string{
		&stories: `select slug from articles where status = 'PUBLISHED' and kind <> 'PAGE' order by published_at desc`,
		&tags:    `select t.slug from tags t join article_tags l on l.tag_id = t.id where not t.internal group by t.slug order by count(*) desc, t.slug`,
		&authors: `select slug from authors order by slug`,
	} {
		if err := db.Select(slugs, query); err != nil {
			t.Fatal(err)
		}
	}
	add(`{ featured: articles(first: 4, filter: { featured: true }) { nodes { `+dayCard+` } } articles(first: 20) { nodes { `+dayCard+` } pageInfo { hasNextPage endCursor } }
		videos: articles(first: 4, filter: { kind: [VIDEO] }) { nodes { `+dayCard+` video { url durationSeconds } } } site { name } }`, nil)
	add(`{ campaign(slug: "membership") { title message joined goal } }`, nil)
	add(`{ articles(first: 10, orderBy: UPDATED_DESC) { nodes { slug title updatedAt } } }`, nil)
	add(`{ articles(first: 8, filter: { kind: [OPINION] }) { nodes { `+dayCard+` } } }`, nil)
	for i, story := range stories {
		all = append(all, storyPage(t, story))
		add(`query ($path: String!) { resolve(path: $path) { __typename ... on Article { title } ... on Moved { to } } }`, map[string]any{"path": "/" + story + "/"})
		if i < len(tags) {
			tag := map[string]any{"slug": tags[i]}
			add(`query ($slug: String!) { tag(slug: $slug) { name description image { url } articles(first: 20) { nodes { `+dayCard+` } pageInfo { hasNextPage endCursor } } } }`, tag)
			add(`query ($slug: String!) { tag(slug: $slug) { articles(first: 5, orderBy: UPDATED_DESC) { nodes { slug title updatedAt } } } }`, tag)
			add(`query ($slug: String!) { articles(first: 5, filter: { tags: [$slug] }) { totalCount nodes { slug title } } }`, tag)
		}
		if i < len(authors) {
			add(`query ($slug: String!) { author(slug: $slug) { name bio email avatar { url } articles(first: 10) { totalCount nodes { `+dayCard+` } } } }`, map[string]any{"slug": authors[i]})
		}
		if i < 5 {
			add(`query ($tags: [String!]) { articles(first: 5, filter: { anyTag: $tags }) { nodes { slug title } } }`, map[string]any{"tags": []string{tags[i], tags[i+5]}})
			add(`query ($locale: String!) { articles(first: 5, filter: { locale: $locale }) { nodes { slug title } } }`, map[string]any{"locale": []string{"en", "sv", "de", "nb", "fi"}[i]})
		}
	}
	return append(all, deepPages(t, n)...)
}

// deepPages are those that somebody comes to who goes on scrolling.
func deepPages(t *testing.T, n *node) (pages []string) {
	t.Helper()
	cursor := any(nil)
	for {
		page := request(t, `query ($after: String) { articles(first: 20, after: $after) { nodes { `+dayCard+` } pageInfo { hasNextPage endCursor } } }`, map[string]any{"after": cursor})
		var answer struct {
			Data struct {
				Articles struct {
					PageInfo struct {
						HasNextPage bool
						EndCursor   string
					}
				}
			}
		}
		if err := json.Unmarshal(ask(n.uncached.Public, "POST", "/graphql", page, "Content-Type", "application/json").Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page)
		if !answer.Data.Articles.PageInfo.HasNextPage {
			return pages
		}
		cursor = answer.Data.Articles.PageInfo.EndCursor
	}
}

// desk writes as one does, through some content management system.
type desk struct {
	*rand.Rand
	db *sqlx.DB
	t  *testing.T
	n  int
}

func (d *desk) pick() (what string, write func()) {
	sorts := []struct {
		often int
		what  string
		write func()
	}{
		{18, "publishes", d.publish},
		{20, "mends a body", func() {
			d.exec(`update articles set body_html = replace(body_html, '</p>', '.</p>') where id = $1`, d.recent())
		}},
		{6, "adds a paragraph", func() {
			d.exec(`update articles set body_html = body_html || $2 where id = $1`, d.recent(), "<p>"+strings.Repeat("More. ", 60)+"</p>")
		}},
		{8, "changes a headline", func() {
			d.exec(`update articles set title = title || $2 where id = $1`, d.recent(), fmt.Sprintf(" %d", d.number()))
		}},
		{8, "saves all links again", d.save},
		{4, "adds a correction", d.correct},
		{5, "links a related story", d.relate},
		{10, "counts members", func() { d.exec(`update campaigns set joined = joined + 1, as_of = now()`) }},
		{5, "schedules", d.schedule},
		{1, "retracts", func() {
			d.exec(`update articles set status = 'RETRACTED', retraction_reason = 'It was wrong.' where id = $1`, d.recent())
		}},
		{3, "edits for search engines", func() {
			d.exec(`update articles set seo_title = $2 where id = $1`, d.recent(), fmt.Sprintf("Title %d", d.number()))
		}},
		{2, "features", func() { d.exec(`update articles set featured = not featured where id = $1`, d.recent()) }},
		{2, "adds a tag", func() {
			d.exec(`insert into article_tags (article_id, tag_id, position) select $1, id, 9 from tags order by random() limit 1 on conflict do nothing`, d.recent())
		}},
		{1, "edits an author", func() {
			d.exec(`update authors set bio = bio || '.' where id = (select author_id from article_authors where article_id = $1 limit 1)`, d.recent())
		}},
		{1, "edits a tag", func() {
			d.exec(`update tags set description = description || '.' where id = (select tag_id from article_tags where article_id = $1 limit 1)`, d.recent())
		}},
		{15, "edits a draft", d.draft},
	}
	// Every sort comes up as often as it should, in an order that mixes them.
	all := 0
	for _, sort := range sorts {
		all += sort.often
	}
	d.n += 47
	n := d.n % all
	for _, sort := range sorts {
		if n -= sort.often; n < 0 {
			return sort.what, sort.write
		}
	}
	panic("not reached")
}

func (d *desk) exec(statement string, args ...any) {
	d.t.Helper()
	if _, err := d.db.Exec(statement, args...); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) number() int { return d.IntN(1_000_000) }

// recent is one of the stories that were published last, the newest most likely.
func (d *desk) recent() (id int64) {
	d.t.Helper()
	if err := d.db.Get(&id, `select id from articles where slug = $1`, d.story(int(d.ExpFloat64()*8))); err != nil {
		d.t.Fatal(err)
	}
	return id
}

// story is the slug of one that can be seen; 0 is the newest.
func (d *desk) story(place int) (slug string) {
	d.t.Helper()
	if err := d.db.Get(&slug, `select slug from articles where status = 'PUBLISHED' and published_at <= now() and kind <> 'PAGE'
		and (embargoed_until <= now()) is not false order by published_at desc offset $1 limit 1`, place); err != nil {
		d.t.Fatal(err)
	}
	return slug
}

func (d *desk) article(status, at string) {
	slug := fmt.Sprintf("new-%d", d.number())
	tags := []string{[]string{"news", "culture", "sport", "business", "science", "opinion"}[d.IntN(6)], "harbour", "ferries"}[:1+d.IntN(3)]
	d.exec(`with a as (
			insert into articles (slug, title, excerpt, body_html, kind, featured, status, published_at)
			values ($1, 'Title', 'Excerpt', '<p>Text</p>', $2, $3, $4, now() + $5::interval) returning id
		), t as (insert into article_tags (article_id, tag_id, position) select a.id, t.id, array_position($6::text[], t.slug) from a, tags t where t.slug = any($6))
		insert into article_authors (article_id, author_id) select a.id, (select id from authors order by random() limit 1) from a`,
		slug, []string{"STORY", "STORY", "STORY", "STORY", "STORY", "STORY", "VIDEO", "OPINION"}[d.IntN(8)], d.IntN(10) == 0, status, at, pq.Array(tags))
}

func (d *desk) publish() {
	d.article("DRAFT", "0")
	d.exec(`update articles set status = 'PUBLISHED', published_at = now() where id = (select max(id) from articles)`)
}

func (d *desk) schedule() { d.article("SCHEDULED", fmt.Sprintf("%d hours", 1+d.IntN(30))) }

func (d *desk) draft() {
	d.article("DRAFT", "0")
	d.exec(`update articles set title = 'Better', body_html = body_html || '<p>More</p>' where id = (select max(id) from articles)`)
}

// save changes a word, and writes all links as they are.
func (d *desk) save() {
	id := d.recent()
	tx := d.db.MustBegin()
	for _, statement := range []string{
		`update articles set body_html = replace(body_html, '</p>', '!</p>') where id = $1`,
		`create temporary table tags_then on commit drop as select * from article_tags where article_id = $1`,
		`create temporary table authors_then on commit drop as select * from article_authors where article_id = $1`,
		`create temporary table related_then on commit drop as select * from related_stories where article_id = $1`,
		`delete from article_tags where article_id = $1`, `delete from article_authors where article_id = $1`, `delete from related_stories where article_id = $1`,
		`insert into article_tags select * from tags_then`, `insert into article_authors select * from authors_then`, `insert into related_stories select * from related_then`,
	} {
		statement = strings.ReplaceAll(statement, "$1", fmt.Sprint(id))
		if _, err := tx.Exec(statement); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) correct() {
	id := d.recent()
	d.exec(`update articles set body_html = replace(body_html, '<p>', '<p> ') where id = $1`, id)
	d.exec(`insert into corrections (article_id, text) values ($1, 'A name was wrong.')`, id)
}

func (d *desk) relate() {
	d.exec(`insert into related_stories (article_id, related_id, position) select $1, $2, coalesce(max(position), 0) + 1 from related_stories where article_id = $1
		having $1 <> $2`, d.recent(), d.recent())
}
