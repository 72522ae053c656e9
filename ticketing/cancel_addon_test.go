package ticketing_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// dinner is an add-on of 30.00 with a pool, of which a ticket's price includes one.
func (s *shop) dinner(tt *ticketing.TicketType, pool *ticketing.Pool) *ticketing.AddOn {
	s.t.Helper()
	a, err := s.CreateAddOn(s.t.Context(), s.event.CommunityID, s.event.ID, ticketing.AddOnInput{Name: "Dinner", OnSale: true, PoolIDs: []turnout.ID{pool.ID},
		Price: turnout.Money{Amount: 3000, Currency: "EUR"}, With: []ticketing.AddOnWith{{TicketTypeID: tt.ID, Most: 3, Included: 1}}})
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// One add-on of one ticket is canceled: its places and what was paid for it go back once, the rest of the order stays as it was sold.
func TestAnAddOnIsCanceled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		ctx, com := t.Context(), s.event.CommunityID
		hall, table := s.pool(10), s.pool(10)
		tt := s.ticketType(5000, hall)
		dinner := s.dinner(tt, table)
		p := s.purchase(tt, 2, 1)
		p.Lines = append(p.Lines, ticketing.PurchaseLine{AddOnID: dinner.ID, Quantity: 4}) // two each, one of them in the ticket's price
		o, _, err := s.PlaceOrder(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		first, second := o.Tickets[0].ID, o.Tickets[1].ID
		if _, err := s.CancelAddOn(ctx, com, first, dinner.ID, false); !errors.Is(err, ticketing.ErrOrderOver) {
			t.Errorf("of an order that is not confirmed: %v", err)
		}
		s.tell(paid(o, "pi_1"))
		if _, err := s.CancelAddOn(ctx, "com_other", first, dinner.ID, false); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community's: %v", err)
		}
		preview, err := s.CancelAddOn(ctx, com, first, dinner.ID, true)
		if err != nil || preview.Amount != 3000 || s.taken(table) != 4 {
			t.Fatalf("the preview says %v, %v; %d places are taken", preview, err, s.taken(table))
		}
		done, err := s.CancelAddOn(ctx, com, first, dinner.ID, false)
		if err != nil || done != preview || s.taken(table) != 2 || s.taken(hall) != 2 {
			t.Errorf("%v went back, %v; %d of the table and %d of the hall are taken", done, err, s.taken(table), s.taken(hall))
		}
		now := s.order(o.ID)
		if now.Total != o.Total || now.Status != ticketing.Confirmed || len(now.Refunds) != 1 || now.Refunds[0].Amount != 3000 || len(now.Extras(now.Tickets[0])) != 0 || len(now.Extras(now.Tickets[1])) == 0 {
			t.Errorf("the order is %+v", now)
		}
		sales, err := ticketing.SalesByAddOn(ctx, db.Read(), com, s.event.ID)
		if err != nil || sales[dinner.ID].Sold != 2 || sales[dinner.ID].Income != 3000 {
			t.Errorf("sold are %+v, %v", sales[dinner.ID], err)
		}
		log, err := audit.List(ctx, db.Read(), com, o.ID, "", 1)
		if err != nil || log[0].Action != "order.add_on_canceled" || log[0].Detail["quantity"] != "2" {
			t.Errorf("the log says %+v, %v", log[0], err)
		}
		if _, err := s.CancelAddOn(ctx, com, first, dinner.ID, false); !errors.Is(err, ticketing.ErrNoSuchExtra) {
			t.Errorf("twice: %v", err)
		}
		whole, err := s.CancelOrder(ctx, o.CommunityID, o.ID, ticketing.CanceledByOrganiser, false)
		if err != nil || whole.Refund.Amount != o.Total-3000 || s.taken(table) != 0 {
			t.Errorf("the rest: %+v, %v", whole, err)
		}
		if _, err := s.CancelAddOn(ctx, com, second, dinner.ID, false); !errors.Is(err, ticketing.ErrOrderOver) {
			t.Errorf("of a canceled order: %v", err)
		}
	})
}

// Whoever bought is told which add-on of which ticket is gone and what goes back, once; where nobody can be reached nothing is mailed.
func TestACanceledAddOnIsMailed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		ctx, com := t.Context(), s.event.CommunityID
		tt := s.ticketType(5000, s.pool(10))
		dinner := s.dinner(tt, s.pool(10))
		p := s.purchase(tt, 2, 1)
		p.Locale = "de"
		p.Lines = append(p.Lines, ticketing.PurchaseLine{AddOnID: dinner.ID, Quantity: 4})
		o, _, err := s.PlaceOrder(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		s.tell(paid(o, "pi_1"))
		if _, err := s.CancelAddOn(ctx, com, o.Tickets[0].ID, dinner.ID, true); err != nil {
			t.Fatal(err)
		}
		subject := "buyer1@example.org: Geändert: Ihre Bestellung für Spring"
		if list, _ := s.sentMails(); slices.Contains(list, subject) {
			t.Error("a preview was mailed")
		}
		if _, err := s.CancelAddOn(ctx, com, o.Tickets[0].ID, dinner.ID, false); err != nil {
			t.Fatal(err)
		}
		list, texts := s.sentMails()
		told := slices.DeleteFunc(list, func(m string) bool { return m != subject })
		for _, want := range []string{"Guten Tag Buyer 1,", "Storniert: 2 × Dinner", "Ticket: " + tt.Name, "Sie erhalten 30,00\u00a0€ zurück", "Das Ticket selbst gilt weiter.", s.OrderLink(o)} {
			if len(told) != 1 || !strings.Contains(texts[subject], want) {
				t.Errorf("%d mails; %q is missing in %s", len(told), want, texts[subject])
			}
		}
		if _, err := db.Writer().NewUpdate().Model((*ticketing.Order)(nil)).Set("buyer_email = ''").Where("id = ?", o.ID).Exec(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CancelAddOn(ctx, com, o.Tickets[1].ID, dinner.ID, false); err != nil || s.jobs(ticketing.JobAddOnCanceled) != 1 {
			t.Errorf("%d mails are asked for, one of them to nobody, %v", s.jobs(ticketing.JobAddOnCanceled), err)
		}
	})
}

// Many who cancel the same add-on at once, on two servers, cancel it once.
func TestAnAddOnIsCanceledOnce(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		table := s.pool(10)
		tt := s.ticketType(5000, s.pool(10))
		dinner := s.dinner(tt, table)
		p := s.purchase(tt, 1, 1)
		p.Lines = append(p.Lines, ticketing.PurchaseLine{AddOnID: dinner.ID, Quantity: 3})
		o, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		s.tell(paid(o, "pi_1"))
		var done atomic.Int64
		dbtest.Together(12, func(i int) {
			switch _, err := servers[i%2].CancelAddOn(context.Background(), s.event.CommunityID, o.Tickets[0].ID, dinner.ID, false); {
			case err == nil:
				done.Add(1)
			case !errors.Is(err, ticketing.ErrNoSuchExtra):
				t.Error(err)
			}
		})
		if now := s.order(o.ID); done.Load() != 1 || s.taken(table) != 0 || len(now.Refunds) != 1 || now.Refunds[0].Amount != 6000 {
			t.Errorf("%d canceled it, %d places are taken, refunds are %+v", done.Load(), s.taken(table), now.Refunds)
		}
	})
}
