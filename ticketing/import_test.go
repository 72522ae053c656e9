package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/ticketing"
)

// runner runs the jobs of the shop.
func (s *shop) runner() *jobs.Runner {
	r := &jobs.Runner{DB: s.DB, Now: s.now, Log: slog.New(slog.DiscardHandler)}
	s.Register(r)
	return r
}

func (s *shop) drain() {
	s.t.Helper()
	if _, err := s.runner().Drain(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// confirm uploads a list and says yes to whatever it would make.
func (s *shop) confirm(list string, choices ticketing.ImportChoices) *ticketing.Import {
	s.t.Helper()
	imp, err := s.StartImport(s.t.Context(), s.event, "list.csv", []byte(list), choices)
	if err == nil {
		err = s.ConfirmImport(s.t.Context(), s.event, imp, "")
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return imp
}

func (s *shop) imported(imp *ticketing.Import) *ticketing.Import {
	s.t.Helper()
	now, err := s.FindImport(s.t.Context(), s.event, imp.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return now
}

func (s *shop) valid() (n int64) {
	s.t.Helper()
	found, err := s.DB.Read().NewSelect().Model((*ticketing.Ticket)(nil)).Where("status = ?", ticketing.Valid).Count(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// Who is known by name only gets a ticket of a type that costs money, free of charge and without mail, beyond what the shop
// would sell at once.
func TestImportGivesTickets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		pool := s.pool(50)
		s.ticketType(4900, pool)
		imp := s.confirm("Name\tUser ID\tRSVP\tGuests\nИван П.\tuser 1\tYes\t14\nzoé 🎈\tuser 2\tYes\t0\nNo One\tuser 3\tNo\t5\n", ticketing.ImportChoices{Mail: true})
		s.drain()
		if now := s.imported(imp); now.Status != ticketing.ImportDone || now.Orders != 2 || now.Made != 2 || now.Failed != 0 || now.Tickets != 16 {
			t.Errorf("%+v", now)
		}
		if s.valid() != 16 || s.taken(pool) != 16 {
			t.Errorf("%d tickets, %d places", s.valid(), s.taken(pool))
		}
		orders, err := s.Orders(t.Context(), s.event.CommunityID, s.event.ID, ticketing.OrderFilter{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders {
			if o.Status != ticketing.Confirmed || o.Total != 0 || o.Source != ticketing.FromImport || len(o.Payments) != 0 || o.BuyerEmail != "" {
				t.Errorf("%+v", o)
			}
		}
	})
}

// With fewer places than the list needs as many whole orders are made as fit; the rest is named, and comes with the next import
// of the same list.
func TestImportWithoutPlaces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		pool := s.pool(3)
		s.ticketType(0, pool)
		const list = "Order #,First Name,Email,Quantity,Order Status\n1,A,a@example.org,2,Completed\n2,B,b@example.org,2,Completed\n3,C,c@example.org,1,Completed\n"
		plan, err := s.TryImport(t.Context(), s.event, []byte(list), ticketing.ImportChoices{})
		if err != nil || len(plan.Pools) != 1 || plan.Pools[0].Needed != 5 || plan.Pools[0].Free != 3 || plan.Pools[0].Short() != 2 {
			t.Fatalf("%+v %v", plan.Pools, err)
		}
		imp := s.confirm(list, ticketing.ImportChoices{})
		s.drain()
		if now := s.imported(imp); now.Made+now.Failed != 3 || now.Failed == 0 || s.taken(pool) > 3 {
			t.Fatalf("%+v", now)
		}
		failures, err := s.ImportFailures(t.Context(), imp)
		if err != nil || len(failures) != 1 || failures[0].Problem != "sold_out" || int64(len(failures[0].Rows)) != s.imported(imp).Failed {
			t.Errorf("%+v %v", failures, err)
		}
		if _, err := s.UpdatePool(t.Context(), s.event.CommunityID, pool.ID, 0, ticketing.PoolInput{Name: pool.Name, Capacity: 5}); err != nil {
			t.Fatal(err)
		}
		s.confirm(list, ticketing.ImportChoices{})
		s.drain()
		if s.valid() != 5 {
			t.Errorf("%d tickets", s.valid())
		}
	})
}

// Where places are scarce those who stand first in the list get them.
func TestImportGivesScarcePlacesInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.ticketType(0, s.pool(130))
		var list strings.Builder
		list.WriteString("name,email\n")
		for i := range 150 {
			fmt.Fprintf(&list, "P %d,p%d@example.org\n", i, i)
		}
		imp := s.confirm(list.String(), ticketing.ImportChoices{})
		s.drain()
		failures, err := s.ImportFailures(t.Context(), imp)
		if err != nil || len(failures) != 1 || len(failures[0].Rows) != 20 || failures[0].Rows[0] != 132 || s.valid() != 130 {
			t.Errorf("%+v %v", failures, err)
		}
	})
}

