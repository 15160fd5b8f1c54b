package widget_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
	"github.com/jmoiron/sqlx"

	"broadsheet/graph"
	"broadsheet/internal/changes"
	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
	"broadsheet/internal/partner"
	"broadsheet/internal/server"
	"broadsheet/internal/web/browsertest"
)

// newsroom is a whole server at 127.0.0.1, which remembers what it was asked for.
type newsroom struct {
	*httptest.Server
	db       *sqlx.DB
	partners *partner.Partners

	mu   sync.Mutex
	seen []string
}

func newNewsroom(t *testing.T, statements ...string) *newsroom {
	t.Helper()
	n := &newsroom{db: dbtest.New(t)}
	n.Server = httptest.NewServer(nil)
	t.Cleanup(n.Close)
	if _, err := demo.Load(t.Context(), n.db, time.Now(), n.URL); err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		n.db.MustExec(statement)
	}
	addresses, err := content.NewAddresses(n.URL, "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	if n.partners, err = partner.New(t.Context(), n.db, changes.NewLog(quiet), partner.Options{Log: quiet}); err != nil {
		t.Fatal(err)
	}
	public := server.New(server.Options{
		DB: n.db, Partners: n.partners, Content: content.New(n.db, content.Options{Addresses: addresses}), Limits: graph.DefaultLimits(),
		Log: quiet, Origin: n.URL, Demo: true,
	}).Public
	n.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		n.seen = append(n.seen, r.URL.RequestURI())
		n.mu.Unlock()
		public.ServeHTTP(w, r)
	})
	return n
}

// asked counts the different addresses that were asked for below a path.
func (n *newsroom) asked(path string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	seen := map[string]bool{}
	for _, address := range n.seen {
		seen[address] = seen[address] || strings.HasPrefix(address, path)
	}
	count := 0
	for _, below := range seen {
		if below {
			count++
		}
	}
	return count
}

// times counts how often an address was asked for.
func (n *newsroom) times(address string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, seen := range n.seen {
		if seen == address {
			count++
		}
	}
	return count
}

// partnerPage serves a page of another site, at localhost, and returns its address. It keeps what frames say.
func partnerPage(t *testing.T, policy, body string) string {
	t.Helper()
	return partnerPages(t, policy, &body)
}

// partnerPages does so for a body that is written when its address is known.
func partnerPages(t *testing.T, policy string, body *string) string {
	t.Helper()
	partner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/listen.js":
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte(`const heights = new Map(); addEventListener('message', (e) => heights.set(e.source, e.data.height))`))
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if policy != "" {
				w.Header().Set("Content-Security-Policy", policy)
			}
			_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
				<meta name="color-scheme" content="light dark"><title>A partner</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"><script src="/listen.js"></script>%s`, *body)
		case "/page.css":
			w.Header().Set("Content-Type", "text/css")
			_, _ = w.Write([]byte(`body { max-width: 75rem; margin: 20px auto; padding: 0 20px; font-family: sans-serif; background: light-dark(#eef1f5, #0d1014); color: light-dark(#111, #eee) }
				.grid { display: grid; gap: 24px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); align-items: start }
				.grid > div { display: grid; gap: 24px; min-width: 0 } .space { height: 900px }`))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(partner.Close)
	return strings.Replace(partner.URL, "127.0.0.1", "localhost", 1)
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

const (
	// frames are all frames of a page, those inside of elements too.
	frames = `[...document.querySelectorAll('iframe'), ...[...document.querySelectorAll('*')].flatMap((e) => e.shadowRoot ? [...e.shadowRoot.querySelectorAll('iframe')] : [])]`
	// fitted holds when each of them is as high as what is in it, to the pixel.
	fitted = frames + `.every((f) => heights.has(f.contentWindow) && f.clientHeight === Math.ceil(heights.get(f.contentWindow)))`
)

