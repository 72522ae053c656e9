package ticketing

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"turnout"
	"turnout/events"
	"turnout/ticketing/intake"
)

// KnownOf counts what is read of the event to compare a list with.
func (s *Service) KnownOf(t *testing.T, e *events.Event, text string) (emails, names, refs int) {
	t.Helper()
	have, err := s.knownOf(t.Context(), s.DB.Read(), e, listOf(t, text, nil))
	if err != nil {
		t.Fatal(err)
	}
	return len(have.emails), len(have.names), len(have.refs)
}

// listOf reads a list of the sample forms, or one that the test writes.
func listOf(t *testing.T, text string, columns map[int]intake.Field) *intake.List {
	t.Helper()
	data := []byte(text)
	if strings.HasSuffix(text, "sv") {
		var err error
		if data, err = os.ReadFile("../../shared/real-data/attendees/" + text); os.IsNotExist(err) {
			t.Skip("shared/real-data is not beside the repository")
		} else if err != nil {
			t.Fatal(err)
		}
	}
	list, err := intake.Read(data, intake.Options{Currency: "EUR", Columns: columns})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// inLines writes a plan down in lines: orders, then what is skipped, then duplicates.
func inLines(p *ImportPlan) (all []string) {
	for _, o := range p.Orders {
		var tickets []string
		for _, t := range o.Tickets {
			tickets = append(tickets, fmt.Sprintf("%s=%s<%s>", t.TicketTypeID, t.Name, t.Email))
		}
		all = append(all, fmt.Sprintf("order %v of %s: %s", o.Rows, o.Buyer.Name, strings.Join(tickets, " ")))
	}
	for _, s := range p.Skipped {
		all = append(all, fmt.Sprintf("skip %d %s", s.Row, s.Reason))
	}
	for _, d := range p.Duplicates {
		all = append(all, strings.TrimSpace(fmt.Sprintf("duplicate %d %s of %d%s brought=%v", d.Row, d.Kind, d.Other, d.OrderID, d.Brought)))
	}
	return all
}

func planned(t *testing.T, text string, choices ImportChoices, have eventHas) *ImportPlan {
	t.Helper()
	return planImport(listOf(t, text, choices.Columns), choices, have)
}

func types(names ...string) (all []*TicketType) {
	for _, name := range names {
		all = append(all, &TicketType{ID: turnout.ID(strings.ToLower(name[:1])), Name: name, PoolIDs: []turnout.ID{"pool"}})
	}
	return all
}

func TestPlanOfTheSampleForms(t *testing.T) {
	for _, tt := range []struct {
		file    string
		types   []*TicketType
		choices ImportChoices
		want    []string
	}{
		{"eventbrite-attendees.csv", types("GENERAL admission", "Other"), ImportChoices{}, []string{
			"order [2 3] of Ngozi Okonkwo-Ìyá: g=Ngozi Okonkwo-Ìyá<ngozi@example.org> g=山田 太郎<taro@example.jp>",
			"skip 4 no_ticket_type", "skip 5 refunded", "skip 6 canceled"}},
		{"eventbrite-attendees.csv", types("Everybody"), ImportChoices{Types: map[string]turnout.ID{"general admission": "e", "workshop conference": "e"}}, []string{
			"order [2 3] of Ngozi Okonkwo-Ìyá: e=Ngozi Okonkwo-Ìyá<ngozi@example.org> e=山田 太郎<taro@example.jp>",
			`order [4] of Ó Briain, "Mick": e=Ó Briain, "Mick"<mick+events@example.ie>`,
			"skip 5 refunded", "skip 6 canceled"}},
		{"meetup-attendees.tsv", types("Seat"), ImportChoices{}, []string{
			"order [2] of Иван П.: s=Иван П.<> s=Иван П.<>", "order [3] of zoé 🎈: s=zoé 🎈<>", "order [4] of HOST PERSON: s=HOST PERSON<>", "skip 5 declined", "skip 6 waitlisted"}},
		{"meetup-attendees.tsv", types("Seat", "Online"), ImportChoices{}, []string{
			"skip 2 no_ticket_type", "skip 3 no_ticket_type", "skip 4 no_ticket_type", "skip 5 declined", "skip 6 waitlisted"}},
		{"luma-guests.csv", types("Standard"), ImportChoices{}, []string{
			"order [2] of Mária Kovács: s=Mária Kovács<maria@example.hu>", "skip 3 pending", "skip 4 declined", "skip 5 waitlisted", "duplicate 5 email_twice of 4 brought=false"}},
		{"alfio-import-example.csv", types("Only"), ImportChoices{}, []string{
			"order [2] of Homer Simpson: o=Homer Simpson<noreply@alf.io>", "skip 3 email_twice", "skip 4 email_twice",
			"duplicate 3 email_twice of 2 brought=false", "duplicate 4 email_twice of 2 brought=false"}},
		{"alfio-import-example.csv", types("Only"), ImportChoices{Bring: []int{4}}, []string{
			"order [2] of Homer Simpson: o=Homer Simpson<noreply@alf.io>", "order [4] of Bart Simpson: o=Bart Simpson<noreply@alf.io>", "skip 3 email_twice",
			"duplicate 3 email_twice of 2 brought=false", "duplicate 4 email_twice of 2 brought=true"}},
	} {
		if diff := cmp.Diff(tt.want, inLines(planned(t, tt.file, tt.choices, eventHas{types: tt.types}))); diff != "" {
			t.Errorf("%s: %s", tt.file, diff)
		}
	}
}

func TestDuplicatesAreNamed(t *testing.T) {
	have := eventHas{types: types("Seat"), emails: map[string]turnout.ID{"ada@example.org": "ord_1"}, names: map[string]turnout.ID{"zoe": "ord_2"}}
	const list = "name,email,status,id\n" +
		"Ada,ADA@example.org,yes,\n" + // 2 has a ticket
		"Bob,bob@example.org,yes,\n" + // 3
		"Bob again,BOB@Example.ORG,yes,\n" + // 4 the address twice
		"Zoë,,yes,\n" + // 5 the name has a ticket
		"Cleo,,yes,\n" + // 6
		"CLEO,,yes,\n" + // 7 the name twice
		"Cleo,cleo@example.org,yes,\n" + // 8 another, for she has an address
		"Dora,dora@example.org,no,\n" + // 9 does not come
		"Dora,dora@example.org,yes,\n" + // 10 comes
		"Dora,dora@example.org,yes,\n" + // 11 twice, of the one that comes
		"Eve,eve@example.org,yes,77\n" + // 12
		"Eve Two,eve2@example.org,yes,77\n" + // 13 the reference twice
		"Ann,,yes,1\nAnn,,yes,2\n" // 14, 15 two of one name whom the tool tells apart
	want := []string{
		"order [3] of Bob: s=Bob<bob@example.org>", "order [6] of Cleo: s=Cleo<>", "order [8] of Cleo: s=Cleo<cleo@example.org>", "order [10] of Dora: s=Dora<dora@example.org>",
		"order [12] of Eve: s=Eve<eve@example.org>", "order [14] of Ann: s=Ann<>", "order [15] of Ann: s=Ann<>",
		"skip 2 has_ticket", "skip 4 email_twice", "skip 5 name_has_ticket", "skip 7 name_twice", "skip 9 declined", "skip 11 email_twice", "skip 13 reference_twice",
		"duplicate 2 has_ticket of 0ord_1 brought=false", "duplicate 4 email_twice of 3 brought=false", "duplicate 5 name_has_ticket of 0ord_2 brought=false",
		"duplicate 7 name_twice of 6 brought=false", "duplicate 10 email_twice of 9 brought=true", "duplicate 11 email_twice of 10 brought=false", "duplicate 13 reference_twice of 12 brought=false",
	}
	if diff := cmp.Diff(want, inLines(planned(t, list, ImportChoices{}, have))); diff != "" {
		t.Error(diff)
	}
	all := planned(t, list, ImportChoices{Bring: []int{2}, BringAll: []DuplicateKind{EmailTwice, ReferenceTwice, NameTwice, NameHasTicket}}, have)
	if skips := all.Skips(); len(all.Orders) != 13 || len(skips) != 1 || skips["declined"] != 1 {
		t.Errorf("all of them: %v", inLines(all))
	}
}

// Importing the same list again makes nothing, whatever it has to tell its rows apart.
func TestTheSameListAgain(t *testing.T) {
	for name, list := range map[string]string{
		"attendee references":        "Order #,Attendee #,First Name,Email,Attendee Status\n1,11,A,x@example.org,Attending\n1,12,B,x@example.org,Attending\n2,13,C,,Attending\n",
		"order references":           "Order #,First Name,Email,Quantity,Order Status\n1,A,x@example.org,3,Completed\n2,B,y@example.org,1,Completed\n2,B,y@example.org,1,Completed\n",
		"e-mail addresses":           "name,email\nA,a@example.org\nB,b@example.org\n",
		"names":                      "name\nAda\nBob\n",
		"both Eventbrite's, by hand": "Order #,Attendee #,First Name,Email,Attendee Status\n,,A,a@example.org,Attending\n",
	} {
		have := eventHas{types: types("Seat"), emails: map[string]turnout.ID{}, names: map[string]turnout.ID{}, refs: map[string]turnout.ID{}}
		choices := ImportChoices{BringAll: []DuplicateKind{EmailTwice, NameTwice}}
		first := planned(t, list, choices, have)
		if len(first.Orders) == 0 || len(first.Skipped) > 0 {
			t.Fatalf("%s: %v", name, inLines(first))
		}
		seen := map[string]bool{}
		for _, o := range first.Orders {
			for _, ref := range o.Refs {
				if seen[ref] {
					t.Errorf("%s: two rows have one reference", name)
				}
				seen[ref], have.refs[ref] = true, "ord"
			}
			for _, ticket := range o.Tickets {
				if ticket.Email != "" {
					have.emails[ticket.Email] = "ord"
				} else {
					have.names[foldWords(ticket.Name)] = "ord"
				}
			}
		}
		if again := planned(t, list, choices, have); len(again.Orders) > 0 || len(again.Duplicates) != len(listOf(t, list, nil).Rows) {
			t.Errorf("%s: %v", name, inLines(again))
		}
	}
}

// Rows of one order number are one order, whose buyer is the first with an address and whose tickets stand by their types.
func TestOrdersOfSeveral(t *testing.T) {
	p := planned(t, "Order #,Attendee #,First Name,Email,Ticket Type,Attendee Status\n7,1,Noaddress,,Seat,Attending\n7,2,Buyer,buyer@example.org,Online,Attending\n8,3,Other,o@example.org,Seat,Attending\n"+
		"7,4,Same,buyer@example.org,Seat,Attending\n7,5,Gone,buyer@example.org,Seat,Refunded\n", ImportChoices{}, eventHas{types: types("Seat", "Online"), pools: []*Pool{{ID: "pool", Name: "Hall", Capacity: 3}}})
	want := []string{"order [2 3 5] of Buyer: s=Noaddress<> s=Same<buyer@example.org> o=Buyer<buyer@example.org>", "order [4] of Other: s=Other<o@example.org>", "skip 6 refunded"}
	if diff := cmp.Diff(want, inLines(p)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]PoolNeed{{"pool", "Hall", 4, 3}}, p.Pools); diff != "" || p.Pools[0].Short() != 1 {
		t.Error(diff)
	}
	if diff := cmp.Diff([]TypeMatch{{"Seat", "seat", "s", 3}, {"Online", "online", "o", 1}}, p.Types); diff != "" {
		t.Error(diff)
	}
}

