package main

import (
	"fmt"
	"time"

	"turnout"
	"turnout/events"
	"turnout/ticketing"
)

// offered are the vouchers of the coming conference. A value is percent, or cents.
var offered = []struct {
	code, note  string
	kind        ticketing.VoucherKind
	value       int64
	max, budget int64 // 0 for none
	of          []string
	email       string
	ended       bool
}{
	{code: "HARBOUR10", note: "In the newsletter of October", kind: ticketing.Percent, value: 10, max: 50},
	{code: "FRIEND-OF-A-SPEAKER", note: "Speakers pass it on", kind: ticketing.FixedTo, value: 6000, max: 20, of: []string{"Regular", "Conference and workshop"}},
	{code: "PRESS-ROOM", note: "Accredited journalists", kind: ticketing.AccessVoucher, max: 8, of: []string{"Press"}},
	{code: "TIDAL-CLOUD", note: "Sponsor: eight places, invoiced apart", kind: ticketing.ReservedVoucher, max: 8, of: []string{"Regular"}},
	{code: "SCHOOL-BUDGET", note: "The city pays €20 a teacher, €500 in all", kind: ticketing.AmountOff, value: 2000, budget: 50000},
	{code: "KEYNOTE-VALENTINA", note: "Brings her team", kind: ticketing.Percent, value: 100, max: 4, of: []string{"Regular"}, email: "@uni.example"},
	{code: "SUMMER", note: "Went round in a chat group", kind: ticketing.Percent, value: 30, max: 25, ended: true},
}

// The raffle's vouchers were made at once.
const (
	raffle      = "Meetup raffle"
	raffleCodes = 12
)

// dealt is what happened besides at the coming conference's shop, so long ago.
var dealt = []struct {
	ago     time.Duration
	of      string
	n       int64
	voucher string
	end     fate
	dinner  bool
	or      string // what would do as well, for one who waits
}{
	{21 * day, "Conference and workshop", 3, "", queues, false, ""},
	{20 * day, "Regular", 2, "HARBOUR10", fromShop, true, ""},
	{18 * day, "Regular", 1, "SUMMER", fromShop, false, ""},
	{17 * day, "Press", 1, "PRESS-ROOM", fromShop, false, ""},
	{16 * day, "Regular", 3, "TIDAL-CLOUD", fromShop, true, ""},
	{14 * day, "Community place", 1, "", approvedPaid, true, ""},
	{13 * day, "Conference and workshop", 4, "", queues, false, "Early bird"},
	{12 * day, "Regular", 1, "FRIEND-OF-A-SPEAKER", fromShop, false, ""},
	{12 * day, "Regular", 4, "SCHOOL-BUDGET", fromShop, false, ""},
	{11 * day, "Press", 2, "PRESS-ROOM", fromShop, true, ""},
	{9 * day, "Community place", 1, "", declined, false, ""},
	{8 * day, "Regular", 2, "HARBOUR10", fromShop, false, ""},
	{7 * day, "Regular", 1, "RAFFLE-1", fromShop, false, ""},
	{6 * day, "Conference and workshop", 1, "FRIEND-OF-A-SPEAKER", fromShop, true, ""},
	{5 * day, "Regular", 1, "", byCash, false, ""},
	{5*day + time.Minute, "Student", 1, "", byCash, false, ""},
	{4 * day, "Regular", 2, "", byCard, true, ""},
	{4 * day, "Regular", 1, "", given, false, ""},
	{3 * day, "Early bird", 2, "", queues, false, ""},
	{3 * day, "Regular", 1, "RAFFLE-2", fromShop, true, ""},
	{3 * day, "Community place", 1, "", undecided, false, ""},
	{2 * day, "Community place", 2, "", approved, false, ""},
	{3 * day, "Early bird", 1, "", queues, false, ""},
	{2 * day, "Early bird", 3, "", queues, false, "Conference and workshop"},
	{26 * time.Hour, "Early bird", 1, "", queues, false, ""},
	{2 * day, "Regular", 2, "SCHOOL-BUDGET", fromShop, false, ""},
	{28 * time.Hour, "Community place", 1, "", undecided, true, ""},
	{5 * time.Hour, "Online supporter", 1, "", given, false, ""},
	{3 * time.Hour, "Student", 1, "", byCard, false, ""},
	{2 * time.Hour, "Community place", 2, "", undecided, false, ""},
}

