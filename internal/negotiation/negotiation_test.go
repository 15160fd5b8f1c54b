package negotiation

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCoding(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "br, GZIP": "gzip", "*": "zstd", "br": "", "gzipped": "", "gzip, deflate, br, zstd": "zstd",
		"gzip, zstd;q=0.5": "gzip", "br;q=1, gzip ; Q = 0.1": "gzip", "gzip;level=1": "gzip",
		"gzip;q=0": "", "gzip; q=0.0": "", "gzip;q=high": "", "gzip;q=NaN": "", "gzip;q=-1": "", "gzip;q=Inf, zstd;q=0.1": "zstd", "gzip;q=": "",
		"gzip;q=0.5, *;q=0": "gzip", "zstd;q=0, *": "gzip", "*;q=0, zstd": "zstd", "*;q=0": "",
		"identity": "", "identity, gzip;q=0.5": "", "identity;q=0.5, gzip": "gzip", "identity;q=0.5, *;q=0.001": "", "identity;q=0, *;q=0.1": "zstd",
	} {
		if got := Coding([]string{accept}, "zstd", "gzip"); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
	if got := Coding([]string{"br", "gzip"}, "zstd", "gzip"); got != "gzip" {
		t.Errorf("two fields: %q", got)
	}
	if got := Coding(nil, "gzip"); got != "" {
		t.Errorf("no field: %q", got)
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	const tag = `"a-1"`
	modified := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return modified.Add(d).Format(http.TimeFormat) }
	for _, c := range []struct {
		match, since []string
		want         bool
	}{
		{nil, nil, false},
		{[]string{tag}, nil, true},
		{[]string{`W/` + tag}, nil, true},
		{[]string{`"x" , ` + tag}, nil, true},
		{[]string{`"x"`, tag}, nil, true},
		{[]string{"*"}, nil, true},
		{[]string{"a-1"}, nil, false},
		{[]string{`"A-1"`}, nil, false},
		{[]string{""}, nil, false},
		{[]string{`"x"`}, []string{at(0)}, false},
		{nil, []string{at(0)}, true},
		{nil, []string{at(time.Hour)}, true},
		{nil, []string{at(-time.Second)}, false},
		{nil, []string{"yesterday"}, false},
		{nil, []string{at(0), at(0)}, false},
	} {
		asked := http.Header{}
		if c.match != nil {
			asked["If-None-Match"] = c.match
		}
		if c.since != nil {
			asked["If-Modified-Since"] = c.since
		}
		if got := Known(asked, tag, modified); got != c.want {
			t.Errorf("%v: %t, want %t", asked, got, c.want)
		}
		if Any(asked) != slices.Equal(c.match, []string{"*"}) {
			t.Errorf("%v: any: %t", asked, Any(asked))
		}
		if len(c.match) == 0 && Known(asked, tag, time.Time{}) {
			t.Errorf("%v: known, though nobody knows when it was modified", asked)
		}
	}
}

// Both stand in the way of every kept answer.
func TestNothingIsAllocated(t *testing.T) {
	accept := []string{"gzip, deflate, br, zstd"}
	asked := http.Header{"If-None-Match": {`"x", "y"`}}
	if n := testing.AllocsPerRun(100, func() {
		Coding(accept, "zstd", "gzip")
		Known(asked, `"y"`, time.Time{})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever a client sends, it is never given a coding that we do not offer or that it refuses by name.
func FuzzCoding(f *testing.F) {
	for _, seed := range []string{"", "gzip", "zstd;q=0, *", "identity;q=0.5,gzip;q=1e-9", "gzip;q=0;q=1", ",;=,q=*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		got := Coding([]string{accept}, "zstd", "gzip")
		if got == "" {
			return
		}
		if !slices.Contains([]string{"zstd", "gzip"}, got) || !strings.Contains(strings.ToLower(accept), got) && !strings.Contains(accept, "*") {
			t.Errorf("%q: %q", accept, got)
		}
		if refused := Coding([]string{got + ";q=0," + accept}, "zstd", "gzip"); refused == got {
			t.Errorf("%q: %q, though it is refused", accept, got)
		}
	})
}

// A tag is found wherever it stands in a list, and in none that does not hold it.
func FuzzKnown(f *testing.F) {
	for _, seed := range []string{"", "*", `"a"`, `W/"a", "b"`, `"a`, ",,"} {
		f.Add(seed, "Tue, 10 Mar 2026 12:00:00 GMT")
	}
	f.Fuzz(func(t *testing.T, list, since string) {
		const tag = `"our-tag"`
		asked := http.Header{"If-None-Match": {list}, "If-Modified-Since": {since}}
		if Known(asked, tag, time.Unix(0, 0)) && !strings.Contains(list, tag) && !strings.Contains(list, "*") {
			t.Errorf("%q holds no %s", list, tag)
		}
		if asked["If-None-Match"] = []string{list, "W/" + tag}; !Known(asked, tag, time.Time{}) {
			t.Errorf("%q and %s: not known", list, tag)
		}
	})
}
