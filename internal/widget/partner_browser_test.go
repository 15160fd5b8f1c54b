package widget_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"broadsheet/internal/partner"
	"broadsheet/internal/web/browsertest"
)

// tokenFor writes down a partner who may embed on pages of these origins, and returns a key with its token.
func (n *newsroom) tokenFor(t *testing.T, slug string, origins ...string) partner.Key {
	t.Helper()
	key, _ := n.keyFor(t, slug, origins...)
	return key
}

// keyFor does so, and returns the key as the partner has it, too.
func (n *newsroom) keyFor(t *testing.T, slug string, origins ...string) (key partner.Key, text string) {
	t.Helper()
	book, p := partner.Book{DB: n.db}, partner.Fresh(slug)
	p.FrameOrigins = origins
	tags, err := book.Tags(t.Context(), []string{"harbour"})
	if err != nil {
		t.Fatal(err)
	}
	p.TagsIn = tags
	if err := book.Keep(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if key, text, err = book.AddKey(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	n.learn(t)
	return key, text
}

// learn makes the server read its partners anew.
func (n *newsroom) learn(t *testing.T) {
	t.Helper()
	if err := n.partners.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// originOf is that of a page at an address.
func originOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Scheme + "://" + u.Host
}

// withToken are an element and a plain frame with a token, and a question that a script of the page asks.
func withToken(origin, token string) string {
	return `<script async src="` + origin + `/embed.js"></script><main class="grid">
		<broadsheet-feed count="2" token="` + token + `"><a href="/">The newest</a></broadsheet-feed>
		<iframe src="` + origin + `/embed/feeds/latest?count=2&amp;layout=rail&amp;token=` + token + `" title="The newest" width="100%" height="300" sandbox="allow-scripts allow-popups"></iframe></main>`
}

// reads is a script of the page that asks an address, and keeps in «read» what came of it.
func reads(address string) string {
	return `window.read = undefined; fetch('` + address + `').then((answer) => answer.text()).then((text) => { window.read = text }, () => { window.read = 'refused' }); undefined`
}

// On a page that the licence names, a token opens elements, plain frames and what scripts ask; a list goes on, too.
func TestTokensOnPagesOfThePartner(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	body := new(string)
	site := partnerPages(t, "", body)
	key := n.tokenFor(t, "planet", originOf(t, site))
	*body = withToken(n.URL, key.Token())
	do(t, ctx, chromedp.EmulateViewport(700, 1400), chromedp.Navigate(site))
	await(t, ctx, frames+`.length === 2 && `+fitted+` && document.querySelector('broadsheet-feed').shadowRoot.querySelector('iframe').className === 'come'`)
	evaluate[any](t, ctx, reads(n.URL+"/embed/feeds/latest?token="+key.Token()))
	await(t, ctx, `window.read?.includes('class="stories"')`)
	if links := n.asked("/embed/feeds/latest?"); links != 3 {
		t.Errorf("asked for %v", n.seen)
	}
	browsertest.Screenshot(t, ctx, "token-on-the-partners-page")
	clickMore(t, ctx, n, "/embed/feeds/latest?after=") // by leaving the page: scripts of a frame without an origin may not read on
}

// On a page of somebody else the same token opens nothing: the browser leaves the frames empty, and scripts read nothing.
func TestTokensElsewhere(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t, "frame-ancestors", "CORS policy", "net::ERR_FAILED")
	body := new(string)
	site := partnerPages(t, "", body)
	key := n.tokenFor(t, "planet", originOf(t, site))
	*body = withToken(n.URL, key.Token()) + `<broadsheet-campaign slug="membership"></broadsheet-campaign>`
	foreign := strings.Replace(site, "localhost", "foreign.localhost", 1)
	do(t, ctx, chromedp.EmulateViewport(700, 1400), chromedp.Navigate(foreign))
	const ofCampaign = `document.querySelector('broadsheet-campaign').shadowRoot.querySelector('iframe')`
	await(t, ctx, frames+`.length === 3 && `+ofCampaign+`.className === 'come'`) // what needs no token is shown
	evaluate[any](t, ctx, reads(n.URL+"/embed/feeds/latest?token="+key.Token()))
	await(t, ctx, `window.read !== undefined`)
	if read := evaluate[string](t, ctx, `window.read`); read != "refused" {
		t.Errorf("a script reads %s", read)
	}
	if said := evaluate[int](t, ctx, frames+`.filter((f) => heights.has(f.contentWindow)).length`); said != 1 {
		t.Errorf("%d of the frames have something in them", said)
	}
	if shown := evaluate[bool](t, ctx, `getComputedStyle(document.querySelector('broadsheet-feed').shadowRoot.querySelector('slot')).display !== 'none'`); !shown {
		t.Error("the link inside the element is not shown")
	}
	browsertest.Screenshot(t, ctx, "token-on-a-foreign-page")
}

// A token that was revoked is told in the frame, in words.
func TestRevokedTokensInFrames(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t, `update site set locale = 'de'`), browsertest.Chromium(t, "status of 401")
	body := new(string)
	site := partnerPages(t, "", body)
	key := n.tokenFor(t, "planet")
	if err := (partner.Book{DB: n.db}).Revoke(t.Context(), &key); err != nil {
		t.Fatal(err)
	}
	n.learn(t)
	*body = withToken(n.URL, key.Token())
	do(t, ctx, chromedp.EmulateViewport(700, 700), chromedp.Navigate(site))
	await(t, ctx, frames+`.length === 2 && `+fitted+` && `+frames+`.some((f) => f.title === 'Das kann hier zurzeit nicht gezeigt werden.')`)
	browsertest.Screenshot(t, ctx, "token-revoked")
	do(t, ctx, chromedp.Navigate(n.URL+"/embed/feeds/latest?token="+key.Token()), chromedp.Click(chromedp.CSS("summary")))
	await(t, ctx, `document.querySelector('details p').innerText.includes('was revoked')`)
}

