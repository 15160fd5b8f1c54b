package changes

import (
	"context"
	"slices"
	"testing"

	"github.com/lib/pq"

	"broadsheet/internal/database/dbtest"
)

// What appears by itself is announced when it does, once, by whichever node is first. What does not appear after all is
// not announced.
func TestAppearancesAreAnnounced(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	for range 2 {
		f := newFollower(db)
		announcer := NewAnnouncer(f.log, db)
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{}, 2)
		go func() { f.Run(ctx, dbtest.URL(name)); ended <- struct{}{} }()
		go func() { announcer.Run(ctx); ended <- struct{}{} }()
		t.Cleanup(func() {
			stop()
			<-ended
			<-ended
		})
	}
	db.MustExec(`insert into articles (id, slug, title, status, published_at, embargoed_until) overriding system value values
		(1, 'due', 'Due', 'SCHEDULED', now() + interval '300 milliseconds', null),
		(2, 'held', 'Held', 'PUBLISHED', now() - interval '1 day', now() + interval '300 milliseconds'),
		(3, 'withdrawn', 'Withdrawn', 'SCHEDULED', now() + interval '300 milliseconds', null),
		(4, 'corrected', 'Corrected', 'PUBLISHED', now(), null),
		(5, 'draft', 'Draft', 'DRAFT', now() + interval '300 milliseconds', null),
		(6, 'last', 'Last', 'SCHEDULED', now() + interval '600 milliseconds', null);
		insert into corrections (article_id, text, at) values (4, 'Wrong', now() + interval '300 milliseconds')`)
	db.MustExec(`update articles set status = 'DRAFT' where id = 3`)
	var written int64
	if err := db.Get(&written, `select max(position) from changes`); err != nil {
		t.Fatal(err)
	}
	announced := func() (entries []struct {
		Subject string
		Keys    pq.StringArray
		Early   bool
	}) {
		if err := db.Select(&entries, `select c.subject, c.keys, c.at < coalesce(greatest(a.published_at, a.embargoed_until), c.at) as early
			from changes c left join articles a on 'article:' || a.id = c.subject where c.position > $1 order by c.subject`, written); err != nil {
			t.Fatal(err)
		}
		return entries
	}
	await(t, "the last to be announced", func() bool {
		entries := announced()
		return len(entries) > 0 && entries[len(entries)-1].Subject == "article:6"
	})
	entries := announced()
	var subjects []string
	for _, entry := range entries {
		subjects = append(subjects, entry.Subject)
		if entry.Early {
			t.Errorf("%s is announced before it appears", entry.Subject)
		}
	}
	if want := []string{"article:1", "article:2", "article:4", "article:6"}; !slices.Equal(subjects, want) {
		t.Fatalf("announced %v, want %v", subjects, want)
	}
	if keys := entries[0].Keys; !slices.Contains(keys, "article-slug:due") || !slices.Contains(keys, "article:1") {
		t.Errorf("a story that became due is announced by %v", keys)
	}
	if keys := entries[2].Keys; !slices.Equal(keys, []string{"article-corrections:4"}) {
		t.Errorf("a correction is announced by %v", keys)
	}
}
