// Command broadsheet is the content server for newsrooms: one binary, one Postgres.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"broadsheet/internal/config"
)

// commands are what the program can be told to do, one file each.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Serve the newsroom over HTTP."`
	Demo    demoCommand    `cmd:"" help:"Serve an invented newsroom from a Postgres of its own, to try everything out."`
	Import  importCommand  `cmd:"" help:"Bring stories in from another system."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date, take steps back, or list them."`
	Feed    feedCommand    `cmd:"" help:"Queries that are served as feeds."`
	Key     keyCommand     `cmd:"" help:"Keys and licences of partner sites, and what they use."`
	Check   checkCommand   `cmd:"" help:"Check configuration, database and schema, as before a deploy."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// Exit codes: 0 done, 1 failed, 2 called wrongly.
const (
	exitDone = iota
	exitFailed
	exitUsage
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once

	parser, err := kong.New(&commands{}, kong.Name("broadsheet"),
		kong.Description("The content server for newsrooms. Every flag can be set in the environment, too."),
		kong.Vars{"data_dir": config.DefaultDataDir()}, kong.BindTo(ctx, (*context.Context)(nil)), kong.UsageOnError())
	if err != nil {
		panic(err) // the commands above are not in order
	}
	command, err := parser.Parse(args)
	if err != nil {
		if wrong, ok := errors.AsType[*kong.ParseError](err); ok {
			_ = wrong.Context.PrintUsage(true)
		}
		fmt.Fprintln(os.Stderr, "broadsheet:", err)
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "broadsheet:", err)
		return exitFailed
	}
	return exitDone
}

type versionCommand struct{}

// Run prints the version that the Go toolchain recorded, or the commit.
func (versionCommand) Run() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("the program was built without its version")
	}
	version := info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && version == "(devel)" {
			version = setting.Value
		}
	}
	_, err := fmt.Printf("broadsheet %s %s\n", version, info.GoVersion)
	return err
}