func components(origin string) string {
	return `<script async src="` + origin + `/embed.js"></script><main class="grid">
		<div><broadsheet-article slug="the-night-the-harbour-lights-went-out"><a href="/">The night the harbour lights went out</a></broadsheet-article>
		<broadsheet-article slug="never-there"></broadsheet-article></div>
		<div><broadsheet-feed tag="harbour" count="3"><a href="/">Harbour</a></broadsheet-feed><broadsheet-campaign slug="membership"></broadsheet-campaign></div>
		<div><broadsheet-feed layout="rail" count="6"></broadsheet-feed><broadsheet-article slug="seals-in-small-hats" layout="compact"></broadsheet-article>
		<iframe src="` + origin + `/embed/feeds/authors/mara-lindqvist?count=2" title="Mara Lindqvist" width="100%" height="777" loading="lazy" sandbox="allow-scripts allow-popups"></iframe></div></main>`
}

// Elements and plain frames on a page of another site are as high as their content, under a policy that allows the
// newsroom's script and frames alone, in light and dark, on wide and narrow screens.
func TestEmbedsOnAPageOfAnotherSite(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	page := partnerPage(t, "default-src 'none'; style-src 'self'; img-src data:; script-src 'self' "+n.URL+"; frame-src "+n.URL, components(n.URL))
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1240, 390} {
			do(t, ctx, browsertest.PrefersColors(scheme), chromedp.EmulateViewport(width, 1800), chromedp.Navigate(page))
			await(t, ctx, frames+`.length === 7 && `+fitted)
			await(t, ctx, `[...document.querySelectorAll('broadsheet-article, broadsheet-feed')].every((e) => getComputedStyle(e.shadowRoot.querySelector('slot')).display === 'none')`)
			if wide := evaluate[int64](t, ctx, `document.documentElement.scrollWidth`); wide > width {
				t.Errorf("the page is %d pixels wide on a screen of %d", wide, width)
			}
			browsertest.Screenshot(t, ctx, fmt.Sprintf("embeds-%s-%d", scheme, width))
		}
	}
	titles := evaluate[[]string](t, ctx, frames+`.map((f) => f.title)`)
	if !slices.Contains(titles, "Harbour · The Larksund Courier") || slices.Contains(titles, "") {
		t.Errorf("titles of frames: %q", titles)
	}
}

// "Show more" inside a frame goes on in place, and the frame grows with it.
func TestShowMoreGrowsTheFrame(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	page := partnerPage(t, "", `<script async src="`+n.URL+`/embed.js"></script><broadsheet-feed tag="harbour" count="2"></broadsheet-feed>`)
	do(t, ctx, chromedp.EmulateViewport(600, 1200), chromedp.Navigate(page))
	await(t, ctx, frames+`.length === 1 && `+fitted)
	before := evaluate[float64](t, ctx, frames+`[0].clientHeight`)
	clickMore(t, ctx, n, "/embed/feeds/tags/harbour?after=")
	await(t, ctx, fmt.Sprintf(`%s[0].clientHeight > %f && %s`, frames, before+80, fitted))
	if n.asked("/embed/feeds/tags/harbour?after=") != 1 {
		t.Errorf("asked for: %v", n.seen)
	}
	browsertest.Screenshot(t, ctx, "show-more")
}

// clickMore clicks on «Show more» in the first frame, until the address is asked for to which it leads.
func clickMore(t *testing.T, ctx context.Context, n *newsroom, address string) {
	t.Helper()
	left := evaluate[float64](t, ctx, frames+`[0].getBoundingClientRect().left`)
	bottom := evaluate[float64](t, ctx, frames+`[0].getBoundingClientRect().bottom`)
	// A frame of another process hears nothing of a click that comes before it was first painted where it is.
	for tries := 0; n.asked(address) == 0 && tries < 20; tries++ {
		do(t, ctx, chromedp.MouseClickXY(left+70, bottom-30))
		waitUntil(2*time.Second, func() bool { return n.asked(address) > 0 })
	}
}

// waitUntil tells whether something became so within a time.
func waitUntil(patience time.Duration, isSo func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !isSo(); {
		select {
		case <-tick.C:
		case <-deadline:
			return false
		}
	}
	return true
}

