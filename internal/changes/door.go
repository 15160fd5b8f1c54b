package changes

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"broadsheet/internal/content"
)

// Options of the door.
type Options struct {
	Content *content.Service
	Log     *slog.Logger
	Changes *Log            // nil: nobody can wait, but has to ask again
	Stop    <-chan struct{} // closed when the server stops: streams end then
}

// Bounds of the door.
const (
	mostWaiting   = 1000             // requests that wait, streams among them
	longestStream = 15 * time.Minute // the client then connects again, and shows its key again
	streamBeat    = 15 * time.Second
	writePatience = 30 * time.Second
)

type door struct {
	Options
	waiting chan struct{}
}

// NewHandler returns the door at /changes.
func NewHandler(options Options) http.Handler {
	return &door{options, make(chan struct{}, mostWaiting)}
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "Changes are read with GET.")
		return
	}
	asked, err := readRequest(r)
	if err == nil {
		err = d.answer(w, r, asked)
	}
	if err != nil {
		d.fail(w, r, err)
	}
}

func (d *door) answer(w http.ResponseWriter, r *http.Request, asked request) error {
	ctx := r.Context()
	if asked.since == nil {
		position, err := d.Content.LastPosition(ctx)
		if err != nil {
			return err
		}
		asked.since = &position
		if !asked.stream {
			return send(w, &content.ChangePage{Position: position})
		}
	}
	if d.Changes != nil && (asked.stream || asked.wait > 0) {
		select {
		case d.waiting <- struct{}{}:
			defer func() { <-d.waiting }()
		default:
			w.Header().Set("Retry-After", "10")
			refuse(w, http.StatusServiceUnavailable, "Too many requests wait for changes. Try again shortly.")
			return nil
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-d.Stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	if asked.stream {
		return d.stream(ctx, w, asked)
	}
	page, err := d.next(ctx, *asked.since, asked.first, asked.wait)
	if err != nil {
		return err
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writePatience))
	return send(w, page)
}

// next returns what changed, or after so long a wait how far the log is. It does not wait on when ctx is done.
func (d *door) next(ctx context.Context, since content.Position, first int, wait time.Duration) (*content.ChangePage, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		// Not bound to the wait: what is read at its end is read whole.
		page, err := d.Content.Changes(context.WithoutCancel(ctx), since, first)
		if err != nil || len(page.Changes) > 0 || waiting.Err() != nil || d.Changes == nil {
			return page, err
		}
		since = page.Position
		if page.More {
			continue
		}
		if content.AudienceOf(ctx).Delay() > 0 { // who reads late is not told by the log when it is time
			wakeUp(waiting, time.Second)
		} else {
			_ = d.Changes.Wait(waiting, int64(since)+1)
		}
	}
}

func wakeUp(ctx context.Context, after time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(after):
	}
}

// stream sends events (WHATWG HTML, section 9.2) until the client goes, the server stops, or it is time to connect again.
func (d *door) stream(ctx context.Context, w http.ResponseWriter, asked request) error {
	ctx, cancel := context.WithTimeout(ctx, longestStream)
	defer cancel()
	page, err := d.next(ctx, *asked.since, asked.first, 0) // what is wrong is told as a problem, not as a stream
	if err != nil {
		return err
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // that of the request would end the stream
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx
	since := *asked.since
	for {
		_ = control.SetWriteDeadline(time.Now().Add(writePatience))
		if _, err := w.Write(events(page, since)); err != nil || control.Flush() != nil {
			return nil // the client is gone
		}
		since = page.Position
		if ctx.Err() != nil {
			return nil
		}
		if page, err = d.next(ctx, since, asked.first, streamBeat); err != nil {
			d.Log.WarnContext(ctx, "a stream of changes ends", "error", err)
			return nil // the client connects again, and is told
		}
	}
}

// events writes a page for a stream. Where nothing of the log's stretch is told, its end is still what to go on from.
func events(page *content.ChangePage, since content.Position) []byte {
	var out []byte
	for _, c := range page.Changes {
		data, _ := json.Marshal(c) // texts, numbers and a time of the database's
		out = append(out, "id: "+strconv.FormatInt(int64(c.Position), 10)+"\nevent: "+strings.ToLower(string(c.Effect))+"\ndata: "...)
		out = append(append(out, data...), "\n\n"...)
	}
	switch {
	case len(page.Changes) > 0 && page.Changes[len(page.Changes)-1].Position == page.Position:
	case page.Position != since:
		out = append(out, "id: "+strconv.FormatInt(int64(page.Position), 10)+"\n\n"...)
	default:
		out = append(out, ": nothing new\n\n"...)
	}
	return out
}

func send(w http.ResponseWriter, page *content.ChangePage) error {
	if page.Changes == nil {
		page.Changes = []*content.Change{}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(struct {
		Changes  []*content.Change `json:"changes"`
		Position content.Position  `json:"position"`
		More     bool              `json:"more"`
		Next     string            `json:"next"`
	}{page.Changes, page.Position, page.More, "/changes?since=" + strconv.FormatInt(int64(page.Position), 10)})
	return nil
}

func (d *door) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return
	}
	known := content.AsError(err)
	status := http.StatusInternalServerError
	switch known.Code {
	case content.Forgotten:
		status = http.StatusGone
	case content.BadUserInput:
		status = http.StatusBadRequest
	case content.Timeout, content.Unavailable:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	default:
		d.Log.ErrorContext(r.Context(), "changes failed", "error", err)
	}
	refuse(w, status, known.Message)
}

// refuse answers with a problem (RFC 9457).
func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail})
}
