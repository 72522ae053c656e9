// Package mail sends mail by background jobs.
//
// A use case calls [Queue] in its transaction: the message is stored in mail_outbox and a job with its id is enqueued. The
// job hands it to the [Sender]: an SMTP server, or the outbox alone, which the console shows. The attempt is noted before
// it is made and its end after it, so a message is sent twice only when the process dies, or the connection breaks,
// between the server's acceptance and our note of it; both copies then bear the same Message-ID, by which readers tell
// them for one.
package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/jobs"
)

// Message is one mail to one person.
type Message struct {
	// ID is given by Queue when empty. A second message with the same ID is dropped: a job that may run twice takes
	// IDFor its own id.
	ID          turnout.ID
	To          string // the bare address
	ReplyTo     string // a bare address, or empty
	Subject     string
	Text        string // the same in plain text; needed
	HTML        string // may be empty
	Attachments []Attachment
	// Source is what the mail is about: an order, a place on the waitlist. Mails without one are about accounts: whoever
	// reads them can become whom they are for.
	Source turnout.ID
}

// Attachment is a file in a mail. A calendar file has the type "text/calendar; charset=utf-8; method=PUBLISH".
type Attachment struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Data []byte `json:"data"`
}

// IDFor is the id of the one message that a job (or another row) causes.
func IDFor(cause turnout.ID) turnout.ID {
	_, rest, _ := strings.Cut(string(cause), "_")
	return turnout.ID("mail_" + rest)
}

// State is where a message stands: queued → sending → sent, kept or failed, sending → queued when it is to be tried again,
// failed → sending when an organiser retries its job.
type State string

// The states.
const (
	Queued  State = "queued"
	Sending State = "sending" // an attempt was begun
	Sent    State = "sent"
	Kept    State = "kept" // there is no mail server: it went nowhere
	Failed  State = "failed"
)

// Stored is a message as mail_outbox keeps it, for the console.
type Stored struct {
	Message
	Community turnout.ID
	State     State
	LastError string
	CreatedAt time.Time
	SentAt    time.Time // zero until sent
}

type row struct {
	bun.BaseModel `bun:"table:mail_outbox"`

	ID          turnout.ID      `bun:"id,pk"`
	CommunityID turnout.ID      `bun:"community_id"`
	Recipient   string          `bun:"recipient"`
	ReplyTo     string          `bun:"reply_to"`
	Subject     string          `bun:"subject"`
	HTML        string          `bun:"html"`
	Text        string          `bun:"text"`
	Attachments json.RawMessage `bun:"attachments,type:jsonb"`
	SourceID    turnout.ID      `bun:"source_id"`
	State       State           `bun:"state"`
	LastError   string          `bun:"last_error"`
	CreatedAt   time.Time       `bun:"created_at"`
	SentAt      time.Time       `bun:"sent_at,nullzero"`
}

func (r row) stored() (Stored, error) {
	s := Stored{
		Message: Message{
			ID: r.ID, To: r.Recipient, ReplyTo: r.ReplyTo, Subject: r.Subject, Text: r.Text, HTML: r.HTML, Source: r.SourceID,
		},
		Community: r.CommunityID, State: r.State, LastError: r.LastError, CreatedAt: r.CreatedAt.UTC(), SentAt: r.SentAt.UTC(),
	}
	if err := json.Unmarshal(r.Attachments, &s.Attachments); err != nil {
		return Stored{}, fmt.Errorf("mail: attachments of %s: %w", r.ID, err)
	}
	return s, nil
}

const sendKind = "mail.send"

type sendPayload struct {
	Mail turnout.ID `json:"mail"`
}

// Queue stores the message and enqueues its sending; tx is the transaction that causes it, at its time. An address that
// is none is an Invalid error of the field "email".
func Queue(ctx context.Context, tx bun.IDB, community turnout.ID, m Message, at time.Time) error {
	made, err := newRow(community, m, at)
	if err != nil {
		return err
	}
	n, err := database.Changed(tx.NewInsert().Model(made).On("CONFLICT (id) DO NOTHING").Exec(ctx))
	if err != nil {
		return fmt.Errorf("mail: queue: %w", err)
	}
	if n == 0 {
		return nil
	}
	return jobs.Enqueue(ctx, tx, community, sendKind, sendPayload{made.ID}, at)
}

