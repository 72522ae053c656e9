package ticketing_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/internal/signing"
	"turnout/internal/webhook"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/offline"
)

var start = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// shop is an event with a service that sells it, at a clock that the test moves.
type shop struct {
	*ticketing.Service
	t     testing.TB
	event *events.Event
	clock *atomic.Int64 // nanoseconds since start
	sent  int
}

func newShop(t *testing.T, db *database.DB) *shop {
	t.Helper()
	return shopWith(t, db, online{})
}

// online is a provider whose page is never asked for: its events are told by the test.
type online struct{ offline.Provider }

func (online) Name() string { return "online" }

func (online) Refund(_ context.Context, req payments.RefundRequest) (payments.Refund, error) {
	return payments.Refund{Ref: "re_" + string(req.ID), State: payments.RefundProcessing}, nil
}

func shopWith(t *testing.T, db *database.DB, provider payments.Provider) *shop {
	t.Helper()
	s := shopFor(t, db, provider)
	t.Cleanup(s.holds)
	return s
}

// shopFor is shopWith for benchmarks too, whose rows no counter counts.
func shopFor(t testing.TB, db *database.DB, provider payments.Provider) *shop {
	t.Helper()
	s := &shop{t: t, clock: new(atomic.Int64)}
	s.open(db, provider)
	community := turnout.NewID("com")
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES (?, 'com', 'Com', ?, ?)", community, start, start).Exec(ctx)
		return err
	})
	planner := &events.Service{DB: db, Now: s.now}
	var err error
	if s.event, err = planner.Create(t.Context(), community, events.Details{Slug: "spring", Title: "Spring", Format: events.Hybrid, Timezone: "Europe/Warsaw",
		StartsAt: start.Add(30 * 24 * time.Hour), EndsAt: start.Add(31 * 24 * time.Hour), Currency: "EUR"}); err == nil {
		s.event, err = planner.Publish(t.Context(), community, string(s.event.ID), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open makes the service on a database: a second one on the same data is a second server.
func (s *shop) open(db *database.DB, provider payments.Provider) {
	s.t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	s.Service, err = ticketing.New(s.t.Context(), ticketing.Service{
		DB: db, Now: s.now, Keys: signing.Keys{Current: []byte("a secret of the tests")}, Provider: provider,
		Pages: pages(), Inbox: &webhook.Inbox{DB: db, Log: log, Now: s.now}, BaseURL: "https://events.example",
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// pages parses the templates once for all tests.
var pages = sync.OnceValue(func() *templates.Set {
	set, err := templates.New()
	if err != nil {
		panic(err)
	}
	return set
})

// server gives a second server for the same event on a database of its own handle.
func (s *shop) server(db *database.DB) *shop {
	other := *s
	other.open(db, s.Provider)
	return &other
}

func (s *shop) now() time.Time { return start.Add(time.Duration(s.clock.Load())) }

func (s *shop) wait(d time.Duration) { s.clock.Add(int64(d)) }

func (s *shop) tx(body func(ctx context.Context, tx bun.Tx) error) {
	s.t.Helper()
	if err := s.DB.Tx(s.t.Context(), body); err != nil {
		s.t.Fatal(err)
	}
}

// holds checks every stored counter and invariant: it runs after each test.
func (s *shop) holds() {
	s.t.Helper()
	found, err := ticketing.Check(context.Background(), s.DB.Read())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, problem := range found {
		s.t.Error(problem)
	}
}

func (s *shop) pool(capacity int64) *ticketing.Pool {
	s.t.Helper()
	p, err := s.CreatePool(s.t.Context(), s.event.CommunityID, s.event.ID, ticketing.PoolInput{Name: "Hall " + string(turnout.NewID("n")), Capacity: capacity})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *shop) ticketType(price int64, pools ...*ticketing.Pool) *ticketing.TicketType {
	s.t.Helper()
	in := ticketing.TicketTypeInput{Name: "Standard " + string(turnout.NewID("n")), Price: turnout.Money{Amount: price, Currency: "EUR"}, AttendanceMode: ticketing.InPerson}
	for _, p := range pools {
		in.PoolIDs = append(in.PoolIDs, p.ID)
	}
	tt, err := s.CreateTicketType(s.t.Context(), s.event.CommunityID, s.event.ID, in)
	if err != nil {
		s.t.Fatal(err)
	}
	return tt
}

func (s *shop) purchase(tt *ticketing.TicketType, quantity int64, who int) ticketing.Purchase {
	return ticketing.Purchase{
		EventID: s.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: tt.ID, Quantity: quantity}},
		Buyer: ticketing.Attendee{Name: fmt.Sprintf("Buyer %d", who), Email: fmt.Sprintf("buyer%d@example.org", who)},
	}
}

func (s *shop) buy(tt *ticketing.TicketType, quantity int64, who int) *ticketing.Order {
	s.t.Helper()
	o, _, err := s.PlaceOrder(s.t.Context(), s.purchase(tt, quantity, who))
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *shop) order(id turnout.ID) *ticketing.Order {
	s.t.Helper()
	o, err := s.Order(s.t.Context(), s.event.CommunityID, string(id))
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *shop) taken(p *ticketing.Pool) int64 {
	s.t.Helper()
	pools, err := s.Pools(s.t.Context(), s.event.CommunityID, s.event.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, other := range pools {
		if other.ID == p.ID {
			return other.Taken
		}
	}
	s.t.Fatalf("pool %s is gone", p.ID)
	return 0
}

// waiting gives the newest wish of an address, with its secret.
func (s *shop) waiting(email string) (found *ticketing.WaitlistEntry) {
	s.t.Helper()
	entries, err := s.WaitlistRows(s.t.Context(), s.event, ticketing.WaitlistFilter{Limit: 200})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Email == email && (found == nil || e.ID > found.ID) {
			found = e
		}
	}
	if found != nil {
		_ = s.WaitlistLink(found) // reveals it
	}
	return found
}

// store keeps an event as it would have come by webhook and gives its row.
func (s *shop) store(id string) turnout.ID {
	s.t.Helper()
	var row turnout.ID
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		row = turnout.NewID("whk")
		_, err := tx.NewRaw(`INSERT INTO webhook_events (id, provider, event_id, type, payload, received_at) VALUES (?, 'online', ?, 'test', '{}', ?)`,
			row, id, s.now()).Exec(ctx)
		return err
	})
	return row
}

func (s *shop) tell(e payments.Event) {
	s.t.Helper()
	s.sent++
	e.Notice = payments.Notice{ID: fmt.Sprintf("evt_%d", s.sent), Type: string(e.Kind)}
	if _, err := s.Settle(s.t.Context(), s.store(e.ID), e); err != nil {
		s.t.Fatal(err)
	}
}

func paid(o *ticketing.Order, ref string) payments.Event {
	return payments.Event{Kind: payments.EventPaid, PaymentID: o.Payment().ID, SessionRef: "cs_" + string(o.ID), PaymentRef: ref,
		Amount: o.Money(o.Total), Fee: o.Money(95)}
}

// jobs counts the waiting jobs of a kind.
func (s *shop) jobs(kind string) int64 {
	s.t.Helper()
	n, err := s.DB.Read().NewSelect().Model((*jobs.Job)(nil)).Where("kind = ?", kind).Count(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
