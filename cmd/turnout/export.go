package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"turnout/events"
	"turnout/templates"
)

type exportCommand struct {
	Site exportSiteCommand `cmd:"" help:"Write an event's public site as a zip that works from a disk."`
}

type exportSiteCommand struct {
	Event string `required:"" help:"The event's id or slug."`
	Lang  string `help:"The language of the pages; en when absent."`
	Out   string `short:"o" required:"" help:"The zip to write."`
}

// Run does what GET /events/{event}/site.zip does.
func (cmd *exportSiteCommand) Run(sh *shell) error {
	return withApp(sh, func(a *app) error {
		event, err := eventNamed(sh, a.DB, cmd.Event)
		if err == nil {
			err = cmd.write(sh.ctx, a, event)
		}
		if err == nil {
			fmt.Fprintf(sh.out, "Written: %s\n", cmd.Out)
		}
		return err
	})
}

// write replaces a file that exists once the zip is whole, not before.
func (cmd *exportSiteCommand) write(ctx context.Context, a *app, event *events.Event) error {
	part, err := os.CreateTemp(filepath.Dir(cmd.Out), ".turnout-site-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(part.Name()) }() // there is none, once it has its name
	err = a.server.Site.Write(ctx, part, event, cmp.Or(cmd.Lang, templates.English))
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(part.Name(), cmd.Out)
	}
	return err
}