// Of twenty embeds only those are loaded that are about to be seen.
func TestManyEmbedsLoadLazily(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	var slugs []string
	if err := n.db.Select(&slugs, `select slug from articles where status = 'PUBLISHED' and kind <> 'PAGE' order by id limit 20`); err != nil {
		t.Fatal(err)
	}
	body := `<script async src="` + n.URL + `/embed.js"></script>`
	for i, slug := range slugs {
		if i%2 == 0 {
			body += fmt.Sprintf(`<p>%d</p><broadsheet-article slug="%s"></broadsheet-article><div class="space"></div>`, i, slug)
		} else {
			body += fmt.Sprintf(`<p>%d</p><iframe src="%s/embed/articles/%s" title="A story" width="100%%" height="500" loading="lazy" sandbox="allow-scripts"></iframe><div class="space"></div>`, i, n.URL, slug)
		}
	}
	do(t, ctx, chromedp.EmulateViewport(1000, 800), chromedp.Navigate(partnerPage(t, "", body)))
	await(t, ctx, frames+`.length === 20 && heights.size >= 2`)
	first := n.asked("/embed/articles/")
	if first > 6 {
		t.Errorf("%d of 20 were loaded at once", first)
	}
	do(t, ctx, chromedp.EmulateViewport(1000, 40000)) // as if everything were scrolled to
	await(t, ctx, `heights.size === 20 && `+fitted)
	if all := n.asked("/embed/articles/"); all != 20 {
		t.Errorf("%d of 20 were loaded in the end", all)
	}
	t.Logf("%d of 20 were loaded before scrolling", first)
}

// Whoever else sends messages to the page moves no frame, and no frame grows without bounds.
func TestStrangersDoNotMoveFrames(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	page := partnerPage(t, "", `<script src="`+n.URL+`/embed.js"></script><broadsheet-campaign slug="membership"></broadsheet-campaign>
		<iframe id="stranger" title="Stranger" sandbox="allow-scripts" height="100" srcdoc="<script>
			for (const height of [3000, 50]) parent.postMessage({type: 'broadsheet:frame', height, title: 'Stranger'}, '*')
			parent.postMessage({type: 'stranger', height: 1}, '*')</script>"></iframe>`)
	do(t, ctx, chromedp.Navigate(page))
	const own = `document.querySelector('broadsheet-campaign').shadowRoot.querySelector('iframe')`
	const stranger = `document.querySelector('#stranger')`
	await(t, ctx, `heights.size === 2 && heights.get(`+stranger+`.contentWindow) === 1 && `+own+`.clientHeight === Math.ceil(heights.get(`+own+`.contentWindow))`)
	if height := evaluate[int](t, ctx, stranger+`.clientHeight`); height != 100 {
		t.Errorf("the stranger's frame is %d pixels high", height)
	}
	for said, want := range map[string]int{`1e9`: 5000, `-5`: 40, `99.2`: 100, `NaN`: 100, `Infinity`: 100, `"300"`: 100, `null`: 100, `{}`: 100} {
		// A message as if the frame had sent it.
		got := evaluate[int](t, ctx, own+`.style.height = '100px';`+
			`dispatchEvent(new MessageEvent('message', {source: `+own+`.contentWindow, origin: 'null', data: {type: 'broadsheet:frame', height: `+said+`}}));`+own+`.clientHeight`)
		if got != want {
			t.Errorf("a height of %s makes the frame %d pixels high, want %d", said, got, want)
		}
	}
	got := evaluate[int](t, ctx, own+`.style.height = '100px';`+
		`dispatchEvent(new MessageEvent('message', {source: `+own+`.contentWindow, origin: 'https://evil.example', data: {type: 'broadsheet:frame', height: 900}}));`+own+`.clientHeight`)
	if got != 100 {
		t.Errorf("another origin makes the frame %d pixels high", got)
	}
}

// withoutScripts makes pages do without.
func withoutScripts() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
}

