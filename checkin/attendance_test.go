package checkin_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/rules"
	"turnout/events/agenda"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// session is a talk of the event, so long after its start.
func (d *door) session(title string, after, lasts time.Duration) *agenda.Session {
	d.t.Helper()
	plan := &agenda.Service{DB: d.DB, Now: d.now}
	s, err := plan.AddSession(d.t.Context(), d.event.CommunityID, string(d.event.ID), agenda.SessionInput{Title: title, Kind: agenda.Workshop, Minutes: int64(lasts / time.Minute)})
	if err == nil {
		s, _, err = plan.Place(d.t.Context(), d.event.CommunityID, s.ID, 0, agenda.SlotInput{StartsAt: start.Add(after), EndsAt: start.Add(after + lasts)})
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func (d *door) at(after time.Duration) { d.clock.Store(int64(after)) }

// pass lets somebody in or out so long after the event's start.
func (d *door) pass(list *checkin.List, code string, direction checkin.Direction, after time.Duration) *checkin.Scan {
	d.t.Helper()
	d.at(after)
	scan := d.must(checkin.ScanInput{ListID: list.ID, Code: code, Direction: direction})
	if scan.Result != checkin.Accepted {
		d.t.Fatalf("%s after %s: %s", direction, after, scan.Reason)
	}
	return scan
}

// present is what is said of the only one at a session, "" for the event: source, minutes, whether to an assumed end.
func (d *door) present(session turnout.ID) string {
	d.t.Helper()
	rows, err := d.Attendances(d.t.Context(), d.event, checkin.AttendanceFilter{Session: session, Limit: 10})
	if err != nil {
		d.t.Fatal(err)
	}
	if len(rows) != 1 {
		return fmt.Sprintf("%d rows", len(rows))
	}
	minutes := "?"
	if rows[0].Minutes != nil {
		minutes = fmt.Sprint(*rows[0].Minutes)
	}
	if rows[0].Assumed {
		minutes += "~"
	}
	return fmt.Sprintf("%s %s %s", rows[0].Source, minutes, rows[0].Confidence)
}

// Whoever the door of a session lets in was at the session and at the event; how long is what its entries and exits say, and, once it is over, what nobody saw
// goes on to its end. A scan that is taken back takes its record along.
func TestASessionsDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		workshop := d.session("Workshop", time.Hour, 2*time.Hour)
		list := d.list(checkin.ListInput{Name: "Workshop", SessionID: workshop.ID, Entry: rules.Again})
		code := d.order(d.regular, 1).Tickets[0].Code
		in := d.pass(list, code, checkin.Entry, time.Hour)
		if want := "door_scan ? high"; d.present(workshop.ID) != want || d.present("") != want {
			t.Errorf("inside: %s, %s", d.present(workshop.ID), d.present(""))
		}
		d.pass(list, code, checkin.Exit, 90*time.Minute)
		if got := d.present(workshop.ID); got != "door_scan 30 high" {
			t.Errorf("after the exit: %s", got)
		}
		again := d.pass(list, code, checkin.Entry, 2*time.Hour)
		if got := d.present(workshop.ID); got != "door_scan ? high" {
			t.Errorf("inside again: %s", got)
		}
		d.at(4 * time.Hour)
		if got := d.present(workshop.ID); got != "door_scan 90~ high" || d.present("") != got {
			t.Errorf("after the end: %s, event %s", got, d.present(""))
		}
		sessions, err := d.SessionPresences(t.Context(), d.event)
		if err != nil || len(sessions) != 1 || sessions[0].Came != 1 || len(sessions[0].Lists) != 1 || !sessions[0].Lists[0].Covers(workshop.StartsAt, workshop.EndsAt) {
			t.Errorf("%+v, %v", sessions, err)
		}
		for i, scan := range []*checkin.Scan{again, in} {
			if _, err := d.Annul(t.Context(), d.event.CommunityID, scan.ID, " wrong person "); err != nil {
				t.Fatal(err)
			}
			if got := d.present(workshop.ID); got != []string{"door_scan 30 high", "0 rows"}[i] || d.present("") != got {
				t.Errorf("taken back %d: %s, event %s", i, got, d.present(""))
			}
		}
		if log, err := d.Recent(t.Context(), d.event.CommunityID, list.ID, 10); err != nil || log[len(log)-1].AnnulledFor != "wrong person" {
			t.Errorf("the log: %v", err)
		}
	})
}

