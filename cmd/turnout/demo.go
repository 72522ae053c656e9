package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/organisers"
	"turnout/internal/database"
)

// The demo is invented: its people, its events, and a history that fits the rules as if it had happened. Its dates lie around
// the moment of seeding, so that there is always a conference that was and one to come; everything else is drawn from a fixed
// seed and is the same each time.

//go:embed demo
var demoFiles embed.FS

// demoSignIns are the accounts that `serve --demo` makes and prints. They exist in a demo only.
var demoSignIns = []struct {
	name, email, password string
	role                  organisers.Role
}{
	{"Olivia Farol", "owner@example.org", "owner of the demo", organisers.Owner},
	{"Oskar Przystań", "organiser@example.org", "organiser of the demo", organisers.Organiser},
	{"Dora Puerta", "door@example.org", "door of the demo", organisers.Door},
}

// demoCommunities are the communities of the demo, each with the function that invents it.
var demoCommunities = []struct {
	slug   string
	invent func(s *story) error
}{
	{"demo", inventLighthouse},
	{"demo-two", inventQuietCode},
}

// errSeeded says that another process that starts at this moment has made the community first.
var errSeeded = errors.New("the community is there")

// seedDemo makes the demo's communities, each whole in one transaction; one that is there already stays as it is. It calls no
// payment provider: what its history paid went through the sandbox.
func (a *app) seedDemo(ctx context.Context) error {
	for i, c := range demoCommunities {
		if _, err := organisers.FindCommunity(ctx, a.DB.Read(), c.slug); !errors.Is(err, turnout.ErrNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		s := newStory(c.slug, uint64(i+1), a.Now())
		if err := c.invent(s); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		err := a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.write(ctx, tx) })
		if err != nil && !errors.Is(err, errSeeded) {
			return fmt.Errorf("demo: %s: %w", c.slug, err)
		}
	}
	if err := a.demoPasswords(ctx); err != nil {
		return err
	}
	return a.DB.Shrink(ctx) // inventing a history takes four times the memory of serving it
}

// demoPasswords gives the demo's accounts their passwords, where they have none yet. Hashing takes too long for a transaction,
// so it follows the seeding, and a start that was interrupted in between is completed by the next.
func (a *app) demoPasswords(ctx context.Context) error {
	for _, who := range demoSignIns {
		account := new(organisers.Account)
		err := a.DB.Read().NewSelect().Model(account).Where("email = ?", who.email).Where("password_hash = ''").Scan(ctx)
		if database.IsNoRows(err) {
			continue
		}
		if err == nil {
			err = a.Organisers.SetPassword(ctx, account.ID, who.password)
		}
		if err != nil {
			return fmt.Errorf("demo: password of %s: %w", account.ID, err)
		}
	}
	return nil
}

// greetDemo prints where the demo's events and mails are and how to sign in.
func greetDemo(out io.Writer, baseURL string, keepsMail bool) {
	fmt.Fprintf(out, "\nThe demo (invented; nothing is charged):\n")
	for _, line := range [][2]string{
		{"a conference on sale", "/e/" + slugNext}, {"a conference that was", "/e/" + slugPast}, {"the community", "/c/" + demoCommunities[0].slug},
	} {
		fmt.Fprintf(out, "  %-22s %s%s\n", line[0], baseURL, line[1])
	}
	fmt.Fprintf(out, "\nSign in at %s/sign-in as\n", baseURL)
	for _, who := range demoSignIns {
		fmt.Fprintf(out, "  %-10s %-22s password: %s\n", who.role, who.email, who.password)
	}
	if keepsMail {
		fmt.Fprintf(out, "\nMails go nowhere. Owner and organiser read them at\n  %s/console/%s/mail\n", baseURL, demoCommunities[0].slug)
	}
}

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// before gives the last such weekday that is at least so long before t, at midnight in the zone; after the first one after it.
func before(t time.Time, d time.Duration, weekday time.Weekday, zone *time.Location) time.Time {
	at := t.Add(-d).In(zone)
	return time.Date(at.Year(), at.Month(), at.Day()-(int(at.Weekday())-int(weekday)+7)%7, 0, 0, 0, 0, zone)
}

func after(t time.Time, d time.Duration, weekday time.Weekday, zone *time.Location) time.Time {
	return before(t.Add(d+6*day), 0, weekday, zone)
}

// clock gives the instant of "9:15" on a day, which is midnight in its zone.
func clock(midnight time.Time, text string) time.Time {
	at, err := time.Parse("15:04", text)
	if err != nil {
		panic(err) // ours
	}
	return time.Date(midnight.Year(), midnight.Month(), midnight.Day(), at.Hour(), at.Minute(), 0, 0, midnight.Location()).UTC()
}

// newStory begins the history of a community.
func newStory(slug string, seed uint64, now time.Time) *story {
	return &story{slug: slug, now: now, rng: newDice(seed), names: readNames(), emails: map[string]bool{}}
}

// chronicle puts what was done in the order of its time, as the audit log holds it.
func (s *story) chronicle() {
	slices.SortStableFunc(s.audit, func(a, b auditEntry) int { return a.At.Compare(b.At) })
}
