package agenda

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/speakers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/internal/mail"
	"turnout/internal/signing"
	"turnout/templates"
)

// newsroom is a world whose clock moves and whose jobs run.
type newsroom struct {
	*world
	now    time.Time
	runner *jobs.Runner
	seen   int // mails
}

func newNewsroom(t *testing.T, db *database.DB) *newsroom {
	t.Helper()
	n := &newsroom{world: newWorld(t, db, "Europe/Berlin", "2026-06-04 08:00", "2026-06-04 18:00"), now: clock}
	pages, err := templates.New()
	n.must(err)
	n.Service = &Service{DB: db, Now: func() time.Time { return n.now }, Keys: signing.Keys{Current: []byte("a secret of the tests")}, Pages: pages, BaseURL: "https://turnout.example.org"}
	n.runner = &jobs.Runner{DB: db, Now: n.Service.Now, Log: slog.New(slog.DiscardHandler)}
	n.Register(n.runner)
	return n
}

// talk adds a confirmed session of an hour, so many hours after the event's begin.
func (n *newsroom) talk(title string, hours int, who ...*speakers.Speaker) *Session {
	n.t.Helper()
	in := SessionInput{Title: title, Kind: Talk, Status: Confirmed, Minutes: 60}
	for _, sp := range who {
		in.SpeakerIDs = append(in.SpeakerIDs, sp.ID)
	}
	s, err := n.AddSession(n.ctx, n.community, n.event.Slug, in)
	n.must(err)
	n.place(s, hours)
	return s
}

func (n *newsroom) place(s *Session, hours int) {
	n.t.Helper()
	_, _, err := n.Place(n.ctx, n.community, s.ID, 0, SlotInput{"", n.event.StartsAt.Add(time.Duration(hours) * time.Hour), n.event.StartsAt.Add(time.Duration(hours+1) * time.Hour)})
	n.must(err)
}

func (n *newsroom) speaker(name, email string) *speakers.Speaker {
	n.t.Helper()
	sp, err := n.speakers.Add(n.ctx, n.community, n.event.Slug, speakers.Input{Name: name, Email: email})
	n.must(err)
	return sp
}

// after lets time go by, and gives the mails that came since it was called last as "to: text", the newest first.
func (n *newsroom) after(d time.Duration) []string {
	n.t.Helper()
	n.now = n.now.Add(d)
	var wg sync.WaitGroup
	for range 3 { // as many servers
		wg.Go(func() {
			if _, err := n.runner.Drain(n.ctx); err != nil {
				n.t.Error(err)
			}
		})
	}
	wg.Wait()
	var fresh []string
	all, err := mail.List(n.ctx, n.DB.Read(), n.community, true, "", 1000)
	n.must(err)
	for _, m := range all[:len(all)-n.seen] {
		fresh = append(fresh, m.To+": "+m.Text)
	}
	n.seen = len(all)
	return fresh
}

func (n *newsroom) publishes(version string, quiet bool) *Release {
	n.t.Helper()
	r, err := n.Release(n.ctx, n.community, n.event.Slug, ReleaseInput{Version: version, Quiet: quiet})
	n.must(err)
	return r
}

// told checks who got a mail, each one, and what stands in it.
func (n *newsroom) told(got []string, want map[string][]string) {
	n.t.Helper()
	if len(got) != len(want) {
		n.t.Errorf("%d mails, not %d: %s", len(got), len(want), got)
	}
	for to, words := range want {
		text := ""
		for _, m := range got {
			if strings.HasPrefix(m, to+": ") {
				text = m
			}
		}
		for _, w := range words {
			if !strings.Contains(text, w) {
				n.t.Errorf("%s is not told %q: %s", to, w, text)
			}
		}
	}
}

// A release that is taken back gives its place to what was public before it; the history stays, and revisions rise.
func TestAReleaseIsTakenBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		n := newNewsroom(t, db)
		a, b := n.talk("A", 0), n.talk("B", 2)
		one := n.publishes("1.0", true)
		n.place(a, 4)
		_, err := n.Withdraw(n.ctx, n.community, b.ID, 0)
		n.must(err)
		two := n.publishes("1.1", true)

		if _, err := n.TakeBack(n.ctx, n.community, n.event.Slug, one.ID); !errors.Is(err, ErrNotPublic) {
			t.Errorf("one that is not public: %v", err)
		}
		if _, err := n.TakeBack(n.ctx, turnout.NewID(turnout.PrefixCommunity), n.event.Slug, two.ID); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("by another community: %v", err)
		}
		other := n.addEvent(n.community, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		if _, err := n.TakeBack(n.ctx, n.community, other.Slug, two.ID); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("of another event: %v", err)
		}

		var made atomic.Int64
		var wg sync.WaitGroup
		for range 8 { // as many organisers
			wg.Go(func() {
				_, err := n.TakeBack(n.ctx, n.community, n.event.Slug, two.ID)
				if err == nil {
					made.Add(1)
				} else if !errors.Is(err, ErrNotPublic) {
					t.Errorf("at the same time: %v", err)
				}
			})
		}
		wg.Wait()
		public, latest, err := n.Schedule(n.ctx, n.event)
		n.must(err)
		if made.Load() != 1 || latest.Number != 3 || latest.TakesBack != two.ID || latest.Restores != one.ID || latest.Sessions != 2 {
			t.Errorf("taken back %d times: %+v", made.Load(), latest)
		}
		if len(public.Sessions) != 2 || !public.Sessions[0].Start.Equal(n.event.StartsAt) || public.Sessions[0].Revision != 3 || public.Sessions[1].Revision != 3 || public.Version != "1.0 (3)" {
			t.Errorf("public again: %+v", public)
		}
		if latest.Changes.Added != 1 || latest.Changes.Moved != 1 || latest.Changes.Removed != 0 {
			t.Errorf("its changes: %+v", latest.Changes)
		}

		// What was public before is the public one now, and can be taken back too: then nothing is public.
		_, err = n.TakeBack(n.ctx, n.community, n.event.Slug, one.ID)
		n.must(err)
		if _, _, err := n.Schedule(n.ctx, n.event); !errors.Is(err, ErrNotReleased) {
			t.Errorf("nothing is public: %v", err)
		}
		preview, err := n.PreviewRelease(n.ctx, n.community, n.event.Slug)
		n.must(err)
		if !preview.First || preview.Added != 1 {
			t.Errorf("the next one: %+v", preview.ReleaseChanges)
		}
		three := n.publishes("2.0", true)
		if public := n.public(); three.Number != 5 || len(public.Sessions) != 1 || public.Sessions[0].Revision != 5 {
			t.Errorf("released anew: %+v %+v", three, public)
		}
		if back, err := n.TakeBack(n.ctx, n.community, n.event.Slug, three.ID); err != nil || back.Restores != "" || back.Sessions != 0 {
			t.Errorf("what was taken back comes back: %+v %v", back, err)
		}
		all, err := n.Releases(n.ctx, n.community, n.event.Slug)
		n.must(err)
		if gone := TakenBack(all); len(all) != 6 || len(gone) != 3 || !gone[one.ID] {
			t.Errorf("%d releases, %v", len(all), gone)
		}
	})
}

