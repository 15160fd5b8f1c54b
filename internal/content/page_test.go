package content

import (
	"encoding/base64"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"
)

func TestCursorKeepsItsPlace(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 3, 10, 12, 0, 0, 123456000, time.UTC)
	for _, want := range []cursor{
		{ordering: byPublication, at: moment, id: 1},
		{ordering: byUpdate, at: moment, id: math.MaxInt64},
		{ordering: byUpdate, at: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), id: math.MinInt64},
		{ordering: byName, name: "Ann Öberg", id: 7},
		{ordering: byName, name: "", id: 0},
	} {
		text := want.String()
		got, err := parseCursor(&text, want.ordering)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%v comes back as %v (%v)", want, got, err)
		}
		for i := range text { // whatever is changed in it
			mangled := text[:i] + string("AB"[b2i(text[i] == 'A')]) + text[i+1:]
			if got, err := parseCursor(&mangled, want.ordering); err == nil {
				t.Errorf("%q is taken for %v", mangled, got)
			}
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A text is a cursor that we write, or it is refused with the code for it.
func FuzzParseCursor(f *testing.F) {
	moment := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for _, c := range []cursor{{byPublication, moment, "", 1}, {byUpdate, moment, "", 2}, {byName, time.Time{}, "Ann", 3}} {
		f.Add(c.String(), c.ordering, []byte{})
	}
	f.Add("", byName, []byte{cursorVersion, byName, 0, 0, 0, 0, 0, 0, 0, 1, 0xff})
	f.Add("AQ==", byUpdate, []byte{cursorVersion, byUpdate, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add("AW4AAAAAAAAAA0FubiEYY\rn4", byName, []byte{}) // a line break inside
	f.Fuzz(func(t *testing.T, text string, ordering byte, signed []byte) {
		checkCursor(t, text, ordering)
		checkCursor(t, base64.RawURLEncoding.EncodeToString(checksummed(signed)), ordering) // as somebody might forge it
	})
}

func checkCursor(t *testing.T, text string, ordering byte) {
	t.Helper()
	c, err := parseCursor(&text, ordering)
	if err != nil {
		if known, ok := errors.AsType[*Error](err); !ok || known.Code != BadCursor {
			t.Errorf("%q: %v", text, err)
		}
		return
	}
	if c.String() != text || c.ordering != ordering {
		t.Errorf("%q is read as %v, which is written %q", text, c, c)
	}
}
