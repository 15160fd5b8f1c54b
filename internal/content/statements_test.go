package content

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/database/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// What queries of ever new shapes leave prepared is bounded by how much it is, and stays right.
func TestWhatStaysPreparedIsBounded(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	db.SetMaxOpenConns(1)
	s := newStatements(db)
	long := strings.Repeat("x", mostPrepared/10)
	for i := range 40 {
		rows, err := read[int](t.Context(), s, "a number", fmt.Sprintf("select %d -- %s", i, long))
		if err != nil || rows[0] != i {
			t.Fatal(rows, err)
		}
	}
	var count int
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); { // closing is done beside
		if err := db.Get(&count, "select count(*) from pg_prepared_statements"); err != nil {
			t.Fatal(err)
		}
		if count == 9 {
			return
		}
	}
	t.Errorf("%d statements stay prepared, not 9", count)
}
