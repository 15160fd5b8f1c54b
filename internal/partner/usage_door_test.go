package partner_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/partner"
)

// Each partner is told what they used themselves, in the last 30 days.
func TestPartnersSeeWhatTheyUsed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, text := d.add("planet", func(p *partner.Partner) { p.PerDay = new(100) }, nil)
	_, other := d.add("bugle", nil, nil)
	d.DB.MustExec(`insert into partner_usage (partner_id, day, door, requests) select id, date '2026-03-10' - n, 'feed', n from partners, unnest(array[29, 30]) as n`)
	p := d.node()
	ask(p, feeds, http.MethodGet, "/", "X-API-Key", text)
	ask(p, feeds, http.MethodGet, "/", "X-API-Key", text, "If-None-Match", "x")
	ask(p, graphql, http.MethodGet, "/", "X-API-Key", other)
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	see := func(header ...string) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest(http.MethodGet, "/usage", nil), httptest.NewRecorder()
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		p.UsageDoor().ServeHTTP(w, r)
		if kept := w.Header().Get("Cache-Control"); kept != "no-store" {
			t.Errorf("Cache-Control: %s", kept)
		}
		return w
	}
	var told struct {
		Partner string
		Quota   partner.Quota
		Usage   []partner.Usage
	}
	if w := see("X-API-Key", text); json.Unmarshal(w.Body.Bytes(), &told) != nil || told.Partner != "planet" || told.Quota.PerDay == nil || *told.Quota.PerDay != 100 || len(told.Usage) != 2 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	first := partner.Usage{Partner: "planet", Day: time.Date(2026, 2, 9, 0, 0, 0, 0, time.UTC), Door: "feed", Requests: 29}
	today := partner.Usage{Partner: "planet", Day: time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC), Door: "feeds", Requests: 2, NotModified: 1, Bytes: 6}
	if !told.Usage[0].Day.Equal(first.Day) || told.Usage[0].Requests != first.Requests || told.Usage[1].Requests != today.Requests || told.Usage[1].NotModified != 1 || told.Usage[1].Bytes != today.Bytes {
		t.Errorf("%+v", told.Usage)
	}
	page := see("Accept", "text/html,*/*", "X-API-Key", text)
	if body := page.Body.String(); !strings.Contains(body, "<td>2026-03-10</td><td>feeds</td><td>2</td><td>1</td><td>0</td><td>6</td>") || strings.Contains(body, "bugle") ||
		!strings.Contains(page.Header().Get("Content-Security-Policy"), "style-src 'sha256-") {
		t.Errorf("%v %s", page.Header(), body)
	}
	for accept, challenge := range map[string]string{"text/html": "Basic", "application/json": "Bearer"} {
		if w := see("Accept", accept); w.Code != http.StatusUnauthorized || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), challenge) {
			t.Errorf("nobody, who takes %s: %d %v", accept, w.Code, w.Header())
		}
	}
	if w := see("X-API-Key", "nonsense"); w.Code != http.StatusUnauthorized {
		t.Errorf("a wrong key: %d", w.Code)
	}
}

// The fields that old clients know are told on request, to partners alone.
func TestCompatibleFields(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, text := d.add("planet", func(p *partner.Partner) { p.Quota = partner.Quota{PerMinute: new(60), PerDay: new(2)} }, nil)
	silent, telling := d.node(), d.nodeWith(func(o *partner.Options) { o.Compatible = true })
	for _, c := range []struct {
		node *partner.Partners
		key  string
		want string // Limit, Remaining, Reset
	}{
		{silent, text, ", , "},
		{telling, "", ", , "},
		{telling, "nonsense", ", , "},
		{telling, text, "2, 1, 1773187200"}, // the midnight after
		{telling, text, "2, 0, 1773187200"},
		{telling, text, "2, 0, 1773187200"}, // refused
	} {
		header := ask(c.node, graphql, http.MethodGet, "/", "X-API-Key", c.key).Header()
		got := strings.Join([]string{header.Get("X-RateLimit-Limit"), header.Get("X-RateLimit-Remaining"), header.Get("X-RateLimit-Reset")}, ", ")
		if got != c.want {
			t.Errorf("%s, not %s", got, c.want)
		}
		kept := header.Get("Cache-Control")
		if shared := !strings.Contains(kept, "private") && !strings.Contains(kept, "no-store"); shared && header.Get("RateLimit") != "" {
			t.Errorf("what is left of a quota is on an answer that others may be given: %v", header)
		}
	}
}
