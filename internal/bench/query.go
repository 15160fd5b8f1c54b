package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// query is one of the yardsticks, with the variables that requests of it carry in turn.
type query struct {
	name      string
	document  string
	variables []variables
	keysets   []variables // the same for L1, whose cursors are plain
	feed      string      // in place of all that: the address of a feed
}

type variables map[string]any

const (
	card = `slug title excerpt url publishedAt readingTimeMinutes primaryTag { slug name } tags { slug name } authors { slug name }`
	feed = `query Feed($after: String) { articles(first: 20, after: $after) { nodes { ` + card + `
		relatedStories(first: 3) { kind article { slug title url authors { slug name } } } } pageInfo { endCursor hasNextPage } } }`
	article = `query Article($slug: String!) { article(slug: $slug) { ` + card + ` kind access updatedAt wordCount featured locale
		canonicalUrl body { html complete } leadImage { url alt caption credit width height } video { url durationSeconds }
		corrections { text at } seo { title description image { url } } authors { bio url avatar { url } }
		relatedStories(first: 3) { kind reason article { ` + card + ` } } } }`
	tagFeed = `query TagFeed($slug: String!, $after: String) { tag(slug: $slug) { name articles(first: 20, after: $after) { nodes {
		slug title url publishedAt authors { slug name } } pageInfo { endCursor hasNextPage } } } }`

	allCursors = `query Cursors($after: String) { articles(first: 100, after: $after) { edges { cursor node { slug id publishedAt } } } }`
	// Large pages of what the feed shows.
	everything = `query Everything($after: String) { articles(first: 100, after: $after) { edges { cursor node { tags { slug } authors { slug } relatedStories(first: 3) { article { slug authors { slug } } } } } } }`
	allTags    = `query Tags($after: String) { tags(first: 20, after: $after) { edges { cursor node { slug articleCount } } } }`
	tagCursors = `query Cursors($slug: String!, $after: String) { tag(slug: $slug) { articles(first: 100, after: $after) { edges { cursor node { id publishedAt } } } } }`
)

const (
	newestPage = "Q1 feed"
	textsPath  = "/feeds/latest.rss"
)

// How many different requests there are: so many articles and tags, and random pages that hardly ever come twice.
const (
	differentArticles = 1_000
	differentTags     = 50
	differentPages    = 60_000
	deep              = 40 * 20 // entries before a deep page
	deepest           = 9_999 * 20
)

// readQueries picks the variables from what the server shows, the same ones for the same newsroom. To see growth there
// are two more: the first page of a tag's feed and the ten thousandth.
func readQueries(ctx context.Context, server string, growth bool) (queries []query, err error) {
	everything, err := walk(ctx, server, allCursors, variables{}, 0)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(everything), func(i, j int) { everything[i], everything[j] = everything[j], everything[i] })
	var slugs, pages, keysets []variables
	for _, edge := range everything[:min(len(everything), differentArticles)] {
		slugs = append(slugs, variables{"slug": edge.Node.Slug})
	}
	for _, edge := range everything[:min(len(everything), differentPages)] {
		pages = append(pages, variables{"after": edge.Cursor})
		keysets = append(keysets, variables{"after": edge.keyset()})
	}
	tags, err := walk(ctx, server, allTags, variables{}, 0)
	if err != nil {
		return nil, err
	}
	deepPages, deepKeysets, err := pagesAfter(ctx, server, tags, deep, differentTags)
	if err != nil {
		return nil, err
	}
	if len(deepPages) == 0 {
		return nil, errors.New("no tag has 40 pages: ask for more -articles")
	}
	file, err := lastFullFile(ctx, server)
	if err != nil {
		return nil, err
	}
	first := []variables{{}}
	queries = []query{
		{newestPage, feed, first, first, ""},
		{"Q2 article", article, slugs, slugs, ""},
		{"Q3 tag, 40 pages deep", tagFeed, deepPages, deepKeysets, ""},
		{"Q4 feed, random page", feed, pages, keysets, ""},
		{"F1 RSS, 100 full texts", "", nil, nil, textsPath + "?limit=100"},
		{"S1 sitemap, its last full file", "", nil, nil, file},
	}
	if !growth {
		return queries, nil
	}
	deepestPages, _, err := pagesAfter(ctx, server, tags, deepest, 1)
	for _, page := range deepestPages {
		top := []variables{{"slug": page["slug"]}}
		queries = append(queries, query{"the same tag, first page", tagFeed, top, top, ""}, query{"the same tag, page 10,000", tagFeed, deepestPages, deepestPages, ""})
	}
	return queries, err
}

// pagesAfter returns the page after so many entries of the feeds of some tags that have more.
func pagesAfter(ctx context.Context, server string, tags []edge, entries, most int) (pages, keysets []variables, err error) {
	for _, tag := range tags {
		if tag.Node.ArticleCount <= entries || len(pages) == most {
			continue
		}
		edges, err := walk(ctx, server, tagCursors, variables{"slug": tag.Node.Slug}, entries)
		if err != nil {
			return nil, nil, err
		}
		last := edges[entries-1]
		pages = append(pages, variables{"slug": tag.Node.Slug, "after": last.Cursor})
		keysets = append(keysets, variables{"slug": tag.Node.Slug, "after": last.keyset()})
	}
	return pages, keysets, nil
}

// lastFullFile returns the address of the last file of the sitemap but one: the last is being filled.
func lastFullFile(ctx context.Context, server string) (string, error) {
	index, _, err := get(ctx, server, "/sitemap.xml")
	if err != nil {
		return "", err
	}
	files := regexp.MustCompile(`/sitemaps/articles-\d+\.xml`).FindAllString(string(index), -1)
	if len(files) < 2 {
		return "", errors.New("no file of the sitemap is full: ask for more -articles")
	}
	return files[len(files)-2], nil
}

