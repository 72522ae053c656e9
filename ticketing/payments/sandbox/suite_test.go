package sandbox_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/sandbox"
)

func TestCheckoutIsOnePerPayment(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		req := d.request()
		first := d.checkout(t, req)
		d.wait(10 * time.Minute) // the buyer comes back later; the request still says the same
		if diff := cmp.Diff(first, d.checkout(t, req)); diff != "" {
			t.Errorf("the second call made something else:\n%s", diff)
		}
		if first.SessionRef == d.checkout(t, d.request()).SessionRef {
			t.Error("two payments share a page")
		}
		changed := req
		changed.SuccessURL += "2"
		if _, err := d.Checkout(t.Context(), changed); !errors.Is(err, payments.ErrRefused) {
			t.Errorf("the same key with other parameters answers %v", err)
		}
		d.wait(6 * time.Minute)
		if _, err := d.Checkout(t.Context(), req); !errors.Is(err, payments.ErrCheckoutOver) {
			t.Errorf("after the hold: %v", err)
		}
		page, err := d.sandbox.Session(t.Context(), string(req.PaymentID))
		want := sandbox.Page{
			SessionRef: first.SessionRef, PaymentID: req.PaymentID, State: payments.Open, Total: req.Total, Lines: req.Lines, Email: req.Email,
			ExpiresAt: first.ExpiresAt, SuccessURL: req.SuccessURL, CancelURL: req.CancelURL,
		}
		if diff := cmp.Diff(want, page); err != nil || diff != "" {
			t.Errorf("the page shows %v\n%s", err, diff)
		}
	})
}

func TestCheckoutAtTheSameTime(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		req := d.request()
		refs := make([]string, 8)
		var all sync.WaitGroup
		for i := range refs {
			all.Go(func() {
				if made, err := d.Checkout(t.Context(), req); err != nil {
					t.Error(err)
				} else {
					refs[i] = made.SessionRef
				}
			})
		}
		all.Wait()
		for _, ref := range refs {
			if ref != refs[0] {
				t.Fatalf("one payment has several pages: %q", refs)
			}
		}
	})
}

func TestCheckoutRefusesWhatIsWrong(t *testing.T) {
	d := open(t, dbtest.Open(t, database.SQLite), "sandbox")
	for name, tt := range map[string]struct {
		change func(*payments.CheckoutRequest)
		want   error
	}{
		"sum":      {func(r *payments.CheckoutRequest) { r.Total.Amount++ }, payments.ErrAmount},
		"nothing":  {func(r *payments.CheckoutRequest) { r.Lines, r.Total.Amount = nil, 0 }, payments.ErrAmount},
		"quantity": {func(r *payments.CheckoutRequest) { r.Lines[0].Quantity = -2 }, payments.ErrAmount},
		"currency": {func(r *payments.CheckoutRequest) { r.Total.Currency = "EURO" }, payments.ErrAmount},
		"too much": {func(r *payments.CheckoutRequest) {
			r.Lines, r.Total.Amount = []payments.Line{{Name: "x", UnitPrice: 1e8, Quantity: 1}}, 1e8
		}, payments.ErrRefused},
		"address to come": {func(r *payments.CheckoutRequest) { r.SuccessURL = "/orders" }, payments.ErrRefused},
		"odd e-mail":      {func(r *payments.CheckoutRequest) { r.Email = "zoe@@example" }, nil}, // the page asks for one
	} {
		req := d.request()
		tt.change(&req)
		if _, err := d.Checkout(t.Context(), req); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPaid(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		req := d.request()
		made := d.checkout(t, req)
		if status, err := d.Status(t.Context(), made.SessionRef); err != nil || status.State != payments.Open || status.PaymentRef != "" {
			t.Errorf("before: %+v %v", status, err)
		}
		page, err := d.sandbox.Pay(t.Context(), made.SessionRef)
		if err != nil || page.State != payments.Paid {
			t.Fatal(page, err)
		}
		event := d.last(t)
		if event.PaymentRef == "" {
			t.Error("no payment reference to refund")
		}
		want := payments.Event{
			Notice: event.Notice, Kind: payments.EventPaid, OccurredAt: opened, PaymentID: req.PaymentID, SessionRef: made.SessionRef,
			PaymentRef: event.PaymentRef, Amount: req.Total, Fee: turnout.Money{Amount: 231, Currency: "EUR"}, // 1.4 % of 147.00 is 2.058
		}
		if diff := cmp.Diff(want, event); diff != "" {
			t.Errorf("the webhook says\n%s", diff)
		}
		status, err := d.Status(t.Context(), made.SessionRef)
		if diff := cmp.Diff(payments.Status{State: payments.Paid, SessionRef: made.SessionRef, PaymentRef: event.PaymentRef,
			PaymentID: req.PaymentID, Total: req.Total, Fee: want.Fee}, status); err != nil || diff != "" {
			t.Errorf("the status says %v\n%s", err, diff)
		}
		if closed, err := d.Expire(t.Context(), made.SessionRef); err != nil || closed.State != payments.Paid {
			t.Errorf("closing a paid page: %+v %v", closed, err)
		}
		if _, err := d.sandbox.Pay(t.Context(), made.SessionRef); err != nil {
			t.Errorf("a second click: %v", err)
		}
		if _, err := d.sandbox.Decline(t.Context(), made.SessionRef); !errors.Is(err, sandbox.ErrClosed) {
			t.Errorf("declining what is paid: %v", err)
		}
		if got := d.kinds(); got != "paid" {
			t.Errorf("webhooks: %s", got)
		}
	})
}

