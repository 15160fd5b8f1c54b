package content

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Rows are kept column by column, as they came from Postgres: what columns says of a row serves both.

func (m *Memory) appendRow(into []byte, row scanned) []byte {
	room := m.rooms.Get().(*[]any)
	*room = row.columns((*room)[:0])
	for _, column := range *room {
		into = m.appendColumn(into, column)
	}
	m.rooms.Put(room)
	return into
}

// readRow reads a row of what is left of the text.
func (m *Memory) readRow(text *keptText, row scanned) {
	room := m.rooms.Get().(*[]any)
	*room = row.columns((*room)[:0])
	for _, column := range *room {
		m.readColumn(text, column)
	}
	m.rooms.Put(room)
}

func (m *Memory) appendColumn(into []byte, column any) []byte {
	switch column := column.(type) {
	case *string:
		return append(binary.AppendUvarint(into, uint64(len(*column))), *column...)
	case *int64:
		return binary.AppendVarint(into, *column)
	case *int:
		return binary.AppendVarint(into, int64(*column))
	case *bool:
		if *column {
			return append(into, 1)
		}
		return append(into, 0)
	case *time.Time:
		return binary.AppendVarint(into, column.UnixMicro())
	case **string:
		return appendOptional(m, into, *column)
	case **int64:
		return appendOptional(m, into, *column)
	case **int:
		return appendOptional(m, into, *column)
	case manyRows:
		return column.appendTo(into, m)
	default:
		panic(fmt.Sprintf("no way to keep a %T", column)) // the columns of rows are known
	}
}

func appendOptional[T any](m *Memory, into []byte, column *T) []byte {
	if column == nil {
		return append(into, 0)
	}
	return m.appendColumn(append(into, 1), column)
}

func (m *Memory) readColumn(text *keptText, column any) {
	switch column := column.(type) {
	case *string:
		*column = text.take(int(text.unsigned()))
	case *int64:
		*column = text.signed()
	case *int:
		*column = int(text.signed())
	case *bool:
		*column = text.byte() == 1
	case *time.Time:
		*column = time.UnixMicro(text.signed()).UTC()
	case **string:
		readOptional(m, text, column)
	case **int64:
		readOptional(m, text, column)
	case **int:
		readOptional(m, text, column)
	case manyRows:
		column.readFrom(text, m)
	}
}

func readOptional[T any](m *Memory, text *keptText, column **T) {
	if text.byte() == 1 {
		*column = new(T)
		m.readColumn(text, *column)
	}
}

// manyRows are rows that are kept as a column of another one, the last.
type manyRows interface {
	appendTo(into []byte, m *Memory) []byte
	readFrom(text *keptText, m *Memory)
}

type rowsOf[Row any] []Row

func (r *rowsOf[Row]) appendTo(into []byte, m *Memory) []byte {
	for i := range *r {
		into = m.appendRow(into, any(&(*r)[i]).(scanned))
	}
	return into
}

func (r *rowsOf[Row]) readFrom(text *keptText, m *Memory) {
	for *text != "" {
		*r = append(*r, *new(Row))
		m.readRow(text, any(&(*r)[len(*r)-1]).(scanned))
	}
}

// keptText is what is still to be read of a value. The texts that are read are parts of it.
type keptText string

func (t *keptText) take(length int) string {
	taken := string((*t)[:length])
	*t = (*t)[length:]
	return taken
}

func (t *keptText) byte() byte {
	first := (*t)[0]
	*t = (*t)[1:]
	return first
}

func (t *keptText) unsigned() (number uint64) {
	for shift := 0; ; shift += 7 {
		next := t.byte()
		number |= uint64(next&0x7f) << shift
		if next < 0x80 {
			return number
		}
	}
}

func (t *keptText) signed() int64 {
	number := t.unsigned() // in binary's zigzag
	return int64(number>>1) ^ -int64(number&1)
}
