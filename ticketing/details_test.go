package ticketing_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/payments"
)

// fields are the names and codes of an error's problems.
func fieldsOf(err error) (found []string) {
	if e, ok := errors.AsType[*turnout.Error](err); ok {
		for _, f := range e.Fields {
			found = append(found, f.Name+" "+f.Code)
		}
	}
	return found
}

// Who is sent a link fills it in: the answers are checked, places of choices are taken and given back, and nothing is left to do.
func TestDetailsAreFilledIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(0, s.pool(10))
		one := int64(1)
		q, err := s.CreateQuestion(t.Context(), s.event.CommunityID, s.event.ID, ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice,
			Label: "Which room?", Purpose: "Chairs", Required: true, EraseDays: 30, Options: []ticketing.OptionInput{{Label: "A", Places: &one}, {Label: "B"}}})
		if err != nil {
			t.Fatal(err)
		}
		a, b := q.Words.Options[0], q.Words.Options[1]
		choice := func(o ticketing.Option) ticketing.Answers {
			raw, _ := json.Marshal(o.ID)
			return ticketing.Answers{q.ID: raw}
		}
		p := s.purchase(tt, 3, 1)
		p.Attendees = []ticketing.Bearer{{Attendee: p.Buyer, Answers: choice(b)}, {Attendee: ticketing.Attendee{Email: "ada@example.org"}, Later: true}, {Later: true}}
		o, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		second, third := o.Tickets[1], o.Tickets[2]
		if !second.DetailsDue || second.AttendeeName != p.Buyer.Name || o.Tickets[0].DetailsDue {
			t.Fatalf("who is to fill in what: %+v", second)
		}
		if link := s.DetailsLink(second); !strings.HasPrefix(link, "https://events.example/tickets/"+string(second.ID)+"/details?secret=") {
			t.Error(link)
		}
		err = s.FillDetails(t.Context(), second.ID, ticketing.Details{Attendee: ticketing.Attendee{Email: "ada@"}})
		if got := fieldsOf(err); !slices.Equal(got, []string{"name required", "email email", "answers." + string(q.ID) + " required"}) {
			t.Errorf("problems %v, %v", got, err)
		}
		ada := ticketing.Details{Attendee: ticketing.Attendee{Name: "Ada", Email: "ADA@example.org"}, Answers: choice(a)}
		if err := s.FillDetails(t.Context(), second.ID, ada); err != nil {
			t.Fatal(err)
		}
		s.holds()
		now := s.order(o.ID).Tickets[1]
		if now.DetailsDue || now.AttendeeName != "Ada" || now.AttendeeEmail != "ada@example.org" || now.PersonID == o.PersonID || now.Version != second.Version+1 {
			t.Errorf("filled in: %+v", now)
		}
		err = s.FillDetails(t.Context(), third.ID, ticketing.Details{Attendee: ticketing.Attendee{Name: "Grace"}, Answers: choice(a)})
		if got := fieldsOf(err); !slices.Equal(got, []string{"answers." + string(q.ID) + " option_full"}) {
			t.Errorf("a full choice: %v, %v", got, err)
		}
		if err := s.FillDetails(t.Context(), second.ID, ada); err != nil { // again the same: the place is hers
			t.Fatal(err)
		}
		ada.Answers = choice(b)
		if err := s.FillDetails(t.Context(), second.ID, ada); err != nil {
			t.Fatal(err)
		}
		s.holds()
		if err := s.FillDetails(t.Context(), third.ID, ticketing.Details{Attendee: ticketing.Attendee{Name: "Grace"}, Answers: choice(a)}); err != nil {
			t.Fatalf("a place that was given back: %v", err)
		}
		given, err := s.AnswersOf(t.Context(), s.event.CommunityID, []turnout.ID{o.ID})
		if err != nil || len(given) != 3 {
			t.Fatalf("%d answers, %v", len(given), err)
		}
		if now := s.order(o.ID).Tickets[2]; now.PersonID != o.PersonID || now.AttendeeEmail != p.Buyer.Email || now.AttendeeName != "Grace" {
			t.Errorf("without an address: %+v", now)
		}
		before := s.order(o.ID).Tickets
		if before[1].Code != second.Code {
			t.Error("Ada's ticket got another code, though nobody bore it before")
		}
		eve := ticketing.Details{Attendee: ticketing.Attendee{Name: "Eve", Email: "eve@example.org"}, Answers: choice(b)}
		if err := s.FillDetails(t.Context(), second.ID, eve); err != nil {
			t.Fatal(err)
		}
		after := s.order(o.ID).Tickets
		if after[1].Code == second.Code || s.TicketLink(after[1]) == s.TicketLink(before[1]) || after[0].Code != before[0].Code {
			t.Error("a ticket that went to somebody else kept its code")
		}
		doors, err := ticketing.DoorTickets(t.Context(), s.DB.Read(), s.event.ID, nil, []turnout.ID{second.ID})
		if err != nil || len(doors) != 1 || len(doors[0].Revoked) != 1 {
			t.Errorf("what the door knows of the old code: %+v, %v", doors, err)
		}
		s.wait(s.event.StartsAt.Sub(s.now()))
		if err := s.FillDetails(t.Context(), third.ID, ada); !errors.Is(err, ticketing.ErrDetailsClosed) {
			t.Errorf("after the event began: %v", err)
		}
		if err := s.FillDetails(t.Context(), "tkt_none", ada); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("no such ticket: %v", err)
		}
	})
}

