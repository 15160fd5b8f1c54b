package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/cache"
	"broadsheet/internal/changes"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
	"broadsheet/internal/edge"
	"broadsheet/internal/server"
)

// A Varnish in front of two nodes, set up by docs/varnish.vcl, is fresh as soon as it has been told, and keeps what did
// not change.
func TestVarnishIsFresh(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	if _, err := demo.Load(t.Context(), db, time.Now(), "http://127.0.0.1:8080"); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	nodes := []string{nodeBehind(t, db, dbtest.URL(name), address), nodeBehind(t, db, dbtest.URL(name), address)}
	v := startVarnish(t, address, nodes)
	waitFor(t, "Varnish to be told", func() bool {
		var told bool
		return db.Get(&told, `select confirmed > 0 and failures = 0 from deliveries`) == nil && told
	})

	latest := `{ articles(first: 3) { nodes { title } } }`
	harbour := `{ tag(slug: "harbour") { articles(first: 3) { nodes { title } } } }`
	about := `{ site { name description } }`
	for _, query := range []string{latest, harbour, about} {
		waitFor(t, query+" to be kept", func() bool { return v.ask(t, query).hit })
	}
	for i := range 20 {
		title := fmt.Sprintf("Breaking %d", i)
		db.MustExec(`with a as (insert into articles (slug, title, status) values ($1, $2, 'PUBLISHED') returning id)
			insert into article_tags (article_id, tag_id) select a.id, t.id from a, tags t where t.slug = 'harbour'`, fmt.Sprintf("breaking-%d", i), title)
		waitFor(t, title+" to be shown", func() bool {
			return strings.Contains(v.ask(t, latest).body, title) && strings.Contains(v.ask(t, harbour).body, title)
		})
		waitFor(t, title+" to be kept", func() bool { return v.ask(t, latest).hit && v.ask(t, harbour).hit })
		for range 4 { // it was not a node's newer answer by chance
			if got := v.ask(t, latest); !strings.Contains(got.body, title) {
				t.Fatalf("%s is lost again: %s", title, got.body)
			}
		}
		if !v.ask(t, about).hit {
			t.Error("what did not change was dropped")
		}
	}
	// What appears by itself.
	db.MustExec(`insert into articles (slug, title, status, published_at) values ('due', 'Due', 'SCHEDULED', now() + interval '500 milliseconds')`)
	waitFor(t, "a story that was scheduled", func() bool { return strings.Contains(v.ask(t, latest).body, "Due") })
	waitFor(t, "it to be kept", func() bool { return v.ask(t, latest).hit })
}

// nodeBehind is a node with its own listener that purges the Varnish at the address.
func nodeBehind(t *testing.T, db *sqlx.DB, url, varnish string) (address string) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	log := changes.NewLog(quiet)
	responses := cache.NewResponses(log, cache.Options{Bytes: 32 << 20, Shared: time.Hour})
	couriers, err := edge.NewCouriers(db, log, quiet, edge.Options{Caches: []string{"varnish+http://" + varnish + "/"}})
	if err != nil {
		t.Fatal(err)
	}
	announcer := changes.NewAnnouncer(log, db)
	for _, run := range []func(context.Context){
		func(ctx context.Context) { changes.NewFollower(log, db).Run(ctx, url) }, couriers.Run, announcer.Run,
	} {
		untilTheEnd(t, run)
	}
	s, _ := newServer(t, db, func(o *server.Options) { o.Cache, o.Log = responses, quiet })
	listening := httptest.NewServer(s.Public)
	t.Cleanup(listening.Close)
	return listening.Listener.Addr().String()
}

// varnish is a running Varnish.
type varnish struct{ address string }

func startVarnish(t *testing.T, address string, nodes []string) *varnish {
	t.Helper()
	program, err := exec.LookPath("varnishd")
	if err != nil {
		program = "/usr/sbin/varnishd" // not on everybody's PATH
		if _, err = os.Stat(program); err != nil {
			t.Fatal("this test needs Varnish with the modules xkey and var: .ci/install varnish varnish-modules")
		}
	}
	dir, err := os.MkdirTemp("/tmp", "broadsheet-varnish-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // Varnish works as a user of its own when we are root
		t.Fatal(err)
	}
	vcl, err := os.ReadFile("../../docs/varnish.vcl")
	if err != nil {
		t.Fatal(err)
	}
	text := string(vcl)
	for i, port := range []string{"8080", "8081"} {
		_, own, _ := net.SplitHostPort(nodes[i])
		text = strings.Replace(text, `.port = "`+port+`"`, `.port = "`+own+`"`, 1)
	}
	file := filepath.Join(dir, "broadsheet.vcl")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var output strings.Builder
	command := exec.Command(program, "-F", "-a", address, "-f", file, "-n", filepath.Join(dir, "work"), "-s", "malloc,16m", "-T", "none")
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait()
	}()
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	waitFor(t, "Varnish to listen", func() bool {
		select {
		case <-ended:
			t.Fatalf("varnishd ended: %v\n%s", command.ProcessState, output.String())
		default:
		}
		connection, err := net.Dial("tcp", address)
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	})
	return &varnish{address}
}

// answer is what comes through Varnish.
type fromVarnish struct {
	body string
	hit  bool
}

func (v *varnish) ask(t *testing.T, query string) fromVarnish {
	t.Helper()
	response, err := http.Get("http://" + v.address + "/graphql?query=" + url.QueryEscape(query))
	if err != nil {
		t.Fatal(err)
	}
	body, failed := io.ReadAll(response.Body)
	if err := errors.Join(failed, response.Body.Close()); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d %s %v", response.StatusCode, body, err)
	}
	return fromVarnish{string(body), response.Header.Get("X-Cache") == "hit"}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
