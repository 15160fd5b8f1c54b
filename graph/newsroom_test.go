package graph_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/graph"
	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
)

const site = "https://news.example.org"

// noon is the present of the tests' newsrooms.
var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// newsroom is a database, the door to it, and a model of what is in it to compare answers with.
type newsroom struct {
	*testing.T
	db      *sqlx.DB
	options content.Options
	service *content.Service
	door    *httptest.Server
	clock   *atomic.Pointer[time.Time]
	reader  *atomic.Pointer[content.Audience] // nil: the public
	stories []*story
	writers []*writer
	labels  []*label
}

type story struct {
	number    int
	id        int64
	slug      string
	kind      string
	access    string
	status    string
	published time.Time
	updated   time.Time
	embargo   *time.Time
	retracted *time.Time
	featured  bool
	locale    string
	labels    []*label
	writers   []*writer
	related   []*relation
}

type relation struct {
	to       *story
	kind     string
	position int
}

type writer struct {
	number int
	id     int64
	slug   string
	name   string
}

type label struct {
	number   int
	id       int64
	slug     string
	name     string
	kind     string
	internal bool
}

// shows restates who may see a story, for comparison with what the service says: the reader by its licence.
func (n *newsroom) shows(s *story, now time.Time) bool {
	return s.public(now.Add(-n.reader.Load().Delay())) && n.licensed(s)
}

func (n *newsroom) licensed(s *story) bool {
	reader := n.reader.Load()
	if reader == nil {
		return true
	}
	carries := func(ids []int64) bool {
		return slices.ContainsFunc(s.labels, func(l *label) bool { return slices.Contains(ids, l.id) })
	}
	return (len(reader.Kinds) == 0 || slices.Contains(reader.Kinds, s.kind)) &&
		(len(reader.TagsIn) == 0 || carries(reader.TagsIn)) && !carries(reader.TagsOut)
}

// public restates what the public may see.
func (s *story) public(now time.Time) bool {
	return (s.status == "PUBLISHED" || s.status == "SCHEDULED") && !s.published.After(now) &&
		(s.embargo == nil || !s.embargo.After(now))
}

// word is one that stands in the part of the story and nowhere else.
func (s *story) word(part string) string { return fmt.Sprintf("w%d%s", s.number, part) }

func (s *story) title() string   { return "Title " + s.word("open") }
func (s *story) excerpt() string { return "Excerpt " + s.word("open") }

// body has a card before the paywall and one behind it.
func (s *story) body() string {
	return fmt.Sprintf(`<h2>Head %[1]s</h2><p>Open <b>%[1]s</b></p><ul><li>Entry %[1]s</li></ul><related-story position="1">`+
		`</related-story><figure><img src="https://media.example.org/%[1]s.jpg" alt="%[1]s"></figure>`+
		`<p>One two three four %[3]s</p><!--members-only--><p>Rest %[2]s</p><related-story position="2"></related-story>`, s.word("open"), s.word("paid"), s.word("late"))
}

func (s *story) globalID() string  { return globalID("Article", s.id) }
func (w *writer) globalID() string { return globalID("Author", w.id) }
func (l *label) globalID() string  { return globalID("Tag", l.id) }

func globalID(typeName string, id int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d", typeName, id))
}

// newNewsroom returns an empty newsroom with its door open.
func newNewsroom(t *testing.T) *newsroom {
	t.Helper()
	n := &newsroom{T: t, db: dbtest.New(t), clock: new(atomic.Pointer[time.Time]), reader: new(atomic.Pointer[content.Audience])}
	n.clock.Store(&noon)
	addresses, err := content.NewAddresses(site, "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	n.must(err)
	n.options = content.Options{Addresses: addresses, Now: func() time.Time { return *n.clock.Load() }}
	service := content.New(n.db, n.options)
	n.service = service
	limits := graph.DefaultLimits() // wide enough for operations that ask for everything at once
	limits.Complexity, limits.Tokens, limits.Fields, limits.Aliases, limits.Fragments = 1<<30, 1<<20, 1<<20, 1<<20, 1<<20
	door := graph.NewHandler(service, limits, nil, slog.New(slog.DiscardHandler))
	n.door = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		door.ServeHTTP(w, r.WithContext(content.WithAudience(r.Context(), n.reader.Load())))
	}))
	t.Cleanup(n.door.Close)
	return n
}

// in returns the same newsroom for a test within a test.
func (n *newsroom) in(t *testing.T) *newsroom {
	t.Helper()
	within := *n
	within.T = t
	return &within
}