// Whoever gets a ticket by its details is mailed it; whoever had it is told that it went on, and nothing of who has it.
func TestANewBearerIsMailedTheTicket(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		p := s.purchase(s.ticketType(0, s.pool(10)), 2, 1)
		p.Attendees = []ticketing.Bearer{{Attendee: ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}}, {Later: true}}
		o, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		fill := func(i int, name, email string) []string {
			t.Helper()
			before, _ := s.sentMails()
			if err := s.FillDetails(t.Context(), o.Tickets[i].ID, ticketing.Details{Attendee: ticketing.Attendee{Name: name, Email: email}}); err != nil {
				t.Fatal(err)
			}
			after, _ := s.sentMails()
			for _, m := range before {
				after = slices.Delete(after, slices.Index(after, m), slices.Index(after, m)+1)
			}
			return after
		}
		const given, passed = ": Your ticket for Spring", ": Passed on: your ticket for Spring"
		for _, step := range []struct {
			ticket      int
			name, email string
			want        []string
		}{
			{0, "Ada L", "ada@example.org", nil}, // hers as before
			{0, "Eve Stranger", "eve@example.org", []string{"ada@example.org" + passed, "eve@example.org" + given}},
			{0, "Buyer", "", []string{"buyer1@example.org" + given, "eve@example.org" + passed}},
			{1, "Grace", "", nil}, // the buyer has all tickets
			{1, "Grace", "grace@example.org", []string{"buyer1@example.org" + passed, "grace@example.org" + given}},
		} {
			if got := fill(step.ticket, step.name, step.email); !slices.Equal(got, step.want) {
				t.Errorf("%s <%s>: %q", step.name, step.email, got)
			}
		}
		now := s.order(o.ID).Tickets
		_, texts := s.sentMails()
		if m := texts["grace@example.org"+given]; !strings.Contains(m, "Hello Grace,") || !strings.Contains(m, s.TicketLink(now[1])) || strings.Contains(m, "/orders/") {
			t.Errorf("the new bearer reads %s", m)
		}
		m := texts["ada@example.org"+passed]
		for _, secret := range []string{"Eve", "eve@", "secret="} {
			if m == "" || strings.Contains(m, secret) {
				t.Errorf("whoever had it reads %q in %s", secret, m)
			}
		}
		var files []string
		if err := s.DB.Read().NewSelect().Table("mail_outbox").Column("attachments").Where("recipient = 'grace@example.org'").Scan(t.Context(), &files); err != nil ||
			len(files) != 1 || !strings.Contains(files[0], "ticket.pdf") {
			t.Errorf("attached is %.100q, %v", files, err)
		}
		// Passed on again and again it stays where it is: nobody gets or loses it without a word.
		fill(1, "Grace", "a@example.org")
		fill(1, "Grace", "b@example.org")
		err = s.FillDetails(t.Context(), o.Tickets[1].ID, ticketing.Details{Attendee: ticketing.Attendee{Name: "Grace", Email: "victim@example.org"}})
		if !errors.Is(err, ticketing.ErrPassedOnTooOften) || s.order(o.ID).Tickets[1].AttendeeEmail != "b@example.org" {
			t.Errorf("for the fourth time within an hour: %v", err)
		}
		fill(1, "Grace B", "b@example.org") // where it stays, it can be filled in
		s.wait(61 * time.Minute)
		fill(1, "Grace", "c@example.org")
		// Whoever has it again by then is not told that it went on; jobs know no addresses.
		for _, email := range []string{"ada@example.org", "eve@example.org", "ada@example.org"} {
			if err := s.FillDetails(t.Context(), o.Tickets[0].ID, ticketing.Details{Attendee: ticketing.Attendee{Name: "A", Email: email}}); err != nil {
				t.Fatal(err)
			}
		}
		var payloads []string
		if err := s.DB.Read().NewSelect().Table("jobs").Column("payload").Where("kind LIKE 'ticketing.ticket_%'").Scan(t.Context(), &payloads); err != nil || strings.Contains(strings.Join(payloads, ""), "@") {
			t.Errorf("payloads: %q, %v", payloads, err)
		}
		told := func() (n int) {
			list, _ := s.sentMails()
			for _, m := range list {
				if m == "ada@example.org"+passed {
					n++
				}
			}
			return n
		}
		if n := told(); n != 1 {
			t.Errorf("Ada was told %d times that it went on, and has it", n)
		}
		// Of a ticket that was sold by name only nobody has to be told.
		desk, _, err := s.PlaceOrder(t.Context(), s.atDesk(s.ticketType(0, s.pool(1)), 1, ticketing.DeskFree))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.FillDetails(t.Context(), desk.Tickets[0].ID, ticketing.Details{Attendee: ticketing.Attendee{Name: "Ida", Email: "ida@example.org"}}); err != nil {
			t.Fatal(err)
		}
		list, _ := s.sentMails()
		stuck, err := s.DB.Read().NewSelect().Table("jobs").Where("kind = ?", ticketing.JobTicketPassedOn).Where("state <> 'done'").Count(t.Context())
		if err != nil || stuck != 0 || !slices.Contains(list, "ida@example.org"+given) {
			t.Errorf("%q, %d jobs are stuck, %v", list, stuck, err)
		}
		// Nor does it go to nobody: who was sold it has no address that could stand in.
		hers := s.order(desk.ID).Tickets[0]
		err = s.FillDetails(t.Context(), hers.ID, ticketing.Details{Attendee: ticketing.Attendee{Name: "Ida"}})
		if now := s.order(desk.ID).Tickets[0]; !slices.Equal(fieldsOf(err), []string{"email required"}) || now.Code != hers.Code || now.AttendeeEmail != "ida@example.org" {
			t.Errorf("without an address: %v, %+v", err, now)
		}
	})
}

