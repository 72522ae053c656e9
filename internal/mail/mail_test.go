package mail_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/internal/mail"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// office is a post and its runner on a clock that stands still until moved.
type office struct {
	db     *database.DB
	runner *jobs.Runner
	now    time.Time
}

func newOffice(t *testing.T, db *database.DB, sender mail.Sender) *office {
	t.Helper()
	o := &office{db: db, now: start}
	now := func() time.Time { return o.now }
	o.runner = &jobs.Runner{DB: db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: now}
	post := &mail.Post{DB: db, Sender: sender, Now: now}
	post.Register(o.runner)
	return o
}

func (o *office) queue(t *testing.T, m mail.Message) error {
	t.Helper()
	return o.db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return mail.Queue(ctx, tx, "com_1", m, o.now) })
}

func (o *office) drain(t *testing.T) {
	t.Helper()
	if _, err := o.runner.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (o *office) list(t *testing.T) []mail.Stored {
	t.Helper()
	list, err := mail.List(t.Context(), o.db.Read(), "com_1", true, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func outbox() mail.Outbox { return mail.Outbox{Log: slog.New(slog.NewTextHandler(io.Discard, nil))} }

func TestTheOutboxKeepsWhatWasQueued(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		o := newOffice(t, db, outbox())
		m := mail.Message{
			ID: mail.IDFor("job_01abc"), To: "ada@example.org", ReplyTo: "crew@example.org", Subject: "Your ticket, Łukasz 🎫",
			Text: "Hello", HTML: "<p>Hello</p>", Source: "ord_1",
			Attachments: []mail.Attachment{{Name: "ticket.pdf", Type: "application/pdf", Data: []byte{'%', 0, 0xff}}},
		}
		for range 2 { // a job that runs twice queues one message
			if err := o.queue(t, m); err != nil {
				t.Fatal(err)
			}
		}
		want := mail.Stored{Message: m, Community: "com_1", State: mail.Queued, CreatedAt: start}
		if diff := cmp.Diff([]mail.Stored{want}, o.list(t)); diff != "" {
			t.Error(diff)
		}
		o.now = start.Add(time.Minute)
		o.drain(t)
		want.State = mail.Kept // and at no time sent
		got, err := mail.Find(t.Context(), db.Read(), "com_1", "mail_01abc")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if _, err := mail.Find(t.Context(), db.Read(), "com_2", "mail_01abc"); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community reads it: %v", err)
		}
	})
}