// Stays at several doors at the same time count once; nobody is taken as having been there all night.
func TestMinutesOfAnEvent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		talk := d.session("Talk", 2*time.Hour, time.Hour)
		main, once := d.list(checkin.ListInput{Entry: rules.Again}), d.list(checkin.ListInput{Name: "Single"})
		closes := int64(20 * 60)
		nightly := d.list(checkin.ListInput{Name: "Nightly", Entry: rules.Multiple, ExitAt: &closes})
		room := d.list(checkin.ListInput{Name: "Talk", SessionID: talk.ID})
		tickets := d.order(d.regular, 5).Tickets
		d.pass(main, tickets[0].Code, checkin.Entry, 0)
		d.pass(room, tickets[0].Code, checkin.Entry, 2*time.Hour) // within the stay at the main door
		d.pass(main, tickets[0].Code, checkin.Exit, 4*time.Hour)
		d.pass(once, tickets[1].Code, checkin.Entry, time.Hour)        // nobody sees them go
		d.pass(nightly, tickets[2].Code, checkin.Entry, time.Hour)     // gone at 20:00 by the list, later than the end
		d.pass(main, tickets[3].Code, checkin.Entry, -20*time.Hour)    // sixteen hours and more
		d.pass(nightly, tickets[4].Code, checkin.Entry, -15*time.Hour) // 18:00 the day before: gone at 20:00
		d.at(12 * time.Hour)
		want := map[turnout.ID]string{tickets[0].ID: "240", tickets[1].ID: "420~", tickets[2].ID: "420~", tickets[3].ID: "?", tickets[4].ID: "120~"}
		for _, a := range d.attendance() {
			got := "?"
			if a.Minutes != nil {
				got = fmt.Sprint(*a.Minutes)
			}
			if a.Assumed {
				got += "~"
			}
			if got != want[a.TicketID] {
				t.Errorf("ticket %d: %s, want %s", slices.IndexFunc(tickets, func(x *ticketing.Ticket) bool { return x.ID == a.TicketID }), got, want[a.TicketID])
			}
		}
		if got := d.present(talk.ID); got != "door_scan 60~ high" {
			t.Errorf("the talk: %s", got)
		}
	})
}

// A mark by hand is a record of its own kind: at a session it says that they were at the event too, and taken back it leaves what was there before.
func TestMarksByHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		talk, other := d.session("Talk", time.Hour, time.Hour), d.session("Other", 3*time.Hour, time.Hour)
		main, room := d.list(checkin.ListInput{}), d.list(checkin.ListInput{Name: "Talk", SessionID: talk.ID})
		ticket := d.order(d.regular, 1).Tickets[0]
		d.at(5 * time.Hour)
		mark := func(session turnout.ID, minutes *int64) *checkin.Attendance {
			t.Helper()
			a, err := d.Mark(t.Context(), d.event.CommunityID, d.event.ID, checkin.MarkInput{TicketID: ticket.ID, SessionID: session, Minutes: minutes})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		unmark := func(a *checkin.Attendance) error { return d.Unmark(t.Context(), d.event.CommunityID, d.event.ID, a.ID) }
		expect := func(what, event, first, second string) {
			t.Helper()
			if got := []string{d.present(""), d.present(talk.ID), d.present(other.ID)}; !slices.Equal(got, []string{event, first, second}) {
				t.Errorf("%s: %q", what, got)
			}
			d.holds()
		}
		const none, hand, door = "0 rows", "manual ? medium", "door_scan 180~ high"
		forty := int64(40)
		mark(talk.ID, nil)
		expect("marked at the talk", hand, hand, none)
		a, b := mark(talk.ID, &forty), mark(other.ID, nil)
		expect("marked anew, and at another", hand, "manual 40 medium", hand)
		if err := unmark(a); err != nil {
			t.Fatal(err)
		}
		expect("one taken back", hand, none, hand)
		if err := unmark(b); err != nil {
			t.Fatal(err)
		}
		expect("both taken back", none, none, none)
		if err := unmark(b); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("twice: %v", err)
		}
		c := mark("", nil)
		b = mark(other.ID, nil)
		if err := unmark(c); !errors.Is(err, checkin.ErrStillThere) {
			t.Errorf("the event before its session: %v", err)
		}
		if err := unmark(b); err != nil {
			t.Fatal(err)
		}
		expect("what was said of the event stays", hand, none, none)
		if err := unmark(c); err != nil {
			t.Fatal(err)
		}

		// With doors: what they saw stays, and comes to light when the mark goes.
		d.must(checkin.ScanInput{ListID: main.ID, Code: ticket.Code})
		d.at(9 * time.Hour)
		if a := mark("", nil); a.Source != checkin.DoorScan || !errors.Is(unmark(a), checkin.ErrNotMarked) {
			t.Errorf("a mark over a door: %+v", a)
		}
		b = mark(talk.ID, nil)
		expect("seen by the door", door, hand, none)
		d.must(checkin.ScanInput{ListID: room.ID, Code: ticket.Code, ScannedAt: d.now()})
		expect("and at the room", door, hand, none)
		if err := unmark(b); err != nil {
			t.Fatal(err)
		}
		expect("without the mark", door, "door_scan 0 high", none) // they came after its end
	})
}

