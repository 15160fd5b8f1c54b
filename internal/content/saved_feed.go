package content

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
)

// SavedFeed is a query of the newsroom's that is served as a feed.
type SavedFeed struct {
	Name      string           `db:"name"`
	Title     string           `db:"title"`
	Document  string           `db:"document"`  // GraphQL, as it was saved
	Variables json.RawMessage  `db:"variables"` // of the document, an object
	Arguments ArticleArguments `db:"arguments"` // of the list that the document asks for
}

const savedFeedColumns = `f.name, f.title, f.document, f.variables, f.arguments`

// SavedFeed returns the feed of this name, nil if there is none.
func (s *Service) SavedFeed(ctx context.Context, name string) (*SavedFeed, error) {
	depend(ctx, onName("feed", name))
	rows, err := read[SavedFeed](ctx, s.statements, "saved feed", `select `+savedFeedColumns+` from saved_feeds f where f.name = $1`, name)
	return first(rows), err
}

// SavedFeeds returns all of them, by name.
func (s *Service) SavedFeeds(ctx context.Context) ([]SavedFeed, error) {
	return read[SavedFeed](ctx, s.statements, "saved feeds", `select `+savedFeedColumns+` from saved_feeds f order by f.name`)
}

// feedName is what a saved feed can be called.
var feedName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,99}$`)

// SaveFeed keeps a feed, in place of one with the same name.
func (s *Service) SaveFeed(ctx context.Context, f SavedFeed) error {
	if !feedName.MatchString(f.Name) {
		return badInput("%q cannot be the name of a feed. Take small letters, digits and hyphens, such as evening-briefing.", f.Name)
	}
	_, err := s.statements.write(ctx, "saved feed", `insert into saved_feeds (name, title, document, variables, arguments) values ($1, $2, $3, $4, $5)
		on conflict (name) do update set title = excluded.title, document = excluded.document, variables = excluded.variables, arguments = excluded.arguments`,
		f.Name, f.Title, f.Document, string(f.Variables), f.Arguments.key())
	return err
}

// RemoveFeed forgets a feed, and tells whether there was one.
func (s *Service) RemoveFeed(ctx context.Context, name string) (bool, error) {
	removed, err := s.statements.write(ctx, "saved feed", `delete from saved_feeds where name = $1`, name)
	return removed > 0, err
}

// ArticleList reduces what is asked of the whole newsroom to the arguments of one list of articles, as a feed can show
// it. The error has the code BadUserInput.
func (s *Selection) ArticleList(ctx context.Context) (args ArticleArguments, err error) {
	if s == nil || len(s.fields) != 1 {
		return args, badInput("A feed is of one list: ask for articles, for tag { articles } or for author { articles }, and for nothing beside it.")
	}
	root := s.fields[0]
	switch root.Name {
	case "articles":
		err = root.decode(&args)
	case "tag", "author":
		args, err = root.articlesOf()
	default:
		err = badInput("%s yields no list of articles. A feed can be of articles, of tag { articles } or of author { articles }.", root.Name)
	}
	if err == nil && (args.After != nil || args.Before != nil || args.Last != nil) {
		err = badInput("A feed begins at the beginning of its list: leave after, before and last away.")
	}
	if err != nil {
		return args, err
	}
	list, err := newArticleList(ctx, args)
	if err == nil {
		err = list.writeExclusions(new(query))
	}
	return args, err
}

// articlesOf turns the articles of a tag or an author into a list of all articles with a filter.
func (f *SelectedField) articlesOf() (args ArticleArguments, err error) {
	var owner struct{ Slug *string }
	lists := f.Of.all("articles")
	if err := f.decode(&owner); err != nil {
		return args, err
	}
	if owner.Slug == nil {
		return args, badInput("Name the %s by its slug.", f.Name)
	}
	if len(lists) != 1 {
		return args, badInput("A feed is of one list: ask for the articles of the %s once.", f.Name)
	}
	if err := lists[0].decode(&args); err != nil {
		return args, err
	}
	if args.Filter == nil {
		args.Filter = new(ArticleFilter)
	}
	switch {
	case f.Name == "tag":
		args.Filter.Tags = append(args.Filter.Tags, *owner.Slug)
	case len(args.Filter.Authors) > 0:
		return args, badInput("A feed cannot be of the articles that an author wrote together with others: leave the filter by authors away.")
	default:
		args.Filter.Authors = []string{*owner.Slug}
	}
	return args, nil
}

// Scan implements sql.Scanner.
func (a *ArticleArguments) Scan(value any) error { return scanJSON(value, a) }

// scanJSON reads a column of JSON.
func scanJSON(value, into any) error {
	text, ok := value.([]byte)
	if !ok {
		return fmt.Errorf("%T is not JSON", value)
	}
	return json.Unmarshal(text, into)
}
