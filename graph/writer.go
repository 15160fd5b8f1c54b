package graph

import (
	"strconv"
	"time"
)

// writer collects the JSON of an answer.
type writer struct {
	buffer    []byte
	begun     int                              // where a root field begins in it
	arguments map[*plannedField]map[string]any // that vary
	failed    bool                             // something came that a plan does not foresee: the answer is worth nothing
}

func (w *writer) Write(p []byte) (int, error) {
	w.buffer = append(w.buffer, p...)
	return len(p), nil
}

// object writes the fields that are asked of an object of this type, where several may stand.
func (w *writer) object(f *plannedField, typeName string, object any) {
	f.of[typeName].write(w, object)
}

func (w *writer) null(f *plannedField) {
	if f.required {
		w.failed = true
	}
	w.buffer = append(w.buffer, "null"...)
}

// time writes RFC 3339, as graphql.MarshalTime does.
func (w *writer) time(f *plannedField, t time.Time) {
	if t.IsZero() {
		w.null(f)
		return
	}
	w.buffer = append(w.buffer, '"')
	w.buffer = t.AppendFormat(w.buffer, time.RFC3339Nano)
	w.buffer = append(w.buffer, '"')
}

const hexadecimal = "0123456789ABCDEF"

func writeString[S ~string](w *writer, text S) {
	out := w.buffer
	out = append(out, '"')
	begun := 0
	for i := range len(text) {
		c := text[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		out = append(out, text[begun:i]...)
		begun = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		default:
			out = append(out, `\u00`...)
			out = append(out, hexadecimal[c>>4], hexadecimal[c&0xf])
		}
	}
	out = append(out, text[begun:]...)
	out = append(out, '"')
	w.buffer = out
}

func writeInt[I ~int | ~int64](w *writer, number I) {
	w.buffer = strconv.AppendInt(w.buffer, int64(number), 10)
}

func writeBool[B ~bool](w *writer, yes B) { w.buffer = strconv.AppendBool(w.buffer, bool(yes)) }

func optional[T any](w *writer, f *plannedField, value *T, write func(*writer, T)) {
	if value == nil {
		w.null(f)
		return
	}
	write(w, *value)
}

func writeObject[T any](w *writer, f *plannedField, object *T) {
	if object == nil {
		w.null(f)
		return
	}
	f.only.write(w, object)
}

func writeList[T any](w *writer, f *plannedField, list []T, write func(*writer, *plannedField, T)) {
	w.list(len(list), func(i int) { write(w, f, list[i]) })
}

func writeValues[T any](w *writer, f *plannedField, list []T) {
	w.list(len(list), func(i int) { f.only.write(w, &list[i]) })
}

func writeScalars[T any](w *writer, _ *plannedField, list []T, write func(*writer, T)) {
	w.list(len(list), func(i int) { write(w, list[i]) })
}

func (w *writer) list(length int, write func(i int)) {
	w.buffer = append(w.buffer, '[')
	for i := range length {
		if i > 0 {
			w.buffer = append(w.buffer, ',')
		}
		write(i)
	}
	w.buffer = append(w.buffer, ']')
}