func TestWhatCannotBeMarked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		talk := d.session("Talk", time.Hour, time.Hour)
		order, canceled := d.order(d.regular, 1), d.order(d.regular, 1)
		if _, err := d.Ticketing.CancelOrder(t.Context(), canceled.CommunityID, canceled.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		minutes := int64(-1)
		good := checkin.MarkInput{TicketID: order.Tickets[0].ID, SessionID: talk.ID}
		for field, change := range map[string]func(in *checkin.MarkInput){
			"ticket_id": func(in *checkin.MarkInput) { in.TicketID = canceled.Tickets[0].ID }, "session_id": func(in *checkin.MarkInput) { in.SessionID = "ses_other" },
			"at": func(in *checkin.MarkInput) { in.At = d.now().Add(time.Hour) }, "minutes": func(in *checkin.MarkInput) { in.Minutes = &minutes },
		} {
			in := good
			change(&in)
			_, err := d.Mark(t.Context(), d.event.CommunityID, d.event.ID, in)
			if known, ok := errors.AsType[*turnout.Error](err); !ok || len(known.Fields) != 1 || known.Fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := d.Mark(t.Context(), "com_other", d.event.ID, good); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		a, err := d.Mark(t.Context(), d.event.CommunityID, d.event.ID, good)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range [][2]turnout.ID{{"com_other", ""}, {d.event.CommunityID, "evt_other"}} {
			if err := d.Unmark(t.Context(), at[0], at[1], a.ID); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("%s takes it back: %v", at, err)
			}
		}
		if _, err := d.CreateList(t.Context(), d.event.CommunityID, d.event.ID, checkin.ListInput{Name: "X", SessionID: "ses_other"}); err == nil {
			t.Error("a list of a session that is not there")
		}
		list := d.list(checkin.ListInput{})
		if _, err := d.UpdateList(t.Context(), d.event.CommunityID, list.ID, 0, checkin.ListInput{Name: "X", SessionID: talk.ID}); err == nil {
			t.Error("a list was moved to a session")
		}
	})
}

// Doors of the event and of a session, marks and their being taken back at the same time, at two servers: the counters are those of the rows.
func TestMarksWhileDoorsScan(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newDoor(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			talk := first.session("Talk", time.Hour, time.Hour)
			main, room := first.list(checkin.ListInput{}), first.list(checkin.ListInput{Name: "Talk", SessionID: talk.ID})
			for _, ticket := range first.order(first.regular, 15).Tickets {
				dbtest.Together(8, func(i int) {
					d := []*door{first, second}[i%2]
					if i < 4 {
						if _, err := d.scan(checkin.ScanInput{ListID: []turnout.ID{main.ID, room.ID}[i/2], Code: ticket.Code}); err != nil {
							t.Error(err)
						}
						return
					}
					a, err := d.Mark(context.Background(), d.event.CommunityID, d.event.ID, checkin.MarkInput{TicketID: ticket.ID, SessionID: []turnout.ID{"", talk.ID}[i/6]})
					if err == nil && i%2 == 0 {
						err = d.Unmark(context.Background(), d.event.CommunityID, "", a.ID)
					}
					if err != nil && !errors.Is(err, turnout.ErrNotFound) && !errors.Is(err, checkin.ErrNotMarked) && !errors.Is(err, checkin.ErrStillThere) {
						t.Error(err)
					}
				})
			}
			for _, session := range []turnout.ID{"", talk.ID} {
				rows, err := first.Attendances(t.Context(), first.event, checkin.AttendanceFilter{Session: session, Limit: 100})
				if err != nil || len(rows) != 15 {
					t.Errorf("%q: %d records, %v", session, len(rows), err)
				}
			}
		})
	}
}

