package server_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/content"
	"broadsheet/internal/partner"
)

// story writes a statement for a story that appeared so long ago, with these tags.
func story(slug, ago string, tags ...int) string {
	return fmt.Sprintf(`insert into articles (slug, title, status, published_at) values ('%[1]s', 'T', 'PUBLISHED', now() - interval '%[2]s');
		insert into article_tags (article_id, tag_id) select a.id, t.id from articles a, tags t where a.slug = '%[1]s' and t.id = any('%[3]s')`,
		slug, ago, strings.NewReplacer("[", "{", " ", ",", "]", "}").Replace(fmt.Sprint(tags)))
}

const threeTags = `insert into tags (id, slug, name) overriding system value values (1, 'news', 'News'), (2, 'harbour', 'Harbour'), (3, 'culture', 'Culture')`

func TestPartnersHearOfWhatTheirLicenceCovers(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	f.exec(threeTags)
	f = f.licensed(func(p *partner.Partner) {
		p.TagsIn, p.TagsOut, p.Kinds = []int64{1}, []int64{3}, []string{"STORY", "OPINION"}
	})
	f.tell([]step{
		{story("plain", "1 hour"), ""},
		{`update articles set title = 'Plainer' where slug = 'plain'`, ""},
		{`update articles set status = 'RETRACTED' where slug = 'plain'`, ""},
		{`delete from articles where slug = 'plain'`, ""},
		{story("s", "1 hour", 1), "Article UPDATED /s/"},
		{`update articles set kind = 'OPINION' where slug = 's'`, "Article UPDATED /s/"},
		{`update articles set kind = 'VIDEO' where slug = 's'`, "Article REMOVED"},
		{`update articles set title = 'Moving' where slug = 's'`, ""},
		{`update articles set status = 'DRAFT' where slug = 's'`, ""},
		{`update articles set kind = 'STORY', status = 'PUBLISHED' where slug = 's'`, "Article UPDATED /s/"},
		{`delete from article_tags where tag_id = 1`, "Article REMOVED"},
		{`update articles set title = 'Untagged' where slug = 's'`, ""},
		{`insert into article_tags (article_id, tag_id) select id, 1 from articles where slug = 's'`, "Article UPDATED /s/"},
		{`insert into article_tags (article_id, tag_id) select id, 3 from articles where slug = 's'`, "Article REMOVED"},
		{`update articles set status = 'DRAFT' where slug = 's'`, ""},
		{`update articles set status = 'PUBLISHED' where slug = 's'`, ""},
		{`update articles set status = 'RETRACTED' where slug = 's'`, ""},
		{story("t", "1 hour", 1, 2), "Article UPDATED /t/"},
		{`update articles set status = 'RETRACTED', retraction_reason = 'Untrue' where slug = 't'`, "Article RETRACTED because Untrue was /t/"},
		{`delete from articles where slug = 't'`, "Article RETRACTED because Untrue was /t/"},
		{story("u", "1 hour", 1), "Article UPDATED /u/"},
		{`delete from articles where slug = 'u'`, "Article REMOVED"},
	})
}

// A delay holds back what is published, and nothing that is taken back.
func TestWhoReadsLateHearsOfTakeBacksAtOnce(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	f.exec(threeTags)
	f = f.licensed(func(p *partner.Partner) { p.DelaySeconds = 900 })
	f.tell([]step{
		{story("old", "1 hour"), "Article UPDATED /old/"},
		{`update articles set title = 'Older' where slug = 'old'`, "Article UPDATED /old/"},
		{`update articles set status = 'RETRACTED', retraction_reason = 'Untrue' where slug = 'old'`, "Article RETRACTED because Untrue was /old/"},
		{story("new", "1 second", 1), ""},
		{`update articles set title = 'Newer' where slug = 'new'`, ""},
		{`insert into corrections (article_id, text) select id, 'Wrong' from articles where slug = 'new'`, ""},
		{`update articles set status = 'RETRACTED' where slug = 'new'`, ""},
		{`delete from articles where slug = 'new'`, ""},
		{story("brief", "1 second"), ""},
		{`update articles set status = 'DRAFT' where slug = 'brief'`, ""},
		{story("again", "1 hour"), "Article UPDATED /again/"},
		{`update articles set published_at = now() where slug = 'again'`, "Article REMOVED"},
		{`update articles set published_at = now() - interval '1 hour' where slug = 'again'`, "Article UPDATED /again/"},
		{`update articles set status = 'DRAFT' where slug = 'again'`, "Article REMOVED"},
		{story("gone", "1 hour"), "Article UPDATED /gone/"},
		{`delete from articles where slug = 'gone'`, "Article REMOVED"},
	})
}

