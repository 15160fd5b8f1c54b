package feed

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"broadsheet/internal/content"
)

// retractions answers what was taken back, in the order in which that was done. Whoever asks on with the address that
// comes with an answer hears of every retraction once.
func (d *door) retractions(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	args, err := readRetractionArguments(r.URL.Query().Get("since"), r.URL.Query().Get("limit"))
	if err != nil {
		return err
	}
	masthead, err := d.content.Masthead(ctx, nil)
	if err != nil {
		return err
	}
	have := d.validators(ctx, masthead.Moment)
	if have.match(r.Header) {
		have.notModified(w)
		return nil
	}
	found, more, err := d.content.Retractions(ctx, args)
	if err != nil {
		return err
	}
	next := d.origin + "/retractions?since=" + strconv.FormatInt(args.Position, 10)
	if len(found) > 0 {
		next = d.origin + "/retractions?since=" + strconv.FormatInt(found[len(found)-1].Position, 10)
	} else if !args.Since.IsZero() {
		next = d.origin + r.URL.RequestURI()
	}
	have.write(w, r, "application/json; charset=utf-8", appendRetractions(nil, &masthead.Site, found, next, more))
	return nil
}

// readRetractionArguments takes a position or a time.
func readRetractionArguments(since, limit string) (args content.RetractionArguments, err error) {
	args.First = mostItems
	if limit != "" {
		if args.First, err = readLimit(limit); err != nil {
			return args, err
		}
	}
	if since == "" {
		return args, nil
	}
	if args.Position, err = strconv.ParseInt(since, 10, 64); err == nil && args.Position >= 0 {
		return args, nil
	}
	args.Position = 0
	if args.Since, err = time.Parse(time.RFC3339, since); err != nil || args.Since.Year() < 1 || args.Since.Year() > 9999 {
		return args, refusal("since has to be the position of a change, such as 42, or a time, such as 2026-03-10T12:00:00Z.")
	}
	return args, nil
}

func appendRetractions(buffer []byte, site *content.Site, found []*content.Retraction, next string, more bool) []byte {
	w := &jsonWriter{buffer}
	w.open('{')
	w.name("retractions")
	w.open('[')
	for _, r := range found {
		w.open('{')
		w.number("position", int(r.Position))
		w.member("id", r.ID.GlobalID())
		w.member("uri", tagURI(site, r.ID.GlobalID()))
		w.member("slug", r.Slugs[0])
		w.name("urls")
		w.open('[')
		for _, url := range r.URLs() {
			w.text(url)
		}
		w.close(']')
		w.member("retractedAt", rfc3339(r.At))
		if r.Reason != nil {
			w.member("reason", *r.Reason)
		}
		w.close('}')
	}
	w.close(']')
	w.member("next", next)
	w.boolean("more", more)
	w.close('}')
	return append(w.buffer, '\n')
}
