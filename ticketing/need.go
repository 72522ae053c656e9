package ticketing

import (
	"slices"

	"turnout/events"
)

// Needs lists what an event's tickets should have before everybody sees them: one for each way to attend, a public one, places,
// and, where one costs money, a way to pay. "hidden", "empty_pool" and "unused_pool" are there only when they are open.
func Needs(event *events.Event, types []*TicketType, addOns []*AddOn, pools []*Pool, payable bool) []events.Need {
	has := func(fits func(t *TicketType) bool) bool { return slices.ContainsFunc(types, fits) }
	list := []events.Need{{Code: "tickets", Open: len(types) == 0}}
	if len(types) > 0 && event.Format == events.Hybrid {
		for _, mode := range []Mode{InPerson, Virtual} {
			list = append(list, events.Need{Code: "mode_" + string(mode), Open: !has(func(t *TicketType) bool { return t.AttendanceMode == mode })})
		}
	}
	if len(types) > 0 && !has(func(t *TicketType) bool { return t.Visibility == Public }) {
		list = append(list, events.Need{Code: "hidden", Open: true})
	}
	for _, p := range pools {
		if p.Capacity == 0 {
			list = append(list, events.Need{Code: "empty_pool", Open: true, Subject: p.ID, Name: p.Name})
		} else if !has(func(t *TicketType) bool { return slices.Contains(t.PoolIDs, p.ID) }) &&
			!slices.ContainsFunc(addOns, func(a *AddOn) bool { return slices.Contains(a.PoolIDs, p.ID) }) {
			list = append(list, events.Need{Code: "unused_pool", Open: true, Subject: p.ID, Name: p.Name})
		}
	}
	costs := func(w PriceWindow) bool { return w.Price > 0 }
	if has(func(t *TicketType) bool {
		return t.Price > 0 || t.Pricing == OpenPrice || slices.ContainsFunc(t.PriceWindows, costs)
	}) ||
		slices.ContainsFunc(addOns, func(a *AddOn) bool { return a.OnSale && (a.Price > 0 || a.Pricing == OpenPrice) }) {
		list = append(list, events.Need{Code: "payment", Open: !payable})
	}
	return list
}
