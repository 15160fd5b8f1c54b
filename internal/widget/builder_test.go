package widget_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"broadsheet/internal/web/browsertest"
)

const (
	previewed = `document.querySelector('#preview').firstChild?.frame`
	// shown holds when the preview's frame has come; it is of our own origin, but in a sandbox, where nobody looks into it.
	shown = previewed + `?.className === 'come'`
)

func snippet(t *testing.T, ctx context.Context, id string) string {
	t.Helper()
	return evaluate[string](t, ctx, `document.querySelector('#`+id+` code').textContent`)
}

// choose clicks on one of the builder's choices.
func choose(t *testing.T, ctx context.Context, name, value string) {
	t.Helper()
	do(t, ctx, chromedp.Click(chromedp.CSS(`input[name="`+name+`"][value="`+value+`"]`)))
}

// What is chosen is shown, and copied as a snippet that works.
func TestBuilderMakesSnippets(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	do(t, ctx, chromedp.EmulateViewport(1360, 1500), chromedp.Navigate(n.URL+"/embed"))
	await(t, ctx, shown+` && document.querySelector('#newsroom').textContent === 'The Larksund Courier'`)
	checkHolds(t, snippet(t, ctx, "component"), `<broadsheet-feed count="5">`, `<a href="`+n.URL+`/">The Larksund Courier</a>`)
	checkHolds(t, snippet(t, ctx, "feed"), n.URL+"/feeds/latest.rss")
	browsertest.Screenshot(t, ctx, "builder-latest")

	choose(t, ctx, "kind", "tag")
	await(t, ctx, `!document.querySelector('#hint').hidden && document.querySelector('.take article:not([hidden])') === null`)
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#tag"), "harbour"))
	choose(t, ctx, "lists", "rail")
	choose(t, ctx, "theme", "dark")
	await(t, ctx, previewed+`?.src.endsWith('/embed/feeds/tags/harbour?layout=rail&count=5&theme=dark') && `+shown)
	await(t, ctx, `document.querySelector('#component code').textContent.includes('Harbour')`)
	browsertest.Screenshot(t, ctx, "builder-tag")
	want := `<script async src="` + n.URL + `/embed.js"></script>` + "\n" + `<broadsheet-feed tag="harbour" layout="rail" count="5" theme="dark">` + "\n" +
		`  <a href="` + n.URL + `/tag/harbour/">Harbour</a>` + "\n</broadsheet-feed>"
	if got := copied(t, ctx, "component"); got != want {
		t.Errorf("copied %s", got)
	}
	frame := copied(t, ctx, "frame")
	checkHolds(t, frame, `src="`+n.URL+`/embed/feeds/tags/harbour?layout=rail&amp;count=5&amp;theme=dark"`, `title="Harbour"`, `loading="lazy"`, `style="border:0;color-scheme:dark"`)
	choose(t, ctx, "theme", "light")
	do(t, ctx, chromedp.SetValue(chromedp.CSS("#format"), "json"))
	evaluate[any](t, ctx, `document.querySelector('#format').dispatchEvent(new Event('input', {bubbles: true}))`)
	await(t, ctx, `document.querySelector('#feed code').textContent.endsWith('/feeds/tags/harbour.json')`)
	for _, address := range []string{copied(t, ctx, "oembed"), copied(t, ctx, "feed")} {
		page(t, n.Config.Handler, strings.TrimPrefix(address, n.URL), http.StatusOK)
	}

	// The snippets work on a page of another site, and the address of the builder leads back to the same choice.
	here := evaluate[string](t, ctx, `location.href`)
	do(t, ctx, chromedp.Navigate(partnerPage(t, "", want+frame)))
	await(t, ctx, frames+`.length === 2 && `+fitted)
	do(t, ctx, chromedp.Navigate(here))
	await(t, ctx, shown+` && `+previewed+`.src.endsWith('/embed/feeds/tags/harbour?layout=rail&count=5&theme=light')`)
}

// copied presses a snippet's button and returns what is in the clipboard.
func copied(t *testing.T, ctx context.Context, id string) string {
	t.Helper()
	allowClipboard(t, ctx)
	do(t, ctx, chromedp.Click(chromedp.CSS("#"+id+" button")))
	await(t, ctx, `document.querySelector('#said').textContent.startsWith('Copied: ' + document.querySelector('#`+id+` h3').textContent)`)
	return clipboard(t, ctx)
}

func allowClipboard(t *testing.T, ctx context.Context) {
	t.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		allowed := browser.SetPermissionParams{Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted}
		if _, err := chromedp.CallBrowser(ctx, browser.SetPermission, allowed); err != nil {
			t.Fatal(err)
		}
	}
}

