package ticketing_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/internal/mail"
	"turnout/internal/webhook"
	"turnout/ticketing"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/sandbox"
)

// market is a shop with everything that stands behind it in the program: the sandbox provider, the webhook inbox, the jobs
// and the mail.
type market struct {
	*shop
	sandbox *sandbox.Provider
	runner  *jobs.Runner
	price   int64
}

func newMarket(t *testing.T, db *database.DB) *market {
	t.Helper()
	m := &market{price: 2500}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	now := func() time.Time { return m.now() }
	m.shop = &shop{}
	m.sandbox = sandbox.New(sandbox.Config{DB: db, Log: log, Now: now,
		PageURL: func(session string) string { return "https://events.example/sandbox/" + session },
		Deliver: func(ctx context.Context, payload []byte, signature string) error {
			return m.ReceiveWebhook(ctx, payload, signature)
		}})
	m.shop = shopWith(t, db, m.sandbox)
	m.runner = &jobs.Runner{DB: db, Log: log, Now: now}
	m.Register(m.runner)
	m.Inbox.Register(m.runner)
	(&mail.Post{DB: db, Sender: mail.Outbox{Log: log}, Now: now}).Register(m.runner)
	t.Cleanup(m.nothingWaits)
	return m
}

// work does what the background does until nothing is due.
func (m *market) work() {
	m.t.Helper()
	for {
		if err := m.sandbox.Sweep(m.t.Context()); err != nil {
			m.t.Fatal(err)
		}
		n, err := m.runner.Drain(m.t.Context())
		if err != nil {
			m.t.Fatal(err)
		}
		if n == 0 {
			return
		}
		m.wait(3 * time.Second)
	}
}

func (m *market) nothingWaits() {
	var dead int64
	err := m.DB.Read().NewRaw("SELECT COUNT(*) FROM jobs WHERE state = 'dead'").Scan(context.Background(), &dead)
	if err != nil || dead != 0 {
		m.t.Errorf("%d dead jobs, %v", dead, err)
	}
	open, err := webhook.Open(context.Background(), m.DB.Read(), m.now().Add(time.Hour), 10)
	if err != nil || len(open) != 0 {
		m.t.Errorf("webhooks that nobody handled: %v, %v", open, err)
	}
}

// page opens the payment's page and gives its session.
func (m *market) page(p *ticketing.Payment) string {
	m.t.Helper()
	url, _, err := m.OpenPayment(m.t.Context(), p.ID)
	if err != nil || !strings.HasPrefix(url, "https://events.example/sandbox/") {
		m.t.Fatalf("%q, %v", url, err)
	}
	again, _, err := m.OpenPayment(m.t.Context(), p.ID)
	if err != nil || again != url {
		m.t.Fatalf("opened again: %q, %v", again, err)
	}
	return url[strings.LastIndex(url, "/")+1:]
}

func (m *market) do(act func(ctx context.Context, session string) (sandbox.Page, error), session string) {
	m.t.Helper()
	if _, err := act(m.t.Context(), session); err != nil {
		m.t.Fatal(err)
	}
}

func (m *market) expire() {
	m.t.Helper()
	m.wait(16 * time.Minute)
	if _, err := m.ExpireHolds(m.t.Context(), ""); err != nil {
		m.t.Fatal(err)
	}
}

// state writes how an order ended: "confirmed; succeeded 2500; refunds: ".
func (m *market) state(id turnout.ID) string {
	o := m.order(id)
	text := string(o.Status) + ";"
	for _, p := range o.Payments {
		text += " " + string(p.Status)
	}
	text += "; refunds:"
	for _, r := range o.Refunds {
		text += " " + r.Reason + " " + string(r.Status)
	}
	return text
}