// often is longer than a frame waits before it asks for a count again.
const often = 13 * time.Second

// prefersReducedMotion makes the page believe that its reader wants nothing to move.
func prefersReducedMotion() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		features := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	})
}

// A count that changes is shown without anybody doing something, and nobody asks while the page is hidden.
func TestCampaignsCountOn(t *testing.T) {
	t.Parallel()
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	body := new(string)
	site := partnerPages(t, "", body)
	key := n.tokenFor(t, "planet", originOf(t, site))
	*body = `<script async src="` + n.URL + `/embed.js"></script><broadsheet-campaign slug="membership" token="` + key.Token() + `"></broadsheet-campaign>`
	do(t, ctx, chromedp.EmulateViewport(700, 700), chromedp.Navigate(site))
	await(t, ctx, frames+`.length === 1 && `+fitted)
	browsertest.Screenshot(t, ctx, "campaign-before")
	n.db.MustExec(`update campaigns set joined = 4999`)
	if !waitUntil(often, func() bool { return n.times("/embed/campaigns/membership") > 0 }) { // without the token
		t.Fatalf("the frame does not ask again: %v", n.seen)
	}
	browsertest.Screenshot(t, ctx, "campaign-after")

	do(t, ctx, chromedp.Navigate(n.URL+"/embed/campaigns/membership"))
	evaluate[any](t, ctx, `Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true}); document.dispatchEvent(new Event('visibilitychange'))`)
	n.db.MustExec(`update campaigns set joined = 5001`)
	asked := n.times("/embed/campaigns/membership")
	_, _ = chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector('.count').innerText.includes('5,001')`, chromedp.WithPollingTimeout(often)))
	if again := n.times("/embed/campaigns/membership"); again != asked {
		t.Errorf("asked %d times while hidden", again-asked)
	}
	evaluate[any](t, ctx, `Object.defineProperty(document, 'visibilityState', {value: 'visible', configurable: true}); document.dispatchEvent(new Event('visibilitychange'))`)
	await(t, ctx, `document.querySelector('.count').innerText.includes('5,001') && document.querySelector('progress').value === 5000`)
	if said := evaluate[string](t, ctx, `getComputedStyle(document.querySelector('.count strong')).animationName`); said != "changed" {
		t.Errorf("animation: %s", said)
	}
	do(t, ctx, prefersReducedMotion())
	if said := evaluate[string](t, ctx, `getComputedStyle(document.querySelector('.count strong')).animationName`); said != "none" {
		t.Errorf("animation for who wants none: %s", said)
	}
}

// The page of what a partner used opens to the key as a password, and axe-core finds no barrier there.
func TestUsagePageHasNoBarriers(t *testing.T) {
	t.Parallel()
	axe := axeCore(t)
	n, ctx := newNewsroom(t), browsertest.Chromium(t)
	_, key := n.keyFor(t, "planet")
	n.db.MustExec(`insert into partner_usage (partner_id, day, door, requests) select id, current_date, 'feed', 5 from partners`)
	for _, scheme := range []string{"light", "dark"} {
		do(t, ctx, browsertest.PrefersColors(scheme), chromedp.Navigate(strings.Replace(n.URL, "//", "//anybody:"+key+"@", 1)+"/usage"), chromedp.WaitVisible(chromedp.CSS("td")))
		checkNoBarriers(t, ctx, axe, "the page of what a partner used in "+scheme)
		browsertest.Screenshot(t, ctx, "usage-"+scheme)
	}
}
