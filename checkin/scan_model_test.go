package checkin_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/rules"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// Random scans at several doors against a model that knows nothing but the log: entries, exits, repetitions, annulments,
// windows, clocks that are off. After each step counters, answers and attendance are what the log says.
func TestScansFollowTheModel(t *testing.T) {
	histories := 20
	if os.Getenv("TURNOUT_TEST_SOAK") != "" {
		histories = 2500 // of 40 steps: 100,000
	}
	set(t, "rapid.checks", strconv.Itoa(histories))
	set(t, "rapid.steps", "40")
	set(t, "rapid.nofailfile", "true")
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			var d *door
			var virtual, priced *ticketing.TicketType
			played := 0
			rapid.Check(t, func(rt *rapid.T) {
				if played++; played%50 == 1 {
					d = newDoor(t, dbtest.Open(t, engine))
					virtual = d.ticketType("Virtual", ticketing.Virtual)
					priced = d.priced()
				}
				d.clock.Store(0)
				m := newLog(rt, d, virtual, priced)
				rt.Repeat(map[string]func(*rapid.T){"scan": m.scan, "scan 2": m.scan, "scan 3": m.scan, "repeat": m.repeat, "annul": m.annul,
					"annul 2": m.annul, "override": m.override, "cancel": m.cancel, "wait": m.wait, "leave": m.leave, "": m.look})
			})
		})
	}
}

// set sets one of rapid's flags for the test, unless the command line did.
func set(t *testing.T, name, value string) {
	t.Helper()
	f := flag.Lookup(name)
	if before := f.Value.String(); before == f.DefValue {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, before) })
	}
}

func (d *door) priced() *ticketing.TicketType {
	d.t.Helper()
	tt, err := d.Ticketing.CreateTicketType(d.t.Context(), d.event.CommunityID, d.event.ID, ticketing.TicketTypeInput{Name: "Priced",
		Price: turnout.Money{Amount: 100, Currency: "EUR"}, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{d.pool.ID}})
	if err != nil {
		d.t.Fatal(err)
	}
	return tt
}

// modelLog is the log of scans, and nothing that is read from it.
type modelLog struct {
	*rapid.T
	d       *door
	lists   []*checkin.List
	tickets []*modelTicket
	scans   []*modelScan
	looks   int
}

type modelTicket struct {
	*ticketing.Ticket
	canceled, unpaid bool
}

type modelScan struct {
	in       checkin.ScanInput
	id       turnout.ID
	list     int
	ticket   int // -1: none
	result   checkin.Result
	reason   checkin.Reason
	at       time.Time
	annulled bool
	gone     bool       // taken as gone since
	against  *modelScan // the refusal that a supervisor set aside with it
}

func newLog(rt *rapid.T, d *door, virtual, priced *ticketing.TicketType) *modelLog {
	m := &modelLog{T: rt, d: d}
	for range 2 {
		m.buy(d.regular)
	}
	m.buy(virtual)
	m.buy(priced).unpaid = true
	window := rapid.SampledFrom([]int64{0, 0, 1, 2}).Draw(rt, "opens after hours")
	var exit *int64
	if rapid.Bool().Draw(rt, "everybody leaves") {
		at := int64((start.In(d.event.Location()).Hour() + 2) % 24 * 60)
		exit = &at
	}
	m.lists = []*checkin.List{
		d.list(checkin.ListInput{Entry: rules.Again, ExitAt: exit}),
		d.list(checkin.ListInput{TicketTypeIDs: []turnout.ID{d.regular.ID, priced.ID}, Entry: rapid.SampledFrom(rules.Entries).Draw(rt, "entry"),
			StartsAt: start.Add(time.Duration(window) * time.Hour), Rules: drawRules(rt, d.regular), DayFrom: rapid.SampledFrom([]int64{0, 240}).Draw(rt, "day from"), ExitAt: exit}),
		d.list(checkin.ListInput{TicketTypeIDs: []turnout.ID{virtual.ID, d.regular.ID}, EndsAt: start.Add(time.Duration(window+1) * time.Hour)}),
	}
	return m
}

// drawRules makes rules that some scans meet and others do not.
func drawRules(rt *rapid.T, some *ticketing.TicketType) (list []rules.Rule) {
	conditions := []rules.Condition{
		{Kind: rules.Types, Any: []string{string(some.ID)}}, {Kind: rules.Gates, Any: []string{"north"}}, {Kind: rules.EntriesMax, Number: 3}, {Kind: rules.TodayMax, Number: 1},
		{Kind: rules.AfterEntry, Number: 20}, {Kind: rules.AfterExit, Number: 10}, {Kind: rules.WithinExit, Number: 30}, {Kind: rules.Clock, From: 8 * 60, Until: 20 * 60},
	}
	for range rapid.IntRange(0, 2).Draw(rt, "rules") {
		list = append(list, rapid.SliceOfN(rapid.SampledFrom(conditions), 1, 2).Draw(rt, "rule"))
	}
	return list
}

