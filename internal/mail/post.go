package mail

import (
	"context"
	"log/slog"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/internal/jobs"
)

// Sender brings one message on its way and says what became of it: Sent or Kept. An error made with jobs.Permanent will not be
// tried again.
type Sender interface {
	Send(ctx context.Context, m Message) (State, error)
}

// Outbox is the Sender of an installation without an SMTP server: the message stays in mail_outbox, where the console
// shows it to organisers, and goes nowhere else.
type Outbox struct {
	Log *slog.Logger
}

// Send notes in the log that there is something to read.
func (o Outbox) Send(ctx context.Context, m Message) (State, error) {
	o.Log.InfoContext(ctx, "mail: kept in the outbox, no SMTP server is set", "mail", m.ID, "about", m.Source)
	return Kept, nil
}

// keep is how long a message stays in mail_outbox: it holds names and secret links.
const keep = 30 * 24 * time.Hour

// Post sends what is queued.
type Post struct {
	DB     *database.DB
	Sender Sender
	Now    func() time.Time
}

// Register has the runner send queued messages and forget old ones.
func (p *Post) Register(r *jobs.Runner) {
	r.Handle(sendKind, p.send)
	r.GivenUp(sendKind, giveUp)
	r.Every("mail.forget", time.Hour, p.forget)
}

func (p *Post) send(ctx context.Context, job jobs.Job) error {
	var payload sendPayload
	if err := job.Read(&payload); err != nil {
		return err
	}
	var begun []row
	err := p.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		begun = nil
		_, err := tx.NewUpdate().Model(&begun).Set("state = ?", Sending).Where("community_id = ?", job.Community).
			Where("id = ?", payload.Mail).Where("state NOT IN (?, ?)", Sent, Kept).Returning("*").Exec(ctx)
		return err
	})
	if err != nil || len(begun) == 0 { // sent or kept before, or forgotten
		return err
	}
	stored, err := begun[0].stored()
	if err != nil {
		return err
	}
	state, failed := p.Sender.Send(ctx, stored.Message)

	// What was sent must be noted even when the process is stopping.
	note := context.WithoutCancel(ctx)
	err = p.DB.Tx(note, func(ctx context.Context, tx bun.Tx) error {
		query := tx.NewUpdate().Model((*row)(nil)).Where("community_id = ?", job.Community).Where("id = ?", payload.Mail)
		switch {
		case failed == nil:
			query.Set("state = ?", state).Set("last_error = ''")
			if state == Sent {
				query.Set("sent_at = ?", p.Now().UTC().Truncate(time.Microsecond))
			}
		default: // giveUp follows where it was the last attempt
			query.Set("state = ?", Queued).Set("last_error = ?", failed.Error())
		}
		_, err := query.Exec(ctx)
		return err
	})
	if failed != nil {
		return failed
	}
	return err
}

// giveUp notes that a message will not be sent, unless it was: an attempt that took its process along could not note anything.
func giveUp(ctx context.Context, tx bun.IDB, job jobs.Job) error {
	var payload sendPayload
	_ = job.Read(&payload) // what cannot be read names no message
	_, err := tx.NewUpdate().Model((*row)(nil)).Set("state = ?", Failed).
		Set("last_error = CASE WHEN state = ? THEN ? ELSE last_error END", Sending, job.LastError).
		Where("community_id = ?", job.Community).Where("id = ?", payload.Mail).Where("state IN (?, ?)", Queued, Sending).Exec(ctx)
	return err
}

// forget removes messages older than a month, whatever became of them.
func (p *Post) forget(ctx context.Context) error {
	return p.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*row)(nil)).Where("created_at < ?", p.Now().UTC().Add(-keep)).Exec(ctx)
		return err
	})
}
