package checkin_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/rules"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// sync sends a queue and fails on anything that is not taken.
func (d *door) sync(list *checkin.List, items ...checkin.QueuedScan) []*checkin.Scan {
	d.t.Helper()
	answers, err := d.Sync(d.t.Context(), d.event.CommunityID, list.ID, items)
	if err != nil {
		d.t.Fatal(err)
	}
	scans := make([]*checkin.Scan, len(answers))
	for i, a := range answers {
		if a.Err != nil || a.Nonce != items[i].Nonce {
			d.t.Fatalf("item %d: %+v", i, a)
		}
		scans[i] = a.Scan
	}
	return scans
}

// queued is a scan that waited at a device, by the lookup of a ticket's code.
func queued(t *testing.T, device, nonce, code string, after time.Duration) checkin.QueuedScan {
	t.Helper()
	read, err := ticketing.ParseCode(code)
	if err != nil {
		t.Fatal(err)
	}
	return checkin.QueuedScan{ScanInput: checkin.ScanInput{Caller: device, Nonce: nonce, ScannedAt: start.Add(after), Gate: "Gate of " + device}, Number: read.Ticket,
		Lookup: ticketing.Lookup(read.Nonce), Result: checkin.Accepted}
}

func TestWhatWaitedAtDoorsIsTaken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		d.clock.Store(int64(3 * time.Hour))
		list := d.list(checkin.ListInput{})
		order, late := d.order(d.regular, 3), d.order(d.regular, 2)
		tickets := append(order.Tickets, late.Tickets...)
		// B was earlier by our clock: its own was an hour slow, and it knew.
		a, b := queued(t, "dev_a", "1", tickets[0].Code, 10*time.Minute), queued(t, "dev_b", "1", tickets[0].Code, -55*time.Minute)
		b.Skew = time.Hour
		first := d.sync(list, a)[0]
		if first.Result != checkin.Accepted || first.Conflict != nil || !first.Offline {
			t.Errorf("alone: %+v", first)
		}
		second := d.sync(list, b)[0]
		if second.Result != checkin.Accepted || second.ConflictID != "" || second.Conflict == nil || second.Conflict.ID != first.ID || second.Conflict.Gate != "Gate of dev_a" {
			t.Errorf("the other door was told %+v", second)
		}
		again := d.sync(list, a, b)
		if !again[0].Replay || again[0].ID != first.ID || again[0].Conflict == nil || again[0].Conflict.ID != second.ID || again[0].ConflictID != second.ID {
			t.Errorf("sent again: %+v", again[0])
		}
		stats, err := d.Stats(t.Context(), d.event.CommunityID, list.ID)
		if err != nil || stats.CheckedIn != 1 || stats.Inside != 1 || len(stats.ByGate) != 1 || stats.ByGate[0].Gate != "Gate of dev_b" {
			t.Errorf("%+v, %v", stats, err)
		}
		if rows := d.attendance(); len(rows) != 1 || !rows[0].FirstAt.Equal(start.Add(5*time.Minute)) || !rows[0].LastAt.Equal(start.Add(10*time.Minute)) {
			t.Errorf("present was %+v", rows[0])
		}
		if online := d.must(checkin.ScanInput{ListID: list.ID, Code: tickets[0].Code}); online.Reason != checkin.AlreadyCheckedIn {
			t.Errorf("online, after that: %+v", online)
		}
		if list, err := d.Conflicts(t.Context(), d.event.CommunityID, list.ID, 10); err != nil || len(list) != 1 || list[0].ID != first.ID || list[0].Conflict.ID != second.ID || list[0].Ticket == nil {
			t.Errorf("the supervisor sees %+v, %v", list, err)
		}
		if _, err := d.Annul(t.Context(), d.event.CommunityID, second.ID, ""); err != nil {
			t.Fatal(err)
		}
		if list, err := d.Conflicts(t.Context(), d.event.CommunityID, list.ID, 10); err != nil || len(list) != 0 {
			t.Errorf("one of both was taken back: %+v, %v", list, err)
		}
		d.holds()

		// What no door of ours can have let in, and what it knew too late.
		forged, unknown, undecided := queued(t, "dev_a", "2", tickets[1].Code, 0), queued(t, "dev_a", "3", tickets[1].Code, 0), queued(t, "dev_a", "4", tickets[1].Code, 0)
		forged.Lookup = ticketing.Lookup(ticketing.Nonce{})
		unknown.Number = 999
		undecided.Result = ""
		got := d.sync(list, forged, unknown, undecided)
		if got[0].Reason != checkin.UnknownTicket || got[1].Reason != checkin.UnknownTicket || got[2].Result != checkin.Accepted || got[0].TicketID != "" {
			t.Errorf("forged %s, unknown %s, undecided %s", got[0].Reason, got[1].Reason, got[2].Reason)
		}
		if _, err := d.Ticketing.CancelOrder(t.Context(), order.CommunityID, late.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		knew, asked := queued(t, "dev_b", "5", tickets[3].Code, time.Hour), queued(t, "dev_b", "6", tickets[4].Code, time.Hour)
		asked.Result = ""
		if got = d.sync(list, knew, asked); got[0].Result != checkin.Accepted || got[0].Reason != checkin.Canceled || got[1].Result != checkin.Refused || got[1].Reason != checkin.Canceled {
			t.Errorf("let in after it was canceled: %+v; asked: %+v", got[0], got[1])
		}
		refused := queued(t, "dev_b", "7", tickets[2].Code, time.Hour)
		refused.Result, refused.Reason = checkin.Refused, checkin.WrongList
		if got := d.sync(list, refused)[0]; got.Result != checkin.Refused || got.Reason != checkin.WrongList || got.TicketID != tickets[2].ID {
			t.Errorf("a refusal is logged as %+v", got)
		}

		// What cannot be taken harms nothing else of its batch.
		reused, wrong, fine := queued(t, "dev_a", "1", tickets[1].Code, 0), queued(t, "dev_a", "8", tickets[1].Code, 800*24*time.Hour), queued(t, "dev_a", "9", tickets[1].Code, time.Minute)
		wrong.Result = ""
		answers, err := d.Sync(t.Context(), d.event.CommunityID, list.ID, []checkin.QueuedScan{reused, wrong, fine})
		if err != nil || !errors.Is(answers[0].Err, checkin.ErrNonceReused) || answers[1].Err == nil || answers[2].Err != nil || answers[2].Scan.Conflict == nil {
			t.Errorf("%+v, %v", answers, err)
		}
		ahead := queued(t, "dev_c", "1", tickets[2].Code, 90*24*time.Hour)
		if got := d.sync(list, ahead)[0]; got.Result != checkin.Accepted || !got.At.Equal(d.now()) {
			t.Errorf("a clock that is months ahead: %+v", got)
		}
		// A battery that ran empty took the clock along: who was let in was let in, and it is known when that was told.
		reset := queued(t, "dev_c", "2", tickets[2].Code, time.Date(2007, 1, 1, 0, 0, 0, 0, time.UTC).Sub(start))
		if got := d.sync(list, reset)[0]; got.Result != checkin.Accepted || !got.At.Equal(d.now()) || !got.ScannedAt.Equal(reset.ScannedAt) {
			t.Errorf("a clock that was lost: %+v", got)
		}
		if _, err := d.Sync(t.Context(), "com_other", list.ID, []checkin.QueuedScan{fine}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		if _, err := d.Sync(t.Context(), d.event.CommunityID, list.ID, make([]checkin.QueuedScan, checkin.MaxQueued+1)); err == nil {
			t.Error("any number at once")
		}
		d.holds()
	})
}

