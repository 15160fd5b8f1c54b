package content

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"broadsheet/internal/database/dbtest"
)

// Each query of a batch keeps its own arguments, and says which it is.
func TestQueriesAreReadTogether(t *testing.T) {
	t.Parallel()
	about, q := together([]*wantedRows{
		{about: "tags", text: "select t.id from tags t where t.id = any($1)", args: []any{"a"}},
		{about: "news", text: "select a.id, '$' from articles a where $2 > 0 and a.id = $1 or $12", args: []any{"b", "c"}},
		{about: "none", text: "select 1"},
	})
	const want = "select 0, q::text from (select t.id from tags t where t.id = any($1)) as q" +
		" union all select 1, q::text from (select a.id, '$' from articles a where $3 > 0 and a.id = $2 or $13) as q" +
		" union all select 2, q::text from (select 1) as q"
	if got := q.text.String(); got != want || about != "tags, news, none" {
		t.Errorf("%s: %s\nwant %s", about, got, want)
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

// wide has a column of each type.
type wide struct {
	text     string
	number   int64
	count    int
	is       bool
	at       time.Time
	maybe    *string
	other    *int64
	somewhat *int
}

func (w *wide) columns(into []any) []any {
	return append(into, &w.text, &w.number, &w.count, &w.is, &w.at, &w.maybe, &w.other, &w.somewhat)
}

// What Postgres writes of a row comes back as it was, whatever its texts hold.
func TestRowsComeAsTheyAre(t *testing.T) {
	t.Parallel()
	s := New(dbtest.New(t), Options{})
	at, nine, four := time.Date(2026, 3, 9, 21, 30, 0, 123456000, time.UTC), int64(9), 4
	for _, text := range []string{"", " ", "plain", `"`, `""`, `\`, `\"`, "a,b", "(a)", ")", "a\nb", "é😀", `,"\,"`, "null", strings.Repeat(`"\`, 5000)} {
		for _, maybe := range []*string{nil, &text} {
			want, alone, together := wide{text, -7, 3, true, at, maybe, &nine, &four}, []wide(nil), [2][]wide{}
			err := s.load(t.Context(), func(b *batch) error {
				wantRow(b, &want, &alone)
				return nil
			})
			if err == nil {
				err = s.load(t.Context(), func(b *batch) error {
					wantRow(b, &want, &together[0])
					wantRow(b, &want, &together[1])
					return nil
				})
			}
			for _, got := range [][]wide{alone, together[0], together[1]} {
				if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
					t.Errorf("%.20q: %+v, %v", text, got, err)
				}
			}
		}
	}
}

func wantRow(b *batch, row *wide, into *[]wide) {
	want(b, "a row", "select $1::text, $2::bigint, $3::int, $4::boolean, $5::timestamptz, $6::text, $7::bigint, $8::int",
		[]any{row.text, row.number, row.count, row.is, row.at, row.maybe, row.other, row.somewhat}, func(rows []wide) error {
			*into = rows
			return nil
		})
}

func TestRowsThatAreNotWhatIsWanted(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`(x)`, `()`, `(1,2)`, `("1`, `("1\`, `(""x)`, ``} {
		if err := readRecord(text, []any{new(int64)}); err == nil {
			t.Errorf("%s is a number", text)
		}
	}
	if err := readRecord("(1)", []any{new(float64)}); err == nil {
		t.Error("a type is read that no row has")
	}
}

// Whatever comes, nothing panics, and what was quoted as Postgres does it is read as it was.
func FuzzReadRecord(f *testing.F) {
	f.Add(`("a ""b"" \\ c",1)`, "a")
	f.Add(`(`, `"\`)
	f.Fuzz(func(t *testing.T, row, text string) {
		_ = readRecord(row, []any{new(string), new(*int64), new(time.Time)})
		var got string
		quoted := `("` + strings.NewReplacer(`"`, `""`, `\`, `\\`).Replace(text) + `")`
		if err := readRecord(quoted, []any{&got}); err != nil || got != text {
			t.Errorf("%q is read as %q, %v", text, got, err)
		}
	})
}
