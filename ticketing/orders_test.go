package ticketing_test

import (
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// An order is found by its names as soon as it is placed, paid or not.
func TestHeldOrdersAreFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		hall := m.pool(20)
		held, free := m.buy(m.ticketType(m.price, hall), 1, 1), m.buy(m.ticketType(0, hall), 1, 2)
		m.work()
		for query, want := range map[string]turnout.ID{"buyer1": held.ID, "Buyer 2": free.ID, strings.ToLower(held.Code): held.ID} {
			found, err := m.Orders(t.Context(), m.event.CommunityID, m.event.ID, ticketing.OrderFilter{Search: query, Limit: 10})
			if err != nil || len(found) != 1 || found[0].ID != want {
				t.Errorf("%q found %d, %v", query, len(found), err)
			}
		}
		if n := m.jobs(ticketing.JobOrderPlaced); n != 1 {
			t.Errorf("%d jobs make orders findable beside the free one's own", n)
		}
	})
}

// A search is filtered and paged whole: what it finds first does not hide what the filter wants.
func TestASearchIsFilteredWhole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		tt := m.ticketType(0, m.pool(20))
		var all []*ticketing.Order
		for i := range 6 {
			all = append(all, m.buy(tt, 1, i))
		}
		m.cancel(all[5])
		m.work()
		list := func(f ticketing.OrderFilter) (ids []turnout.ID) {
			f.Search, f.Limit = "buyer", 2
			found, err := m.Orders(t.Context(), m.event.CommunityID, m.event.ID, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range found {
				ids = append(ids, o.ID)
			}
			return ids
		}
		if got := list(ticketing.OrderFilter{Status: ticketing.OrderCanceled}); len(got) != 1 || got[0] != all[5].ID {
			t.Errorf("canceled: %v", got)
		}
		var paged []turnout.ID
		for before := turnout.ID(""); len(paged) < 10; before = paged[len(paged)-1] {
			page := list(ticketing.OrderFilter{Status: ticketing.Confirmed, Before: before})
			if len(page) == 0 {
				break
			}
			paged = append(paged, page...)
		}
		for i := range 5 {
			if len(paged) != 5 || paged[i] != all[4-i].ID {
				t.Fatalf("the pages hold %v", paged)
			}
		}
	})
}

// A buyer who lost the link gets those of all their orders at the event by mail; who bought nothing causes none, and hears
// the same.
func TestOrderLinksAreSentAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		tt := m.ticketType(0, m.pool(20))
		mine := []*ticketing.Order{m.buy(tt, 1, 1), m.buy(tt, 2, 1)}
		others := m.buy(tt, 1, 2)
		m.work()
		before := len(m.allMails())
		for _, email := range []string{"Buyer1@example.org ", "stranger@example.org"} {
			if err := m.SendOrderLinks(t.Context(), m.event, email); err != nil {
				t.Errorf("%s: %v", email, err)
			}
		}
		m.work()
		mails := m.allMails()[before:]
		if len(mails) != 1 || mails[0].To != "buyer1@example.org" {
			t.Fatalf("%d mails: %+v", len(mails), mails)
		}
		for _, part := range []string{mails[0].HTML, mails[0].Text} {
			for _, o := range mine {
				if !strings.Contains(part, o.Code) || !strings.Contains(part, o.Secret) {
					t.Errorf("the mail does not lead to %s", o.Code)
				}
			}
			if strings.Contains(part, others.Code) {
				t.Error("the mail names somebody else's order")
			}
		}
		for range 9 {
			if err := m.SendOrderLinks(t.Context(), m.event, "buyer1@example.org"); err != nil {
				t.Error(err)
			}
			m.work()
		}
		if n := len(m.allMails()) - before; n != 3 {
			t.Errorf("%d mails within the hour", n)
		}
		m.wait(time.Hour + time.Minute)
		if err := m.SendOrderLinks(t.Context(), m.event, "buyer1@example.org"); err != nil {
			t.Error(err)
		}
		m.work()
		if n := len(m.allMails()) - before; n != 4 {
			t.Errorf("%d mails after the hour", n)
		}
		if err := m.SendOrderLinks(t.Context(), m.event, "buyer1@"); err == nil {
			t.Error("this is no address")
		}
		if e, err := m.EventOfCode(t.Context(), mine[0].Code); err != nil || e.ID != m.event.ID {
			t.Errorf("the event of a code: %v", err)
		}
		if _, err := m.EventOfCode(t.Context(), "nonsense"); err == nil {
			t.Error("nonsense is of no event")
		}
	})
}

// Who types an e-mail address finds the orders of that one, while typing too; parts of it are words.
func TestAnAddressFindsItsOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		tt := m.ticketType(0, m.pool(10))
		for i, email := range []string{"anna@acme.example", "anna.berg@acme.example", "berg.anna@acme.example"} {
			p := m.purchase(tt, 1, i)
			p.Buyer.Email = email
			if _, _, err := m.PlaceOrder(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		m.work()
		for query, want := range map[string]int{"anna@acme.example": 1, "Anna@ac": 1, "berg.anna@acme.example": 1, "anna acme": 3, "anna.berg": 2} {
			orders, err := m.Orders(t.Context(), m.event.CommunityID, m.event.ID, ticketing.OrderFilter{Search: query, Limit: 10})
			if err != nil || len(orders) != want {
				t.Errorf("%s: %d orders, want %d: %v", query, len(orders), want, err)
			}
		}
	})
}
