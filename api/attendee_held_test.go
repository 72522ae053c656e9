package api

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/dbtest"
	"turnout/internal/mail"
	"turnout/ticketing"
)

// checkout opens the form and fills it in for one ticket type.
func (d *desk) checkout(t *ticketing.TicketType, quantity string, more ...string) url.Values {
	d.t.Helper()
	page := d.see("/e/summit/checkout")
	key := regexp.MustCompile(`name="idempotency_key" value="([^"]+)"`).FindStringSubmatch(page)[1]
	form := url.Values{"idempotency_key": {key}, "quantity_" + string(t.ID): {quantity}, "buyer.name": {"Ada"}, "buyer.email": {"ada@example.org"}}
	if held := regexp.MustCompile(`name="held" value="([^"]+)"`).FindStringSubmatch(page); held != nil {
		form.Set("held", held[1])
	}
	return clone(form, more...)
}

// orders lists the event's orders by their states, the newest first.
func (d *desk) orders() (states []string) {
	d.t.Helper()
	list, err := d.Ticketing.Orders(d.t.Context(), d.community.ID, d.event.ID, ticketing.OrderFilter{Limit: 20})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, o := range list {
		states = append(states, fmt.Sprintf("%d %s", len(o.Tickets), o.StatusAt(d.Now())))
	}
	return states
}

func (d *desk) wantOrders(want ...string) {
	d.t.Helper()
	if got := d.orders(); strings.Join(got, ", ") != strings.Join(want, ", ") {
		d.t.Errorf("orders %v, want %v", got, want)
	}
}

// Back from the payment page: the buyer goes on with the unpaid order, or takes other tickets instead of it, also when its places
// were the last.
func TestAnUnpaidOrderIsTakenUpAgain(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(3)
		v, other := d.stranger(), d.stranger()
		first := v.checkout(paid, "3")
		pay := v.send("/e/summit/checkout", first, "/pay/")
		cookie := v.cookies["held_order"]
		if cookie == nil || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/e/summit" || cookie.MaxAge > 900 {
			t.Fatalf("the cookie: %+v", cookie)
		}
		v.see("/e/summit", "You have an unpaid order", "3 × Regular", `href="`+pay+`"`, "data-until")
		v.see("/e/summit/checkout", "You have an unpaid order", `href="`+pay+`"`, `value="replace" checked`)
		if page := other.see("/e/summit"); strings.Contains(page, "unpaid") || !strings.Contains(page, "Sold out") {
			t.Error("another browser sees the order, or places that it holds")
		}
		other.see("/e/summit/checkout", "Nothing is on sale right now")

		instead := v.checkout(paid, "2", "held_choice", "replace")
		second := v.send("/e/summit/checkout", instead, "/pay/")
		d.wantOrders("2 held", "3 canceled")
		if again := v.send("/e/summit/checkout", instead, "/pay/"); again != second {
			t.Error("sent twice, the form makes two orders")
		}
		v.see("/e/summit", "2 × Regular")

		// The form that made the order, sent again changed: it needs no question.
		v.send("/e/summit/checkout", clone(instead, "quantity_"+string(paid.ID), "1", "held", "", "held_choice", ""), "/pay/")
		d.wantOrders("1 held", "2 canceled", "3 canceled")

		// Both are kept when the buyer says so.
		v.send("/e/summit/checkout", v.checkout(paid, "2", "held_choice", "keep"), "/pay/")
		d.wantOrders("2 held", "1 held", "2 canceled", "3 canceled")
		more := v.checkout(paid, "3", "held_choice", "replace")
		v.refuse("/e/summit/checkout", more, 409, "Only 2 are left.", "unpaid order")
		v.refuse("/e/summit/checkout", clone(more, "held_choice", "keep"), 409, "Sold out.", `value="keep" checked`)
		d.wantOrders("2 held", "1 held", "2 canceled", "3 canceled")
	})
}

