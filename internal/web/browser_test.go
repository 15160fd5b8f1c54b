package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/chromedp/chromedp"

	"broadsheet/graph"
	"broadsheet/internal/web/browsertest"
)

// server serves both pages beside the real schema. No database stands behind it: these tests ask for what the schema
// knows by itself.
func server(t *testing.T) *httptest.Server {
	t.Helper()
	schema := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: &graph.Resolver{}}))
	schema.AddTransport(transport.POST{})
	schema.Use(extension.Introspection{})
	mux := http.NewServeMux()
	mux.Handle("/graphql", schema)
	mux.Handle("/playground", Playground("/graphql"))
	mux.Handle("/playground/", Playground("/graphql"))
	mux.Handle("/", harbourCourier(named("The Harbour Courier")))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// editor is a JavaScript expression for the model of one of GraphiQL's editors.
func editor(file string) string {
	return "__MONACO.editor.getModels().find((model) => model.uri.path.endsWith('" + file + "'))"
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		browsertest.Screenshot(t, ctx, t.Name()+"-failed")
		t.Fatal(err)
	}
}

// await waits until the JavaScript expression holds, as long as the browser may be used at all.
func await(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(0))); err != nil {
		browsertest.Screenshot(t, ctx, t.Name()+"-failed")
		t.Fatalf("%s: %v", expression, err)
	}
}

func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

func open(t *testing.T, ctx context.Context, url string) {
	t.Helper()
	do(t, ctx, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS(".view-lines")))
	await(t, ctx, `new Set([...document.querySelectorAll('.view-line span')].map((word) => word.className)).size > 5`) // coloured
}

func TestPlaygroundOpensWithTheExamples(t *testing.T) {
	ctx := browsertest.Chromium(t)
	open(t, ctx, server(t).URL+"/playground")

	tabs := evaluate[[]string](t, ctx, `[...document.querySelectorAll('[id^=graphiql-session-tab-]')].map((tab) => tab.textContent)`)
	for i, example := range Examples() {
		if i >= len(tabs) || !strings.Contains(example.Query, "query "+tabs[i]) {
			t.Errorf("tab %d of %v is not for %s", i, tabs, example.Title)
		}
	}
	if shown := evaluate[string](t, ctx, editor("operation.graphql")+".getValue()"); shown != Examples()[0].Query {
		t.Errorf("the first tab shows:\n%s", shown)
	}
	do(t, ctx, chromedp.Click(chromedp.CSS("#graphiql-session-tab-2")))
	await(t, ctx, editor("variables.json")+`.getValue().includes('"investigations"')`)
	await(t, ctx, editor("request-headers.json")+`.getValue().includes('Broadsheet-Cost')`)

	do(t, ctx, chromedp.Click(chromedp.CSS(`[aria-label="Show Examples"]`)), chromedp.Click(chromedp.CSS(".examples button:nth-of-type(4)")))
	await(t, ctx, editor("operation.graphql")+`.getValue().includes('query Author(')`)
	await(t, ctx, editor("variables.json")+`.getValue().includes('mara-lindqvist')`)
	browsertest.Screenshot(t, ctx, "playground-examples")
}

