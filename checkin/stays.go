package checkin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
	"turnout/events"
	"turnout/events/agenda"
)

// stay is a stretch of time that somebody was inside.
type stay struct {
	from, until time.Time
	assumed     bool // nobody saw them go
}

// longest is how long a stay can be that nobody saw end; beyond it they are not taken as having been there all the time.
const longest = 16 * time.Hour

// stays reads from the scans of one ticket that stand on one list, in the order in which they happened, how long it was inside. A stay ends
// with an exit, with the moment at which the list takes everybody as gone, or, seen by nobody, at the end; known is false when there is no end
// yet or it is too far off.
func stays(l *List, e *rules.List, log []*Scan, end, now time.Time) (all []stay, known bool) {
	var open time.Time
	leave := func(at time.Time, assumed bool) {
		if e.ExitAt != nil {
			if gone := rules.Time(e.NextExit(rules.At(open))); gone.Before(at) {
				at, assumed = gone, false
			}
		}
		if at.Before(open) {
			at = open
		}
		all = append(all, stay{open, at, assumed})
		open = time.Time{}
	}
	for _, scan := range log {
		switch {
		case scan.Direction == Exit && !open.IsZero():
			leave(scan.At, false)
		case scan.Direction == Entry && open.IsZero():
			open = scan.At
		case scan.Direction == Entry && e.ExitAt != nil && !rules.Time(e.NextExit(rules.At(open))).After(scan.At): // taken as gone meanwhile
			leave(scan.At, false)
			open = scan.At
		case scan.Direction == Entry && scan.At.Sub(open) > longest: // another day, and nobody saw them go
			return nil, false
		}
	}
	if open.IsZero() {
		return all, true
	}
	if !l.EndsAt.IsZero() && (end.IsZero() || l.EndsAt.Before(end)) {
		end = l.EndsAt
	}
	if e.ExitAt != nil {
		if gone := rules.Time(e.NextExit(rules.At(open))); end.IsZero() || gone.Before(end) {
			end = gone
		}
	}
	if end.IsZero() || end.After(now) || end.Sub(open) > longest {
		return nil, false
	}
	leave(end, true)
	return all, true
}

// together is how many whole minutes the stays cover, at several doors at the same time once, and whether one of the ends was assumed.
func together(all []stay) (minutes int64, assumed bool) {
	slices.SortFunc(all, func(a, b stay) int { return cmp.Or(a.from.Compare(b.from), a.until.Compare(b.until)) })
	var covered time.Duration
	var until time.Time
	for _, s := range all {
		from := s.from
		if from.Before(until) {
			from = until
		}
		if s.until.After(from) {
			covered += s.until.Sub(from)
			until = s.until
			assumed = assumed || s.assumed
		}
	}
	return int64(covered / time.Minute), assumed
}

// presentAtOnce is of how many tickets the log is read at a time.
const presentAtOnce = 500

// withMinutes fills in how long the attendees of an event's records were there, where doors saw it: the time between the accepted entries and exits at
// the doors of the event or of the session, overlapping stays counted once, in whole minutes. A stay whose end nobody saw goes on to
// the end of the session or of the event, or of the list if it ends before (Assumed), and is not known before that moment, nor if it would last over sixteen hours.
func (s *Service) withMinutes(ctx context.Context, db bun.IDB, e *events.Event, rows []*Attendance) error {
	rows = slices.DeleteFunc(slices.Clone(rows), func(a *Attendance) bool { return a.Source != DoorScan || a.Minutes != nil })
	if len(rows) == 0 {
		return nil
	}
	lists, err := listsOf(ctx, db, e.CommunityID, e.ID)
	if err != nil {
		return err
	}
	sessions, err := agenda.Titles(ctx, db, e.CommunityID, e.ID)
	if err != nil {
		return err
	}
	ends := map[turnout.ID]time.Time{"": e.EndsAt}
	for _, session := range sessions {
		ends[session.ID] = session.EndsAt
	}
	evaluators := map[turnout.ID]*rules.List{}
	for _, l := range lists {
		evaluators[l.ID] = l.Evaluator(e)
	}
	for chunk := range slices.Chunk(rows, presentAtOnce) {
		log, err := logOf(ctx, db, e, chunk)
		if err != nil {
			return err
		}
		for _, a := range chunk {
			reckon(a, lists, evaluators, log[a.TicketID], ends, s.Now())
		}
	}
	return nil
}

// logOf reads the scans that let the records' tickets in or out at the event, by ticket and list.
func logOf(ctx context.Context, db bun.IDB, e *events.Event, rows []*Attendance) (map[turnout.ID]map[turnout.ID][]*Scan, error) {
	tickets := make([]turnout.ID, len(rows))
	for i, a := range rows {
		tickets[i] = a.TicketID
	}
	slices.Sort(tickets)
	var scans []*Scan
	err := db.NewSelect().Model(&scans).Column("list_id", "ticket_id", "direction", "at").Where("ticket_id IN (?)", bun.List(slices.Compact(tickets))).
		Where("community_id = ?", e.CommunityID).Where("result = ?", Accepted).Where("annulled_at IS NULL").Order("at", "caller", "nonce").Scan(ctx)
	log := map[turnout.ID]map[turnout.ID][]*Scan{}
	for _, scan := range scans {
		if log[scan.TicketID] == nil {
			log[scan.TicketID] = map[turnout.ID][]*Scan{}
		}
		log[scan.TicketID][scan.ListID] = append(log[scan.TicketID][scan.ListID], scan)
	}
	return log, err
}

// reckon fills in the minutes of one record by the log of its ticket.
func reckon(a *Attendance, lists []*List, evaluators map[turnout.ID]*rules.List, log map[turnout.ID][]*Scan, ends map[turnout.ID]time.Time, now time.Time) {
	var all []stay
	for _, l := range lists {
		if len(log[l.ID]) == 0 || a.SessionID != "" && l.SessionID != a.SessionID {
			continue
		}
		some, known := stays(l, evaluators[l.ID], log[l.ID], ends[l.SessionID], now)
		if !known && a.SessionID == "" && l.SessionID != "" {
			continue // how long they were in one room does not hide how long they were there
		}
		if !known {
			return
		}
		all = append(all, some...)
	}
	if len(all) > 0 {
		minutes, assumed := together(all)
		a.Minutes, a.Assumed = &minutes, assumed
	}
}
