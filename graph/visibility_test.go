package graph_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/vektah/gqlparser/v2/ast"

	"broadsheet/internal/content"
)

// Whatever is asked, no answer holds a word of what the public may not see, and what it may see is all there. As time
// passes, more of it is.
func TestOneRuleOfVisibility(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("newsroom %d", seed), func(t *testing.T) {
			t.Parallel()
			n := randomNewsroom(t, seed, 24)
			visible := 0
			for _, now := range []time.Time{noon, noon.Add(36 * time.Hour)} {
				n.clock.Store(&now)
				shown := n.askEverything(schema, now)
				if shown < visible {
					t.Errorf("at %s %d stories are shown, before it were %d", now, shown, visible)
				}
				visible = shown
			}
		})
	}
}

// The rule holds for partner sites as well, each with the licence that it has.
func TestOneRuleOfVisibilityForPartners(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	n := randomNewsroom(t, 5, 30)
	for name, licence := range n.licences() {
		n.reader.Store(content.NewAudience(name, licence))
		for _, now := range []time.Time{noon, noon.Add(36 * time.Hour)} {
			n.clock.Store(&now)
			if shown := n.askEverything(schema, now); shown == 0 || name == "tags" && shown == len(n.stories) {
				t.Errorf("%s: %d stories are shown; the test shows nothing", name, shown)
			}
		}
	}
}

// licences are the terms that a licence can have, one or two at a time; internal tags serve, too.
func (n *newsroom) licences() map[string]content.Licence {
	return map[string]content.Licence{
		"tags":      {FullText: true, Images: true, TagsIn: pq.Int64Array{n.labels[0].id, n.labels[3].id}},
		"not tags":  {FullText: true, Images: true, TagsOut: pq.Int64Array{n.labels[1].id, n.labels[7].id}, DelaySeconds: 24 * 60 * 60},
		"kinds":     {FullText: true, Kinds: pq.StringArray{"STORY", "PAGE"}},
		"delay":     {Images: true, ExcerptWords: 8, DelaySeconds: 36 * 60 * 60},
		"excerpt":   {ExcerptWords: 4},
		"headlines": {TagsIn: pq.Int64Array{n.labels[0].id, n.labels[1].id, n.labels[2].id}, TagsOut: pq.Int64Array{n.labels[4].id}, Kinds: pq.StringArray{"STORY", "OPINION"}},
	}
}

// What is kept from a partner is said to be, with the reason.
func TestWhatIsWithheldIsSaid(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	open := n.add(&story{kind: "STORY", access: "PUBLIC", status: "PUBLISHED", locale: "en", published: noon.Add(-time.Hour)})
	paid := n.add(&story{kind: "STORY", access: "PAID", status: "PUBLISHED", locale: "en", published: noon.Add(-time.Hour)})
	const question = `query ($slug: String!) { article(slug: $slug) { body { complete withheld text } withheld { field reason } } }`
	all := `{"field":"body.images","reason":"LICENCE"},{"field":"leadImage","reason":"LICENCE"},{"field":"seo.image","reason":"LICENCE"},{"field":"video.poster","reason":"LICENCE"}`
	for _, c := range []struct {
		licence *content.Licence
		story   *story
		want    string
	}{
		{nil, open, `{"complete":true,"withheld":null,"text":"Head w0open\n\nOpen w0open\n\nEntry w0open\n\nOne two three four w0late\n\nRest w0paid"},"withheld":[]`},
		{nil, paid, `{"complete":false,"withheld":"PAYWALL","text":"Head w1open\n\nOpen w1open\n\nEntry w1open\n\nOne two three four w1late"},"withheld":[{"field":"body","reason":"PAYWALL"}]`},
		{&content.Licence{FullText: true}, open, `{"complete":true,"withheld":null,"text":"Head w0open\n\nOpen w0open\n\nEntry w0open\n\nOne two three four w0late\n\nRest w0paid"},"withheld":[` + all + `]`},
		{&content.Licence{ExcerptWords: 3, Images: true}, open, `{"complete":false,"withheld":"LICENCE","text":"Head w0open\n\nOpen …"},"withheld":[{"field":"body","reason":"LICENCE"}]`},
		{&content.Licence{ExcerptWords: 100, Images: true}, paid, `{"complete":false,"withheld":"LICENCE","text":"Head w1open\n\nOpen w1open\n\nEntry w1open\n\nOne two three four w1late"},"withheld":[{"field":"body","reason":"LICENCE"}]`},
		{&content.Licence{Images: true}, open, `{"complete":false,"withheld":"LICENCE","text":""},"withheld":[{"field":"body","reason":"LICENCE"}]`},
	} {
		n.reader.Store(nil)
		if c.licence != nil {
			n.reader.Store(content.NewAudience("partner", *c.licence))
		}
		if got := n.ask(question, map[string]any{"slug": c.story.slug}); !strings.Contains(got.text, c.want) {
			t.Errorf("%+v: %s\nwant %s", c.licence, got.text, c.want)
		}
	}
}

