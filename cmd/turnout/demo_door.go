package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/rules"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/internal/audit"
	"turnout/ticketing"
)

// doors invents how people came: attempts at the doors in the order of time, decided as a door decides.
type doors struct {
	*story
	event      *events.Event
	tickets    []*ticketing.Ticket // of the event
	attempts   []attempt
	admissions map[[2]turnout.ID]*admission          // by list and ticket
	present    map[[2]turnout.ID]*checkin.Attendance // by session and ticket
}

// attempt is a ticket held to a scanner.
type attempt struct {
	at        time.Time
	list      *checkin.List
	ticket    *ticketing.Ticket // nil: the code names none
	direction checkin.Direction
	gate      string
	code      checkin.Reason // what is wrong with the code itself
}

// list adds a check-in list; without types it accepts every ticket for the venue.
func (s *story) list(e *events.Event, name string, from, to time.Time, types ...*shelf) *checkin.List {
	l := &checkin.List{ID: turnout.NewID("lst"), CommunityID: e.CommunityID, EventID: e.ID, Name: name, StartsAt: from, EndsAt: to,
		Entry: rules.Again, Rules: []rules.Rule{}, Version: 1, CreatedAt: e.CreatedAt.Add(30 * day), UpdatedAt: e.CreatedAt.Add(30 * day)}
	for _, t := range types {
		l.TicketTypeIDs = append(l.TicketTypeIDs, t.ID)
		s.listTypes = append(s.listTypes, &listType{CommunityID: e.CommunityID, ListID: l.ID, TicketTypeID: t.ID})
	}
	s.lists = append(s.lists, l)
	s.note(l.CreatedAt, s.byStaff(), "check_in_list.created", l.ID)
	return l
}

// device adds a scanner; list is the only one that it may use, nil for all. What would open it nobody has: it is there to be paired.
func (s *story) device(e *events.Event, name, gate string, list *checkin.List, role checkin.Role, seen time.Time) *checkin.Device {
	d := &checkin.Device{ID: turnout.NewID("dev"), CommunityID: e.CommunityID, EventID: e.ID, Name: name, Gate: gate, Role: role, TokenHash: organisers.Digest(organisers.NewSecret()),
		PairedAt: seen, LastSeenAt: seen, Version: 1, CreatedAt: s.now.Add(-2 * day), UpdatedAt: s.now.Add(-2 * day)}
	if list != nil {
		d.ListID = list.ID
	}
	s.devices = append(s.devices, d)
	s.note(d.CreatedAt, s.byStaff(), "device.created", d.ID)
	return d
}

func newDoors(s *story, e *events.Event) *doors {
	d := &doors{story: s, event: e, admissions: map[[2]turnout.ID]*admission{}, present: map[[2]turnout.ID]*checkin.Attendance{}}
	for _, t := range s.tickets {
		if t.EventID == e.ID {
			d.tickets = append(d.tickets, t)
		}
	}
	return d
}

// come lets everybody try at the doors of two days and a workshop.
func (d *doors) come(first, second, workshop *checkin.List) {
	zone := d.event.Location()
	dayOne := d.event.StartsAt.In(zone)
	morning := time.Date(dayOne.Year(), dayOne.Month(), dayOne.Day(), 0, 0, 0, 0, zone)
	for k, t := range d.tickets {
		if t.Status != ticketing.Valid || t.AttendanceMode != ticketing.InPerson || evenly(k, 0.19) == 0 {
			continue
		}
		onFirst := d.chance(0.9)
		if onFirst {
			d.visit(t, first, morning.Add(d.arrival()), true)
			if workshop.TicketTypeIDs[0] == t.TicketTypeID && d.chance(0.85) {
				d.try(attempt{at: morning.Add(d.around(10*time.Hour+52*time.Minute, 5*time.Minute)), list: workshop, ticket: t, gate: "Boathouse"})
			}
		}
		if !onFirst || d.chance(0.74) {
			d.visit(t, second, morning.Add(day+d.around(9*time.Hour+17*time.Minute, 16*time.Minute)), false)
		}
	}
	d.mishaps(morning, first, workshop)
	d.decide()
}

// arrival is the hour of the day at which somebody comes on the first morning: most before the opening, some for the second
// coffee, few after lunch.
func (d *doors) arrival() time.Duration {
	switch d.weighted(0.76, 0.16, 0.08) {
	case 0:
		return d.around(8*time.Hour+51*time.Minute, 15*time.Minute)
	case 1:
		return d.around(10*time.Hour+35*time.Minute, 28*time.Minute)
	}
	return d.around(13*time.Hour+38*time.Minute, 18*time.Minute)
}

