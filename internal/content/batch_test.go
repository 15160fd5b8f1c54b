package content

import (
	"slices"
	"testing"
	"time"

	"github.com/lib/pq"

	"broadsheet/internal/database/dbtest"
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

// What is wanted at once comes by one statement, what that leads to by the next, and what is idle by none.
func TestEachLevelIsOneStatement(t *testing.T) {
	t.Parallel()
	s := New(dbtest.New(t), Options{})
	for _, test := range []struct {
		busy, deeper []int64 // ids, of which each is read by a query of its own
		statements   int64
	}{
		{nil, nil, 0}, {[]int64{1}, nil, 1}, {[]int64{1, 2, 3}, nil, 1}, {[]int64{1}, []int64{2}, 2}, {[]int64{1, 2}, []int64{3, 4}, 2},
	} {
		ctx, receipt := WithReceipt(t.Context())
		var came []int64
		wantNumber := func(b *batch, id int64, use func() error) *wantedRows {
			return want(b, "numbers", "select n, n from unnest($1::bigint[]) as n order by n desc", []any{pq.Array([]int64{id, -id})},
				func(rows []ownerCount) error {
					for _, row := range rows {
						came = append(came, row.owner)
					}
					return use()
				})
		}
		idleUsed := false
		err := s.load(ctx, func(b *batch) error {
			wantNumber(b, 0, func() error { idleUsed = true; return nil }).idle = true
			for i, id := range test.busy {
				wantNumber(b, id, func() error {
					for _, id := range test.deeper {
						if i == 0 {
							wantNumber(b, id, func() error { return nil })
						}
					}
					return nil
				})
			}
			return nil
		})
		var expected []int64
		for _, id := range slices.Concat(test.busy, test.deeper) {
			expected = append(expected, id, -id)
		}
		came = slices.DeleteFunc(came, func(id int64) bool { return id == 0 }) // the idle query has rows here
		if err != nil || !idleUsed || receipt.Statements() != test.statements || !slices.Equal(came, expected) {
			t.Errorf("%v, then %v: %d statements, %v, %v", test.busy, test.deeper, receipt.Statements(), came, err)
		}
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
