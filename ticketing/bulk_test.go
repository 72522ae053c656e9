package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/internal/mail"
	"turnout/ticketing"
	"turnout/ticketing/payments/offline"
)

func (f *filled) begin(b ticketing.Bulk) turnout.ID {
	f.t.Helper()
	id := turnout.NewID(ticketing.PrefixRun)
	ctx := audit.WithActor(f.t.Context(), audit.Actor{Kind: audit.Staff, ID: "acc_1"})
	for range 2 { // a form that was sent twice
		if err := f.BeginBulk(ctx, f.event, id, b); err != nil {
			f.t.Fatal(err)
		}
	}
	return id
}

func (f *filled) drain() {
	f.t.Helper()
	if _, err := f.runner.Drain(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// results are the words of a run's orders by what became of them.
func (f *filled) results(run turnout.ID) string {
	f.t.Helper()
	found, counts, err := f.FindBulk(f.t.Context(), f.event, run)
	if err != nil {
		f.t.Fatal(err)
	}
	text := string(found.State)
	for _, state := range []ticketing.BulkItemState{ticketing.BulkWorked, ticketing.BulkRefused, ticketing.BulkWaiting} {
		items, err := f.BulkItems(f.t.Context(), f.event, run, state, 0, 50)
		if err != nil || int64(len(items)) != counts[state] {
			f.t.Errorf("%d items are %s, counted are %d: %v", len(items), state, counts[state], err)
		}
		for _, item := range items {
			text += fmt.Sprintf(" %s:%s%s", f.word(item.OrderID), state, item.Code)
		}
	}
	return text
}

// A run cancels exactly what its preview said, refuses the rest in words, and is done once by whoever asks again.
func TestBulkCancel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		f := newFilled(t, db)
		all := ticketing.Bulk{Action: ticketing.BulkCancel}
		preview, err := f.PreviewBulk(t.Context(), f.event, all)
		if err != nil {
			t.Fatal(err)
		}
		var want ticketing.BulkPreview
		want.Amount = turnout.Money{Currency: "EUR"}
		for _, o := range f.orders {
			want.Orders++
			if c, err := f.Cancellation(t.Context(), f.order(o.ID), ticketing.CanceledByOrganiser); err == nil {
				want.Fit++
				want.Amount.Amount += c.Refund.Amount
			}
		}
		if *preview != want || want.Amount.Amount == 0 || want.Fit == want.Orders {
			t.Errorf("the preview says %+v, want %+v", preview, want)
		}
		before, err := ticketing.EventTotals(t.Context(), db.Read(), f.event.CommunityID, []turnout.ID{f.event.ID})
		if err != nil {
			t.Fatal(err)
		}
		run := f.begin(all)
		later := f.buy(f.stream, 1, 90) // after the run was begun: not meant
		f.orders["later"] = later
		f.drain()
		if got := f.results(run); got != "done paid:done returned:done failed:done held:done free:refusedorder_over expired:refusedorder_over" {
			t.Error(got)
		}
		if f.order(later.ID).Status != ticketing.Confirmed {
			t.Error("an order that was placed later is canceled")
		}
		after, err := ticketing.EventTotals(t.Context(), db.Read(), f.event.CommunityID, []turnout.ID{f.event.ID})
		if err != nil {
			t.Fatal(err)
		}
		if moved := after[f.event.ID].Refunded - before[f.event.ID].Refunded; moved != want.Amount.Amount {
			t.Errorf("%d went back, the preview said %v", moved, want.Amount)
		}
		log, err := audit.List(t.Context(), db.Read(), f.event.CommunityID, f.orders["paid"].ID, "", 1)
		if err != nil || log[0].Actor.ID != "acc_1" {
			t.Errorf("it was done by %v, %v", log[0].Actor, err)
		}
	})
}

// Ticked orders are meant and no others; another event's cannot be ticked.
func TestBulkOfTickedOrders(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		f := newFilled(t, db)
		run := f.begin(ticketing.Bulk{Action: ticketing.BulkCancel, IDs: []turnout.ID{f.orders["held"].ID, f.orders["expired"].ID, "ord_elsewhere"}})
		f.drain()
		if got := f.results(run); got != "done held:done expired:refusedorder_over" {
			t.Error(got)
		}
		if f.order(f.orders["paid"].ID).Status != ticketing.Confirmed {
			t.Error("an order that was not ticked is canceled")
		}
		if _, err := f.PreviewBulk(t.Context(), f.event, ticketing.Bulk{Action: ticketing.BulkCancel, IDs: []turnout.ID{}}); !errors.Is(err, ticketing.ErrNothingPicked) {
			t.Errorf("nothing ticked: %v", err)
		}
		if err := f.BeginBulk(t.Context(), f.event, turnout.NewID("xyz"), ticketing.Bulk{Action: ticketing.BulkCancel}); err == nil {
			t.Error("an id that no form made")
		}
		if _, err := f.PreviewBulk(t.Context(), f.event, ticketing.Bulk{Action: "burn"}); err == nil {
			t.Error("an action that there is not")
		}
	})
}