// The file has a row for each record, with names as the tickets have them now.
func TestExportOfAttendance(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		talk := d.session("=Talk", time.Hour, time.Hour)
		list := d.list(checkin.ListInput{Name: "Talk", SessionID: talk.ID})
		var order *ticketing.Order
		for range 7 { // several chunks
			order = d.order(d.regular, 100)
			for _, ticket := range order.Tickets {
				d.must(checkin.ScanInput{ListID: list.ID, Code: ticket.Code})
			}
		}
		for filter, first := range map[checkin.AttendanceFilter]string{{}: "", {Sessions: true}: "'=Talk", {Session: talk.ID}: "'=Talk", {Session: "ses_other"}: "nobody"} {
			var out bytes.Buffer
			if err := d.ExportAttendance(t.Context(), &out, d.event, filter, ticketing.Export{Format: sheet.CSV}); err != nil {
				t.Fatal(err)
			}
			rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(out.Bytes(), []byte("\ufeff")))).ReadAll()
			if want := map[bool]int{true: 1, false: 701}[first == "nobody"]; err != nil || len(rows) != want {
				t.Fatalf("%+v: %d rows, %v", filter, len(rows), err)
			}
			if len(rows) > 1 && (rows[1][0] != first || rows[1][3] != "Ada" || rows[1][8] != "door_scan" || rows[0][9] != "first_at (UTC)") {
				t.Errorf("%q, %q", rows[0], rows[1])
			}
		}
		found, err := d.FindPresent(t.Context(), d.event, talk.ID, order.Code, "", 10)
		if err != nil || len(found) != 10 || found[0].Record == nil || found[0].Ticket.AttendeeName != "Ada" {
			t.Errorf("%d found, %v", len(found), err)
		}
		page, err := d.PresentAt(t.Context(), d.event, talk.ID, "", 10)
		if err != nil || len(page) != 10 {
			t.Fatalf("%d on the page, %v", len(page), err)
		}
		next, err := d.PresentAt(t.Context(), d.event, talk.ID, page[9].Record.ID, 10)
		if err != nil || len(next) != 10 || next[0].Record.ID >= page[9].Record.ID {
			t.Errorf("the next page: %d, %v", len(next), err)
		}
	})
}

// What a mark at a session says of the event is there when the door's scan that stood above it is taken back; and whoever was there stays who was there.
func TestAMarkOutlivesTheScanAboveIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		talk, main := d.session("Talk", time.Hour, time.Hour), d.list(checkin.ListInput{})
		ticket := d.order(d.regular, 1).Tickets[0]
		scan := d.must(checkin.ScanInput{ListID: main.ID, Code: ticket.Code})
		mark, err := d.Mark(t.Context(), d.event.CommunityID, d.event.ID, checkin.MarkInput{TicketID: ticket.ID, SessionID: talk.ID})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Annul(t.Context(), d.event.CommunityID, scan.ID, ""); err != nil {
			t.Fatal(err)
		}
		if got := []string{d.present(""), d.present(talk.ID)}; !slices.Equal(got, []string{"manual ? medium", "manual ? medium"}) {
			t.Errorf("without the scan: %q", got)
		}
		d.holds()
		if err := d.Unmark(t.Context(), d.event.CommunityID, d.event.ID, mark.ID); err != nil {
			t.Fatal(err)
		}
		if got := d.present(""); got != "0 rows" {
			t.Errorf("without the mark: %s", got)
		}
		d.holds()
	})
}

// More exports at once than the database has connections: each reads by its own, and none waits for another's.
func TestManyAttendanceExportsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		main := d.list(checkin.ListInput{})
		for _, ticket := range d.order(d.regular, 3).Tickets {
			d.must(checkin.ScanInput{ListID: main.ID, Code: ticket.Code})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var all sync.WaitGroup
		for range 48 {
			all.Go(func() {
				var file bytes.Buffer
				if err := d.ExportAttendance(ctx, &file, d.event, checkin.AttendanceFilter{}, ticketing.Export{Format: sheet.CSV}); err != nil || bytes.Count(file.Bytes(), []byte("\n")) != 4 {
					t.Errorf("%v: %s", err, file.String())
				}
			})
		}
		all.Wait()
	})
}

