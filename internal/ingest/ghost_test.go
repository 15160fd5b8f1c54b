package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"broadsheet/graph"
	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/ingest"
)

func TestBothDialectsComeToTheSame(t *testing.T) {
	t.Parallel()
	first, second := dbtest.New(t), dbtest.New(t)
	run(t, first, newsroom().String())
	run(t, second, newsroom().mysql())
	if a, b := dump(t, first, false), dump(t, second, false); a != b {
		t.Errorf("SQLite's dialect:\n%s\nMySQL's:\n%s", a, b)
	}
}

const everything = `{ site { name description locale logoUrl }
	articles(first: 100, filter: { kind: [STORY, PAGE] }) { totalCount nodes { slug kind access status title excerpt featured canonicalUrl publishedAt
		body { html text complete } leadImage { url alt caption } seo { title description image { url } } tags { slug } primaryTag { slug }
		authors { slug name email website avatar { url } } relatedStories { kind article { slug } } jsonLd revisions { title } } }
	tags { nodes { slug } } draft: article(slug: \"draft-story\") { slug } scheduled: article(slug: \"scheduled-story\") { slug }
	gone: resolve(path: \"/draft-story/\") { __typename } }`

// readers is what the public sees of an imported archive, over GraphQL.
func readers(t *testing.T, text string, change ...func(*ingest.Options)) string {
	t.Helper()
	db := dbtest.New(t)
	run(t, db, text, change...)
	addresses, err := content.NewAddresses(site, "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	if err != nil {
		t.Fatal(err)
	}
	door := graph.NewHandler(content.New(db, content.Options{Addresses: addresses}), graph.DefaultLimits(), nil, slog.New(slog.DiscardHandler))
	request := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query": "`+strings.Join(strings.Fields(everything), " ")+`"}`))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	door.ServeHTTP(answer, request)
	if strings.Contains(answer.Body.String(), `"errors"`) {
		t.Fatal(answer.Body)
	}
	return answer.Body.String()
}

func TestReadersSeeWhatTheyMay(t *testing.T) {
	t.Parallel()
	seen := readers(t, newsroom().String())
	if strings.Contains(seen, "SECRET") {
		t.Errorf("a gated, unpublished or mailed text is shown: %s", seen)
	}
	if strings.Contains(seen, "hash-internal") || strings.Contains(seen, "@example.org") || strings.Contains(seen, "__GHOST_URL__") {
		t.Errorf("an internal tag, a user's address or an open address is shown: %s", seen)
	}
	var answer struct {
		Data struct {
			Site     struct{ Name, Description, Locale, LogoURL string }
			Articles struct {
				TotalCount int
				Nodes      []map[string]any
			}
			Draft, Scheduled, Gone any
		}
	}
	if err := json.Unmarshal([]byte(seen), &answer); err != nil {
		t.Fatal(err)
	}
	data := answer.Data
	if data.Site.Name != "The Test Gazette" || data.Site.Locale != "sv" || data.Site.LogoURL != site+"/logo.png" {
		t.Errorf("site: %+v", data.Site)
	}
	if data.Articles.TotalCount != 6 || data.Draft != nil || data.Scheduled != nil || data.Gone != nil {
		t.Errorf("%d articles (want 6), draft %v, scheduled %v, resolve %v", data.Articles.TotalCount, data.Draft, data.Scheduled, data.Gone)
	}
	found := make(map[string]string)
	for _, node := range data.Articles.Nodes {
		text, _ := json.Marshal(node)
		found[node["slug"].(string)] = string(text)
	}
	for slug, wants := range map[string][]string{
		"open-story": {`"kind":"STORY"`, `"featured":true`, `"excerpt":"By hand"`, `"canonicalUrl":"https://elsewhere.example.org/a"`,
			`"authors":[{"avatar":null,"email":null,"name":"Bo","slug":"bo","website":null},{"avatar":{"url":"https://news.example.org/ada.jpg"}`,
			`"tags":[{"slug":"sea"},{"slug":"news"}]`, `"primaryTag":{"slug":"sea"}`, `"alt":"A boat","caption":"A boat. Photo: us","url":"https://news.example.org/lead.jpg"`,
			`"title":"Seo title"`, `https://news.example.org/og.jpg`, `"relatedStories":[{"article":{"slug":"paid-story"},"kind":"INLINE"}]`, `Title of paid-story`,
			`"publishedAt":"2026-01-02T10:00:00Z"`, `"revisions":[]`},
		"paid-story":    {`"access":"PAID"`, `Free part.`, `"complete":false`, `"excerpt":"Free part."`},
		"members-story": {`"access":"MEMBERS"`, `"excerpt":""`, `"html":""`},
		"tiers-story":   {`"access":"PAID"`, `Free.`},
		"about":         {`"kind":"PAGE"`, `About us.`},
		"gated-block":   {`Seen.`, `After.`},
	} {
		for _, want := range wants {
			if !strings.Contains(found[slug], want) {
				t.Errorf("%s: no %s in %s", slug, want, found[slug])
			}
		}
	}
}

