package sandbox_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/sandbox"
	"turnout/ticketing/payments/stripe"
)

// desk is a provider under test with the sandbox behind it, and what its webhooks said.
type desk struct {
	payments.Provider
	sandbox *sandbox.Provider

	mu     sync.Mutex
	now    time.Time
	failed int // how many deliveries to refuse
	events []payments.Event
	bodies [][]byte
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) wait(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

// receive does what the handler of a webhook does: verify, read, keep.
func (d *desk) receive(ctx context.Context, payload []byte, signature string) error {
	d.mu.Lock()
	refuse := d.failed > 0
	if refuse {
		d.failed--
	}
	d.mu.Unlock()
	if refuse {
		return errors.New("503")
	}
	// The sandbox signs for itself; the stripe provider of the other kind of desk has another secret.
	notice, err := d.sandbox.Verify(payload, signature)
	if err != nil {
		return err
	}
	event, err := d.Read(ctx, payload)
	if err != nil {
		return err
	}
	if event.Notice != notice {
		return errors.New("Verify and Read name different events")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events, d.bodies = append(d.events, event), append(d.bodies, payload)
	return nil
}

// kinds are what the webhooks said since the last call.
func (d *desk) kinds() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var kinds []string
	for _, e := range d.events {
		kinds = append(kinds, string(e.Kind))
	}
	d.events, d.bodies = nil, nil
	return strings.Join(kinds, " ")
}

func (d *desk) last(t *testing.T) payments.Event {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.events) == 0 {
		t.Fatal("no webhook came")
	}
	return d.events[len(d.events)-1]
}

var opened = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// each runs a test with the sandbox in process on both engines, and with stripe over a connection to it (which is the same
// to the database, so on one).
func each(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Run("sandbox", func(t *testing.T) {
		dbtest.Each(t, func(t *testing.T, db *database.DB) { test(t, open(t, db, "sandbox")) })
	})
	t.Run("stripe", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, dbtest.Open(t, database.SQLite), "stripe"))
	})
}

func open(t *testing.T, db *database.DB, name string) *desk {
	t.Helper()
	d := &desk{now: opened}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	d.sandbox = sandbox.New(sandbox.Config{
		DB: db, PageURL: func(id string) string { return "http://127.0.0.1/sandbox/checkout/" + id },
		Deliver: d.receive, Now: d.clock, Log: log,
	})
	d.Provider = d.sandbox
	if name == "stripe" {
		server := httptest.NewServer(d.sandbox.Handler())
		t.Cleanup(server.Close)
		d.Provider = stripe.New(stripe.Config{Key: "sk_test_x", WebhookSecret: "whsec_x", URL: server.URL + "/", Now: d.clock, Log: log})
	}
	if d.Name() != name {
		t.Errorf("the name is %q", d.Name())
	}
	return d
}

func (d *desk) request() payments.CheckoutRequest {
	return payments.CheckoutRequest{
		PaymentID: turnout.NewID(turnout.PrefixPayment),
		Total:     turnout.Money{Amount: 14700, Currency: "EUR"},
		Lines:     []payments.Line{{Name: "Regular & co. Łukasz 東京", UnitPrice: 4900, Quantity: 2}, {Name: "Workshop", UnitPrice: 4900, Quantity: 1}},
		Email:     "zoe@example.org", Locale: "de-AT",
		SuccessURL: "https://turnout.example/orders/ABC?secret=s", CancelURL: "https://turnout.example/pay/x",
		HeldUntil: d.clock().Add(15 * time.Minute),
	}
}

func (d *desk) checkout(t *testing.T, req payments.CheckoutRequest) payments.Checkout {
	t.Helper()
	made, err := d.Checkout(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (d *desk) paid(t *testing.T) (payments.CheckoutRequest, payments.Event) {
	t.Helper()
	req := d.request()
	d.checkout(t, req)
	if _, err := d.sandbox.Pay(t.Context(), string(req.PaymentID)); err != nil {
		t.Fatal(err)
	}
	event := d.last(t)
	d.kinds()
	return req, event
}