// visit is an entry, and for some a way out for lunch and back.
func (d *doors) visit(t *ticketing.Ticket, l *checkin.List, at time.Time, lunch bool) {
	gate := []string{"North door", "Harbour door", "Courtyard"}[d.weighted(0.55, 0.3, 0.15)]
	if opens := l.StartsAt; at.Before(opens) {
		at = opens.Add(d.waits(4 * time.Minute))
	}
	d.try(attempt{at: at, list: l, ticket: t, gate: gate})
	noon := clock(at.In(d.event.Location()), "12:34")
	if out := noon.Add(d.around(0, 9*time.Minute)); lunch && at.Before(noon.Add(-time.Hour)) && d.chance(0.22) {
		d.try(attempt{at: out, list: l, ticket: t, direction: checkin.Exit, gate: gate})
		if d.chance(0.85) {
			d.try(attempt{at: out.Add(d.around(48*time.Minute, 8*time.Minute)), list: l, ticket: t, gate: gate})
		}
	}
}

// mishaps are what doors refuse: a picture of a ticket sent around, canceled and online tickets, codes of something else.
func (d *doors) mishaps(morning time.Time, first, workshop *checkin.List) {
	rush := func() time.Time { return morning.Add(d.around(9*time.Hour+2*time.Minute, 18*time.Minute)) }
	copied, eager := 9, 4
	for k, a := range slices.Clone(d.attempts) {
		switch {
		case a.list != first || a.direction == checkin.Exit || k%17 != 5:
		case copied > 0:
			copied--
			d.try(attempt{at: a.at.Add(d.waits(8*time.Minute) + 20*time.Second), list: first, ticket: a.ticket, gate: "Harbour door"})
		case eager > 0: // came too early and was told to wait
			eager--
			d.try(attempt{at: first.StartsAt.Add(-d.waits(5 * time.Minute)), list: first, ticket: a.ticket, gate: a.gate})
		}
	}
	canceled, online := 4, 6
	for _, t := range d.tickets {
		switch {
		case t.Status == ticketing.TicketCanceled && t.AttendanceMode == ticketing.InPerson && canceled > 0 && d.chance(0.2):
			canceled--
			d.try(attempt{at: rush(), list: first, ticket: t, gate: "North door"})
		case t.Status == ticketing.Valid && t.AttendanceMode == ticketing.Virtual && online > 0 && d.chance(0.1):
			online--
			d.try(attempt{at: rush(), list: first, ticket: t, gate: "North door"})
		case t.Status == ticketing.Valid && t.AttendanceMode == ticketing.InPerson && t.TicketTypeID != workshop.TicketTypeIDs[0] && d.chance(0.02):
			d.try(attempt{at: morning.Add(d.around(10*time.Hour+55*time.Minute, 4*time.Minute)), list: workshop, ticket: t, gate: "Boathouse"})
		}
	}
	for range 5 {
		d.try(attempt{at: rush(), list: first, gate: "North door", code: checkin.UnknownTicket})
	}
	d.try(attempt{at: rush(), list: first, gate: "Courtyard", code: checkin.BadSignature})
}

func (d *doors) try(a attempt) {
	a.at = a.at.UTC().Truncate(time.Microsecond)
	d.attempts = append(d.attempts, a)
}

// decide judges the attempts in the order of time and keeps the log.
func (d *doors) decide() {
	slices.SortStableFunc(d.attempts, func(a, b attempt) int { return a.at.Compare(b.at) })
	for i, a := range d.attempts {
		if a.direction == "" {
			a.direction = checkin.Entry
		}
		told := sha256.Sum256(fmt.Append(nil, d.event.ID, i))
		scan := &checkin.Scan{ID: turnout.NewID("scn"), CommunityID: d.event.CommunityID, EventID: d.event.ID, ListID: a.list.ID, Caller: string(d.door),
			Nonce: string(turnout.NewID("non")), RequestHash: hex.EncodeToString(told[:]), Direction: a.direction, Result: checkin.Refused,
			Gate: a.gate, ScannedAt: a.at, ReceivedAt: a.at.Add(40 * time.Millisecond), At: a.at}
		if a.ticket != nil {
			scan.TicketID = a.ticket.ID
		}
		if scan.Reason = a.refusal(); scan.Reason == "" {
			d.pass(a, scan)
		}
		if scan.Result == checkin.Refused {
			a.list.Refused++
		}
		d.scans = append(d.scans, scan)
	}
}