// Two tabs, a hold that is over, an order that was paid elsewhere, a browser without cookies.
func TestUnpaidOrdersInBadWeather(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, free := d.onSale(10)
		v := d.stranger()
		other := v.checkout(paid, "2") // opened in another tab before the first was sent
		pay := v.send("/e/summit/checkout", v.checkout(paid, "1"), "/pay/")
		v.refuse("/e/summit/checkout", other, 422, "You have an unpaid order already.", "f-held_choice", `href="`+pay+`"`)
		d.wantOrders("1 held")

		// Paid in another tab: nothing more is bought unasked.
		form := v.checkout(paid, "2", "held_choice", "replace")
		if w, body := call(t, d, "POST", "/sandbox/payments/"+pay[len("/pay/"):]+"/succeed", "{}"); w.StatusCode != 200 {
			t.Fatal(body)
		}
		if page := v.see("/e/summit"); strings.Contains(page, "unpaid") {
			t.Error("a paid order is offered for payment")
		}
		d.wantOrders("1 confirmed")
		v.send("/e/summit/checkout", form, "/pay/") // another order: the form's choice was about one that is paid
		d.wantOrders("2 held", "1 confirmed")

		// Over meanwhile: the offer is gone, ordering goes on.
		form = v.checkout(paid, "3", "held_choice", "replace")
		if _, err := d.DB.Writer().Exec("UPDATE orders SET expires_at = created_at WHERE status = 'held'"); err != nil {
			t.Fatal(err)
		}
		if page := v.see("/e/summit/checkout"); strings.Contains(page, "unpaid") {
			t.Error("a hold that is over is offered for payment")
		}
		v.send("/e/summit/checkout", form, "/pay/")

		// A free order instead of a held one: nothing is left to take up.
		v.send("/e/summit/checkout", v.checkout(free, "1", "held_choice", "replace"), "/orders/")
		d.wantOrders("1 confirmed", "3 canceled", "2 expired", "1 confirmed")
		if v.cookies["held_order"].MaxAge >= 0 {
			t.Error("the cookie of what gave way stays")
		}

		// Without cookies the form itself knows what it made.
		blind := d.stranger()
		form = blind.checkout(paid, "1")
		blind.send("/e/summit/checkout", form, "/pay/")
		blind.cookies = map[string]*http.Cookie{}
		blind.send("/e/summit/checkout", clone(form, "quantity_"+string(paid.ID), "2"), "/pay/")
		if got := d.orders(); got[0] != "2 held" || got[1] != "1 canceled" {
			t.Errorf("without cookies: %v", got)
		}
		for _, wrong := range []string{"x", "ord_x.y~z", string(turnout.NewID("ord")) + ".AAAA"} {
			blind.cookies = map[string]*http.Cookie{"held_order": {Name: "held_order", Value: wrong}}
			if page := blind.see("/e/summit"); strings.Contains(page, "unpaid") {
				t.Errorf("the cookie %q names an order", wrong)
			}
		}
	})
}

