package content

import (
	"testing"
	"time"
)

// Each query of a batch keeps its own arguments, and says which it is.
func TestQueriesAreReadTogether(t *testing.T) {
	t.Parallel()
	about, q, width := together([]*wantedRows{
		{about: "tags", text: "select t.id from tags t where t.id = any($1)", args: []any{"a"}, width: 1},
		{about: "news", text: "select a.id, '$' from articles a where $2 > 0 and a.id = $1 or $12", args: []any{"b", "c"}, width: 2},
		{about: "none", text: "select 1", width: 1},
	})
	const want = "select 0, q.c0::text, null from (select t.id from tags t where t.id = any($1)) as q (c0)" +
		" union all select 1, q.c0::text, q.c1::text from (select a.id, '$' from articles a where $3 > 0 and a.id = $2 or $13) as q (c0, c1)" +
		" union all select 2, q.c0::text, null from (select 1) as q (c0)"
	if got := q.text.String(); got != want || about != "tags, news, none" || width != 2 {
		t.Errorf("%s: %d columns: %s\nwant %s", about, width, got, want)
	}
	if len(q.args) != 3 || q.args[0] != "a" || q.args[2] != "c" {
		t.Errorf("the arguments are %v", q.args)
	}
}

func TestTextGoesWhereAColumnGoes(t *testing.T) {
	t.Parallel()
	var row struct {
		text     string
		number   int64
		count    int
		is       bool
		at       time.Time
		maybe    *string
		other    *int64
		somewhat *int
	}
	columns := []any{&row.text, &row.number, &row.count, &row.is, &row.at, &row.maybe, &row.other, &row.somewhat}
	for i, value := range []any{"", "-7", "3", "true", "2026-03-09 21:30:00.123456+00", nil, "9", "4"} {
		if err := set(columns[i], value); err != nil {
			t.Errorf("%v: %v", value, err)
		}
	}
	at := time.Date(2026, 3, 9, 21, 30, 0, 123456000, time.UTC)
	if row.number != -7 || row.count != 3 || !row.is || !row.at.Equal(at) || row.maybe != nil || *row.other != 9 || *row.somewhat != 4 {
		t.Errorf("%+v", row)
	}
	for _, c := range []struct{ column, value any }{{&row.number, "x"}, {&row.text, nil}, {&row.other, "1.5"}, {new(float64), "1"}} {
		if err := set(c.column, c.value); err == nil {
			t.Errorf("%T takes %v", c.column, c.value)
		}
	}
}
