package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/recap"
	"turnout/templates"
)

type communityCommand struct {
	Create communityCreateCommand `cmd:"" help:"Make a community and its owner."`
}

type communityCreateCommand struct {
	Slug  string `required:"" help:"Its address: lower-case letters, digits and hyphens."`
	Name  string `required:"" help:"Its name."`
	Owner string `required:"" help:"The owner's e-mail address."`
}

// Run makes the community; an owner without a password gets a link to choose one.
func (cmd *communityCreateCommand) Run(sh *shell) error {
	return withApp(sh, func(a *app) error {
		community, owner, secret, err := a.Organisers.CreateCommunity(sh.ctx, organisers.NewCommunity{Slug: cmd.Slug, Name: cmd.Name}, cmd.Owner)
		if err != nil {
			return err
		}
		fmt.Fprintf(sh.out, "%s is at %s/c/%s\n", community.Name, a.BaseURL, community.Slug)
		if secret != "" {
			fmt.Fprintf(sh.out, "%s chooses a password here, within an hour:\n  %s\n", owner.Email, a.BaseURL+resetPath+secret)
		}
		return nil
	})
}

type tokenCommand struct {
	Create tokenCreateCommand `cmd:"" help:"Make an API token and print it, once, as the last word."`
}

type tokenCreateCommand struct {
	Community string   `required:"" help:"The community's slug."`
	Scopes    []string `required:"" sep:"," help:"events:read,orders:write and so on, or all."`
	Name      string   `default:"shell" help:"What the token is for."`
}

// Run works beside a running server.
func (cmd *tokenCreateCommand) Run(sh *shell) error {
	return withApp(sh, func(a *app) error {
		community, err := organisers.FindCommunity(sh.ctx, a.DB.Read(), cmd.Community)
		if err != nil {
			return fmt.Errorf("there is no community %q. Make one with: turnout community create", cmd.Community)
		}
		var scopes []organisers.Capability
		for _, scope := range cmd.Scopes {
			scopes = append(scopes, organisers.Capability(strings.TrimSpace(scope)))
		}
		secret, token, err := a.Organisers.CreateToken(sh.ctx, community.ID, cmd.Name, scopes)
		if err != nil {
			return err
		}
		fmt.Fprintf(sh.out, "Token %s of %s, shown only now: %s\n", token.ID, community.Slug, secret)
		return nil
	})
}

type importCommand struct {
	Agenda importAgendaCommand `cmd:"" help:"Bring in an agenda (frab XML or JSON, pretalx, schedule2, Sessionize, iCalendar, CSV)."`
}

type importAgendaCommand struct {
	Event  string `required:"" help:"The event's id or slug."`
	DryRun bool   `help:"Say what would happen and change nothing."`
	Theirs bool   `help:"Where something was changed here and in the file, take the file's; otherwise what stands here is kept."`
	File   string `arg:"" help:"The file, - for standard input."`
}

// Run does what POST /events/{event}/agenda/import does.
func (cmd *importAgendaCommand) Run(sh *shell) error {
	data, err := readFile(cmd.File, exchange.MaxBytes)
	if err != nil {
		return err
	}
	return withApp(sh, func(a *app) error {
		event, err := eventNamed(sh, a.DB, cmd.Event)
		if err != nil {
			return err
		}
		report, err := a.Agenda.Import(sh.ctx, event.CommunityID, string(event.ID), data, agenda.ImportChoices{AllTheirs: cmd.Theirs}, cmd.DryRun)
		if err != nil {
			return err
		}
		writeReport(sh.out, report, cmd.DryRun)
		return nil
	})
}

// readFile reads a file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	in := os.Stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = exchange.ErrTooLarge
	}
	return data, err
}

// eventNamed finds an event of any community: who has the shell has the database.
func eventNamed(sh *shell, db *database.DB, idOrSlug string) (*events.Event, error) {
	event := new(events.Event)
	err := db.Read().NewSelect().Model(event).Where("id = ? OR slug = ?", idOrSlug, idOrSlug).Scan(sh.ctx)
	if database.IsNoRows(err) {
		return nil, fmt.Errorf("there is no event %q", idOrSlug)
	}
	return event, err
}

func writeReport(out io.Writer, r *agenda.ImportReport, dryRun bool) {
	for _, w := range r.Warnings {
		fmt.Fprintf(out, "%s: %s\n", w.Where, w.Message)
	}
	fmt.Fprintf(out, "\n%-10s %8s %8s %8s %8s %8s\n", r.Format, "rooms", "tracks", "sessions", "slots", "speakers")
	for _, row := range []struct {
		name  string
		tally agenda.Tally
	}{{"created", r.Created}, {"updated", r.Updated}, {"unchanged", r.Unchanged}, {"removed", r.Removed}} {
		t := row.tally
		fmt.Fprintf(out, "%-10s %8d %8d %8d %8d %8d\n", row.name, t.Rooms, t.Tracks, t.Sessions, t.Slots, t.Speakers)
	}
	for _, x := range r.Conflicts {
		fmt.Fprintf(out, "%q, %s: here %q, in the file %q; taken: %s\n", x.Title, x.Field, x.Ours, x.Theirs, x.Taken)
	}
	c := r.Changes
	fmt.Fprintf(out, "\n%d moved, %d in another room, %d with another title, %d with another length, %d with other speakers\n",
		c.Moved, c.Rerooms, c.Retitled, c.Resized, c.Speakers)
	if dryRun {
		fmt.Fprintln(out, "This was a dry run: nothing was changed.")
	}
}

type recapCommand struct {
	Event    string `required:"" help:"The event's id or slug."`
	Audience string `default:"team" enum:"team,public,sponsor" help:"Who will read it: team, public or sponsor."`
	Out      string `short:"o" required:"" help:"The PDF to write."`
}

// Run does what GET /events/{event}/recap.pdf does.
func (cmd *recapCommand) Run(sh *shell) error {
	return withApp(sh, func(a *app) error {
		event, err := eventNamed(sh, a.DB, cmd.Event)
		if err != nil {
			return err
		}
		whole, err := a.Recap.Recap(sh.ctx, event.CommunityID, string(event.ID))
		if err != nil {
			return err
		}
		report, err := whole.For(recap.Audience(cmd.Audience))
		if err != nil {
			return err
		}
		var pdf bytes.Buffer
		if err := report.WritePDF(&pdf, templates.English, now()); err != nil {
			return err
		}
		if err := os.WriteFile(cmd.Out, pdf.Bytes(), 0o600); err != nil {
			return err
		}
		fmt.Fprintf(sh.out, "Written: %s\n", cmd.Out)
		return nil
	})
}
