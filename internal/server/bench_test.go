package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
)

const pageOfFeed = `{"query":"{ articles(first: 20) { nodes { slug title excerpt url publishedAt tags { slug name } authors { slug name } relatedStories(first: 3) { article { slug title url } } } } }"}`

// BenchmarkHit asks for a kept page of the feed over one connection, and for the same bytes from net/http and memory.
func BenchmarkHit(b *testing.B) {
	db, name := dbtest.NewNamed(b)
	if _, err := demo.Load(b.Context(), db, time.Now(), "http://127.0.0.1:8080"); err != nil {
		b.Fatal(err)
	}
	s := newNode(b, db, dbtest.URL(name)).cached
	body := ask(s.Public, "POST", "/graphql", pageOfFeed, "Content-Type", "application/json").Body.Bytes()
	post := fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(pageOfFeed), pageOfFeed)
	for _, contender := range []struct {
		name    string
		handler http.Handler
	}{{"Broadsheet", s.Public}, {"Memory", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})}} {
		b.Run(contender.name, func(b *testing.B) { exchange(b, contender.handler, post, len(body)) })
	}
}

// BenchmarkMiss asks for a page of the feed that nobody has asked for before, where answers are kept and where not.
func BenchmarkMiss(b *testing.B) {
	db, name := dbtest.NewNamed(b)
	if _, err := demo.Load(b.Context(), db, time.Now(), "http://127.0.0.1:8080"); err != nil {
		b.Fatal(err)
	}
	n, asked := newNode(b, db, dbtest.URL(name)), int64(0)
	for _, contender := range []struct {
		name    string
		handler http.Handler
	}{{"Kept", n.cached.Public}, {"NotKept", n.remembering.Public}} {
		b.Run(contender.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				asked++ // written after the request in blanks, it makes it another one
				blanks := strings.NewReplacer("0", " ", "1", "\t").Replace(strconv.FormatInt(asked, 2))
				answer := ask(contender.handler, "POST", "/graphql", pageOfFeed+blanks, "Content-Type", "application/json")
				if how := answer.Header().Get("Broadsheet-Cache"); answer.Code != http.StatusOK || how == "hit" {
					b.Fatal(answer.Code, how)
				}
			}
		})
	}
}

// exchange sends the request again and again, and reads at least so many bytes of each answer.
func exchange(b *testing.B, handler http.Handler, request string, length int) {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	httpServer := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = httpServer.Serve(listener) }()
	b.Cleanup(func() { _ = httpServer.Close() })
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	reader := bufio.NewReaderSize(connection, 64<<10)
	b.ReportAllocs()
	b.SetBytes(int64(length))
	for b.Loop() {
		if _, err := io.WriteString(connection, request); err != nil {
			b.Fatal(err)
		}
		answer, err := http.ReadResponse(reader, nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			b.Fatal(answer, err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
	}
}
