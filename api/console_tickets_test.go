package api

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"turnout"
	"turnout/ticketing"
)

func TestTicketPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.see(d.at("/tickets"), "No places yet")
		d.refuse(d.at("/tickets/pools"), url.Values{"name": {"Hall"}, "capacity": {"many"}}, 422, "whole number", `value="Hall"`)
		d.send(d.at("/tickets/pools"), url.Values{"name": {"Hall"}, "capacity": {"3"}}, d.at("/tickets"))
		pools, err := d.Ticketing.Pools(t.Context(), d.community.ID, d.event.ID)
		if err != nil || len(pools) != 1 {
			t.Fatal(pools, err)
		}
		pool := string(pools[0].ID)
		d.refuse(d.at("/tickets/pools"), url.Values{"name": {" Hall "}, "capacity": {"3"}}, 409, `id="f-name-error"`, "one of that name")
		d.see(d.at("/tickets/types/new"), "checked")
		form := url.Values{"name": {"Regular"}, "price": {"49,50"}, "attendance_mode": {"in_person"}, "pool_ids": {pool}, "min_per_order": {"1"}, "max_per_order": {"4"},
			"visibility": {"public"}, "sales_end": {"2030-01-01T10:00"}}
		d.refuse(d.at("/tickets/types/new"), clone(form, "price", "1.234"), 422, "has more decimals than EUR. If you mean €1,234.00", "Regular")
		d.send(d.at("/tickets/types/new"), form, d.at("/tickets"))
		types, err := d.Ticketing.TicketTypes(t.Context(), d.community.ID, d.event.ID)
		if err != nil || len(types) != 1 || types[0].Price != 4950 || types[0].SalesEnd.UTC().Format("15:04") != "09:00" {
			t.Fatalf("%+v, %v", types, err)
		}
		d.refuse(d.at("/tickets/types/new"), form, 409, `id="f-name-error"`, "one of that name")
		page := d.at("/tickets/types/" + string(types[0].ID))
		d.see(page, "49.50", "2030-01-01T10:00")
		d.send(page, clone(form, "name", "Full", "version", "1"), d.at("/tickets"))
		d.refuse(page, clone(form, "name", "Late", "version", "1"), 412, "Somebody changed this", "Late")
		d.see(d.at("/tickets"), "€49.50", "The event is a draft")
		if _, err := d.Events.Publish(t.Context(), d.community.ID, string(d.event.ID), 0); err != nil {
			t.Fatal(err)
		}
		d.buy(types[0], 3, "Ada", "ada@example.org")
		d.see(d.at("/tickets"), "Sold out", "No place is left in Hall.", "3 of 3 taken")
		d.refuse(d.at("/tickets/pools/"+pool), url.Values{"name": {"Hall"}, "capacity": {"2"}, "version": {"1"}}, 409, "already sold, held, reserved or set aside")
		d.send(d.at("/tickets/pools/"+pool), url.Values{"name": {"Hall"}, "capacity": {"9"}}, d.at("/tickets"))
		d.lang = "de"
		for _, p := range []string{d.at("/tickets"), page, d.at("/tickets/types/new"), d.at("/tickets/pools/" + pool), d.at("")} {
			d.see(p)
		}
	})
}

// Two pools that one ticket draws on are two figures, not one sum of places that nobody can buy.
func TestOverviewShowsEachPool(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		in := ticketing.TicketTypeInput{Name: "Both", Price: turnout.Money{Currency: "EUR"}, AttendanceMode: ticketing.InPerson}
		for name, places := range map[string]int64{"Hall": 2, "Dinner": 1} {
			pool, err := d.Ticketing.CreatePool(t.Context(), d.community.ID, d.event.ID, ticketing.PoolInput{Name: name, Capacity: places})
			if err != nil {
				t.Fatal(err)
			}
			in.PoolIDs = append(in.PoolIDs, pool.ID)
		}
		both, err := d.Ticketing.CreateTicketType(t.Context(), d.community.ID, d.event.ID, in)
		if err != nil {
			t.Fatal(err)
		}
		if body := d.see(d.at(""), "0 of 2 taken", "0 of 1 taken"); strings.Contains(body, "3 places") {
			t.Error("a sum of both pools is shown")
		}
		if _, err := d.Events.Publish(t.Context(), d.community.ID, string(d.event.ID), 0); err != nil {
			t.Fatal(err)
		}
		d.buy(both, 1, "Ada", "ada@example.org")
		d.see(d.at(""), "1 of 2 taken", "1 of 1 taken")
	})
}

func TestOrderPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.see(d.at("/orders"), "No orders yet")
		paid, free := d.onSale(200)
		gift := d.buy(free, 2, "Łukasz Żółw", "lukasz@example.org")
		held := d.buy(paid, 1, "Ada Lovelace", "ada@example.org")
		d.see(d.at("/orders"), gift.Code, held.Code, "€49.00")
		for query, want := range map[string]string{"search=lukasz": gift.Code, "search=" + held.Code: held.Code, "status=held": held.Code, "search=" + gift.Code: gift.Code} {
			body := d.see(d.at("/orders?"+query), want)
			if other := map[string]string{gift.Code: held.Code, held.Code: gift.Code}[want]; strings.Contains(body, other) {
				t.Errorf("%s also finds %s", query, other)
			}
		}
		d.see(d.at("/orders?search=nobody"), "No order fits")
		d.see(d.at("/orders?refunds=manual"), "No order fits", "Refund by hand")
		r := httptest.NewRequest("GET", baseURL+d.at("/orders?status=held"), nil)
		r.Header.Set("HX-Request", "true")
		if w, body := d.ask(r); w.StatusCode != 200 || strings.Contains(body, "<html lang") || !strings.Contains(body, held.Code) {
			t.Errorf("the part for htmx: %d %.200s", w.StatusCode, body)
		}
		d.see(d.at("/orders/"+gift.Code), "Łukasz Żółw", "Order placed")
		if w, _ := d.ask(httptest.NewRequest("GET", baseURL+d.at("/orders/AAAAA"), nil)); w.StatusCode != 404 {
			t.Errorf("an order that does not exist: %d", w.StatusCode)
		}
		sure := url.Values{"confirmed": {"confirmed"}}
		d.send(d.at("/orders/"+gift.Code+"/cancel"), sure, d.at("/orders/"+gift.Code))
		d.see(d.at("/orders/"+gift.Code), "is canceled")
		d.send(d.at("/orders/"+gift.Code+"/cancel"), sure, d.at("/orders/"+gift.Code))
		d.see(d.at("/orders/"+gift.Code), "already canceled")
		d.send(d.at("/orders/"+held.Code+"/refund"), sure, d.at("/orders/"+held.Code))
		d.see(d.at("/orders/"+held.Code), "Nothing of this order")
		d.lang = "de"
		for _, p := range []string{d.at("/orders"), d.at("/orders?search=x"), d.at("/orders/" + held.Code), d.at("/orders/" + gift.Code), d.at("/waitlist")} {
			d.see(p)
		}
	})
}

// However many orders there are, the list asks the same number of statements, and it comes in pages that miss none.
func TestOrderListInPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(500)
		d.buy(free, 1, "First", "first@example.org")
		few := d.statements(d.at("/orders"))
		for i := range 60 {
			if _, _, err := d.Ticketing.PlaceOrder(t.Context(), ticketing.Purchase{EventID: d.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: free.ID, Quantity: 1}},
				Buyer: ticketing.Attendee{Name: fmt.Sprintf("Guest %d", i), Email: fmt.Sprintf("guest%d@example.org", i)}}); err != nil {
				t.Fatal(err)
			}
		}
		if many := d.statements(d.at("/orders")); many != few {
			t.Errorf("%d statements for 1 order, %d for 61", few, many)
		}
		body := d.see(d.at("/orders"))
		if n := strings.Count(body, "<tr>"); n != 51 {
			t.Errorf("%d rows on the first page", n)
		}
		_, after, ok := strings.Cut(body, `before=`)
		if !ok {
			t.Fatal("no way to the next page")
		}
		id, _, _ := strings.Cut(after, `"`)
		if !turnout.ID(id).Is(turnout.PrefixOrder) {
			t.Fatalf("cursor %q", id)
		}
		if n := strings.Count(d.see(d.at("/orders?before="+id)), "<tr>"); n != 12 {
			t.Errorf("%d rows on the second page", n)
		}
	})
}