// A ticket that is due and filled in by whoever was asked for it is mailed to them; one that is canceled by then is not.
func TestAFilledInTicketIsMailed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		p := s.purchase(s.ticketType(0, s.pool(10)), 2, 1)
		ada, eve := ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}, ticketing.Attendee{Name: "Eve", Email: "eve@example.org"}
		p.Attendees = []ticketing.Bearer{{Attendee: ada, Later: true}, {Attendee: eve, Later: true}}
		o, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.FillDetails(t.Context(), o.Tickets[0].ID, ticketing.Details{Attendee: ada}); err != nil {
			t.Fatal(err)
		}
		list, _ := s.sentMails()
		if !slices.Contains(list, "ada@example.org: Your ticket for Spring") || slices.ContainsFunc(list, func(m string) bool { return strings.Contains(m, "Passed on") }) {
			t.Errorf("mailed are %q", list)
		}
		if err := s.FillDetails(t.Context(), o.Tickets[1].ID, ticketing.Details{Attendee: eve}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CancelOrder(t.Context(), o.CommunityID, o.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		if list, _ = s.sentMails(); slices.Contains(list, "eve@example.org: Your ticket for Spring") {
			t.Errorf("a canceled ticket was mailed: %q", list)
		}
		gone := func(m string) bool { return m == "eve@example.org: Canceled: your ticket for Spring" }
		if i := slices.IndexFunc(list, gone); i < 0 || slices.ContainsFunc(list[i+1:], gone) {
			t.Errorf("whoever had a ticket of a canceled order was not told once: %q", list)
		}
		if failed, err := db.Read().NewSelect().Table("jobs").Where("last_error <> ''").Count(t.Context()); err != nil || failed > 0 {
			t.Errorf("%d jobs failed, %v", failed, err)
		}
	})
}