// answer is what the door said.
type answer struct {
	Data   map[string]any `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
	Extensions struct {
		Cost struct{ Statements, Rows int } `json:"cost"`
	} `json:"extensions"`
	text string
}

func (n *newsroom) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

// try asks a question that may be refused.
func (n *newsroom) try(query string, variables map[string]any) answer {
	n.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	n.must(err)
	request, err := http.NewRequest(http.MethodPost, n.door.URL, bytes.NewReader(body))
	n.must(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Broadsheet-Cost", "1")
	response, err := n.door.Client().Do(request)
	n.must(err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	n.must(err)
	found := answer{text: string(text)}
	n.must(json.Unmarshal(text, &found))
	return found
}

// ask asks a question that has to be answered.
func (n *newsroom) ask(query string, variables map[string]any) answer {
	n.Helper()
	found := n.try(query, variables)
	if len(found.Errors) > 0 {
		n.Fatalf("%s\n%v\n%s", query, variables, found.text)
	}
	return found
}

// refusal asks a question that has to be refused, and returns the code and the message.
func (n *newsroom) refusal(query string, variables map[string]any) (code, message string) {
	n.Helper()
	found := n.try(query, variables)
	if len(found.Errors) != 1 {
		n.Fatalf("%s\n%v\nis not refused once: %s", query, variables, found.text)
	}
	code, _ = found.Errors[0].Extensions["code"].(string)
	return code, found.Errors[0].Message
}

// at follows field names and list indices into an answer.
func (a answer) at(path ...any) any {
	var value any = a.Data
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

// all collects what stands at the end of the path, through every list on the way.
func all(value any, path ...string) []any {
	if list, ok := value.([]any); ok {
		var found []any
		for _, entry := range list {
			found = append(found, all(entry, path...)...)
		}
		return found
	}
	if len(path) == 0 || value == nil {
		return []any{value}
	}
	object, _ := value.(map[string]any)
	return all(object[path[0]], path[1:]...)
}

func (n *newsroom) exec(statement string, args ...any) {
	n.Helper()
	_, err := n.db.Exec(statement, args...)
	n.must(err)
}

// insert returns the id of the new row.
func (n *newsroom) insert(statement string, args ...any) (id int64) {
	n.Helper()
	n.must(n.db.Get(&id, statement+" returning id", args...))
	return id
}

func (n *newsroom) addWriter(name string) *writer {
	w := &writer{number: len(n.writers), name: name}
	w.slug = fmt.Sprintf("writer-%d", w.number)
	w.id = n.insert(`insert into authors (slug, name, bio, avatar_id, email, website, location)
		values ($1, $2, 'Bio', $3, 'desk@example.org', 'https://example.org', 'Here')`, w.slug, w.name, n.addImage("avatar"))
	n.writers = append(n.writers, w)
	return w
}

func (n *newsroom) addLabel(kind, name string, internal bool) *label {
	l := &label{number: len(n.labels), kind: kind, name: name, internal: internal}
	l.slug = fmt.Sprintf("label-%d", l.number)
	if internal {
		l.slug += "-" + l.word()
	}
	l.id = n.insert(`insert into tags (slug, name, description, kind, internal, image_id)
		values ($1, $2, 'About ' || $2, $3, $4, $5)`,
		l.slug, l.name, l.kind, l.internal, n.addImage("tag"))
	n.labels = append(n.labels, l)
	return l
}

// word stands in an internal tag and nowhere else.
func (l *label) word() string { return fmt.Sprintf("inner%dtag", l.number) }

func (n *newsroom) addImage(word string) int64 {
	return n.insert(`insert into images (url, alt, caption, credit, width, height)
		values ('https://media.example.org/' || $1 || '.jpg', $1, $1, $1, 1200, 800)`, word)
}

// add writes the story with its tags and authors, and gives it its number, id and slug.
func (n *newsroom) add(s *story) *story {
	n.Helper()
	s.number = len(n.stories)
	s.slug = "story-" + s.word("open")
	image := n.addImage(s.word("open"))
	s.id = n.insert(`insert into articles (slug, title, excerpt, kind, access, status, published_at, updated_at, embargoed_until,
			retracted_at, retraction_reason, featured, locale, lead_image_id, body_html, seo_title, seo_description, seo_image_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $14)`,
		s.slug, s.title(), s.excerpt(), s.kind, s.access, s.status, s.published, s.updated, s.embargo,
		s.retracted, s.word("why"), s.featured, s.locale, image, s.body(), "Seo "+s.word("open"))
	n.exec(`insert into videos (article_id, url, embed_url, provider, duration_seconds, width, height, poster_id)
		values ($1, $2, $2, 'Provider', 60, 1920, 1080, $3)`, s.id, "https://video.example.org/"+s.word("open"), image)
	n.exec(`insert into corrections (article_id, text, at) values ($1, $2, $4), ($1, $3, $5)`,
		s.id, "Corrected "+s.word("open"), "Corrected "+s.word("soon"), noon.Add(-time.Hour), noon.Add(24*time.Hour))
	n.exec(`insert into revisions (article_id, number, at, title, excerpt, body_html)
		values ($1, 1, $2, $3, $3, $4), ($1, 2, $2, $3, $3, $4)`,
		s.id, s.published, "Earlier "+s.word("open"), s.body())
	n.exec(`insert into old_slugs (slug, article_id) values ($1, $2)`, "old-"+s.word("open"), s.id)
	for i, l := range s.labels {
		n.exec(`insert into article_tags (article_id, tag_id, position) values ($1, $2, $3)`, s.id, l.id, i)
	}
	for i, w := range s.writers {
		n.exec(`insert into article_authors (article_id, author_id, position) values ($1, $2, $3)`, s.id, w.id, i)
	}
	n.stories = append(n.stories, s)
	return s
}

// relate links the stories. The words of the reason stand nowhere else.
func (n *newsroom) relate(from, to *story, kind string, position int) {
	n.exec(`insert into related_stories (article_id, related_id, kind, position, reason) values ($1, $2, $3, $4, $5)`,
		from.id, to.id, kind, position, from.reason(to))
	from.related = append(from.related, &relation{to, kind, position})
}

func (s *story) reason(to *story) string {
	return fmt.Sprintf("from%dto%d", s.number, to.number) + s.word("link")
}

// some picks up to most of the values, each once, in random order.
func some[T any](random *rand.Rand, values []T, most int) []T {
	shuffled := slices.Clone(values)
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return shuffled[:min(len(shuffled), random.IntN(most+1))]
}

func one[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// randomNewsroom holds stories of every kind and state, many with the same times.
func randomNewsroom(t *testing.T, seed uint64, stories int) *newsroom {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	n := newNewsroom(t)
	for i := range 5 {
		n.addWriter(fmt.Sprintf("Writer %d", i%3)) // some with the same name
	}
	for i := range 8 {
		internal := i%4 == 3
		name := fmt.Sprintf("Label %d", i%5)
		if internal {
			name = fmt.Sprintf("inner%dtag", i)
		}
		n.addLabel([]string{"TOPIC", "SECTION", "SERIES", "FORMAT"}[i/2], name, internal)
	}
	for range stories {
		n.add(randomStory(random, n))
	}
	for _, s := range n.stories {
		position := 0
		for _, to := range some(random, n.stories, 8) {
			if to != s {
				position++
				n.relate(s, to, one(random, "EDITOR", "INLINE", "SUGGESTED"), position)
			}
		}
	}
	n.insert(`insert into campaigns (slug, title, message, url, joined, goal, as_of)
		values ('join', 'Join', 'Us', 'https://x.example', 3, 9, $1)`, noon)
	return n
}

func randomStory(random *rand.Rand, n *newsroom) *story {
	s := &story{
		kind:      one(random, "STORY", "STORY", "STORY", "VIDEO", "OPINION", "LIVE", "PAGE"),
		access:    one(random, "PUBLIC", "PUBLIC", "MEMBERS", "PAID"),
		status:    one(random, "PUBLISHED", "PUBLISHED", "PUBLISHED", "SCHEDULED", "DRAFT", "RETRACTED"),
		published: noon.Add(time.Duration(random.IntN(8)-6) * 24 * time.Hour), // up to a day ahead
		updated:   noon.Add(-time.Duration(random.IntN(4)) * 24 * time.Hour).Add(time.Duration(random.IntN(2)) * time.Microsecond),
		featured:  random.IntN(3) == 0,
		locale:    one(random, "en", "en", "sv"),
		labels:    some(random, n.labels, 4),
		writers:   some(random, n.writers, 3),
	}
	if random.IntN(4) == 0 {
		embargo := noon.Add(time.Duration(random.IntN(3)-1) * 24 * time.Hour)
		s.embargo = &embargo
	}
	if s.status == "RETRACTED" {
		retracted := s.published.Add(time.Duration(random.IntN(3)-1) * 12 * time.Hour) // some before they were public
		s.retracted = &retracted
	}
	return s
}
