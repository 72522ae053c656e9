package api

import (
	"context"
	"net/url"
	"testing"

	"github.com/uptrace/bun"
)

// The organiser's forms of what an event sells: price windows by rows, add-ons, places set aside, the shop's settings.
func TestCataloguePages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.send(d.at("/tickets/pools"), url.Values{"name": {"Hall"}, "capacity": {"10"}}, d.at("/tickets"))
		pools, err := d.Ticketing.Pools(t.Context(), d.community.ID, d.event.ID)
		if err != nil {
			t.Fatal(err)
		}
		pool := string(pools[0].ID)
		form := url.Values{"name": {"Regular"}, "price": {"49,50"}, "attendance_mode": {"in_person"}, "pool_ids": {pool}, "min_per_order": {"1"}, "max_per_order": {"4"}, "multiple_of": {"2"},
			"visibility": {"public"}, "pricing": {"fixed"}, "email_domains": {"@Uni.example, other.example"}, "members_only": {"1"}, "requires_approval": {"1"},
			"price_windows[0].name": {"Early"}, "price_windows[0].price": {"20"}, "price_windows[0].until": {""}, "price_windows[0].up_to": {"3"},
			"price_windows[1].name": {""}, "price_windows[1].price": {""}, "price_windows[1].until": {""}, "price_windows[1].up_to": {""},
			"price_windows[2].name": {"Spring"}, "price_windows[2].price": {"30"}, "price_windows[2].until": {"2030-01-01T10:00"}, "price_windows[2].up_to": {""}}
		at := d.at("/tickets/types/new")
		d.refuse(at, clone(form, "more_windows", "1"), 200, `value="Early"`, `value="Spring"`, `name="price_windows[2].name"`)
		d.refuse(at, clone(form, "drop_window", "0"), 200, `name="price_windows[0].name"`, `value="Spring"`)
		d.refuse(at, clone(form, "price_windows[0].up_to", "few", "price_windows[0].price", "x"), 422, "Window 1: ", "whole number")
		d.refuse(at, clone(form, "price_windows[0].up_to", ""), 422, "Window 1: ", "Say until when")
		d.refuse(at, clone(form, "price_windows[2].until", "2020-01-01T10:00"), 422, "Window 2: This price is over already. Choose a later end", `id="f-price_windows-1--until-error"`)
		steps := clone(form, "max_per_order", "5", "multiple_of", "6")
		d.refuse(at, steps, 422, "in multiples of 6 the smallest order has 6 tickets. Allow at least 6 in one order", `id="f-max_per_order-error"`)
		d.refuse(at, clone(form, "price", "1,250"), 422, "Price: “1,250” can mean €1,250.00 or €1.25. Write it as one of these.", `value="1,250"`)
		d.refuse(at, clone(form, "price", "99999999999999999999"), 422, "Price: This is too large: €10,000,000,000.00 at most.")
		d.refuse(at, clone(form, "price", "-1", "price_windows[0].price", "-1"), 422, "Price: An amount here cannot be negative.", "Window 1: An amount here cannot be negative.")
		d.refuse(at, clone(form, "price_windows[0].price", "99999999999999999999"), 422, "Window 1: This is too large: €10,000,000,000.00 at most.")
		d.refuse(d.at("/tickets/pools"), url.Values{"name": {"Field"}, "capacity": {"20000000"}}, 422, "between 0 and 10,000,000 places")
		d.lang = "de"
		d.refuse(at, clone(form, "price", "1.250"), 422, "Preis: „1.250“ kann 1.250,00\u00a0€ oder 1,25\u00a0€ heißen.")
		d.refuse(at, clone(form, "price", "99999999999999999999"), 422, "Preis: Das ist zu viel: höchstens 10.000.000.000,00\u00a0€.")
		d.refuse(at, clone(form, "pricing", "open", "min_price", "60"), 422, "Der Mindestpreis kann nicht höher sein", "Wo frei gezahlt wird, gibt es keine Preisstufen.")
		d.refuse(at, steps, 422, "In Vielfachen von 6 hat die kleinste Bestellung 6 Tickets. Erlauben Sie mindestens 6 in einer Bestellung")
		d.lang = "en"
		d.send(at, form, d.at("/tickets"))
		types, err := d.Ticketing.TicketTypes(t.Context(), d.community.ID, d.event.ID)
		if err != nil || len(types) != 1 || len(types[0].PriceWindows) != 2 || types[0].PriceWindows[1].Until.UTC().Format("15:04") != "09:00" || types[0].PriceWindows[0].UpTo != 3 ||
			len(types[0].EmailDomains) != 2 || !types[0].MembersOnly || !types[0].RequiresApproval || types[0].MultipleOf != 2 {
			t.Fatalf("%+v, %v", types, err)
		}
		typeID := string(types[0].ID)
		d.see(d.at("/tickets/types/"+typeID), `value="Early"`, `value="30.00"`, "2030-01-01T10:00", "uni.example")
		d.refuse(at, clone(form, "name", "Open", "pricing", "open", "min_price", "60"), 422, "suggested")

		for _, form := range []string{"/tickets/types/new", "/tickets/add-ons/new"} { // scripts show the least price where the buyer names one
			d.see(d.at(form), `data-show-if="pricing" data-any-of="open"`, "data-questions>")
		}
		early := types[0].PriceWindows[0]
		d.see(d.at("/tickets/types/"+typeID), `name="price_windows[0].id" value="`+string(early.ID)+`"`)
		renamed := clone(form, "price_windows[0].id", string(early.ID), "price_windows[0].name", "Early bird", "price_windows[2].id", string(types[0].PriceWindows[1].ID), "version", "1")
		d.refuse(d.at("/tickets/types/"+typeID), clone(renamed, "more_windows", "1"), 200, `name="price_windows[0].id" value="`+string(early.ID)+`"`)
		d.send(d.at("/tickets/types/"+typeID), renamed, d.at("/tickets"))
		types, err = d.Ticketing.TicketTypes(t.Context(), d.community.ID, d.event.ID)
		if err != nil || types[0].PriceWindows[0].Name != "Early bird" || types[0].PriceWindows[0].ID != early.ID || types[0].PriceWindows[0].PoolID != early.PoolID {
			t.Fatalf("renamed: %+v, %v", types[0].PriceWindows, err)
		}

		addOn := url.Values{"name": {"Dinner"}, "price": {"15"}, "pricing": {"fixed"}, "pool_ids": {pool}, "on_sale": {"1"}, "with_" + typeID: {"1"}, "least_" + typeID: {"1"}, "most_" + typeID: {"2"}}
		d.see(d.at("/tickets/add-ons/new"), "Regular")
		d.refuse(d.at("/tickets/add-ons/new"), clone(addOn, "least_"+typeID, "3"), 422, "Regular: ", `value="Dinner"`)
		d.send(d.at("/tickets/add-ons/new"), addOn, d.at("/tickets"))
		d.refuse(d.at("/tickets/add-ons/new"), addOn, 409, "one of that name")
		list, err := d.Ticketing.AddOns(t.Context(), d.community.ID, d.event.ID)
		if err != nil || len(list) != 1 || len(list[0].With) != 1 || list[0].With[0].Least != 1 || list[0].With[0].Most != 2 || len(list[0].PoolIDs) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		page := d.at("/tickets/add-ons/" + string(list[0].ID))
		d.see(page, `value="15.00"`)
		d.lang = "de"
		d.see(page, `value="15,00"`)
		d.see(d.at("/tickets/types/"+typeID), `value="49,50"`, `value="30,00"`)
		d.send(page, clone(addOn, "price", "1.250,00", "version", "1"), d.at("/tickets"))
		d.see(page, `value="1250,00"`)
		d.lang = "en"
		d.see(d.at("/tickets"), "€1,250.00")
		d.send(page, clone(addOn, "name", "Supper", "version", "2"), d.at("/tickets"))
		d.refuse(page, clone(addOn, "version", "1"), 412, "Somebody changed this")
		d.see(d.at("/tickets"), "Supper", "at least 1", "for Regular, Supper")

		blocks := d.at("/tickets/pools/" + pool)
		d.refuse(blocks+"/blocks", url.Values{"places": {"11"}, "note": {"Crew"}}, 409, "fewer free places", `value="Crew"`)
		d.refuse(blocks+"/blocks", url.Values{"places": {""}, "note": {"Crew"}}, 422, "Places: ")
		d.send(blocks+"/blocks", url.Values{"places": {"4"}, "note": {"Crew & press"}}, blocks)
		d.see(blocks, "4 places", "Crew &amp; press")
		d.see(d.at("/tickets"), "Set aside <strong>4</strong>", "Free <strong>6</strong>")
		set, err := d.Ticketing.Blocks(t.Context(), d.community.ID, d.event.ID)
		if err != nil || len(set) != 1 {
			t.Fatal(set, err)
		}
		d.send(blocks+"/blocks/"+string(set[0].ID)+"/remove", nil, blocks)
		d.see(d.at("/tickets"), "Free <strong>10</strong>")

		shop := d.at("/tickets/shop")
		d.see(shop, `value="72"`, `value="24"`)
		settings := url.Values{"waitlist_order": {"lottery"}, "offer_hours": {"6"}, "pay_hours": {"48"}, "waitlist_closes_at": {"2030-05-01T12:00"}, "version": {"0"}}
		d.refuse(shop, clone(settings, "offer_hours", "many", "pay_hours", "0"), 422, "An offer holds for: ", "To pay after an approval: ")
		d.send(shop, settings, d.at("/tickets"))
		d.refuse(shop, settings, 412, "Somebody changed this")
		d.see(shop, `value="6"`, `value="48"`, "2030-05-01T12:00")
		err = d.DB.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("UPDATE shop_settings SET waitlist_closed = TRUE WHERE event_id = ?", d.event.ID).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		const closed = "The waitlist is closed, and everybody was told"
		d.see(shop, closed)
		d.refuse(shop, clone(settings, "offer_hours", "many"), 422, closed)
		d.lang = "de"
		for _, p := range []string{d.at("/tickets"), d.at("/tickets/types/" + typeID), page, shop, blocks} {
			d.see(p)
		}
	})
}
