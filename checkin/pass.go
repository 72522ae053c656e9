package checkin

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
)

// past is when a ticket came in and went out before, oldest first.
type past struct{ entries, exits []rules.Minute }

func (p *past) add(direction Direction, at time.Time) {
	if direction == Exit {
		if len(p.entries) == 0 {
			return // the entry before it was annulled
		}
		p.exits = append(p.exits, rules.At(at))
		return
	}
	p.entries = append(p.entries, rules.At(at))
}

// asksForAddOns says whether the list or one of its rules looks at the add-ons of a ticket.
func (l *List) asksForAddOns() bool {
	return len(l.AddOnIDs) > 0 || slices.ContainsFunc(l.Rules, func(rule rules.Rule) bool {
		return slices.ContainsFunc(rule, func(c rules.Condition) bool { return c.Kind == rules.AddOns })
	})
}

// readPasts reads when the tickets came in and went out before, for the lists that ask for it.
func (d *door) readPasts(ctx context.Context) error {
	d.pasts = map[admissionKey]*past{}
	wanted := map[turnout.ID][]turnout.ID{}
	for _, it := range d.items {
		t := d.ticket(it)
		if t == nil {
			continue
		}
		key := admissionKey{it.In.ListID, t.ID}
		if a := d.admissions[key]; a != nil && it.In.gate.list.remembers() && d.pasts[key] == nil {
			d.pasts[key] = &past{}
			wanted[key.list] = append(wanted[key.list], key.ticket)
		}
	}
	for list, tickets := range wanted {
		var scans []*Scan
		if err := standing(d.tx, &scans, list).Where("ticket_id IN (?)", bun.List(tickets)).Scan(ctx); err != nil {
			return err
		}
		for _, scan := range scans {
			d.pasts[admissionKey{list, scan.TicketID}].add(scan.Direction, scan.At)
		}
	}
	return nil
}

// pass lets a ticket in or out, or finds that it was let in before, or what its list's rules ask for.
func (d *door) pass(in *scanning, scan *Scan) {
	key := admissionKey{scan.ListID, scan.TicketID}
	a := d.admissions[key]
	if a != nil && !scan.At.After(a.LastAt) { // doors' clocks differ: what comes later has happened later
		scan.At = a.LastAt.Add(time.Microsecond)
	}
	p := d.about(in, scan, a)
	inside := in.gate.rules.Inside(p)
	if scan.Direction == Exit {
		if !inside {
			scan.Reason = NotInside
			return
		}
		a.Inside = false
	} else {
		v := in.gate.rules.Enter(p)
		if v.Reason != "" {
			d.refuse(scan, a, v)
			return
		}
		if a == nil {
			a = &admission{ListID: scan.ListID, TicketID: scan.TicketID, CommunityID: scan.CommunityID, ScanID: scan.ID, At: scan.At}
			d.admissions[key] = a
			d.fresh = append(d.fresh, a)
		}
		a.EnteredBy, a.EnteredAt = scan.ID, scan.At
		// Told late, they may be gone by now.
		a.Inside = in.gate.rules.Inside(&rules.Pass{At: rules.At(in.now), Entries: []rules.Minute{rules.At(scan.At)}, Inside: true})
	}
	a.LastAt = scan.At
	a.Passes++
	scan.Result = Accepted
	if before := d.pasts[key]; before != nil {
		before.add(scan.Direction, scan.At)
	} else if in.gate.list.remembers() {
		d.pasts[key] = &past{entries: []rules.Minute{rules.At(scan.At)}}
	}
}

// about is what the list's rules are asked about: the ticket at its door at this moment.
func (d *door) about(in *scanning, scan *Scan, a *admission) *rules.Pass {
	p := &rules.Pass{At: rules.At(scan.At), Gate: in.Gate, Type: string(scan.Ticket.TicketTypeID)}
	for _, id := range scan.Ticket.AddOnIDs {
		p.AddOns = append(p.AddOns, string(id))
	}
	if a == nil {
		return p
	}
	p.Inside, p.Entries = a.Inside, []rules.Minute{rules.At(a.EnteredAt)}
	if before := d.pasts[admissionKey{a.ListID, a.TicketID}]; before != nil {
		p.Entries, p.Exits = before.entries, before.exits
	}
	return p
}

func (d *door) refuse(scan *Scan, a *admission, v rules.Verdict) {
	scan.Reason, scan.Failed = Reason(v.Reason), v.Failed
	if v.Again != 0 {
		scan.AgainAt = rules.Time(v.Again)
	}
	if a != nil && scan.Reason == AlreadyCheckedIn {
		scan.EarlierID = a.EnteredBy
	}
}