type edge struct {
	Cursor string
	Node   struct {
		ID           string
		Slug         string
		PublishedAt  string
		ArticleCount int
	}
}

// keyset is the cursor that L1 takes: the sort key as it stands in Postgres.
func (e edge) keyset() string {
	plain, _ := base64.RawURLEncoding.DecodeString(e.Node.ID)
	return e.Node.PublishedAt + "|" + strings.TrimPrefix(string(plain), "Article:")
}

// walk reads a list from page to page, up to so many entries; 0 is all.
func walk(ctx context.Context, server, document string, vars variables, most int) ([]edge, error) {
	var all []edge
	for {
		var answer struct {
			Data struct {
				Articles, Tags connection
				Tag            struct{ Articles connection }
			}
			Errors json.RawMessage
		}
		if err := post(ctx, server, document, vars, &answer); err != nil {
			return nil, err
		}
		if answer.Errors != nil {
			return nil, fmt.Errorf("the server says: %s", answer.Errors)
		}
		edges := append(append(answer.Data.Articles.Edges, answer.Data.Tags.Edges...), answer.Data.Tag.Articles.Edges...)
		if all = append(all, edges...); len(edges) == 0 || most > 0 && len(all) >= most {
			return all, nil
		}
		vars["after"] = edges[len(edges)-1].Cursor
	}
}

type connection struct{ Edges []edge }

func post(ctx context.Context, server, document string, vars variables, into any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": vars})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+server+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	return json.NewDecoder(response.Body).Decode(into)
}

// get returns the body, and the tag by which it can be asked for again.
func get(ctx context.Context, server, path string) (body []byte, etag string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+server+path, nil)
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("Accept-Encoding", "identity") // as those who measure ask: the tag is of the bytes
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%s answers %s", path, response.Status)
	}
	body, err = io.ReadAll(response.Body)
	return body, response.Header.Get("Etag"), err
}

// ask asks the query once, with the first of its variables.
func (q query) ask(ctx context.Context, c *contender) ([]byte, error) {
	if q.feed != "" {
		body, _, err := get(ctx, c.address, q.feed)
		return body, err
	}
	vars := q.variables[0]
	if c.name == limitStatement {
		vars = q.keysets[0]
	}
	var answer json.RawMessage
	err := post(ctx, c.address, q.document, vars, &answer)
	return answer, err
}

// statements returns how many SQL statements the query takes where it was asked before.
func (q query) statements(ctx context.Context, c *contender) (int, error) {
	var counts [2]int
	for i := range counts {
		_, err := q.ask(ctx, c)
		if err != nil {
			return 0, err
		}
		metrics, _, err := get(ctx, c.address, "/metrics")
		if err != nil {
			return 0, err
		}
		for _, found := range statementsCounted.FindAllSubmatch(metrics, -1) {
			count, _ := strconv.Atoi(string(found[1]))
			counts[i] += count
		}
	}
	return counts[1] - counts[0], nil
}

var statementsCounted = regexp.MustCompile(`broadsheet_statements_total\{door="(?:graphql|feeds|sitemaps)"\} (\d+)`)

// requests are the bytes to send to a contender, one for each set of variables.
func (q query) requests(ctx context.Context, c *contender) ([][]byte, error) {
	if q.feed != "" {
		request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n", q.feed, c.address)
		if c.form == getAgain {
			_, etag, err := get(ctx, c.address, q.feed)
			if err != nil {
				return nil, err
			}
			request = fmt.Appendf(request, "If-None-Match: %s\r\n", etag)
		}
		return [][]byte{append(request, "\r\n"...)}, nil
	}
	sets := q.variables
	if c.name == limitStatement {
		sets = q.keysets
	}
	requests := make([][]byte, len(sets))
	for i, vars := range sets {
		text, err := json.Marshal(vars)
		if err != nil {
			return nil, err
		}
		switch c.form {
		case getText:
			requests[i] = getRequest(c.address, url.Values{"query": {q.document}, "variables": {string(text)}})
		case getDigest:
			requests[i] = getRequest(c.address, url.Values{"extensions": {persisted(q.document)}, "variables": {string(text)}})
		default:
			requests[i], err = postRequest(c.address, q.document, vars)
		}
		if err != nil {
			return nil, err
		}
	}
	return requests, nil
}

// requestForm is how a query is put into a request.
type requestForm int

const (
	plainly   requestForm = iota // GraphQL by POST, feeds by GET
	getText                      // GraphQL by GET
	getDigest                    // the document by its digest, as an automatic persisted query
	getAgain                     // a feed that the client has
)

func postRequest(address, document string, vars variables) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": vars})
	head := fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n\r\n",
		address, len(body))
	return append([]byte(head), body...), err
}

func getRequest(address string, asked url.Values) []byte {
	return fmt.Appendf(nil, "GET /graphql?%s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n\r\n", asked.Encode(), address)
}

// persisted is how Apollo's clients name a document by its digest.
func persisted(document string) string {
	return fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":"%x"}}`, sha256.Sum256([]byte(document)))
}

// register makes the server know a document by its digest.
func register(ctx context.Context, server string, q query) error {
	if q.document == "" {
		return nil
	}
	text, err := json.Marshal(q.variables[0])
	if err != nil {
		return err
	}
	_, _, err = get(ctx, server, "/graphql?"+url.Values{"query": {q.document}, "variables": {string(text)}, "extensions": {persisted(q.document)}}.Encode())
	return err
}