// What buyers do on the page, and what the webhooks say of it.
func TestThePage(t *testing.T) {
	type act = func(*sandbox.Provider, context.Context, string) (sandbox.Page, error)
	tests := []struct {
		name  string
		acts  []act
		state payments.State
		want  string
		fails bool // the last act is refused
	}{
		{"declined, then paid", []act{(*sandbox.Provider).Decline, (*sandbox.Provider).Decline, (*sandbox.Provider).Pay}, payments.Paid, "declined declined paid", false},
		{"abandoned twice", []act{(*sandbox.Provider).Abandon, (*sandbox.Provider).Abandon}, payments.Expired, "expired", false},
		{"abandoned, then paid", []act{(*sandbox.Provider).Abandon, (*sandbox.Provider).Pay}, payments.Expired, "expired", true},
		{"paid, then abandoned", []act{(*sandbox.Provider).Pay, (*sandbox.Provider).Abandon}, payments.Paid, "paid", true},
		{"money came days later", []act{(*sandbox.Provider).Delay, (*sandbox.Provider).Pay}, payments.Paid, "processing paid", false},
		{"money never came", []act{(*sandbox.Provider).Delay, (*sandbox.Provider).Decline}, payments.Failed, "processing declined failed", false},
		{"failed money is not paid", []act{(*sandbox.Provider).Delay, (*sandbox.Provider).Decline, (*sandbox.Provider).Pay}, payments.Failed, "processing declined failed", true},
		{"under way is not abandoned", []act{(*sandbox.Provider).Delay, (*sandbox.Provider).Abandon}, payments.Processing, "processing", true},
		{"late", []act{(*sandbox.Provider).PayLate}, payments.Paid, "expired paid", false},
		{"late, after it closed", []act{(*sandbox.Provider).Abandon, (*sandbox.Provider).PayLate, (*sandbox.Provider).PayLate}, payments.Paid, "expired paid", false},
		{"twice", []act{(*sandbox.Provider).PayTwice}, payments.Paid, "paid paid paid", false},
		{"charged back", []act{(*sandbox.Provider).Pay, (*sandbox.Provider).Dispute, (*sandbox.Provider).Dispute}, payments.Paid, "paid disputed", false},
	}
	each(t, func(t *testing.T, d *desk) {
		for _, tt := range tests {
			req := d.request()
			made := d.checkout(t, req)
			for i, do := range tt.acts {
				_, err := do(d.sandbox, t.Context(), string(req.PaymentID))
				if refused := tt.fails && i == len(tt.acts)-1; refused != errors.Is(err, sandbox.ErrClosed) || !refused && err != nil {
					t.Fatalf("%s: act %d: %v", tt.name, i, err)
				}
			}
			status, err := d.Status(t.Context(), made.SessionRef)
			if err != nil || status.State != tt.state {
				t.Errorf("%s: the state is %s (%v), not %s", tt.name, status.State, err, tt.state)
			}
			page, err := d.sandbox.Session(t.Context(), made.SessionRef)
			if err != nil || page.State != tt.state {
				t.Errorf("%s: the page says %s (%v), not %s", tt.name, page.State, err, tt.state)
			}
			if got := d.kinds(); got != tt.want {
				t.Errorf("%s: webhooks say %q, not %q", tt.name, got, tt.want)
			}
		}
	})
}

