package online_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/online"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/signing"
	"turnout/internal/webhook"
	"turnout/ticketing"
	"turnout/ticketing/payments/offline"
	"turnout/ticketing/signups"
)

var start = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// world is an event of two days with a virtual ticket type, at a clock that the test moves.
type world struct {
	*online.Service
	t     testing.TB
	event *events.Event
	tt    *ticketing.TicketType
	plan  *agenda.Service
	clock *atomic.Int64 // nanoseconds since the event's start
	made  int
}

func newWorld(t *testing.T, db *database.DB) *world {
	t.Helper()
	w := &world{t: t, clock: new(atomic.Int64)}
	w.at(-24 * time.Hour)
	tickets, err := ticketing.New(t.Context(), ticketing.Service{DB: db, Now: w.now, Keys: signing.Keys{Current: []byte("a secret of the tests")}, Provider: offline.Provider{}, BaseURL: "https://events.example",
		Inbox:    &webhook.Inbox{DB: db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: w.now},
		Admitted: checkin.Admitted, Canceled: signups.TicketsCanceled(w.now, checkin.TicketsCanceled)})
	w.must(err)
	w.plan = &agenda.Service{DB: db, Now: w.now}
	w.Service = &online.Service{DB: db, Now: w.now, Ticketing: tickets, SignUps: &signups.Service{DB: db, Now: w.now, Ticketing: tickets, Agenda: w.plan},
		CheckIn: checkin.New(checkin.Service{DB: db, Now: w.now, Ticketing: tickets})}
	community := turnout.NewID("com")
	w.must(db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES (?, 'com', 'Com', ?, ?)", community, start, start).Exec(ctx)
		return err
	}))
	planner := &events.Service{DB: db, Now: w.now}
	w.event, err = planner.Create(t.Context(), community, events.Details{Slug: "spring", Title: "Spring", Format: events.Hybrid, Timezone: "UTC", StartsAt: start, EndsAt: start.Add(48 * time.Hour), Currency: "EUR",
		OnlineURL: "https://meet.example.org/event"})
	w.must(err)
	w.event, err = planner.Publish(t.Context(), community, string(w.event.ID), 0)
	w.must(err)
	w.tt = w.ticketType("From home", ticketing.Virtual)
	t.Cleanup(w.holds)
	return w
}

func (w *world) now() time.Time        { return start.Add(time.Duration(w.clock.Load())) }
func (w *world) at(when time.Duration) { w.clock.Store(int64(when)) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// holds checks every stored counter and invariant: it runs after each test.
func (w *world) holds() {
	w.t.Helper()
	for _, check := range []func(context.Context, bun.IDB) ([]string, error){ticketing.Check, signups.Check, checkin.Check} {
		found, err := check(context.Background(), w.DB.Read())
		w.must(err)
		for _, problem := range found {
			w.t.Error(problem)
		}
	}
}

func (w *world) ticketType(name string, mode ticketing.Mode) *ticketing.TicketType {
	w.t.Helper()
	pool, err := w.Ticketing.CreatePool(w.t.Context(), w.event.CommunityID, w.event.ID, ticketing.PoolInput{Name: name, Capacity: 100})
	w.must(err)
	tt, err := w.Ticketing.CreateTicketType(w.t.Context(), w.event.CommunityID, w.event.ID, ticketing.TicketTypeInput{Name: name, Price: turnout.Money{Currency: "EUR"}, AttendanceMode: mode,
		PoolIDs: []turnout.ID{pool.ID}, MaxPerOrder: 10})
	w.must(err)
	return tt
}

// session makes one that begins so long after the event and lasts an hour; it takes no place.
func (w *world) session(title string, after time.Duration) turnout.ID {
	w.t.Helper()
	s, err := w.plan.AddSession(w.t.Context(), w.event.CommunityID, string(w.event.ID), agenda.SessionInput{Title: title, Kind: agenda.Workshop, Minutes: 60})
	w.must(err)
	_, _, err = w.plan.Place(w.t.Context(), w.event.CommunityID, s.ID, 0, agenda.SlotInput{StartsAt: start.Add(after), EndsAt: start.Add(after + time.Hour)})
	w.must(err)
	return s.ID
}

func (w *world) release() {
	w.t.Helper()
	w.made++
	_, err := w.plan.Release(w.t.Context(), w.event.CommunityID, string(w.event.ID), agenda.ReleaseInput{Version: fmt.Sprint(w.made)})
	w.must(err)
}

func (w *world) ticket() *ticketing.Ticket {
	w.t.Helper()
	w.made++
	o, _, err := w.Ticketing.PlaceOrder(w.t.Context(), ticketing.Purchase{EventID: w.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: w.tt.ID, Quantity: 1}},
		Buyer: ticketing.Attendee{Name: "Guest", Email: fmt.Sprintf("guest%d@example.org", w.made)}})
	w.must(err)
	return o.Tickets[0]
}