// Whoever comes online is sent to no place: neither in the mail of their ticket nor in that of an order that is all online.
func TestOnlineTicketsNameNoPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.run("UPDATE events SET venue_name = 'Old Mill'")
		hall := s.pool(10)
		there := s.ticketType(0, hall)
		online, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, ticketing.TicketTypeInput{Name: "Online", Price: turnout.Money{Currency: "EUR"},
			AttendanceMode: ticketing.Virtual, PoolIDs: []turnout.ID{hall.ID}})
		if err != nil {
			t.Fatal(err)
		}
		ada, eve := ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}, ticketing.Attendee{Name: "Eve", Email: "eve@example.org"}
		p := s.purchase(there, 1, 1)
		p.Lines = append(p.Lines, ticketing.PurchaseLine{TicketTypeID: online.ID, Quantity: 1})
		p.Attendees = []ticketing.Bearer{{Attendee: ada, Later: true}, {Attendee: eve, Later: true}}
		o, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		s.buy(online, 1, 2)
		s.sentMails()
		for i, who := range []ticketing.Attendee{ada, eve} {
			if err := s.FillDetails(t.Context(), o.Tickets[i].ID, ticketing.Details{Attendee: who}); err != nil {
				t.Fatal(err)
			}
		}
		_, texts := s.sentMails()
		for mail, want := range map[string]bool{
			"buyer1@example.org: Your tickets for Spring": true, "buyer2@example.org: Your tickets for Spring": false,
			"ada@example.org: A few details, please: your ticket for Spring": true, "eve@example.org: A few details, please: your ticket for Spring": false,
			"ada@example.org: Your ticket for Spring": true, "eve@example.org: Your ticket for Spring": false,
		} {
			if text := texts[mail]; text == "" || strings.Contains(text, "Old Mill") != want {
				t.Errorf("%s, with the place %v: %s", mail, want, text)
			}
		}
	})
}

// A ticket whose new bearer has not answered what they must is due again, until they have; one that was only asked about is worth nothing to
// whoever was asked once it has another address.
func TestANewBearerIsAskedAndNamedAsMissing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		one, in := int64(1), words("Which room?")
		in.Kind, in.Options, in.Required = ticketing.AskChoice, []ticketing.OptionInput{{Label: "A", Places: &one}, {Label: "B"}}, true
		room := s.ask(in)
		in = words("Why?")
		in.ShowIf = ticketing.Condition{QuestionID: room.ID, AnyOf: []string{string(room.Words.Options[0].ID)}}
		in.Required = true
		why := s.ask(in)
		answers := func(option int) ticketing.Answers {
			raw, _ := json.Marshal(room.Words.Options[option].ID)
			given := ticketing.Answers{room.ID: raw}
			if option == 0 {
				given[why.ID] = json.RawMessage(`"It is quiet"`)
			}
			return given
		}
		p := s.purchase(s.ticketType(0, s.pool(10)), 3, 1)
		ada, bob := ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}, ticketing.Attendee{Name: "Bob", Email: "bob@example.org"}
		p.Attendees = []ticketing.Bearer{{Attendee: ada, Answers: answers(0)}, {Attendee: bob, Answers: answers(1)}, {Attendee: ticketing.Attendee{Email: "wrong@example.org"}, Later: true}}
		o, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		eve := ticketing.Attendee{Name: "Eve", Email: "eve@example.org"}
		for i, ticket := range o.Tickets {
			given := ticketing.Answers(nil)
			if i == 2 {
				given = answers(1)
			}
			if err := s.FillDetails(t.Context(), ticket.ID, ticketing.Details{Attendee: eve, Answers: given}); err != nil {
				t.Fatal(err)
			}
			now := s.order(o.ID).Tickets[i]
			_, texts := s.sentMails()
			if m := texts["eve@example.org: Your ticket for Spring"]; strings.Contains(m, "Fill in your details: "+s.DetailsLink(now)) != now.DetailsDue {
				t.Errorf("Eve, who is to fill in details of ticket %d (%v), reads %s", i, now.DetailsDue, m)
			}
			s.run("DELETE FROM mail_outbox")
			if due := i < 2; now.DetailsDue != due || now.Code == ticket.Code { // the room with one place stays with the first, and what is asked about it is open
				t.Errorf("ticket %d, which Eve has now: due %v, its code is another: %v", i, now.DetailsDue, now.Code != ticket.Code)
			}
			if err := s.FillDetails(t.Context(), ticket.ID, ticketing.Details{Attendee: eve, Answers: answers(min(i, 1))}); err != nil {
				t.Fatal(err)
			}
			if again := s.order(o.ID).Tickets[i]; again.DetailsDue || again.Code != now.Code {
				t.Errorf("ticket %d, filled in by Eve: due %v, its code is another: %v", i, again.DetailsDue, again.Code != now.Code)
			}
		}
		s.holds()
	})
}