func TestPaidTwiceIsTwoPaymentsAndOneEventRepeated(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		req := d.request()
		d.checkout(t, req)
		if _, err := d.sandbox.PayTwice(t.Context(), string(req.PaymentID)); err != nil {
			t.Fatal(err)
		}
		first, again, second := d.events[0], d.events[1], d.events[2]
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("the repeated event differs:\n%s", diff)
		}
		if second.ID == first.ID || second.PaymentRef == first.PaymentRef || second.SessionRef == first.SessionRef || second.PaymentID != first.PaymentID {
			t.Errorf("the second payment is %+v after %+v", second, first)
		}
		refund, err := d.Refund(t.Context(), payments.RefundRequest{ID: "ref_second", PaymentID: req.PaymentID, PaymentRef: second.PaymentRef, Amount: req.Total})
		if err != nil || refund.State != payments.RefundSucceeded {
			t.Errorf("the second cannot be given back: %+v %v", refund, err)
		}
	})
}

func TestExpire(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		made := d.checkout(t, d.request())
		for range 2 {
			if closed, err := d.Expire(t.Context(), made.SessionRef); err != nil || closed.State != payments.Expired {
				t.Fatalf("%+v %v", closed, err)
			}
		}
		if err := d.sandbox.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := d.kinds(); got != "expired" {
			t.Errorf("webhooks: %s", got)
		}
		if _, err := d.Expire(t.Context(), "cs_test_none"); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("no such session: %v", err)
		}
		// And by itself, 31 minutes after the hold.
		made = d.checkout(t, d.request())
		d.wait(45 * time.Minute)
		if err := d.sandbox.Sweep(t.Context()); err != nil || d.kinds() != "" {
			t.Errorf("closed too early (%v)", err)
		}
		d.wait(time.Minute)
		if status, err := d.Status(t.Context(), made.SessionRef); err != nil || status.State != payments.Expired {
			t.Errorf("a page whose time is over is %+v (%v)", status, err)
		}
		if err := d.sandbox.Sweep(t.Context()); err != nil || d.kinds() != "expired" {
			t.Errorf("nobody was told (%v)", err)
		}
	})
}

func TestRefunds(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		req, paid := d.paid(t)
		ask := func(id turnout.ID, amount int64) (payments.Refund, error) {
			return d.Refund(t.Context(), payments.RefundRequest{ID: id, PaymentID: req.PaymentID, PaymentRef: paid.PaymentRef,
				Amount: turnout.Money{Amount: amount, Currency: "EUR"}, Reason: "canceled_by_buyer"})
		}
		if _, err := ask("ref_0", 14701); !errors.Is(err, payments.ErrRefundTooMuch) {
			t.Errorf("more than was paid: %v", err)
		}
		first, err := ask("ref_1", 4700)
		if err != nil || first.State != payments.RefundSucceeded || first.Ref == "" {
			t.Fatalf("%+v %v", first, err)
		}
		if again, err := ask("ref_1", 4700); err != nil || again != first {
			t.Errorf("repeated: %+v %v", again, err)
		}
		d.wait(72 * time.Hour) // the key is forgotten by now
		if again, err := ask("ref_1", 4700); err != nil || again != first {
			t.Errorf("repeated after three days: %+v %v", again, err)
		}
		if _, err := ask("ref_2", 10001); !errors.Is(err, payments.ErrRefundTooMuch) {
			t.Errorf("more than is left: %v", err)
		}
		if err := d.sandbox.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		event := d.last(t)
		want := payments.Event{Notice: event.Notice, Kind: payments.EventRefunded, OccurredAt: opened, PaymentID: req.PaymentID,
			PaymentRef: paid.PaymentRef, Amount: turnout.Money{Amount: 4700, Currency: "EUR"}, RefundID: "ref_1", RefundRef: first.Ref}
		if diff := cmp.Diff(want, event); diff != "" {
			t.Errorf("the webhook says\n%s", diff)
		}
		if got := d.kinds(); got != "refunded refunded" { // refund.created and charge.refunded tell the same
			t.Errorf("webhooks: %s", got)
		}
		rest, err := ask("ref_3", 10000)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ask("ref_4", 1); !errors.Is(err, payments.ErrRefundTooMuch) {
			t.Errorf("after all was given back: %v", err)
		}
		if err := d.sandbox.FailRefund(t.Context(), rest.Ref); err != nil {
			t.Fatal(err)
		}
		if event := d.last(t); event.Kind != payments.EventRefundFailed || event.RefundRef != rest.Ref || event.RefundID != "ref_3" {
			t.Errorf("a refund that came back: %+v", event)
		}
	})
}

func TestRefundOfWhatIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		euro := turnout.Money{Amount: 100, Currency: "EUR"}
		if _, err := d.Refund(t.Context(), payments.RefundRequest{ID: "ref_1", PaymentRef: "pi_none", Amount: euro}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("no such payment: %v", err)
		}
		if _, err := d.Refund(t.Context(), payments.RefundRequest{ID: "ref_1", Amount: euro}); !errors.Is(err, payments.ErrAmount) {
			t.Errorf("no payment named: %v", err)
		}
		req, paid := d.paid(t)
		if _, err := d.sandbox.Dispute(t.Context(), string(req.PaymentID)); err != nil {
			t.Fatal(err)
		}
		if event := d.last(t); event.PaymentRef != paid.PaymentRef || event.Amount != req.Total {
			t.Errorf("the dispute: %+v", event)
		}
		if _, err := d.Refund(t.Context(), payments.RefundRequest{ID: "ref_1", PaymentRef: paid.PaymentRef, Amount: euro}); !errors.Is(err, payments.ErrRefundTooMuch) {
			t.Errorf("after a chargeback: %v", err)
		}
	})
}

// Every currency that can be paid comes back as it went out, whatever Stripe's own count of it is.
func TestCurrencies(t *testing.T) {
	d := open(t, dbtest.Open(t, database.SQLite), "sandbox")
	for currency, amount := range map[string]int64{"JPY": 4900, "KWD": 5120, "ISK": 7, "UGX": 5000, "MGA": 12300, "HUF": 123} {
		req := d.request()
		req.Total = turnout.Money{Amount: amount, Currency: currency}
		req.Lines = []payments.Line{{Name: "Ticket", UnitPrice: amount, Quantity: 1}}
		d.checkout(t, req)
		page, err := d.sandbox.Pay(t.Context(), string(req.PaymentID))
		if err != nil || page.Total != req.Total || page.Lines[0] != req.Lines[0] {
			t.Errorf("%s: the page shows %+v (%v)", currency, page, err)
		}
		if event := d.last(t); event.Amount != req.Total {
			t.Errorf("%s: paid %v", currency, event.Amount)
		}
	}
}

// An event of another API version is read again: its own body is not trusted.
func TestAnotherVersionIsReadAgain(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		req := d.request()
		d.checkout(t, req)
		for _, act := range []func(context.Context, string) (sandbox.Page, error){d.sandbox.Decline, d.sandbox.Pay} {
			if _, err := act(t.Context(), string(req.PaymentID)); err != nil {
				t.Fatal(err)
			}
		}
		_, err := d.Refund(t.Context(), payments.RefundRequest{ID: "ref_1", PaymentID: req.PaymentID, PaymentRef: d.last(t).PaymentRef, Amount: req.Total})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.sandbox.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, body := range d.bodies {
			text := string(body)
			for _, swap := range [][2]string{{"2023-10-16", "2025-03-31.basil"}, {"14700", "1"}, {`"paid"`, `"unpaid"`}} {
				text = strings.ReplaceAll(text, swap[0], swap[1])
			}
			again, err := d.Read(t.Context(), []byte(text))
			if diff := cmp.Diff(d.events[i], again); err != nil || diff != "" {
				t.Errorf("%s: %v\n%s", d.events[i].Type, err, diff)
			}
		}
	})
}

func TestWebhooksArriveAfterFailures(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		req := d.request()
		made := d.checkout(t, req)
		d.failed = 2
		if _, err := d.sandbox.Pay(t.Context(), string(req.PaymentID)); err != nil {
			t.Fatal(err) // the page does not depend on the handler
		}
		for _, step := range []struct {
			wait time.Duration
			want string
		}{{0, ""}, {3 * time.Second, ""}, {0, ""}, {3 * time.Second, "paid"}, {time.Hour, ""}} {
			d.wait(step.wait)
			if err := d.sandbox.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := d.kinds(); got != step.want {
				t.Errorf("after %v: %q, not %q", step.wait, got, step.want)
			}
		}
		if status, err := d.Status(t.Context(), made.SessionRef); err != nil || status.State != payments.Paid {
			t.Error(status, err)
		}
	})
}

func TestRunDeliversWhatTheAPICaused(t *testing.T) {
	d := open(t, dbtest.Open(t, database.SQLite), "sandbox")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.sandbox.Run(ctx) }()
	made := d.checkout(t, d.request())
	if _, err := d.Expire(t.Context(), made.SessionRef); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if got := d.kinds(); got == "expired" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no webhook came")
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNobodyKnowsThisPage(t *testing.T) {
	d := open(t, dbtest.Open(t, database.SQLite), "sandbox")
	for _, id := range []string{"", "cs_test_none", "pay_none", string(turnout.NewID(turnout.PrefixPayment))} {
		if _, err := d.sandbox.Session(t.Context(), id); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("Session(%q): %v", id, err)
		}
		if _, err := d.sandbox.Pay(t.Context(), id); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("Pay(%q): %v", id, err)
		}
	}
	if err := d.sandbox.FailRefund(t.Context(), "re_none_1"); !errors.Is(err, turnout.ErrNotFound) {
		t.Errorf("FailRefund: %v", err)
	}
}
