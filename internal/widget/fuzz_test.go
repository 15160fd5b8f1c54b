package widget

import (
	"net/url"
	"testing"

	"broadsheet/internal/content"
)

// What is read from an address is within its bounds, and the address that is made of it is read as the same again.
func FuzzParseOptions(f *testing.F) {
	for _, query := range []string{"", "count=7&layout=rail&theme=dark&after=AX&token=t", "count=+5", "count=99999999999999999999", "layout=", "theme=%", ";", "after=%00&a=b"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		o, err := parseOptions(query, layoutList, layoutRail)
		if err != nil {
			if content.AsError(err).Code != content.BadUserInput {
				t.Fatalf("%q: %v", query, err)
			}
			return
		}
		if o.Count < 1 || o.Count > mostCount || o.Layout != layoutList && o.Layout != layoutRail {
			t.Fatalf("%q: %+v", query, o)
		}
		address, err := url.Parse(o.at("/embed/feeds/tags/a/b?c"))
		if err != nil || address.Path != "/embed/feeds/tags/a/b?c" {
			t.Fatalf("%q: %v %v", query, address, err)
		}
		if again, err := parseOptions(address.RawQuery, layoutList, layoutRail); err != nil || again != o {
			t.Fatalf("%q: %+v, then %+v (%v)", query, o, again, err)
		}
	})
}

func FuzzParseOEmbed(f *testing.F) {
	for _, query := range []string{"url=https%3A%2F%2Fa.example%2Fb&maxwidth=3&maxheight=4&format=xml", "url=//a", "url=http://", "url=http://a&maxwidth=-1", "%"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		asked, err := parseOEmbed(query)
		if err != nil {
			if content.AsError(err).Code != content.BadUserInput {
				t.Fatalf("%q: %v", query, err)
			}
			return
		}
		for _, fitted := range []fitting{cardIn(asked.room, true), cardIn(asked.room, false), listIn(asked.room)} {
			if fitted.size.width < 1 || fitted.size.height < 1 || !asked.room.holds(fitted.size) || fitted.Count < 1 || fitted.Count > mostCount {
				t.Fatalf("%q: %+v", query, fitted)
			}
		}
		if u, err := url.Parse(asked.url); err != nil || u.Host == "" {
			t.Fatalf("%q: %s", query, asked.url)
		}
	})
}