// Transfers that arrived are noted for orders that wait for them in time, and no others; those are mailed again once a run.
func TestBulkPaidAndMailed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := shopWith(t, db, offline.Provider{})
		f := &filled{shop: s, orders: map[string]*ticketing.Order{}, runner: &jobs.Runner{DB: db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: s.now}}
		f.Register(f.runner)
		f.hall = f.ticketType(4900, f.pool(10))
		f.orders["late"] = f.buy(f.hall, 1, 1)
		f.wait(8 * 24 * time.Hour)
		f.orders["one"], f.orders["two"] = f.buy(f.hall, 1, 2), f.buy(f.hall, 2, 3)
		if _, err := f.ExpireHolds(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		f.drain()
		preview, err := f.PreviewBulk(t.Context(), f.event, ticketing.Bulk{Action: ticketing.BulkPaid})
		if err != nil || preview.Fit != 2 || preview.Orders != 3 || preview.Amount.Amount != 3*4900 {
			t.Errorf("%+v, %v", preview, err)
		}
		mails := func(word string) int {
			list, err := mail.About(t.Context(), db.Read(), f.event.CommunityID, f.orders[word].ID, 50)
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		again := f.begin(ticketing.Bulk{Action: ticketing.BulkResend, Filter: map[string]string{"status": "pending"}})
		before := mails("one")
		f.drain()
		if got := f.results(again); got != "done one:done two:done" || mails("one") != before+1 {
			t.Errorf("%s; %d mails after %d", got, mails("one"), before)
		}
		run := f.begin(ticketing.Bulk{Action: ticketing.BulkPaid})
		f.drain()
		if got := f.results(run); got != "done one:done two:done late:refusednot_awaited" || f.order(f.orders["two"].ID).Status != ticketing.Confirmed {
			t.Error(got)
		}
	})
}

// The links for details are mailed once more to those who have an address of their own and are still to fill them in, and to nobody else.
func TestBulkAsksForDetailsAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		f := &filled{shop: s, orders: map[string]*ticketing.Order{}, runner: &jobs.Runner{DB: db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: s.now}}
		f.Register(f.runner)
		free := s.ticketType(0, s.pool(20))
		for who, word := range []string{"due", "buyers", "filled"} {
			p := s.purchase(free, 2, who)
			p.Attendees = []ticketing.Bearer{{Attendee: p.Buyer}, {Attendee: ticketing.Attendee{Name: "Grace", Email: word + "@example.org"}, Later: word == "due"}}
			if word == "buyers" {
				p.Attendees[1] = ticketing.Bearer{Later: true}
			}
			o, _, err := s.PlaceOrder(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			f.orders[word] = o
		}
		f.drain()
		links := func() int { // beside the buyer's mail
			list, err := mail.About(t.Context(), db.Read(), f.event.CommunityID, f.orders["due"].ID, 50)
			if err != nil {
				t.Fatal(err)
			}
			return len(list) - 1
		}
		if links() != 1 {
			t.Fatalf("%d mails at first", links())
		}
		ids, err := f.OrdersOfTickets(t.Context(), f.event, []turnout.ID{f.orders["due"].Tickets[0].ID, f.orders["due"].Tickets[1].ID, f.orders["buyers"].Tickets[0].ID, f.orders["filled"].Tickets[1].ID, "tkt_none"})
		if err != nil || len(ids) != 3 {
			t.Fatalf("the orders are %v, %v", ids, err)
		}
		preview, err := f.PreviewBulk(t.Context(), f.event, ticketing.Bulk{Action: ticketing.BulkDetails, IDs: ids})
		if err != nil || preview.Fit != 1 || preview.Orders != 3 {
			t.Errorf("%+v, %v", preview, err)
		}
		for n := 2; n < 4; n++ {
			run := f.begin(ticketing.Bulk{Action: ticketing.BulkDetails, IDs: ids})
			f.drain()
			if got := f.results(run); got != "done due:done buyers:refusedno_details_due filled:refusedno_details_due" || links() != n {
				t.Errorf("%s; %d mails", got, links())
			}
		}
		f.wait(30 * 24 * time.Hour)
		run := f.begin(ticketing.Bulk{Action: ticketing.BulkDetails, IDs: ids[:1]})
		f.drain()
		if got := f.results(run); !strings.HasSuffix(got, ":refusedno_details_due") {
			t.Errorf("after the event began: %s", got)
		}
		elsewhere := *f.event
		elsewhere.ID = "evt_elsewhere"
		if ids, err := f.OrdersOfTickets(t.Context(), &elsewhere, []turnout.ID{f.orders["due"].Tickets[0].ID}); err != nil || len(ids) != 0 {
			t.Errorf("another event's: %v, %v", ids, err)
		}
	})
}

