package checkin_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/rules"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/signing"
	"turnout/internal/webhook"
	"turnout/ticketing"
	"turnout/ticketing/payments/offline"
)

var start = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// door is an event with sold tickets and a service that admits them, at a clock that the test moves.
type door struct {
	*checkin.Service
	t       *testing.T
	event   *events.Event
	pool    *ticketing.Pool
	regular *ticketing.TicketType
	clock   *atomic.Int64
	nonces  *atomic.Int64
}

func newDoor(t *testing.T, db *database.DB) *door {
	t.Helper()
	d := &door{t: t, clock: new(atomic.Int64), nonces: new(atomic.Int64)}
	d.open(db)
	community := turnout.NewID("com")
	err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES (?, 'com', 'Com', ?, ?)", community, start, start).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	planner := &events.Service{DB: db, Now: d.now}
	if d.event, err = planner.Create(t.Context(), community, events.Details{Slug: "spring", Title: "Spring", Format: events.Hybrid, Timezone: "UTC",
		StartsAt: start, EndsAt: start.Add(8 * time.Hour), Currency: "EUR"}); err == nil {
		d.event, err = planner.Publish(t.Context(), community, string(d.event.ID), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	if d.pool, err = d.Ticketing.CreatePool(t.Context(), d.event.CommunityID, d.event.ID, ticketing.PoolInput{Name: "Hall", Capacity: 10_000}); err != nil {
		t.Fatal(err)
	}
	d.regular = d.ticketType("Regular", ticketing.InPerson)
	t.Cleanup(d.holds)
	return d
}

func (d *door) open(db *database.DB) {
	d.t.Helper()
	tickets, err := ticketing.New(d.t.Context(), ticketing.Service{DB: db, Now: d.now, Keys: signing.Keys{Current: []byte("a secret of the tests")},
		Provider: offline.Provider{}, Admitted: checkin.Admitted, Canceled: checkin.TicketsCanceled, Inbox: &webhook.Inbox{DB: db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: d.now}})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Service = checkin.New(checkin.Service{DB: db, Now: d.now, Ticketing: tickets})
}

// server gives a second server for the same event.
func (d *door) server(db *database.DB) *door {
	other := *d
	other.open(db)
	return &other
}

func (d *door) now() time.Time { return start.Add(time.Duration(d.clock.Load())) }

func (d *door) holds() {
	for _, check := range []func(context.Context, bun.IDB) ([]string, error){ticketing.Check, checkin.Check} {
		found, err := check(context.Background(), d.DB.Read())
		if err != nil {
			d.t.Fatal(err)
		}
		for _, problem := range found {
			d.t.Error(problem)
		}
	}
}

func (d *door) ticketType(name string, mode ticketing.Mode) *ticketing.TicketType {
	d.t.Helper()
	tt, err := d.Ticketing.CreateTicketType(d.t.Context(), d.event.CommunityID, d.event.ID, ticketing.TicketTypeInput{Name: name,
		Price: turnout.Money{Currency: "EUR"}, AttendanceMode: mode, PoolIDs: []turnout.ID{d.pool.ID}, MaxPerOrder: 100})
	if err != nil {
		d.t.Fatal(err)
	}
	return tt
}

func (d *door) order(tt *ticketing.TicketType, n int64) *ticketing.Order {
	d.t.Helper()
	o, _, err := d.Ticketing.PlaceOrder(d.t.Context(), ticketing.Purchase{EventID: d.event.ID,
		Lines: []ticketing.PurchaseLine{{TicketTypeID: tt.ID, Quantity: n}}, Buyer: ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}})
	if err != nil {
		d.t.Fatal(err)
	}
	return o
}

func (d *door) list(in checkin.ListInput) *checkin.List {
	d.t.Helper()
	if in.Name == "" {
		in.Name = "Main door"
	}
	l, err := d.CreateList(d.t.Context(), d.event.CommunityID, d.event.ID, in)
	if err != nil {
		d.t.Fatal(err)
	}
	return l
}

func (d *door) scan(in checkin.ScanInput) (*checkin.Scan, error) {
	if in.Nonce == "" {
		in.Nonce = fmt.Sprintf("n%d", d.nonces.Add(1))
	}
	if in.Caller == "" {
		in.Caller = "device"
	}
	return d.Scan(context.Background(), d.event.CommunityID, in)
}

func (d *door) must(in checkin.ScanInput) *checkin.Scan {
	d.t.Helper()
	scan, err := d.scan(in)
	if err != nil {
		d.t.Fatal(err)
	}
	return scan
}

// Sixteen doors at two servers scan each ticket at the same moment: one says yes, the others name the scan that did.
func TestOneTicketAtManyDoors(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newDoor(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			list := first.list(checkin.ListInput{})
			for _, ticket := range first.order(first.regular, 20).Tickets {
				var yes, no atomic.Int64
				dbtest.Together(16, func(i int) {
					scan, err := []*door{first, second}[i%2].scan(checkin.ScanInput{ListID: list.ID, Code: ticket.Code, Gate: fmt.Sprintf("gate %d", i)})
					switch {
					case err != nil:
						t.Error(err)
					case scan.Result == checkin.Accepted:
						yes.Add(1)
					case scan.Reason == checkin.AlreadyCheckedIn && scan.Earlier != nil && scan.Earlier.Result == checkin.Accepted && scan.Earlier.Gate != "":
						no.Add(1)
					default:
						t.Errorf("%s %s, earlier %v", scan.Result, scan.Reason, scan.Earlier)
					}
				})
				if yes.Load() != 1 || no.Load() != 15 {
					t.Fatalf("%d doors let it in, %d did not", yes.Load(), no.Load())
				}
			}
			stats, err := first.Stats(t.Context(), first.event.CommunityID, list.ID)
			if err != nil || stats.Expected != 20 || stats.CheckedIn != 20 || stats.Inside != 20 || stats.Refused != 300 {
				t.Errorf("%+v, %v", stats, err)
			}
		})
	}
}

