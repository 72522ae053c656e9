package signups_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/internal/sheet"
	"turnout/internal/signing"
	"turnout/internal/webhook"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/payments/offline"
	"turnout/ticketing/signups"
)

var start = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// world is an event of two days in a month, with a released schedule, at a clock that the test moves.
type world struct {
	*signups.Service
	t       testing.TB
	event   *events.Event
	tt      *ticketing.TicketType
	clock   *atomic.Int64 // nanoseconds since start
	release int
}

// pages parses the templates once for all tests.
var pages = sync.OnceValue(func() *templates.Set {
	set, err := templates.New()
	if err != nil {
		panic(err)
	}
	return set
})

func newWorld(t *testing.T, db *database.DB) *world {
	t.Helper()
	w := &world{t: t, clock: new(atomic.Int64)}
	w.open(db)
	community := turnout.NewID("com")
	w.must(db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES (?, 'com', 'Com', ?, ?)", community, start, start).Exec(ctx)
		return err
	}))
	planner := &events.Service{DB: db, Now: w.now}
	var err error
	w.event, err = planner.Create(t.Context(), community, events.Details{Slug: "spring", Title: "Spring", Format: events.Hybrid, Timezone: "UTC",
		StartsAt: start.Add(30 * 24 * time.Hour), EndsAt: start.Add(32 * 24 * time.Hour), Currency: "EUR"})
	w.must(err)
	w.event, err = planner.Publish(t.Context(), community, string(w.event.ID), 0)
	w.must(err)
	pool, err := w.Ticketing.CreatePool(t.Context(), community, w.event.ID, ticketing.PoolInput{Name: "Hall", Capacity: 1000})
	w.must(err)
	w.tt, err = w.Ticketing.CreateTicketType(t.Context(), community, w.event.ID, ticketing.TicketTypeInput{Name: "Regular", Price: turnout.Money{Currency: "EUR"},
		AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{pool.ID}, MaxPerOrder: 100})
	w.must(err)
	t.Cleanup(w.holds)
	return w
}

func (w *world) open(db *database.DB) {
	w.t.Helper()
	tickets, err := ticketing.New(w.t.Context(), ticketing.Service{DB: db, Now: w.now, Keys: signing.Keys{Current: []byte("a secret of the tests")}, Provider: offline.Provider{},
		Pages: pages(), Inbox: &webhook.Inbox{DB: db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: w.now}, BaseURL: "https://events.example",
		Canceled: signups.TicketsCanceled(w.now, func(context.Context, bun.IDB, []*ticketing.Ticket) error { return nil })})
	w.must(err)
	w.Service = &signups.Service{DB: db, Now: w.now, Ticketing: tickets, Agenda: &agenda.Service{DB: db, Now: w.now}}
}

// server gives a second server for the same event.
func (w *world) server(db *database.DB) *world {
	other := *w
	other.open(db)
	return &other
}