// Details that break off half-way are not there at all: neither a name nor an answer, a place, a code or a mail; then they can be sent again.
func TestDetailsThatBreakOffAreNotThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		one, in := int64(1), words("Which room?")
		in.Kind, in.Options = ticketing.AskChoice, []ticketing.OptionInput{{Label: "A", Places: &one}, {Label: "B"}}
		q := s.ask(in)
		raw, _ := json.Marshal(q.Words.Options[0].ID)
		p := s.purchase(s.ticketType(0, s.pool(10)), 1, 1)
		p.Attendees = []ticketing.Bearer{{Attendee: ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}}}
		o, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		before := s.order(o.ID).Tickets[0]
		eve := ticketing.Details{Attendee: ticketing.Attendee{Name: "Eve", Email: "eve@example.org"}, Answers: ticketing.Answers{q.ID: raw}}
		s.run("ALTER TABLE audit_log RENAME TO away") // what is written last fails
		if err := s.FillDetails(t.Context(), before.ID, eve); err == nil {
			t.Fatal("it did not break off")
		}
		s.run("ALTER TABLE away RENAME TO audit_log")
		s.holds()
		now := s.order(o.ID).Tickets[0]
		given, err := s.AnswersOf(t.Context(), s.event.CommunityID, []turnout.ID{o.ID})
		if err != nil || len(given) != 0 || now.AttendeeName != "Ada" || now.PersonID != before.PersonID || now.Version != before.Version || now.Code != before.Code || s.jobs(ticketing.JobTicketGiven) != 0 {
			t.Errorf("half is there: %+v, %d answers, %d mails, %v", now, len(given), s.jobs(ticketing.JobTicketGiven), err)
		}
		if err := s.FillDetails(t.Context(), before.ID, eve); err != nil { // the only place is still there
			t.Fatal(err)
		}
		if now := s.order(o.ID).Tickets[0]; now.AttendeeName != "Eve" || now.Code == before.Code || s.jobs(ticketing.JobTicketGiven) != 1 {
			t.Errorf("sent again: %+v", now)
		}
	})
}

// Many take the last place of a choice by their links at once: one gets it.
func TestDetailsRaceForTheLastPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt, one := s.ticketType(0, s.pool(20)), int64(1)
		q, err := s.CreateQuestion(t.Context(), s.event.CommunityID, s.event.ID, ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice,
			Label: "Which room?", Purpose: "Chairs", EraseDays: 30, Options: []ticketing.OptionInput{{Label: "A", Places: &one}, {Label: "B"}}})
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := json.Marshal(q.Words.Options[0].ID)
		p := s.purchase(tt, 8, 1)
		for range 8 {
			p.Attendees = append(p.Attendees, ticketing.Bearer{Later: true})
		}
		o, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan error, len(o.Tickets))
		for i, ticket := range o.Tickets {
			go func() {
				results <- s.FillDetails(t.Context(), ticket.ID, ticketing.Details{Attendee: ticketing.Attendee{Name: fmt.Sprint("N", i)}, Answers: ticketing.Answers{q.ID: raw}})
			}()
		}
		got := 0
		for range o.Tickets {
			switch err := <-results; {
			case err == nil:
				got++
			case len(fieldsOf(err)) != 1:
				t.Error(err)
			}
		}
		if got != 1 {
			t.Errorf("%d got the only place", got)
		}
	})
}

