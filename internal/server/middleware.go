package server

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"broadsheet/graph"
	"broadsheet/internal/content"
)

type metrics struct {
	registry   *prometheus.Registry
	seconds    *prometheus.HistogramVec
	inFlight   prometheus.Gauge
	statements *prometheus.CounterVec
	operations *prometheus.CounterVec
}

// exchange is a request with its answer, and the context in which what it takes is noted: all in one, since it is most of
// what a kept answer costs.
type exchange struct {
	context.Context //nolint:containedctx // it is one
	begun           time.Time
	id              [1]string
	answer          recorder
	receipt         content.Receipt
	trace           graph.Trace
}

// Value implements context.Context.
func (e *exchange) Value(key any) any {
	switch key.(type) {
	case content.ReceiptKey:
		return &e.receipt
	case graph.TraceKey:
		return &e.trace
	}
	return e.Context.Value(key)
}

// withTrace gives each request an id, counts it with what it took to answer it, and logs it.
func withTrace(log *slog.Logger, metrics *metrics, next http.Handler) http.Handler {
	ids := newRequestIDs()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		metrics.inFlight.Inc()
		defer metrics.inFlight.Dec()
		e := &exchange{Context: r.Context(), begun: time.Now(), answer: recorder{ResponseWriter: w}}
		e.identify(ids, r)
		defer e.end(log, metrics, r) // a handler that aborts its answer by a panic is counted, too
		next.ServeHTTP(&e.answer, r.WithContext(e))
	})
}

const requestIDHeader = "X-Request-Id"

var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// requestIDs are numbers, after something that tells this process from all others.
type requestIDs struct {
	process string
	count   atomic.Uint64
}

func newRequestIDs() *requestIDs { return &requestIDs{process: rand.Text()[:16] + "-"} }

// identify keeps the id that a proxy gave, if it is a sane one, and returns it with the answer.
func (e *exchange) identify(ids *requestIDs, r *http.Request) {
	if given := r.Header[requestIDHeader]; len(given) == 1 && saneRequestID.MatchString(given[0]) {
		e.id[0] = given[0]
	} else {
		e.id[0] = string(strconv.AppendUint(append(make([]byte, 0, 32), ids.process...), ids.count.Add(1), 36))
		r.Header[requestIDHeader] = e.id[:]
	}
	e.answer.Header()[requestIDHeader] = e.id[:]
}

// end logs a request that a kept answer was given to for debugging alone, since a line of the log costs more than the answer.
func (e *exchange) end(log *slog.Logger, metrics *metrics, r *http.Request) {
	duration, door := time.Since(e.begun), door(r.URL.Path)
	metrics.seconds.WithLabelValues(door, strconv.Itoa(e.answer.status)).Observe(duration.Seconds())
	if count := e.receipt.Statements(); count > 0 {
		metrics.statements.WithLabelValues(door).Add(float64(count))
	}
	if e.trace.OperationType != "" {
		metrics.operations.WithLabelValues(strconv.FormatBool(e.trace.Planned), e.trace.Document).Inc()
	}
	if level := levelOf(&e.answer); log.Enabled(e, level) {
		log.LogAttrs(e, level, "request", slog.String("client", host(r.RemoteAddr)), slog.String("method", r.Method),
			slog.String("path", r.URL.Path), slog.String("operation", e.trace.OperationName), slog.Int("status", e.answer.status), slog.Int("bytes", e.answer.bytes),
			slog.Duration("duration", duration), slog.Int64("statements", e.receipt.Statements()), slog.String("request", e.id[0]))
	}
}

func levelOf(answer *recorder) slog.Level {
	if how := answer.Header()["Broadsheet-Cache"]; len(how) == 1 && how[0] == "hit" {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += n
	return n, err
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// withRecovery keeps a panic inside its request.
func withRecovery(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			panicked := recover()
			if panicked == nil {
				return
			}
			if panicked == http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this, too
				panic(panicked)
			}
			log.ErrorContext(r.Context(), "panic", "panic", panicked, "request", r.Header.Get(requestIDHeader), "stack", string(debug.Stack()))
			http.Error(w, "Something went wrong inside. The request id leads to the log.", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// door names the part of the server that a path belongs to: a fixed set, whatever paths are asked for.
func door(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "graphql", "feeds", "retractions", "changes", "sitemaps", "playground", "demo", "healthz", "readyz", "metrics", "usage":
		return first
	case "oembed", "embed", "embed.js":
		return "embed"
	case "":
		return "landing"
	default:
		return "other"
	}
}