// Everything that is wrong is said at once, each beside its field and in the summary with its ticket.
func TestTheCheckoutSaysAllAtOnce(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, free := d.onSale(20)
		v := d.stranger()
		form := v.checkout(paid, "11", "quantity_"+string(free.ID), "two", "buyer.name", "", "buyer.email", "ada@")
		v.refuse("/e/summit/checkout", form, 422, "Regular: At most 10 in one order.", "Student: Write a whole number, 0 or more.",
			"Full name: This is needed.", "E-mail address: This is not an e-mail address.", `value="two"`, `value="11"`)
		if _, body := v.post("/e/summit/checkout", form); strings.Index(body, "Regular: At most") > strings.Index(body, "Student: Write") || strings.Contains(body, "€539.00") {
			t.Error("the summary goes another way than the page, or the sum counts what cannot be ordered")
		}
		v.refuse("/e/summit/checkout", clone(form, "quantity_"+string(paid.ID), "-1", "quantity_"+string(free.ID), ""), 422,
			"Regular: Write a whole number, 0 or more.", `value="-1"`, "Full name: This is needed.")
		v.refuse("/e/summit/checkout", clone(form, "quantity_"+string(paid.ID), "", "quantity_"+string(free.ID), "0"), 422,
			"Choose at least one ticket.", "Full name: This is needed.", "E-mail address:")
		v.refuse("/e/summit/checkout", clone(form, "quantity_"+string(paid.ID), "2", "quantity_"+string(free.ID), "0", "named", "yes"), 422,
			"Ticket 1 · Regular, Full name: This is needed.", "Ticket 2 · Regular, Full name: This is needed.")
		d.buy(free, 10, "Grace", "grace@example.org")
		d.buy(free, 8, "Grace", "grace@example.org")
		v.refuse("/e/summit/checkout", clone(form, "quantity_"+string(paid.ID), "3", "quantity_"+string(free.ID), "0", "buyer.name", "Ada", "buyer.email", "ada@example.org"), 409,
			"Regular: Only 2 are left.")
		v.refuse("/e/summit/checkout", clone(form, "quantity_"+string(paid.ID), "2", "quantity_"+string(free.ID), "1", "buyer.name", "Ada", "buyer.email", "ada@example.org"), 409,
			"There are fewer places left than that.")
		wish := clone(form, "quantity_"+string(paid.ID), "3", "quantity_"+string(free.ID), "0", "buyer.name", "Ada", "buyer.email", "ada@example.org")
		if _, body := v.post("/e/summit/checkout", wish); strings.Contains(body, "€147.00") {
			t.Error("the sum counts places that are gone")
		}
		d.buy(free, 2, "Grace", "grace@example.org")
		if _, body := v.post("/e/summit/checkout", wish); strings.Contains(body, "€147.00") || strings.Contains(body, "Continue to payment</button>") ||
			!strings.Contains(body, "Nothing is on sale right now") {
			t.Error("what is gone can still be paid for")
		}
		v.lang = "de"
		v.refuse("/e/summit/checkout", form, 422, "Regular: Höchstens 10 in einer Bestellung.", "Student: Schreiben Sie eine ganze Zahl")
	})
}

// mails lists what was mailed to an address, the oldest first.
func (d *desk) mails(to string) (found []mail.Stored) {
	d.t.Helper()
	if _, err := d.runner.Drain(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	all, err := mail.List(d.t.Context(), d.DB.Read(), d.community.ID, false, "", 1000)
	if err != nil {
		d.t.Fatal(err)
	}
	for i := range all {
		if m := all[len(all)-1-i]; m.To == to {
			found = append(found, m)
		}
	}
	return found
}

// Who waits is nobody's business: a second wish with an address is answered as the first, on the page and by the API; its mailbox
// alone hears of it.
func TestTheWaitlistTellsNobodyWhoWaits(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(1)
		d.buy(free, 1, "Ada", "ada@example.org")
		v := d.stranger()
		form := url.Values{"ticket_type_id": {string(free.ID)}, "party_size": {"many"}, "name": {""}, "email": {"grace@"}}
		v.refuse("/e/summit/waitlist", form, 422, "How many people: Write a number from 1 to 100.", "Name: This is needed.", "E-mail address: ", `value="many"`)
		v.refuse("/e/summit/waitlist", clone(form, "party_size", "0"), 422, "How many people: Write a number", "f-party_size-error")
		form = clone(form, "party_size", "2", "name", "Grace", "email", "grace@example.org")
		first := v.send("/e/summit/waitlist", form, "/e/summit/waitlist?sent=")
		page := v.see(first, "You asked to join the waitlist", "outbox", "nothing changes")
		if again := v.send("/e/summit/waitlist", form, "/e/summit/waitlist?sent="); again != first || v.see(again) != page {
			t.Error("the second answer is another")
		}
		body := m{"ticket_type_id": free.ID, "party_size": 2, "name": "Grace", "email": "grace@example.org"}
		known := d.api("POST", "/events/summit/waitlist", body, 201, "Authorization", "").text
		body["email"] = "fresh@example.org"
		fresh := d.api("POST", "/events/summit/waitlist", body, 201, "Authorization", "").text
		if known != strings.Replace(fresh, "fresh@", "grace@", 1) {
			t.Errorf("the API tells: %s and %s", known, fresh)
		}
		got := d.mails("grace@example.org")
		if len(got) != 3 {
			t.Fatalf("%d mails", len(got))
		}
		link := regexp.MustCompile(`/waitlist/wait_[^\s]+|/waitlist/[a-z]+_[^\s]+`).FindString(got[2].Text)
		v.see(link, "You are on the waitlist")
		leave := strings.Replace(link, "?", "/leave?", 1)
		v.refuse(leave, nil, 200, "Leave the waitlist?", `action="`+html.EscapeString(leave)+`"`, `name="confirmed"`, `href="`+html.EscapeString(link)+`"`, d.community.Name)
		v.see(link, "You are on the waitlist", "data-confirm=")
		v.send(leave, url.Values{"confirmed": {"confirmed"}}, "/waitlist/")
		v.see(link, "You left the waitlist")
	})
}

