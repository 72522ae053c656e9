package api

import (
	"context"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/organisers"
	"turnout/ticketing"
)

var formKey = regexp.MustCompile(`name="idempotency_key" value="([^"]+)"`)

// key is the idempotency key of the form on a page.
func (d *desk) key(page string) string {
	d.t.Helper()
	found := formKey.FindStringSubmatch(page)
	if found == nil {
		d.t.Fatalf("no form in %s", excerpt(page))
	}
	return found[1]
}

func TestBoxOfficePage(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		at := d.at("/box-office")
		d.see(at, "nothing to sell yet")
		paid, free := d.onSale(5)
		if _, err := d.Ticketing.CreateQuestion(t.Context(), d.community.ID, d.event.ID, ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskText, Label: "Diet?",
			Purpose: "To cook.", Required: true, EraseDays: 30}); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"idempotency_key": {d.key(d.see(at, "Regular", "Student", "5 left"))}, "quantity_" + string(paid.ID): {"2"}, "quantity_" + string(free.ID): {"0"},
			"buyer.name": {"Zoë Łukasik"}, "method": {"cash"}, "received": {"100"}}

		// By name only, with cash; a double tap sells once.
		to := d.send(at, form, at+"?")
		if again := d.send(at, form, at+"?"); again != to {
			t.Errorf("a double tap led to %s, then to %s", to, again)
		}
		d.see(to, "Sold", "Zoë Łukasik", "€98.00", "€2.00", "/tickets.pdf", "<svg class=\"qr\"", "Undo", "3 left")
		orders, err := d.Ticketing.Orders(t.Context(), d.community.ID, d.event.ID, ticketing.OrderFilter{Limit: 10})
		if err != nil || len(orders) != 1 {
			t.Fatalf("%d orders, %v", len(orders), err)
		}
		o := orders[0]
		if o.Source != ticketing.FromBoxOffice || o.Status != ticketing.Confirmed || o.SoldBy != d.owner.ID || o.BuyerEmail != "" || o.Payment().Method != "cash" {
			t.Errorf("%+v, paid %+v", o, o.Payment())
		}
		if _, err := d.runner.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.see(d.at("/orders")+"?search=luk", "Zoë Łukasik")
		d.see(d.at("/orders/")+o.Code, "Cash")
		d.refuse(at, clone(form, "buyer.name", "Somebody else"), 409, "sold already")

		// What is wrong stands beside what was typed.
		next := clone(form, "idempotency_key", d.key(d.see(at)))
		d.refuse(at, clone(next, "buyer.name", "", "quantity_"+string(paid.ID), "x", "received", "much"), 422, `id="f-buyer-name-error"`, `id="f-quantity_`+string(paid.ID)+`-error"`, `id="f-received-error"`)
		d.refuse(at, clone(next, "quantity_"+string(paid.ID), ""), 422, `id="f-lines-error"`)
		d.refuse(at, clone(next, "quantity_"+string(paid.ID), "4"), 409, "sold out")
		d.refuse(at, clone(next, "method", ""), 422, `id="f-method-error"`)
		d.refuse(at, clone(next, "method", "import"), 422, `id="f-method-error"`)
		d.refuse(at, clone(next, "update", "1"), 200, "€98.00")

		// The full form: a name for each ticket, and what is asked.
		full := clone(next, "quantity_"+string(paid.ID), "1", "quantity_"+string(free.ID), "1", "method", "card", "reference", "T-77", "buyer.email", "zoe@example.org", "mail", "1")
		d.refuse(at, clone(full, "name_tickets", "1"), 200, "Ticket 1 · Regular", "Ticket 2 · Student", "Diet?", `name="full"`)
		full.Set("full", "1")
		questions, _ := d.Ticketing.Questions(t.Context(), d.community.ID, d.event.ID, false)
		first, second := "attendees[0].answers."+string(questions[0].ID), "attendees[1].answers."+string(questions[0].ID)
		d.refuse(at, clone(full, first, "Vegan"), 422, `value="Vegan"`, "Ticket 2 · Student, Diet?")
		to = d.send(at, clone(full, first, "Vegan", second, "None", "attendees[1].name", "Ann"), at+"?")
		d.see(to, "€49.00", "Ann", "zoe@example.org")
		orders, _ = d.Ticketing.Orders(t.Context(), d.community.ID, d.event.ID, ticketing.OrderFilter{Limit: 10})
		if p := orders[0].Payment(); p.Method != "card" || p.Reference != "T-77" || orders[0].Tickets[1].AttendeeName != "Ann" || orders[0].Tickets[0].AttendeeName != "Zoë Łukasik" {
			t.Errorf("%+v, %+v", p, orders[0].Tickets)
		}

		// Undone: canceled, and the money counts as given back.
		d.see(d.at("/box-office/takings"), "Cash", "€98.00", "Card terminal", "€49.00", "€147.00")
		d.send(at+"/"+o.Code+"/undo", nil, at)
		d.see(at, "Give €98.00 back")
		d.see(d.at("/box-office/takings"), "€0.00", "€49.00")
		d.refuse(at+"/"+o.Code+"/undo", nil, 303)
		d.lang = "de"
		d.see(to)
		d.see(d.at("/box-office/takings"))
		d.refuse(at, clone(full, first, "Vegan"), 409, "Abendkasse", "schon verkauft")
	})
}

