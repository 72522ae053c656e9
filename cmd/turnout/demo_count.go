package main

import (
	"context"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin"
	"turnout/ticketing"
)

// tally gathers counters under rows that name what they count and are still zero.
type tally[R comparable] map[R]*R

func (t tally[R]) of(row R) *R {
	if t[row] == nil {
		fresh := row
		t[row] = &fresh
	}
	return t[row]
}

func (t tally[R]) insert(ctx context.Context, tx bun.IDB) error {
	var all rows[*R]
	for _, row := range t {
		all = append(all, row)
	}
	return all.insert(ctx, tx)
}

// tallies are the tables of counters that the packages keep with each sale and scan.
type tallies struct {
	tickets    tally[ticketing.TypeTotals]
	addOns     tally[ticketing.AddOnTotals]
	sales      tally[ticketing.SalesTotals]
	admissions tally[checkin.AdmissionTotals]
	refusals   tally[checkin.RefusalTotals]
	attendance tally[checkin.AttendanceTotals]
	sessions   tally[checkin.SessionTotals]
}

// count adds up the whole history.
func (s *story) count() *tallies {
	c := &tallies{tally[ticketing.TypeTotals]{}, tally[ticketing.AddOnTotals]{}, tally[ticketing.SalesTotals]{}, tally[checkin.AdmissionTotals]{}, tally[checkin.RefusalTotals]{},
		tally[checkin.AttendanceTotals]{}, tally[checkin.SessionTotals]{}}
	tickets := map[turnout.ID]*ticketing.Ticket{}
	for _, o := range s.orders {
		for _, t := range o.Tickets {
			tickets[t.ID] = t
		}
		s.countOrder(c, o)
	}
	for _, e := range s.waiting {
		if e.Status == ticketing.Waiting {
			s.totalsOf(e.EventID).Waiting++
		}
	}
	s.countDoors(c, tickets)
	return c
}

// countOrder counts an order's tickets and add-ons, and the order itself while it holds its places unpaid.
func (s *story) countOrder(c *tallies, o *ticketing.Order) {
	held := o.Status == ticketing.Held || o.Status == ticketing.AwaitingApproval
	totals := s.totalsOf(o.EventID)
	if held {
		totals.OrdersHeld++
	}
	if o.Status == ticketing.AwaitingApproval {
		totals.Approvals++
	}
	lines := map[turnout.ID]*ticketing.OrderLine{}
	for _, l := range o.Lines {
		lines[l.ID] = l
		if l.AddOnID == "" {
			continue
		}
		row := c.addOns.of(ticketing.AddOnTotals{EventID: o.EventID, AddOnID: l.AddOnID, CommunityID: o.CommunityID})
		if held {
			row.Held += l.Quantity
		} else if o.Status == ticketing.Confirmed {
			row.Sold += l.Quantity
			row.Income += l.Total
		}
	}
	for _, t := range o.Tickets {
		row := c.tickets.of(ticketing.TypeTotals{EventID: t.EventID, TicketTypeID: t.TicketTypeID, AttendanceMode: t.AttendanceMode, CommunityID: t.CommunityID})
		switch t.Status {
		case ticketing.Reserved:
			row.Reserved++
			totals.TicketsReserved++
		case ticketing.TicketCanceled:
			row.Canceled++
		case ticketing.Valid:
			row.Valid++
			line := lines[t.LineID]
			row.Income += line.UnitPrice - line.Discount
			if line.Total > 0 {
				row.Charged++
			}
			c.sales.of(ticketing.SalesTotals{EventID: o.EventID, StartsAt: o.ConfirmedAt.UTC().Truncate(ticketing.SalesQuarter), CommunityID: o.CommunityID}).Tickets++
		}
	}
}

func (s *story) countDoors(c *tallies, tickets map[turnout.ID]*ticketing.Ticket) {
	won := map[turnout.ID]*checkin.Scan{}
	for _, scan := range s.scans {
		won[scan.ID] = scan
		if scan.Result == checkin.Refused {
			c.refusals.of(checkin.RefusalTotals{ListID: scan.ListID, Reason: scan.Reason, CommunityID: scan.CommunityID}).Refused++
		}
	}
	for _, a := range s.admissions {
		c.admissions.of(checkin.AdmissionTotals{ListID: a.ListID, Gate: won[a.ScanID].Gate, TicketTypeID: tickets[a.TicketID].TicketTypeID,
			CommunityID: a.CommunityID}).Admitted++
	}
	for _, a := range s.present {
		if a.SessionID != "" {
			c.sessions.of(checkin.SessionTotals{SessionID: a.SessionID, CommunityID: a.CommunityID, EventID: a.EventID}).Came++
			continue
		}
		t := tickets[a.TicketID]
		row := c.attendance.of(checkin.AttendanceTotals{EventID: a.EventID, StartsAt: a.FirstAt.UTC().Truncate(checkin.AttendanceSlot),
			TicketTypeID: t.TicketTypeID, AttendanceMode: t.AttendanceMode, CommunityID: a.CommunityID})
		row.Came++
		if t.Status == ticketing.TicketCanceled {
			row.Canceled++
		}
	}
}
