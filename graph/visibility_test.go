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

	"github.com/vektah/gqlparser/v2/ast"
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
		if shown[s.slug] != s.public(now) {
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
		if !s.public(now) {
			hidden[s.word("open")] = "the text of " + about
			hidden[`"`+s.globalID()+`"`] = "the id of " + about
		}
		if !s.public(now) || s.access != "PUBLIC" {
			hidden[s.word("paid")] = "what is behind the paywall of " + about
		}
		if !s.public(now) || now.Before(noon.Add(24*time.Hour)) {
			hidden[s.word("soon")] = "a correction that is not yet published, of " + about
		}
		if !s.wasPublic(now) {
			hidden[s.word("why")] = "why it was taken back: " + about
		}
		for _, r := range s.related {
			if !s.public(now) || !r.to.public(now) {
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

// wasPublic tells of a retracted story whether it was public before.
func (s *story) wasPublic(now time.Time) bool {
	before := *s
	before.status = "PUBLISHED"
	return s.retracted != nil && before.public(now) && before.public(*s.retracted)
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

// Counts are those of what may be seen, under every condition and for every tag and author.
func TestCountsHideWhatIsHidden(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	n := randomNewsroom(t, 11, 40)
	for _, now := range []time.Time{noon, noon.Add(36 * time.Hour)} {
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