// The server alone prices: with what comes along unasked, with the voucher, at the price of now. Nothing else is sold than what was shown,
// and not for less cash.
func TestTheDeskShowsWhatItSells(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(10)
		at, ctx, euro := d.at("/box-office"), t.Context(), func(n int64) turnout.Money { return turnout.Money{Amount: n, Currency: "EUR"} }
		_, err := d.Ticketing.CreateAddOn(ctx, d.community.ID, d.event.ID, ticketing.AddOnInput{Name: "Lunch", OnSale: true, Price: euro(1500),
			With: []ticketing.AddOnWith{{TicketTypeID: paid.ID, Least: 1, Most: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Ticketing.CreateVoucher(ctx, d.community.ID, d.event.ID, ticketing.VoucherInput{Code: "HALF", Kind: ticketing.Percent, Value: 50}); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"idempotency_key": {d.key(d.see(at, `hx-post="`+at+`"`))}, "quantity_" + string(paid.ID): {"2"}, "buyer.name": {"Ann"}, "method": {"cash"}}
		asked := func(change ...string) url.Values { return clone(form, append(change, "update", "1")...) }
		d.refuse(at, asked(), 200, "2 × <bdi>Regular", "2 × <bdi>Lunch", `name="shown_total" value="12800"`, "€128.00", "€30.00")
		d.refuse(at, asked("voucher", "half"), 200, `name="shown_total" value="7900"`, "€79.00")
		d.refuse(at, asked("voucher", "none"), 200, `name="shown_total" value="12800"`, "Voucher: ")
		d.refuse(at, asked("method", "free"), 200, `name="shown_total" value="0"`, "Give</span>")
		d.refuse(at, asked("received", "150"), 200, "Change: €22.00")
		d.refuse(at, asked("received", "60"), 200, "Missing: €68.00")
		d.refuse(at, clone(form, "shown_total", "12800", "received", "1.250"), 422, "“1.250” can mean €1,250.00 or €1.25.")
		d.refuse(at, asked("received", "1.128,00"), 200, "Change: €1,000.00")

		// What was shown is sold, or nothing.
		d.refuse(at, clone(form, "shown_total", "9800"), 409, `id="f-total-error"`, "€128.00 now", `name="shown_total" value="12800"`)
		d.refuse(at, clone(form, "shown_total", "12800", "voucher", "half"), 409, "€79.00 now")
		d.refuse(at, clone(form, "shown_total", "12800", "received", "60"), 422, `id="f-received-error"`, "This costs €128.00.")
		d.refuse(at, clone(form, "received", "60"), 422, `id="f-received-error"`)
		if n := len(d.orders()); n != 0 {
			t.Fatalf("%d orders", n)
		}
		to := d.send(at, clone(form, "shown_total", "12800", "received", "130"), at+"?")
		if again := d.send(at, clone(form, "shown_total", "12800", "received", "130"), at+"?"); again != to {
			t.Errorf("a double tap led to %s, then to %s", to, again)
		}
		d.see(to, "€128.00", "2 × Lunch", "€2.00")
		if n := len(d.orders()); n != 1 {
			t.Errorf("%d orders", n)
		}
	})
}

// Who checks tickets sells them too, but gives none away and sees only what they took themselves.
func TestTheDoorSells(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(5)
		at := d.at("/box-office")
		door := d.colleague(organisers.Door)
		form := url.Values{"idempotency_key": {"key-door-1"}, "quantity_" + string(paid.ID): {"1"}, "buyer.name": {"Walk-in"}, "method": {"cash"}}
		if body := door.see(at, "Regular"); strings.Contains(body, `value="free"`) {
			t.Error("the door is offered to give tickets away")
		}
		door.refuse(at, clone(form, "method", "free"), 422, `id="f-method-error"`)
		to := door.send(at, form, at+"?")
		if body := door.see(to, "Walk-in", "<svg class=\"qr\""); strings.Contains(body, "secret=") {
			t.Error("the door gets the order's secret, with which it could cancel it as the buyer")
		}
		d.send(at, clone(form, "buyer.name", "By the owner"), at+"?") // the same key of somebody else is another
		door.see(d.at("/box-office/takings"), "€49.00", "your own")
		if body := door.see(d.at("/box-office/takings")); strings.Contains(body, "€98.00") {
			t.Error("the door sees what others took")
		}
		d.see(d.at("/box-office/takings"), "€98.00")
		orders, err := d.Ticketing.Orders(t.Context(), d.community.ID, d.event.ID, ticketing.OrderFilter{Limit: 10})
		if err != nil || len(orders) != 2 {
			t.Fatal(len(orders), err)
		}
		others := orders[0].Code
		if w, _ := door.ask(httptest.NewRequest("GET", baseURL+at+"?sold="+others, nil)); w.StatusCode != 404 {
			t.Errorf("the door opens another's sale: %d", w.StatusCode)
		}
		if w, _ := door.post(at+"/"+others+"/undo", nil); w.StatusCode != 404 {
			t.Errorf("the door undoes another's sale: %d", w.StatusCode)
		}
		own := at + "/" + orders[1].Code + "/tickets.pdf"
		opens := func(who *desk, path string, want int) {
			t.Helper()
			if w, body := who.ask(httptest.NewRequest("GET", baseURL+path, nil)); w.StatusCode != want || want == 200 && strings.HasSuffix(path, ".pdf") && !strings.HasPrefix(body, "%PDF-") {
				t.Errorf("%s: %d, want %d", path, w.StatusCode, want)
			}
		}
		opens(door, own, 200)
		opens(door, at+"/"+others+"/tickets.pdf", 404)
		opens(d, own, 200)
		if body := d.see(at + "?sold=" + orders[1].Code); strings.Contains(body, "/door/summit") {
			t.Error("there is no door to let them in at")
		}
		d.api("POST", "/events/summit/check-in-lists", m{"name": "Yesterday", "ends_at": "2020-01-01T00:00:00Z"}, 201)
		now := d.api("POST", "/events/summit/check-in-lists", m{"name": "Now"}, 201).text1("id")
		d.see(at+"?sold="+orders[1].Code, "/door/summit/lists/"+now+"/search?code="+orders[1].Code)
		if body := d.see(at + "?sold=" + orders[1].Code); !strings.Contains(body, "secret=") {
			t.Error("who may read orders does not get to the buyer's page")
		}
		door.send(at+"/"+orders[1].Code+"/undo", nil, at)
		// A sale of long ago is for those who may read orders.
		err = d.DB.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("UPDATE orders SET confirmed_at = ? WHERE id = ?", d.Now().Add(-16*time.Minute), orders[1].ID).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		opens(door, own, 404)
		opens(door, at+"?sold="+orders[1].Code, 404)
		opens(d, at+"?sold="+orders[1].Code, 200)
		for _, role := range []organisers.Role{organisers.Viewer, organisers.AgendaEditor} {
			if w, _ := d.colleague(role).ask(httptest.NewRequest("GET", baseURL+at, nil)); w.StatusCode != 403 {
				t.Errorf("a %s sells: %d", role, w.StatusCode)
			}
		}
		// Of a sale of the shop there is nothing to undo here, whoever asks.
		shop := d.buy(paid, 1, "Ann", "ann@example.org")
		if w, _ := d.post(at+"/"+shop.Code+"/undo", nil); w.StatusCode != 404 {
			t.Errorf("an order of the shop: %d", w.StatusCode)
		}
	})
}