// Without scripts an element is the link inside it, and a frame all that it is with them.
func TestEmbedsWithoutScripts(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	do(t, ctx, withoutScripts(), chromedp.EmulateViewport(600, 900),
		chromedp.Navigate(partnerPage(t, "", `<script async src="`+n.URL+`/embed.js"></script><broadsheet-feed tag="harbour"><a href="/there">All about the harbour</a></broadsheet-feed>`)),
		chromedp.WaitVisible(chromedp.CSS("broadsheet-feed a")))
	do(t, ctx, chromedp.Navigate(n.URL+"/embed/feeds/tags/harbour?count=2"), chromedp.WaitVisible(chromedp.CSS(".list h2")))
	const titles = `[...document.querySelectorAll('h2')].map((title) => title.textContent)`
	first := evaluate[[]string](t, ctx, titles)
	do(t, ctx, chromedp.Click(chromedp.CSS("a.more")), chromedp.WaitVisible(chromedp.CSS("a.newest")))
	second := evaluate[[]string](t, ctx, titles)
	if len(first) != 2 || len(second) != 2 || slices.Equal(first, second) {
		t.Errorf("first %q, then %q", first, second)
	}
	browsertest.Screenshot(t, ctx, "without-scripts")
	do(t, ctx, chromedp.Click(chromedp.CSS("a.newest")), chromedp.WaitNotPresent(chromedp.CSS("a.newest")))
	if again := evaluate[[]string](t, ctx, titles); !slices.Equal(first, again) {
		t.Errorf("first %q, then back to %q", first, again)
	}
}

// every are addresses of each kind of frame.
func every() []string {
	return []string{
		"/embed/articles/the-night-the-harbour-lights-went-out", "/embed/articles/the-night-the-harbour-lights-went-out?layout=compact",
		"/embed/feeds/latest?count=4", "/embed/feeds/latest?layout=rail", "/embed/feeds/tags/video", "/embed/campaigns/membership",
	}
}

// A keyboard is enough: the tab key reaches every link, each of which shows where it is, and Enter goes on in a list.
func TestFramesByKeyboard(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	do(t, ctx, chromedp.EmulateViewport(600, 900))
	for _, address := range every() {
		do(t, ctx, chromedp.Navigate(n.URL+address))
		links := evaluate[int](t, ctx, `document.links.length`)
		for i := range links {
			do(t, ctx, chromedp.KeyEvent("\t"))
			outlined := evaluate[bool](t, ctx, `[null, '::after'].some((part) => { const style = getComputedStyle(document.activeElement, part); return style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2 })`)
			if at := evaluate[int](t, ctx, `[...document.links].indexOf(document.activeElement)`); at != i || !outlined {
				t.Errorf("%s: after %d tabs the focus is on link %d; shown: %t", address, i+1, at, outlined)
			}
		}
	}
	do(t, ctx, chromedp.Navigate(n.URL+"/embed/feeds/latest?count=3"), chromedp.Focus(chromedp.CSS("a.more")), chromedp.KeyEvent("\r"))
	await(t, ctx, `document.querySelectorAll('.stories > li').length === 6 && document.activeElement === document.querySelector('.stories > li:nth-child(4) a')`)
	browsertest.Screenshot(t, ctx, "keyboard")
}

// Frames are the same to look at in every direction and width: nothing sticks out, and what can be hit is large enough.
func TestFramesInEveryShape(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	for _, locale := range []string{"en", "ar"} {
		n.db.MustExec(`update site set locale = $1`, locale)
		n.db.MustExec(`update articles set locale = $1`, locale)
		for _, width := range []int64{220, 360, 800} {
			for i, address := range every() {
				// Browsers keep a frame for a minute: each is another one to them.
				do(t, ctx, chromedp.EmulateViewport(width, 700), chromedp.Navigate(n.URL+address+map[bool]string{true: "&", false: "?"}[strings.Contains(address, "?")]+"in="+locale))
				if direction := evaluate[string](t, ctx, `getComputedStyle(document.querySelector('.notes, header')).direction`); (direction == "rtl") != (locale == "ar") {
					t.Errorf("%s in %s runs %s", address, locale, direction)
				}
				if wide := evaluate[int64](t, ctx, `document.documentElement.scrollWidth`); wide > width {
					t.Errorf("%s in %s is %d pixels wide on a screen of %d", address, locale, wide, width)
				}
				small := evaluate[[]string](t, ctx, `[...document.links].filter((link) => !link.matches('.whole')).filter((link) => { const box = link.getBoundingClientRect(); return box.width < 24 || box.height < 24 }).map((link) => link.outerHTML)`)
				if len(small) > 0 {
					t.Errorf("%s at %d: too small to hit: %v", address, width, small)
				}
				if width == 360 {
					browsertest.Screenshot(t, ctx, fmt.Sprintf("frame-%d-%s", i, locale))
				}
			}
		}
	}
}