// Speakers and those who planned are told of a release, once, after a pause; of what was taken back meanwhile nobody is.
func TestThoseConcernedAreToldOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		n := newNewsroom(t, db)
		ada, bo, cy := n.speaker("Ada", "ada@example.org"), n.speaker("Bo", ""), n.speaker("Cy", "cy@example.org")
		a, b := n.talk("On engines", 0, ada, bo), n.talk("On looms", 2, cy)
		lunch := n.talk("Lunch", 4)
		n.Plans = []Plans{func(_ context.Context, _ bun.IDB, e *events.Event) ([]Plan, error) {
			if e.ID != n.event.ID {
				t.Error("another event")
			}
			return []Plan{
				{ID: "iti_1", Sessions: []turnout.ID{a.ID, b.ID}, Email: "fan@example.org", URL: "https://turnout.example.org/plan", StopURL: "https://turnout.example.org/stop", Locale: "de"},
				{ID: "iti_2", Sessions: []turnout.ID{b.ID, lunch.ID}},
				{ID: "tkt_1", Sessions: []turnout.ID{b.ID}, SignedUp: true, Email: "guest@example.org", Name: "Gil"},
			}, nil
		}}

		n.publishes("1.0", false)
		n.told(n.after(PauseBeforeNews-time.Second), nil)
		if due, err := n.NewsDue(n.ctx, n.event); err != nil || !due.Equal(clock.Add(PauseBeforeNews)) {
			t.Errorf("due %s, %v", due, err)
		}
		n.told(n.after(time.Second), map[string][]string{"ada@example.org": {"Hello Ada", "On engines", "In the schedule now", "08:00"}, "cy@example.org": {"On looms"}})
		n.told(n.after(time.Hour), nil)
		if due, err := n.NewsDue(n.ctx, n.event); err != nil || !due.IsZero() {
			t.Errorf("still due %s, %v", due, err)
		}

		// The preview says it before.
		n.place(b, 0)
		preview, err := n.PreviewRelease(n.ctx, n.community, n.event.Slug)
		n.must(err)
		news, err := n.ReleaseNews(n.ctx, n.event, preview)
		n.must(err)
		if len(news) != 4 || news[0].Speaker.ID != cy.ID || news[1].Plan.ID != "iti_1" || news[1].Clashes != 1 || news[2].Clashes != 0 || news[3].Plan.ID != "tkt_1" {
			t.Errorf("the preview: %+v", news)
		}
		two := n.publishes("1.1", false)
		n.told(n.after(PauseBeforeNews/2), nil)
		_, err = n.TakeBack(n.ctx, n.community, n.event.Slug, two.ID)
		n.must(err)
		n.told(n.after(PauseBeforeNews/2), nil)
		n.told(n.after(time.Hour), nil)

		// Two releases in a row are told as one, when the later is due.
		n.publishes("1.2", false)
		n.told(n.after(PauseBeforeNews/2), nil)
		_, err = n.Withdraw(n.ctx, n.community, a.ID, 0)
		n.must(err)
		n.publishes("1.3", false)
		n.told(n.after(PauseBeforeNews/2), nil)
		n.told(n.after(PauseBeforeNews/2), map[string][]string{
			"ada@example.org": {"On engines", "No longer in the schedule", "Before: "}, "cy@example.org": {"On looms", "Another time", "10:00", "08:00"},
			"fan@example.org": {"On engines", "On looms", "Andere Zeit", "https://turnout.example.org/plan", "https://turnout.example.org/stop"}, "guest@example.org": {"Hello Gil", "Another time"}})

		// A quiet release is told to nobody, neither now nor with the next.
		n.place(b, 6)
		n.publishes("1.4", true)
		n.place(lunch, 5)
		n.publishes("1.5", false)
		n.told(n.after(time.Hour), nil) // lunch has no speaker, and who marked it no address
	})
}
