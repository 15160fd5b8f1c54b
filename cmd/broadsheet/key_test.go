package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/partner"
)

// output runs a command that has to succeed, and returns what it wrote.
func output(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	code, text := command(t, environ, args...).result()
	if code != exitDone {
		t.Fatalf("%v: exit code %d, %s", args, code, text)
	}
	return text
}

var wholeKey = regexp.MustCompile(`bsk_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}`)

// A key that was just made opens the running server, until it is revoked; and what was used is written when it stops.
func TestKeysFromTheCommandLine(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	db.MustExec(`insert into tags (slug, name, internal) values ('syndicate', 'For partners', true);
		insert into articles (slug, title, status, body_html) values ('a', 'Ours', 'PUBLISHED', '<p>One two three</p>'), ('b', 'Theirs', 'PUBLISHED', '<p>Four five six</p>');
		insert into article_tags (article_id, tag_id) select a.id, t.id from articles a, tags t where a.slug = 'b'`)
	environ := []string{"DATABASE_URL=" + dbtest.URL(name)}
	server := command(t, environ, "serve", "--addr", "127.0.0.1:0").serving()
	key := wholeKey.FindString(output(t, environ, "key", "add", "planet", "--name", "The Planet", "--tags", "syndicate", "--excerpt-words", "2",
		"--delay", "0s", "--per-day", "100", "--frame-origin", "https://planet.example", "--expires", "90d"))
	prefix := key[:strings.LastIndexByte(key, '_')]
	ask := func(key string) (int, string) {
		t.Helper()
		var position string
		if err := db.Get(&position, `select max(position) from changes`); err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest(http.MethodGet, server.origin+"/graphql?query={articles{nodes{title,body{text}}}}", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Broadsheet-Min-Position", position)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return read(t, response)
	}
	waitUntil(t, func() bool { status, _ := ask(key); return status == http.StatusOK })
	if _, body := ask(key); body != `{"data":{"articles":{"nodes":[{"title":"Theirs","body":{"text":"Four five …"}}]}}}` {
		t.Error(body)
	}
	next := wholeKey.FindString(output(t, environ, "key", "rotate", prefix, "--grace", "1h"))
	waitUntil(t, func() bool { status, _ := ask(next); return status == http.StatusOK })
	output(t, environ, "key", "revoke", prefix)
	waitUntil(t, func() bool { status, _ := ask(key); return status == http.StatusUnauthorized })

	var keys []partner.Key
	if err := json.Unmarshal([]byte(output(t, environ, "key", "list", "--json")), &keys); err != nil || len(keys) != 2 || keys[0].RevokedAt == nil || keys[1].RevokedAt != nil {
		t.Errorf("%v, %+v", err, keys)
	}
	if list := output(t, environ, "key", "list", "planet"); !strings.Contains(list, prefix+"  revoked") || strings.Contains(list, key) {
		t.Error(list)
	}
	if code := server.end(syscall.SIGTERM); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, server.text())
	}
	var usage []partner.Usage
	if err := json.Unmarshal([]byte(output(t, environ, "key", "usage", "planet", "--json")), &usage); err != nil || len(usage) != 1 || usage[0].Door != "graphql" || usage[0].Requests < 3 || usage[0].Bytes == 0 {
		t.Errorf("%v, %+v", err, usage)
	}
	if text := output(t, environ, "key", "usage"); !strings.HasPrefix(text, "PARTNER") || !strings.Contains(text, "graphql") {
		t.Error(text)
	}
}

func TestLicencesFromTheCommandLine(t *testing.T) {
	t.Parallel()
	_, name := dbtest.NewNamed(t)
	environ := []string{"DATABASE_URL=" + dbtest.URL(name)}
	output(t, environ, "key", "add", "planet")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"licence", "planet"}, exitDone, "Text           whole"},
		{[]string{"licence", "planet", "--excerpt-words", "30", "--no-images", "--delay", "15m", "--kinds", "STORY,VIDEO", "--per-minute", "60"}, exitDone, "the first 30 words"},
		{[]string{"licence", "planet"}, exitDone, "15m0s"},
		{[]string{"licence", "planet", "--full-text", "--per-minute", "0"}, exitDone, "Per minute     any number"},
		{[]string{"licence", "planet", "--json"}, exitDone, `"delaySeconds": 900`},
		{[]string{"licence", "planet"}, exitDone, "Frame origins  any"},
		{[]string{"licence", "planet", "--frame-origin", "https://planet.example,https://*.planet.example"}, exitDone, "Frame origins  https://planet.example, https://*.planet.example"},
		{[]string{"licence", "planet", "--frame-origin", "none"}, exitDone, "Frame origins  none"},
		{[]string{"licence", "planet", "--frame-origin", "any"}, exitDone, "Frame origins  any"},
		{[]string{"licence", "planet", "--kinds", "NEWS"}, exitFailed, "there are STORY"},
		{[]string{"licence", "planet", "--tags", "none"}, exitFailed, `"none"`},
		{[]string{"licence", "planet", "--frame-origin", "planet.example; script-src *"}, exitFailed, "https://partner.example"},
		{[]string{"licence", "planet", "--delay", "200h"}, exitFailed, "168h"},
		{[]string{"licence", "bugle"}, exitFailed, "key add bugle"},
		{[]string{"licence", "public"}, exitFailed, "all that is public"},
		{[]string{"licence", "public", "--excerpt-words", "50"}, exitDone, "the first 50 words"},
		{[]string{"add", "public"}, exitFailed, "has no key"},
		{[]string{"add", "planet", "--no-images"}, exitFailed, "key licence planet"},
		{[]string{"add", "Daily Planet"}, exitFailed, "daily-planet"},
		{[]string{"add", "planet", "--expires", "soon"}, exitUsage, "90d"},
		{[]string{"revoke", "bsk_nothing"}, exitFailed, "key list"},
		{[]string{"token", "bsk_nothing"}, exitFailed, "key list"},
	} {
		if code, text := command(t, environ, append([]string{"key"}, c.args...)...).result(); code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("%v: exit code %d, %s", c.args, code, text)
		}
	}
}

func waitUntil(t *testing.T, isSo func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !isSo(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain")
		}
	}
}