// A run whose process dies in the midst goes on in another, and two that work on it at once do nothing twice.
func TestBulkSurvivesACrash(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		f := newFilled(t, db)
		for i := range 30 {
			f.orders[fmt.Sprint(i)] = f.buy(f.stream, 1, 100+i)
		}
		f.drain()
		run := f.begin(ticketing.Bulk{Action: ticketing.BulkResend, Filter: map[string]string{"ticket_type_id": string(f.stream.ID), "status": "confirmed"}})
		ctx, kill := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, kill)
		_, _ = f.runner.Drain(ctx)
		// The job is given to two runners at once, as when a lease was lost.
		f.tx(func(ctx context.Context, tx bun.Tx) error {
			for range 2 {
				if err := jobs.Enqueue(ctx, tx, f.event.CommunityID, ticketing.JobBulk, map[string]turnout.ID{"run": run}, f.now()); err != nil {
					return err
				}
			}
			_, err := tx.NewRaw("UPDATE jobs SET locked_until = ? WHERE state = 'waiting'", time.Unix(0, 0).UTC()).Exec(ctx)
			return err
		})
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if _, err := f.runner.Drain(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		found, counts, err := f.FindBulk(t.Context(), f.event, run)
		if err != nil || found.State != ticketing.BulkDone || counts[ticketing.BulkWorked] != 30 || counts[ticketing.BulkWaiting] != 0 {
			t.Errorf("%+v, %v, %v", found, counts, err)
		}
		for i := range 30 {
			list, err := mail.About(t.Context(), db.Read(), f.event.CommunityID, f.orders[fmt.Sprint(i)].ID, 50)
			if err != nil || len(list) != 2 { // the first one, and the one of the run
				t.Errorf("order %d has %d mails, %v", i, len(list), err)
			}
		}
	})
}

// Views are an event's and a list's; what was deleted comes back unless its name is taken.
func TestSavedViews(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		ctx, com, event := t.Context(), s.event.CommunityID, s.event.ID
		filter := map[string]string{"payment": "unpaid", "search": "Łukasz"}
		v, err := s.SaveView(ctx, com, event, ticketing.ListOrders, "  To  chase ", filter)
		if err != nil || v.Name != "To chase" {
			t.Fatalf("%+v, %v", v, err)
		}
		names := func(list string) (all string) {
			views, err := s.Views(ctx, com, event, list)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range views {
				all += v.Name + fmt.Sprint(v.Filter)
			}
			return all
		}
		if got := names(ticketing.ListOrders); got != "To chase"+fmt.Sprint(filter) || names(ticketing.ListAttendees) != "" {
			t.Error(got)
		}
		if _, err := s.SaveView(ctx, com, event, ticketing.ListOrders, "To chase", nil); !errors.Is(err, ticketing.ErrViewTaken) {
			t.Errorf("a name twice: %v", err)
		}
		if _, err := s.SaveView(ctx, com, event, ticketing.ListOrders, " ", nil); err == nil {
			t.Error("no name")
		}
		if err := s.RenameView(ctx, com, event, v.ID, "Chase"); err != nil || names(ticketing.ListOrders) != "Chase"+fmt.Sprint(filter) {
			t.Error(err, names(ticketing.ListOrders))
		}
		if err := s.RenameView(ctx, "com_other", event, v.ID, "Mine"); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community's: %v", err)
		}
		if err := s.DeleteView(ctx, com, event, v.ID); err != nil || names(ticketing.ListOrders) != "" {
			t.Error(err)
		}
		if err := s.RestoreView(ctx, com, event, v.ID); err != nil || names(ticketing.ListOrders) == "" {
			t.Error(err)
		}
		if err := s.DeleteView(ctx, com, event, v.ID); err != nil {
			t.Error(err)
		}
		if _, err := s.SaveView(ctx, com, event, ticketing.ListOrders, "Chase", map[string]string{}); err != nil {
			t.Error(err)
		}
		if err := s.RestoreView(ctx, com, event, v.ID); !errors.Is(err, ticketing.ErrViewTaken) {
			t.Errorf("its name is taken: %v", err)
		}
	})
}
