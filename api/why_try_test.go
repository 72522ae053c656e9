package api

import (
	"encoding/json"
	"errors"

	"turnout"
	"turnout/ticketing"
)

// tries buys for real: first as a stranger, then as somebody who has what is asked for.
func (s *stage) tries(sit situation) {
	s.t.Helper()
	p := s.smallest()
	able := s.smallest()
	s.able(&able)
	code := s.buys(p)
	if code != sit.refusal {
		s.t.Errorf("a stranger is refused with %q, want %q", code, sit.refusal)
	}
	switch sit.open {
	case ticketing.ToEverybody:
		if code != "" {
			s.t.Errorf("everybody can buy, but not a stranger: %s", code)
		}
	case ticketing.ToSome:
		if code = s.buys(able); code != "" {
			s.t.Errorf("some can buy, but not who has what is asked for: %s", code)
		}
	case ticketing.ToNobody:
		if s.buys(able) == "" {
			s.t.Error("nobody can buy, but somebody did")
		}
	}
}

// buys gives the code of the refusal, "" for none.
func (s *stage) buys(p ticketing.Purchase) string {
	for id, raw := range s.choice(p.Lines[0].TicketTypeID) {
		if p.Answers == nil {
			p.Answers = ticketing.Answers{}
		}
		if id.ticket {
			for i := range p.Lines[0].Quantity {
				if int64(len(p.Attendees)) <= i {
					p.Attendees = append(p.Attendees, ticketing.Bearer{Attendee: p.Buyer})
				}
				if !p.Attendees[i].Later {
					p.Attendees[i].Answers = ticketing.Answers{id.question: raw}
				}
			}
		} else {
			p.Answers[id.question] = raw
		}
	}
	_, _, err := s.Ticketing.PlaceOrder(s.t.Context(), p)
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*turnout.Error](err)
	if !ok {
		s.t.Fatal(err)
	}
	for _, f := range e.Fields {
		return f.Code
	}
	return e.Code
}

type asked struct {
	question turnout.ID
	ticket   bool
}

// choice gives an answer to each question: the first choice.
func (s *stage) choice(turnout.ID) map[asked]json.RawMessage {
	questions, err := s.Ticketing.Questions(s.t.Context(), s.community.ID, s.event.ID, false)
	s.must(err)
	all := map[asked]json.RawMessage{}
	for _, q := range questions {
		raw, _ := json.Marshal(q.Words.Options[0].ID)
		all[asked{q.ID, q.Subject == ticketing.OfTicket}] = raw
	}
	return all
}

// sums checks, after all the buying, that what holds the places of each pool adds up, and every counter.
func (s *stage) sums() {
	s.t.Helper()
	why, err := s.Ticketing.Why(s.t.Context(), s.event)
	s.must(err)
	for _, p := range why.Pools {
		var sold int64
		s.must(s.DB.Read().NewRaw(`SELECT COALESCE(SUM(claim.quantity), 0) FROM pool_claims AS claim JOIN order_lines AS line ON line.id = claim.holder_id
			JOIN orders AS ord ON ord.id = line.order_id WHERE claim.pool_id = ? AND ord.status = 'confirmed'`, p.ID).Scan(s.t.Context(), &sold))
		if sold != p.Sold || p.Sold+p.Held+p.Offered+p.Reserved+p.Blocked+p.Free != p.Capacity {
			s.t.Errorf("%s: %+v, really sold %d", p.Name, p, sold)
		}
	}
}
