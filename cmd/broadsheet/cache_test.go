package main

import (
	"net/http"
	"strings"
	"testing"

	"broadsheet/internal/database/dbtest"
)

// What psql writes is seen by the next request that knows of it, on a node that has kept the answer before.
func TestServedAnswersFollowTheDatabase(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	nodes := []*program{
		command(t, []string{"DATABASE_URL=" + dbtest.URL(name)}, "serve", "--addr", "127.0.0.1:0").serving(),
		command(t, []string{"DATABASE_URL=" + dbtest.URL(name)}, "serve", "--addr", "127.0.0.1:0").serving(),
	}
	for _, status := range []string{"DRAFT", "PUBLISHED", "RETRACTED", "PUBLISHED"} {
		if _, err := db.Exec(`insert into articles (slug, title, status) values ('s', 'Story', $1) on conflict (slug) do update set status = excluded.status`, status); err != nil {
			t.Fatal(err)
		}
		var position string
		if err := db.Get(&position, `select coalesce(max(position), 0) from changes`); err != nil {
			t.Fatal(err)
		}
		for _, node := range nodes {
			for range 2 {
				body := askAfter(t, node, position)
				if shown := strings.Contains(body, `"Story"`); shown != (status == "PUBLISHED") {
					t.Errorf("%s, position %s: %s", status, position, body)
				}
			}
		}
	}
}

func askAfter(t *testing.T, node *program, position string) string {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, node.origin+"/graphql", strings.NewReader(`{"query": "{ articles { nodes { title } } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Broadsheet-Min-Position", position)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	status, body := read(t, response)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	return body
}
