package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/database"
)

// The limits to hold Broadsheet against, each served in a process of its own:
//
//	L0  net/http answering the same bytes from memory
//	L1  a handler written by hand for each query, with one statement tuned by hand that builds the JSON in Postgres, or reads
//	    what the handler makes RSS of
const (
	limitMemory    = "L0"
	limitStatement = "L1"
)

// serveLimit is what the process of a limit runs.
func serveLimit(ctx context.Context, name string) error {
	debug.SetGCPercent(400) // as Broadsheet does
	handler := http.Handler(http.HandlerFunc(echoFile))
	if name == limitStatement {
		db, err := database.Open(ctx, os.Getenv("DATABASE_URL"), database.Pool{})
		if err != nil {
			return err
		}
		if handler, err = newStatementHandler(ctx, db); err != nil {
			return err
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "serving address=http://%s\n", listener.Addr())
	return http.Serve(listener, handler) //nolint:gosec // for the time of a measurement, on this machine
}

// finished is the answer that L0 gives, a file that was written before.
var finished []byte

func echoFile(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		finished, _ = io.ReadAll(r.Body)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(finished)))
	_, _ = w.Write(finished)
}

// statementHandler answers the benchmark's requests for GraphQL with one statement each.
type statementHandler struct{ feed, article, tagFeed *sqlx.Stmt }

func newStatementHandler(ctx context.Context, db *sqlx.DB) (http.Handler, error) {
	h, texts := &statementHandler{}, &textsHandler{}
	for _, s := range []struct {
		into **sqlx.Stmt
		text string
	}{{&h.feed, feedStatement()}, {&h.article, articleStatement()}, {&h.tagFeed, tagFeedStatement()}, {&texts.statement, textsStatement}} {
		statement, err := db.PreparexContext(ctx, s.text) //nolint:sqlclosecheck // kept as long as the process lives
		if err != nil {
			return nil, err
		}
		*s.into = statement
	}
	mux := http.NewServeMux()
	mux.Handle("POST /graphql", h)
	mux.Handle("GET "+textsPath, texts)
	return mux, nil
}

func (h *statementHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Query     string
		Variables struct{ Slug, After string }
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	at, id, _ := strings.Cut(request.Variables.After, "|")
	if at == "" {
		at, id = "infinity", "0"
	}
	var row *sqlx.Row
	switch {
	case strings.HasPrefix(request.Query, "query Feed"):
		row = h.feed.QueryRowxContext(r.Context(), at, id)
	case strings.HasPrefix(request.Query, "query Article"):
		row = h.article.QueryRowxContext(r.Context(), request.Variables.Slug)
	default:
		row = h.tagFeed.QueryRowxContext(r.Context(), request.Variables.Slug, at, id)
	}
	var body []byte
	if err := row.Scan(&body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
