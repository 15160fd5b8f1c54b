package ingest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// reader takes an export apart while it reads: {"db": [{"meta": {…}, "data": {TABLE: [ROW, …], …}}]}, or that which
// stands in the list alone. Members come in any order.
type reader struct {
	decoder *json.Decoder
	row     func(table string, row json.RawMessage) error
	version string
	tables  map[string]bool
}

// errFormat begins what is said of a file that is no export of Ghost.
var errFormat = errors.New("this is not an export of Ghost")

// readExport calls row for each row of each table, and returns when the file has ended as it has to.
func readExport(file io.Reader, row func(table string, row json.RawMessage) error) error {
	buffered := bufio.NewReader(file)
	if mark, _ := buffered.Peek(3); string(mark) == "\xef\xbb\xbf" { // a byte order mark
		_, _ = buffered.Discard(3)
	}
	r := &reader{decoder: json.NewDecoder(buffered), row: row, tables: make(map[string]bool)}
	if err := r.document(); err != nil {
		return r.explain(err)
	}
	switch _, err := r.decoder.Token(); {
	case err == nil:
		return fmt.Errorf("%w: something follows after its end", errFormat)
	case !errors.Is(err, io.EOF):
		return r.explain(err)
	case !r.tables["posts"]:
		return fmt.Errorf("%w: it has no posts", errFormat)
	}
	return checkVersion(r.version)
}

// explain says in words what encoding/json says in its own.
func (r *reader) explain(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF) && r.decoder.InputOffset() == 0:
		return fmt.Errorf("%w: the file is empty", errFormat)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the file is cut off: it ends after %d bytes in the middle of its data", r.decoder.InputOffset())
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: it is not JSON at byte %d (%w)", errFormat, syntax.Offset, syntax)
	case errors.As(err, &kind):
		return fmt.Errorf("%w: near byte %d stands a %s where another kind of value belongs", errFormat, r.decoder.InputOffset(), kind.Value)
	}
	return err
}

func checkVersion(version string) error {
	major, _, _ := strings.Cut(version, ".")
	switch major {
	case "5", "6":
		return nil
	case "7", "8", "9":
		return fmt.Errorf("the export is of Ghost %.20q, which is newer than what can be read: versions 5 and 6", version)
	case "":
		return fmt.Errorf("%w: it does not say its version", errFormat)
	}
	return fmt.Errorf("the export is of Ghost %.20q; versions 5 and 6 can be read. Update that Ghost and export again", version)
}

func (r *reader) document() error {
	token, err := r.decoder.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return fmt.Errorf("%w: it does not begin with an object", errFormat)
	}
	return r.members(func(name string) error {
		switch name {
		case "db":
			return r.list(func() error { return r.object(r.database) })
		case "meta", "data":
			return r.database(name)
		}
		return r.skip()
	})
}

func (r *reader) database(name string) error {
	switch name {
	case "meta":
		var meta struct{ Version text }
		err := r.decoder.Decode(&meta)
		r.version = string(meta.Version)
		return err
	case "data":
		return r.object(func(table string) error {
			r.tables[table] = true
			if !isStaged(table) {
				return r.skip()
			}
			return r.list(func() error {
				var row json.RawMessage
				if err := r.decoder.Decode(&row); err != nil {
					return err
				}
				return r.row(table, row)
			})
		})
	}
	return r.skip()
}

func (r *reader) object(member func(name string) error) error {
	if err := r.expect('{'); err != nil {
		return err
	}
	return r.members(member)
}

// members reads an object whose brace is open.
func (r *reader) members(member func(name string) error) error {
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok {
			return fmt.Errorf("%w: an object has no name for a member", errFormat)
		}
		if err := member(name); err != nil {
			return err
		}
	}
	_, err := r.decoder.Token()
	return err
}

func (r *reader) list(element func() error) error {
	if err := r.expect('['); err != nil {
		return err
	}
	for r.decoder.More() {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := r.decoder.Token()
	return err
}

func (r *reader) expect(delimiter json.Delim) error {
	token, err := r.decoder.Token()
	if err == nil && token != delimiter {
		err = fmt.Errorf("%w: near byte %d a %s was expected", errFormat, r.decoder.InputOffset(), delimiter)
	}
	return err
}

// skip passes over a value of any size without keeping it.
func (r *reader) skip() error {
	for depth := 0; ; {
		token, err := r.decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// The values of an export are written in two dialects, those of SQLite and of MySQL.
type (
	text   string // a string, a number, or null
	yes    bool   // true, 1, "1", or what stands for no
	moment string // when, as Postgres reads it; empty for never
)

func (t *text) UnmarshalJSON(raw []byte) error {
	switch {
	case bytes.Equal(raw, []byte("null")):
		*t = ""
	case len(raw) > 0 && raw[0] == '"':
		var plain string
		if err := json.Unmarshal(raw, &plain); err != nil {
			return err
		}
		*t = text(strings.ReplaceAll(plain, "\x00", "")) // no text of Postgres can hold it
	case len(raw) > 0 && (raw[0] == '{' || raw[0] == '['):
		return &json.UnmarshalTypeError{Value: "list or object"}
	default:
		*t = text(raw)
	}
	return nil
}

func (y *yes) UnmarshalJSON(raw []byte) error {
	var value text
	err := value.UnmarshalJSON(raw)
	*y = value == "1" || value == "true"
	return err
}

// UnmarshalJSON takes 2026-11-23 10:00:00, 2026-11-23T10:00:00.000Z, and milliseconds since 1970. All are in UTC.
func (m *moment) UnmarshalJSON(raw []byte) error {
	var value text
	if err := value.UnmarshalJSON(raw); err != nil || value == "" || strings.HasPrefix(string(value), "0000-00-00") { // MySQL's never
		return err
	}
	at, err := parseMoment(string(value))
	if err != nil {
		return err
	}
	*m = moment(at)
	return nil
}

// momentForms are how the two dialects write times.
var momentForms = []string{time.DateTime, "2006-01-02 15:04:05.999", time.RFC3339Nano, "2006-01-02T15:04:05"}

func parseMoment(value string) (string, error) {
	if milliseconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return formatMoment(time.UnixMilli(milliseconds))
	}
	for _, form := range momentForms {
		if at, err := time.ParseInLocation(form, value, time.UTC); err == nil {
			return formatMoment(at)
		}
	}
	return "", fmt.Errorf("%.40q is not a time like 2026-11-23 10:00:00 or 2026-11-23T10:00:00.000Z", value)
}

// formatMoment refuses years that RFC 3339 cannot write.
func formatMoment(at time.Time) (string, error) {
	if year := at.UTC().Year(); year < 1 || year > 9999 {
		return "", fmt.Errorf("the year %d is none that a story can have", year)
	}
	return at.UTC().Format(time.RFC3339Nano), nil
}