// sellAtDesk sells and undoes at the box office by the API alone.
func (h *house) sellAtDesk(slug string) {
	at := "/events/" + slug + "/box-office"
	event := h.api("GET", "/events/"+slug, nil, 200).text1("id")
	pool := h.api("POST", "/events/"+slug+"/pools", m{"name": "Desk", "capacity": 3}, 201).text1("id")
	ticket := h.api("POST", "/events/"+slug+"/ticket-types", m{"name": "Walk-in", "price": m{"amount": 2500, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}, "visibility": "hidden"}, 201).text1("id")
	body := m{"lines": []m{{"ticket_type_id": ticket, "quantity": 2}}, "buyer": m{"name": "Zoë"}, "method": "card", "reference": "T-1", "name_only": true}
	sold := h.api("POST", at+"/orders", body, 201, "Idempotency-Key", "desk-1")
	sold.is("confirmed", "status")
	sold.is("card", "payment", "method")
	sold.is("T-1", "payment", "reference")
	sold.is("", "buyer", "email")
	sold.is(event, "event_id")
	h.api("POST", at+"/orders", body, 201, "Idempotency-Key", "desk-1").is(sold.at("id"), "id")
	h.api("POST", at+"/orders", body, 409).is("sold_out", "code")
	h.api("POST", at+"/orders", m{"lines": body["lines"], "buyer": body["buyer"], "method": "import"}, 422).is("method", "fields", 0, "name")
	h.api("GET", at+"/takings", nil, 200).is(5000, "items", 0, "taken", "amount")
	h.api("POST", "/orders/"+sold.text1("code")+"/undo", nil, 200).is(5000, "refund", "amount")
	h.api("GET", at+"/takings", nil, 200).is(5000, "items", 0, "given_back", "amount")
	h.api("POST", "/orders/"+sold.text1("code")+"/undo", nil, 409).is("order_over", "code")
	given := h.api("POST", at+"/orders", m{"lines": []m{{"ticket_type_id": ticket, "quantity": 1}}, "buyer": m{"name": "Zoë"}, "method": "free"}, 201)
	given.is(0, "total", "amount")
	given.is(nil, "payment")
	if turnout.ID(given.text1("tickets", 0, "id")) == "" || given.at("tickets", 0, "code") == nil {
		h.t.Error("a ticket that was given has no code")
	}
}
