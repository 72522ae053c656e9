package ticketing

import "turnout"

// addOn says how an add-on stands: it is bought with tickets only.
func (in *inquiry) addOn(a *AddOn, types []*TicketType, byType map[turnout.ID]*Standing) Standing {
	reasons := in.aboutEvent()
	open := *a
	for range 3 {
		err := open.sellable(in.shelf.now)
		switch untimely := outOfTime(err, &open.SalesStart, &open.SalesEnd); {
		case untimely != nil:
			reasons = append(reasons, *untimely)
		case err != nil:
			reasons = append(reasons, Reason{Cause: CauseStopped, Weight: Stops})
			open.OnSale = true
		}
	}
	var short []Reason
	with, pools := in.goesWith(a, types, byType)
	reasons = append(reasons, with.reasons...)
	for i, t := range with.types {
		how, _ := a.with(t.ID)
		p := &Purchase{EventID: in.event.ID, Lines: []PurchaseLine{{TicketTypeID: t.ID, Quantity: t.fewest()}, {AddOnID: a.ID, Quantity: max(1, how.floor()*t.fewest())}}}
		found, met := in.short(p, a.PoolIDs)
		if len(found) == 0 {
			short, pools = nil, met
			break
		}
		if i == 0 {
			short, pools = found, met
		}
	}
	reasons = append(append(reasons, short...), in.whoHas(short)...)
	s := Standing{AddOn: a, Reasons: reasons, Open: openness(reasons), Availability: Available}
	if len(a.PoolIDs) > 0 {
		n, of := int64(maxCapacity), int64(maxCapacity)
		for _, id := range a.PoolIDs {
			n, of = min(n, pools[id].Available()), min(of, pools[id].Capacity)
		}
		s.Left, s.fewLeft = &n, n <= few(of)
	}
	s.Availability = addOnAvailability(&s)
	return s
}

// companions are the ticket types with which an add-on can be bought now, and what is to be said about them.
type companions struct {
	types   []*TicketType
	reasons []Reason
}

func (in *inquiry) goesWith(a *AddOn, types []*TicketType, byType map[turnout.ID]*Standing) (with companions, pools map[turnout.ID]*Pool) {
	var closed, limited []string
	everybody := false
	for _, t := range types {
		if _, ok := a.with(t.ID); !ok {
			continue
		}
		switch byType[t.ID].Open {
		case ToNobody:
			closed = append(closed, t.Name)
			continue
		case ToSome:
			limited = append(limited, t.Name)
		default:
			everybody = true
		}
		with.types = append(with.types, t)
	}
	switch {
	case len(with.types) == 0:
		with.reasons = []Reason{{Cause: CauseNoTicketType, Weight: Stops, Names: closed}}
	case !everybody:
		with.reasons = []Reason{{Cause: CauseFewTypes, Weight: Limits, Names: limited}}
	}
	return with, in.tries[len(in.tries)-1]
}

func addOnAvailability(s *Standing) Availability {
	first := Cause("")
	for _, r := range s.Reasons {
		if r.Weight == Stops {
			first = r.Cause
			break
		}
	}
	switch first {
	case "":
		if s.fewLeft {
			return FewLeft
		}
		return Available
	case CauseSaleNotYet:
		return NotYet
	case CauseSaleOver, CauseEnded:
		return Over
	case CausePoolFull, CauseTooFew, CauseAddOnFull:
		return SoldOut
	}
	return Unavailable
}
