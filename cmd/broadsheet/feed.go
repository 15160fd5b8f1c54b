package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"broadsheet/graph"
	"broadsheet/internal/content"
	"broadsheet/internal/database"
)

type feedCommand struct {
	Add    feedAdd    `cmd:"" help:"Serve a GraphQL query as a feed, at /feeds/saved/NAME.rss and in the other formats. A feed of the same name is replaced."`
	List   feedList   `cmd:"" help:"List the saved feeds."`
	Remove feedRemove `cmd:"" help:"Serve a saved feed no more."`
}

// withContent opens the newsroom for the time of a call.
func (s *settings) withContent(ctx context.Context, call func(*content.Service) error) error {
	return s.with(ctx, func(db *connection) error {
		if err := database.CheckMigrated(ctx, db.DB); err != nil {
			return err
		}
		return call(content.New(db.DB, content.Options{}))
	})
}

type feedAdd struct {
	settings
	Name      string `arg:"" help:"Small letters, digits and hyphens, such as evening-briefing."`
	Title     string `help:"Title of the feed, after the newsroom's name. Default: its name."`
	Query     string `help:"File with the query. It has to ask for one list of articles: articles, tag { articles } or author { articles }." required:"" type:"existingfile"`
	Variables string `help:"The query's variables: a JSON object, or a file with one." default:"{}" placeholder:"JSON|FILE"`
}

// Run checks the query as the server would, and saves it.
func (c *feedAdd) Run(ctx context.Context) error {
	document, err := os.ReadFile(c.Query)
	if err != nil {
		return err
	}
	variables := []byte(c.Variables)
	if !strings.HasPrefix(strings.TrimSpace(c.Variables), "{") {
		if variables, err = os.ReadFile(c.Variables); err != nil {
			return err
		}
	}
	list, err := graph.ArticleList(ctx, graph.DefaultLimits(), string(document), variables)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Query, err)
	}
	feed := content.SavedFeed{Name: c.Name, Title: c.Title, Document: string(document), Variables: json.RawMessage(variables), Arguments: list}
	if feed.Title == "" {
		feed.Title = c.Name
	}
	return c.withContent(ctx, func(service *content.Service) error {
		if err := service.SaveFeed(ctx, feed); err != nil {
			return err
		}
		for _, format := range []string{"rss", "atom", "json", "ninjs"} {
			fmt.Printf("/feeds/saved/%s.%s\n", c.Name, format)
		}
		return nil
	})
}

type feedList struct{ settings }

// Run lists the feeds with the arguments of their lists.
func (c *feedList) Run(ctx context.Context) error {
	return c.withContent(ctx, func(service *content.Service) error {
		feeds, err := service.SavedFeeds(ctx)
		if err != nil {
			return err
		}
		if len(feeds) == 0 {
			fmt.Println("There is no saved feed.")
			return nil
		}
		t := newTable("NAME", "TITLE", "ARTICLES")
		for _, f := range feeds {
			arguments, err := json.Marshal(f.Arguments)
			if err != nil {
				return err
			}
			t.row(f.Name, f.Title, string(arguments))
		}
		return t.print()
	})
}

type feedRemove struct {
	settings
	Name string `arg:"" help:"Name of the feed."`
}

// Run forgets the feed.
func (c *feedRemove) Run(ctx context.Context) error {
	return c.withContent(ctx, func(service *content.Service) error {
		removed, err := service.RemoveFeed(ctx, c.Name)
		if err == nil && !removed {
			err = errors.New("there is no saved feed of this name; broadsheet feed list shows them")
		}
		return err
	})
}