// A link that opens nothing leads to a new one, by mail and to the buyer alone.
func TestALostOrderIsFound(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(5)
		order := d.buy(free, 1, "Ada", "ada@example.org")
		v := d.stranger()
		dead := func(path string) string {
			w, body := v.ask(httptest.NewRequest("GET", baseURL+path, nil))
			if w.StatusCode != http.StatusNotFound || !strings.Contains(body, "This link opens no order") {
				t.Errorf("%s: %d %s", path, w.StatusCode, excerpt(body))
			}
			v.sound(path, body)
			return body
		}
		for _, path := range []string{"/orders/" + order.Code, "/orders/" + order.Code + "?secret=wrong", "/orders/" + order.Code + "/tickets.pdf?secret=wrong"} {
			if body := dead(path); !strings.Contains(body, `action="/e/summit/find-order"`) || strings.Contains(body, "Ada") {
				t.Errorf("%s: %s", path, excerpt(body))
			}
		}
		if body := dead("/orders/NONSENSE?secret=x"); strings.Contains(body, "<form class") || !strings.Contains(body, "ask those who run the event") {
			t.Error("an address of nothing: ", excerpt(body))
		}
		v.see("/e/summit", `href="/e/summit/find-order"`)
		v.see("/e/summit/find-order", "Gopher Summit", `name="email"`)
		v.refuse("/e/summit/find-order", url.Values{"email": {"ada@"}}, 422, "f-email-error", `value="ada@"`)
		before := len(d.mails("ada@example.org"))
		var answers []string
		for _, email := range []string{"ada@example.org", "nobody@example.org"} {
			answers = append(answers, v.see(v.send("/e/summit/find-order", url.Values{"email": {email}}, "/e/summit/find-order?sent="), "Request received", "outbox"))
		}
		if answers[0] != answers[1] {
			t.Error("the answers differ")
		}
		if got := d.mails("nobody@example.org"); len(got) != 0 {
			t.Errorf("%d mails to nobody", len(got))
		}
		got := d.mails("ada@example.org")
		if len(got) != before+1 || !strings.Contains(got[before].Text, "/orders/"+order.Code+"?secret="+order.Secret) {
			t.Fatalf("%d mails, then %d", before, len(got))
		}
	})
}

// A declined card is said in words, with what can be done.
func TestADeclinedCardIsSaid(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(5)
		v := d.stranger()
		pay := v.send("/e/summit/checkout", v.checkout(paid, "1"), "/pay/")
		w, _ := v.ask(httptest.NewRequest("GET", baseURL+pay, nil))
		session := strings.TrimPrefix(w.Header.Get("Location"), baseURL)
		v.see(session)
		v.see(v.send(session+"/decline", nil, "/sandbox/checkout/"), "The card was declined.", "Try again below", `class="alert alert-error"`, session+"/pay")
	})
}

// Answers to questions that nobody asked are refused by their name.
func TestAnswersToNoQuestion(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(5)
		body := func(answers any) m {
			return m{"lines": []m{{"ticket_type_id": free.ID, "quantity": 1}}, "buyer": m{"name": "Ada", "email": "ada@example.org"},
				"attendees": []m{{"name": "Ada", "email": "ada@example.org", "answers": answers}}}
		}
		for _, none := range []any{nil, m{}} {
			d.api("POST", "/events/summit/orders", body(none), 201, "Authorization", "")
		}
		for _, value := range []any{"vegan", 3, true, []string{"a"}, m{"b": 1}} {
			got := d.api("POST", "/events/summit/orders", body(m{"food": value}), 422, "Authorization", "")
			got.is("attendees[0].answers.food", "fields", 0, "name")
			got.is("unknown_question", "fields", 0, "code")
		}
		both := body(m{"food": "vegan"})
		both["buyer"] = m{"name": "", "email": "ada@example.org"}
		d.api("POST", "/events/summit/orders", both, 422, "Authorization", "").is("buyer.name", "fields", 0, "name")
	})
}

