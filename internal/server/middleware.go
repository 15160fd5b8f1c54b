package server

import (
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

const requestIDHeader = "X-Request-Id"

var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// withRequestID keeps the id that a proxy gave, if it is a sane one, and returns it with the answer. Others are numbered,
// after something that tells this process from all others.
func withRequestID(next http.Handler) http.Handler {
	process, count := rand.Text()[:16]+"-", new(atomic.Uint64)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header[requestIDHeader]
		if len(given) != 1 || !saneRequestID.MatchString(given[0]) {
			given = []string{process + strconv.FormatUint(count.Add(1), 36)}
			r.Header[requestIDHeader] = given
		}
		w.Header()[requestIDHeader] = given
		next.ServeHTTP(w, r)
	})
}

type metrics struct {
	registry   *prometheus.Registry
	seconds    *prometheus.HistogramVec
	inFlight   prometheus.Gauge
	statements *prometheus.CounterVec
	operations *prometheus.CounterVec
}

// withTrace counts each request with what it took to answer it, and logs it: one that a kept answer was given to for
// debugging alone, since a line of the log costs more than the answer.
func withTrace(log *slog.Logger, metrics *metrics, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		metrics.inFlight.Inc()
		defer metrics.inFlight.Dec()
		begun, answer, door := time.Now(), &recorder{ResponseWriter: w}, door(r.URL.Path)
		ctx, receipt := content.WithReceipt(r.Context())
		ctx, trace := graph.WithTrace(ctx)
		defer func() { // a handler that aborts its answer by a panic is counted, too
			duration := time.Since(begun)
			metrics.seconds.WithLabelValues(door, strconv.Itoa(answer.status)).Observe(duration.Seconds())
			metrics.statements.WithLabelValues(door).Add(float64(receipt.Statements()))
			if trace.OperationType != "" {
				metrics.operations.WithLabelValues(strconv.FormatBool(trace.Planned), trace.Document).Inc()
			}
			log.LogAttrs(ctx, levelOf(answer), "request", slog.String("client", host(r.RemoteAddr)), slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.String("operation", trace.OperationName), slog.Int("status", answer.status), slog.Int("bytes", answer.bytes),
				slog.Duration("duration", duration), slog.Int64("statements", receipt.Statements()),
				slog.String("request", r.Header.Get(requestIDHeader)))
		}()
		next.ServeHTTP(answer, r.WithContext(ctx))
	})
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
