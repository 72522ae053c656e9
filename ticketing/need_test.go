package ticketing_test

import (
	"fmt"
	"strings"
	"testing"

	"turnout"
	"turnout/events"
	"turnout/ticketing"
)

// What an event's tickets need before everybody sees them; an open need stands with a question mark.
func TestNeedsOfTickets(t *testing.T) {
	hall, empty := &ticketing.Pool{ID: "pool_1", Name: "Hall", Capacity: 10}, &ticketing.Pool{ID: "pool_2", Name: "Garden"}
	place := &ticketing.TicketType{AttendanceMode: ticketing.InPerson, Visibility: ticketing.Public, PoolIDs: []turnout.ID{"pool_1"}}
	paid := &ticketing.TicketType{AttendanceMode: ticketing.Virtual, Visibility: ticketing.Hidden, Price: 100}
	kitchen := &ticketing.Pool{ID: "pool_3", Name: "Kitchen", Capacity: 10}
	dinner := &ticketing.AddOn{Price: 100, OnSale: true, PoolIDs: []turnout.ID{"pool_3"}}
	early := &ticketing.TicketType{AttendanceMode: ticketing.InPerson, Visibility: ticketing.Public, PoolIDs: []turnout.ID{"pool_1"}, PriceWindows: []ticketing.PriceWindow{{Price: 100}}}
	for _, tt := range []struct {
		format  events.Format
		types   []*ticketing.TicketType
		addOns  []*ticketing.AddOn
		pools   []*ticketing.Pool
		payable bool
		want    string
	}{
		{events.Hybrid, nil, nil, nil, false, "tickets?"},
		{events.Hybrid, nil, nil, []*ticketing.Pool{hall, empty}, false, "tickets? unused_pool:Hall? empty_pool:Garden?"},
		{events.InPerson, []*ticketing.TicketType{place}, nil, []*ticketing.Pool{hall}, false, "tickets"},
		{events.Hybrid, []*ticketing.TicketType{place}, nil, nil, false, "tickets mode_in_person mode_virtual?"},
		{events.Hybrid, []*ticketing.TicketType{place, paid}, nil, nil, false, "tickets mode_in_person mode_virtual payment?"},
		{events.Virtual, []*ticketing.TicketType{paid}, nil, nil, true, "tickets hidden? payment"},
		{events.InPerson, []*ticketing.TicketType{place}, []*ticketing.AddOn{dinner}, []*ticketing.Pool{hall, kitchen}, false, "tickets payment?"},
		{events.InPerson, []*ticketing.TicketType{early}, nil, []*ticketing.Pool{hall}, false, "tickets payment?"},
	} {
		var got []string
		for _, n := range ticketing.Needs(&events.Event{Format: tt.format}, tt.types, tt.addOns, tt.pools, tt.payable) {
			text := n.Code
			if n.Name != "" {
				text = fmt.Sprintf("%s:%s", text, n.Name)
			}
			if n.Open {
				text += "?"
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s, %d types: %v, want %s", tt.format, len(tt.types), got, tt.want)
		}
	}
}