// askEverything goes through every field of the schema with all names and ids there are, and returns how many stories
// could be seen.
func (n *newsroom) askEverything(schema *ast.Schema, now time.Time) int {
	n.Helper()
	hidden := n.hiddenWords(now)
	questions := n.questions(schema)
	shown := make(map[string]bool)
	for _, question := range slices.Sorted(maps.Keys(questions)) {
		for _, variables := range questions[question] {
			found := n.ask(question, variables)
			n.hidesFrom(hidden, found, variables)
			for _, s := range n.stories {
				if strings.Contains(found.text, s.title()+`"`) {
					shown[s.slug] = true
				}
			}
		}
	}
	for _, s := range n.stories {
		if shown[s.slug] != n.shows(s, now) {
			n.Errorf("at %s story %d (%s, published %s, embargo %v) is shown: %t",
				now, s.number, s.status, s.published, s.embargo, shown[s.slug])
		}
	}
	return len(shown)
}

// hiddenWords are those that may not occur in any answer, each with what it would betray.
func (n *newsroom) hiddenWords(now time.Time) map[string]string {
	hidden := make(map[string]string)
	for _, s := range n.stories {
		about := fmt.Sprintf("story %d (%s, %s, published %s)", s.number, s.status, s.access, s.published)
		shown := n.shows(s, now)
		if !shown {
			hidden[s.word("open")] = "the text of " + about
			hidden[`"`+s.globalID()+`"`] = "the id of " + about
		}
		if !shown || s.access != "PUBLIC" {
			hidden[s.word("paid")] = "what is behind the paywall of " + about
		}
		if !shown || now.Add(-n.reader.Load().Delay()).Before(noon.Add(24*time.Hour)) {
			hidden[s.word("soon")] = "a correction that is not yet published, of " + about
		}
		if !n.wasShown(s, now) {
			hidden[s.word("why")] = "why it was taken back: " + about
		}
		if reader := n.reader.Load(); reader != nil && !reader.FullText {
			hidden[s.word("late")] = "what comes after the excerpt of " + about
		}
		if reader := n.reader.Load(); reader != nil && !reader.Images {
			hidden["media.example.org/"+s.word("open")] = "a picture of " + about
		}
		for _, r := range s.related {
			if !shown || !n.shows(r.to, now) {
				hidden[s.reason(r.to)] = fmt.Sprintf("the link from story %d to story %d", s.number, r.to.number)
			}
		}
	}
	for _, l := range n.labels {
		if l.internal {
			hidden[l.word()] = fmt.Sprintf("the internal tag %d", l.number)
			hidden[`"`+l.globalID()+`"`] = hidden[l.word()]
		}
	}
	return hidden
}

// wasShown tells of a retracted story whether the reader could see it before.
func (n *newsroom) wasShown(s *story, now time.Time) bool {
	before := *s
	before.status = "PUBLISHED"
	return s.retracted != nil && n.shows(&before, now) && n.shows(&before, *s.retracted)
}

// hidesFrom looks for the words in the answer as it is and in what its opaque texts hold, but for the address that was
// asked for: it comes back as it is.
func (n *newsroom) hidesFrom(hidden map[string]string, found answer, variables map[string]any) {
	n.Helper()
	text := found.text + decoded(found.Data)
	if path, ok := variables["path"].(string); ok {
		text = strings.ReplaceAll(text, `:"`+strings.TrimPrefix(path, site)+`"`, "")
	}
	for word, about := range hidden {
		if strings.Contains(text, word) {
			n.Errorf("%v: the answer holds %s, %s", variables, word, about)
		}
	}
}

// decoded returns what stands inside opaque texts such as cursors.
func decoded(value any) string {
	var inside strings.Builder
	switch value := value.(type) {
	case map[string]any:
		for _, part := range value {
			inside.WriteString(decoded(part))
		}
	case []any:
		for _, part := range value {
			inside.WriteString(decoded(part))
		}
	case string:
		if plain, err := base64.RawURLEncoding.DecodeString(value); err == nil {
			inside.Write(plain)
		}
	}
	return inside.String()
}