func (w *world) now() time.Time { return start.Add(time.Duration(w.clock.Load())) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// holds checks every stored counter and invariant: it runs after each test.
func (w *world) holds() {
	w.t.Helper()
	for _, check := range []func(context.Context, bun.IDB) ([]string, error){ticketing.Check, signups.Check} {
		found, err := check(context.Background(), w.DB.Read())
		w.must(err)
		for _, problem := range found {
			w.t.Error(problem)
		}
	}
}

// session makes one that begins so many hours after the event and lasts one.
func (w *world) session(title string, hour int) turnout.ID {
	w.t.Helper()
	s, err := w.Agenda.AddSession(w.t.Context(), w.event.CommunityID, string(w.event.ID), agenda.SessionInput{Title: title, Kind: agenda.Workshop, Minutes: 60})
	w.must(err)
	w.place(s.ID, hour)
	return s.ID
}

func (w *world) place(id turnout.ID, hour int) {
	w.t.Helper()
	at := w.event.StartsAt.Add(time.Duration(hour) * time.Hour)
	_, _, err := w.Agenda.Place(w.t.Context(), w.event.CommunityID, id, 0, agenda.SlotInput{StartsAt: at, EndsAt: at.Add(time.Hour)})
	w.must(err)
}

func (w *world) publish() {
	w.t.Helper()
	w.release++
	_, err := w.Agenda.Release(w.t.Context(), w.event.CommunityID, string(w.event.ID), agenda.ReleaseInput{Version: fmt.Sprint(w.release)})
	w.must(err)
}

// offer opens sign-up for a session.
func (w *world) offer(session turnout.ID, seats int64) {
	w.t.Helper()
	w.must(w.save(session, signups.SettingsInput{Offered: true, Seats: seats}))
}

func (w *world) save(session turnout.ID, in signups.SettingsInput) error {
	return w.SaveSettings(w.t.Context(), w.event.CommunityID, w.event.ID, session, w.settings(session).Version, in)
}

func (w *world) settings(session turnout.ID) *signups.Settings {
	w.t.Helper()
	settings, err := w.Settings(w.t.Context(), w.event.CommunityID, w.event.ID, session)
	w.must(err)
	return settings
}

// stands wants a session's counters.
func (w *world) stands(session turnout.ID, taken, waiting int64) {
	w.t.Helper()
	if got := w.settings(session); got.Taken != taken || got.Waiting != waiting {
		w.t.Errorf("%d taken, %d waiting; want %d, %d", got.Taken, got.Waiting, taken, waiting)
	}
}

// tickets buys so many, each an order of its own.
func (w *world) tickets(n int) (bought []*ticketing.Ticket) {
	w.t.Helper()
	for range n {
		who := string(turnout.NewID("who"))
		o, _, err := w.Ticketing.PlaceOrder(w.t.Context(), ticketing.Purchase{EventID: w.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: w.tt.ID, Quantity: 1}},
			Buyer: ticketing.Attendee{Name: "Guest " + who, Email: who + "@example.org"}})
		w.must(err)
		bought = append(bought, o.Tickets[0])
	}
	return bought
}

// try gives the code of what a ticket is refused with, or how it stands.
func (w *world) try(t *ticketing.Ticket, session turnout.ID) string {
	u, err := w.SignUp(w.t.Context(), t, session)
	if e, ok := errors.AsType[*turnout.Error](err); ok {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return string(u.Status)
}

func (w *world) want(t *ticketing.Ticket, session turnout.ID, want string) {
	w.t.Helper()
	if got := w.try(t, session); got != want {
		w.t.Errorf("%s, want %s", got, want)
	}
}

// of gives how a ticket stands with a session: its status and its turn.
func (w *world) of(t *ticketing.Ticket, session turnout.ID) string {
	w.t.Helper()
	own, err := w.OfTicket(w.t.Context(), t)
	w.must(err)
	for _, u := range own {
		if u.SessionID == session {
			return fmt.Sprint(u.Status, u.Position)
		}
	}
	return ""
}

// mails does the work that is due and gives the subjects of the mails to an address.
func (w *world) mails(to string) (subjects []string) {
	w.t.Helper()
	runner := &jobs.Runner{DB: w.DB, Now: w.now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	w.Register(runner)
	_, err := runner.Drain(w.t.Context())
	w.must(err)
	w.must(w.DB.Read().NewSelect().Table("mail_outbox").Column("subject").Where("recipient = ?", to).OrderExpr("id").Scan(w.t.Context(), &subjects))
	return subjects
}

func twoServers(t *testing.T, test func(t *testing.T, servers [2]*world)) {
	t.Helper()
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newWorld(t, dbtest.Handle(t, address))
			test(t, [2]*world{first, first.server(dbtest.Handle(t, address))})
		})
	}
}

