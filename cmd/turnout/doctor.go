package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout/checkin"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/internal/mail"
	"turnout/internal/webhook"
	"turnout/migrations"
	"turnout/ticketing"
	"turnout/ticketing/signups"
)

type doctorCommand struct {
	Retry bool `help:"Try what was given up once more, that of no community too (a running server does the work)."`
}

// examinations are what each room says of its own counters and invariants: a sentence for each difference.
var examinations = []struct {
	name  string
	check func(ctx context.Context, db bun.IDB) ([]string, error)
}{
	{"tickets, orders and money", ticketing.Check},
	{"questions and answers", func(ctx context.Context, db bun.IDB) ([]string, error) { return ticketing.CheckAnswers(ctx, db, now()) }},
	{"places at sessions", signups.Check},
	{"check-in lists and attendance", checkin.Check},
	{"pictures and files", missingFiles},
}

// Run fails when anything differs. Without Retry it changes nothing. What was given up is named and no failure: the books
// agree, and a person must look.
func (cmd *doctorCommand) Run(sh *shell) error {
	return withDatabase(sh, func(db *database.DB) error {
		applied, err := db.Read().NewSelect().TableExpr("bun_migrations").Count(sh.ctx)
		if err != nil || applied < int64(len(migrations.Texts())) {
			return errors.New("the database is older than this program. Run: turnout migrate")
		}
		if err := integrity(sh.ctx, db); err != nil {
			return err
		}
		found, err := examine(sh, db)
		if err != nil {
			return err
		}
		waiting, err := givenUp(sh.ctx, db.Read(), now())
		if err != nil {
			return err
		}
		for _, w := range waiting {
			fmt.Fprintln(sh.out, "given up:", w)
		}
		if err := keptMails(sh, db.Read()); err != nil {
			return err
		}
		if cmd.Retry {
			if err := retryAll(sh.ctx, db, now()); err != nil {
				return err
			}
		}
		switch {
		case found > 0:
			return fmt.Errorf("%d differences. Back the database up before anything else, then report them", found)
		case len(waiting) == 0:
			fmt.Fprintln(sh.out, "Everything agrees.")
		case cmd.Retry:
			fmt.Fprintln(sh.out, "The books agree. What was given up is tried again.")
		default:
			fmt.Fprintln(sh.out, "The books agree, but work was given up. When its cause is gone, turnout doctor --retry tries it again.")
		}
		return nil
	})
}

// examine prints every difference and counts them.
func examine(sh *shell, db *database.DB) (found int, err error) {
	for _, e := range examinations {
		differences, err := e.check(sh.ctx, db.Read())
		if err != nil {
			return 0, err
		}
		for _, d := range differences {
			fmt.Fprintf(sh.out, "%s: %s\n", e.name, d)
		}
		found += len(differences)
	}
	return found, nil
}

// named is how many of a kind are named; a thousand lines say no more.
const named = 50

// givenUp names the jobs that are dead, and the events of payment providers that nobody has handled although all tries have
// had their time.
func givenUp(ctx context.Context, db bun.IDB, now time.Time) (found []string, err error) {
	dead, err := jobs.AllDead(ctx, db, named+1)
	if err != nil {
		return nil, err
	}
	for _, j := range dead[:min(len(dead), named)] {
		whose := string(j.Community)
		if whose == "" {
			whose = "the installation"
		}
		found = append(found, fmt.Sprintf("job %s (%s) of %s, %s: %s", j.ID, j.Kind, whose, j.EndedAt.UTC().Format(time.DateTime), j.LastError))
	}
	events, err := webhook.Open(ctx, db, now.Add(-webhook.Patience), named+1)
	if err != nil {
		return nil, err
	}
	for _, e := range events[:min(len(events), named)] {
		said := e.LastError
		if said == "" {
			said = "no try was made; is TURNOUT_WORKERS off everywhere?"
		}
		found = append(found, fmt.Sprintf("event %s of %s (%s, %s), received %s and not handled: %s", e.EventID, e.Provider, e.Type, e.ID,
			e.ReceivedAt.UTC().Format(time.DateTime), said))
	}
	if len(dead) > named || len(events) > named {
		found = append(found, "and more")
	}
	return found, nil
}

// keptMails says that there are mails which nobody got and no console shows.
func keptMails(sh *shell, db bun.IDB) error {
	list, err := mail.List(sh.ctx, db, "", true, "", named)
	if slices.ContainsFunc(list, func(m mail.Stored) bool { return m.State == mail.Kept }) {
		fmt.Fprintln(sh.out, "kept: mails about accounts went nowhere, for want of a mail server (TURNOUT_SMTP_URL). To read them: turnout mail")
	}
	return err
}

// retryAll lets every dead job begin anew; the communities' logs say so.
func retryAll(ctx context.Context, db *database.DB, at time.Time) error {
	return db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		all, err := jobs.RetryAll(ctx, tx, at)
		for _, j := range all {
			if j.Community != "" && err == nil {
				err = audit.Write(ctx, tx, audit.Entry{Community: j.Community, Action: "job.retried", Subject: j.ID, Actor: audit.Actor{Kind: audit.System}, At: at})
			}
		}
		return err
	})
}

// integrity asks SQLite whether its file is whole; PostgreSQL has checksums of its own.
func integrity(ctx context.Context, db *database.DB) error {
	if db.Engine != database.SQLite {
		return nil
	}
	var verdict string
	if err := db.Read().NewRaw("PRAGMA integrity_check(1)").Scan(ctx, &verdict); err != nil {
		return fmt.Errorf("integrity check: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("the database file is damaged: %s", verdict)
	}
	return nil
}

// missingFiles finds pictures and files that rows name and whose bytes are not kept.
func missingFiles(ctx context.Context, db bun.IDB) ([]string, error) {
	var found []string
	for _, column := range []struct{ table, id, name string }{
		{"events", "id", "cover_hash"}, {"speakers", "id", "photo_hash"}, {"sponsors", "id", "logo_hash"}, {"ticket_designs", "event_id", "logo_hash"},
		{"uploads", "id", "id"}, {"session_slides", "id", "id"}, {"answers", "order_id", "upload_id"},
	} {
		var ids []string
		err := db.NewSelect().Table(column.table).Column(column.id).Where("? <> ''", bun.Ident(column.name)).
			Where("NOT EXISTS (SELECT 1 FROM blobs WHERE blobs.hash = ?)", bun.Ident(column.table+"."+column.name)).Scan(ctx, &ids)
		if err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
		for _, id := range ids {
			found = append(found, fmt.Sprintf("%s: its file (%s.%s) is not there", id, column.table, column.name))
		}
	}
	return found, nil
}