func TestAddressesThatAreNone(t *testing.T) {
	o := newOffice(t, dbtest.Open(t, database.SQLite), outbox())
	for _, to := range []string{
		"", "ada", "ada@", "@example.org", "ada@example.org, bob@example.org",
		"ada@example.org\r\nBcc: bob@example.org", "ada@example.org\x00", "\"a\r\nb\"@example.org",
	} {
		var invalid *turnout.Error
		if err := o.queue(t, mail.Message{To: to, Subject: "s", Text: "t"}); !errors.As(err, &invalid) || invalid.Kind != turnout.Invalid {
			t.Errorf("%q: %v", to, err)
		}
	}
	if list := o.list(t); len(list) != 0 {
		t.Errorf("stored: %v", list)
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	db := dbtest.Open(t, database.SQLite)
	server := newServer(t)
	o := newOffice(t, db, server.sender(t, ""))
	evil := "Hi\r\nBcc: eve@example.org\u2028\r\n\r\n<script>"
	m := mail.Message{
		To: "Ada <ada@example.org>", Subject: evil, Text: "t",
		Attachments: []mail.Attachment{{Name: "../../etc/" + evil + `"; x="y.pdf`, Type: "text/plain\r\nX-Evil: 1", Data: []byte("d")}},
	}
	if err := o.queue(t, m); err != nil {
		t.Fatal(err)
	}
	if m.Attachments[0].Type != "text/plain\r\nX-Evil: 1" {
		t.Error("the caller's message was changed")
	}
	o.drain(t)
	got := server.received(t, 1)[0]
	if cmp.Diff(got.to, []string{"ada@example.org"}) != "" {
		t.Errorf("sent to %q", got.to)
	}
	for line := range strings.Lines(got.data) {
		if name, _, found := strings.Cut(line, ":"); found && (strings.EqualFold(name, "bcc") || strings.EqualFold(name, "x-evil")) {
			t.Errorf("a header was injected: %q", line)
		}
	}
	if subject := got.header(t).Get("Subject"); !strings.HasPrefix(subject, "Hi  Bcc: eve@example.org") {
		t.Errorf("the subject is %q", subject)
	}
}

// sender is what a test does in place of sending.
type sender func() (mail.State, error)

func (s sender) Send(context.Context, mail.Message) (mail.State, error) { return s() }

// However the job of a message dies, the message says that it failed; before that it waits.
func TestAMessageFailsWhenItsJobIsGivenUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		for name, end := range map[string]func() (mail.State, error){
			"refused for good":   func() (mail.State, error) { return "", jobs.Permanent(errors.New("no such mailbox")) },
			"refused each time":  func() (mail.State, error) { return "", errors.New("no such mailbox") },
			"panicked each time": func() (mail.State, error) { panic("no such mailbox") },
		} {
			o := newOffice(t, db, sender(end))
			if err := o.queue(t, mail.Message{To: "ada@example.org", Subject: "s", Text: "t"}); err != nil {
				t.Fatal(err)
			}
			for attempt := 1; ; attempt++ {
				o.drain(t)
				dead, err := jobs.DeadOnes(t.Context(), db.Read(), "com_1", "", 10)
				if err != nil {
					t.Fatal(err)
				}
				m := o.list(t)[0]
				if len(dead) == 0 && m.State == mail.Failed || len(dead) == 1 && m.State != mail.Failed {
					t.Fatalf("%s, attempt %d: the mail is %s, %d jobs are dead", name, attempt, m.State, len(dead))
				}
				if o.now = o.now.Add(2 * time.Hour); len(dead) == 0 && attempt < 20 {
					continue
				}
				if m.LastError == "" || len(dead) != 1 {
					t.Errorf("%s: it failed for %q, %d jobs are dead", name, m.LastError, len(dead))
				}
				break
			}
			if _, err := db.Writer().ExecContext(t.Context(), "DELETE FROM jobs"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A message whose last attempt took the process along noted nothing: it fails when its job is buried, and can be sent after all.
func TestAMessageFailsWithTheProcess(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		o := newOffice(t, db, outbox())
		for _, to := range []string{"ada@example.org", "bob@example.org"} {
			if err := o.queue(t, mail.Message{To: to, Subject: "s", Text: "t"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, sql := range []string{"UPDATE mail_outbox SET state = 'sending'", "UPDATE jobs SET attempts = max_attempts"} {
			if _, err := db.Writer().ExecContext(t.Context(), sql+" WHERE id IN (SELECT MIN(id) FROM mail_outbox UNION SELECT MIN(id) FROM jobs)"); err != nil {
				t.Fatal(err)
			}
		}
		o.drain(t)
		list := o.list(t) // the newest first
		if list[0].State != mail.Kept || list[1].State != mail.Failed || !strings.Contains(list[1].LastError, "process ended") {
			t.Fatalf("%s, and %s: %q", list[0].State, list[1].State, list[1].LastError)
		}
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := jobs.RetryAll(ctx, tx, o.now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		o.drain(t)
		if list = o.list(t); list[1].State != mail.Kept || list[1].LastError != "" {
			t.Errorf("tried again: %s, %q", list[1].State, list[1].LastError)
		}
	})
}

func TestForget(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		o := newOffice(t, db, outbox())
		for _, to := range []string{"ada@example.org", "Bob@example.org"} {
			if err := o.queue(t, mail.Message{To: to, Subject: "s", Text: "t"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct{ days, left int }{{29, 2}, {31, 0}} {
			o.now = start.AddDate(0, 0, tt.days)
			if err := o.runner.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if list := o.list(t); len(list) != tt.left {
				t.Errorf("after %d days %d are left, want %d", tt.days, len(list), tt.left)
			}
		}
		o.drain(t) // the jobs of the forgotten messages end in peace
		if dead, err := jobs.DeadOnes(t.Context(), db.Read(), "com_1", "", 10); err != nil || len(dead) != 0 {
			t.Errorf("dead: %v, %v", dead, err)
		}
	})
}

// Mails about accounts make one somebody else: they are listed for those only who ask for them.
func TestMailsAboutAccountsAreListedWhenAskedFor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		o := newOffice(t, db, outbox())
		for _, source := range []turnout.ID{"ord_1", ""} {
			if err := o.queue(t, mail.Message{To: "ada@example.org", Subject: "s", Text: "t", Source: source}); err != nil {
				t.Fatal(err)
			}
		}
		for accounts, want := range map[bool]int{true: 2, false: 1} {
			list, err := mail.List(t.Context(), db.Read(), "com_1", accounts, "", 10)
			if err != nil || len(list) != want || list[len(list)-1].Source != "ord_1" {
				t.Errorf("accounts %v: %v, %v", accounts, list, err)
			}
		}
	})
}
