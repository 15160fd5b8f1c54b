package feed

import (
	"strconv"
	"unicode/utf8"
)

// jsonWriter appends JSON (RFC 8259) to a buffer.
type jsonWriter struct{ buffer []byte }

// open begins an object or a list, and close ends it.
func (w *jsonWriter) open(bracket byte) {
	w.separate()
	w.buffer = append(w.buffer, bracket)
}

func (w *jsonWriter) close(bracket byte) { w.buffer = append(w.buffer, bracket) }

// separate writes a comma where one is due.
func (w *jsonWriter) separate() {
	if len(w.buffer) == 0 {
		return
	}
	switch w.buffer[len(w.buffer)-1] {
	case '{', '[', ':', ',':
	default:
		w.buffer = append(w.buffer, ',')
	}
}

// name begins a member of an object. Names are ours and need no escaping.
func (w *jsonWriter) name(name string) {
	w.separate()
	w.buffer = append(w.buffer, '"')
	w.buffer = append(w.buffer, name...)
	w.buffer = append(w.buffer, `":`...)
}

func (w *jsonWriter) member(name, text string) {
	w.name(name)
	w.text(text)
}

// optional writes the member if there is a text.
func (w *jsonWriter) optional(name, text string) {
	if text != "" {
		w.member(name, text)
	}
}

func (w *jsonWriter) number(name string, value int) {
	w.name(name)
	w.buffer = strconv.AppendInt(w.buffer, int64(value), 10)
}

func (w *jsonWriter) optionalNumber(name string, value *int) {
	if value != nil {
		w.number(name, *value)
	}
}

func (w *jsonWriter) boolean(name string, value bool) {
	w.name(name)
	w.buffer = strconv.AppendBool(w.buffer, value)
}

func (w *jsonWriter) text(text string) {
	w.separate()
	w.buffer = append(w.buffer, '"')
	copied := 0
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			if c < ' ' || c == '"' || c == '\\' {
				w.buffer = append(w.buffer, text[copied:i]...)
				w.escape(c)
				copied = i + 1
			}
			i++
			continue
		}
		char, size := utf8.DecodeRuneInString(text[i:])
		if char == utf8.RuneError && size == 1 {
			w.buffer = append(append(w.buffer, text[copied:i]...), "\uFFFD"...)
			copied = i + size
		}
		i += size
	}
	w.buffer = append(append(w.buffer, text[copied:]...), '"')
}

func (w *jsonWriter) escape(c byte) {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		w.buffer = append(w.buffer, '\\', c)
	case '\n':
		w.buffer = append(w.buffer, `\n`...)
	default:
		w.buffer = append(w.buffer, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}