func TestAddressesOfUsersAreOptIn(t *testing.T) {
	t.Parallel()
	if seen := readers(t, newsroom().String(), func(o *ingest.Options) { o.AuthorEmails = true }); !strings.Contains(seen, "ada@example.org") {
		t.Errorf("asked for, and not there: %s", seen)
	}
}

func TestAgainChangesNothing(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	report := run(t, db, newsroom().String())
	if want := (ingest.Counts{Added: 8, Skipped: 1}); report.Posts != want {
		t.Errorf("first: %+v, want %+v", report.Posts, want)
	}
	before := dump(t, db, true)
	report = run(t, db, newsroom().mysql())
	if want := (ingest.Counts{Unchanged: 8, Skipped: 1}); report.Posts != want {
		t.Errorf("again: %+v, want %+v", report.Posts, want)
	}
	if after := dump(t, db, true); after != before {
		t.Errorf("rows were written again.\nbefore:\n%s\nafter:\n%s", before, after)
	}
}

func TestAChangedExportUpdatesWhatDiffers(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	run(t, db, newsroom().String())
	changed := newsroom()
	changed.posts[0]["html"] = "<p>New text.</p>"
	changed.posts[0]["updated_at"] = "2026-02-01 10:00:00"
	changed.labels = changed.labels[:2]                                                                          // p1 loses the tag news
	changed.byline = append(changed.byline, row{"id": "9", "post_id": "p2", "author_id": "u1", "sort_order": 0}) // p2 gets an author
	changed.users[1]["name"] = "Bo Renamed"
	changed.posts = append(changed.posts[:6], changed.posts[7:]...) // the page is gone
	report := run(t, db, changed.String())
	if want := (ingest.Counts{Changed: 2, Unchanged: 5, Skipped: 1}); report.Posts != want {
		t.Errorf("posts: %+v, want %+v", report.Posts, want)
	}
	if want := (ingest.Counts{Changed: 1, Unchanged: 1}); report.Authors != want {
		t.Errorf("authors: %+v, want %+v", report.Authors, want)
	}
	text := dump(t, db, false)
	for _, want := range []string{"New text.", "open-story sea 1", "paid-story ada 0", "Bo Renamed", "open-story1"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	for _, gone := range []string{"open-story news", "open-story paid-story INLINE"} {
		if strings.Contains(text, gone) {
			t.Errorf("%q is still in %s", gone, text)
		}
	}
	if !hasProblem(report, "article about", "the export no longer has it") {
		t.Errorf("the report does not name the page that is gone: %+v", report.Problems)
	}
	if report = run(t, db, changed.String()); report.Posts.Changed != 0 {
		t.Errorf("again: %+v", report.Posts)
	}
}

func hasProblem(report *ingest.Report, subject, why string) bool {
	for _, p := range report.Problems {
		if p.Subject == subject && strings.Contains(p.Why, why) {
			return true
		}
	}
	return false
}

func TestADryRunWritesNothingAndReportsTheSame(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	before := dump(t, db, true)
	dry := run(t, db, newsroom().String(), func(o *ingest.Options) { o.DryRun = true })
	if after := dump(t, db, true); after != before {
		t.Errorf("a dry run wrote: %s", after)
	}
	written := run(t, db, newsroom().String())
	if dry.DryRun = false; fmt.Sprint(dry) != fmt.Sprint(written) {
		t.Errorf("dry run: %+v\nreal: %+v", dry, written)
	}
}

func TestSlugsOfOthersAreSkipped(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	if _, err := db.Exec(`insert into articles (slug, title) values ('open-story', 'Ours')`); err != nil {
		t.Fatal(err)
	}
	e := newsroom()
	e.post("p10", "about", "<p>Twice.</p>")
	e.post("p11", "not a slug", "<p>x</p>")
	report := run(t, db, e.String())
	for subject, why := range map[string]string{"article open-story": "another one", "article about": "another one", "article not a slug": "cannot stand in an address", "article mailed": "e-mail only"} {
		if !hasProblem(report, subject, why) {
			t.Errorf("%s: no problem with %q in %+v", subject, why, report.Problems)
		}
	}
	if report.Posts.Skipped != 4 {
		t.Errorf("%+v", report.Posts)
	}
}

// many is an archive of several batches.
func many(count int) *export {
	e := newsroom()
	for i := range count {
		e.post(fmt.Sprintf("n%d", i), fmt.Sprintf("numbered-%d", i), fmt.Sprintf(`<p>Text %d.</p><p><a href="__GHOST_URL__/numbered-%d/">Next</a></p>`, i, i+1))
		e.labels = append(e.labels, row{"id": fmt.Sprint("l", i), "post_id": fmt.Sprintf("n%d", i), "tag_id": "t1", "sort_order": 0})
	}
	return e
}

func TestAnImportThatWasCutOffIsContinued(t *testing.T) {
	t.Parallel()
	straight, cut := dbtest.New(t), dbtest.New(t)
	text := many(700).String()
	run(t, straight, text)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	writing := false
	_, err := ingest.Ghost(ctx, cut, strings.NewReader(text), 0, ingest.Options{
		SiteURL: site,
		Stage:   func(name string, _ int64) { writing = name == "write" },
		Progress: func(done, total int64) {
			if writing && done < total {
				cancel()
			}
		},
	})
	if err == nil {
		t.Fatal("the import went on")
	}
	var written int
	if err := cut.Get(&written, `select count(*) from articles`); err != nil || written == 0 || written >= 700 {
		t.Fatalf("%d articles were written before the cut (%v): not a part", written, err)
	}
	report, err := try(t, cut, strings.NewReader(text))
	for errors.Is(err, ingest.ErrBusy) { // until Postgres has noticed that the first one is gone
		report, err = try(t, cut, strings.NewReader(text))
	}
	if err != nil {
		t.Fatal(err)
	}
	if report.Posts.Unchanged != written || report.Posts.Changed != 0 {
		t.Errorf("continued: %+v after %d", report.Posts, written)
	}
	if a, b := dump(t, straight, false), dump(t, cut, false); a != b {
		t.Error("an import in two parts came to something else than one in one part")
	}
}

func TestBrokenFilesAreRefusedAndChangeNothing(t *testing.T) {
	t.Parallel()
	whole := newsroom().String()
	old, unknown := newsroom(), newsroom()
	old.version, unknown.version = "3.41.0", ""
	wrongTime := newsroom()
	wrongTime.posts[3]["published_at"] = "yesterday"
	db := dbtest.New(t)
	before := dump(t, db, true)
	for name, c := range map[string]struct{ text, says string }{
		"empty":         {"", "empty"},
		"cut off":       {whole[:len(whole)*2/3], "cut off"},
		"almost whole":  {whole[:len(whole)-1], "cut off"},
		"more":          {whole + "{}", "follows"},
		"not JSON":      {"<?xml version=\"1.0\"?><rss></rss>", "not JSON"},
		"a list":        {"[1, 2]", "object"},
		"other JSON":    {`{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": 1}]}`, "no posts"},
		"old version":   {old.String(), "Ghost \"3.41.0\""},
		"no version":    {unknown.String(), "version"},
		"wrong time":    {wrongTime.String(), "yesterday"},
		"wrong kind":    {strings.Replace(whole, `"slug":"about"`, `"slug":["about"]`, 1), "list"},
		"posts no list": {`{"db":[{"meta":{"version":"6.0.0"},"data":{"posts":"many"}}]}`, "expected"},
	} {
		_, err := try(t, db, strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want something about %q", name, err, c.says)
		}
	}
	if _, err := try(t, db, io.MultiReader(strings.NewReader(whole[:100]), failing{})); !errors.Is(err, errDisk) {
		t.Errorf("a disk that fails: %v", err)
	}
	if after := dump(t, db, true); after != before {
		t.Errorf("something was changed: %s", after)
	}
}

var errDisk = errors.New("the disk fails")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

func TestOneImportAtATime(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	started := false
	_, err := try(t, db, strings.NewReader(newsroom().String()), func(o *ingest.Options) {
		o.Stage = func(string, int64) {
			if started {
				return
			}
			started = true
			if _, err := try(t, db, strings.NewReader(newsroom().String())); !errors.Is(err, ingest.ErrBusy) {
				t.Errorf("a second import: %v", err)
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
	run(t, db, newsroom().String())
}

func TestTheSiteKeepsANameOfItsOwn(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	if _, err := db.Exec(`update site set name = 'Ours'`); err != nil {
		t.Fatal(err)
	}
	run(t, db, newsroom().String())
	var name string
	if err := db.Get(&name, `select name from site`); err != nil || name != "Ours" {
		t.Errorf("%q, %v", name, err)
	}
}

// An archive is written while it is read, many times larger than the memory that may be used.
func TestMemoryDoesNotGrowWithTheArchive(t *testing.T) { // alone, for its measure
	if testing.Short() {
		t.Skip("writes forty megabytes")
	}
	const posts, mostHeap = 3000, 24 << 20
	text := strings.Repeat("<p>"+strings.Repeat("A sentence of some length. ", 40)+"</p>", 12)
	reader, writer := io.Pipe()
	go func() {
		_, _ = io.WriteString(writer, `{"db":[{"data":{"posts":[`)
		for i := range posts {
			post, _ := json.Marshal((&export{}).post(fmt.Sprint("n", i), fmt.Sprint("numbered-", i), text))
			if i > 0 {
				_, _ = io.WriteString(writer, ",")
			}
			_, _ = writer.Write(post)
		}
		_, _ = io.WriteString(writer, `]},"meta":{"version":"6.0.0"}}]}`)
		_ = writer.Close()
	}()
	db := dbtest.New(t)
	runtime.GC()
	var most uint64
	report, err := try(t, db, reader, func(o *ingest.Options) {
		calls := 0
		o.Progress = func(int64, int64) {
			if calls++; calls%200 == 0 {
				var now runtime.MemStats
				runtime.GC() // what is reachable is what counts
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}
	})
	if err != nil || report.Posts.Added != posts {
		t.Fatalf("%+v, %v", report, err)
	}
	t.Logf("the heap held %d MiB at the most for an archive of %d MiB", most>>20, posts*len(text)>>20)
	if most > mostHeap {
		t.Errorf("the heap held %d MiB, more than %d", most>>20, mostHeap>>20)
	}
}

func TestSlugsThatMoveOn(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	run(t, db, newsroom().String())
	changed := newsroom()
	changed.posts[0]["slug"], changed.posts[1]["slug"] = "paid-story", "open-story" // the two swap
	changed.posts[2]["slug"] = "members-only-story"
	changed.post("p10", "members-story", "<p>A new one under an old slug.</p>")
	changed.tags[0]["slug"] = "fresh"
	changed.tags = append(changed.tags, row{"id": "t4", "slug": "news", "name": "Other news", "visibility": "public"})
	report := run(t, db, changed.String())
	if want := (ingest.Counts{Added: 1, Changed: 3, Unchanged: 5, Skipped: 1}); report.Posts != want {
		t.Errorf("%+v, want %+v; %+v", report.Posts, want, report.Problems)
	}
	before := dump(t, db, true)
	if strings.Contains(before, "on-its-way") {
		t.Error("a slug is still on its way")
	}
	if report = run(t, db, changed.String()); report.Posts.Changed+report.Posts.Added != 0 || dump(t, db, true) != before {
		t.Errorf("again: %+v", report.Posts)
	}
	var left int
	if err := db.Get(&left, `select count(*) from old_slugs where slug like '%on-its-way%'`); err != nil || left != 0 {
		t.Errorf("%d old slugs are of rows on their way (%v)", left, err)
	}
}

// A story gives its slug up to another one, and cannot have the new one.
func TestSlugsThatCannotMoveOn(t *testing.T) {
	t.Parallel()
	for _, wanted := range []string{"not a slug", "desk"} {
		db := dbtest.New(t)
		run(t, db, newsroom().String())
		if _, err := db.Exec(`insert into articles (slug, title) values ('desk', 'Ours')`); err != nil {
			t.Fatal(err)
		}
		changed := newsroom()
		changed.posts[0]["slug"], changed.posts[1]["slug"] = wanted, "open-story"
		report := run(t, db, changed.String())
		if !hasProblem(report, "article "+wanted, "slug") {
			t.Errorf("%s: no reason: %+v", wanted, report.Problems)
		}
		var slug string
		if err := db.Get(&slug, `select slug from articles where source_id = 'p1'`); err != nil || !strings.HasPrefix(slug, "open-story-") {
			t.Errorf("%s: the story is left at %q (%v)", wanted, slug, err)
		}
		before := dump(t, db, true)
		if run(t, db, changed.String()); dump(t, db, true) != before {
			t.Errorf("%s: the same again changes something", wanted)
		}
	}
}

func TestWhatTheDeskHasSaidStays(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	run(t, db, newsroom().String())
	if _, err := db.Exec(`update articles set kind = 'OPINION' where slug = 'open-story'; update tags set kind = 'SECTION' where slug = 'news'`); err != nil {
		t.Fatal(err)
	}
	changed := newsroom()
	changed.posts[0]["title"] = "New title"
	run(t, db, changed.String())
	var kept int
	if err := db.Get(&kept, `select (select count(*) from articles where kind = 'OPINION' and title = 'New title')
		+ (select count(*) from tags where kind = 'SECTION')`); err != nil || kept != 2 {
		t.Errorf("%d of 2 are kept (%v)", kept, err)
	}
}

func TestMailedPostsAreNoStories(t *testing.T) {
	t.Parallel()
	e := newsroom()
	e.post("p10", "mail-to-come", "<p>SECRETMAIL</p>")["status"] = "scheduled"
	e.meta = append(e.meta, row{"id": "m2", "post_id": "p10", "email_only": 1})
	e.posts[0]["html"] = `<p>a</p><p><a href="__GHOST_URL__/mail-to-come/">The mail</a></p>`
	db := dbtest.New(t)
	report := run(t, db, e.String())
	if !hasProblem(report, "article mail-to-come", "e-mail only") || report.Posts.Skipped != 2 {
		t.Errorf("%+v", report)
	}
	if text := dump(t, db, false); !strings.Contains(text, `/mail-to-come/`) || strings.Contains(text, "SECRETMAIL") {
		t.Errorf("the link to the mail is gone, or its text is there: %s", text)
	}
}
