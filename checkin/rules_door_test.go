package checkin_test

import (
	"errors"
	"testing"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/rules"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// step is one scan at a door, the hours after the event's beginning at which it happens, and its answer.
type step struct {
	after     time.Duration
	gate      string
	direction checkin.Direction
	want      checkin.Reason
	again     time.Duration // 0: not known
}

func TestDoorsKeepTheirRules(t *testing.T) {
	day, exit := 24*time.Hour, int64(4*60)
	for name, c := range map[string]struct {
		list  checkin.ListInput
		steps []step
	}{
		"once a day, from four in the morning on": {checkin.ListInput{Entry: rules.Daily, DayFrom: 240}, []step{
			{0, "", checkin.Entry, "", 0}, {time.Hour, "", checkin.Exit, "", 0}, {2 * time.Hour, "", checkin.Entry, checkin.AlreadyCheckedIn, 19 * time.Hour},
			{19*time.Hour - time.Second, "", checkin.Entry, checkin.AlreadyCheckedIn, 19 * time.Hour}, {19 * time.Hour, "", checkin.Entry, "", 0}}},
		"any number of times": {checkin.ListInput{Entry: rules.Multiple}, []step{{0, "", checkin.Entry, "", 0}, {0, "", checkin.Entry, "", 0}, {1, "", checkin.Exit, "", 0}, {2, "", checkin.Exit, checkin.NotInside, 0}}},
		"everybody leaves at four": {checkin.ListInput{Entry: rules.Again, ExitAt: &exit}, []step{
			{0, "", checkin.Entry, "", 0}, {18 * time.Hour, "", checkin.Entry, checkin.AlreadyCheckedIn, 19 * time.Hour}, {19 * time.Hour, "", checkin.Exit, checkin.NotInside, 0},
			{19 * time.Hour, "", checkin.Entry, "", 0}, {20 * time.Hour, "", checkin.Entry, checkin.AlreadyCheckedIn, 43 * time.Hour}}},
		"a gate, or a wait of an hour after the last exit, at most three times": {checkin.ListInput{Entry: rules.Multiple, Rules: []rules.Rule{
			{{Kind: rules.Gates, Any: []string{"North"}}}, {{Kind: rules.AfterExit, Number: 60}, {Kind: rules.EntriesMax, Number: 3}}}}, []step{
			{0, "South", checkin.Entry, "", 0}, {time.Minute, "South", checkin.Exit, "", 0}, {2 * time.Minute, "South", checkin.Entry, checkin.ByRules, 61 * time.Minute}, {3 * time.Minute, "North", checkin.Entry, "", 0},
			{61 * time.Minute, "South", checkin.Entry, "", 0}, {3 * time.Hour, "South", checkin.Entry, checkin.ByRules, 0}, {3 * time.Hour, "North", checkin.Entry, "", 0}}},
		"a day of the week, which the event's clock shows": {checkin.ListInput{Rules: []rules.Rule{{{Kind: rules.Weekdays, Any: []string{"6"}}}}}, []step{ // it begins on a Friday
			{0, "", checkin.Entry, checkin.ByRules, 15 * time.Hour}, {day, "", checkin.Entry, "", 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				d := newDoor(t, db)
				list, ticket := d.list(c.list), d.order(d.regular, 1).Tickets[0]
				for i, s := range c.steps {
					d.clock.Store(int64(s.after))
					got := d.must(checkin.ScanInput{ListID: list.ID, Code: ticket.Code, Gate: s.gate, Direction: s.direction})
					want := time.Time{}
					if s.again != 0 {
						want = start.Add(s.again)
					}
					if got.Reason != s.want || !got.AgainAt.Equal(want) || (len(got.Failed) > 0) != (s.want == checkin.ByRules) {
						t.Errorf("step %d: %q, again %s, failed %v; want %q %s", i, got.Reason, got.AgainAt, got.Failed, s.want, want)
					}
				}
			})
		})
	}
}

// The counters know that everybody has gone, also of those who were told late; whoever came after that is inside.
func TestEverybodyLeavesTheCounters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		exit := int64(12 * 60) // three hours after the beginning
		list := d.list(checkin.ListInput{Entry: rules.Again, ExitAt: &exit})
		inside := func(want int64) {
			t.Helper()
			d.holds()
			if stats, err := d.Stats(t.Context(), d.event.CommunityID, list.ID); err != nil || stats.Inside != want {
				t.Errorf("%d are inside, want %d, %v", stats.Inside, want, err)
			}
		}
		tickets := d.order(d.regular, 4).Tickets
		for _, ticket := range tickets[:2] {
			d.must(checkin.ScanInput{ListID: list.ID, Code: ticket.Code})
		}
		leave := func() {
			t.Helper()
			if err := d.EndStays(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		leave()
		inside(2)
		d.clock.Store(int64(3*time.Hour + time.Minute))
		if scan := d.must(checkin.ScanInput{ListID: list.ID, Code: tickets[2].Code, ScannedAt: start.Add(3*time.Hour - time.Minute)}); scan.Result != checkin.Accepted { // told late
			t.Error(scan.Reason)
		}
		inside(2)
		d.must(checkin.ScanInput{ListID: list.ID, Code: tickets[0].Code}) // was gone a minute ago, though no counter knew
		inside(2)
		leave()
		inside(1)
		leave()
		inside(1)
		scan := d.must(checkin.ScanInput{ListID: list.ID, Code: tickets[3].Code})
		inside(2)
		if _, err := d.Annul(t.Context(), d.event.CommunityID, scan.ID, ""); err != nil {
			t.Fatal(err)
		}
		inside(1)
	})
}