// What is seen takes the place of what a mark at a session implies, and a join that of any mark: taking the mark back loses nothing. A mark that is corrected corrects the event's record.
func TestWhatIsSeenOutranksAMark(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		talk, main := d.session("Talk", time.Hour, time.Hour), d.list(checkin.ListInput{})
		virtual := d.ticketType("Virtual", ticketing.Virtual)
		mark := func(ticket *ticketing.Ticket, session turnout.ID, at time.Duration) *checkin.Attendance {
			t.Helper()
			a, err := d.Mark(t.Context(), d.event.CommunityID, d.event.ID, checkin.MarkInput{TicketID: ticket.ID, SessionID: session, At: start.Add(at)})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		record := func(ticket *ticketing.Ticket) (a checkin.Attendance) {
			t.Helper()
			if err := d.DB.Read().NewSelect().Model(&a).Where("ticket_id = ?", ticket.ID).Where("session_id IS NULL").Scan(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.holds()
			return a
		}
		bought := append(d.order(d.regular, 2).Tickets, d.order(virtual, 2).Tickets...)
		one, two, three, four := bought[0], bought[1], bought[2], bought[3]
		d.at(7 * time.Hour)

		mark(one, talk.ID, time.Hour)
		mark(one, talk.ID, 3*time.Hour) // corrected
		if a := record(one); !a.FirstAt.Equal(start.Add(3 * time.Hour)) {
			t.Errorf("a mark that was corrected: first at %v", a.FirstAt)
		}
		mark(one, "", 6*time.Hour)
		if a := record(one); !a.FirstAt.Equal(start.Add(3*time.Hour)) || a.Implied {
			t.Errorf("at the event after its session: %+v", a)
		}

		session := mark(two, talk.ID, time.Hour)
		d.must(checkin.ScanInput{ListID: main.ID, Code: two.Code})
		if a := record(two); a.Source != checkin.DoorScan || a.Implied || a.MarkedBy != "" || !a.FirstAt.Equal(d.now()) {
			t.Errorf("scanned after a mark at a session: %+v", a)
		}
		if err := d.Unmark(t.Context(), d.event.CommunityID, d.event.ID, session.ID); err != nil || record(two).Source != checkin.DoorScan {
			t.Errorf("the mark taken back: %v", err)
		}

		session = mark(three, talk.ID, time.Hour)
		if err := d.RecordJoin(t.Context(), three, ""); err != nil {
			t.Fatal(err)
		}
		if err := d.Unmark(t.Context(), d.event.CommunityID, d.event.ID, session.ID); err != nil || record(three).Source != checkin.Join {
			t.Errorf("a join after a mark at a session: %v", err)
		}
		by := mark(four, "", time.Hour)
		if err := d.RecordJoin(t.Context(), four, ""); err != nil {
			t.Fatal(err)
		}
		if a := record(four); a.Source != checkin.Join || !a.FirstAt.Equal(start.Add(time.Hour)) {
			t.Errorf("a join after a mark at the event: %+v", a)
		}
		if err := d.Unmark(t.Context(), d.event.CommunityID, d.event.ID, by.ID); !errors.Is(err, checkin.ErrNotMarked) {
			t.Errorf("there is no mark any more: %v", err)
		}
	})
}

// A session that lost its place, and with it its end, leaves what the event's own doors saw.
func TestAStayWithoutAnEndHidesNoOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		talk := d.session("Talk", time.Hour, time.Hour)
		main, room := d.list(checkin.ListInput{Entry: rules.Again}), d.list(checkin.ListInput{Name: "Talk", SessionID: talk.ID})
		ticket := d.order(d.regular, 1).Tickets[0]
		d.must(checkin.ScanInput{ListID: main.ID, Code: ticket.Code})
		d.at(time.Hour)
		d.must(checkin.ScanInput{ListID: room.ID, Code: ticket.Code})
		d.at(5 * time.Hour)
		d.must(checkin.ScanInput{ListID: main.ID, Code: ticket.Code, Direction: checkin.Exit})
		plan := &agenda.Service{DB: d.DB, Now: d.now}
		if _, err := plan.Unplace(t.Context(), d.event.CommunityID, talk.ID, 0); err != nil {
			t.Fatal(err)
		}
		if got := d.present(""); got != "door_scan 300 high" {
			t.Errorf("at the event: %s", got)
		}
	})
}
