package checkin_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// A supervisor lets in whom the list does not, and answers for it: counted once, in no conflict with anybody, taken back like any entry. What nobody can answer for
// stays refused.
func TestASupervisorSetsARefusalAside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		list, order := d.list(checkin.ListInput{}), d.order(d.regular, 3)
		aside := func(scan *checkin.Scan, nonce string) (*checkin.Scan, error) {
			return d.SetAside(t.Context(), d.event.CommunityID, checkin.Override{Scan: scan.ID, Reason: " Lost the phone ", Nonce: nonce, Gate: "Desk", Caller: "dev_boss"})
		}
		first := d.must(checkin.ScanInput{ListID: list.ID, Code: order.Tickets[0].Code})
		if _, err := aside(first, "0"); !errors.Is(err, checkin.ErrNotOverridable) {
			t.Errorf("what was let in: %v", err)
		}
		no := d.must(checkin.ScanInput{ListID: list.ID, Code: order.Tickets[0].Code})
		d.clock.Add(int64(time.Minute))
		in, err := aside(no, "1")
		if err != nil || in.Result != checkin.Accepted || in.Reason != checkin.AlreadyCheckedIn || in.Overrides != no.ID || in.Note != "Lost the phone" || in.Conflict != nil || in.Message() != "Let in by a supervisor: Lost the phone" {
			t.Fatalf("%+v, %v", in, err)
		}
		if again, err := aside(no, "1"); err != nil || again.ID != in.ID || !again.Replay {
			t.Errorf("the same again: %+v, %v", again, err)
		}
		if _, err := aside(no, "1b"); !errors.Is(err, checkin.ErrNotOverridable) {
			t.Errorf("a second supervisor: %v", err)
		}
		if _, err := aside(d.must(checkin.ScanInput{ListID: list.ID, Code: order.Tickets[0].Code}), "1"); !errors.Is(err, checkin.ErrNonceReused) {
			t.Errorf("another with its nonce: %v", err)
		}
		stats, err := d.Stats(t.Context(), d.event.CommunityID, list.ID)
		if conflicts, _ := d.Conflicts(t.Context(), d.event.CommunityID, list.ID, 10); err != nil || stats.CheckedIn != 1 || stats.Inside != 1 || len(conflicts) != 0 {
			t.Errorf("%+v, %v, %d conflicts", stats, err, len(conflicts))
		}
		if rows := d.attendance(); len(rows) != 1 || !rows[0].LastAt.Equal(d.now()) {
			t.Errorf("present: %+v", rows)
		}

		// At another door, and taken back.
		side := d.list(checkin.ListInput{Name: "Crew", TicketTypeIDs: []turnout.ID{d.ticketType("Crew", ticketing.InPerson).ID}})
		wrong := d.must(checkin.ScanInput{ListID: side.ID, Code: order.Tickets[1].Code})
		if in, err = aside(wrong, "2"); err != nil || wrong.Reason != checkin.WrongList || in.ListID != side.ID {
			t.Fatalf("%s, %v", wrong.Reason, err)
		}
		if _, err := d.Annul(t.Context(), d.event.CommunityID, in.ID, ""); err != nil {
			t.Fatal(err)
		}
		if stats, err := d.Stats(t.Context(), d.event.CommunityID, side.ID); err != nil || stats.CheckedIn != 0 || stats.Refused != 1 {
			t.Errorf("%+v, %v", stats, err)
		}

		// Nobody's word: forged, canceled, an exit, no reason, another community.
		forged := d.must(checkin.ScanInput{ListID: list.ID, Code: "AEAQ"})
		out := d.must(checkin.ScanInput{ListID: list.ID, Code: order.Tickets[2].Code, Direction: checkin.Exit})
		late := d.must(checkin.ScanInput{ListID: side.ID, Code: order.Tickets[2].Code})
		if _, err := d.Ticketing.CancelOrder(t.Context(), order.CommunityID, order.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		canceled := d.must(checkin.ScanInput{ListID: list.ID, Code: order.Tickets[2].Code})
		for i, scan := range []*checkin.Scan{forged, out, late, canceled} {
			if _, err := aside(scan, fmt.Sprintf("n%d", i)); !errors.Is(err, checkin.ErrNotOverridable) {
				t.Errorf("%s: %v", scan.Reason, err)
			}
		}
		if _, err := d.SetAside(t.Context(), d.event.CommunityID, checkin.Override{Scan: no.ID, Reason: "  ", Nonce: "x"}); err == nil {
			t.Error("without a reason")
		}
		if _, err := d.SetAside(t.Context(), "com_other", checkin.Override{Scan: no.ID, Reason: "x", Nonce: "x"}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
	})
}

// A refusal that was of a code which has died since cannot be set aside: its holder would come in on somebody else's ticket.
func TestADeadCodeIsNotSetAside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		list := d.list(checkin.ListInput{StartsAt: start.Add(time.Hour)})
		d.at(-24 * time.Hour)
		ticket := d.order(d.regular, 1).Tickets[0]
		for i, name := range []string{"", "Bea"} { // still the buyer's, and somebody else's
			early := d.must(checkin.ScanInput{ListID: list.ID, Code: ticket.Code})
			if name != "" {
				in := ticketing.Details{Attendee: ticketing.Attendee{Name: name, Email: name + "@example.org"}}
				if err := d.Ticketing.FillDetails(t.Context(), ticket.ID, in); err != nil {
					t.Fatal(err)
				}
			}
			_, err := d.SetAside(t.Context(), d.event.CommunityID, checkin.Override{Scan: early.ID, Reason: "Known", Nonce: fmt.Sprint(i), Caller: "dev_boss"})
			if dead := i == 1; dead != errors.Is(err, checkin.ErrNotOverridable) || !dead && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// Of many supervisors who are asked about one refusal, one lets in; taps with one nonce are one entry.
func TestManyTapsOfASupervisorAreOne(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			first := newDoor(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			list, code := first.list(checkin.ListInput{}), first.order(first.regular, 1).Tickets[0].Code
			first.must(checkin.ScanInput{ListID: list.ID, Code: code})
			no := first.must(checkin.ScanInput{ListID: list.ID, Code: code})
			var made atomic.Int64
			dbtest.Together(16, func(i int) {
				scan, err := []*door{first, second}[i%2].SetAside(t.Context(), first.event.CommunityID, checkin.Override{Scan: no.ID, Reason: "Known", Nonce: "one", Caller: "dev_boss"})
				if err != nil {
					t.Error(err)
				} else if !scan.Replay {
					made.Add(1)
				}
			})
			if made.Load() != 1 {
				t.Errorf("%d entries", made.Load())
			}
			again := first.must(checkin.ScanInput{ListID: list.ID, Code: code})
			dbtest.Together(16, func(i int) {
				_, err := []*door{first, second}[i%2].SetAside(t.Context(), first.event.CommunityID, checkin.Override{Scan: again.ID, Reason: "Known", Nonce: fmt.Sprint(i), Caller: "dev_boss"})
				if err == nil {
					made.Add(1)
				} else if !errors.Is(err, checkin.ErrNotOverridable) {
					t.Error(err)
				}
			})
			if made.Load() != 2 {
				t.Errorf("%d entries", made.Load())
			}
		})
	}
}