// The same scan ten times at once, at two servers: one row in the log, ten equal answers; another code under the nonce is refused.
func TestOneNonceIsOneScan(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newDoor(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			list := first.list(checkin.ListInput{})
			tickets := first.order(first.regular, 2).Tickets
			ids := sync.Map{}
			dbtest.Together(10, func(i int) {
				scan, err := []*door{first, second}[i%2].scan(checkin.ScanInput{ListID: list.ID, Code: tickets[0].Code, Nonce: "once"})
				if err != nil || scan.Result != checkin.Accepted || scan.Ticket == nil || scan.Ticket.AttendeeName != "Ada" {
					t.Errorf("%+v, %v", scan, err)
					return
				}
				ids.Store(scan.ID, true)
			})
			n := 0
			ids.Range(func(any, any) bool { n++; return true })
			if n != 1 {
				t.Errorf("%d scans", n)
			}
			if _, err := first.scan(checkin.ScanInput{ListID: list.ID, Code: tickets[1].Code, Nonce: "once"}); !errors.Is(err, checkin.ErrNonceReused) {
				t.Error(err)
			}
			if scan, err := first.scan(checkin.ScanInput{ListID: list.ID, Code: tickets[1].Code, Nonce: "once", Caller: "another device"}); err != nil || scan.Result != checkin.Accepted {
				t.Errorf("another caller's nonce: %v, %v", scan, err)
			}
		})
	}
}

func TestReasonsOfRefusal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		virtual := d.ticketType("From home", ticketing.Virtual)
		other := d.ticketType("Workshop", ticketing.InPerson)
		main, workshop := d.list(checkin.ListInput{}), d.list(checkin.ListInput{TicketTypeIDs: []turnout.ID{other.ID}})
		later := d.list(checkin.ListInput{StartsAt: start.Add(time.Hour), EndsAt: start.Add(2 * time.Hour)})
		good := d.order(d.regular, 1).Tickets[0]
		atHome := d.order(virtual, 1).Tickets[0]
		gone := d.order(d.regular, 1)
		if _, err := d.Ticketing.CancelOrder(t.Context(), gone.CommunityID, gone.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		forged := []byte(good.Code)
		forged[len(forged)-20] = map[bool]byte{true: 'A', false: 'B'}[forged[len(forged)-20] == 'B']
		elsewhere := otherEventsCode(t)
		for name, c := range map[string]struct {
			list *checkin.List
			in   checkin.ScanInput
			want checkin.Reason
		}{
			"nonsense":                            {main, checkin.ScanInput{Code: "HELLO"}, checkin.UnknownTicket},
			"a link":                              {main, checkin.ScanInput{Code: "https://example.org/t/1"}, checkin.UnknownTicket},
			"no such ticket":                      {main, checkin.ScanInput{TicketID: "tkt_x"}, checkin.UnknownTicket},
			"forged":                              {main, checkin.ScanInput{Code: string(forged)}, checkin.BadSignature},
			"another event":                       {main, checkin.ScanInput{Code: elsewhere}, checkin.WrongList},
			"canceled":                            {main, checkin.ScanInput{Code: gone.Tickets[0].Code}, checkin.Canceled},
			"virtual":                             {main, checkin.ScanInput{Code: atHome.Code}, checkin.WrongList},
			"other type":                          {workshop, checkin.ScanInput{Code: good.Code}, checkin.WrongList},
			"too early":                           {later, checkin.ScanInput{Code: good.Code}, checkin.NotYetValid},
			"leaving outside":                     {main, checkin.ScanInput{Code: good.Code, Direction: checkin.Exit}, checkin.NotInside},
			"early by its own clock, and far off": {later, checkin.ScanInput{Code: good.Code, ScannedAt: start.Add(90 * time.Minute)}, checkin.NotYetValid},
		} {
			c.in.ListID = c.list.ID
			if scan := d.must(c.in); scan.Result != checkin.Refused || scan.Reason != c.want || scan.Message() == "" {
				t.Errorf("%s: %s %s", name, scan.Result, scan.Reason)
			}
		}
		d.clock.Store(int64(3 * time.Hour))
		if scan := d.must(checkin.ScanInput{ListID: later.ID, Code: good.Code}); scan.Reason != checkin.NoLongerValid {
			t.Errorf("too late: %s", scan.Reason)
		}
		if _, err := d.Scan(t.Context(), "com_other", checkin.ScanInput{ListID: main.ID, Code: good.Code, Nonce: "x", Caller: "x"}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community's door: %v", err)
		}
	})
}