// Whatever the order in which doors tell what they did, cut into batches and told twice, the end is the same: who was let in by which scan, which
// entries are in conflict, who is inside, and who was present from when to when.
func TestTheOrderOfArrivalChangesNothing(t *testing.T) {
	histories := 40
	if os.Getenv("TURNOUT_TEST_SOAK") != "" {
		histories = 5000
	}
	set(t, "rapid.checks", strconv.Itoa(histories))
	set(t, "rapid.nofailfile", "true")
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			d, played := (*door)(nil), 0
			rapid.Check(t, func(rt *rapid.T) {
				if played++; played%50 == 1 {
					d = newDoor(t, dbtest.Open(t, engine))
				}
				scans := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) told {
					return told{rapid.IntRange(0, 1).Draw(rt, "ticket"), rapid.IntRange(0, 3).Draw(rt, "device"), rapid.SampledFrom([]checkin.Direction{checkin.Entry, checkin.Entry, checkin.Exit}).Draw(rt, "direction"),
						time.Duration(rapid.IntRange(0, 6).Draw(rt, "hours")) * time.Hour, time.Duration(rapid.IntRange(-24, 24).Draw(rt, "skew")) * time.Hour}
				}), 1, 12).Draw(rt, "scans")
				in := checkin.ListInput{Entry: rapid.SampledFrom(rules.Entries).Draw(rt, "entry")}
				var ends [2]string
				for i := range ends {
					ends[i] = d.tell(rt, in, scans, fmt.Sprintf("%d.%d", played, i))
				}
				if ends[0] != ends[1] {
					rt.Fatalf("%s: one order ends with %s, another with %s", in.Entry, ends[0], ends[1])
				}
			})
			d.holds()
		})
	}
}