func (a *attempt) refusal() checkin.Reason {
	types := a.list.TicketTypeIDs
	switch {
	case a.ticket == nil:
		return a.code
	case a.ticket.Status == ticketing.TicketCanceled:
		return checkin.Canceled
	case len(types) == 0 && a.ticket.AttendanceMode != ticketing.InPerson, len(types) > 0 && !slices.Contains(types, a.ticket.TicketTypeID):
		return checkin.WrongList
	case a.at.Before(a.list.StartsAt):
		return checkin.NotYetValid
	case !a.at.Before(a.list.EndsAt):
		return checkin.NoLongerValid
	}
	return ""
}

func (d *doors) pass(a attempt, scan *checkin.Scan) {
	key := [2]turnout.ID{a.list.ID, a.ticket.ID}
	in := d.admissions[key]
	switch {
	case a.direction == checkin.Exit && (in == nil || !in.Inside):
		scan.Reason = checkin.NotInside
		return
	case a.direction == checkin.Exit:
		in.Inside = false
		in.LastAt = a.at
		in.Passes++
		a.list.Inside--
	case in == nil:
		in = &admission{ListID: a.list.ID, TicketID: a.ticket.ID, CommunityID: scan.CommunityID, ScanID: scan.ID, Inside: true, At: a.at, EnteredBy: scan.ID, EnteredAt: a.at, LastAt: a.at, Passes: 1}
		d.admissions[key] = in
		d.story.admissions = append(d.story.admissions, in)
		a.list.Admitted++
		a.list.Inside++
	case !in.Inside:
		in.Inside, in.EnteredBy, in.EnteredAt = true, scan.ID, a.at
		in.LastAt = a.at
		in.Passes++
		a.list.Inside++
	default:
		scan.Reason, scan.EarlierID = checkin.AlreadyCheckedIn, in.EnteredBy
		return
	}
	scan.Result = checkin.Accepted
	if a.direction == checkin.Entry {
		for _, session := range slices.Compact([]turnout.ID{"", a.list.SessionID}) {
			d.attend(a.ticket, session, checkin.DoorScan, "high", a.at)
		}
	}
}

// attend keeps the one record of a ticket's attendee, at the event or at a session.
func (d *doors) attend(t *ticketing.Ticket, session turnout.ID, source checkin.Source, confidence string, at time.Time) {
	key := [2]turnout.ID{session, t.ID}
	if seen := d.present[key]; seen != nil {
		seen.LastAt = at
		return
	}
	record := &checkin.Attendance{ID: turnout.NewID("att"), CommunityID: t.CommunityID, EventID: t.EventID, TicketID: t.ID, PersonID: t.PersonID, SessionID: session,
		AttendanceMode: t.AttendanceMode, Source: source, FirstAt: at, LastAt: at, Confidence: confidence}
	d.present[key] = record
	d.story.present = append(d.story.present, record)
}

// join lets the holders of virtual tickets open their links: most around the start, some on the second day only.
func (d *doors) join() {
	for k, t := range d.tickets {
		if t.Status != ticketing.Valid || t.AttendanceMode != ticketing.Virtual || evenly(k, 0.29) == 0 {
			continue
		}
		at := d.event.StartsAt.Add(d.around(2*time.Minute, 7*time.Minute))
		switch d.weighted(0.7, 0.2, 0.1) {
		case 1:
			at = d.event.StartsAt.Add(d.waits(2 * time.Hour))
		case 2:
			at = d.event.StartsAt.Add(day + d.around(20*time.Minute, 10*time.Minute))
		}
		if opens := d.event.StartsAt.Add(-30 * time.Minute); at.Before(opens) {
			at = opens.Add(d.waits(10 * time.Minute))
		}
		for range 1 + d.weighted(0.6, 0.3, 0.1) {
			at = at.UTC().Truncate(time.Microsecond)
			if !at.Before(d.event.EndsAt) {
				break
			}
			d.attend(t, "", checkin.Join, "medium", at)
			d.note(at, audit.Actor{Kind: audit.Buyer, ID: t.ID}, "ticket.joined", t.ID)
			at = at.Add(2*time.Hour + d.waits(8*time.Hour))
		}
	}
}
