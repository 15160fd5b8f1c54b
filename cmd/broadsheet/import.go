package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"

	"broadsheet/internal/database"
	"broadsheet/internal/ingest"
)

type importCommand struct {
	Ghost importGhost `cmd:"" help:"Import what Ghost 5 or 6 writes on «Export your content»."`
}

type importGhost struct {
	settings
	File         string `arg:"" help:"The export, a JSON file." type:"existingfile"`
	SiteURL      string `help:"Address of the newsroom's own site, with which links and pictures in the export begin." env:"BROADSHEET_SITE_URL" required:""`
	DryRun       bool   `help:"Find out everything, write nothing."`
	AuthorEmails bool   `help:"Publish the users' e-mail addresses as those of the authors."`
	JSON         bool   `help:"Write the report as JSON."`
}

// Run imports, and prints what came of it.
func (c *importGhost) Run(ctx context.Context) error {
	return c.with(ctx, func(db *connection) error {
		if err := database.CheckMigrated(ctx, db.DB); err != nil {
			return err
		}
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		var bar progress
		report, err := ingest.Ghost(ctx, db.DB, file, info.Size(), ingest.Options{
			SiteURL: c.SiteURL, AuthorEmails: c.AuthorEmails, DryRun: c.DryRun,
			Stage: func(name string, total int64) {
				bar.finish()
				bar = newProgress(map[string]string{"read": "reading", "write": "writing posts"}[name], total, progressbar.OptionShowBytes(name == "read"))
			},
			Progress: func(done, total int64) { bar.set(done, total) },
		})
		bar.finish()
		if ctx.Err() != nil {
			return errors.New("stopped; what is imported stays, and the same command goes on with the rest")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		return c.print(report)
	})
}

func (c *importGhost) print(report *ingest.Report) error {
	if !c.JSON {
		return report.Print(os.Stdout)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}
