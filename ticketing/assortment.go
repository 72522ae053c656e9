package ticketing

import (
	"context"
	"fmt"
	"slices"

	"turnout"
	"turnout/events"
)

// Assortment is what a buyer can choose from at an event's checkout.
type Assortment struct {
	Offers    []Offer      // the public ticket types, and those that the buyer's voucher or offer of the waitlist opens
	AddOns    []AddOnOffer // those on sale
	Questions []*Question  // with their choices' places
	Offered   int64        // so many tickets of the only type there is were offered to the buyer; 0: no offer is accepted
}

// AddOnOffer is an add-on as buyers see it at an instant.
type AddOnOffer struct {
	*AddOn
	Price turnout.Money // of one; what is suggested when the buyer names it
	Least turnout.Money // what the buyer must give at least where they name the price
	Left  int64         // places
}

// Bounds says how many of the add-on a ticket of the type has at least and at most, and how many its price includes; ok is false when
// it does not go with such tickets.
func (a *AddOnOffer) Bounds(ticketType turnout.ID) (least, most, included int64, ok bool) {
	w, ok := a.with(ticketType)
	return w.floor(), w.Most, w.Included, ok
}

// Assortment gives what a purchase can choose from: its voucher and its offer from the waitlist open more. The places of the held order
// count as free, for whoever wants others instead; nil is none.
func (s *Service) Assortment(ctx context.Context, event *events.Event, held *Order, p *Purchase) (*Assortment, error) {
	db := s.DB.Read()
	stall, err := s.readStall(ctx, event, held)
	if err != nil {
		return nil, err
	}
	shelf := &shelf{now: s.Now(), vouchers: map[voucherKey]*Voucher{}, entries: map[turnout.ID]*WaitlistEntry{}}
	purchases := []*Purchase{p}
	if err := shelf.readVouchers(ctx, db, purchases); err != nil {
		return nil, fmt.Errorf("ticketing: assortment: %w", err)
	}
	if err := shelf.readEntries(ctx, db, purchases); err != nil {
		return nil, fmt.Errorf("ticketing: assortment: %w", err)
	}
	if held != nil {
		shelf.regain(p, []*Order{held})
	}
	a := new(Assortment)
	voucher, entry := shelf.voucher(p), shelf.entries[p.Offer]
	if entry != nil {
		for id, n := range entry.holds {
			if pool := stall.pools[id]; pool != nil {
				pool.Taken = max(0, pool.Taken-n) // free for it; read a moment apart
			}
		}
	}
	for _, o := range stall.offers {
		if o = o.opened(event, voucher, entry, &stall, shelf); o.Visibility == Public || o.isOpened {
			a.Offers = append(a.Offers, o)
		}
	}
	if p.Offer != "" {
		if err := shelf.offerRefusal(&Purchase{EventID: p.EventID, Offer: p.Offer, Lines: []PurchaseLine{{TicketTypeID: entry.typeOffered()}}}); err != nil {
			return nil, err
		}
		a.Offered = entry.PartySize
		a.Offers = slices.DeleteFunc(a.Offers, func(o Offer) bool { return o.ID != entry.OfferedTypeID })
	}
	money := func(amount int64) turnout.Money { return turnout.Money{Amount: amount, Currency: event.Currency} }
	for _, addOn := range stall.addOns {
		if addOn.sellable(shelf.now) == nil {
			a.AddOns = append(a.AddOns, AddOnOffer{addOn, money(addOn.Price), money(addOn.MinPrice), leftOf(addOn.PoolIDs, stall.pools)})
		}
	}
	if a.Questions, err = loadQuestions(ctx, db, []turnout.ID{event.ID}); err != nil {
		return nil, fmt.Errorf("ticketing: assortment: %w", err)
	}
	for _, q := range a.Questions {
		for i := range q.Words.Options {
			q.Words.Options[i].Pool = stall.pools[q.Words.Options[i].PoolID]
		}
	}
	return a, nil
}

func leftOf(ids []turnout.ID, pools map[turnout.ID]*Pool) int64 {
	n := int64(maxCapacity)
	for _, id := range ids {
		n = min(n, max(0, pools[id].Available()))
	}
	return n
}

func (e *WaitlistEntry) typeOffered() turnout.ID {
	if e == nil {
		return ""
	}
	return e.OfferedTypeID
}

// opened is the offer for a buyer with the voucher, or the offer of the waitlist, each nil for none: they open what is closed to others
// and bring places of their own.
func (o Offer) opened(event *events.Event, v *Voucher, entry *WaitlistEntry, on *stall, s *shelf) Offer {
	p := &Purchase{EventID: event.ID, Trusted: true}
	if entry != nil && entry.OfferedTypeID == o.ID {
		p.Offer = entry.ID
		o.isOpened = true
		o.Left, o.noChoice = o.draws.room(on.pools), o.TicketType.noChoice(on.asked, on.pools)
	}
	if v != nil && v.isFor(o.ID) && v.live(s.now) {
		p.Voucher = v.Code
		o.isOpened = o.isOpened || o.Visibility == VoucherOnly && v.opens(o.ID)
		if v.Reserves {
			o.Left = o.draws.roomReserved(o.PoolIDs, v.holds(s.now), on.pools)
		}
	}
	if p.Voucher == "" && p.Offer == "" {
		return o
	}
	o.Reason = openForSale(event, s.now)
	if o.Reason == nil {
		o.Reason = s.sellable(p, o.TicketType)
	}
	o.judge(on.pools)
	return o
}
