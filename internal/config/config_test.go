package config

import "testing"

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
