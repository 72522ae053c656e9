package api

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"turnout/ticketing"
)

// payPage opens the page on which an order is paid, and gives the name of its session.
func (d *desk) payPage(o *ticketing.Order) string {
	d.t.Helper()
	w, _ := d.ask(httptest.NewRequest("GET", baseURL+"/pay/"+string(o.Payment().ID), nil))
	session := regexp.MustCompile(`/sandbox/checkout/([^/?]+)`).FindStringSubmatch(w.Header.Get("Location"))
	if session == nil {
		d.t.Fatalf("no page to pay on: %d to %q", w.StatusCode, w.Header.Get("Location"))
	}
	return session[1]
}

// settle has the sandbox do something with an order's page, and all that follows done.
func (d *desk) settle(o *ticketing.Order, session, act string) *ticketing.Order {
	d.t.Helper()
	d.send("/sandbox/checkout/"+session+"/"+act, nil, "")
	if _, err := d.runner.Drain(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	now, err := d.Ticketing.Order(d.t.Context(), d.community.ID, string(o.ID))
	if err != nil {
		d.t.Fatal(err)
	}
	return now
}

// setRefund puts an order's refunds in a state.
func (d *desk) setRefund(o *ticketing.Order, status ticketing.RefundStatus) {
	d.t.Helper()
	if _, err := d.DB.Writer().NewUpdate().Model((*ticketing.Refund)(nil)).Set("status = ?", status).Where("order_id = ?", o.ID).Exec(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// Whoever cancels a paid order reads on its page what goes back and how far that is; the organisers read it in its history.
func TestACanceledOrderTellsItsRefund(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(20)
		v := d.stranger()
		o := d.buy(paid, 2, "Ada", "ada@example.org")
		v.settle(o, v.payPage(o), "pay")
		path := "/orders/" + o.Code + "?secret=" + o.Secret
		if body := v.see(path, "If you cancel now, you get €98.00 back.", "<span>Paid</span>"); strings.Contains(body, "goes back to you") {
			t.Error("a refund is told that nobody asked for")
		}
		v.send("/orders/"+o.Code+"/cancel?secret="+o.Secret, nil, "/orders/")
		if body := v.see(path, "This order is canceled.", "€98.00 goes back to you", "ten days", "<span>Paid, goes back</span>"); strings.Contains(body, "<span>Paid</span>") {
			t.Error("the payment is plainly paid")
		}
		if _, err := d.runner.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.see(path, "€98.00 was given back to you on ", "<span>Paid, given back</span>")
		d.see(d.at("/orders/"+o.Code), "Paid, given back", "Order canceled", "Refund requested", `<p>Refunded <span class="tabular">`)
		d.setRefund(o, ticketing.RefundManual)
		v.see(path, "€98.00 goes back to you: the organisers transfer it by hand.", "Paid, goes back")
		d.setRefund(o, ticketing.RefundFailed)
		v.lang = "de"
		v.see(path, "Die Erstattung von 98,00", "kümmern sich darum", "Gezahlt, Erstattung fehlgeschlagen")
	})
}

// Paying twice is one story: on the button, on the order's page, in the mail and in the console.
func TestPayingTwiceIsOneStory(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(20)
		v := d.stranger()
		o := d.buy(paid, 1, "Ada", "ada@example.org")
		session := v.payPage(o)
		v.see("/sandbox/checkout/"+session, "the second goes back to you")
		v.settle(o, session, "pay_twice")
		path := "/orders/" + o.Code + "?secret=" + o.Secret
		v.see(path, "You&#39;re in.", "You paid twice; the second €49.00 was given back to you on ", "Your tickets stay valid.", "<span>Paid</span>")
		if body := d.see(d.at("/orders/"+o.Code), "Paid a second time, refunded", "paid twice"); strings.Contains(body, "Too late") || strings.Contains(body, "payment.given_back") {
			t.Error("the console tells another story, or a raw key")
		}
		told := 0
		for _, m := range d.mails("ada@example.org") {
			if strings.Contains(m.Text, "second €49.00 goes back to you") && strings.Contains(m.Text, "Your tickets stay valid.") {
				told++
			}
			if strings.Contains(m.Text, "too late") {
				t.Errorf("a mail tells another story: %s", m.Text)
			}
		}
		if told != 1 {
			t.Errorf("%d mails tell it", told)
		}
		d.setRefund(o, ticketing.RefundRequested)
		v.see(path, "You paid twice; the second €49.00 goes back to you.", "Your tickets stay valid.")
	})
}

// Money that came after its places were gone is told as that, with what goes back of it alone.
func TestLateMoneyIsToldAsLate(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, free := d.onSale(1)
		v := d.stranger()
		o := d.buy(paid, 1, "Ada", "ada@example.org")
		session := v.payPage(o)
		past := d.Now().Add(-1)
		if _, err := d.DB.Writer().NewUpdate().Model((*ticketing.Order)(nil)).Set("expires_at = ?", past).Where("id = ?", o.ID).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Ticketing.ExpireHolds(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		d.buy(free, 1, "Grace", "grace@example.org") // takes the only place
		v.settle(o, session, "pay_late")
		v.see("/orders/"+o.Code+"?secret="+o.Secret, "Your payment came after the time was over", "€49.00 was given back to you on ", "Too late, refunded")
		if got := d.mails("ada@example.org"); len(got) != 1 || !strings.Contains(got[0].Text, "it came too late") || strings.Contains(got[0].Text, "twice") {
			t.Errorf("the mails: %+v", got)
		}
	})
}