// A ticket signs up until the seats are taken; then it waits, moves up in its turn, is told, and may leave again.
func TestSignUpWaitAndMoveUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		knots, _ := w.session("Knots", 1), w.session("Other", 5)
		w.publish()
		guests := w.tickets(4)
		w.want(guests[0], knots, "sign_up_not_offered")
		w.offer(knots, 1)
		w.want(guests[0], knots, "signed")
		w.want(guests[0], knots, "signed") // twice
		for i, g := range guests[1:] {
			w.want(g, knots, "waiting")
			if got, want := w.of(g, knots), fmt.Sprint("waiting", i+1); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		w.stands(knots, 1, 3)
		w.must(w.First(t.Context(), w.event, knots, guests[2].ID))
		w.must(w.Leave(t.Context(), guests[0], knots))
		w.must(w.Leave(t.Context(), guests[0], knots)) // twice
		if got := []string{w.of(guests[0], knots), w.of(guests[1], knots), w.of(guests[2], knots), w.of(guests[3], knots)}; fmt.Sprint(got) != "[ waiting1 signed0 waiting2]" {
			t.Errorf("after one left: %q", got)
		}
		if got := w.mails(guests[2].AttendeeEmail); len(got) != 1 || !strings.Contains(got[0], "Knots") {
			t.Errorf("who moved up is told %q", got)
		}
		if got := w.mails(guests[1].AttendeeEmail); len(got) != 0 {
			t.Errorf("who waits is told %q", got)
		}
		w.must(w.Leave(t.Context(), guests[1], knots)) // while waiting
		w.stands(knots, 1, 1)

		// A canceled ticket gives its place back, and cannot sign up again.
		_, err := w.Ticketing.CancelOrder(t.Context(), w.event.CommunityID, guests[2].OrderID, ticketing.CanceledByOrganiser, false)
		w.must(err)
		if got := w.of(guests[3], knots); got != "signed0" {
			t.Errorf("after a cancellation: %s", got)
		}
		w.want(guests[2], knots, "ticket_over")
		w.stands(knots, 1, 0)

		rows, err := w.Rows(t.Context(), w.event, knots, signups.Filter{Search: strings.ToLower(guests[3].AttendeeName), Limit: 10})
		if err != nil || len(rows) != 1 || rows[0].TicketID != guests[3].ID || rows[0].OrderCode == "" {
			t.Errorf("%+v, %v", rows, err)
		}
		w.pagesThrough(knots, w.tickets(3))
		var file bytes.Buffer
		w.must(w.Export(t.Context(), &file, w.event, knots, ticketing.Export{Format: sheet.CSV}))
		if lines := strings.Split(strings.TrimSpace(file.String()), "\n"); len(lines) != 2 || !strings.Contains(lines[1], guests[3].AttendeeEmail) {
			t.Errorf("file: %q", file.String())
		}
	})
}

// pagesThrough reads the list a row at a time while those of the pages that were read leave, and sees everybody once.
func (w *world) pagesThrough(session turnout.ID, waiting []*ticketing.Ticket) {
	w.t.Helper()
	for _, t := range waiting {
		if _, err := w.SignUp(w.t.Context(), t, session); err != nil {
			w.t.Fatal(err)
		}
	}
	all, err := w.Rows(w.t.Context(), w.event, session, signups.Filter{Limit: 100})
	w.must(err)
	if len(all) < 3 {
		w.t.Fatalf("%d rows only", len(all))
	}
	after := ""
	for i, want := range all {
		page, err := w.Rows(w.t.Context(), w.event, session, signups.Filter{After: after, Limit: 1})
		if err != nil || len(page) != 1 || page[0].ID != want.ID {
			w.t.Errorf("row %d: %+v, %v, want %s", i, page, err, want.ID)
			return
		}
		after = page[0].Place()
		if want.Status == signups.Waiting {
			w.must(w.Remove(w.t.Context(), w.event, session, want.TicketID))
		}
	}
	if page, err := w.Rows(w.t.Context(), w.event, session, signups.Filter{After: after, Limit: 1}); err != nil || len(page) != 0 {
		w.t.Errorf("behind the last: %+v, %v", page, err)
	}
	if _, err := w.Rows(w.t.Context(), w.event, session, signups.Filter{After: "nowhere", Limit: 1}); !errors.Is(err, turnout.ErrNotFound) {
		w.t.Errorf("behind no place: %v", err)
	}
}