// addOnsOfNext adds what goes with the tickets of the coming conference.
func (b *sale) addOnsOfNext() {
	tables := b.pool(b.event, "Dinner tables", 90)
	var dinner, shirt, fund []ticketing.AddOnWith
	for _, s := range b.shelves {
		included := int64(0)
		if s.Name == "Conference and workshop" {
			included = 1
		}
		if s.AttendanceMode == ticketing.InPerson && s.Visibility != ticketing.Hidden {
			dinner = append(dinner, ticketing.AddOnWith{TicketTypeID: s.ID, Most: 2})
			shirt = append(shirt, ticketing.AddOnWith{TicketTypeID: s.ID, Most: 2, Included: included})
		}
		fund = append(fund, ticketing.AddOnWith{TicketTypeID: s.ID, Most: 1})
	}
	b.extra(ticketing.AddOn{Name: "Harbour dinner", Description: "Thursday at 19:30 on the quay: three courses, drinks included.", Price: 4200}, 0.18, dinner, tables)
	b.extra(ticketing.AddOn{Name: "Conference shirt", Description: "Organic cotton, the error bar on its back.", Price: 1900}, 0.1, shirt)
	b.extra(ticketing.AddOn{Name: "Childcare fund", Description: "Two rooms and four people, so that parents can come.", Pricing: ticketing.OpenPrice, Price: 1000, MinPrice: 200}, 0.06, fund)
}

// extra adds an add-on.
func (b *sale) extra(a ticketing.AddOn, share float64, with []ticketing.AddOnWith, pools ...*ticketing.Pool) {
	a.ID, a.CommunityID, a.EventID, a.OnSale, a.Position = turnout.NewID("add"), b.event.CommunityID, b.event.ID, true, int64(len(b.extras)+1)
	if a.Pricing == "" {
		a.Pricing = ticketing.FixedPrice
	}
	a.Version, a.CreatedAt, a.UpdatedAt = 1, b.event.CreatedAt, b.event.CreatedAt
	for i := range with {
		with[i].CommunityID, with[i].AddOnID = a.CommunityID, a.ID
		b.addOnTypes = append(b.addOnTypes, &with[i])
	}
	a.With = with
	for _, p := range pools {
		b.addOnPools = append(b.addOnPools, &addOnPool{CommunityID: a.CommunityID, AddOnID: a.ID, PoolID: p.ID})
	}
	b.addOns = append(b.addOns, &a)
	b.extras = append(b.extras, &extra{&a, pools, share})
	b.note(a.CreatedAt, b.byStaff(), "add_on.created", a.ID)
}

// vouchersOfNext adds the vouchers; those that reserve take their places at the end of the story.
func (b *sale) vouchersOfNext() {
	for _, in := range offered {
		v := b.voucher(in.code, in.note, in.kind, in.value)
		if in.max > 0 {
			v.MaxUses = new(in.max)
		}
		if in.budget > 0 {
			v.Budget = new(in.budget)
		}
		v.Reserves, v.Email, v.Ended = in.kind == ticketing.ReservedVoucher, in.email, in.ended
		for _, name := range in.of {
			v.TicketTypeIDs = append(v.TicketTypeIDs, b.shelfOf(name).ID)
			b.voucherTypes = append(b.voucherTypes, &voucherType{CommunityID: v.CommunityID, VoucherID: v.ID, TicketTypeID: b.shelfOf(name).ID})
		}
	}
	for i := range raffleCodes {
		v := b.voucher(fmt.Sprintf("RAFFLE-%d", i+1), "", ticketing.Percent, 100)
		v.MaxUses, v.Batch, v.ValidUntil = new(int64(1)), raffle, b.event.StartsAt
		v.Words = ticketing.VoucherWords(v)
	}
}

func (b *sale) voucher(code, note string, kind ticketing.VoucherKind, value int64) *ticketing.Voucher {
	at := b.from.Add(-2 * day)
	v := &ticketing.Voucher{ID: turnout.NewID("vou"), CommunityID: b.event.CommunityID, EventID: b.event.ID, Code: code, Folded: ticketing.FoldCode(code),
		Kind: kind, Value: value, Note: note, Version: 1, CreatedAt: at, UpdatedAt: at}
	v.Words = ticketing.VoucherWords(v)
	b.vouchers = append(b.vouchers, v)
	b.note(at, b.byStaff(), "voucher.created", v.ID)
	return v
}

// shelfOf gives the ticket type of a name.
func (b *sale) shelfOf(name string) *shelf {
	for _, s := range b.shelves {
		if s.Name == name {
			return s
		}
	}
	panic("demo: no ticket type " + name) // ours
}