func TestAnOrderOfManyIsSplit(t *testing.T) {
	p := planned(t, "Order #,First Name,Email,Quantity,Order Status\n1,A,a@example.org,250,Completed\n", ImportChoices{}, eventHas{types: types("Seat")})
	var sizes []int
	for _, o := range p.Orders {
		sizes = append(sizes, len(o.Tickets))
	}
	if diff := cmp.Diff([]int{100, 100, 50}, sizes); diff != "" || len(p.Orders[0].Refs) != 1 || len(p.Orders[1].Refs) != 0 || p.Tickets != 250 {
		t.Error(diff)
	}
}

func TestRowsWithoutANameOrAnAddress(t *testing.T) {
	p := planned(t, "name,email,quantity\n,only@example.org,1\nBad,not an address,1\n,not an address,1\nNone,none@example.org,0\n", ImportChoices{}, eventHas{types: types("Seat")})
	want := []string{"order [2] of only@example.org: s=only@example.org<only@example.org>", "order [3] of Bad: s=Bad<>", "skip 4 unreadable", "skip 5 no_places"}
	if diff := cmp.Diff(want, inLines(p)); diff != "" {
		t.Error(diff)
	}
	var codes []string
	for _, w := range p.Warnings {
		codes = append(codes, fmt.Sprint(w.Row, " ", w.Code))
	}
	if diff := cmp.Diff([]string{"2 no_name", "3 bad_email", "4 bad_email"}, codes); diff != "" {
		t.Error(diff)
	}
}