// The words of sign-up: when it opens and closes, for whom, and one place at a time.
func TestWhoMaySignUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		knots, same, later := w.session("Knots", 1), w.session("Same", 1), w.session("Later", 2)
		guest := w.tickets(1)[0]
		w.offer(knots, 1)
		w.want(guest, knots, "sign_up_unreleased")
		w.publish()
		w.must(w.save(knots, signups.SettingsInput{Offered: true, Seats: 5, OpensAt: start.Add(time.Hour), ClosesAt: start.Add(2 * time.Hour)}))
		w.want(guest, knots, "sign_up_not_open")
		w.clock.Store(int64(time.Hour))
		w.offer(same, 5)
		w.offer(later, 5)
		w.want(guest, knots, "signed")
		w.want(guest, same, "sign_up_clash")
		w.want(guest, later, "signed") // one ends when the other begins
		w.must(w.Leave(t.Context(), guest, knots))
		w.want(guest, same, "signed")
		w.clock.Store(int64(2 * time.Hour))
		w.want(w.tickets(1)[0], knots, "sign_up_closed")
		w.must(w.save(knots, signups.SettingsInput{Offered: true, Seats: 5, Mode: ticketing.Virtual}))
		w.want(w.tickets(1)[0], knots, "sign_up_not_for_ticket")
		w.must(w.save(knots, signups.SettingsInput{Offered: true, Seats: 5, TicketTypeIDs: []turnout.ID{w.tt.ID}}))
		w.want(w.tickets(1)[0], knots, "signed")
		if err := w.save(knots, signups.SettingsInput{Offered: true, Seats: 5, TicketTypeIDs: []turnout.ID{"tty_none"}}); err == nil {
			t.Error("a ticket type of nobody's")
		}
		if err := w.save(knots, signups.SettingsInput{Seats: 0}); !errors.Is(err, signups.ErrSeatsTaken) {
			t.Errorf("fewer seats than are taken: %v", err)
		}
		w.must(w.save(knots, signups.SettingsInput{Seats: 1})) // no longer offered: who is in stays in
		w.stands(knots, 1, 0)
		w.want(w.tickets(1)[0], knots, "sign_up_not_offered")
		late := w.tickets(1)[0]
		if u, err := w.Add(t.Context(), w.event, knots, late.ID); err != nil || u.Status != signups.Waiting {
			t.Errorf("added by hand beyond the seats: %+v, %v", u, err)
		}
		w.must(w.save(knots, signups.SettingsInput{Seats: 2}))
		w.stands(knots, 2, 0)
		if err := w.SaveSettings(t.Context(), w.event.CommunityID, w.event.ID, knots, 1, signups.SettingsInput{Seats: 9}); !errors.Is(err, turnout.ErrStale) {
			t.Errorf("an old version: %v", err)
		}
		if _, err := w.Settings(t.Context(), "com_other", w.event.ID, knots); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		if err := w.SaveSettings(t.Context(), "com_other", w.event.ID, knots, 0, signups.SettingsInput{Seats: 9}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		w.clock.Store(int64(30*24*time.Hour + time.Hour)) // Knots begins
		w.must(w.save(knots, signups.SettingsInput{Offered: true, Seats: 9}))
		w.want(guest, knots, "sign_up_closed")
	})
}

// Who is signed up, or waits, is told what a release changes about it; under their own address, else the buyer's.
func TestPlans(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		a, b := w.session("A", 1), w.session("B", 2)
		w.publish()
		w.offer(a, 1)
		w.offer(b, 5)
		guests := w.tickets(2)
		w.want(guests[0], a, "signed")
		w.want(guests[0], b, "signed")
		w.want(guests[1], a, "waiting")
		plans, err := signups.Plans(t.Context(), db.Read(), w.event)
		w.must(err)
		if len(plans) != 2 || len(plans[0].Sessions) != 2 || len(plans[1].Sessions) != 1 || !plans[0].SignedUp || plans[0].Email != guests[0].AttendeeEmail || plans[0].Email == "" {
			t.Errorf("%+v", plans)
		}
		other := *w.event
		other.CommunityID = "com_other"
		if plans, err = signups.Plans(t.Context(), db.Read(), &other); err != nil || len(plans) != 0 {
			t.Errorf("another community's: %v %v", plans, err)
		}
	})
}

// The last seat, asked for by many at two servers at the same moment: exactly one has it, and the others wait in turn.
func TestTheLastSeatAtTwoServers(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*world) {
		w := servers[0]
		knots := w.session("Knots", 1)
		w.publish()
		w.offer(knots, 1)
		guests := w.tickets(24)
		var signed, waits atomic.Int64
		dbtest.Together(len(guests), func(i int) {
			switch got := servers[i%2].try(guests[i], knots); got {
			case "signed":
				signed.Add(1)
			case "waiting":
				waits.Add(1)
			default:
				t.Errorf("guest %d: %s", i, got)
			}
		})
		if signed.Load() != 1 || waits.Load() != 23 {
			t.Errorf("%d have the seat, %d wait", signed.Load(), waits.Load())
		}
		w.stands(knots, 1, 23)
	})
}