// A frame that cannot grow, as those of oEmbed, holds what is in it.
func TestOEmbedHeightsAreEnough(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A headline that goes on and on ", 8)
	ctx := browsertest.Chromium(t)
	n := newNewsroom(t, `update articles set title = '`+long+`', excerpt = title || title || title where slug = 'seals-in-small-hats'`)
	for _, address := range []string{n.URL + "/seals-in-small-hats/", n.URL + "/hail-the-size-of-cherries/", n.URL + "/tag/science/", n.URL + "/author/mara-lindqvist/"} {
		for _, more := range []string{"", "&maxwidth=320", "&maxwidth=240", "&maxheight=400", "&maxheight=290&maxwidth=320"} {
			answer := oEmbed(t, n.Config.Handler, address, more)
			do(t, ctx, chromedp.EmulateViewport(int64(answer.Width), int64(answer.Height)), chromedp.Navigate(attributes(t, answer.HTML)["src"]))
			if high := evaluate[int](t, ctx, `Math.ceil(document.documentElement.getBoundingClientRect().height)`); high > answer.Height {
				t.Errorf("%s%s: %d pixels high in a frame of %d × %d", address, more, high, answer.Width, answer.Height)
			}
		}
	}
}

// axe-core finds no barrier by the rules of WCAG 2.2, levels A and AA, or by good practice, in light and dark.
func TestFramesHaveNoBarriers(t *testing.T) {
	t.Parallel()
	axe := axeCore(t)
	n, ctx := newNewsroom(t, `update site set locale = 'ar'`), browsertest.Chromium(t, "status of 401")
	refused := "/embed/feeds/latest?token=wrong"
	for _, scheme := range []string{"light", "dark"} {
		for _, address := range append(every(), refused) {
			do(t, ctx, browsertest.PrefersColors(scheme), chromedp.EmulateViewport(600, 900), chromedp.Navigate(n.URL+address))
			checkNoBarriers(t, ctx, axe, address+" in "+scheme)
		}
	}
}

// axeCore is the source of axe-core, which make axe installs.
func axeCore(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("axe/node_modules/axe-core/axe.min.js")
	if err != nil && os.Getenv("BROADSHEET_REQUIRE_AXE") == "" {
		t.Skipf("needs axe-core: make axe (%v)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

func checkNoBarriers(t *testing.T, ctx context.Context, axe, what string) {
	t.Helper()
	evaluate[any](t, ctx, axe+"; undefined")
	const run = `axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then((found) =>
		[found.violations.flatMap((rule) => rule.nodes.map((node) => rule.id + ': ' + node.failureSummary + ' ' + node.html)), found.passes.length])`
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]any](run, chromedp.EvalAwaitPromise, chromedp.EvalAsValue))
	if err != nil {
		t.Fatal(err)
	}
	for _, barrier := range found[0].([]any) {
		t.Errorf("%s: %s", what, barrier)
	}
	if passed := found[1].(float64); passed < 10 {
		t.Errorf("%s: only %v rules had anything to look at", what, passed)
	}
}

// Nothing that a frame loads is anybody else's, and nothing stays in the browser.
func TestFramesLeaveNoTrace(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	for _, address := range every() {
		do(t, ctx, chromedp.Navigate(n.URL+address))
		for _, loaded := range evaluate[[]string](t, ctx, `performance.getEntriesByType('resource').map((entry) => entry.name)`) {
			if !strings.HasPrefix(loaded, n.URL+"/embed/assets/") && !strings.HasPrefix(loaded, n.URL+"/demo/") {
				t.Errorf("%s loads %s", address, loaded)
			}
		}
		kept := evaluate[string](t, ctx, `JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])`)
		if kept != `["",{},{}]` {
			t.Errorf("%s keeps %s", address, kept)
		}
	}
	cookies, err := chromedp.Call(ctx, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil || len(cookies.Cookies) > 0 {
		said, _ := json.Marshal(cookies)
		t.Errorf("cookies: %s %v", said, err)
	}
}