func TestPlaygroundAnswersAndForgetsHeaders(t *testing.T) {
	ctx := browsertest.Chromium(t)
	open(t, ctx, server(t).URL+"/playground")

	evaluate[any](t, ctx, editor("request-headers.json")+`.setValue('{"Authorization": "Bearer 51c0ffee"}')`)
	evaluate[any](t, ctx, editor("operation.graphql")+`.setValue('query Kinds { __type(name: "ArticleKind") { enumValues { name } } }')`)
	await(t, ctx, `[...document.querySelectorAll('[id^=graphiql-session-tab-]')].some((tab) => tab.textContent === 'Kinds')`)
	do(t, ctx, chromedp.Click(chromedp.CSS(".graphiql-execute-button")))
	await(t, ctx, editor("response.json")+`.getValue().includes('"OPINION"')`)
	browsertest.Screenshot(t, ctx, "playground-answer")

	// The tabs, the query and the history are stored a moment later.
	await(t, ctx, `Object.values(localStorage).filter((value) => value.includes('ArticleKind')).length >= 3`)
	stored := evaluate[string](t, ctx, `JSON.stringify(localStorage)`)
	if strings.Contains(stored, "51c0ffee") || !strings.Contains(stored, "graphiql:queries") {
		t.Errorf("stored in the browser: %s", stored)
	}
	do(t, ctx, chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS(".view-lines")))
	await(t, ctx, editor("operation.graphql")+`?.getValue().includes('ArticleKind')`)
	await(t, ctx, editor("request-headers.json")+`?.getValue().includes('Broadsheet-Cost')`)
}

func TestPlaygroundHelpsToWrite(t *testing.T) {
	ctx := browsertest.Chromium(t)
	open(t, ctx, server(t).URL+"/playground")

	// Each kind of message comes from a worker of its own.
	const messages = `__MONACO.editor.getModelMarkers({}).map((marker) => marker.message).join('\n')`
	evaluate[any](t, ctx, editor("operation.graphql")+`.setValue('query Wrong($n: Int!) { articles(first: $n) { nodes { titel } } }')`)
	await(t, ctx, messages+`.includes('Cannot query field "titel" on type "Article"')`)
	evaluate[any](t, ctx, editor("variables.json")+`.setValue('{"n": "many"}')`)
	await(t, ctx, messages+`.includes('Incorrect type. Expected "integer"')`)

	evaluate[any](t, ctx, editor("operation.graphql")+`.setValue('{site{name}}')`)
	evaluate[any](t, ctx, editor("variables.json")+`.setValue('{"n":{"deep":1}} // kept')`)
	do(t, ctx, chromedp.Click(chromedp.CSS(`[aria-label^="Prettify query"]`)))
	await(t, ctx, editor("operation.graphql")+`.getValue() === '{\n  site {\n    name\n  }\n}\n'`)
	await(t, ctx, editor("variables.json")+`.getValue().trim() === '{\n  "n": {\n    "deep": 1\n  }\n} // kept'`)

	do(t, ctx, chromedp.Click(chromedp.CSS(`[aria-label="Show Documentation Explorer"]`)))
	do(t, ctx, chromedp.Click(`//section[@aria-label="Documentation Explorer"]//a[text()="ArticleAccess"]`))
	await(t, ctx, `document.querySelector('.graphiql-plugin').textContent.includes('Whole for paying members.')`)
	browsertest.Screenshot(t, ctx, "playground-documentation")
}

func TestPagesInLightAndDark(t *testing.T) {
	ctx := browsertest.Chromium(t)
	server := server(t)
	seen := map[string][]string{}
	for _, scheme := range []string{"light", "dark"} {
		do(t, ctx, browsertest.PrefersColors(scheme), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(server.URL))
		browsertest.Screenshot(t, ctx, "landing-"+scheme)
		seen["landing"] = append(seen["landing"], evaluate[string](t, ctx, `getComputedStyle(document.body).backgroundColor`))
		do(t, ctx, chromedp.EmulateViewport(390, 844), chromedp.Navigate(server.URL))
		browsertest.Screenshot(t, ctx, "landing-phone-"+scheme)
		if evaluate[int](t, ctx, `document.documentElement.scrollWidth`) > 390 {
			t.Error("the landing page is wider than a phone")
		}
		open(t, ctx, server.URL+"/playground")
		browsertest.Screenshot(t, ctx, "playground-"+scheme)
		seen["playground"] = append(seen["playground"],
			evaluate[string](t, ctx, `getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor`))
	}
	for page, colors := range seen {
		if slices.Equal(colors[:1], colors[1:]) {
			t.Errorf("the %s is %s in light and dark", page, colors[0])
		}
	}
}
