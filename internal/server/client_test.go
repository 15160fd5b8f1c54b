package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func ourProxies() proxies {
	return proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
}

func TestTheClientBehindProxies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, peer, usual, standard, want string }{
		{"no proxy", "192.0.2.7:1", "", "", "192.0.2.7:1"},
		{"a stranger's word", "192.0.2.7:1", "198.51.100.1", "for=198.51.100.1", "192.0.2.7:1"},
		{"a proxy of ours", "10.0.0.1:1", "198.51.100.1", "", "198.51.100.1:0"},
		{"what the client made up", "10.0.0.1:1", "203.0.113.9, 198.51.100.1", "", "198.51.100.1:0"},
		{"two of ours", "10.0.0.1:1", "203.0.113.9,198.51.100.1,  10.2.3.4", "", "198.51.100.1:0"},
		{"nobody but ours", "10.0.0.1:1", "10.0.0.3, 10.0.0.2", "", "10.0.0.3:0"},
		{"with a port", "10.0.0.1:1", "198.51.100.1:4711", "", "198.51.100.1:0"},
		{"IPv6", "[2001:db8:1::1]:1", "2001:db8:2::9", "", "[2001:db8:2::9]:0"},
		{"IPv6 with a port", "10.0.0.1:1", "[2001:db8:2::9]:80", "", "[2001:db8:2::9]:0"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", "::ffff:198.51.100.1", "", "198.51.100.1:0"},
		{"nonsense", "10.0.0.1:1", "198.51.100.1, nonsense", "", "10.0.0.1:1"},
		{"nothing", "10.0.0.1:1", "", "", "10.0.0.1:1"},
		{"Forwarded", "10.0.0.1:1", "", "for=198.51.100.1;proto=https;by=203.0.113.43", "198.51.100.1:0"},
		{"Forwarded, several", "10.0.0.1:1", "", `for=203.0.113.9, By=x;FOR="[2001:db8:2::9]:4711" , for=10.0.0.2`, "[2001:db8:2::9]:0"},
		{"Forwarded, hidden", "10.0.0.1:1", "", "for=198.51.100.1, for=_hidden", "10.0.0.1:1"},
		{"Forwarded, unknown", "10.0.0.1:1", "", "for=198.51.100.1, for=unknown, for=10.0.0.2", "10.0.0.2:0"},
		{"Forwarded, a comma in quotes", "10.0.0.1:1", "", `host="a,for=203.0.113.9";for=198.51.100.1`, "198.51.100.1:0"},
		{"Forwarded, without for", "10.0.0.1:1", "", "for=198.51.100.1, proto=https", "10.0.0.1:1"},
		{"Forwarded, open quotes", "10.0.0.1:1", "", `for="198.51.100.1, for=203.0.113.9`, "10.0.0.1:1"},
		{"both, of one mind", "10.0.0.1:1", "198.51.100.1", "for=198.51.100.1", "198.51.100.1:0"},
		{"both, one made up", "10.0.0.1:1", "198.51.100.1", "for=203.0.113.9", "10.0.0.1:1"},
		{"no address", "@", "198.51.100.1", "", "@"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		for name, value := range map[string]string{"X-Forwarded-For": c.usual, "Forwarded": c.standard} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		withClient(ourProxies(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.RemoteAddr != c.want {
				t.Errorf("%s: %s, not %s", c.what, r.RemoteAddr, c.want)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}

// Whoever is not trusted is who they are, and nothing that they write before a header changes for whom they are taken.
func FuzzForwarded(f *testing.F) {
	f.Add("198.51.100.1, 10.0.0.2", `for="[2001:db8::1]:80";by=x, for=10.0.0.2`, "203.0.113.9")
	f.Add("::ffff:10.0.0.1,,", `for="a\"b,c"`, `for="`)
	f.Fuzz(func(t *testing.T, usual, standard, madeUp string) {
		proxy, stranger := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.0.2.7")
		header := http.Header{"X-Forwarded-For": {usual}}
		if got := ourProxies().client(stranger, header); got != stranger {
			t.Fatalf("a stranger passes for %s", got)
		}
		for name, value := range map[string]string{"X-Forwarded-For": usual, "Forwarded": standard} {
			client := ourProxies().client(proxy, http.Header{name: {value}})
			if !client.IsValid() || client != plain(client) {
				t.Fatalf("%s: %q is from %s", name, value, client)
			}
			if ourProxies().trust(client) {
				continue // the way leads on
			}
			if got := ourProxies().client(proxy, http.Header{name: {madeUp, value}}); got != client {
				t.Fatalf("%s: %q before %q makes %s of %s", name, madeUp, value, got, client)
			}
			if strings.EqualFold(name, "Forwarded") {
				continue // where somebody else's quotes may be open: then the proxy is the last who is known
			}
			if got := ourProxies().client(proxy, http.Header{name: {madeUp + "," + value}}); got != client {
				t.Fatalf("%s: %q in front of %q makes %s of %s", name, madeUp, value, got, client)
			}
		}
	})
}