func (m *modelLog) buy(tt *ticketing.TicketType) *modelTicket {
	t := &modelTicket{Ticket: m.d.order(tt, 1).Tickets[0]}
	m.tickets = append(m.tickets, t)
	return t
}

func (m *modelLog) scan(t *rapid.T) {
	m.T = t
	s := &modelScan{list: rapid.SampledFrom([]int{1, 1, 1, 0, 0, 2}).Draw(t, "list"), ticket: rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 1, 2, 3}).Draw(t, "ticket")}
	ticket := m.tickets[s.ticket]
	s.in = checkin.ScanInput{ListID: m.lists[s.list].ID, Code: ticket.Code, Nonce: fmt.Sprintf("n%09d", m.d.nonces.Add(1)), Caller: "device",
		Gate: rapid.SampledFrom([]string{"", "north"}).Draw(t, "gate"), Direction: rapid.SampledFrom([]checkin.Direction{checkin.Entry, checkin.Entry, checkin.Exit}).Draw(t, "direction")}
	if ticket.unpaid || rapid.IntRange(0, 3).Draw(t, "by name") == 0 {
		s.in.Code, s.in.TicketID = "", ticket.ID
	}
	now := m.d.now()
	s.at = now
	if skew := rapid.SampledFrom([]time.Duration{0, 0, -5 * time.Minute, 9 * time.Minute, -30 * time.Minute, 24 * time.Hour}).Draw(t, "skew"); skew != 0 {
		s.in.ScannedAt = now.Add(skew)
		if skew.Abs() <= 10*time.Minute {
			s.at = s.in.ScannedAt
		}
	}
	damage := checkin.Reason("")
	if s.in.Code != "" {
		switch rapid.IntRange(0, 30).Draw(t, "damage") {
		case 0:
			s.in.Code, damage, s.ticket = "HELLO", checkin.UnknownTicket, -1
		case 1:
			last := s.in.Code[len(s.in.Code)-20]
			other := "A"
			if last == 'A' {
				other = "B"
			}
			s.in.Code, damage, s.ticket = s.in.Code[:len(s.in.Code)-20]+other+s.in.Code[len(s.in.Code)-19:], checkin.BadSignature, -1
		case 2:
			s.in.Code = strings.ToLower(s.in.Code)
		}
	}
	m.judge(s, damage)
	got, err := m.d.scan(s.in)
	if err != nil || got.Result != s.result || got.Reason != s.reason || got.Replay {
		t.Fatalf("list %d, ticket %d, %s: %+v, %v; the model says %s %s", s.list, s.ticket, s.in.Direction, got, err, s.result, s.reason)
	}
	if got.Reason == checkin.AlreadyCheckedIn && (got.Earlier == nil || got.Earlier.ID != m.state(s.list, s.ticket).last) {
		t.Fatalf("the scan in the way is %v", got.Earlier)
	}
	s.id = got.ID
	m.scans = append(m.scans, s)
}

// judge decides by the log alone.
func (m *modelLog) judge(s *modelScan, damage checkin.Reason) {
	s.result = checkin.Refused
	list := m.lists[s.list]
	switch {
	case damage != "":
		s.reason = damage
		return
	case m.tickets[s.ticket].canceled:
		s.reason = checkin.Canceled
		return
	case m.tickets[s.ticket].unpaid:
		s.reason = checkin.Unpaid
		return
	}
	ticket, is := m.tickets[s.ticket], m.state(s.list, s.ticket)
	passing := s.at
	if is.winner != "" && !passing.After(is.lastAt) {
		passing = is.lastAt.Add(time.Microsecond)
	}
	switch {
	case len(list.TicketTypeIDs) == 0 && ticket.AttendanceMode == ticketing.Virtual, len(list.TicketTypeIDs) > 0 && !slices.Contains(list.TicketTypeIDs, ticket.TicketTypeID):
		s.reason = checkin.WrongList
	case !list.StartsAt.IsZero() && s.at.Before(list.StartsAt):
		s.reason = checkin.NotYetValid
	case !list.EndsAt.IsZero() && !s.at.Before(list.EndsAt):
		s.reason = checkin.NoLongerValid
	default:
		s.at = passing
		s.reason = m.judgePass(s, ticket, is)
	}
	if s.reason == "" {
		s.result = checkin.Accepted
		s.gone = !list.Evaluator(m.d.event).Inside(&rules.Pass{At: rules.At(m.d.now()), Entries: []rules.Minute{rules.At(s.at)}, Inside: true})
	}
}