// dealsOfNext reads the table of what happened.
func (b *sale) dealsOfNext() {
	for _, in := range dealt {
		d := deal{at: b.now.Add(-in.ago), of: b.shelfOf(in.of), n: in.n, end: in.end, sure: true}
		if in.ago > day {
			d.at = b.awake(d.at, b.event.Location())
		}
		for _, v := range b.vouchers {
			if v.Code == in.voucher {
				d.voucher = v
			}
		}
		if in.dinner {
			d.with = b.extras[:1]
		}
		if in.or != "" {
			d.or = []*shelf{b.shelfOf(in.or)}
		}
		b.deals = append(b.deals, d)
	}
}

// settleNext ends the story of the coming conference's places: what a voucher and the organisers hold, what the waitlist was offered, and
// that what is sold out is so whatever was drawn.
func (b *sale) settleNext() {
	for _, v := range b.vouchers {
		if v.Reserves {
			b.take(v.ID, "voucher", *v.MaxUses-v.Uses, b.shelfOf("Regular").pools)
		}
	}
	early := b.shelfOf("Early bird")
	for _, e := range b.waiting {
		if e.EventID == b.event.ID && e.Status == ticketing.Waiting && e.TicketTypeIDs[0] == early.ID {
			b.offer(e, early)
			break
		}
	}
	birds, benches := b.poolNamed("Early birds"), b.poolNamed("Workshop deck")
	birds.Capacity = birds.Taken
	benches.Capacity = benches.Taken + 2 // too few for the parties that wait for it
	block := &ticketing.Block{ID: turnout.NewID("blk"), CommunityID: b.event.CommunityID, EventID: b.event.ID, PoolID: b.poolNamed("Rope factory").ID,
		Note: "Crew, and seats that the cameras stand on", Version: 1, CreatedAt: b.from, UpdatedAt: b.from}
	b.blocks = append(b.blocks, block)
	b.take(block.ID, "block", 14, []*ticketing.Pool{b.poolNamed("Rope factory")})
	b.note(b.from, b.byStaff(), "places.blocked", block.ID)
}

// offer holds places for one who waits.
func (b *sale) offer(e *ticketing.WaitlistEntry, of *shelf) {
	at := b.now.Add(-3 * time.Hour)
	e.Status, e.OfferedTypeID, e.OfferExpiresAt, e.UpdatedAt = ticketing.Offered, of.ID, at.Add(day), at
	for _, w := range b.wishes {
		if w.EntryID == e.ID {
			w.Waiting = false
		}
	}
	for _, p := range of.pools {
		p.Capacity = max(p.Capacity, p.Taken+e.PartySize)
	}
	b.take(e.ID, "offer", e.PartySize, of.pools)
	b.note(at, b.byStaff(), "waitlist.offered", e.ID)
}

func (b *sale) poolNamed(name string) *ticketing.Pool {
	for _, p := range b.pools {
		if p.EventID == b.event.ID && p.Name == name {
			return p
		}
	}
	panic("demo: no pool " + name) // ours
}

// firstAt is a price of the first so many tickets of a type.
func (s *story) firstAt(e *events.Event, name string, price, n int64) ticketing.PriceWindow {
	p := &ticketing.Pool{ID: turnout.NewID("pol"), CommunityID: e.CommunityID, EventID: e.ID, Kind: ticketing.PricePlaces, Capacity: n, Version: 1,
		CreatedAt: e.CreatedAt, UpdatedAt: e.CreatedAt}
	id := turnout.NewID("win")
	p.Name = string(id)
	s.pools = append(s.pools, p)
	return ticketing.PriceWindow{ID: id, Name: name, Price: price, UpTo: n, PoolID: p.ID}
}

// shopOfNext says how its shop works, and the views that the team keeps of its lists.
func (b *sale) shopOfNext() {
	b.shops = append(b.shops, &ticketing.ShopSettings{EventID: b.event.ID, CommunityID: b.event.CommunityID, PayHours: 72, OfferHours: 24,
		WaitlistOrder: ticketing.ByTime, WaitlistClosesAt: b.event.StartsAt.Add(-2 * day), Version: 1, UpdatedAt: b.from})
	for _, in := range []struct{ list, name, parameter, value string }{
		{ticketing.ListOrders, "To decide", "status", string(ticketing.AwaitingApproval)},
		{ticketing.ListOrders, "Above €300", "min_total", "300"},
		{ticketing.ListAttendees, "On the stream", "attendance_mode", string(ticketing.Virtual)},
	} {
		b.views = append(b.views, &ticketing.View{ID: turnout.NewID("viw"), CommunityID: b.event.CommunityID, EventID: b.event.ID, List: in.list, Name: in.name,
			Filter: map[string]string{in.parameter: in.value}, CreatedAt: b.from, UpdatedAt: b.from})
	}
}