// A process that dies in the middle of the work, at any moment, costs nobody a ticket and gives nobody two.
func TestImportGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.ticketType(0, s.pool(1000))
		var list strings.Builder
		list.WriteString("name,email\n")
		for i := range 300 {
			fmt.Fprintf(&list, "P %d,p%d@example.org\n", i, i)
		}
		imp := s.confirm(list.String(), ticketing.ImportChoices{})
		for tries := 0; s.imported(imp).Status != ticketing.ImportDone; tries++ {
			if tries > 200 {
				t.Fatalf("%+v", s.imported(imp))
			}
			dying, kill := context.WithTimeout(t.Context(), time.Duration(10+7*tries)*time.Millisecond)
			_, _ = s.runner().Drain(dying)
			kill()
			s.wait(2 * time.Hour) // past any lease and pause
		}
		if now := s.imported(imp); now.Made != 300 || s.valid() != 300 {
			t.Errorf("%+v, %d tickets", now, s.valid())
		}
		var left int
		s.tx(func(ctx context.Context, tx bun.Tx) error {
			return tx.NewRaw("SELECT COUNT(*) FROM attendee_import_orders WHERE CAST(body AS TEXT) <> '{}'").Scan(ctx, &left)
		})
		if left != 0 {
			t.Errorf("%d names are still kept", left)
		}
	})
}

// Several people confirm the same list at the same moment: one of them makes it, and the same list makes nothing, while the first is at work
// and later; with the references of another tool and without.
func TestImportTwiceAtOnce(t *testing.T) {
	lists := map[string]ticketing.DuplicateKind{"name,email,id\nA,,1\nB,,2\nC,,3\n": ticketing.ImportedBefore, "name,email\nA,a@example.org\nB,b@example.org\nC,c@example.org\n": ticketing.HasTicket}
	for list, skipped := range lists {
		dbtest.Each(t, func(t *testing.T, db *database.DB) {
			s := newShop(t, db)
			s.ticketType(0, s.pool(100))
			var all [4]*ticketing.Import
			for i := range all {
				var err error
				if all[i], err = s.StartImport(t.Context(), s.event, "", []byte(list), ticketing.ImportChoices{}); err != nil {
					t.Fatal(err)
				}
			}
			confirm := func(imp ticketing.Import) error { return s.ConfirmImport(t.Context(), s.event, &imp, "") }
			var wait sync.WaitGroup
			refusals := make([]error, 2*len(all))
			for i := range refusals {
				wait.Go(func() { refusals[i] = confirm(*all[i%len(all)]) })
			}
			wait.Wait()
			yes, waits := 0, *all[0]
			for i, err := range refusals {
				switch {
				case err == nil:
					yes++
				case errors.Is(err, ticketing.ErrImportRunning):
					waits = *all[i%len(all)]
				case !errors.Is(err, ticketing.ErrImportOver):
					t.Error(err)
				}
			}
			if err := confirm(waits); yes != 1 || !errors.Is(err, ticketing.ErrImportRunning) {
				t.Errorf("%d were told yes; beside the first: %v", yes, err)
			}
			s.drain()
			if err := confirm(waits); s.valid() != 3 || !errors.Is(err, ticketing.ErrImportEmpty) {
				t.Errorf("%d tickets; after the first: %v", s.valid(), err)
			}
			plan, err := s.TryImport(t.Context(), s.event, []byte(list), ticketing.ImportChoices{})
			if err != nil || len(plan.Orders) != 0 || plan.Skips()[string(skipped)] != 3 {
				t.Errorf("again: %+v %v", plan.Skips(), err)
			}
		})
	}
}

// Undoing cancels what the import made and nothing else, frees places and references, and is refused once a door let somebody in.
func TestUndoImport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		pool := s.pool(100)
		tt := s.ticketType(0, pool)
		s.buy(tt, 2, 1)
		const list = "name,email,id\nA,a@example.org,1\nB,b@example.org,2\n"
		imp := s.confirm(list, ticketing.ImportChoices{})
		if err := s.UndoImport(t.Context(), imp); !errors.Is(err, ticketing.ErrImportNotDone) {
			t.Errorf("while it works: %v", err)
		}
		s.drain()
		var in turnout.ID
		s.Admitted = func(_ context.Context, _ bun.IDB, _ turnout.ID, orders ...turnout.ID) (bool, error) {
			in = orders[0]
			return true, nil
		}
		if err := s.UndoImport(t.Context(), s.imported(imp)); !errors.Is(err, ticketing.ErrImportUsed) {
			t.Errorf("after a door: %v", err)
		}
		s.Admitted = func(context.Context, bun.IDB, turnout.ID, ...turnout.ID) (bool, error) { return false, nil }
		if err := s.UndoImport(t.Context(), s.imported(imp)); err != nil {
			t.Fatal(err)
		}
		right, err := s.StartImport(t.Context(), s.event, "", []byte("name,email\nA,a@example.org\nC,c@example.org\n"), ticketing.ImportChoices{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.ConfirmImport(t.Context(), s.event, right, ""); !errors.Is(err, ticketing.ErrImportRunning) { // A has a ticket still, and will not
			t.Errorf("the right list while the wrong one is undone: %v", err)
		}
		s.Admitted = func(_ context.Context, _ bun.IDB, _ turnout.ID, orders ...turnout.ID) (bool, error) {
			return orders[0] == in, nil
		}
		s.drain()
		if now := s.imported(imp); now.Status != ticketing.ImportUndone || now.Undone != 1 || now.Kept != 1 || s.valid() != 3 || s.taken(pool) != 3 {
			t.Errorf("%+v, %d tickets", now, s.valid())
		}
		if err := s.UndoImport(t.Context(), s.imported(imp)); !errors.Is(err, ticketing.ErrImportNotDone) {
			t.Errorf("twice: %v", err)
		}
		plan, err := s.TryImport(t.Context(), s.event, []byte(list), ticketing.ImportChoices{})
		if err != nil || len(plan.Orders) != 1 {
			t.Errorf("what was undone can be imported again: %v %v", plan.Skips(), err)
		}
	})
}

