package server

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// serveJoined returns the address of a server that joins what it writes.
func serveJoined(t *testing.T, handler http.HandlerFunc) (string, *http.Server) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(joinedListener{listener}) }()
	t.Cleanup(func() { _ = s.Close() })
	return "http://" + listener.Addr().String(), s
}

// Answers of all lengths come whole, also those that end where the buffer does.
func TestJoinedWritesAreWhole(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("0123456789abcdef"), 8<<10)
	address, _ := serveJoined(t, func(w http.ResponseWriter, r *http.Request) {
		length, _ := strconv.Atoi(r.URL.Query().Get("length"))
		if r.URL.Query().Has("known") {
			w.Header().Set("Content-Length", strconv.Itoa(length))
		}
		_, _ = w.Write(text[:length/2])
		_, _ = w.Write(text[length/2 : length])
	})
	var lengths []int
	for length := bufferOfHTTP - 300; length <= bufferOfHTTP; length++ { // a header takes more than 60 bytes, and less than 300
		lengths = append(lengths, length)
	}
	for _, length := range append(lengths, 0, 1, 2*bufferOfHTTP, 50_000, len(text)) {
		for _, query := range []string{"", "&known"} {
			answer, err := http.Get(address + "/?length=" + strconv.Itoa(length) + query)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			if _ = answer.Body.Close(); err != nil || !bytes.Equal(body, text[:length]) {
				t.Fatalf("%d bytes%s: %d came, %v", length, query, len(body), err)
			}
		}
	}
}

// What is flushed comes before the handler ends.
func TestJoinedWritesAreNotHeldForLong(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	address, _ := serveJoined(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 3*bufferOfHTTP))
		_ = http.NewResponseController(w).Flush()
		<-goOn
	})
	answer, err := http.Get(address)
	if err == nil {
		_, err = io.ReadFull(answer.Body, make([]byte, 3*bufferOfHTTP))
	}
	close(goOn)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
}

// A client that reads nothing does not keep the server from ending.
func TestJoinedConnectionsEndWhileTheyWrite(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{}, 1)
	address, s := serveJoined(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
			select {
			case stuck <- struct{}{}:
			default:
			}
		}
	})
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	<-stuck
	ended := make(chan error, 1)
	go func() { ended <- s.Close() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the server does not end")
	}
}