// otherEventsCode is a code that another event's key signed rightly.
func otherEventsCode(t *testing.T) string {
	t.Helper()
	key, err := (&events.Event{SigningKey: base64.StdEncoding.EncodeToString(make([]byte, 32))}).PrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	return ticketing.Code{KeyID: 1, Mode: ticketing.InPerson, Event: 8, Ticket: 1, Type: 1}.Sign(key)
}

func TestGoingOutAndComingInAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		once, again := d.list(checkin.ListInput{}), d.list(checkin.ListInput{Entry: rules.Again})
		ticket := d.order(d.regular, 1).Tickets[0]
		steps := []struct {
			list      *checkin.List
			direction checkin.Direction
			want      checkin.Reason
			inside    int64
		}{
			{once, checkin.Entry, "", 1}, {once, checkin.Exit, "", 0}, {once, checkin.Entry, checkin.AlreadyCheckedIn, 0},
			{again, checkin.Entry, "", 1}, {again, checkin.Entry, checkin.AlreadyCheckedIn, 1}, {again, checkin.Exit, "", 0},
			{again, checkin.Exit, checkin.NotInside, 0}, {again, checkin.Entry, "", 1},
		}
		for i, step := range steps {
			scan := d.must(checkin.ScanInput{ListID: step.list.ID, Code: ticket.Code, Direction: step.direction})
			stats, err := d.Stats(t.Context(), d.event.CommunityID, step.list.ID)
			if err != nil || scan.Reason != step.want || stats.Inside != step.inside || stats.CheckedIn != 1 {
				t.Errorf("step %d: %s, %+v, %v", i, scan.Reason, stats, err)
			}
		}
		if rows := d.attendance(); len(rows) != 1 || rows[0].Source != checkin.DoorScan {
			t.Errorf("attendance %+v", rows)
		}
	})
}

func (d *door) attendance() []*checkin.Attendance {
	d.t.Helper()
	rows, err := d.Attendances(d.t.Context(), d.event, checkin.AttendanceFilter{Limit: 100_000})
	if err != nil {
		d.t.Fatal(err)
	}
	return rows
}

func TestAnAnnulledScanStaysInTheLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		list := d.list(checkin.ListInput{})
		ticket := d.order(d.regular, 1).Tickets[0]
		in := d.must(checkin.ScanInput{ListID: list.ID, Code: ticket.Code})
		again := d.must(checkin.ScanInput{ListID: list.ID, Code: ticket.Code})
		for _, id := range []turnout.ID{in.ID, again.ID} {
			if _, err := d.Annul(t.Context(), d.event.CommunityID, id, ""); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Annul(t.Context(), d.event.CommunityID, id, ""); !errors.Is(err, checkin.ErrAnnulled) {
				t.Errorf("twice: %v", err)
			}
		}
		if _, err := d.Annul(t.Context(), "com_other", in.ID, ""); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		stats, err := d.Stats(t.Context(), d.event.CommunityID, list.ID)
		if err != nil || stats.CheckedIn != 0 || stats.Inside != 0 || stats.Refused != 0 || len(d.attendance()) != 0 {
			t.Errorf("%+v, %v, %v", stats, err, d.attendance())
		}
		if scans, err := d.Recent(t.Context(), d.event.CommunityID, list.ID, 10); err != nil || len(scans) != 2 || scans[1].Ticket == nil {
			t.Errorf("the log has %d scans, %v", len(scans), err)
		}
		if scan := d.must(checkin.ScanInput{ListID: list.ID, Code: ticket.Code}); scan.Result != checkin.Accepted {
			t.Errorf("after it was taken back: %s", scan.Reason)
		}
	})
}

func TestAJoinCountsAsAttendance(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		ticket := d.order(d.ticketType("From home", ticketing.Virtual), 1).Tickets[0]
		for range 3 {
			d.clock.Add(int64(time.Minute))
			if err := d.RecordJoin(t.Context(), ticket, ""); err != nil {
				t.Fatal(err)
			}
		}
		rows := d.attendance()
		if len(rows) != 1 || rows[0].Source != checkin.Join || rows[0].LastAt.Sub(rows[0].FirstAt) != 2*time.Minute || rows[0].PersonID != ticket.PersonID {
			t.Errorf("%+v", rows)
		}
	})
}