// A story that is due is told when it is, to everybody in their time, and can then be read. So can a correction.
func TestWhatIsDueIsTold(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	late := f.licensed(func(p *partner.Partner) { p.DelaySeconds = 1 })
	door := httptest.NewServer(f.s.Public)
	defer door.Close()
	begin := fmt.Sprint(f.get("").Position)
	f.exec(`insert into articles (slug, title, status, published_at, embargoed_until) values
		('scheduled', 'S', 'SCHEDULED', now() + interval '1 second', null),
		('held', 'H', 'PUBLISHED', now() - interval '1 day', now() + interval '1500 milliseconds'),
		('known', 'K', 'PUBLISHED', now() - interval '1 day', null);
		insert into corrections (article_id, text, at) select id, 'Wrong', now() + interval '1 second' from articles where slug = 'known'`)
	for _, reader := range []struct {
		*follower
		delay time.Duration
	}{{f, 0}, {late, time.Second}} {
		var due []struct {
			Slug string
			At   time.Time
		}
		if err := f.db.Select(&due, `select slug, coalesce(c.at, greatest(published_at, embargoed_until)) as at
			from articles a left join corrections c on c.article_id = a.id`); err != nil {
			t.Fatal(err)
		}
		awaited := make(map[string]time.Time)
		for _, d := range due {
			awaited[d.Slug] = d.At.Add(reader.delay)
		}
		lines, leave := openStream(t, door.URL, begin, reader.header()...)
		defer leave()
		for len(awaited) > 0 {
			var told content.Change
			if text := nextLine(lines, "data: "); json.Unmarshal([]byte(text), &told) != nil || told.Effect != content.Updated {
				t.Fatal(text)
			}
			early := time.Now().Before(awaited[*told.Slug])
			if early && *told.Slug != "known" { // which is there before its correction
				t.Errorf("%s is told before it is due", *told.Slug)
			}
			if early {
				continue
			}
			delete(awaited, *told.Slug)
			asked := question{request(t, `query ($slug: String!) { article(slug: $slug) { title corrections { text } } }`, map[string]any{"slug": *told.Slug}), reader.key}
			if got := asked.put(f.s).Body.String(); strings.Contains(got, "null") || strings.Contains(got, "Wrong") != (*told.Slug == "known") {
				t.Errorf("%s as %q: %s", *told.Slug, reader.key, got)
			}
		}
	}
}

// Images are part of what shows them.
func TestChangedImagesAreToldOfWhatShowsThem(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	f.exec(`insert into images (id, url) overriding system value values (1, 'https://news.example.org/1.jpg'), (2, 'https://news.example.org/2.jpg');
		insert into articles (slug, title, status, published_at, lead_image_id) values ('shown', 'S', 'PUBLISHED', now() - interval '1 hour', 1),
			('draft', 'D', 'DRAFT', null, 1), ('later', 'L', 'SCHEDULED', now() + interval '1 day', 1), ('seo', 'S', 'PUBLISHED', now() - interval '1 hour', null),
			('film', 'F', 'PUBLISHED', now() - interval '1 hour', null);
		update articles set seo_image_id = 1 where slug = 'seo';
		insert into videos (article_id, url, poster_id) select id, 'https://news.example.org/film', 1 from articles where slug = 'film';
		insert into authors (slug, name, avatar_id) values ('ada', 'Ada', 1);
		insert into tags (slug, name, internal, image_id) values ('sea', 'Sea', false, 1), ('desk', 'Desk', true, 1)`)
	all := "Article UPDATED /shown/; Article UPDATED /seo/; Article UPDATED /film/; Author UPDATED /author/ada/; Tag UPDATED /tag/sea/"
	withoutImages := f.licensed(func(p *partner.Partner) { p.Images = false })
	f.tell([]step{
		{`update images set alt = 'A quay' where id = 1`, all},
		{`update images set caption = 'At dawn', credit = 'Ada' where id = 1`, all},
		{`update images set alt = alt where id = 1`, ""},
		{`update images set alt = 'Nobody shows it' where id = 2`, ""},
	})
	withoutImages.tell([]step{{`update images set alt = 'A key' where id = 1`, "Author UPDATED /author/ada/; Tag UPDATED /tag/sea/"}})
	f.tell([]step{{`delete from images where id = 1`,
		"Author UPDATED /author/ada/; Tag UPDATED /tag/sea/; Article UPDATED /shown/; Article UPDATED /seo/; Article UPDATED /film/"}})
}