// A link shows that an address is the reader's: at this event, for a day, and nothing else.
func TestProofOfAnAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		link, err := url.Parse(s.ProofLink(s.event, "ada@example.org", url.Values{"voucher": {"SPRING"}}))
		if err != nil || link.Path != "/e/spring/checkout" || link.Query().Get("voucher") != "SPRING" {
			t.Fatal(link, err)
		}
		token := link.Query().Get("proof")
		if got := s.ProofOf(s.event.ID, token); got != "ada@example.org" {
			t.Errorf("shows %q", got)
		}
		for _, wrong := range []string{"", token + "x", "x" + token, strings.Replace(token, ".", ".z", 1), "..", token + "." + token} {
			if got := s.ProofOf(s.event.ID, wrong); got != "" {
				t.Errorf("%q shows %q", wrong, got)
			}
		}
		if got := s.ProofOf("evt_other", token); got != "" {
			t.Errorf("at another event it shows %q", got)
		}
		s.wait(24*time.Hour - time.Second)
		if s.ProofOf(s.event.ID, token) == "" {
			t.Error("it ends before a day is over")
		}
		s.wait(time.Second)
		if got := s.ProofOf(s.event.ID, token); got != "" {
			t.Errorf("after a day it shows %q", got)
		}
	})
}

// What the provider's page is asked for adds up to the order's total, whatever vouchers and add-ons did to it.
func TestCheckoutLinesAddUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		pool := s.pool(500)
		euro := func(cents int64) turnout.Money { return turnout.Money{Amount: cents, Currency: "EUR"} }
		early, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, ticketing.TicketTypeInput{Name: "Regular", Price: euro(9995), AttendanceMode: ticketing.InPerson,
			PoolIDs: []turnout.ID{pool.ID}, MaxPerOrder: 20, PriceWindows: []ticketing.PriceWindow{{Name: "Early bird", Price: 3333, UpTo: 4}}})
		if err != nil {
			t.Fatal(err)
		}
		cheap := s.ticketType(1, pool)
		dinner, err := s.CreateAddOn(t.Context(), s.event.CommunityID, s.event.ID, ticketing.AddOnInput{Name: "Dinner", Price: euro(4501), OnSale: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, percent := range []int64{1, 7, 33, 50, 67, 99, 100} {
			code := fmt.Sprintf("P%d", percent)
			if _, err := s.CreateVoucher(t.Context(), s.event.CommunityID, s.event.ID, ticketing.VoucherInput{Code: code, Kind: ticketing.Percent, Value: percent}); err != nil {
				t.Fatal(err)
			}
			p := s.purchase(early, 3, i)
			p.Voucher = code
			p.Lines = append(p.Lines, ticketing.PurchaseLine{TicketTypeID: cheap.ID, Quantity: 2}, ticketing.PurchaseLine{AddOnID: dinner.ID, Quantity: 1})
			o, _, err := s.PlaceOrder(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			req, err := s.CheckoutRequest(t.Context(), o.Payment().ID)
			if err == nil {
				err = req.Check()
			}
			if err != nil || req.Total.Amount != o.Total {
				t.Errorf("%d %%: %v, %+v of %d", percent, err, req.Lines, o.Total)
			}
			if named := slices.ContainsFunc(req.Lines, func(l payments.Line) bool { return l.Name == "Dinner" && l.UnitPrice == 4501 }); !named {
				t.Errorf("the add-on is not named: %+v", req.Lines)
			}
			if i == 0 && req.Lines[0].Name != "Regular (Early bird)" {
				t.Errorf("the price window is not named: %+v", req.Lines)
			}
		}
	})
}
