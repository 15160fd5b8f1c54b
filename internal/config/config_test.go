package config

import (
	"strings"
	"testing"
)

// The address at which the world reaches the server is one without a path: feeds and embeds have their own.
func TestOrigin(t *testing.T) {
	t.Parallel()
	const own = "http://127.0.0.1:8080"
	for given, want := range map[string]string{
		"":                                own,
		"https://content.example.org":     "https://content.example.org",
		"https://content.example.org/":    "https://content.example.org",
		"http://localhost:8080":           "http://localhost:8080",
		"content.example.org":             "",
		"ftp://content.example.org":       "",
		"https://content.example.org/api": "",
		"https://content.example.org/?a":  "",
		"https://":                        "",
	} {
		got, err := (&Server{PublicURL: given}).Origin(own)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q is reached at %q (%v), not at %q", given, got, err, want)
		}
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", "10.1.2.3/8": "10.0.0.0/8", "192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7": "192.0.2.7/32",
		"2001:db8::/32": "2001:db8::/32", "2001:db8::1": "2001:db8::1/128", "0.0.0.0/0": "0.0.0.0/0",
		"": "", "proxy.example": "", "10.0.0.0/33": "", "fe80::1%eth0": "", "::ffff:10.0.0.0/104": "",
	} {
		var network Network
		err := network.UnmarshalText([]byte(given))
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "10.0.0.0/8") {
				t.Errorf("%q: %v", given, err)
			}
		} else if err != nil || network.String() != want {
			t.Errorf("%q is %s (%v), not %s", given, network, err, want)
		}
	}
}
