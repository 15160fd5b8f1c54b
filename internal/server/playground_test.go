package server_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
	"broadsheet/internal/server"
	"broadsheet/internal/web"
	"broadsheet/internal/web/browsertest"
)

// The playground's first query is the whole article page, answered by the demo newsroom.
func TestPlaygroundShowsTheArticlePage(t *testing.T) {
	t.Parallel()
	ctx := browsertest.Chromium(t)
	db := dbtest.New(t)
	s, _ := newServer(t, db, func(o *server.Options) { o.Demo = true })
	site := httptest.NewServer(s.Public)
	t.Cleanup(site.Close)
	if _, err := demo.Load(t.Context(), db, time.Now(), site.URL); err != nil {
		t.Fatal(err)
	}
	const response = `__MONACO.editor.getModels().find((model) => model.uri.path.endsWith('response.json')).getValue()`
	err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(site.URL+"/playground"),
		chromedp.WaitVisible(chromedp.CSS(".view-lines")), chromedp.Click(chromedp.CSS(".graphiql-execute-button")))
	if err == nil {
		_, err = chromedp.Run(ctx, chromedp.Poll[bool](response+`.includes('"statements"')`, chromedp.WithPollingTimeout(0)))
	}
	browsertest.Screenshot(t, ctx, "playground-article-page")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[string](response))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"joined": 4382`, `"name": "News Feed"`, `"title": "The night the harbour lights went out"`, `"readingTimeMinutes": 2`,
		`"__typename": "Paragraph"`, `"__typename": "RelatedStoryBlock"`, `"name": "Mara Lindqvist"`, `"bio"`, `"email"`, `"durationSeconds"`, `"hasNextPage": true`,
	} {
		if !strings.Contains(answer, want) {
			t.Errorf("the article page lacks %s: %s", want, answer)
		}
	}
}

// Each example that the playground opens with is answered by the demo newsroom, and within the limits.
func TestExamplesAreAnswered(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	s, _ := newServer(t, db, nil)
	if _, err := demo.Load(t.Context(), db, time.Now(), "http://127.0.0.1:8080"); err != nil {
		t.Fatal(err)
	}
	for _, example := range web.Examples() {
		answer := ask(s.Public, "POST", "/graphql", request(t, example.Query, example.Variables), "Content-Type", "application/json")
		if body := answer.Body.String(); strings.Contains(body, `"errors"`) || strings.Contains(body, `:null}}`) {
			t.Errorf("%s: %s", example.Title, body)
		}
	}
}
