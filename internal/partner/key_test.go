package partner

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestKeysAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 1000 {
		key, text := newKey()
		parsed, ok := parseCredential(text)
		if !ok || parsed.token || parsed.id != key.ID || string(digest(parsed.secret)) != string(key.Hash) || seen[key.ID] {
			t.Fatalf("%s is read as %+v, %t", text, parsed, ok)
		}
		token, ok := parseCredential(key.Token())
		if !ok || !token.token || token.id != key.ID || token.secret == parsed.secret {
			t.Fatalf("%s is read as %+v, %t", key.Token(), token, ok)
		}
		seen[key.ID] = true
	}
}

func FuzzCredential(f *testing.F) {
	key, text := newKey()
	known := &directory{callers: map[string]*caller{key.ID: {Key: key, digests: [2][]byte{key.Hash, digest(tokenSecret(key.Hash))}}}}
	f.Add(text)
	f.Add(key.Token())
	f.Add("bsk_" + key.ID + "_")
	f.Fuzz(func(t *testing.T, shown string) {
		parsed, ok := parseCredential(shown)
		prefix := map[bool]string{false: keyPrefix, true: tokenPrefix}[parsed.token]
		if ok && prefix+parsed.id+"_"+parsed.secret != shown {
			t.Errorf("%q is read as %+v", shown, parsed)
		}
		if known.find(parsed) != nil && shown != text && shown != key.Token() {
			t.Errorf("%q opens the door", shown)
		}
	})
}

func FuzzPresented(f *testing.F) {
	f.Add("Bearer x", "", "token=y")
	f.Add("Basic OnB3", "k", "a=b&token")
	f.Fuzz(func(t *testing.T, authorization, key, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"], r.Header["X-Api-Key"], r.URL.RawQuery = []string{authorization}, []string{key}, query
		shown, given := presented(r, true)
		if !given && (authorization != "" || key != "") {
			t.Errorf("%q %q: passed over", authorization, key)
		}
		if shown.inAddress && (authorization != "" || key != "") {
			t.Errorf("%q %q: the address wins", authorization, key)
		}
	})
}