// told is what a device tells of a scan.
type told struct {
	ticket, device int
	direction      checkin.Direction
	at, skew       time.Duration
}

// tell sends scans of two tickets in a drawn order, some twice, and gives the end.
func (d *door) tell(rt *rapid.T, in checkin.ListInput, scans []told, run string) string {
	d.clock.Store(0)
	list, tickets := d.list(in), d.order(d.regular, 2).Tickets
	d.clock.Store(int64(24 * time.Hour))
	order := rapid.Permutation(indices(len(scans))).Draw(rt, "order")
	order = append(order, rapid.SliceOfN(rapid.SampledFrom(order), 0, 3).Draw(rt, "again")...)
	for len(order) > 0 {
		n := rapid.IntRange(1, len(order)).Draw(rt, "at once")
		var items []checkin.QueuedScan
		for _, i := range order[:n] {
			w := scans[i]
			q := queued(d.t, fmt.Sprintf("dev_%d", w.device), fmt.Sprintf("%s.%d", run, i), tickets[w.ticket].Code, w.at-w.skew)
			q.Skew, q.Direction = w.skew, w.direction
			items = append(items, q)
		}
		d.sync(list, items...)
		order = order[n:]
	}
	return d.end(list, tickets, run)
}

func indices(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// end is everything that is read from the log, in words that are the same for the same scans.
func (d *door) end(list *checkin.List, tickets []*ticketing.Ticket, run string) string {
	var scans []*checkin.Scan
	var rows []string
	db := d.DB.Read()
	if err := db.NewSelect().Model(&scans).Where("list_id = ?", list.ID).Scan(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	names := map[turnout.ID]string{"": "-"}
	for _, scan := range scans {
		names[scan.ID] = scan.Nonce[len(run):]
	}
	for _, scan := range scans {
		if scan.Result != checkin.Accepted {
			d.t.Errorf("what a door let in is %s %s", scan.Result, scan.Reason)
		}
		rows = append(rows, names[scan.ID]+" conflicts "+names[scan.ConflictID])
	}
	var in []struct {
		TicketID, ScanID, EnteredBy turnout.ID
		Inside                      bool
	}
	if err := db.NewSelect().Table("admissions").Column("ticket_id", "scan_id", "entered_by", "inside").Where("list_id = ?", list.ID).Scan(d.t.Context(), &in); err != nil {
		d.t.Fatal(err)
	}
	number := func(id turnout.ID) int {
		return slices.IndexFunc(tickets, func(t *ticketing.Ticket) bool { return t.ID == id })
	}
	for _, a := range in {
		rows = append(rows, fmt.Sprintf("%d in by %s and %s, inside %v", number(a.TicketID), names[a.ScanID], names[a.EnteredBy], a.Inside))
	}
	for _, a := range d.attendance() {
		if n := number(a.TicketID); n >= 0 {
			rows = append(rows, fmt.Sprintf("%d present %s %s", n, a.FirstAt, a.LastAt))
		}
	}
	stats, err := d.Stats(d.t.Context(), d.event.CommunityID, list.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	slices.SortFunc(rows, cmp.Compare[string])
	return fmt.Sprint(rows, stats.CheckedIn, stats.Inside, stats.Refused)
}

// A door whose question was answered, but did not hear it, decides alone and tells it under the same nonce: it is no second scan; and what we had refused and it let
// in happened.
func TestAnAnswerThatWasLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		list, order := d.list(checkin.ListInput{}), d.order(d.regular, 2)
		let, code := d.must(checkin.ScanInput{ListID: list.ID, Code: order.Tickets[0].Code, Caller: "dev_a", Nonce: "1"}), order.Tickets[1].Code
		if got := d.sync(list, queued(t, "dev_a", "1", order.Tickets[0].Code, 0))[0]; got.ID != let.ID || !got.Replay || got.Conflict != nil {
			t.Errorf("told again: %+v", got)
		}
		if _, err := d.Ticketing.CancelOrder(t.Context(), order.CommunityID, order.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		no := d.must(checkin.ScanInput{ListID: list.ID, Code: code, Caller: "dev_a", Nonce: "2"})
		first, again := d.sync(list, queued(t, "dev_a", "2", code, 0))[0], d.sync(list, queued(t, "dev_a", "2", code, 0))[0]
		if no.Reason != checkin.Canceled || first.Result != checkin.Accepted || first.Reason != checkin.Canceled || again.ID != first.ID {
			t.Errorf("refused %s; told %s %s; again %s", no.Reason, first.Result, first.Reason, again.ID)
		}
		stats, err := d.Stats(t.Context(), d.event.CommunityID, list.ID)
		if err != nil || stats.CheckedIn != 2 || stats.Refused != 1 {
			t.Errorf("%+v, %v", stats, err)
		}
	})
}