// allMails lists the community's mails, the oldest first.
func (m *market) allMails() []mail.Stored {
	m.t.Helper()
	all, err := mail.List(m.t.Context(), m.DB.Read(), m.event.CommunityID, true, "", 1000)
	if err != nil {
		m.t.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

// mails lists the mails that an order caused.
func (m *market) mails(id turnout.ID) (found []mail.Stored) {
	m.t.Helper()
	for _, stored := range m.allMails() {
		if stored.Source == id {
			found = append(found, stored)
		}
	}
	return found
}

// What buyers do on the provider's page, and where order, payments and refunds end once webhooks and jobs have run.
func TestPaymentsThroughTheSandbox(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		tt := m.ticketType(m.price, m.pool(1000))
		for name, c := range map[string]struct {
			play  func(o *ticketing.Order, session string)
			want  string
			mails int
		}{
			"paid":             {func(_ *ticketing.Order, s string) { m.do(m.sandbox.Pay, s) }, "confirmed; succeeded; refunds:", 1},
			"declined, paid":   {func(_ *ticketing.Order, s string) { m.do(m.sandbox.Decline, s); m.do(m.sandbox.Pay, s) }, "confirmed; succeeded; refunds:", 1},
			"declined":         {func(_ *ticketing.Order, s string) { m.do(m.sandbox.Decline, s); m.expire() }, "expired; canceled; refunds:", 0},
			"nobody ever paid": {func(*ticketing.Order, string) { m.expire() }, "expired; canceled; refunds:", 0},
			"abandoned, then paid on a new page": {func(o *ticketing.Order, s string) {
				m.do(m.sandbox.Abandon, s)
				if _, _, err := m.OpenPayment(t.Context(), o.Payment().ID); !errors.Is(err, ticketing.ErrOrderNotOpen) {
					t.Errorf("a closed page opens: %v", err)
				}
				m.do(m.sandbox.Pay, m.page(m.order(o.ID).Payment()))
			}, "confirmed; canceled succeeded; refunds:", 1},
			"abandoned, a new page opened, then the first is paid all the same": {func(o *ticketing.Order, s string) {
				m.do(m.sandbox.Abandon, s)
				second := m.page(m.order(o.ID).Payment())
				m.do(m.sandbox.PayLate, s)
				m.work()
				if page, err := m.sandbox.Session(t.Context(), second); err != nil || page.State != payments.Expired {
					t.Errorf("the second page is %s, %v", page.State, err)
				}
			}, "confirmed; succeeded canceled; refunds:", 1},
			"paid on a new page, then late on the first": {func(o *ticketing.Order, s string) {
				m.do(m.sandbox.Abandon, s)
				m.do(m.sandbox.Pay, m.page(m.order(o.ID).Payment()))
				m.expire()
				m.do(m.sandbox.PayLate, s)
				m.work()
				if told := m.order(o.ID).Payment(); told.Status != ticketing.PaymentSucceeded {
					t.Errorf("the order is told as %s", told.Status)
				}
			}, "confirmed; late_refunded succeeded; refunds: paid_twice succeeded", 2},
			"late on one page, then late on the other": {func(o *ticketing.Order, s string) {
				m.do(m.sandbox.Abandon, s)
				second := m.page(m.order(o.ID).Payment())
				m.expire()
				m.do(m.sandbox.PayLate, second)
				m.do(m.sandbox.PayLate, s)
			}, "confirmed; late_refunded succeeded; refunds: paid_twice succeeded", 2},
			"paid on a new page, canceled, then late on the first": {func(o *ticketing.Order, s string) {
				m.do(m.sandbox.Abandon, s)
				m.do(m.sandbox.Pay, m.page(m.order(o.ID).Payment()))
				m.work()
				m.cancel(o)
				m.do(m.sandbox.PayLate, s)
			}, "canceled; late_refunded succeeded; refunds: canceled_by_buyer succeeded paid_twice succeeded", 3},
			"late, places left":    {func(_ *ticketing.Order, s string) { m.expire(); m.do(m.sandbox.PayLate, s) }, "confirmed; succeeded; refunds:", 1},
			"late, before a sweep": {func(_ *ticketing.Order, s string) { m.wait(16 * time.Minute); m.do(m.sandbox.Pay, s) }, "confirmed; succeeded; refunds:", 1},
			"paid twice":           {func(_ *ticketing.Order, s string) { m.do(m.sandbox.PayTwice, s) }, "confirmed; succeeded late_refunded; refunds: paid_twice succeeded", 2},
			"paid, then canceled": {func(o *ticketing.Order, s string) {
				m.do(m.sandbox.Pay, s)
				m.work()
				m.cancel(o)
			}, "canceled; succeeded; refunds: canceled_by_buyer succeeded", 2},
			"canceled, then paid": {func(o *ticketing.Order, s string) { m.cancel(o); m.do(m.sandbox.PayLate, s) },
				"canceled; late_refunded; refunds: late_payment succeeded", 2},
			"a bank debit that comes": {func(o *ticketing.Order, s string) {
				m.do(m.sandbox.Delay, s)
				m.expire()
				if got := m.state(o.ID); got != "pending; processing; refunds:" {
					t.Errorf("while the money is under way: %s", got)
				}
				m.wait(3 * 24 * time.Hour)
				m.do(m.sandbox.Pay, s)
			}, "confirmed; succeeded; refunds:", 1},
			"a bank debit that does not": {func(_ *ticketing.Order, s string) { m.do(m.sandbox.Delay, s); m.do(m.sandbox.Decline, s); m.expire() },
				"expired; failed; refunds:", 0},
			"a declined card, then a bank debit": {func(_ *ticketing.Order, s string) {
				m.do(m.sandbox.Decline, s)
				m.do(m.sandbox.Delay, s)
				m.expire()
				m.do(m.sandbox.Pay, s)
			}, "confirmed; succeeded; refunds:", 1},
			"disputed": {func(_ *ticketing.Order, s string) { m.do(m.sandbox.Pay, s); m.do(m.sandbox.Dispute, s) }, "confirmed; disputed; refunds:", 1},
			"refunded, and it comes back": {func(o *ticketing.Order, s string) {
				m.do(m.sandbox.Pay, s)
				if _, err := m.RefundOrder(t.Context(), m.event.CommunityID, o.ID, ticketing.CanceledByOrganiser); err != nil {
					t.Fatal(err)
				}
				m.work()
				if err := m.sandbox.FailRefund(t.Context(), m.order(o.ID).Refunds[0].ProviderRef); err != nil {
					t.Fatal(err)
				}
			}, "confirmed; succeeded; refunds: canceled_by_organiser failed", 1},
		} {
			o := m.buy(tt, 1, 1)
			c.play(o, m.page(o.Payment()))
			m.work()
			m.work() // again: nothing more happens
			if got := m.state(o.ID); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
			if mails := m.mails(o.ID); len(mails) != c.mails {
				t.Errorf("%s: %d mails, want %d", name, len(mails), c.mails)
			}
			if page, err := m.sandbox.Session(t.Context(), string(o.Payments[0].ID)); err != nil || page.State == payments.Open {
				t.Errorf("%s: the page is still %s (%v)", name, page.State, err)
			}
		}
	})
}