func (w *world) room(session turnout.ID, version int64, url string) error {
	return w.SaveRoom(w.t.Context(), w.event.CommunityID, w.event.ID, session, version, url)
}

// enters gives where a ticket is led, or how the door stands.
func (w *world) enters(t *ticketing.Ticket, session turnout.ID) string {
	w.t.Helper()
	d, address, err := w.Enter(w.t.Context(), t, w.event, session)
	w.must(err)
	if address == "" {
		return string(d.State)
	}
	return address
}

func (w *world) want(t *ticketing.Ticket, session turnout.ID, want string) {
	w.t.Helper()
	if got := w.enters(t, session); got != want {
		w.t.Errorf("%s, want %s", got, want)
	}
}

// came is how many were at a session, "" for the event.
func (w *world) came(session turnout.ID) int {
	w.t.Helper()
	rows, err := w.CheckIn.Attendances(w.t.Context(), w.event, checkin.AttendanceFilter{Session: session, Limit: 100})
	w.must(err)
	for _, r := range rows {
		if r.Source != checkin.Join || r.Confidence != "medium" {
			w.t.Errorf("%+v", r)
		}
	}
	return len(rows)
}

// A session's door opens shortly before it and closes with it; who enters is led to its own room, else to the event's, and was there once however often.
func TestEnterASession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		knots, sails, late := w.session("Knots", 2*time.Hour), w.session("Sails", 4*time.Hour), w.session("Late", 6*time.Hour)
		w.must(w.room(knots, 0, " https://meet.example.org/knots "))
		w.want(w.ticket(), knots, "gone")
		w.release()
		guest := w.ticket()
		for _, step := range []struct {
			after time.Duration
			want  string
		}{{0, "early"}, {2*time.Hour - 16*time.Minute, "early"}, {2*time.Hour - 15*time.Minute, "https://meet.example.org/knots"}, {2*time.Hour + 59*time.Minute, "https://meet.example.org/knots"}, {3 * time.Hour, "over"}} {
			w.at(step.after)
			if d, err := w.Door(t.Context(), guest, w.event, knots); err != nil || d.Title != "Knots" || !d.Own || (d.State == online.Open) != (step.want[0] == 'h') {
				t.Errorf("after %s: %+v, %v", step.after, d, err)
			}
			if n := w.came(knots); step.want == "early" && n != 0 {
				t.Errorf("%d were there before it opened", n)
			}
			w.want(guest, knots, step.want)
		}
		if w.came(knots) != 1 || w.came("") != 1 || w.came(sails) != 0 {
			t.Errorf("%d at the session, %d at the event, %d at another", w.came(knots), w.came(""), w.came(sails))
		}
		w.at(4 * time.Hour)
		w.want(guest, sails, "https://meet.example.org/event")
		w.event.OnlineURL = "" // nobody has said where
		w.want(guest, sails, "no_room")
		w.must(w.room(sails, 0, "https://meet.example.org/sails"))
		w.want(guest, sails, "https://meet.example.org/sails")

		// What the draft says is nobody's business until it is released.
		_, err := w.plan.Withdraw(t.Context(), w.event.CommunityID, late, 0)
		w.must(err)
		w.must(w.room(late, 0, "https://meet.example.org/late"))
		w.at(6 * time.Hour)
		w.want(guest, late, "https://meet.example.org/late")
		w.release()
		w.want(guest, late, "gone")

		_, err = w.Ticketing.CancelOrder(t.Context(), w.event.CommunityID, guest.OrderID, ticketing.CanceledByOrganiser, false)
		w.must(err)
		other := w.ticket()
		stale := *guest // read before it was canceled
		w.at(4 * time.Hour)
		w.want(&stale, sails, "no_ticket")
		w.event.Status = events.Canceled
		w.want(other, sails, "canceled")
		if n := w.came(sails); n != 1 { // that was before it was canceled
			t.Errorf("%d were there", n)
		}
	})
}