// What was public is told with its addresses when it goes. What never was has no name.
func TestTagsAndAuthorsGoWithTheirAddresses(t *testing.T) {
	t.Parallel()
	newStream(t).tell([]step{
		{`insert into authors (slug, name) values ('ada', 'Ada')`, "Author UPDATED /author/ada/"},
		{`update authors set slug = 'ada-l' where slug = 'ada'`, "Author UPDATED /author/ada-l/ was /author/ada/"},
		{`delete from authors where slug = 'ada-l'`, "Author REMOVED was /author/ada/ was /author/ada-l/"},
		{`insert into tags (slug, name) values ('sea', 'Sea')`, "Tag UPDATED /tag/sea/"},
		{`update tags set slug = 'ocean' where slug = 'sea'`, "Tag UPDATED /tag/ocean/ was /tag/sea/"},
		{`update tags set internal = true, slug = 'secret' where slug = 'ocean'`, "Tag REMOVED was /tag/ocean/ was /tag/sea/"},
		{`update tags set name = 'Secret', slug = 'secret-2' where slug = 'secret'`, ""},
		{`update tags set internal = false, slug = 'water' where slug = 'secret-2'`, "Tag UPDATED /tag/water/ was /tag/ocean/ was /tag/sea/"},
		{`delete from tags where slug = 'water'`, "Tag REMOVED was /tag/ocean/ was /tag/sea/ was /tag/water/"},
		{`insert into tags (slug, name) values ('desk', 'Desk'); update tags set internal = true where slug = 'desk'`, ""},
		{`update tags set internal = false where slug = 'desk'; update tags set internal = true where slug = 'desk'`, ""},
		{`delete from tags where slug = 'desk'`, ""},
		{`insert into tags (slug, name) values ('lake', 'Lake')`, "Tag UPDATED /tag/lake/"},
		{`update tags set slug = 'secret' where slug = 'lake'; update tags set internal = true where slug = 'secret'`, "Tag REMOVED was /tag/lake/"},
	})
}

// What is done to a draft is not in the log at all.
func TestDraftsAppendNothing(t *testing.T) {
	t.Parallel()
	f := newStream(t)
	f.exec(threeTags + `;
		insert into authors (id, slug, name) overriding system value values (1, 'ada', 'Ada');
		insert into articles (id, slug, title, status) overriding system value values (1, 'other', 'O', 'PUBLISHED')`)
	begin := f.get("").Position
	for _, write := range []string{
		`insert into articles (id, slug, title) overriding system value values (2, 'draft', 'D')`,
		`update articles set title = 'E', slug = 'draught', featured = true, body_html = '<p>Text</p>', published_at = now() where id = 2`,
		`insert into article_tags (article_id, tag_id) values (2, 1)`,
		`insert into article_authors (article_id, author_id) values (2, 1)`,
		`insert into videos (article_id, url) values (2, 'https://news.example.org/film')`,
		`update videos set provider = 'P'`,
		`insert into corrections (article_id, text, at) values (2, 'Wrong', now())`,
		`update corrections set text = 'Very wrong'`,
		`insert into related_stories (article_id, related_id) values (2, 1)`,
		`delete from corrections`,
		`delete from articles where id = 2`,
	} {
		f.exec(write)
		if last := f.get("").Position; last != begin {
			t.Errorf("%s is in the log", write)
			begin = last
		}
	}
}