// judgePass asks the evaluator about what the log says of the ticket.
func (m *modelLog) judgePass(s *modelScan, ticket *modelTicket, is ticketState) checkin.Reason {
	list := m.lists[s.list].Evaluator(m.d.event)
	p := rules.Pass{At: rules.At(s.at), Gate: s.in.Gate, Type: string(ticket.TicketTypeID), Entries: is.entries, Exits: is.exits, Inside: is.inside}
	if s.in.Direction == checkin.Exit {
		if !list.Inside(&p) {
			return checkin.NotInside
		}
		return ""
	}
	return checkin.Reason(list.Enter(&p).Reason)
}

// leave takes everybody as gone whose list says so by now.
func (m *modelLog) leave(t *rapid.T) {
	m.T = t
	if err := m.d.EndStays(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, s := range m.scans {
		m.goes(s)
	}
}

// goes takes whoever came in by the scan as gone, if their list says so by now.
func (m *modelLog) goes(s *modelScan) {
	if list := m.lists[s.list]; list.ExitAt != nil && rules.At(s.at) < list.Evaluator(m.d.event).LastExit(rules.At(m.d.now())) {
		s.gone = true
	}
}

type ticketState struct {
	winner, last   turnout.ID // the scans that let it in first and last
	inside         bool
	lastAt         time.Time
	entries, exits []rules.Minute
}

// state reads the log: the first accepted entry that stands wins; exits before it count for nothing.
func (m *modelLog) state(list, ticket int) (is ticketState) {
	for _, s := range m.passes(list, ticket) {
		if is.winner == "" && s.in.Direction == checkin.Exit {
			continue
		}
		if is.winner == "" {
			is.winner = s.id
		}
		if is.inside = s.in.Direction == checkin.Entry; is.inside {
			is.entries, is.last, is.inside = append(is.entries, rules.At(s.at)), s.id, !s.gone
		} else {
			is.exits = append(is.exits, rules.At(s.at))
		}
		is.lastAt = s.at
	}
	return is
}

// passes are the accepted scans that stand, by their time: a supervisor's word counts now, whatever a door's clock said before.
func (m *modelLog) passes(list, ticket int) (all []*modelScan) {
	for _, s := range m.scans {
		if s.list == list && s.ticket == ticket && s.result == checkin.Accepted && !s.annulled {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b *modelScan) int { return a.at.Compare(b.at) })
	return all
}

// override sets a refusal aside on a supervisor's word, once.
func (m *modelLog) override(t *rapid.T) {
	m.T = t
	refused := m.some()
	can := refused.result == checkin.Refused && refused.in.Direction == checkin.Entry && !refused.annulled && refused.ticket >= 0 &&
		slices.Contains([]checkin.Reason{checkin.AlreadyCheckedIn, checkin.WrongList, checkin.NotYetValid, checkin.NoLongerValid, checkin.ByRules}, refused.reason) &&
		!m.tickets[refused.ticket].canceled && !slices.ContainsFunc(m.scans, func(s *modelScan) bool { return s.against == refused && !s.annulled })
	in := checkin.Override{Scan: refused.id, Reason: "known in person", Nonce: fmt.Sprintf("n%09d", m.d.nonces.Add(1)), Caller: "device"}
	got, err := m.d.SetAside(context.Background(), m.d.event.CommunityID, in)
	if !can {
		if !errors.Is(err, checkin.ErrNotOverridable) {
			t.Fatalf("set aside: %+v, %v", got, err)
		}
		return
	}
	if err != nil || got.Result != checkin.Accepted || !got.At.Equal(m.d.now()) {
		t.Fatalf("set aside: %+v, %v", got, err)
	}
	if again, err := m.d.SetAside(context.Background(), m.d.event.CommunityID, in); err != nil || again.ID != got.ID {
		t.Fatalf("set aside twice by one nonce: %+v, %v", again, err)
	}
	s := &modelScan{in: checkin.ScanInput{Direction: checkin.Entry}, id: got.ID, list: refused.list, ticket: refused.ticket, result: checkin.Accepted, at: got.At, against: refused}
	s.gone = !m.lists[s.list].Evaluator(m.d.event).Inside(&rules.Pass{At: rules.At(m.d.now()), Entries: []rules.Minute{rules.At(s.at)}, Inside: true})
	m.scans = append(m.scans, s)
}

func (m *modelLog) some() *modelScan {
	if len(m.scans) == 0 {
		m.Skip("no scan yet")
	}
	return m.scans[rapid.IntRange(0, len(m.scans)-1).Draw(m.T, "scan")]
}

// repeat sends a scan again: the same answer; or something else under its nonce: refused.
func (m *modelLog) repeat(t *rapid.T) {
	m.T = t
	s := m.some()
	if s.against != nil {
		t.Skip("no scan of a door")
	}
	got, err := m.d.scan(s.in)
	if err != nil || !got.Replay || got.ID != s.id || got.Result != s.result || got.Reason != s.reason {
		t.Fatalf("repeated: %+v, %v", got, err)
	}
	other := s.in
	other.Direction = checkin.Exit
	if s.in.Direction == checkin.Exit {
		other.Direction = checkin.Entry
	}
	if _, err := m.d.scan(other); !errors.Is(err, checkin.ErrNonceReused) {
		t.Fatalf("another scan under the nonce: %v", err)
	}
}

func (m *modelLog) annul(t *rapid.T) {
	m.T = t
	s := m.some()
	_, err := m.d.Annul(context.Background(), m.d.event.CommunityID, s.id, "")
	if s.annulled {
		if !errors.Is(err, checkin.ErrAnnulled) {
			t.Fatalf("annulled twice: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatalf("annul %s %s: %v", s.in.Direction, s.result, err)
	}
	s.annulled = true
	if entered := false; s.result == checkin.Accepted && s.in.Direction == checkin.Entry {
		for _, other := range m.passes(s.list, s.ticket) {
			entered = entered || other.in.Direction == checkin.Entry
			other.annulled = !entered
		}
	}
	if last := m.state(s.list, s.ticket).last; s.result == checkin.Accepted && last != "" { // read anew from what is left of the log
		m.goes(m.scans[slices.IndexFunc(m.scans, func(s *modelScan) bool { return s.id == last })])
	}
}

func (m *modelLog) cancel(t *rapid.T) {
	m.T = t
	i := rapid.IntRange(0, 60).Draw(t, "ticket") // seldom one that is there
	if i > 3 || m.tickets[i].canceled {
		t.Skip("not now")
	}
	if _, err := m.d.Ticketing.CancelOrder(context.Background(), m.d.event.CommunityID, m.tickets[i].OrderID, ticketing.CanceledByOrganiser, false); err != nil {
		t.Fatal(err)
	}
	m.tickets[i].canceled = true
}

func (m *modelLog) wait(t *rapid.T) {
	m.T = t
	m.d.clock.Add(int64(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 25 * time.Minute, 7 * time.Hour}).Draw(t, "time")))
}

// look compares what is stored with the log.
func (m *modelLog) look(t *rapid.T) {
	m.T = t
	for i, l := range m.lists {
		var admitted, inside, refused int64
		for ticket := range m.tickets {
			if is := m.state(i, ticket); is.winner != "" {
				if admitted++; is.inside {
					inside++
				}
			}
		}
		for _, s := range m.scans {
			if s.list == i && s.result == checkin.Refused && !s.annulled {
				refused++
			}
		}
		got, err := m.d.List(context.Background(), m.d.event.CommunityID, l.ID)
		if err != nil || got.Admitted != admitted || got.Inside != inside || got.Refused != refused {
			t.Fatalf("list %d: %d admitted, %d inside, %d refused; the log says %d, %d, %d (%v)", i, got.Admitted, got.Inside, got.Refused, admitted, inside, refused, err)
		}
	}
	for i, ticket := range m.tickets {
		m.lookAt(i, ticket)
	}
	if m.looks++; m.looks%8 == 0 {
		found, err := checkin.Check(context.Background(), m.d.DB.Read())
		if err != nil || len(found) > 0 {
			t.Fatalf("%q, %v", found, err)
		}
	}
}

// lookAt compares a ticket's attendance record with the entries that stand.
func (m *modelLog) lookAt(i int, ticket *modelTicket) {
	var first, last time.Time
	for _, s := range m.scans {
		if s.ticket != i || s.result != checkin.Accepted || s.annulled || s.in.Direction == checkin.Exit {
			continue
		}
		if first.IsZero() || s.at.Before(first) {
			first = s.at
		}
		if s.at.After(last) {
			last = s.at
		}
	}
	var rows []checkin.Attendance
	if err := m.d.DB.Read().NewSelect().Model(&rows).Where("ticket_id = ?", ticket.ID).Scan(context.Background()); err != nil {
		m.Fatal(err)
	}
	if first.IsZero() {
		if len(rows) != 0 {
			m.Fatalf("ticket %d: a record of presence without an entry", i)
		}
		return
	}
	if len(rows) != 1 || rows[0].Source != checkin.DoorScan || !rows[0].FirstAt.Equal(first) || !rows[0].LastAt.Equal(last) {
		m.Fatalf("ticket %d: present %+v, the log says from %v to %v", i, rows, first, last)
	}
}