// A list that nobody confirmed is gone after a day, and so are the names of an import whose job was given up.
func TestForgottenLists(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.ticketType(0, s.pool(100))
		const list = "name,email\nA,a@example.org\n"
		waiting, err := s.StartImport(t.Context(), s.event, "", []byte(list), ticketing.ImportChoices{})
		if err != nil {
			t.Fatal(err)
		}
		stuck := s.confirm("name,email\nB,b@example.org\n", ticketing.ImportChoices{})
		count := func(query string) (n int) {
			s.tx(func(ctx context.Context, tx bun.Tx) error { return tx.NewRaw(query).Scan(ctx, &n) })
			return n
		}
		for _, tt := range []struct {
			wait  time.Duration
			files int
			names int
		}{{23 * time.Hour, 1, 1}, {2 * time.Hour, 0, 0}} {
			s.wait(tt.wait)
			if err := s.ForgetImports(t.Context()); err != nil {
				t.Fatal(err)
			}
			if files, names := count("SELECT COUNT(*) FROM blobs"), count("SELECT COUNT(*) FROM attendee_import_orders WHERE CAST(body AS TEXT) <> '{}'"); files != tt.files || names != tt.names {
				t.Errorf("after %s: %d lists, %d orders with names", tt.wait, files, names)
			}
		}
		if _, err := s.FindImport(t.Context(), s.event, waiting.ID); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("%v", err)
		}
		if now := s.imported(stuck); now.Status != ticketing.ImportDone || now.Failed != 1 {
			t.Errorf("%+v", now)
		}
	})
}

// Whoever decides to bring in duplicates gets them, each once, whatever says that they are known.
func TestDuplicatesAllTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.ticketType(0, s.pool(100))
		const list = "name,email,id\nA,a@example.org,1\nA again,a@example.org,2\nB,b@example.org,1\n"
		all := ticketing.ImportChoices{BringAll: ticketing.DuplicateKinds}
		for i, want := range []int64{3, 6} {
			s.confirm(list, all)
			s.drain()
			if s.valid() != want {
				t.Errorf("import %d: %d tickets, want %d", i+1, s.valid(), want)
			}
		}
		plan, err := s.TryImport(t.Context(), s.event, []byte(list), ticketing.ImportChoices{})
		if err != nil || len(plan.Orders) != 0 || plan.Skips()[string(ticketing.ImportedBefore)] != 3 {
			t.Errorf("%+v %v", plan.Skips(), err)
		}
	})
}

// Of an event's tickets and earlier imports only those are kept in mind that a list names, over several pieces.
func TestAListIsComparedWithWhatItNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.ticketType(0, s.pool(2000))
		list := "name,email,id\n"
		for i := range 620 {
			list += fmt.Sprintf("Guest %d,guest%d@example.org,%d\nNamed %d,,n%d\n", i, i, i, i, i)
		}
		s.confirm(list, ticketing.ImportChoices{})
		s.drain()
		const some = "name,email,id\nGuest,GUEST7@example.org,7\nnamed 610,,n610\nNobody,,x\nNew,new@example.org,y\n"
		if emails, names, refs := s.KnownOf(t, s.event, some); emails != 1 || names != 1 || refs != 2 {
			t.Errorf("%d addresses, %d names, %d references", emails, names, refs)
		}
		if emails, names, refs := s.KnownOf(t, s.event, list); emails != 620 || names != 620 || refs != 1240 {
			t.Errorf("of the whole list: %d addresses, %d names, %d references", emails, names, refs)
		}
		plan, err := s.TryImport(t.Context(), s.event, []byte("name,email\nGuest,GUEST7@example.org\nnamed 610,\nNobody,\n"), ticketing.ImportChoices{})
		if err != nil || plan.Skips()[string(ticketing.HasTicket)] != 1 || plan.Skips()[string(ticketing.NameHasTicket)] != 1 {
			t.Errorf("%+v %v", plan, err)
		}
	})
}
