package checkin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// What the door shall know of somebody comes with their scans and, sealed, to devices; it goes when the ticket goes to somebody else.
func TestTheDoorKnowsWhatItShall(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		d.at(-24 * time.Hour)
		list, ticket := d.list(checkin.ListInput{}), d.order(d.regular, 1).Tickets[0]
		write := func(kind ticketing.NoticeKind, text string) error {
			return d.Ticketing.WriteNotice(t.Context(), d.event.CommunityID, ticket.ID, ticketing.Notice{Kind: kind, Text: text})
		}
		for field, err := range map[string]error{"kind": write("king", ""), "text": write(ticketing.NoticeVIP, strings.Repeat("x", 201))} {
			if known, ok := errors.AsType[*turnout.Error](err); !ok || len(known.Fields) != 1 || known.Fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if err := write(ticketing.NoNotice, "x"); err == nil {
			t.Error("a text of no kind")
		}
		if err := d.Ticketing.WriteNotice(t.Context(), "com_other", ticket.ID, ticketing.Notice{}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		before, err := d.DoorRecords(t.Context(), d.event.CommunityID, list.ID, checkin.Position{})
		if err != nil {
			t.Fatal(err)
		}
		d.at(-23 * time.Hour)
		if err := write(ticketing.NoticeMinor, " Pick up by the mother "); err != nil {
			t.Fatal(err)
		}
		scan := d.must(checkin.ScanInput{ListID: list.ID, Code: ticket.Code})
		if n := scan.Ticket.Notices(); len(n) != 1 || n[0] != (ticketing.Notice{Kind: ticketing.NoticeMinor, Text: "Pick up by the mother"}) {
			t.Errorf("at the scan: %+v", n)
		}
		heard, err := d.DoorRecords(t.Context(), d.event.CommunityID, list.ID, before.Position)
		if err != nil || len(heard.Records) != 1 || strings.Contains(string(heard.Bytes()), "mother") {
			t.Fatalf("a device hears of %d, %v", len(heard.Records), err)
		}
		code, err := ticketing.ParseCode(ticket.Code)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := opened(code.Nonce, heard.Records[0].Lookup, heard.Records[0].Sealed); err != nil || !strings.Contains(plain, `"notices":[{"kind":"minor","text":"Pick up by the mother"}]`) {
			t.Errorf("the record: %s, %v", plain, err)
		}
		if err := d.Ticketing.FillDetails(t.Context(), ticket.ID, ticketing.Details{Attendee: ticketing.Attendee{Name: "Bea", Email: "bea@example.org"}}); err != nil {
			t.Fatal(err)
		}
		found, err := ticketing.DoorTickets(t.Context(), db.Read(), d.event.ID, nil, []turnout.ID{ticket.ID})
		if err != nil || len(found) != 1 || len(found[0].Notices()) != 0 {
			t.Errorf("of the next bearer: %+v, %v", found[0].Notices(), err)
		}
	})
}