// questions are operations for every root field, each with the variables to ask it with.
func (n *newsroom) questions(schema *ast.Schema) map[string][]map[string]any {
	var ids, paths []string
	slugs := make(map[string][]string)
	for _, s := range n.stories {
		ids = append(ids, s.globalID())
		slugs["article"] = append(slugs["article"], s.slug)
		paths = append(paths, "/"+s.slug+"/", site+"/old-"+s.word("open"))
	}
	for _, w := range n.writers {
		ids = append(ids, w.globalID())
		slugs["author"] = append(slugs["author"], w.slug)
		paths = append(paths, "/author/"+w.slug+"/")
	}
	for _, l := range n.labels {
		ids = append(ids, l.globalID())
		slugs["tag"] = append(slugs["tag"], l.slug)
		paths = append(paths, "/tag/"+l.slug+"/")
	}
	slugs["campaign"] = []string{"join"}

	questions := make(map[string][]map[string]any)
	for _, root := range schema.Query.Fields {
		if strings.HasPrefix(root.Name, "__") {
			continue
		}
		of, arguments := root.Type.Name(), root.Arguments
		ask := func(signature, arguments string, nested int, variables ...map[string]any) {
			query := "query" + signature + " { " + root.Name + arguments + everything(schema, of, nested) + " }"
			questions[query] = variables
		}
		switch {
		case arguments.ForName("filter") != nil:
			ask("($filter: ArticleFilter, $order: ArticleOrder)", "(first: 100, filter: $filter, orderBy: $order)", 1, n.listings()...)
			ask("($filter: ArticleFilter, $order: ArticleOrder)", "(last: 100, filter: $filter, orderBy: $order)", 2, map[string]any{})
		case arguments.ForName("first") != nil:
			ask("", "(first: 100)", 2, nil)
		case arguments.ForName("path") != nil:
			ask("($path: String!)", "(path: $path)", 1, asked("path", paths)...)
		case arguments.ForName("ids") != nil:
			ask("($ids: [ID!]!)", "(ids: $ids)", 1, map[string]any{"ids": ids})
		case arguments.ForName("slug") != nil:
			ask("($slug: String!)", "(slug: $slug)", 1, asked("slug", slugs[root.Name])...)
		case arguments.ForName("id") != nil:
			ask("($id: ID!)", "(id: $id)", 1, asked("id", ids)...)
		case len(arguments) == 0:
			ask("", "", 2, nil)
		default:
			n.Errorf("this test has to learn what to ask %s", root.Name)
		}
	}
	return questions
}

func asked(name string, values []string) []map[string]any {
	variables := make([]map[string]any, len(values))
	for i, value := range values {
		variables[i] = map[string]any{name: value}
	}
	return variables
}

// listings are the arguments of lists, under each condition, and in each order.
func (n *newsroom) listings() []map[string]any {
	var listings []map[string]any
	orders := []string{"PUBLISHED_DESC", "PUBLISHED_ASC", "UPDATED_DESC"}
	for i, filter := range n.filters() {
		listings = append(listings, map[string]any{"filter": filter, "order": orders[i%3]})
	}
	return listings
}

// filters are conditions on articles, one at a time.
func (n *newsroom) filters() []map[string]any {
	filters := []map[string]any{
		{}, {"kind": []string{"PAGE"}}, {"kind": []string{"STORY", "PAGE", "VIDEO"}}, {"kind": "OPINION"}, {"kind": []string{}},
		{"featured": true}, {"featured": false}, {"locale": "sv"}, {"locale": "xx"},
		{"publishedAfter": noon.Add(-72 * time.Hour).Format(time.RFC3339)},
		{"publishedBefore": noon.Add(-72 * time.Hour).Format(time.RFC3339)},
		{"publishedAfter": noon.Format(time.RFC3339)}, {"publishedBefore": noon.Add(240 * time.Hour).Format(time.RFC3339)},
		{"excludeIds": []string{n.stories[0].globalID(), n.stories[1].globalID(), n.stories[2].globalID()}},
		{"tags": []string{n.labels[0].slug, n.labels[1].slug}}, {"tags": []string{n.labels[2].slug, n.labels[2].slug}},
		{"anyTag": []string{n.labels[0].slug, n.labels[1].slug, "no-such-tag"}}, {"tags": []string{"no-such-tag"}},
		{"authors": []string{n.writers[0].slug, n.writers[1].slug}}, {"authors": []string{"nobody"}},
	}
	for _, l := range n.labels {
		filters = append(filters, map[string]any{"tags": []string{l.slug}}, map[string]any{"anyTag": l.slug})
	}
	for _, w := range n.writers {
		filters = append(filters, map[string]any{"authors": []string{w.slug}})
	}
	return filters
}

// Counts are those of what may be seen, under every condition and for every tag and author; to partners, of what their
// licence grants.
func TestCountsHideWhatIsHidden(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	n := randomNewsroom(t, 11, 40)
	licences := n.licences()
	for i, reader := range []*content.Audience{nil, nil, content.NewAudience("", licences["headlines"]), content.NewAudience("", licences["not tags"])} {
		n.reader.Store(reader)
		now := noon.Add(time.Duration(i) * 36 * time.Hour)
		n.clock.Store(&now)
		for _, filter := range n.filters() {
			written, err := json.Marshal(filter)
			n.must(err)
			var variables map[string]any
			n.must(json.Unmarshal(written, &variables))
			n.compare(schema, `query($filter: ArticleFilter) {
				count: articles(first: 0, filter: $filter) { totalCount pageInfo { hasNextPage } }
				articles(filter: $filter) { nodes { tags { articleCount articles(filter: $filter) { totalCount } }
					authors { articles(filter: $filter) { totalCount } } } } }`, map[string]any{"filter": variables})
		}
	}
}