// What a search finds first does not hide what the filter wants, also by the API's pages.
func TestTheAPISearchesOrdersWhole(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, free := d.onSale(50)
		for i := range 4 {
			d.buy(free, 1, fmt.Sprint("Ada ", i), fmt.Sprintf("ada%d@example.org", i))
		}
		held := d.buy(paid, 1, "Ada Held", "held@example.org")
		d.api("GET", "/events/summit/orders?search=ada&limit=2&status=held", nil, 200).is(held.Code, "items", 0, "code")
		cursor, seen := "", map[string]bool{}
		for range 5 {
			page := d.api("GET", "/events/summit/orders?search=ada&limit=2&cursor="+cursor, nil, 200)
			items, _ := page.at("items").([]any)
			for i := range items {
				seen[page.text1("items", i, "code")] = true
			}
			next, _ := page.at("next_cursor").(string)
			if cursor = next; cursor == "" {
				break
			}
		}
		if len(seen) != 5 {
			t.Errorf("the pages hold %d of 5", len(seen))
		}
	})
}

// Paid in the very moment in which others were wanted instead: its places are nobody's any more, and the form says so.
func TestAnOrderPaidWhileItIsReplaced(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(3)
		v := d.stranger()
		v.send("/e/summit/checkout", v.checkout(paid, "3"), "/pay/")
		form := v.checkout(paid, "2", "held_choice", "replace")
		answer := make(chan string, 1)
		err := d.DB.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			for _, query := range []string{"UPDATE pools SET taken = taken", "UPDATE orders SET status = 'confirmed', confirmed_at = created_at"} {
				if _, err := tx.ExecContext(ctx, query); err != nil {
					return err
				}
			}
			go func() {
				w, body := v.post("/e/summit/checkout", form)
				answer <- fmt.Sprint(w.StatusCode, body)
			}()
			return dbtest.Waiting(ctx, d.DB, 1)
		})
		if err != nil {
			t.Fatal(err)
		}
		if page := <-answer; !strings.HasPrefix(page, "409") || !strings.Contains(page, "Sold out") || strings.Contains(page, "unpaid") {
			t.Errorf("it says %s", page)
		}
	})
}

// A checkout says only what fits: nothing of money where all is free, nothing of names where one ticket is all there can be.
func TestTheCheckoutSaysWhatFits(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.onSale(20)
		v := d.stranger()
		v.see("/e/summit/checkout", "get back what you paid", "name_attendees")
		for _, change := range []string{"price = 0", "visibility = 'hidden'", "max_per_order = 1"} {
			q := d.DB.Writer().NewUpdate().Model((*ticketing.TicketType)(nil)).Set(change).Where("event_id = ?", d.event.ID)
			if change == "visibility = 'hidden'" {
				q = q.Where("name = 'Regular'")
			}
			if _, err := q.Exec(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if body := v.see("/e/summit/checkout", "There is nothing to pay.", "You can cancel until the event begins.<"); strings.Contains(body, "what you paid") || strings.Contains(body, "name_attendees") {
			t.Error("it speaks of money that is not paid, or of names for one ticket")
		}
	})
}

// Where mails are sent, the pages say so; where they are kept, none says that one is on its way.
func TestMailsAreKeptOrSent(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.onSale(1)
		sends, err := New(d.Services, Config{Templates: allPages(), Sandbox: d.sandbox})
		if err != nil {
			t.Fatal(err)
		}
		for path, sent := range map[string]string{"/e/summit/find-order?sent=yes": "on its way", "/e/summit/waitlist?sent=yes": "We have sent you an email"} {
			if body := d.see(path, "outbox."); strings.Contains(body, sent) {
				t.Errorf("%s promises a mail that is kept", path)
			}
			if _, body := call(t, sends, "GET", path, ""); !strings.Contains(body, sent) || strings.Contains(body, "outbox.") {
				t.Errorf("%s does not say that a mail is sent: %s", path, excerpt(body))
			}
		}
	})
}