// rowsAtOnce bounds one statement.
const rowsAtOnce = 200

// QueueAll is Queue for many messages, none of which has an ID yet, in a few statements.
func QueueAll(ctx context.Context, tx bun.IDB, community turnout.ID, all []Message, at time.Time) error {
	for some := range slices.Chunk(all, rowsAtOnce) {
		rows, payloads := make([]*row, len(some)), make([]sendPayload, len(some))
		for i, m := range some {
			var err error
			if rows[i], err = newRow(community, m, at); err != nil {
				return err
			}
			payloads[i] = sendPayload{rows[i].ID}
		}
		if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return fmt.Errorf("mail: queue %d: %w", len(rows), err)
		}
		if err := jobs.EnqueueAll(ctx, tx, community, sendKind, payloads, at); err != nil {
			return err
		}
	}
	return nil
}

func newRow(community turnout.ID, m Message, at time.Time) (*row, error) {
	if err := m.clean(); err != nil {
		return nil, err
	}
	if m.ID == "" {
		m.ID = turnout.NewID("mail")
	}
	if m.Attachments == nil {
		m.Attachments = []Attachment{}
	}
	attachments, err := json.Marshal(m.Attachments)
	if err != nil {
		return nil, fmt.Errorf("mail: attachments: %w", err)
	}
	return &row{
		ID: m.ID, CommunityID: community, Recipient: m.To, ReplyTo: m.ReplyTo, Subject: m.Subject, HTML: m.HTML, Text: m.Text,
		Attachments: attachments, SourceID: m.Source, State: Queued, CreatedAt: at.UTC().Truncate(time.Microsecond),
	}, nil
}

// clean checks the addresses and takes out of the headers what could begin another header.
func (m *Message) clean() error {
	for _, a := range []*string{&m.To, &m.ReplyTo} {
		if *a == "" && a == &m.ReplyTo {
			continue
		}
		parsed, err := mail.ParseAddress(*a)
		if err != nil || strings.ContainsFunc(parsed.Address, unicode.IsControl) {
			return turnout.Invalidf("email", "email", "This is not an e-mail address.")
		}
		*a = parsed.Address
	}
	if m.Text == "" {
		return fmt.Errorf("mail: a message needs its plain text")
	}
	m.Subject = oneLine(m.Subject)
	m.Attachments = slices.Clone(m.Attachments) // the caller's stay as they are
	for i, a := range m.Attachments {
		m.Attachments[i].Name = strings.ReplaceAll(path.Base(strings.ReplaceAll(oneLine(a.Name), `\`, "/")), `"`, "'")
		m.Attachments[i].Type = oneLine(a.Type)
	}
	return nil
}

// oneLine puts spaces for line ends and other controls.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�")))
}

// List gives a community's messages, newest first, at most limit, those about accounts only when asked for; before, when set,
// is the last ID of the page before.
func List(ctx context.Context, db bun.IDB, community turnout.ID, accounts bool, before turnout.ID, limit int) ([]Stored, error) {
	var rows []row
	query := db.NewSelect().Model(&rows).Where("community_id = ?", community).OrderExpr("id DESC").Limit(int64(limit))
	if !accounts {
		query = query.Where("source_id <> ''")
	}
	if before != "" {
		query = query.Where("id < ?", before)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, fmt.Errorf("mail: list: %w", err)
	}
	list := make([]Stored, len(rows))
	for i, r := range rows {
		var err error
		if list[i], err = r.stored(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Find gives one of the community's messages, turnout.ErrNotFound if it has no such.
func Find(ctx context.Context, db bun.IDB, community, id turnout.ID) (Stored, error) {
	var r row
	if err := db.NewSelect().Model(&r).Where("community_id = ?", community).Where("id = ?", id).Scan(ctx); err != nil {
		return Stored{}, database.NotFound(err)
	}
	return r.stored()
}