// Guests sign up, leave, cancel and the seats change, all at once at two servers: nobody is counted twice or forgotten, and no lock waits for another in a circle.
func TestEverybodyAtOnce(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*world) {
		w := servers[0]
		sessions := []turnout.ID{w.session("A", 1), w.session("B", 1), w.session("C", 3)}
		w.publish()
		for _, id := range sessions {
			w.offer(id, 3)
		}
		guests := w.tickets(12)
		dbtest.Together(36, func(i int) {
			s, g := servers[i%2], guests[i%12]
			for round := range 3 {
				session := sessions[(i+round)%3]
				if got := s.try(g, session); got != "signed" && got != "waiting" && got != "sign_up_clash" && got != "ticket_over" {
					t.Errorf("guest %d: %s", i, got)
				}
				switch {
				case i%5 == 0:
					if err := s.Leave(t.Context(), g, session); err != nil {
						t.Error(err)
					}
				case i%11 == 10 && round == 2:
					if _, err := s.Ticketing.CancelOrder(t.Context(), w.event.CommunityID, g.OrderID, ticketing.CanceledByOrganiser, false); err != nil && !errors.Is(err, ticketing.ErrOrderOver) {
						t.Error(err)
					}
				case i%7 == 6:
					err := s.save(session, signups.SettingsInput{Offered: true, Seats: int64(3 + round)})
					if err != nil && !errors.Is(err, turnout.ErrStale) && !errors.Is(err, signups.ErrSeatsTaken) {
						t.Error(err)
					}
				}
			}
		})
		plans, err := signups.Plans(t.Context(), w.DB.Read(), w.event)
		w.must(err)
		for _, p := range plans { // A and B take place at the same time
			if slices.Contains(p.Sessions, sessions[0]) && slices.Contains(p.Sessions, sessions[1]) {
				t.Errorf("a guest in two places: %+v", p)
			}
		}
	})
}

// A ticket that goes to somebody else keeps its place.
func TestAPlaceGoesWithTheTicket(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		knots := w.session("Knots", 1)
		w.publish()
		w.offer(knots, 1)
		guests := w.tickets(2)
		w.want(guests[0], knots, "signed")
		w.want(guests[1], knots, "waiting")
		w.must(w.Ticketing.FillDetails(t.Context(), guests[0].ID, ticketing.Details{Attendee: ticketing.Attendee{Name: "Eve", Email: "eve@example.org"}}))
		rows, err := w.Rows(t.Context(), w.event, knots, signups.Filter{Status: signups.Signed, Limit: 9})
		if err != nil || len(rows) != 1 || rows[0].Name != "Eve" || rows[0].TicketID != guests[0].ID {
			t.Errorf("%+v, %v", rows, err)
		}
	})
}

// At a canceled event nobody gets a place, says what they think, or is told of a place that was freed.
func TestACanceledEventGivesNoPlaces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		knots, bends := w.session("Knots", 1), w.session("Bends", 30)
		w.publish()
		w.offer(knots, 1)
		w.offer(bends, 1)
		guests := w.tickets(4)
		w.want(guests[0], knots, "signed")
		w.want(guests[1], knots, "waiting")
		w.want(guests[0], bends, "signed")
		w.want(guests[2], bends, "waiting")
		_, err := w.Agenda.Withdraw(t.Context(), w.event.CommunityID, bends, 0)
		w.must(err)
		w.publish()
		w.must(w.Leave(t.Context(), guests[0], bends))
		if told := w.mails(guests[2].AttendeeEmail); slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "Bends") }) {
			t.Errorf("of a place at a session that was withdrawn: %q", told)
		}
		planner := &events.Service{DB: db, Now: w.now}
		_, err = planner.Cancel(t.Context(), w.event.CommunityID, string(w.event.ID), 0)
		w.must(err)
		w.want(guests[3], knots, "event_canceled")
		w.must(w.Leave(t.Context(), guests[0], knots))
		if told := w.mails(guests[1].AttendeeEmail); slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "Knots") }) {
			t.Errorf("of a place at a canceled event: %q", told)
		}
		w.clock.Store(int64(30*24*time.Hour + 2*time.Hour))
		if err := w.Rate(t.Context(), guests[0], knots, signups.FeedbackInput{Stars: 5}); !errors.Is(err, events.ErrCanceled) {
			t.Errorf("stars for a canceled event: %v", err)
		}
	})
}

func TestEveryCounterIsChecked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		knots := w.session("Knots", 1)
		w.publish()
		w.offer(knots, 2)
		w.try(w.tickets(1)[0], knots)
		dbtest.EveryCounterIsChecked(t, db, signups.Check, "session_sign_ups.taken", "session_sign_ups.waiting")
	})
}
