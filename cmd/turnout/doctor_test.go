package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout/api/pages"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/internal/webhook"
)

// doctor runs the command as a shell would and gives its exit code and what it said.
func doctor(t *testing.T, address string, args ...string) (int, string) {
	t.Helper()
	var out strings.Builder
	code := run(t.Context(), append([]string{"doctor"}, args...), []string{"TURNOUT_DATABASE_URL=" + address}, &out, &out)
	return code, out.String()
}

// Without a mail server the link to a new password is in no console: the doctor says where it is, and the shell prints it.
func TestMailsThatNoConsoleShows(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			address := dbtest.Address(t, engine)
			said := func(args ...string) string {
				t.Helper()
				var out strings.Builder
				if code := run(t.Context(), args, []string{"TURNOUT_DATABASE_URL=" + address}, &out, &out); code != 0 {
					t.Fatalf("%v: %d, %s", args, code, out.String())
				}
				return out.String()
			}
			if out := said("mail"); !strings.Contains(out, "There is no mail") {
				t.Errorf("at first: %s", out)
			}
			s := start(t, address, false)
			said("community", "create", "--slug", "gophers", "--name", "Gophers", "--owner", "ada@example.org")
			res, err := http.PostForm(s.url+pages.ForgotPath, url.Values{"email": {"ada@example.org"}})
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			var out string
			for range 300 { // the server writes and keeps the mail in the background
				if out = said("mail"); strings.Contains(out, "kept, to ada@example.org") {
					break
				}
				time.Sleep(100 * time.Millisecond)
			}
			if !strings.Contains(out, "kept, to ada@example.org") || !strings.Contains(out, resetPath) {
				t.Errorf("no link to a new password: %s", out)
			}
			if out := said("doctor"); !strings.Contains(out, "turnout mail") {
				t.Errorf("the doctor says no word of it: %s", out)
			}
		})
	}
}

// What was given up is named, does not fail, and can be tried again; a difference fails.
func TestDoctorNamesWhatWasGivenUp(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			address := dbtest.Address(t, engine)
			db, err := database.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			if code, said := doctor(t, address); code != 0 || said != "Everything agrees.\n" {
				t.Fatalf("at first: %d, %s", code, said)
			}

			// An event that came five hours ago, one that came just now, and a job that cannot succeed yet.
			at, broken := now().Add(-5*time.Hour), true
			inbox := &webhook.Inbox{DB: db, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return at }}
			inbox.Handle("stripe", func(context.Context, webhook.Event) error { return errors.New("no answer") })
			for _, id := range []string{"evt_old", "evt_new"} {
				if _, err := inbox.Receive(t.Context(), "stripe", id, "charge.refunded", []byte("{}")); err != nil {
					t.Fatal(err)
				}
				at = now()
			}
			r := &jobs.Runner{DB: db, Log: slog.New(slog.DiscardHandler), Now: now}
			r.Handle("refund", func(context.Context, jobs.Job) error {
				if broken {
					return jobs.Permanent(errors.New("the account is closed"))
				}
				return nil
			})
			err = db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return jobs.Enqueue(ctx, tx, "", "refund", nil, now()) })
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			code, said := doctor(t, address)
			if code != 0 || strings.Count(said, "given up: ") != 2 || !strings.Contains(said, "(refund) of the installation") ||
				!strings.Contains(said, "the account is closed") || !strings.Contains(said, "event evt_old of stripe") {
				t.Errorf("given up: %d, %s", code, said)
			}

			broken = false
			if code, said := doctor(t, address, "--retry"); code != 0 {
				t.Errorf("retry: %d, %s", code, said)
			}
			if runs, err := r.Drain(t.Context()); runs != 1 || err != nil {
				t.Errorf("%d runs, %v", runs, err)
			}
			if _, said := doctor(t, address); strings.Contains(said, "refund)") {
				t.Errorf("retried, and still %s", said)
			}
		})
	}
}