// Many servers' doors let a ticket in once a day, whoever sweeps in between.
func TestOnceADayAtManyDoorsAtOnce(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newDoor(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			exit := int64(0)
			list := first.list(checkin.ListInput{Entry: rules.Daily, ExitAt: &exit})
			tickets := first.order(first.regular, 3).Tickets
			for day := range 3 {
				first.clock.Store(int64(time.Duration(day) * 24 * time.Hour))
				accepted := make([]int, 48)
				dbtest.Together(len(accepted), func(i int) {
					d := []*door{first, second}[i%2]
					if i%8 == 7 {
						if err := d.EndStays(t.Context()); err != nil {
							t.Error(err)
						}
						return
					}
					scan, err := d.scan(checkin.ScanInput{ListID: list.ID, Code: tickets[i%3].Code, Nonce: string(turnout.NewID("non"))})
					if err != nil {
						t.Error(err)
					} else if scan.Result == checkin.Accepted {
						accepted[i] = 1
					}
				})
				of := [3]int{}
				for i, n := range accepted {
					of[i%3] += n
				}
				if of != [3]int{1, 1, 1} {
					t.Errorf("day %d: the tickets were let in %v times", day, of)
				}
			}
		})
	}
}

// Only what an event has can be asked for, and only what can be met.
func TestListsRefuseRulesThatCannotBe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		late := int64(24 * 60)
		for want, in := range map[string]checkin.ListInput{
			"entry unknown":                   {Entry: "often"},
			"day_from out_of_range":           {DayFrom: -1},
			"exit_at out_of_range":            {ExitAt: &late},
			"rules too_many":                  {Rules: make([]rules.Rule, 21)},
			"rules[0] required":               {Rules: []rules.Rule{{}}},
			"rules[0] too_many":               {Rules: []rules.Rule{make(rules.Rule, 11)}},
			"rules[0][0].kind unknown":        {Rules: []rules.Rule{{{Kind: "moon"}}}},
			"rules[0][0].any required":        {Rules: []rules.Rule{{{Kind: rules.Gates, Any: []string{" "}}}}},
			"rules[0][0].any unknown":         {Rules: []rules.Rule{{{Kind: rules.Weekdays, Any: []string{"8"}}}}},
			"rules[0][0].from out_of_range":   {Rules: []rules.Rule{{{Kind: rules.Clock, From: 60, Until: 60}}}},
			"rules[0][0].until out_of_order":  {Rules: []rules.Rule{{{Kind: rules.Between, From: 60, Until: 60}}}},
			"rules[0][0].number out_of_range": {Rules: []rules.Rule{{{Kind: rules.EntriesMax}}}},
			"ticket_type_ids unknown":         {Rules: []rules.Rule{{{Kind: rules.Types, Any: []string{"tty_other"}}}}},
			"add_on_ids unknown":              {AddOnIDs: []turnout.ID{"add_other"}},
		} {
			in.Name = "Door"
			_, err := d.CreateList(t.Context(), d.event.CommunityID, d.event.ID, in)
			known, ok := errors.AsType[*turnout.Error](err)
			if !ok || len(known.Fields) == 0 || known.Fields[0].Name+" "+known.Fields[0].Code != want {
				t.Errorf("%s: %v", want, err)
			}
		}
	})
}

// A list may ask for an add-on: of its tickets only those are expected, and let in, that have it.
func TestAListAsksForAnAddOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		dinner, err := d.Ticketing.CreateAddOn(t.Context(), d.event.CommunityID, d.event.ID, ticketing.AddOnInput{Name: "Dinner", Price: turnout.Money{Currency: "EUR"}, OnSale: true})
		if err != nil {
			t.Fatal(err)
		}
		p := ticketing.Purchase{Buyer: ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}}
		p.EventID, p.Lines = d.event.ID, []ticketing.PurchaseLine{{TicketTypeID: d.regular.ID, Quantity: 2}, {AddOnID: dinner.ID, Quantity: 1}}
		o, _, err := d.Ticketing.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		list := d.list(checkin.ListInput{AddOnIDs: []turnout.ID{dinner.ID}})
		got := map[checkin.Reason]int{}
		for _, ticket := range o.Tickets {
			got[d.must(checkin.ScanInput{ListID: list.ID, Code: ticket.Code}).Reason]++
		}
		stats, err := d.Stats(t.Context(), d.event.CommunityID, list.ID)
		if err != nil || got[""] != 1 || got[checkin.WrongList] != 1 || stats.Expected != 1 || stats.CheckedIn != 1 {
			t.Errorf("%v, %+v, %v", got, stats, err)
		}
	})
}