// Where one signs up for a session, only those with a place come in; in the hall's sign-up the audience at home has no part.
func TestOnlyWithAPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		knots := w.session("Knots", 2*time.Hour)
		w.must(w.room(knots, 0, "https://meet.example.org/knots"))
		w.release()
		offer := func(version int64, in signups.SettingsInput) {
			t.Helper()
			w.must(w.SignUps.SaveSettings(t.Context(), w.event.CommunityID, w.event.ID, knots, version, in))
		}
		offer(0, signups.SettingsInput{Offered: true, Seats: 1})
		has, waits := w.ticket(), w.ticket()
		for _, guest := range []*ticketing.Ticket{has, waits} {
			_, err := w.SignUps.SignUp(t.Context(), guest, knots)
			w.must(err)
		}
		w.at(2 * time.Hour)
		w.want(has, knots, "https://meet.example.org/knots")
		w.want(waits, knots, "no_place")
		doors := func(guest *ticketing.Ticket) (titles []string) {
			t.Helper()
			found, err := w.Doors(t.Context(), guest, w.event)
			w.must(err)
			for _, d := range found {
				titles = append(titles, d.Title)
			}
			return titles
		}
		if got, none := doors(has), doors(waits); fmt.Sprint(got, none) != "[Knots] []" {
			t.Errorf("doors: %v %v", got, none)
		}
		w.must(w.SignUps.Leave(t.Context(), has, knots))
		w.want(waits, knots, "https://meet.example.org/knots") // moved up
		w.want(has, knots, "no_place")
		offer(1, signups.SettingsInput{Seats: 1}) // sign-up ended: those keep their places who have one
		w.want(has, knots, "no_place")
		offer(2, signups.SettingsInput{Offered: true, Seats: 1, Mode: ticketing.InPerson})
		w.want(has, knots, "https://meet.example.org/knots")
		offer(3, signups.SettingsInput{Seats: 1})
		w.must(w.SignUps.Leave(t.Context(), waits, knots))
		w.want(has, knots, "https://meet.example.org/knots") // nobody has a place, nobody signs up
		w.at(3 * time.Hour)
		if got := doors(has); len(got) != 0 {
			t.Errorf("doors of what is over: %v", got)
		}
	})
}

// Addresses are whole, one organiser does not write over another unseen, and nothing of another community or event is found.
func TestSayWhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		knots := w.session("Knots", time.Hour)
		for _, bad := range []string{"meet", "javascript:alert(1)", "https://", "https://me:secret@meet.example.org/", "ftp://meet.example.org/x", "https://meet.example.org/" + string(make([]byte, online.MaxURL))} {
			if e, ok := errors.AsType[*turnout.Error](w.room(knots, 0, bad)); !ok || e.Kind != turnout.Invalid {
				t.Errorf("%.30q is taken", bad)
			}
		}
		w.must(w.room(knots, 0, "https://meet.example.org/a"))
		for _, version := range []int64{0, 2} {
			if err := w.room(knots, version, "https://meet.example.org/b"); !errors.Is(err, turnout.ErrStale) {
				t.Errorf("version %d: %v", version, err)
			}
		}
		var won atomic.Int64
		dbtest.Together(8, func(i int) {
			switch err := w.room(knots, 1, fmt.Sprintf("https://meet.example.org/%d", i)); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, turnout.ErrStale):
				t.Error(err)
			}
		})
		if won.Load() != 1 {
			t.Errorf("%d of eight who saw the same wrote", won.Load())
		}
		w.must(w.room(knots, 2, ""))
		if room, err := w.Room(t.Context(), w.event.CommunityID, w.event.ID, knots); err != nil || room.URL != "" || room.Version != 3 {
			t.Errorf("%+v, %v", room, err)
		}
		for _, of := range [][2]turnout.ID{{"com_other", w.event.ID}, {w.event.CommunityID, "evt_other"}} {
			if _, err := w.Room(t.Context(), of[0], of[1], knots); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("%v reads it: %v", of, err)
			}
			if err := w.SaveRoom(t.Context(), of[0], of[1], knots, 3, "https://meet.example.org/c"); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("%v writes it: %v", of, err)
			}
		}
		if _, err := w.Door(t.Context(), w.ticket(), w.event, "ses_none"); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("a session of nobody's: %v", err)
		}
	})
}

// Many open their links at the same moment, each twice: each was there once.
func TestManyEnterAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		knots := w.session("Knots", time.Hour)
		w.release()
		guests := make([]*ticketing.Ticket, 10)
		for i := range guests {
			guests[i] = w.ticket()
		}
		w.at(time.Hour)
		dbtest.Together(2*len(guests), func(i int) {
			if _, address, err := w.Enter(t.Context(), guests[i%len(guests)], w.event, knots); err != nil || address == "" {
				t.Errorf("guest %d: %q, %v", i, address, err)
			}
		})
		if w.came(knots) != len(guests) || w.came("") != len(guests) {
			t.Errorf("%d at the session, %d at the event", w.came(knots), w.came(""))
		}
	})
}
