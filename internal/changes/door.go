package changes

import (
	"context"
	"encoding/json"
	"fmt"
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
	// Client names who asks, so that nobody takes the places of all others; partners have more.
	Client func(*http.Request) (name string, isPartner bool)
}

// Bounds of the door.
const (
	longestStream = 15 * time.Minute // the client then connects again, and shows its key again
	streamBeat    = 15 * time.Second
	writePatience = 30 * time.Second
	longestRead   = 10 * time.Second // as at the other doors; its SQL is cancelled then
	comeBack      = 10               // seconds, for who found no place
)

type door struct {
	Options
	places places
}

// NewHandler returns the door at /changes.
func NewHandler(options Options) http.Handler {
	return &door{options, places{of: make(map[string]int)}}
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
		reading, cancel := context.WithTimeout(ctx, longestRead)
		defer cancel()
		position, err := d.Content.LastPosition(reading)
		if err != nil {
			return err
		}
		asked.since = &position
		if !asked.stream {
			return send(w, asked, &content.ChangePage{Position: position})
		}
	}
	if d.Changes != nil && (asked.stream || asked.wait > 0) {
		leave, refused := d.places.take(d.Client(r))
		if leave == nil {
			refuseToWait(w, refused)
			return nil
		}
		defer leave()
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
	return send(w, asked, page)
}

// next returns what changed, or after so long a wait how far the log is. It does not wait on when ctx is done.
func (d *door) next(ctx context.Context, since content.Position, first int, wait time.Duration) (*content.ChangePage, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		page, err := d.read(ctx, since, first)
		if err != nil || len(page.Changes) > 0 || waiting.Err() != nil || d.Changes == nil {
			return page, err
		}
		since = page.Position
		if page.More {
			continue
		}
		_ = d.Changes.Wait(waiting, int64(since)+1)
	}
}

// read does not end with the wait: what is read at its end is read whole.
func (d *door) read(ctx context.Context, since content.Position, first int) (*content.ChangePage, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestRead)
	defer cancel()
	return d.Content.Changes(ctx, since, first)
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

// events writes a page for a stream. Whoever connects again goes on after the last id: the last event of a position has
// it. Where nothing of the log's stretch is told, its end is still what to go on from.
func events(page *content.ChangePage, since content.Position) []byte {
	var out []byte
	for i, c := range page.Changes {
		if last := i+1 == len(page.Changes) || page.Changes[i+1].Position != c.Position; last {
			out = appendID(out, c.Position)
			since = c.Position
		}
		data, _ := json.Marshal(c) // texts, numbers and a time of the database's
		out = append(out, "event: "+strings.ToLower(string(c.Effect))+"\ndata: "...)
		out = append(append(out, data...), "\n\n"...)
	}
	switch {
	case page.Position != since:
		out = append(appendID(out, page.Position), '\n')
	case len(page.Changes) == 0:
		out = append(out, ": nothing new\n\n"...)
	}
	return out
}

func appendID(to []byte, position content.Position) []byte {
	return append(strconv.AppendInt(append(to, "id: "...), int64(position), 10), '\n')
}

func send(w http.ResponseWriter, asked request, page *content.ChangePage) error {
	if page.Changes == nil {
		page.Changes = []*content.Change{}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false) // addresses are for people, too
	_ = out.Encode(struct {
		Changes  []*content.Change `json:"changes"`
		Position content.Position  `json:"position"`
		More     bool              `json:"more"`
		Next     string            `json:"next"`
	}{page.Changes, page.Position, page.More, asked.after(page.Position)})
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

func refuseToWait(w http.ResponseWriter, status int) {
	detail := "Too many requests wait for changes. Try again shortly, or ask without wait."
	if status == http.StatusTooManyRequests {
		detail = fmt.Sprintf("Too many of your requests wait for changes: %d may without a key, %d of a partner. End some, or ask without wait.",
			mostOfClient, mostOfKnownPartner)
	}
	w.Header().Set("Retry-After", strconv.Itoa(comeBack))
	refuse(w, status, detail)
}

// refuse answers with a problem (RFC 9457).
func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail})
}