func clipboard(t *testing.T, ctx context.Context) string {
	t.Helper()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`navigator.clipboard.readText()`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A story's address is enough, an old one too; names that would end an attribute do not.
func TestBuilderLooksUpWhatIsTyped(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t, `update articles set slug = 'new-name', title = '"><img src=x onerror=alert(1)>' where slug = 'seals-in-small-hats'`)
	ctx := browsertest.Chromium(t)
	do(t, ctx, chromedp.EmulateViewport(1360, 1500), chromedp.Navigate(n.URL+"/embed?kind=article"),
		chromedp.SendKeys(chromedp.CSS("#article"), n.URL+"/seals-in-small-hats/"))
	await(t, ctx, previewed+`?.src.endsWith('/embed/articles/new-name') && `+shown+` && !document.querySelector('#oembed').hidden`)
	checkHolds(t, snippet(t, ctx, "component"), `<broadsheet-article slug="new-name">`, `&quot;&gt;&lt;img src=x onerror=alert(1)&gt;</a>`)
	if hidden := evaluate[bool](t, ctx, `document.querySelector('#feed').hidden`); !hidden {
		t.Error("there is a feed of one story")
	}
	browsertest.Screenshot(t, ctx, "builder-story")
	want := `<link rel="alternate" type="application/json+oembed" href="` + n.URL + `/oembed?url=` + url.QueryEscape(n.URL+"/new-name/") + `&amp;format=json" title="&quot;&gt;`
	if links := snippet(t, ctx, "discovery"); !strings.HasPrefix(links, want) || !strings.Contains(links, "\n"+`<link rel="alternate" type="text/xml+oembed"`) {
		t.Errorf("discovery: %s", links)
	}
	choose(t, ctx, "kind", "campaign")
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#campaign"), "membership"))
	await(t, ctx, previewed+`?.src.endsWith('/embed/campaigns/membership') && `+shown)
	choose(t, ctx, "kind", "author")
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#author"), "mara-l"))
	await(t, ctx, previewed+`?.src.includes('/embed/feeds/authors/mara-l?') && `+shown)
	n.db.MustExec(`insert into saved_feeds (name, title, document, variables, arguments) values ('briefing', 'The briefing', '', '{}', '{}')`)
	choose(t, ctx, "kind", "saved")
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#saved"), "briefing"))
	await(t, ctx, previewed+`?.src.includes('/embed/feeds/saved/briefing?') && `+shown+` && `+previewed+`.title.startsWith('The briefing')`)
	checkHolds(t, snippet(t, ctx, "component"), `<broadsheet-feed saved="briefing" count="5">`)
	checkHolds(t, snippet(t, ctx, "feed"), n.URL+`/feeds/saved/briefing.rss`)
}

// A partner's token stands in what is copied, by a keyboard too, and neither in the page's own address nor in discovery.
func TestBuilderWithATokenByKeyboard(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	key := n.tokenFor(t, "planet", "https://planet.example") // the newsroom's own page may show it, too
	allowClipboard(t, ctx)
	do(t, ctx, chromedp.EmulateViewport(1360, 1500), chromedp.Navigate(n.URL+"/embed?kind=tag&tag=harbour"))
	await(t, ctx, shown)
	enter := func(text string) {
		evaluate[any](t, ctx, `document.querySelector('#token').value = ''`)
		do(t, ctx, chromedp.SendKeys(chromedp.CSS("#token"), text))
	}
	for text, hint := range map[string]string{"bsk_abc": "This is the key itself", "bst_abc": "The token is not complete"} {
		enter(text)
		await(t, ctx, `document.querySelector('#hint').textContent.startsWith('`+hint+`') && document.querySelector('.take article:not([hidden])') === null`)
	}
	enter(key.Token())
	await(t, ctx, previewed+`?.src.endsWith('token=`+key.Token()+`') && `+shown)
	for _, press := range []struct{ id, key string }{{"component", "\r"}, {"frame", " "}, {"feed", "\r"}, {"oembed", " "}, {"discovery", "\r"}} {
		do(t, ctx, chromedp.Focus(chromedp.CSS("#"+press.id+" button")), chromedp.KeyEvent(press.key))
		await(t, ctx, `document.querySelector('#said').textContent.startsWith('Copied: ' + document.querySelector('#`+press.id+` h3').textContent)`)
		if text := clipboard(t, ctx); strings.Contains(text, key.Token()) == (press.id == "discovery") {
			t.Errorf("%s: copied %s", press.id, text)
		}
	}
	if here := evaluate[string](t, ctx, `location.href`); strings.Contains(here, "bst_") {
		t.Errorf("the token is in the address: %s", here)
	}
	browsertest.Screenshot(t, ctx, "builder-token")
}

// The builder is the same with a keyboard, on a phone, and in the dark.
func TestBuilderInEveryShape(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	do(t, ctx, chromedp.EmulateViewport(1360, 900), chromedp.Navigate(n.URL+"/embed"))
	await(t, ctx, shown)
	do(t, ctx, chromedp.Focus(chromedp.CSS(`input[name="kind"][value="latest"]`)), chromedp.KeyEvent(kb.ArrowDown))
	await(t, ctx, `document.activeElement.value === 'tag' && document.activeElement.checked`)
	do(t, ctx, chromedp.KeyEvent("\t"), chromedp.KeyEvent("sport"))
	await(t, ctx, previewed+`?.src.includes('/tags/sport') && `+shown)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1360} {
			do(t, ctx, browsertest.PrefersColors(scheme), chromedp.EmulateViewport(width, 1400), chromedp.Navigate(n.URL+"/embed?kind=tag&tag=sport&count=3"))
			await(t, ctx, shown+` && document.querySelector('#tags').options.length > 5`)
			if wide := evaluate[int64](t, ctx, `document.documentElement.scrollWidth`); wide > width {
				t.Errorf("the builder is %d pixels wide on a screen of %d", wide, width)
			}
			browsertest.Screenshot(t, ctx, fmt.Sprintf("builder-%s-%d", scheme, width))
		}
	}
}

func TestBuilderHasNoBarriers(t *testing.T) {
	t.Parallel()
	axe := axeCore(t)
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	for _, scheme := range []string{"light", "dark"} {
		do(t, ctx, browsertest.PrefersColors(scheme), chromedp.EmulateViewport(1360, 1400), chromedp.Navigate(n.URL+"/embed?kind=tag&tag=sport"))
		await(t, ctx, shown)
		checkNoBarriers(t, ctx, axe, "the builder in "+scheme)
	}
}
