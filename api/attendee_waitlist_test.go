package api

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/ticketing"
)

// A wish is kept, shown and served in the order in which the page's choices or the API's list named the types, whatever their own order.
func TestAWishKeepsTheOrderOfItsChoices(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		regular, student := d.onSale(4)
		sofa, err := d.Ticketing.CreateTicketType(ctx, d.community.ID, d.event.ID, ticketing.TicketTypeInput{Name: "Sofa", Price: turnout.Money{Currency: "EUR"}, AttendanceMode: ticketing.InPerson, PoolIDs: student.PoolIDs})
		if err != nil {
			t.Fatal(err)
		}
		sold := d.buy(student, 4, "Ada", "ada@example.org")
		v := d.stranger()
		form := url.Values{"party_size": {"2"}, "name": {"Grace"}, "email": {"grace@example.org"}}
		form["ticket_type_id"] = []string{string(sofa.ID), string(regular.ID), string(sofa.ID)}
		v.refuse("/e/summit/waitlist", form, 422, "Choose each ticket once only.", "f-ticket_type_id-error", `value="`+string(regular.ID)+`" selected`)
		form["ticket_type_id"] = []string{"", "", ""}
		v.refuse("/e/summit/waitlist", form, 422, "Choose the tickets to wait for.")
		form["ticket_type_id"] = []string{string(sofa.ID), "", string(regular.ID)}
		v.send("/e/summit/waitlist", form, "/e/summit/waitlist?sent=")
		d.api("POST", "/events/summit/waitlist", m{"ticket_type_ids": []turnout.ID{student.ID, sofa.ID, regular.ID}, "party_size": 2, "name": "Linus", "email": "linus@example.org"}, 201, "Authorization", "")

		entries, err := d.Ticketing.WaitlistRows(ctx, d.event, ticketing.WaitlistFilter{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		wants := [][]turnout.ID{{sofa.ID, regular.ID}, {student.ID, sofa.ID, regular.ID}}
		names := [][]string{{"Sofa", "Regular"}, {"Student", "Sofa", "Regular"}}
		list := d.see("/console/events/summit/waitlist")
		for i, e := range entries {
			if !slices.Equal(e.TicketTypeIDs, wants[i]) {
				t.Errorf("%s wishes for %v, not %v", e.Name, e.TicketTypeIDs, wants[i])
			}
			shown := `<ol class="ranked"><li>` + strings.Join(names[i], "</li><li>") + "</li></ol>"
			v.see(strings.TrimPrefix(d.Ticketing.WaitlistLink(e), d.Ticketing.BaseURL), shown)
			if !strings.Contains(list, shown) {
				t.Errorf("the organiser does not see %s", shown)
			}
		}
		if _, err := d.Ticketing.CancelOrder(ctx, sold.CommunityID, sold.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		if err := d.Ticketing.ServeWaitlist(ctx, d.event.ID); err != nil {
			t.Fatal(err)
		}
		for i, e := range entries {
			if now, err := d.Ticketing.WaitlistEntry(ctx, d.community.ID, e.ID); err != nil || now.OfferedTypeID != wants[i][0] {
				t.Errorf("%s was offered %s, not the first choice: %v", e.Name, now.OfferedTypeID, err)
			}
			link := strings.TrimPrefix(d.Ticketing.WaitlistLink(e), d.Ticketing.BaseURL)
			v.refuse(strings.Replace(link, "?", "/leave?", 1), nil, 200, "Give the 2 places back?")
			v.see(link, "Give the 2 places back?")
		}
	})
}

// Whoever comes back to the checkout after the offer's deadline reads that it has passed and how to wait again, however they come.
func TestAnOfferThatPassedAtTheCheckout(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		_, free := d.onSale(1)
		sold := d.buy(free, 1, "Ada", "ada@example.org")
		if err := d.Ticketing.JoinWaitlist(ctx, ticketing.WaitlistWish{EventID: d.event.ID, TicketTypeIDs: []turnout.ID{free.ID}, PartySize: 1,
			Who: ticketing.Attendee{Name: "Grace", Email: "grace@example.org"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Ticketing.CancelOrder(ctx, d.community.ID, sold.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		if err := d.Ticketing.ServeWaitlist(ctx, d.event.ID); err != nil {
			t.Fatal(err)
		}
		all, err := d.Ticketing.WaitlistRows(ctx, d.event, ticketing.WaitlistFilter{Limit: 10})
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		stands := strings.TrimPrefix(d.Ticketing.WaitlistLink(all[0]), d.Ticketing.BaseURL)
		v := d.stranger()
		w, _ := v.ask(httptest.NewRequest("GET", baseURL+strings.Replace(stands, "?", "/offer?", 1), nil))
		checkout := w.Header.Get("Location")
		form := fill(v.see(checkout), quantityOf(free), "1")
		now := d.Ticketing.Now
		d.Ticketing.Now = func() time.Time { return now().Add(15 * 24 * time.Hour) }
		w, body := v.ask(httptest.NewRequest("GET", baseURL+checkout, nil))
		if w.StatusCode != 303 || w.Header.Get("Location") != stands {
			t.Errorf("opened again: %d to %q, %s", w.StatusCode, w.Header.Get("Location"), excerpt(body))
		}
		v.refuse(at+"/refresh", form, 409, "That is not possible", "This offer is over")
		v.send(at, form, stands)
		d.wantOrders("1 canceled")
		d.Ticketing.Now = now
		if _, err := d.DB.Writer().NewUpdate().Model((*ticketing.WaitlistEntry)(nil)).Set("offer_expires_at = ?", now().Add(-time.Minute)).Where("id = ?", all[0].ID).Exec(ctx); err != nil {
			t.Fatal(err)
		}
		v.see(stands, "The offer has passed", "Join the waitlist again")
	})
}

// Whoever wants to wait for what is to be had is led to it.
func TestWhoNeedNotWaitIsLedToTheTickets(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(4)
		d.buy(free, 1, "Ada", "ada@example.org")
		v := d.stranger()
		form := url.Values{"ticket_type_id": {string(free.ID)}, "party_size": {"2"}, "name": {"Grace"}, "email": {"grace@example.org"}}
		v.refuse("/e/summit/waitlist", form, 409, "There are still tickets", `href="/e/summit/checkout"`, "To the tickets", `value="Grace"`)
	})
}