func (m *market) cancel(o *ticketing.Order) {
	m.t.Helper()
	if _, err := m.CancelOrder(m.t.Context(), o.CommunityID, o.ID, ticketing.CanceledByBuyer, false); err != nil {
		m.t.Fatal(err)
	}
}

// The mail of a paid order is stored once, with the tickets and the calendar entry.
func TestThePaidOrdersMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		o := m.buy(m.ticketType(m.price, m.pool(10)), 2, 1)
		m.do(m.sandbox.Pay, m.page(o.Payment()))
		for range 3 {
			m.work()
			m.wait(time.Minute)
		}
		mails := m.mails(o.ID)
		if len(mails) != 1 || mails[0].To != "buyer1@example.org" || mails[0].State != mail.Kept || len(mails[0].Attachments) != 2 {
			t.Fatalf("%d mails: %+v", len(mails), mails)
		}
		pdf, ics := mails[0].Attachments[0], mails[0].Attachments[1]
		if !bytes.HasPrefix(pdf.Data, []byte("%PDF-")) || !bytes.Contains(pdf.Data, []byte("/Count 2")) || pdf.Name != "tickets-"+o.Code+".pdf" {
			t.Errorf("%s: %d bytes, two pages: %v", pdf.Name, len(pdf.Data), bytes.Contains(pdf.Data, []byte("/Count 2")))
		}
		if !bytes.Contains(ics.Data, []byte("BEGIN:VEVENT")) || !strings.HasPrefix(ics.Type, "text/calendar") {
			t.Errorf("%s: %s", ics.Type, ics.Data)
		}
		for _, part := range []string{mails[0].HTML, mails[0].Text} {
			if !strings.Contains(part, o.Secret) || !strings.Contains(part, o.Code) {
				t.Error("the mail does not lead to the order")
			}
		}
	})
}

// Late money without places: it goes back through the provider, and both the order and the sandbox's books say so.
func TestLateMoneyGoesBackThroughTheProvider(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		tt := m.ticketType(m.price, m.pool(1))
		late := m.buy(tt, 1, 1)
		session := m.page(late.Payment())
		m.expire()
		faster := m.buy(tt, 1, 2)
		m.do(m.sandbox.PayLate, session)
		if got := m.state(late.ID); got != "expired; late_refund_pending; refunds: late_payment requested" {
			t.Error(got)
		}
		m.work()
		if got := m.state(late.ID); got != "expired; late_refunded; refunds: late_payment succeeded" {
			t.Error(got)
		}
		if mails := m.mails(late.ID); len(mails) != 1 {
			t.Errorf("%d mails", len(mails))
		}
		if m.order(faster.ID).Status != ticketing.Held {
			t.Error("late money cost somebody else a place")
		}
		if status, err := m.sandbox.Status(t.Context(), session); err != nil || status.State != payments.Paid {
			t.Errorf("%+v, %v", status, err)
		}
		m.expire()
		m.work()
	})
}

// Money in a currency that was not asked for confirms nothing and goes back as what it is.
func TestAnotherCurrencyGoesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		o := s.buy(s.ticketType(2500, s.pool(5)), 1, 1)
		e := paid(o, "pi_1")
		e.Amount.Currency = "USD"
		s.tell(e)
		got := s.order(o.ID)
		if got.Status != ticketing.Held || len(got.Refunds) != 1 || got.Refunds[0].Currency != "USD" || got.Payment().Status != ticketing.PaymentLateRefund {
			t.Errorf("%s, %+v", got.Status, got.Refunds)
		}
	})
}
